"""Placing: a place for words that a map was not fitted on, without moving the words that are there."""

from __future__ import annotations

import numpy as np

from embviz.progress import Report
from embviz.search import rows_near, units_of
from embviz.space import Space

_NEAREST = 10
_BLOCK = 65_536  # words placed at once
_WEAKEST = 1e-3  # the weight of a word at a right angle or beyond


def place(space: Space, rows: range | np.ndarray, units: np.ndarray, coords: np.ndarray, report: Report) -> np.ndarray:
    """Each of these words where most of its nearest words of the map are near.

    Not at their mean: where they lie in several parts of the map, it is near to none of them.

    Args:
        space: where their vectors are.
        rows: of the words to be placed.
        units: (N, D) float32, the unit vectors of the words on the map.
        coords: (N, dims), where those are.
        report: told the progress; may cancel.

    Returns:
        (len(rows), dims) float32; see `settle`. The search of neighbours, exact, is nearly all of the time:
        2 len(rows) N D operations.
    """
    placed = np.empty((len(rows), coords.shape[1]), np.float32)
    if not len(rows):
        return placed
    from embviz.projection.settling import settle
    from embviz.search.threads import Threads

    rows, coords = np.asarray(rows), np.ascontiguousarray(coords, np.float32)
    radius, k = _radius(coords), min(_NEAREST, len(units))
    for start in range(0, len(rows), _BLOCK):
        queries = units_of(space, rows[start : start + _BLOCK])

        def at(share: float, start: int = start, count: int = len(queries)) -> None:
            report("placing words", (start + share * count) / len(rows), "")

        near, cosine = rows_near(queries, units, k, at)
        with Threads() as threads:
            out = placed[start : start + len(queries)]
            threads.share(settle, len(queries), near, np.maximum(cosine, _WEAKEST), coords, radius, out)
    return placed


def place_between(near: np.ndarray, cosine: np.ndarray, coords: np.ndarray) -> np.ndarray:
    """Where a direction that is no word would be placed: by its nearest words, as `place` does it.

    Args:
        near: (B, k), the rows of the words of the map that are nearest to each.
        cosine: (B, k), how near they are.
        coords: (N, dims), the map.

    Returns:
        (B, dims) float32.
    """
    from embviz.projection.settling import settle

    used, again = np.unique(near, return_inverse=True)
    coords = np.ascontiguousarray(coords, np.float32)
    out = np.empty((len(near), coords.shape[1]), np.float32)
    weights = np.maximum(cosine, _WEAKEST).astype(np.float32)
    settle(0, len(near), again.reshape(near.shape).astype(np.int32), weights, coords[used], _radius(coords, used), out)
    return out


def _radius(coords: np.ndarray, of: np.ndarray | slice = slice(None)) -> np.ndarray:
    """(N,) float32: how far the 10 nearest of each point of a map reach, or of some points."""
    from scipy.spatial import cKDTree

    k = min(_NEAREST, len(coords) - 1) + 1  # a point is its own nearest
    far = cKDTree(coords).query(coords[of], [k], workers=-1)[0][:, 0]
    least = 1e-6 * max(float(np.ptp(coords)), 1e-6)  # where words lie on one another
    return np.maximum(far, least).astype(np.float32)
