"""The picture of attention that a selection asks for, and which of its tokens and heads are marked."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from embviz.apps.explorer.attention import compared, inside
from embviz.apps.explorer.attention.looking import heads_of, options
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.selection import Selection
from embviz.attention import Attention
from embviz.errors import EmbvizError
from embviz.figures.attention import head_figure, lines_figure, text_figure
from embviz.figures.attention.heatmap import CELLS

SHOWS = ("heatmap", "lines", "text")
"""The pictures of attention."""

ALL = (*SHOWS, *inside.SHOWS)
"""All pictures that there are."""

Area = tuple[int, int, int, int]


def drawn(
    library: Library,
    selection: Selection,
    seen: Attention,
    theme: str,
    language: str,
    columns: int,
    area: Area | None = None,
) -> go.Figure:
    """The picture of a selection: of attention, beside another's, or of what is inside the model.

    Args:
        seen: the attention that is looked at.

    Raises:
        EmbvizError: the model cannot be looked into so, or there is no such picture.
    """
    if selection.show in inside.SHOWS:
        return inside.draw(library, selection, theme, language, columns)
    if compares(selection):
        return compared.picture(library, selection, theme, language, columns)
    return draw(seen, selection, theme, language, columns, area)


def compares(selection: Selection) -> bool:
    """Whether two heatmaps are shown in place of one."""
    return (selection.show or "heatmap") == "heatmap" and compared.comparing(selection)


def draw(
    seen: Attention, selection: Selection, theme: str, language: str, columns: int, area: Area | None = None
) -> go.Figure:
    """The figure of the selection's `show`.

    Raises:
        EmbvizError: the record does not hold the head, or there is no such picture.
    """
    asked: dict[str, Any] = {**options(selection), "theme": theme, "language": language, "columns": columns}
    if (selection.show or "heatmap") == "heatmap":
        made = head_figure(seen, selection.layer, selection.head, area=area, **asked)
        if max(len(seen.tokens), len(seen.keys)) > CELLS:
            made.update_layout(meta={"pooled": True, "tokens": [len(seen.tokens), len(seen.keys)]})
        return made
    if selection.show == "lines":
        return lines_figure(seen, heads_of(selection), **asked)
    if selection.show == "text":
        return text_figure(seen, selection.layer, selection.head, live=True, **asked)
    raise EmbvizError("There is no picture '{show}': there are {shows}.", show=selection.show, shows=", ".join(ALL))


def in_sight(area: Any, seen: Attention) -> Area | None:
    """The first and last row and column that a page says it shows; None for all, or where it says nothing that is."""
    try:
        top, bottom, left, right = (round(float(value)) for value in area["rows"] + area["columns"])
    except (TypeError, KeyError, ValueError, OverflowError):
        return None
    rows, columns = len(seen.tokens) - 1, len(seen.keys) - 1
    top, bottom = max(0, min(top, rows)), max(0, min(bottom, rows))
    left, right = max(0, min(left, columns)), max(0, min(right, columns))
    return (top, bottom, left, right) if top <= bottom and left <= right else None
