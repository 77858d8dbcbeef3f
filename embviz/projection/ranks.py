"""Ranks: which neighbours a picture shows and which are true, compared by how far each ranks beyond the k nearest.

Arrays in, numbers out; knows nothing of words or files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from embviz.search import rows_near
from embviz.search.threads import Threads

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

_BLOCK_SCORES = 4_000_000  # distances held at once by each core: 16 MB, three times


@dataclass(frozen=True)
class Measures:
    """Three means over words, one number for each k: 1 is a map without a fault.

    Attributes:
        trustworthiness: falls with every word that looks near and is not, the more the farther it truly is.
        continuity: falls with every word that is near and does not look it, the more the farther it looks.
        preservation: the share of the k nearest words that are among the k nearest in the picture.
    """

    trustworthiness: tuple[float, ...]
    continuity: tuple[float, ...]
    preservation: tuple[float, ...]


def measure(
    units: np.ndarray,
    maps: Sequence[np.ndarray],
    sample: np.ndarray,
    ks: tuple[int, ...],
    at: Callable[[float], None] = lambda share: None,
) -> list[Measures]:
    """Measure maps of the same words.

    Args:
        units: (N, D) float32, each of length 1.
        maps: each (N, dims).
        sample: the rows that the measures are means over, ascending; each is ranked against all N.
        ks: how many neighbours, ascending, each below N.
        at: told the share that is done.
    """
    from scipy.spatial import cKDTree

    trees = []
    for coords in maps:
        at(0.0)
        trees.append(cKDTree(coords))
    near = _others(rows_near(units[sample], units, ks[-1] + 1, lambda share: at(0.0))[0], sample)
    step = max(1, _BLOCK_SCORES // len(units))
    parts = [slice(start, start + step) for start in range(0, len(sample), step)]
    calls = [(units, maps, trees, sample[part], near[part], ks) for part in parts]
    sums = np.zeros((len(maps), 3, len(ks)))
    with Threads() as threads:
        for begin in range(0, len(calls), threads.count):
            at(begin / len(calls))
            for part in threads.each(_part, calls[begin : begin + threads.count]):
                sums += part
    worst = np.array([_worst(len(units), k) for k in ks])
    means = sums / len(sample)
    return [Measures(_numbers(1 - t / worst), _numbers(1 - c / worst), _numbers(p)) for t, c, p in means]


def _part(
    units: np.ndarray,
    maps: Sequence[np.ndarray],
    trees: Sequence[cKDTree],
    rows: np.ndarray,
    near: np.ndarray,
    ks: tuple[int, ...],
) -> np.ndarray:
    """(maps, 3, len(ks)): `_sums` of each map over some rows (B,), whose true neighbours are near (B, K)."""
    apart = -(units[rows] @ units.T)  # as a distance: only its order is read
    apart[np.arange(len(rows)), rows] = np.inf
    found = []
    for coords, tree in zip(maps, trees, strict=True):
        seen = seen_near(tree, coords[rows], rows, ks[-1])
        found.append(_sums(near, seen, _ranks(apart, seen), _ranks(_squared(coords, rows), near), ks))
    return np.array(found)


def _sums(near: np.ndarray, seen: np.ndarray, far: np.ndarray, off: np.ndarray, ks: tuple[int, ...]) -> np.ndarray:
    """Added up over B words, for each k: the ranks beyond k of those seen and of those near, and the share of both.

    Args:
        near: (B, K) the rows that are truly near, nearest first.
        seen: (B, K) the rows that look near, nearest first.
        far: (B, K) which rank those that look near truly have.
        off: (B, K) which rank those that are truly near have in the picture.
        ks: each at most K.

    Returns:
        (3, len(ks))
    """
    both = near[:, :, None] == seen[:, None, :]
    beyond = [[np.maximum(ranks[:, :k] - k, 0).sum() for k in ks] for ranks in (far, off)]
    return np.array([*beyond, [both[:, :k, :k].sum() / k for k in ks]])


def _worst(n: int, k: int) -> float:
    """The largest sum of ranks beyond k that k of n - 1 others can have: those of the last ranks.

    Its inverse is n A(k) of Venna and Kaski 2006, for k below and above n / 2 alike; 1 where no rank lies beyond k.
    """
    wrong = min(k, n - 1 - k)
    return max(1.0, wrong * (2 * n - 1 - wrong - 2 * k) / 2)


def _squared(coords: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """(B, N): the squared distances of B places from all, infinite from itself."""
    apart = np.zeros((len(rows), len(coords)), coords.dtype)
    for axis in coords.T:
        apart += (axis[rows, None] - axis) ** 2
    apart[np.arange(len(rows)), rows] = np.inf
    return apart


def _ranks(apart: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """(B, K): the ranks of rows (B, K) by distance (B, N), from 1; equals share the best rank.

    Counting those that are nearer is several times as quick as sorting them all.
    """
    return np.array(
        [[np.count_nonzero(line < line[row]) + 1 for row in some] for line, some in zip(apart, rows, strict=True)]
    )


def seen_near(tree: cKDTree, coords: np.ndarray, rows: np.ndarray, k: int) -> np.ndarray:
    """(B, k): the rows of the k nearest places of B places, nearest first, without the place itself."""
    return _others(tree.query(coords, np.arange(1, k + 2))[1], rows)


def _others(found: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """(B, k): what was found (B, k + 1) nearest to rows (B,), without the row itself."""
    others = found != rows[:, None]
    others[others.all(axis=1), -1] = False  # so many are as near that itself was not found
    return found[others].reshape(len(rows), -1)


def kept(units: np.ndarray, coords: np.ndarray, stop: int, k: int, at: Callable[[float], None]) -> np.ndarray:
    """(stop,): of each of the first words the share of its k nearest that are among its k nearest in the picture."""
    from scipy.spatial import cKDTree

    near, _ = rows_near(units[:stop], units, k, at, among_themselves=True)
    seen = seen_near(cKDTree(coords), coords[:stop], np.arange(stop), k)
    return (near[:, :, None] == seen[:, None, :]).sum(axis=(1, 2)) / k


def _numbers(values: np.ndarray) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
