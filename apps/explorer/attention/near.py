"""The chosen token among words: which are near to it in the model's own table, and in a run of word vectors."""

from __future__ import annotations

from typing import Any

from dash import dcc, html

from embviz.apps.explorer.cards import bars
from embviz.apps.explorer.interface import explain, text
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.selection import Selection
from embviz.errors import EmbvizError
from embviz.similarity import near
from embviz.space import Space

_SHOWN = 6


def panel(library: Library, selection: Selection, language: str) -> list[Any]:
    """Nothing where no token is chosen."""
    run = library.open(selection.model)
    read = run.model.encode(selection.sentence or "")
    if selection.token is None or selection.token >= len(read):
        return []
    start, end = read.offsets[selection.token]
    if start == end:
        return []  # a mark, which is no word
    token = str(run.model.tokenizer.id_to_token(read.ids[selection.token]))
    columns = [_nearest(run.space, token, text("near_table", language), language)]
    others = [entry.name for entry in library.listed() if entry.run and not entry.run.has_attention]
    if others:
        chosen = selection.run if selection.run in others else others[0]
        space = library.open(chosen).space
        piece = (selection.sentence or "")[start:end]
        word = next((each for each in (piece, piece.lower()) if space.row(each) is not None), piece)
        columns.append(_nearest(space, word, text("near_run", language, run=chosen), language))
    return [
        html.H3(text("near_token", language, token=read.texts[selection.token])),
        html.Div(columns, className="predicted"),
        html.Div(
            [
                dcc.Link(name, href=selection.but(run=name).url, className="chip")
                for name in others[:8]
                if len(others) > 1
            ],
            className="examples",
        ),
    ]


def _nearest(space: Space, word: str, title: str, language: str) -> Any:
    try:
        found = near(space, word, _SHOWN)
        rows: Any = bars(found.words, found.scores)
    except EmbvizError as error:
        rows = html.P(explain(error, language), className="quiet")
    return html.Div([html.H3(title), rows])
