"""Search in groups: approximate, and much quicker than looking at all where there are many.

The units are put in groups about centres (spherical k-means: Dhillon and Modha 2001), and each query looks in the
groups whose centres are nearest to it (an inverted file: Jégou et al. 2011, section IV). Units among themselves then
ask those they found for theirs (Dong et al. 2011, section 2.1): a neighbour's neighbour often is one. Of GloVe's words
and their noisy copies, a million, 13 groups hold 81 in 100 of the 10 nearest; after asking twice it is 89, for a fifth
more time. Few units make few groups, and are searched exactly.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from embviz.search import rows_near

_LEAST = 256  # units of a group at least, and the square root of all
_SAMPLE = 50  # units for each centre that the centres are found from
_ROUNDS = 5
_FIRST = 0.1  # the share of the time, about, before the search itself
_ASKED = 2  # times that neighbours are asked for theirs


def rows_near_in_groups(
    queries: np.ndarray,
    units: np.ndarray,
    k: int,
    at: Callable[[float], None] = lambda share: None,
    among_themselves: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Most of the k units of largest inner product with every query, as `rows_near` gives all of them.

    Looked in are k + 1 groups, none of them empty, so that k others are found in any case. The result is the same on
    every machine.

    Args:
        queries: (B, D) float32.
        units: (N, D) float32.
        k: at most N, less one `among_themselves`.
        at: told the share that is done.
        among_themselves: query i is unit i and does not see itself.

    Returns:
        rows (B, k) int32 and products (B, k) float32, largest first.
    """
    count, probes = len(units) // max(_LEAST, int(len(units) ** 0.5)), k + 1
    if count <= probes:
        return rows_near(queries, units, k, at, among_themselves)
    centres, own = _groups(units, count, lambda share: at(_FIRST * share / 2))
    if len(centres) <= probes:
        return rows_near(queries, units, k, at, among_themselves)
    probed, _ = rows_near(queries, centres, probes, lambda share: at(_FIRST * (1 + share) / 2))
    after = 0.15 if among_themselves else 0.0
    found = _looked_in(
        queries, units, k, own, probed, lambda share: at(_FIRST + (1 - _FIRST - after) * share), among_themselves
    )
    return (
        _asked(*found, units, _by_group(own, len(centres))[0], lambda share: at(1 - after * (1 - share)))
        if after
        else found
    )


def _groups(units: np.ndarray, count: int, at: Callable[[float], None]) -> tuple[np.ndarray, np.ndarray]:
    """At most `count` centres (G, D), each of length 1, and the one (N,) that each unit is nearest to: all are."""
    sample = units[np.linspace(0, len(units) - 1, min(len(units), _SAMPLE * count)).astype(np.int64)]
    centres = sample[:: len(sample) // count][:count]
    for turn in range(_ROUNDS):
        at(turn / (2 * _ROUNDS))
        centres = _means(sample, rows_near(sample, centres, 1)[0][:, 0])
    own = rows_near(units, centres, 1, lambda share: at((1 + share) / 2))[0][:, 0]
    used, own = np.unique(own, return_inverse=True)
    return centres[used], own


def _means(units: np.ndarray, own: np.ndarray) -> np.ndarray:
    """(G, D) float32: the directions of the groups that are not empty."""
    order = np.argsort(own, kind="stable")
    sums = np.add.reduceat(units[order], np.unique(own[order], return_index=True)[1], axis=0)
    return sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), np.float32(1e-9))


def _looked_in(
    queries: np.ndarray,
    units: np.ndarray,
    k: int,
    own: np.ndarray,
    probed: np.ndarray,
    at: Callable[[float], None],
    among_themselves: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """The k best of the groups (B, P) that each query looks in, where unit i is in group own[i]."""
    from embviz.search.nearest import nearest_of, padded, tiles
    from embviz.search.threads import Threads

    wide, count = padded(queries), int(own.max()) + 1
    (members, begin), (asking, ask) = _by_group(own, count), _by_group(probed.ravel(), count)
    asking //= probed.shape[1]
    rows, scores = np.zeros((len(queries), k), np.int32), np.full((len(queries), k), -np.inf, np.float32)
    place = np.full(len(queries), -1)  # of each query among the members, which it does not see
    if among_themselves:
        place[members] = np.arange(len(members))
    with Threads() as threads:
        for group in range(count):
            at(ask[group] / len(asking))
            first, stop, those = begin[group], begin[group + 1], asking[ask[group] : ask[group + 1]]
            for tile in tiles(units[members[first:stop]]):
                threads.share(nearest_of, len(those), those, wide, tile, first, stop, place, scores, rows)
                first += tile.shape[1]
    return members[rows].astype(np.int32), scores


def _asked(
    rows: np.ndarray, scores: np.ndarray, units: np.ndarray, order: np.ndarray, at: Callable[[float], None]
) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest (N, k) after each unit asked those it found for theirs, group by group."""
    from embviz.search.nearest import nearer
    from embviz.search.threads import Threads

    with Threads() as threads:
        for turn in range(_ASKED):
            at(turn / _ASKED)
            known, products = rows, scores
            rows, scores = np.empty_like(known), np.empty_like(products)
            threads.share(nearer, len(units), order, units, known, products, rows, scores)
    return rows, scores


def _by_group(own: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The indices (N,) group by group, and where (count + 1,) each group begins."""
    order = np.argsort(own.astype(np.uint16), kind="stable")  # of 16 bits: ten times as quick
    return order, np.concatenate([[0], np.cumsum(np.bincount(own, minlength=count))])
