"""The words view: the nearest words of a word or an expression, and the similarity of two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dash
import dash_mantine_components as dmc
import plotly.graph_objects as go
from dash import Input, Output, dcc, html

from embviz.apps.explorer import frame, ids
from embviz.apps.explorer.cards import empty, facts, link, notice, score_table
from embviz.apps.explorer.examples import EXAMPLES
from embviz.apps.explorer.interface import explain, language, text, theme
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.selection import Selection
from embviz.errors import EmbvizError
from embviz.figures.similarity import neighbors_figure
from embviz.similarity import Neighbors, cosine, near, vector
from embviz.space import Space

_K = 15


def layout(language: str) -> list[Any]:
    """Controls, picture, details."""
    return [
        html.Aside(
            [
                dmc.TextInput(
                    id=ids.WORDS_EXPRESSION,
                    label=text("expression", language),
                    placeholder=text("expression_hint", language),
                    debounce=True,
                ),
                html.Div(id=ids.WORDS_EXAMPLES, className="examples"),
                dmc.TextInput(
                    id=ids.WORDS_OTHER,
                    label=text("compare", language),
                    placeholder=text("compare_hint", language),
                    debounce=True,
                ),
                html.Div(id=ids.WORDS_SIMILARITY, role="status"),
            ],
            className="controls",
        ),
        html.Section(
            [
                dcc.Graph(
                    id=ids.WORDS_GRAPH,
                    figure=empty(theme()),
                    config={"displayModeBar": False, "responsive": True},
                    className="graph",
                ),
                html.Div(id=ids.WORDS_MESSAGE, className="message"),
            ],
            className="picture",
        ),
        html.Aside(id=ids.WORDS_DETAILS, className="details"),
    ]


def connect(app: dash.Dash, library: Library) -> None:
    """Register the callbacks of the words view."""
    frame.follow(
        app,
        "words",
        {"word": (ids.WORDS_EXPRESSION, "value"), "other": (ids.WORDS_OTHER, "value")},
        [(ids.WORDS_GRAPH, "clickData", lambda selection, click: clicked(library, selection, click))],
    )

    @app.callback(
        Output(ids.WORDS_GRAPH, "figure"),
        Output(ids.WORDS_MESSAGE, "children"),
        Output(ids.WORDS_DETAILS, "children"),
        Output(ids.WORDS_SIMILARITY, "children"),
        Output(ids.WORDS_EXAMPLES, "children"),
        Input(ids.WORDS_ASKED, "data"),
        prevent_initial_call=True,
    )
    def _draw(search: str) -> tuple[Any, Any, Any, Any, Any]:
        selection = Selection.of("/words", search)
        compared = comparison(library, selection, language())
        return (*picture(library, selection, theme(), language()), compared, examples(library, selection, language()))


def clicked(library: Library, selection: Selection, click: Mapping[str, Any]) -> Selection:
    """The selection after a click on a bar: its word."""
    found = near(library.open(selection.run).space, selection.word or "", _K)
    place = int(click["points"][0]["pointNumber"])
    return selection.but(word=found.words[place]) if place < len(found.words) else selection


def picture(library: Library, selection: Selection, theme: str, language: str) -> tuple[go.Figure, Any, Any]:
    """The chart of the nearest words, a sentence if there is none, and the details."""
    try:
        space = library.open(selection.run).space
        if not selection.word:
            return empty(theme), notice(text("ask_word", language)), None
        found = near(space, selection.word, _K)
    except EmbvizError as error:
        return empty(theme), notice(explain(error, language)), None
    figure = neighbors_figure(found, theme, text("cosine", language))
    single = space.row(found.terms[0].word) if len(found.terms) == 1 else None
    title = html.P(facts(space, single, language), className="quiet") if single is not None else None
    return figure, None, _details(found, space, title, selection, language)


def comparison(library: Library, selection: Selection, language: str) -> Any:
    """How similar the two words are."""
    if not selection.word or not selection.other:
        return None
    try:
        space = library.open(selection.run).space
        vector(space, selection.word)
    except EmbvizError:
        return None  # said in the picture
    try:
        score = cosine(space, selection.word, selection.other)
    except EmbvizError as error:
        return notice(explain(error, language))
    return html.Div(
        [
            html.Strong(f"{score:.3f}", className="big"),
            html.Div(text("similarity", language, one=selection.word, other=selection.other)),
            html.Div(text("similarity_means", language), className="quiet"),
        ]
    )


def examples(library: Library, selection: Selection, language: str) -> list[Any]:
    """Links to expressions that this run can answer."""
    try:
        space = library.open(selection.run).space
    except EmbvizError:
        return []
    tried = [text_ for code in EXAMPLES["words"] for text_ in EXAMPLES["words"][code] if _answers(space, text_)]
    links = [link(example, selection, selection.but(word=example)) for example in tried[:4]]
    return [html.Span(text("examples", language), className="quiet"), *links] if links else []


def _answers(space: Space, expression: str) -> bool:
    return all(space.row(word) is not None for word in expression.replace("+", "-").replace(" ", "").split("-"))


def _details(found: Neighbors, space: Space, title: Any, selection: Selection, language: str) -> list[Any]:
    return [
        html.H2(selection.word),
        title,
        html.H3(text("nearest", language)),
        score_table(found, space, selection, language),
        html.P(text("how", language, over=found.over), className="quiet"),
        link(text("show_on_map", language), selection, selection.but(view="map")),
    ]
