"""The map view: the words of a run as points, one of them selected, its true neighbours marked wherever they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dash
import dash_mantine_components as dmc
from dash import ClientsideFunction, Input, Output, State, dcc, html, no_update

from embviz.apps.explorer import frame, ids
from embviz.apps.explorer.cards import empty, notice
from embviz.apps.explorer.interface import EXAMPLES, language, text, theme
from embviz.apps.explorer.jobs import Jobs
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.map import sheet, table
from embviz.apps.explorer.map.chosen import chosen
from embviz.apps.explorer.map.colors import COLORS
from embviz.apps.explorer.map.details import completions, details, sizes, tooltip
from embviz.apps.explorer.map.picture import HIDDEN, Page, picture, ready_method
from embviz.apps.explorer.map.sheet import shown_of, words_on_map
from embviz.apps.explorer.selection import Selection
from embviz.errors import EmbvizError
from embviz.figures.theme import CONFIG
from embviz.projection import METHODS
from embviz.similarity import complete

_TOOLS = {"in": "+", "out": "−", "whole": "⤢", "lasso": "◌", "picture": "⤓"}

__all__ = ["connect", "layout", "ready_method"]


def layout(language: str) -> list[Any]:
    """Controls, picture, details."""
    return [
        html.Aside(
            [
                dmc.Select(
                    id=ids.MAP_FIND,
                    label=text("find", language),
                    placeholder=text("find_hint", language),
                    nothingFoundMessage=text("nothing_found", language),
                    data=[],
                    searchable=True,
                    selectFirstOptionOnChange=True,
                    maxDropdownHeight=320,
                    limit=12,
                ),
                _field(
                    "method",
                    text("projection", language),
                    dmc.SegmentedControl(
                        id=ids.MAP_METHOD,
                        size="xs",
                        data=[{"value": method, "label": text(method, language)} for method in (*METHODS, "axes")],
                        fullWidth=True,
                        **{"aria-label": text("projection", language)},
                    ),
                ),
                html.Div(
                    [
                        dmc.TextInput(
                            id=ids.MAP_ACROSS,
                            label=text("across", language),
                            debounce=True,
                            placeholder=EXAMPLES["axes"][language][0][0],
                        ),
                        dmc.TextInput(
                            id=ids.MAP_UP,
                            label=text("up", language),
                            debounce=True,
                            placeholder=EXAMPLES["axes"][language][0][1],
                        ),
                    ],
                    className="axes",
                ),
                _field(
                    "dims",
                    text("dimensions", language),
                    dmc.SegmentedControl(
                        id=ids.MAP_DIMS,
                        size="xs",
                        data=["2", "3"],
                        fullWidth=True,
                        **{"aria-label": text("dimensions", language)},
                    ),
                ),
                dmc.Select(id=ids.MAP_WORDS, label=text("shown", language), data=[], allowDeselect=False),
                dmc.Select(
                    id=ids.MAP_COLOR,
                    label=text("color", language),
                    data=[{"value": by, "label": text(f"color_{by}", language)} for by in COLORS],
                    allowDeselect=False,
                    className="flat",
                ),
                dmc.TextInput(
                    id=ids.MAP_PATTERN,
                    label=text("pattern", language),
                    placeholder="^un|ing$",
                    debounce=True,
                    className="flat",
                ),
                html.Div(id=ids.MAP_ABOUT, className="quiet about"),
            ],
            className="controls",
        ),
        html.Section(
            [
                dcc.Graph(
                    id=ids.MAP_GRAPH, figure=empty(theme()), config=CONFIG, className="graph", clear_on_unhover=True
                ),
                html.Canvas(
                    id=ids.MAP_SHEET,
                    className="sheet",
                    tabIndex=0,
                    role="application",
                    **frame.attributes(aria_label=text("sheet", language)),
                ),
                html.Div([_tool(name, sign, language) for name, sign in _TOOLS.items()], className="tools flat"),
                dcc.Tooltip(id=ids.MAP_TOOLTIP, className="tooltip"),
                html.Div(
                    [
                        html.Div(id=ids.MAP_STAGE, role="status"),
                        dmc.Progress(id=ids.MAP_BAR, value=0, animated=True),
                        dmc.Button(text("cancel", language), id=ids.MAP_CANCEL, size="xs", variant="default"),
                    ],
                    id=ids.MAP_PROGRESS,
                    className="progress",
                    style=HIDDEN,
                ),
                html.Div(
                    [
                        html.Div(id=ids.MAP_MESSAGE),
                        dmc.Button(text("again", language), id=ids.MAP_AGAIN, size="xs", style=HIDDEN),
                    ],
                    className="message",
                ),
            ],
            className="picture",
            id=ids.MAP_PICTURE,
            **frame.attributes(data_dims="2", data_method=""),
        ),
        html.Aside(id=ids.MAP_DETAILS, className="details"),
        html.Aside(id=ids.MAP_CHOSEN, className="details chosen"),
        dcc.Interval(id=ids.MAP_TICKER, interval=400, disabled=True),
        dcc.Store(id=ids.MAP_DRAWN),
        dcc.Store(id=ids.MAP_SPEC),
        dcc.Store(id=ids.MAP_CLICKED),
        dcc.Store(id=ids.MAP_HOVERED),
        dcc.Store(id=ids.MAP_SHAPE),
        dcc.Store(id=ids.MAP_FAILED),
        dcc.Store(id=ids.MAP_ENTERED),
    ]


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
            "dims": (ids.MAP_DIMS, "value"),
            "words": (ids.MAP_WORDS, "value"),
            "color": (ids.MAP_COLOR, "value"),
            "pattern": (ids.MAP_PATTERN, "value"),
        },
        [
            (ids.MAP_CLICKED, "data", lambda selection, click: picked(library, selection, click["row"])),
            (ids.MAP_ENTERED, "data", lambda selection, typed: entered(library, selection, typed)),
        ],
        lambda selection: settled(library, selection),
    )
    app.clientside_callback(ClientsideFunction("explorer", "sheet"), Input(ids.MAP_SPEC, "data"))
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
    sheet.connect(app, library)
    table.connect(app, library)

    @app.callback(
        output={
            "figure": Output(ids.MAP_GRAPH, "figure"),
            "drawn": Output(ids.MAP_DRAWN, "data"),
            "spec": Output(ids.MAP_SPEC, "data"),
            "dims": Output(ids.MAP_PICTURE, "data-dims"),
            "method": Output(ids.MAP_PICTURE, "data-method"),
            "idle": Output(ids.MAP_TICKER, "disabled"),
            "progress": Output(ids.MAP_PROGRESS, "style"),
            "stage": Output(ids.MAP_STAGE, "children"),
            "bar": Output(ids.MAP_BAR, "value"),
            "message": Output(ids.MAP_MESSAGE, "children"),
            "again": Output(ids.MAP_AGAIN, "style"),
            "about": Output(ids.MAP_ABOUT, "children"),
        },
        inputs={
            "pathname": Input(ids.URL, "pathname"),
            "search": Input(ids.URL, "search"),
            "tick": Input(ids.MAP_TICKER, "n_intervals"),
            "cancel": Input(ids.MAP_CANCEL, "n_clicks"),
            "again": Input(ids.MAP_AGAIN, "n_clicks"),
        },
        state={
            "drawn": State(ids.MAP_DRAWN, "data"),
            "reader": State(ids.READER, "data"),
        },
    )
    def _draw(pathname, search, tick, cancel, again, drawn, reader):  # type: ignore[no-untyped-def]
        action = {ids.MAP_CANCEL: "cancel", ids.MAP_AGAIN: "again"}.get(dash.ctx.triggered_id, "look")
        return picture(library, jobs, _on_map(pathname, search), action, Page(reader, drawn, theme(), language()))

    @app.callback(
        Output(ids.MAP_MESSAGE, "children", allow_duplicate=True),
        Input(ids.MAP_FAILED, "data"),
        prevent_initial_call=True,
    )
    def _failed(reason: str) -> Any:
        return notice(text("not_fetched", language(), reason=reason))

    @app.callback(Output(ids.MAP_DETAILS, "children"), Input(ids.URL, "pathname"), Input(ids.URL, "search"))
    def _details(pathname: str, search: str) -> Any:
        return details(library, _on_map(pathname, search), language())

    @app.callback(Output(ids.MAP_WORDS, "data"), Input(ids.URL, "pathname"), Input(ids.URL, "search"))
    def _sizes(pathname: str, search: str) -> Any:
        return sizes(library, _on_map(pathname, search), language())

    @app.callback(
        Output(ids.MAP_FIND, "data"),
        Input(ids.MAP_FIND, "searchValue"),
        Input(ids.URL, "search"),
        State(ids.URL, "pathname"),
    )
    def _complete(typed: str | None, search: str, pathname: str) -> list[str]:
        return completions(library, _on_map(pathname, search), typed)

    @app.callback(
        Output(ids.MAP_CHOSEN, "children"),
        Input(ids.MAP_SHAPE, "data"),
        State(ids.URL, "pathname"),
        State(ids.URL, "search"),
        prevent_initial_call=True,
    )
    def _chosen(shape: Any, pathname: str, search: str) -> Any:
        return chosen(library, _on_map(pathname, search), shape, language())

    @app.callback(
        Output(ids.MAP_TOOLTIP, "show"),
        Output(ids.MAP_TOOLTIP, "bbox"),
        Output(ids.MAP_TOOLTIP, "children"),
        Input(ids.MAP_HOVERED, "data"),
        Input(ids.MAP_GRAPH, "hoverData"),
        State(ids.URL, "pathname"),
        State(ids.URL, "search"),
        prevent_initial_call=True,
    )
    def _hover(hovered: Any, hover: Any, pathname: str, search: str) -> tuple[Any, Any, Any]:
        selection = _on_map(pathname, search)
        row, bbox = pointed(hovered, hover, selection.dims)
        if row is None:
            return False, no_update, no_update
        run = library.open(selection.run)
        return True, bbox, tooltip(run, shown_of(run, selection), row, language())


def entered(library: Library, selection: Selection, typed: str) -> Selection:
    """The selection after Enter in the search box: the first word on offer, or an expression as it was typed."""
    if not typed.strip():
        return selection
    found = complete(library.open(selection.run).space, typed, 1)
    return selection.but(word=found[0] if found else typed)


def picked(library: Library, selection: Selection, row: int) -> Selection:
    """The selection after a click on the word of a row."""
    return selection.but(word=library.open(selection.run).space.word(row))


def pointed(hovered: Mapping[str, Any] | None, hover: Mapping[str, Any] | None, dims: int) -> tuple[int | None, Any]:
    """The row under the pointer, and the box around it in the picture; None where there is none."""
    if dims == 2:
        return (hovered["row"], hovered["bbox"]) if hovered else (None, None)
    points = [point for point in (hover or {}).get("points", []) if point["curveNumber"] == 0]
    return (points[0]["pointNumber"], points[0]["bbox"]) if points else (None, None)


def _on_map(pathname: str, search: str) -> Selection:
    selection = Selection.of(pathname, search)
    if selection.view != "map":
        raise dash.exceptions.PreventUpdate
    return selection


def _tool(name: str, sign: str, language: str) -> Any:
    label = text(f"tool_{name}", language)
    return html.Button(sign, title=label, **frame.attributes(data_map=name, aria_label=label))


def _field(name: str, label: str, control: Any) -> Any:
    return html.Div([html.Div(label, className="label"), control], className=name)


def settled(library: Library, selection: Selection) -> Selection:
    """The selection with the number of words that a URL without one means."""
    try:
        return selection.but(words=words_on_map(library.open(selection.run), selection))
    except EmbvizError:
        return selection
