"""The trail of the selected expression, as the map shows it: see embviz/trails.py for what it is."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from embviz.errors import EmbvizError
from embviz.projection import Projection
from embviz.projection.sheet import SIDE, on_sheet
from embviz.runs import Run
from embviz.similarity import parse
from embviz.trails import Trail
from embviz.trails import trail as trail_of

MOST = 8  # words of an expression; a longer one would cover the map


@lru_cache(maxsize=64)
def trail(run: Run, projection: Projection, expression: str | None) -> Trail | None:
    """The trail of an expression of 2 to 8 words; None for anything else."""
    try:
        if not expression or not 2 <= len(parse(run.space, expression)) <= MOST:
            return None
        return trail_of(run.space, projection, expression)
    except EmbvizError:
        return None  # the details say what is wrong with it; or the run has no other words


def told(run: Run, projection: Projection, expression: str | None) -> dict[str, Any] | None:
    """What the page is told of the trail on a flat map.

    Returns:
        under "steps" for each sum x, y in map units, what it is, and whether that is the point of a word or an
        estimate; under "to" the row of the nearest word, None where it is not on the map.
    """
    found = trail(run, projection, expression)
    if found is None or projection.sheet is None:
        return None
    places = [
        projection.sheet.places[row] / SIDE if row is not None else on_sheet(coords, projection.coords)
        for row, coords in zip(found.rows, found.coords, strict=True)
    ]
    steps = [
        {"label": label, "word": row is not None, "x": float(x), "y": float(y)}
        for label, row, (x, y) in zip(found.labels, found.rows, places, strict=True)
    ]
    return {"steps": steps, "to": found.to}
