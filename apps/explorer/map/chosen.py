"""The words that were surrounded on the map: which they are, as a list to walk on from and a table to take away."""

from __future__ import annotations

from typing import Any

from dash import dcc, html

from embviz.apps.explorer.cards import notice
from embviz.apps.explorer.frame import attributes
from embviz.apps.explorer.interface import explain, text
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.map.shape import Shape, written
from embviz.apps.explorer.map.sheet import shown_of
from embviz.apps.explorer.map.table import links, shown_rows
from embviz.apps.explorer.selection import Selection
from embviz.errors import EmbvizError

_LISTED = 200


def chosen(library: Library, selection: Selection, shape: Shape | None, language: str) -> Any:
    """The words inside a shape, the most frequent first, and where to save them; nothing when there is no shape."""
    if not shape:
        return None
    try:
        run = library.open(selection.run)
        projection = shown_of(run, selection)
        rows = shown_rows(run, projection, selection.pattern, shape)
    except EmbvizError as error:
        return notice(explain(error, language))
    words = run.space.words(rows[:_LISTED])
    addresses = links(run, projection, selection.pattern, written(shape))
    files = [html.A(form, href=address, className="chip") for form, address in addresses]
    more = [html.P(text("more_chosen", language, more=len(rows) - _LISTED))] if len(rows) > _LISTED else []
    return [
        html.Button("×", className="close", title=text("let_go", language),
                    **attributes(data_map="lasso", aria_label=text("let_go", language))),
        html.H2(text("chosen", language, n=len(rows))),
        html.Div([html.Span(text("save_as", language), className="quiet"), *files], className="examples"),
        html.Div([dcc.Link(word, href=selection.but(word=word).url, className="chip") for word in words],
                 className="examples words"),
        *more,
    ]  # fmt: skip
