"""The attention view: one head of a model on a typed sentence, and all heads as one image to choose from."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import dash
import dash_mantine_components as dmc
import numpy as np
from dash import ClientsideFunction, Input, Output, State, dcc, html

from embviz.apps.explorer import frame, ids, stages
from embviz.apps.explorer.cards import empty, notice
from embviz.apps.explorer.interface import EXAMPLES, explain, language, text, theme
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.selection import Selection
from embviz.attention import Attention, attend
from embviz.errors import EmbvizError
from embviz.figures.attention import head_figure, overview_figure, overview_side
from embviz.models import AttentionModel

_STRONGEST = 8


def layout(language: str) -> list[Any]:
    """Controls, picture, details."""
    return [
        html.Aside(
            [
                dmc.Textarea(
                    id=ids.ATTENTION_SENTENCE,
                    label=text("sentence", language),
                    placeholder=text("sentence_hint", language),
                    autosize=True,
                    minRows=2,
                    maxRows=8,
                    debounce=500,
                ),
                html.Div(
                    [
                        dmc.Select(id=ids.ATTENTION_LAYER, label=text("layer", language), data=[], allowDeselect=False),
                        dmc.Select(id=ids.ATTENTION_HEAD, label=text("head", language), data=[], allowDeselect=False),
                    ],
                    className="pair",
                ),
                html.P(id=ids.ATTENTION_ABOUT, className="quiet"),
                html.P(id=ids.ATTENTION_STAGES, className="quiet"),
            ],
            className="controls",
        ),
        html.Section(
            [
                dcc.Graph(
                    id=ids.ATTENTION_GRAPH,
                    figure=empty(theme()),
                    config={"displaylogo": False, "responsive": True, "modeBarButtons": [["toImage"]]},
                    className="graph",
                ),
                html.Div(id=ids.ATTENTION_MESSAGE, className="message"),
            ],
            className="picture",
        ),
        html.Aside(
            [
                html.Div(
                    [
                        html.H3(text("heads", language)),
                        html.Div(
                            dcc.Graph(
                                id=ids.ATTENTION_OVERVIEW,
                                figure=empty(theme()),
                                config={"displayModeBar": False, "responsive": True},
                                className="graph",
                            ),
                            className="overview",
                        ),
                        html.P(text("each_scaled", language), className="quiet"),
                    ],
                    id=ids.ATTENTION_HEADS,
                ),
                html.Div(id=ids.ATTENTION_DETAILS),
            ],
            className="details",
        ),
    ]


def connect(app: dash.Dash, library: Library) -> None:
    """Register the callbacks of the attention view."""
    frame.follow(
        app,
        "attention",
        {
            "sentence": (ids.ATTENTION_SENTENCE, "value"),
            "layer": (ids.ATTENTION_LAYER, "value"),
            "head": (ids.ATTENTION_HEAD, "value"),
        },
        [(ids.ATTENTION_OVERVIEW, "clickData", lambda selection, click: clicked(library, selection, click))],
    )

    app.clientside_callback(
        ClientsideFunction("explorer", "fit"), Input(ids.ATTENTION_GRAPH, "figure"), State(ids.ATTENTION_GRAPH, "id")
    )

    @app.callback(
        output={
            "figure": Output(ids.ATTENTION_GRAPH, "figure"),
            "overview": Output(ids.ATTENTION_OVERVIEW, "figure"),
            "frame": Output(ids.ATTENTION_HEADS, "style"),
            "message": Output(ids.ATTENTION_MESSAGE, "children"),
            "details": Output(ids.ATTENTION_DETAILS, "children"),
            "about": Output(ids.ATTENTION_ABOUT, "children"),
            "stages": Output(ids.ATTENTION_STAGES, "children"),
            "layers": Output(ids.ATTENTION_LAYER, "data"),
            "heads": Output(ids.ATTENTION_HEAD, "data"),
        },
        inputs={"pathname": Input(ids.URL, "pathname"), "search": Input(ids.URL, "search")},
    )
    def _draw(pathname: str, search: str) -> dict[str, Any]:
        selection = Selection.of(pathname, search)
        if selection.view != "attention":
            raise dash.exceptions.PreventUpdate
        return picture(library, selection, theme(), language())


def picture(library: Library, selection: Selection, theme: str, language: str) -> dict[str, Any]:
    """The head, the overview, what is said about them, and the choices of layer and head."""
    shown: dict[str, Any] = {
        "figure": empty(theme), "overview": empty(theme), "message": None, "details": None, "about": "", "stages": None,
        "layers": [], "heads": [], "frame": {"visibility": "hidden"},
    }  # fmt: skip
    try:
        model = library.open(selection.model).model
        shown["about"] = about(model, language)
        shown["stages"] = stages.links(library, selection, language)
        kinds = model.shape.kinds
        shown["layers"] = _choices(model.shape.depth(kinds[0]) if kinds else 0)
        shown["heads"] = _choices(model.heads if kinds else 0)
        if kinds and not (selection.sentence or "").strip():
            return {**shown, "message": _ask(selection, language)}
        seen = look(library, selection)
        weights = seen.head(selection.layer, selection.head)
    except EmbvizError as error:
        return {**shown, "message": notice(explain(error, language))}
    names = (text("key", language), text("query", language), text("weight", language))
    return {
        **shown,
        "frame": {},
        "figure": head_figure(seen, selection.layer, selection.head, theme, names),
        "overview": overview_figure(
            seen, selection.layer, selection.head, theme, (text("head", language), text("layer", language))
        ),
        "details": [html.H3(text("strongest", language)), strongest(seen, weights)],
    }


def about(model: AttentionModel, language: str) -> str:
    """Who looks at whom in a model, in one sentence."""
    if not model.shape.kinds:
        return text("nothing_seen", language)
    which = "alignment" if model.shape.kinds == ("cross",) else model.family
    return text(which, language, layers=model.layers, heads=model.heads)


def look(library: Library, selection: Selection) -> Attention:
    """All heads on the sentence; kept for the heads that are looked at next."""
    run = library.open(selection.model)
    return _attend(run.model, selection.sentence or "")


@lru_cache(maxsize=64)
def _attend(model: Any, sentence: str) -> Attention:
    return attend(model, sentence)


def clicked(library: Library, selection: Selection, click: Mapping[str, Any]) -> Selection:
    """The selection after a click on a tile of the overview."""
    side = overview_side(look(library, selection))
    point = click["points"][0]
    return selection.but(layer=int(point["y"]) // side, head=int(point["x"]) // side)


def strongest(seen: Attention, weights: np.ndarray) -> Any:
    """The largest weights of a head: who looks at whom, and how much."""
    queries, keys = np.unravel_index(np.argsort(-weights, axis=None, kind="stable")[:_STRONGEST], weights.shape)
    rows = [
        html.Li(
            [
                html.Span(f"{seen.tokens[query]} → {seen.keys[key]}", className="word"),
                html.Span(className="bar", style={"--share": f"{weights[query, key]:.3f}"}),
                html.Span(f"{weights[query, key]:.3f}", className="score"),
            ]
        )
        for query, key in zip(queries, keys, strict=True)
    ]
    return html.Ol(rows, className="neighbors")


def _ask(selection: Selection, language: str) -> list[Any]:
    """What to do where nothing is typed, with an example to click."""
    example = EXAMPLES["sentence"][language][0]
    return [
        notice(text("ask_sentence", language)),
        dcc.Link(example, href=selection.but(sentence=example).url, className="chip"),
    ]


def _choices(n: int) -> list[str]:
    return [str(number) for number in range(n)]
