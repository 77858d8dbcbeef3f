"""Settling: the place on a map from which most of ten given points are near. Compiled; imported when it is needed."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def settle(
    start: int,
    stop: int,
    rows: np.ndarray,
    weights: np.ndarray,
    coords: np.ndarray,
    radius: np.ndarray,
    out: np.ndarray,
) -> None:  # pragma: no cover
    """A place for each of rows[start:stop].

    Places are tried at each neighbour and half way between any two. Each is worth sum_j s_j, where
    s_j = 1 / (1 + (|y - y_j| / r)^8) is near 1 for a neighbour within r and near 0 for one outside; r is how far the
    10 nearest of the map reach there, so the sum is about how many of them the neighbours are. From the best place the
    word moves to the mean of its neighbours, each weighted by s_j and its cosine: it shares its place with no other.

    Args:
        start: the first word.
        stop: where to end.
        rows: (B, k) int32, the nearest words of the map.
        weights: (B, k) float32, above 0.
        coords: (N, dims) float32, the map.
        radius: (N,) float32, the distance of each point's 10th nearest, above 0.
        out: (B, dims) float32. Changed.
    """
    k, dims = rows.shape[1], coords.shape[1]
    here, mean = np.empty(dims, np.float32), np.empty(dims, np.float32)
    for i in range(start, stop):
        most = np.float32(-1)
        for a in range(k):
            for b in range(a + 1):
                one, two = rows[i, a], rows[i, b]
                reach = np.float32(0.5) * (radius[one] + radius[two])
                for d in range(dims):
                    here[d] = np.float32(0.5) * (coords[one, d] + coords[two, d])
                worth, total = np.float32(0), np.float32(0)
                mean[:] = 0
                for j in range(k):
                    far = np.float32(0)
                    for d in range(dims):
                        far += (here[d] - coords[rows[i, j], d]) ** 2
                    far /= reach * reach
                    far *= far
                    near = np.float32(1) / (np.float32(1) + far * far)
                    worth += near
                    total += near * weights[i, j]
                    for d in range(dims):
                        mean[d] += near * weights[i, j] * coords[rows[i, j], d]
                if worth > most:
                    most = worth
                    for d in range(dims):
                        out[i, d] = mean[d] / total
