"""Weights as a browser gets them: rounded, since nobody sees the seventh digit; what cannot be is absent, not zero."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from embviz.attention import Attention
from embviz.errors import EmbvizError

SCALES = ("one", "row", "head")
"""What the darkest colour stands for: 1, the largest weight of its row, or that of the head."""


def shown(attention: Attention, layer: int, head: int) -> np.ndarray:
    """(T, K) float64: the weights of a head; NaN where nothing can be looked at."""
    return np.where(attention.seen, attention.head(layer, head).astype(np.float64), np.nan)


def most(attention: Attention, layer: int, head: int) -> float:
    """The largest weight of a head, whichever of its rows are shown; the farthest from 0 where some lie below."""
    return max(float(np.abs(attention.head(layer, head)).max()), 1e-12)


def unsigned(attention: Attention) -> Attention:
    """The same, how far from 0 where some lie below: the width of a line and the depth of a colour have no sign."""
    if attention.measure != "gradient":
        return attention
    return replace(attention, weights=np.abs(attention.weights), measure="gradient_size")


def rounded(values: np.ndarray, decimals: int) -> np.ndarray:
    """Numbers that JSON writes with so many decimals, and null for NaN: as objects, or Plotly would make bytes of them,
    and those squeeze badly.
    """
    out = np.round(values, decimals).astype(object)
    out[np.isnan(values)] = None
    return out


def digits(largest: float) -> int:
    """How many decimals tell the weights of a head apart: 3, and more where its largest is so small that they would
    leave few shades.
    """
    return 3 + max(0, math.floor(-math.log10(max(largest, 1e-9))))


def darkest(scale: str, largest: float) -> float:
    """What the scale's end is, of a head with this largest weight; of rows each by itself it is all of it.

    Raises:
        EmbvizError: a scale that is none of `SCALES`.
    """
    if scale not in SCALES:
        raise EmbvizError(f"The scale '{scale}' was asked for: there are {', '.join(SCALES)}.")
    return largest if scale == "head" else 1.0


def scaled(values: np.ndarray, scale: str, largest: float) -> np.ndarray:
    """The values as shares of what is darkest."""
    if scale == "row":
        return values / np.maximum(np.abs(np.nan_to_num(values)).max(axis=-1, keepdims=True), 1e-12)
    return values / darkest(scale, largest)
