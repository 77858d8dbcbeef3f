"""The words that were surrounded on the map: which they are, as a list to walk on from and a table to take away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import numpy as np
from dash import dcc, html

from embviz.apps.explorer.cards import notice
from embviz.apps.explorer.frame import attributes
from embviz.apps.explorer.interface import explain, text
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.map.sheet import shown_of, which
from embviz.apps.explorer.selection import Selection
from embviz.errors import EmbvizError

_LISTED = 200
Shape = Sequence[Sequence[float]]


def chosen(library: Library, selection: Selection, shape: Shape | None, language: str) -> Any:
    """The words inside a shape, the most frequent first, and where to save them; nothing when there is no shape."""
    if not shape:
        return None
    try:
        run = library.open(selection.run)
        projection = shown_of(run, selection)
        rows = inside(projection.sheet.places, shape)  # type: ignore[union-attr]
    except EmbvizError as error:
        return notice(explain(error, language))
    words = run.space.words(rows[:_LISTED])
    given = {**which(projection), "shape": written(shape)}
    links = [
        html.A(form.upper(), href=f"/sheet/{run.name}/table.{form}?{urlencode(given)}", className="chip")
        for form in ("csv", "parquet")
    ]
    more = [html.P(text("more_chosen", language, more=len(rows) - _LISTED))] if len(rows) > _LISTED else []
    return [
        html.Button("×", className="close", title=text("let_go", language),
                    **attributes(data_map="lasso", aria_label=text("let_go", language))),
        html.H2(text("chosen", language, n=len(rows))),
        html.Div([html.Span(text("save_as", language), className="quiet"), *links], className="examples"),
        html.Div([dcc.Link(word, href=selection.but(word=word).url, className="chip") for word in words],
                 className="examples words"),
        *more,
    ]  # fmt: skip


def inside(places: np.ndarray, shape: Shape) -> np.ndarray:
    """The rows of places (N, 2) on the grid that lie inside a polygon of map units, by the even-odd rule."""
    corners = np.asarray(shape, np.float64) * 65_536
    low, high = corners.min(axis=0), corners.max(axis=0)
    rows = np.flatnonzero(((places >= low) & (places <= high)).all(axis=1))
    x, y = places[rows].astype(np.float64).T
    odd = np.zeros(len(rows), bool)
    for (ax, ay), (bx, by) in zip(corners, np.roll(corners, 1, axis=0), strict=True):
        if ay != by:
            odd ^= ((ay > y) != (by > y)) & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
    return rows[odd]


def written(shape: Shape) -> str:
    """A shape as it stands in a URL."""
    return ";".join(f"{x:.6f},{y:.6f}" for x, y in shape)


def read(text: str) -> list[list[float]]:
    """A shape from a URL.

    Raises:
        ValueError: it is none.
    """
    shape = [[float(value) for value in corner.split(",")] for corner in text.split(";")]
    if len(shape) < 3 or any(len(corner) != 2 for corner in shape) or not np.isfinite(shape).all():
        raise ValueError("a shape has at least three corners of two numbers")
    return shape
