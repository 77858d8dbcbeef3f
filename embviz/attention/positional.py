"""How much of what heads look at does position alone explain? Learned from some sentences, measured on others.

Letters: N heads of all layers, T queries, K keys.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view


class Positional:
    """The mean weight at each offset from the query, and at each place of the text, head by head.

    A row that is guessed by one of the two has the mean weights at its keys, scaled to sum to 1. What position explains
    of a row is 1 minus the total variation distance of the row and the guess, half the sum of absolute differences: the
    share of the weight that the guess has in the right place. Of the two guesses the one that is better for the head
    counts; the sentences that it is measured on are not those that it was learned from.
    """

    def __init__(self, heads: int, longest: int) -> None:
        self._longest = longest
        self._offsets, self._places = np.zeros((heads, 2 * longest - 1)), np.zeros((heads, longest))
        self._offsets_seen, self._places_seen = np.zeros(2 * longest - 1), np.zeros(longest)

    def learn(self, weights: np.ndarray, can: np.ndarray) -> None:
        """Take in (N, T, K) weights, of the cells that (T, K) bool says are seen and asked."""
        where = self._where(can)
        counted = can.astype(np.float64)
        self._offsets[:, where] += sheared(weights * can).sum(1)
        self._offsets_seen[where] += sheared(counted[None]).sum((0, 1))
        self._places[:, : can.shape[1]] += (weights * can).sum(1)
        self._places_seen[: can.shape[1]] += counted.sum(0)

    def explained(self, weights: np.ndarray, can: np.ndarray) -> np.ndarray:
        """(2, N): of (N, T, K) weights, the sum over the rows that are asked, by offset and by place."""
        keys = can.shape[1]
        offsets = (self._offsets / np.maximum(self._offsets_seen, 1))[:, self._where(can)]
        places = (self._places / np.maximum(self._places_seen, 1))[:, None, :keys]
        guesses = sliding_window_view(offsets, keys, axis=1)[:, ::-1], np.broadcast_to(places, weights.shape)
        rows = can.any(1)
        found = []
        for guess in guesses:
            guess = guess * can + 1e-9 * can
            guess /= np.maximum(guess.sum(-1, keepdims=True), 1e-12)
            apart = np.abs(weights - guess)[:, rows].sum((1, 2)) / 2
            found.append(rows.sum() - apart)
        return np.stack(found)

    def _where(self, can: np.ndarray) -> slice:
        """The part of all offsets that (T, K) cells have: from 1 - T to K - 1."""
        return slice(self._longest - can.shape[0], self._longest - 1 + can.shape[1])


def sheared(rows: np.ndarray) -> np.ndarray:
    """(N, T, K) -> (N, T, T + K - 1), each row moved so that a column is an offset, from 1 - T to K - 1."""
    heads, queries, keys = rows.shape
    wide = queries + keys - 1
    flat = np.zeros((heads, queries * wide), rows.dtype)
    step = flat.itemsize
    inside = as_strided(flat[:, queries - 1 :], rows.shape, (flat.strides[0], (wide - 1) * step, step))
    inside[...] = rows
    return flat.reshape(heads, queries, wide)
