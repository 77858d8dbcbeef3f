"""Shape: a polygon that was drawn on the map, in map units; which places lie in it, and how it stands in a URL."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Shape = Sequence[Sequence[float]]


def inside(places: np.ndarray, shape: Shape) -> np.ndarray:
    """The rows of places (N, 2) on the grid that lie inside a polygon of map units, by the even-odd rule."""
    corners = np.asarray(shape, np.float64) * 65_536
    low, high = corners.min(axis=0), corners.max(axis=0)
    rows = np.flatnonzero(((places >= low) & (places <= high)).all(axis=1))
    x, y = places[rows].astype(np.float64).T
    odd = np.zeros(len(rows), bool)
    for (ax, ay), (bx, by) in zip(corners, np.roll(corners, 1, axis=0), strict=True):
        if ay != by:
            odd ^= ((ay > y) != (by > y)) & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
    return rows[odd]


def written(shape: Shape) -> str:
    """A shape as it stands in a URL."""
    return ";".join(f"{x:.6f},{y:.6f}" for x, y in shape)


def read(text: str) -> list[list[float]]:
    """A shape from a URL.

    Raises:
        ValueError: it is none.
    """
    shape = [[float(value) for value in corner.split(",")] for corner in text.split(";")]
    if len(shape) < 3 or any(len(corner) != 2 for corner in shape) or not np.isfinite(shape).all():
        raise ValueError("a shape has at least three corners of two numbers")
    return shape
