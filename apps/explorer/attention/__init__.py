"""The attention view: one head of a model on a typed sentence, and all heads as one image to choose from."""

from __future__ import annotations

from typing import Any

import dash
from dash import ClientsideFunction, Input, Output, State

from embviz.apps.explorer import frame, ids
from embviz.apps.explorer.attention import compared, evidence, heads
from embviz.apps.explorer.attention.events import clicked, written_on
from embviz.apps.explorer.attention.layout import layout
from embviz.apps.explorer.attention.looking import with_kind
from embviz.apps.explorer.attention.picture import picture
from embviz.apps.explorer.interface import language, theme
from embviz.apps.explorer.jobs import Jobs
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.selection import Selection

__all__ = ["connect", "layout"]


def connect(app: dash.Dash, library: Library, jobs: Jobs) -> None:
    """Register the callbacks of the attention view."""
    frame.follow(
        app,
        "attention",
        {
            "sentence": (ids.ATTENTION_SENTENCE, "value"),
            "target": (ids.ATTENTION_TARGET, "value"),
            "kind": (ids.ATTENTION_KIND, "value"),
            "layer": (ids.ATTENTION_LAYER, "value"),
            "head": (ids.ATTENTION_HEAD, "value"),
            **compared.CONTROLS,
            **heads.CONTROLS,
        },
        [
            (ids.ATTENTION_OVERVIEW, "clickData", lambda selection, click: clicked(library, selection, click)),
            (ids.ATTENTION_KINDS_GRAPH, "clickData", heads.clicked),
            (ids.ATTENTION_WRITE, "n_clicks", lambda selection, clicks: written_on(library, selection)),
        ],
        resolve=lambda selection: heads.with_scores(library, with_kind(library, selection)),
    )

    evidence.connect(app, library)
    compared.connect(app, library)
    heads.connect(app, library, jobs)
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
            "filled": Output(ids.ATTENTION_FILLED, "children"),
            "write": Output(ids.ATTENTION_WRITE, "style"),
            "seq2seq": Output(ids.ATTENTION_SEQ2SEQ, "style"),
            "kinds": Output(ids.ATTENTION_KINDS, "style"),
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
