"""Trails: the way of an expression over a map: from `king` through `king - man` to `king - man + woman`, and on to the
nearest word.

A sum is no word and has no point; it is placed as a word would be that the map was not fitted on, and moves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embviz.errors import EmbvizError
from embviz.projection import Projection
from embviz.projection.placing import place_between
from embviz.similarity import Neighbors, near, steps
from embviz.space import Space

_LONGEST = 32  # letters of a label


@dataclass(frozen=True, eq=False)
class Trail:
    """The S sums of an expression on a map, in the order in which its words come.

    Attributes:
        labels: what each sum is, as an expression.
        rows: the row of each sum that is a word on the map; None where its place is an estimate.
        coords: (S, 2 or 3) float32, where they are.
        to: the row of the word that is nearest to the last; None where it is not on the map.
    """

    labels: tuple[str, ...]
    rows: tuple[int | None, ...]
    coords: np.ndarray
    to: int | None


def trail(space: Space, projection: Projection, expression: str) -> Trail:
    """The trail of an expression on a map of its space.

    Raises:
        EmbvizError: a word is not in the space, the words cancel out, or the map has no words besides them.
    """
    n = len(projection.coords)
    passed = steps(space, expression, among=n)
    nearest = near(space, expression, 1).rows
    k = min(len(step.rows) for step in passed)
    if not k or not len(nearest):
        raise EmbvizError(f"The map has no words near '{expression}' but its own. Show more words.")
    estimates = place_between(
        np.stack([step.rows[:k] for step in passed]), np.stack([step.scores[:k] for step in passed]), projection.coords
    )
    rows = tuple(_row(space, step, n) for step in passed)
    coords = [
        estimate if row is None else projection.coords[row] for row, estimate in zip(rows, estimates, strict=True)
    ]
    to = int(nearest[0])
    return Trail(tuple(map(_label, passed)), rows, np.stack(coords), to if to < n else None)


def _row(space: Space, step: Neighbors, n: int) -> int | None:
    """The row of a sum that is one word of the first n."""
    only = step.terms[0]
    row = space.row(only.word) if len(step.terms) == 1 and only.sign > 0 else None
    return row if row is not None and row < n else None


def _label(step: Neighbors) -> str:
    """The sum as an expression; of a long one, the last word."""
    if len(step.query) <= _LONGEST or len(step.terms) == 1:
        return step.query
    last = step.terms[-1]
    return f"… {'+' if last.sign > 0 else '-'} {last.word}"
