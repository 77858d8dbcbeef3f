"""Exact search by cosine: one vector against a whole space, or every vector against all others.

The one search that neighbours and maps stand on; `groups.py` finds most of the nearest of very many, and sooner.
Knows vectors and rows; knows nothing of words.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from embviz.space import Space

_BLOCK = 16_384  # queries, even; a search says how far it is and can be cancelled between blocks, ten times a second


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


def units_of(space: Space, rows: np.ndarray) -> np.ndarray:
    """(len(rows), D) float32: the vectors of these rows at length 1, as `unit_vectors` gives those of a range."""
    lengths, vectors = space.norms[rows, None], np.asarray(space.vectors[rows])
    return np.divide(vectors, lengths, out=np.zeros(vectors.shape, np.float32), where=lengths > 0)


def top(scores: np.ndarray, k: int) -> np.ndarray:
    """The rows of the k largest scores, largest first, ties in the order of the rows; -inf is no candidate."""
    k = min(k, int(np.isfinite(scores).sum()))
    if not k:
        return np.empty(0, np.int64)
    least = np.partition(_maxima(scores, k), -k)[-k]
    best = np.flatnonzero(scores >= least)  # with all ties of the last, so that the first rows of them are taken
    return best[np.argsort(-scores[best], kind="stable")][:k]


def _maxima(scores: np.ndarray, k: int) -> np.ndarray:
    """The largest score of each of k blocks or more: the k-th largest of them is at most that of all scores."""
    blocks = max(k, min(len(scores) // 2, 2_000))
    width = len(scores) // blocks
    return scores if width < 2 else scores[: width * blocks].reshape(blocks, width).max(axis=1)


def neighbor_rows(
    units: np.ndarray, k: int, at: Callable[[float], None] = lambda share: None
) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest others of every unit vector, exactly.

    Args:
        units: (N, D) float32, each of length 1.
        k: below N.
        at: told the share that is done.

    Returns:
        rows (N, k) int32 and cosines (N, k) float32, nearest first; of equal ones the first.
    """
    return rows_near(units, units, k, at, among_themselves=True)


def rows_near(
    queries: np.ndarray,
    units: np.ndarray,
    k: int,
    at: Callable[[float], None] = lambda share: None,
    among_themselves: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """The k units of largest inner product with every query, exactly.

    Args:
        queries: (B, D) float32.
        units: (N, D) float32.
        k: at most N.
        at: told the share that is done.
        among_themselves: query i is unit i and does not see itself.

    Returns:
        rows (B, k) int32 and products (B, k) float32, largest first; of equal ones the first.
    """
    from embviz.search.nearest import nearest, padded, tiles
    from embviz.search.threads import Threads

    count, tiled = len(queries), tiles(units)
    rows = np.zeros((count + count % 2, k), np.int32)
    scores = np.full(rows.shape, -np.inf, np.float32)
    with Threads() as threads:
        for start in range(0, count, _BLOCK):
            these = slice(start, min(start + _BLOCK, len(rows)))
            block = padded(queries[these])
            skip = start if among_themselves else -len(units) - len(rows)
            for i, tile in enumerate(tiled):
                at((start + len(block) * i / len(tiled)) / len(rows))
                first = i * tile.shape[1]
                call = (block, tile, first, len(units), skip, scores[these], rows[these])
                threads.share(nearest, len(block), *call)
    return rows[:count], scores[:count]
