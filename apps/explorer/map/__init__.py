"""The map view: the words of a run as points, one of them selected, its true neighbours marked wherever they are."""

from __future__ import annotations

from typing import Any

import dash
from dash import ClientsideFunction, Input, Output, State, no_update

from embviz.apps.explorer import frame, ids
from embviz.apps.explorer.cards import notice
from embviz.apps.explorer.interface import language, text, theme
from embviz.apps.explorer.jobs import Jobs
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.map import lists, sheet, table
from embviz.apps.explorer.map.choices import choices
from embviz.apps.explorer.map.chosen import by_themselves, chosen, listed, to_cut
from embviz.apps.explorer.map.details import completions, details, given_maps, sizes, tooltip
from embviz.apps.explorer.map.events import entered, picked, pointed, settled, taken
from embviz.apps.explorer.map.layout import layout
from embviz.apps.explorer.map.picture import Page, picture, ready_method
from embviz.apps.explorer.map.pins import chips
from embviz.apps.explorer.map.sheet import shown_of
from embviz.apps.explorer.selection import Selection

__all__ = ["connect", "layout", "ready_method"]


def connect(app: dash.Dash, library: Library, jobs: Jobs) -> None:
    """Register the callbacks of the map."""
    frame.follow(
        app,
        "map",
        {
            "word": (ids.MAP_FIND, "value"),
            "method": (ids.MAP_METHOD, "value"),
            "across": (ids.MAP_ACROSS, "value"),
            "up": (ids.MAP_UP, "value"),
            "through": (ids.MAP_THROUGH, "value"),
            "dims": (ids.MAP_DIMS, "value"),
            "words": (ids.MAP_WORDS, "value"),
            "color": (ids.MAP_COLOR, "value"),
            "pattern": (ids.MAP_PATTERN, "value"),
            "column": (ids.MAP_COLUMN, "value"),
            "among": (ids.MAP_AMONG, "value"),
            "least": (ids.MAP_LEAST, "value"),
            "most": (ids.MAP_MOST, "value"),
        },
        [
            (ids.MAP_CLICKED, "data", lambda selection, click: picked(library, selection, click["row"])),
            (ids.MAP_ENTERED, "data", lambda selection, typed: entered(library, selection, typed)),
            (ids.MAP_KEPT, "data", lists.shown),
            (ids.MAP_GIVEN, "value", taken),
        ],
        lambda selection: settled(library, selection),
    )
    sheet.connect(app, library)
    table.connect(app, library)
    lists.connect(app, library)
    _connect_page(app)
    _connect_picture(app, library, jobs)
    _connect_words(app, library)
    _connect_surrounded(app, library)
    _connect_pointer(app, library)


