"""Weights as a browser gets them: rounded, since nobody sees the seventh digit; what cannot be is absent, not zero."""

from __future__ import annotations

import math

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


def rounded(values: np.ndarray, largest: float) -> list:
    """Lists for JSON, to 3 decimals at least, and so that a largest weight of 0.01 still has a hundred shades; None
    for NaN.
    """
    places = np.round(values, digits(largest))
    out = places.astype(object)
    out[np.isnan(places)] = None
    return out.tolist()


def digits(largest: float) -> int:
    """How many decimals tell the weights of a head apart."""
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
