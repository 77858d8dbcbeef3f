"""Nearest: the candidates of largest inner product, found in one pass. Compiled; imported when a search begins.

The products of a tile of candidates with two queries are made and looked at while they are in the first cache, so
the N^2 scores are never in memory. 2 N^2 D operations remain; at D = 50 they are nine tenths of the time.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_UNROLL = 8  # dimensions taken in one go over a tile; fewer would wait for the cache, more need too many registers
_SPAN = 32  # scores looked at together: whether one of them is large enough is a few instructions
_TILE = 65_536  # numbers in a tile: 256 kB, which stays in the second cache


def tiles(vectors: np.ndarray) -> np.ndarray:
    """(N, D) as tiles (T, D', W) of W candidates each, dimension by dimension, padded with zeros."""
    n, dims = vectors.shape
    deep = -(-dims // _UNROLL) * _UNROLL
    count = -(-n // max(_SPAN, _TILE // deep // _SPAN * _SPAN))
    width = -(-n // (count * _SPAN)) * _SPAN  # equal parts, so that little is padding
    padded = np.zeros((count * width, deep), np.float32)
    padded[:n, :dims] = vectors
    return np.ascontiguousarray(padded.reshape(count, width, deep).transpose(0, 2, 1))


def padded(vectors: np.ndarray) -> np.ndarray:
    """(B, D) with zeros added to the dimensions, as `tiles` does, and a row where B is odd."""
    count, dims = vectors.shape
    out = np.zeros((count + count % 2, -(-dims // _UNROLL) * _UNROLL), np.float32)
    out[:count, :dims] = vectors
    return out


@njit(cache=True, nogil=True, fastmath=True)
def _products(one: np.ndarray, two: np.ndarray, tile: np.ndarray, out: np.ndarray) -> None:  # pragma: no cover
    """out (2, W): the inner products of two queries (D',) with a tile (D', W)."""
    deep, width = tile.shape
    for d in range(0, deep, 8):
        a0, a1, a2, a3 = one[d], one[d + 1], one[d + 2], one[d + 3]
        a4, a5, a6, a7 = one[d + 4], one[d + 5], one[d + 6], one[d + 7]
        b0, b1, b2, b3 = two[d], two[d + 1], two[d + 2], two[d + 3]
        b4, b5, b6, b7 = two[d + 4], two[d + 5], two[d + 6], two[d + 7]
        for j in range(width):
            t0, t1, t2, t3 = tile[d, j], tile[d + 1, j], tile[d + 2, j], tile[d + 3, j]
            t4, t5, t6, t7 = tile[d + 4, j], tile[d + 5, j], tile[d + 6, j], tile[d + 7, j]
            a = a0 * t0 + a1 * t1 + a2 * t2 + a3 * t3 + a4 * t4 + a5 * t5 + a6 * t6 + a7 * t7
            b = b0 * t0 + b1 * t1 + b2 * t2 + b3 * t3 + b4 * t4 + b5 * t5 + b6 * t6 + b7 * t7
            out[0, j] = a + out[0, j] if d else a
            out[1, j] = b + out[1, j] if d else b


@njit(cache=True, nogil=True)
def _keep(scores: np.ndarray, first: int, mine: int, best: np.ndarray, rows: np.ndarray) -> None:  # pragma: no cover
    """Let what of the scores (W,) is large enough into the lists of the largest so far, best (k,) and rows (k,)."""
    last = len(best) - 1
    least = best[last]
    for begin in range(0, len(scores), _SPAN):
        larger = 0
        for j in range(begin, begin + _SPAN):
            larger |= scores[j] > least
        if not larger:
            continue
        for j in range(begin, begin + _SPAN):
            score = scores[j]
            if score <= least or first + j == mine:
                continue
            place = last
            while place and best[place - 1] < score:
                best[place] = best[place - 1]
                rows[place] = rows[place - 1]
                place -= 1
            best[place] = score
            rows[place] = first + j
            least = best[last]


@njit(cache=True, nogil=True)
def nearest(
    start: int,
    stop: int,
    queries: np.ndarray,
    tile: np.ndarray,
    first: int,
    count: int,
    skip: int,
    best: np.ndarray,
    rows: np.ndarray,
) -> None:  # pragma: no cover
    """Let the candidates of a tile into the lists of queries[start:stop].

    Args:
        start: the first query, even.
        stop: where to end.
        queries: (B, D') float32 with an even number of rows.
        tile: (D', W) float32.
        first: which candidate the tile begins with.
        count: how many candidates there are; those of the tile beyond are its padding.
        skip: query i does not see candidate skip + i; a large negative number where it may see all.
        best: (B, k) float32, the scores, largest first; -inf where there is none yet. Changed.
        rows: (B, k) int32, the candidates; of equal scores the first. Changed.
    """
    scores = np.empty((2, tile.shape[1]), np.float32)
    for i in range(start, stop, 2):
        _products(queries[i], queries[i + 1], tile, scores)
        scores[:, max(0, count - first) :] = -np.inf
        _keep(scores[0], first, skip + i, best[i], rows[i])
        _keep(scores[1], first, skip + i + 1, best[i + 1], rows[i + 1])


@njit(cache=True, nogil=True)
def nearest_of(
    start: int,
    stop: int,
    those: np.ndarray,
    queries: np.ndarray,
    tile: np.ndarray,
    first: int,
    count: int,
    own: np.ndarray,
    best: np.ndarray,
    rows: np.ndarray,
) -> None:  # pragma: no cover
    """`nearest` for the queries those[start:stop], none twice; query i does not see candidate own[i]."""
    scores = np.empty((2, tile.shape[1]), np.float32)
    for at in range(start, stop, 2):
        i, j = those[at], those[min(at + 1, stop - 1)]
        _products(queries[i], queries[j], tile, scores)
        scores[:, max(0, count - first) :] = -np.inf
        _keep(scores[0], first, own[i], best[i], rows[i])
        if i != j:
            _keep(scores[1], first, own[j], best[j], rows[j])


@njit(cache=True, nogil=True)
def _has(row: np.ndarray, one: int) -> bool:  # pragma: no cover
    """Whether a number is in a row (k,); numpy's own would make an array each time."""
    for other in row:  # noqa: SIM110 - numba compiles no generator into `any`
        if other == one:
            return True
    return False


@njit(cache=True, nogil=True, fastmath=True)
def nearer(
    start: int,
    stop: int,
    order: np.ndarray,
    units: np.ndarray,
    known: np.ndarray,
    products: np.ndarray,
    rows: np.ndarray,
    best: np.ndarray,
) -> None:  # pragma: no cover
    """The k nearest of the units order[start:stop] among those they know and those that these know.

    Args:
        start: the first.
        stop: where to end.
        order: (N,), neighbours one after the other, whose vectors are then still in the cache.
        units: (N, D) float32.
        known: (N, k) int32, the nearest so far.
        products: (N, k) float32, theirs, largest first.
        rows: (N, k) int32, the nearest then. Changed.
        best: (N, k) float32, their products, largest first. Changed.
    """
    last = known.shape[1] - 1
    for i in order[start:stop]:
        mine, scores = rows[i], best[i]
        mine[:], scores[:] = known[i], products[i]
        for one in known[i]:
            for other in known[one]:
                score = np.float32(0)
                for d in range(units.shape[1]):
                    score += units[i, d] * units[other, d]
                if score <= scores[last] or other == i or _has(mine, other):
                    continue
                place = last
                while place and scores[place - 1] < score:
                    scores[place], mine[place] = scores[place - 1], mine[place - 1]
                    place -= 1
                scores[place], mine[place] = score, other
