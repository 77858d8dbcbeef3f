"""Placing: a place for words that a map was not fitted on, without moving the words that are there."""

from __future__ import annotations

import numpy as np

from embviz.progress import Report
from embviz.search import unit_vectors
from embviz.space import Space

_NEAREST = 10
_BLOCK_SCORES = 16_000_000  # cosines held at once: 64 MB


def place(space: Space, rows: range, units: np.ndarray, coords: np.ndarray, report: Report) -> np.ndarray:
    """Each of these words between its nearest words of the map, the nearer the more.

    Args:
        space: where their vectors are.
        rows: of the words to be placed.
        units: (N, D) float32, the unit vectors of the words on the map.
        coords: (N, dims), where those are.
        report: told the progress.

    Returns:
        (len(rows), dims): the mean of the places of the 10 nearest words, weighted by the fourth power of the cosine.
    """
    k = min(_NEAREST, len(units))
    placed = np.empty((len(rows), coords.shape[1]), np.float32)
    step = max(1, _BLOCK_SCORES // len(units))
    for start in range(rows.start, rows.stop, step):
        report("placing words", (start - rows.start) / len(rows), "")
        scores = unit_vectors(space, min(start + step, rows.stop), start) @ units.T
        nearest = np.argpartition(scores, len(units) - k, axis=1)[:, len(units) - k :]
        weights = np.maximum(np.take_along_axis(scores, nearest, axis=1), 1e-3) ** 4
        mean = (coords[nearest] * weights[:, :, None]).sum(axis=1) / weights.sum(axis=1, keepdims=True)
        placed[start - rows.start : start - rows.start + len(scores)] = mean
    return placed
