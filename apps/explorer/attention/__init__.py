"""The attention view: one head of a model on a typed sentence as a heatmap, lines or text, and all heads to choose
from.
"""

from __future__ import annotations

from typing import Any

import dash
from dash import ClientsideFunction, Input, Output, State

from embviz.apps.explorer import frame, ids
from embviz.apps.explorer.attention import compared, evidence, heads, taking
from embviz.apps.explorer.attention.events import chosen, clicked, stepped, whole_layer, written_on
from embviz.apps.explorer.attention.layout import layout
from embviz.apps.explorer.attention.looking import with_kind
from embviz.apps.explorer.attention.picture import picture, zoomed
from embviz.apps.explorer.interface import columns, language, theme
from embviz.apps.explorer.jobs import Jobs
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.selection import Selection

__all__ = ["connect", "layout"]

_CONTROLS = {
    "sentence": (ids.ATTENTION_SENTENCE, "value"),
    "target": (ids.ATTENTION_TARGET, "value"),
    "kind": (ids.ATTENTION_KIND, "value"),
    "layer": (ids.ATTENTION_LAYER, "value"),
    "head": (ids.ATTENTION_HEAD, "value"),
    "show": (ids.ATTENTION_SHOW, "value"),
    "lines": (ids.ATTENTION_LINES, "value"),
    "reading": (ids.ATTENTION_READING, "value"),
    "pair": (ids.ATTENTION_PAIR, "value"),
    "marks": (ids.ATTENTION_MARKS, "value"),
    "sink": (ids.ATTENTION_SINK, "value"),
    "top": (ids.ATTENTION_TOP, "value"),
    "scale": (ids.ATTENTION_SCALE, "value"),
    "direction": (ids.ATTENTION_DIRECTION, "value"),
}


def connect(app: dash.Dash, library: Library, jobs: Jobs) -> None:
    """Register the callbacks of the attention view, and the addresses that its numbers are fetched from."""
    frame.follow(
        app,
        "attention",
        {**_CONTROLS, **compared.CONTROLS, **heads.CONTROLS},
        [
            (ids.ATTENTION_TILE, "data", lambda selection, click: clicked(library, selection, click)),
            (ids.ATTENTION_CHOSEN, "data", chosen),
            (ids.ATTENTION_STEP, "value", lambda selection, rows: stepped(library, selection, rows)),
            (ids.ATTENTION_ALL, "n_clicks", lambda selection, clicks: whole_layer(library, selection)),
            (ids.ATTENTION_KINDS_GRAPH, "clickData", heads.clicked),
            (ids.ATTENTION_WRITE, "n_clicks", lambda selection, clicks: written_on(library, selection)),
        ],
        resolve=lambda selection: heads.with_scores(library, with_kind(library, selection)),
    )
    taking.connect(app, library)

    # One head on a sentence, or the kinds of all heads: only the one that is seen asks the server.
    app.clientside_callback(
        ClientsideFunction("explorer", "parted"),
        Output(ids.ATTENTION_ONE_ASKED, "data"),
        Output(ids.ATTENTION_KINDS_ASKED, "data"),
        Output(ids.ATTENTION_KINDS_PAGE, "data-shown"),
        Input(ids.ATTENTION_ASKED, "data"),
        prevent_initial_call=True,
    )
    evidence.connect(app, library)
    compared.connect(app, library)
    heads.connect(app, library, jobs)
    _connect_picture(app, library)


def _connect_picture(app: dash.Dash, library: Library) -> None:
    """The pictures of one head and of all, and what is said about them."""
    for graph, told in ((ids.ATTENTION_GRAPH, "attended"), (ids.ATTENTION_OVERVIEW, "overviewed")):
        app.clientside_callback(ClientsideFunction("explorer", told), Input(graph, "figure"), State(graph, "id"))

    # The slider is set by the page: as an output of what draws, settling the controls would wait for every picture.
    app.clientside_callback(ClientsideFunction("explorer", "rows"), Input(ids.ATTENTION_ROWS, "data"))

    @app.callback(
        output={
            "figure": Output(ids.ATTENTION_GRAPH, "figure"),
            "tall": Output(ids.ATTENTION_GRAPH, "style"),
            "overview": Output(ids.ATTENTION_OVERVIEW, "figure"),
            "drawn": Output(ids.ATTENTION_DRAWN, "data"),
            "frame": Output(ids.ATTENTION_HEADS, "style"),
            "pick": Output(ids.ATTENTION_PICK, "children"),
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
            "hint": Output(ids.ATTENTION_HINT, "children"),
            "lines": Output(ids.ATTENTION_LINES_BOX, "style"),
            "lines_of": Output(ids.ATTENTION_LINES, "data"),
            "all": Output(ids.ATTENTION_ALL, "children"),
            "pair": Output(ids.ATTENTION_PAIR_BOX, "style"),
            "steps": Output(ids.ATTENTION_STEPS, "style"),
            "rows": Output(ids.ATTENTION_ROWS, "data"),
            "saving": Output(ids.ATTENTION_SAVING, "children"),
            "way": Output(ids.ATTENTION_KINDS_WAY, "children"),
            "looked": Output(ids.ATTENTION_LOOKED, "data"),
        },
        inputs={"search": Input(ids.ATTENTION_ONE_ASKED, "data")},
        state={"drawn": State(ids.ATTENTION_DRAWN, "data"), "area": State(ids.ATTENTION_AREA, "data")},
        prevent_initial_call=True,
    )
    def _draw(search: str, drawn: str | None, area: Any) -> dict[str, Any]:
        shown = picture(library, Selection.of("/attention", search), theme(), language(), columns(), drawn, area)
        return {**shown, "looked": search}

    @app.callback(
        Output(ids.ATTENTION_GRAPH, "figure", allow_duplicate=True),
        Input(ids.ATTENTION_AREA, "data"),
        State(ids.ATTENTION_ASKED, "data"),
        prevent_initial_call=True,
    )
    def _zoom(area: Any, search: str) -> Any:
        return zoomed(library, Selection.of("/attention", search), area)
