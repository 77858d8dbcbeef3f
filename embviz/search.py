"""Exact search by cosine: one vector against a whole space, or every vector against all others.

The one search that neighbours and maps stand on. Knows vectors and rows; knows nothing of words.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from embviz.space import Space

_BLOCK_SCORES = 16_000_000  # cosines held at once by `neighbor_rows`: 64 MB


def cosines(space: Space, vector: np.ndarray) -> np.ndarray:
    """(V,) float32: the cosine of a vector (D,) with each word's; -inf for words whose vector is zero."""
    lengths = space.norms * np.float32(np.linalg.norm(vector))
    with np.errstate(divide="ignore", invalid="ignore"):
        scores = np.asarray(space.vectors @ vector.astype(np.float32)) / lengths
    scores[lengths == 0] = -np.inf
    return scores


def unit_vectors(space: Space, stop: int, start: int = 0) -> np.ndarray:
    """(stop - start, D) float32: these vectors at length 1, so that distances between them follow the cosine.

    Squared Euclidean distance of two of them is 2 - 2 cosine. A vector of zeros stays zero.
    """
    lengths, vectors = space.norms[start:stop, None], space.vectors[start:stop]
    return np.divide(vectors, lengths, out=np.zeros(vectors.shape, np.float32), where=lengths > 0)


def top(scores: np.ndarray, k: int) -> np.ndarray:
    """The rows of the k largest scores, largest first, ties in the order of the rows; -inf is no candidate."""
    k = min(k, int(np.isfinite(scores).sum()))
    if not k:
        return np.empty(0, np.int64)
    least = np.partition(scores, -k)[-k]
    best = np.flatnonzero(scores >= least)  # with all ties of the last, so that the first rows of them are taken
    return best[np.argsort(-scores[best], kind="stable")][:k]


def neighbor_rows(
    units: np.ndarray, k: int, at: Callable[[float], None] = lambda share: None
) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest others of every unit vector.

    Args:
        units: (N, D) float32, each of length 1.
        k: below N.
        at: told the share that is done.

    Returns:
        rows (N, k) and cosines (N, k), nearest first.
    """
    n = len(units)
    rows, scores = np.empty((n, k), np.int32), np.empty((n, k), np.float32)
    step = max(1, _BLOCK_SCORES // n)
    for start in range(0, n, step):
        at(start / n)
        block = units[start : start + step] @ units.T
        mine = np.arange(len(block))
        block[mine, start + mine] = -np.inf
        best = np.argpartition(block, n - k, axis=1)[:, n - k :]
        found = np.take_along_axis(block, best, axis=1)
        order = np.argsort(-found, axis=1, kind="stable")
        rows[start : start + step] = np.take_along_axis(best, order, axis=1)
        scores[start : start + step] = np.take_along_axis(found, order, axis=1)
    return rows, scores
