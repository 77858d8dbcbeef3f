"""Affinities: how much two words want to be together, from the distances of each to its neighbours."""

from __future__ import annotations

import numpy as np
from numba import njit
from scipy.sparse import csr_matrix

from embviz.search.threads import Threads

_HALVINGS = 50
_CLOSE = 1e-4  # the entropy is matched to this, in nats


def affinities(rows: np.ndarray, squared: np.ndarray, perplexity: float, threads: Threads) -> csr_matrix:
    """The symmetric affinities of van der Maaten and Hinton 2008, section 3.1, over neighbours alone.

    Args:
        rows: (N, k) int32, the neighbours of each point.
        squared: (N, k) float32, their squared distances.
        perplexity: the effective number of neighbours, exp of the entropy of each p(.|i); at most k.

    Returns:
        p (N, N), p_ij = (p(j|i) + p(i|j)) / 2N, which sums to 1; float32.
    """
    n, k = rows.shape
    given = np.empty((n, k), np.float32)
    threads.share(_conditional, n, squared, np.log(min(perplexity, k)), given)
    one_way = csr_matrix((given.ravel(), rows.ravel(), np.arange(0, n * k + 1, k)), (n, n))
    both = (one_way + one_way.T).tocsr()
    both.sort_indices()
    both.data /= 2 * np.float32(n)
    return both


@njit(cache=True, nogil=True)
def _conditional(
    start: int, stop: int, squared: np.ndarray, entropy: float, out: np.ndarray
) -> None:  # pragma: no cover
    """out[i, j] = p(j|i) = exp(-b_i d_ij) / sum, b_i by halving such that the entropy is the one asked for.

    Equation 1 there, with b = 1 / 2 sigma^2. The nearest is taken as at distance 0, which changes no ratio.
    """
    k = squared.shape[1]
    for i in range(start, stop):
        low, high, b = 0.0, np.inf, 1.0
        nearest = squared[i].min()
        for _ in range(_HALVINGS):
            total, energy = 0.0, 0.0
            for j in range(k):
                distance = squared[i, j] - nearest
                p = np.exp(-b * distance)
                out[i, j] = p
                total += p
                energy += p * distance
            over = np.log(total) + b * energy / total - entropy
            if abs(over) < _CLOSE:
                break
            if over > 0:
                low = b
                b = 2 * b if high == np.inf else (low + high) / 2
            else:
                high = b
                b = (low + high) / 2
        for j in range(k):
            out[i, j] /= total
