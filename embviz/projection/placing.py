"""Placing: a place for words that a map was not fitted on, without moving the words that are there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from embviz.progress import Report
from embviz.search import units_of
from embviz.space import Space

_NEAREST = 10
_BEGUN = 4  # nearest words of the map that a word is settled among at first; more take longer and help no more
_ASKED = 12  # nearest words of each that a descent draws together: their perplexity is 9 as t-SNE's neighbours go
_SWEEPS = 6
_REACH = 1.2  # units of the kernel that the 10 nearest of a word reach while the words descend
_BLOCK = 65_536  # words settled at once
_WEAKEST = 1e-3  # the weight of a word at a right angle or beyond


def place(space: Space, rows: range | np.ndarray, units: np.ndarray, coords: np.ndarray, report: Report) -> np.ndarray:
    """Each of these words where most of its nearest words are near: those of the map, and those placed with it.

    A word is first settled among its nearest of the map (see `settle`): not at their mean, since where they lie in
    several parts of the map it is near to none of them. The nearest of most words are not there, though, where many
    are placed: so each is settled again, six times, among its nearest of all words. In the plane, where at least as
    many are placed as the map has, a short descent of t-SNE then draws in what wants to be near the words that stay
    (Poličar et al. 2021 place new points so, each alone). Where a word is placed therefore depends on which others
    are placed at the same time.

    Args:
        space: where their vectors are.
        rows: of the words to be placed.
        units: (N, D) float32, the unit vectors of the words on the map.
        coords: (N, dims), where those are.
        report: told the progress; may cancel.

    Returns:
        (len(rows), dims) float32. Time and memory grow little faster than with the number of all words: nearest words
        are searched in groups.
    """
    coords = np.ascontiguousarray(coords, np.float32)
    count = len(rows)
    if not count:
        return np.empty((0, coords.shape[1]), np.float32)
    from embviz.search.groups import rows_near_in_groups

    every = np.concatenate([units_of(space, np.asarray(rows)), units])  # those to be placed first
    near, cosine = rows_near_in_groups(every[:count], units, min(_BEGUN, len(units)), _part(report, 0, 0.06))
    whole = np.concatenate([_settled(near, cosine, coords, _part(report, 0.06, 0.08)), coords])
    reach = float(np.median(_radius(coords)[near[:, 0]]))
    near, cosine = rows_near_in_groups(
        every, every, min(_ASKED, len(every) - 1), _part(report, 0.08, 0.4), among_themselves=True
    )
    nearest = np.ascontiguousarray(near[:count, :_NEAREST]), cosine[:count, :_NEAREST]
    for sweep in range(_SWEEPS):
        at = _part(report, 0.4 + 0.35 * sweep / _SWEEPS, 0.4 + 0.35 * (sweep + 1) / _SWEEPS)
        whole[:count] = _settled(*nearest, whole, at)
    if whole.shape[1] != 2 or count < len(coords):  # there is no field in space; and few words draw nothing in
        return whole[:count]
    return _descended(near, cosine, whole, count, reach, _part(report, 0.75, 1))


def place_between(near: np.ndarray, cosine: np.ndarray, coords: np.ndarray) -> np.ndarray:
    """Where a direction that is no word settles among its nearest words, which `place` begins with.

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


def _settled(near: np.ndarray, cosine: np.ndarray, coords: np.ndarray, at: Callable[[float], None]) -> np.ndarray:
    """(B, dims): each word at its place among near (B, k), rows of the coords (N, dims)."""
    from embviz.projection.settling import settle
    from embviz.search.threads import Threads

    out, weights = np.empty((len(near), coords.shape[1]), np.float32), np.maximum(cosine, _WEAKEST)
    radius = _radius(coords, at=lambda share: at(share / 2))
    with Threads() as threads:
        for start in range(0, len(near), _BLOCK):
            at((1 + start / len(near)) / 2)
            part = slice(start, start + _BLOCK)
            threads.share(settle, len(out[part]), near[part], weights[part], coords, radius, out[part])
    return out


def _descended(
    near: np.ndarray, cosine: np.ndarray, whole: np.ndarray, count: int, reach: float, at: Callable[[float], None]
) -> np.ndarray:
    """(count, 2): the first words of the map (N, 2) after some steps of t-SNE, in which the others stay.

    The map is drawn for it as large as t-SNE makes one of so many words. Where words are placed, the 10 nearest reached
    so far, typically, before they were: the kernel is a little narrower than they reach with all words between them.
    """
    at(0)
    from embviz.projection.affinity import affinities
    from embviz.projection.descent import PLACING, descend
    from embviz.projection.tsne import REACH
    from embviz.search.threads import Threads

    fitted = len(whole) - count
    middle, scale = whole[count:].mean(axis=0), np.float32(_REACH / reach * (len(whole) / fitted) ** 0.5)
    with Threads() as threads:
        wanted = affinities(near, np.maximum(0, 2 - 2 * cosine), near.shape[1] / REACH, threads)
        start = (whole - middle) * scale
        moved = descend(wanted, start, threads, lambda stage, share, note: at(share), plan=PLACING, moving=count)
    return moved[:count] / scale + middle


def _part(report: Report, begin: float, end: float) -> Callable[[float], None]:
    """What tells the progress of a part of the placing."""
    return lambda share: report("placing words", begin + (end - begin) * share, "")


def _radius(
    coords: np.ndarray, of: np.ndarray | slice = slice(None), at: Callable[[float], None] = lambda share: None
) -> np.ndarray:
    """(N,) float32: how far the 10 nearest of each point of a map reach, or of some points."""
    from scipy.spatial import cKDTree

    k = min(_NEAREST, len(coords) - 1) + 1  # a point is its own nearest
    at(0)
    tree, points, far = cKDTree(coords), coords[of], []
    for start in range(0, len(points), _BLOCK):
        at(start / len(points))
        far.append(tree.query(points[start : start + _BLOCK], [k], workers=-1)[0][:, 0])
    least = 1e-6 * max(float(np.ptp(coords)), 1e-6)  # where words lie on one another
    return np.maximum(np.concatenate(far), least).astype(np.float32)
