"""Axes: a map whose axes are chosen: each place is how far a word points towards one pole rather than the other.

The difference of two opposite words as a direction of meaning is that of Bolukbasi et al., "Man is to Computer
Programmer as Woman is to Homemaker?" (NIPS 2016; their gender direction, she - he); a word's place on such an axis as
its cosine with it, that of Kozlowski, Taddy and Evans, "The Geometry of Culture" (American Sociological Review 84,
2019; their cultural dimensions). The poles are read by `embviz.similarity.direction`; here are vectors only.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import combinations

import numpy as np

from embviz.errors import EmbvizError
from embviz.projection.record import Projection
from embviz.projection.sheet import Sheet
from embviz.search import unit_vectors
from embviz.space import Space

_BLOCK = 65_536


def axes(space: Space, directions: np.ndarray, names: Sequence[str], words: int | None = None) -> Projection:
    """A map by the cosine of every word with each of 2 or 3 directions.

    Args:
        space: V words of D dimensions.
        directions: (2 or 3, D), of any length but 0; towards the right pole.
        names: what each axis is called, such as "man <-> woman".
        words: how many are on the map, the most frequent; by default all.

    Returns:
        a projection of the method "axes", whose coords are the cosines, from -1 to 1 (0 for a vector of zeros), whose
        params hold the names as "axes", and whose facts say under "degrees" which angle each two axes have: at 90 they
        have nothing to do with each other, at 0 or 180 they are one and the same.

    Raises:
        EmbvizError: other than 2 or 3 axes, numbers that do not fit together, an axis without a direction, or two
            axes along one line.
    """
    started = time.monotonic()
    directions = np.asarray(directions, np.float64)
    if len(names) not in (2, 3):
        raise EmbvizError(
            f"A map has 2 or 3 axes, not {len(names)}. Give --axis two or three times: --axis 'man <-> woman' --axis "
            "'poor <-> rich'."
        )
    if directions.ndim != 2 or len(directions) != len(names):
        raise EmbvizError(
            f"Each axis has a name and a direction: there are {len(names)} names and an array of shape "
            f"{directions.shape}."
        )
    n = len(space) if words is None else words
    if not 0 < n <= len(space):
        raise EmbvizError(f"A map of {n:,} words was asked for, and '{space.name}' has {len(space):,}.")
    onto = _of_length_one(directions, names, space)
    degrees = _degrees(onto, names)
    coords = np.empty((n, len(onto)), np.float32)
    for start in range(0, n, _BLOCK):
        stop = min(start + _BLOCK, n)
        coords[start:stop] = unit_vectors(space, stop, start) @ onto.T.astype(np.float32)
    params = {"dims": len(onto), "words": n, "axes": list(names)}
    facts = {"degrees": degrees, "seconds": round(time.monotonic() - started, 2)}
    on_it = space.first(n)
    sheet = Sheet.of(coords, on_it.column) if len(onto) == 2 else None
    return Projection(coords, on_it, "axes", params, facts, space.name, sheet)


def _of_length_one(directions: np.ndarray, names: Sequence[str], space: Space) -> np.ndarray:
    if directions.shape[1] != space.dims:
        raise EmbvizError(
            f"The axes have {directions.shape[1]} dimensions and the words of '{space.name}' {space.dims}: they are "
            "not of one space."
        )
    lengths = np.linalg.norm(directions, axis=1, keepdims=True)
    for name, length in zip(names, lengths[:, 0], strict=True):
        if not np.isfinite(length) or not length:
            raise EmbvizError("The axis '{name}' has no direction. Choose two poles that differ.", name=name)
    return directions / lengths


def _degrees(onto: np.ndarray, names: Sequence[str]) -> list[float]:
    """The angles of axes 1 and 2, 1 and 3, 2 and 3."""
    found = []
    for one, other in combinations(range(len(onto)), 2):
        cosine = float(np.clip(onto[one] @ onto[other], -1, 1))
        if abs(cosine) > 1 - 1e-6:
            raise EmbvizError(
                "The axes '{one}' and '{other}' lie along one line, so the map would be that line. Change one of them.",
                one=names[one],
                other=names[other],
            )
        found.append(round(float(np.degrees(np.arccos(cosine))), 1))
    return found