def _connect_page(app: dash.Dash) -> None:
    """What the page does by itself."""
    app.clientside_callback(ClientsideFunction("explorer", "sheet"), Input(ids.MAP_SPEC, "data"))
    app.clientside_callback(ClientsideFunction("explorer", "solid"), Input(ids.MAP_DRAWN, "data"))
    app.clientside_callback(ClientsideFunction("explorer", "live"), Input(ids.MAP_LIVE, "data"))
    app.clientside_callback(
        ClientsideFunction("explorer", "clicked"),
        Output(ids.MAP_CLICKED, "data"),
        Input(ids.MAP_GRAPH, "clickData"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("explorer", "entered"),
        Output(ids.MAP_ENTERED, "data"),
        Input(ids.MAP_FIND, "n_submit"),
        State(ids.MAP_FIND, "searchValue"),
        State(ids.MAP_FIND, "value"),
        State(ids.MAP_FIND, "id"),
        prevent_initial_call=True,
    )


def _connect_picture(app: dash.Dash, library: Library, jobs: Jobs) -> None:
    """The map, or how far it is."""

    @app.callback(
        output={
            "figure": Output(ids.MAP_GRAPH, "figure"),
            "drawn": Output(ids.MAP_DRAWN, "data"),
            "spec": Output(ids.MAP_SPEC, "data"),
            "live": Output(ids.MAP_LIVE, "data"),
            "dims": Output(ids.MAP_PICTURE, "data-dims"),
            "method": Output(ids.MAP_PICTURE, "data-method"),
            "idle": Output(ids.MAP_TICKER, "disabled"),
            "progress": Output(ids.MAP_PROGRESS, "style"),
            "stage": Output(ids.MAP_STAGE, "children"),
            "bar": Output(ids.MAP_BAR, "value"),
            "message": Output(ids.MAP_MESSAGE, "children"),
            "again": Output(ids.MAP_AGAIN, "style"),
            "about": Output(ids.MAP_ABOUT, "children"),
            "heeded": Output(ids.MAP_HEEDED, "data"),
        },
        inputs={
            "search": Input(ids.MAP_ASKED, "data"),
            "tick": Input(ids.MAP_TICKER, "n_intervals"),
            "cancel": Input(ids.MAP_CANCEL, "n_clicks"),
            "again": Input(ids.MAP_AGAIN, "n_clicks"),
        },
        state={
            "drawn": State(ids.MAP_DRAWN, "data"),
            "reader": State(ids.READER, "data"),
            "heeded": State(ids.MAP_HEEDED, "data"),
        },
        prevent_initial_call=True,
    )
    def _draw(search, tick, cancel, again, drawn, reader, heeded):  # type: ignore[no-untyped-def]
        clicks = {"cancel": cancel, "again": again}
        action = frame.asked_for(clicks, heeded, ticked=dash.ctx.triggered_id == ids.MAP_TICKER)
        page = Page(reader, drawn, theme(), language())
        return {**picture(library, jobs, Selection.of("/map", search), action, page), "heeded": clicks}

    @app.callback(
        Output(ids.MAP_MESSAGE, "children", allow_duplicate=True),
        Input(ids.MAP_FAILED, "data"),
        prevent_initial_call=True,
    )
    def _failed(reason: str) -> Any:
        return notice(text("not_fetched", language(), reason=reason))


def _connect_words(app: dash.Dash, library: Library) -> None:
    """What is said of the selected word, and what there is to choose from."""

    @app.callback(Output(ids.MAP_DETAILS, "children"), Input(ids.MAP_ASKED, "data"), prevent_initial_call=True)
    def _details(search: str) -> Any:
        return details(library, Selection.of("/map", search), language())

    @app.callback(Output(ids.MAP_PINS, "children"), Input(ids.MAP_ASKED, "data"), prevent_initial_call=True)
    def _pins(search: str) -> Any:
        return chips(library, Selection.of("/map", search), language())

    @app.callback(
        Output(ids.MAP_GIVEN, "data"),
        Output(ids.MAP_GIVEN, "value"),
        Output(ids.MAP_GIVEN, "style"),
        Input(ids.MAP_ASKED, "data"),
        prevent_initial_call=True,
    )
    def _given(search: str) -> Any:
        return given_maps(library, Selection.of("/map", search), language())

    @app.callback(Output(ids.MAP_WORDS, "data"), Input(ids.MAP_ASKED, "data"), prevent_initial_call=True)
    def _sizes(search: str) -> Any:
        return sizes(library, Selection.of("/map", search), language())

    @app.callback(
        output={
            "colors": Output(ids.MAP_COLOR, "data"),
            "columns": Output(ids.MAP_COLUMN, "data"),
            "column_style": Output(ids.MAP_COLUMN, "style"),
            "among": Output(ids.MAP_AMONG, "data"),
            "among_style": Output(ids.MAP_VALUES, "style"),
            "range_style": Output(ids.MAP_RANGE, "style"),
            "least": Output(ids.MAP_LEAST, "placeholder"),
            "most": Output(ids.MAP_MOST, "placeholder"),
        },
        inputs=[Input(ids.MAP_ASKED, "data")],
        prevent_initial_call=True,
    )
    def _columns(search: str) -> dict[str, Any]:
        return choices(library, Selection.of("/map", search), language())

    @app.callback(
        Output(ids.MAP_FIND, "data"),
        Input(ids.MAP_FIND, "searchValue"),
        Input(ids.MAP_ASKED, "data"),
        prevent_initial_call=True,
    )
    def _complete(typed: str | None, search: str) -> list[str]:
        return completions(library, Selection.of("/map", search), typed)


def _connect_surrounded(app: dash.Dash, library: Library) -> None:
    """The words that are surrounded: their list, and a map of their own."""

    @app.callback(
        Output(ids.MAP_CHOSEN, "children"),
        Output(ids.MAP_CUT, "children"),
        Output(ids.MAP_CUT, "disabled"),
        Output(ids.MAP_CUT_SAID, "children"),
        Input(ids.MAP_SHAPE, "data"),
        State(ids.MAP_ASKED, "data"),
        prevent_initial_call=True,
    )
    def _chosen(shape: Any, search: str) -> tuple[Any, ...]:
        selection = Selection.of("/map", search)
        said = chosen(library, selection, shape, language())
        return said, *to_cut(library, selection, shape, language()), None

    @app.callback(
        Output(ids.MAP_LISTED, "children"),
        Input(ids.MAP_SHAPE, "data"),
        Input(ids.MAP_SORT, "value"),
        Input(ids.MAP_ASKED, "data"),
        prevent_initial_call=True,
    )
    def _listed(shape: Any, order: str, search: str) -> Any:
        return listed(library, Selection.of("/map", search), shape, order, language())

    @app.callback(
        Output(ids.URL, "search", allow_duplicate=True),
        Output(ids.MAP_CUT_SAID, "children", allow_duplicate=True),
        Output(ids.MAP_SHAPE, "data", allow_duplicate=True),
        Input(ids.MAP_CUT, "n_clicks"),
        State(ids.MAP_SHAPE, "data"),
        State(ids.MAP_ASKED, "data"),
        prevent_initial_call=True,
    )
    def _cut(clicks: int, shape: Any, search: str) -> tuple[Any, ...]:
        return by_themselves(library, Selection.of("/map", search), shape, language())


def _connect_pointer(app: dash.Dash, library: Library) -> None:
    """The word under the pointer."""

    @app.callback(
        Output(ids.MAP_TOOLTIP, "show"),
        Output(ids.MAP_TOOLTIP, "bbox"),
        Output(ids.MAP_TOOLTIP, "children"),
        Input(ids.MAP_HOVERED, "data"),
        Input(ids.MAP_GRAPH, "hoverData"),
        State(ids.MAP_ASKED, "data"),
        prevent_initial_call=True,
    )
    def _hover(hovered: Any, hover: Any, search: str) -> tuple[Any, Any, Any]:
        selection = Selection.of("/map", search)
        row, bbox = pointed(hovered, hover, selection.dims)
        if row is None:
            return False, no_update, no_update
        run = library.open(selection.run)
        return True, bbox, tooltip(run, shown_of(run, selection), row, language())
