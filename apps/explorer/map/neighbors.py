"""The true neighbours of many words at once, for a table: those of the largest cosine in the whole space, exact."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from embviz.runs import Run
from embviz.search import rows_near, unit_vectors

K = 10
_PAIRS = 50_000**2  # so many are compared in some seconds: all of 50,000 words, 2,500 of a million
_BLOCK = 100_000  # words that are in memory as unit vectors at a time


def most(run: Run) -> int:
    """Of how many words of a run the neighbours are searched at most."""
    return _PAIRS // len(run.space)


def nearest_rows(run: Run, rows: np.ndarray) -> np.ndarray:
    """(N, k): the rows of the 10 words nearest to each, nearest first, fewer where the run has no more; -1 for a word
    whose vector is zero, and in place of one.
    """
    space = run.space
    lengths = np.where(space.norms[rows] > 0, space.norms[rows], 1)
    queries = (space.vectors[rows] / lengths[:, None]).astype(np.float32)
    k = min(K, len(space) - 1) + 1  # each finds itself too
    found = np.empty((len(rows), 0), np.int64)
    scores = np.empty((len(rows), 0), np.float32)
    for start in range(0, len(space), _BLOCK):
        units = unit_vectors(space, min(start + _BLOCK, len(space)), start)
        there = np.flatnonzero(space.norms[start : start + len(units)])
        if not len(there):
            continue
        more, cosines = rows_near(queries, units[there], min(k, len(there)))
        found, scores = np.hstack([found, there[more] + start]), np.hstack([scores, cosines])
        best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        found, scores = np.take_along_axis(found, best, 1), np.take_along_axis(scores, best, 1)
    return _others(found, rows, space.norms[rows] > 0, k - 1)


def _others(found: np.ndarray, rows: np.ndarray, directed: np.ndarray, k: int) -> np.ndarray:
    """The first k of each line that are not the word itself."""
    itself = found == rows[:, None]
    order = np.argsort(itself, axis=1, kind="stable")[:, :k]
    others = np.take_along_axis(np.where(itself, -1, found), order, 1)
    return np.where(directed[:, None], others, -1)


def neighbor_words(run: Run, rows: np.ndarray) -> pa.Array:
    """The same as lists of words; null for a word whose vector is zero."""
    found = nearest_rows(run, rows)
    there = found >= 0
    ends = np.concatenate([[0], np.cumsum(there.sum(axis=1))])
    words = run.space.table["word"].take(pa.array(found[there])).combine_chunks()
    lists = pa.ListArray.from_arrays(pa.array(ends, pa.int32()), words)
    return pc.if_else(pa.array(there.any(axis=1)), lists, pa.scalar(None, lists.type))
