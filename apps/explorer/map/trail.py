"""The trail of an expression: from `king` through `king - man` to `king - man + woman`, and on to the nearest word.

A sum is no word and has no point; it is placed as a word would be that the map was not fitted on, and moves nothing.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from embviz.errors import EmbvizError
from embviz.projection import Projection
from embviz.projection.placing import place_between
from embviz.runs import Run
from embviz.similarity import Neighbors, near, parse, steps

MOST = 8  # words of an expression; a longer one would cover the map
_LONGEST = 32  # letters of a label
_SIDE = 65_536  # grid places on each side of a map


@lru_cache(maxsize=64)
def trail(run: Run, projection: Projection, expression: str | None) -> dict[str, Any] | None:
    """The steps of an expression of 2 to 8 words on a flat map, in map units; None for anything else.

    Returns:
        under "steps" for each sum x, y, what it is, and whether that is the point of a word or an estimate; under "to"
        the row of the nearest word, None where it is not on the map.
    """
    try:
        if not expression or projection.sheet is None or not 2 <= len(parse(run.space, expression)) <= MOST:
            return None
        passed = steps(run.space, expression, among=len(projection.coords))
        to = int(near(run.space, expression, 1).rows[0])
    except (EmbvizError, IndexError):
        return None  # the details say what is wrong with it; or the run has no other words
    n, places = len(projection.coords), projection.sheet.places
    k = min(len(step.rows) for step in passed)
    if not k:
        return None
    estimates = place_between(
        np.stack([step.rows[:k] for step in passed]), np.stack([step.scores[:k] for step in passed]), places
    )
    words = [_row(run, step) for step in passed]
    return {
        "steps": [
            {"label": _label(step), "word": True, **_at(places[row])}
            if row is not None and row < n
            else {"label": _label(step), "word": False, **_at(place)}
            for step, row, place in zip(passed, words, estimates, strict=True)
        ],
        "to": to if to < n else None,
    }


def _row(run: Run, step: Neighbors) -> int | None:
    """The row of a sum that is one word."""
    only = step.terms[0]
    return run.space.row(only.word) if len(step.terms) == 1 and only.sign > 0 else None


def _at(place: np.ndarray) -> dict[str, float]:
    return {"x": float(place[0]) / _SIDE, "y": float(place[1]) / _SIDE}


def _label(step: Neighbors) -> str:
    """The sum as an expression; of a long one, the last word."""
    if len(step.query) <= _LONGEST or len(step.terms) == 1:
        return step.query
    last = step.terms[-1]
    return f"… {'+' if last.sign > 0 else '-'} {last.word}"
