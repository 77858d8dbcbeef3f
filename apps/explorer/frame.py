"""The frame around the views: header, switches, and the one way in which controls and the URL follow each other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import uuid4

import dash
import dash_mantine_components as dmc
from dash import ClientsideFunction, Input, Output, State, dcc, html, no_update

from embviz.apps.explorer import ids
from embviz.apps.explorer.cards import link, notice
from embviz.apps.explorer.interface import LANGUAGES, language, text, theme
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.selection import DEFAULTS, VIEWS, Selection, many
from embviz.errors import EmbvizError
from embviz.figures.theme import FONT
from embviz.steps import whole

_log = logging.getLogger(__name__)

# Mantine's ten greys of a dark page, text first: its own are brown beside the palette's blue.
_DARK = ["#e6eaf1", "#b8c0cc", "#98a3b5", "#6b7686", "#343d4b", "#29313e", "#1f2530", "#14181f", "#10141a", "#0b0e13"]

_NO_COLUMN = {"column": None, "among": None, "least": None, "most": None}  # another run has other columns

_NO_ROWS = {"tokens": None, "step": None}  # other tokens have other rows
_LISTS = ("among", "reading", "lines")

Click = Callable[[Selection, Any], Selection]


def layout(views: Mapping[str, Callable[[str], list[Any]]]) -> Any:
    """The whole page, in the reader's language and theme; the view that the URL names is shown, the others wait.

    Args:
        views: for each view, what lays out its controls, its picture and its details in a language.
    """
    reader_language = language()
    return dmc.MantineProvider(
        forceColorScheme=theme(),
        theme={
            "primaryColor": "indigo",
            "fontFamily": FONT,
            "defaultRadius": "md",
            "cursorType": "pointer",
            "colors": {"dark": _DARK},
        },
        children=[
            dcc.Location(id=ids.URL, refresh=False),
            dcc.Store(id=ids.READER, data=uuid4().hex),
            _header(reader_language),
            html.Div(id=ids.PROBLEM, role="alert"),
            html.Main(
                [
                    html.Div(
                        [*views[name](reader_language), dcc.Store(id=f"{name}-asked"), dcc.Store(id=f"{name}-settled")],
                        className="view",
                        id=f"view-{name}",
                    )
                    for name in views
                ],
                id=ids.PAGE,
                **attributes(data_view="", data_language=reader_language, data_theme=theme()),
            ),
        ],
    )


def connect(app: dash.Dash, library: Library) -> None:
    """Register the callbacks of the frame."""
    app.clientside_callback(
        ClientsideFunction("explorer", "show"), Output(ids.PAGE, "data-view"), Input(ids.URL, "pathname")
    )
    # What the URL asks of the view that is seen; the others ask nothing of the server meanwhile.
    app.clientside_callback(
        ClientsideFunction("explorer", "asked"),
        [Output(f"{view}-asked", "data") for view in VIEWS],
        Input(ids.URL, "pathname"),
        Input(ids.URL, "search"),
    )
    app.clientside_callback(
        ClientsideFunction("explorer", "forget"), Output(ids.PROBLEM, "children"), Input(ids.URL, "search")
    )
    for name in (ids.LANGUAGE, ids.THEME):
        app.clientside_callback(
            ClientsideFunction("explorer", "choose"),
            Input(name, "n_clicks"),
            State(name, "data-choice"),
            State(name, "id"),
            prevent_initial_call=True,
        )

    @app.callback(Output(ids.NAVIGATION, "children"), Input(ids.URL, "pathname"), Input(ids.URL, "search"))
    def _navigation(pathname: str, search: str) -> list[Any]:
        return navigation(Selection.of(pathname, search), language())

    @app.callback(
        Output(ids.URL, "search", allow_duplicate=True),
        Output(ids.RUN, "data"),
        Output(ids.RUN, "value"),
        Input(ids.URL, "pathname"),
        Input(ids.URL, "search"),
        Input(ids.RUN, "value"),
        prevent_initial_call="initial_duplicate",
    )
    def _run(pathname: str, search: str, chosen: str | None) -> tuple[Any, Any, Any]:
        selection = Selection.of(pathname, search)
        field = "model" if selection.view == "attention" else "run"
        if dash.ctx.triggered_id == ids.RUN and chosen and chosen != getattr(selection, field):
            others = {"target": None, "kind": None, "lines": None, **_NO_ROWS} if field == "model" else {}
            changed = selection.but(words=None, layer=0, head=0, **_NO_COLUMN, **others, **{field: chosen})
            return changed.search, no_update, no_update
        choices = run_choices(library, selection.view, language(), getattr(selection, field))
        there = {choice["value"] for choice in choices if not choice.get("disabled")}
        named = getattr(selection, field)  # a Select that is given what it has not would answer None, for ever
        return no_update, choices, named if named in there else None


def navigation(selection: Selection, language: str) -> list[Any]:
    """The links to the views, each with the whole selection in its URL."""
    return [
        link(
            text(view, language),
            selection,
            selection.but(view=view),
            "to active" if view == selection.view else "to",
            id=f"to-{view}",
        )
        for view in VIEWS
    ]


def run_choices(library: Library, view: str, language: str, chosen: str | None) -> list[dict[str, Any]]:
    """The runs that a view can show, newest first, with what the chosen one kept of its way; damaged ones are there to
    see and not to choose.
    """
    listed = library.listed()
    runs = [entry.run for entry in listed if entry.run and (view != "attention" or entry.run.has_attention)]
    names = [name for run in runs for name in (run.name, *(run.on_the_way if run.name == whole(chosen) else ()))]
    return [{"value": name, "label": name} for name in names] + [
        {"value": entry.name, "label": f"{entry.name} ({text('damaged', language)})", "disabled": True}
        for entry in listed if entry.problem
    ]  # fmt: skip


def follow(
    app: dash.Dash,
    view: str,
    controls: Mapping[str, tuple[str, str]],
    clicks: Iterable[tuple[str, str, Click]] = (),
    resolve: Callable[[Selection], Selection] = lambda selection: selection,
) -> None:
    """Let a view's controls and the URL follow each other.

    Args:
        app: the app.
        view: whose controls they are.
        controls: for each field of the selection, the id and the property that show and set it.
        clicks: id, property, and what the event there makes of the selection.
        resolve: fills in what a URL leaves out, for the controls to show.
    """
    clicks = list(clicks)
    sources = [*controls.values(), *[(name, prop) for name, prop, _ in clicks]]
    makes: list[Click] = [partial(_changed, field) for field in controls] + [make for *_, make in clicks]

    @app.callback(
        output={
            "search": Output(ids.URL, "search", allow_duplicate=True),
            "controls": [Output(name, prop) for name, prop in controls.values()],
            "settled": Output(f"{view}-settled", "data"),
        },
        inputs={
            "search": Input(f"{view}-asked", "data"),
            "values": [Input(name, prop) for name, prop in sources],
        },
        state={"settled": State(f"{view}-settled", "data")},
        prevent_initial_call="initial_duplicate",
    )
    def _settle(search: str | None, values: Sequence[Any], settled: list[Any] | None) -> dict[str, Any]:
        """What was moved since both last agreed is what the URL learns, not what Dash says has triggered this: of two
        choices in a breath, Dash answers the second only."""
        if search is None:  # the view was not seen yet
            raise dash.exceptions.PreventUpdate
        selection = resolve(Selection.of(f"/{view}", search))
        moved = [
            place
            for place, source in enumerate(sources)
            if values[place] is not None
            and (values[place] != settled[place] if settled else ".".join(source) in dash.ctx.triggered_prop_ids)
        ]
        changed = selection
        for place in moved:
            changed = resolve(makes[place](changed, values[place]))
        shown = _shown(changed, controls, values, moved)
        left = [*(v if s is no_update else s for s, v in zip(shown, values, strict=False)), *values[len(controls) :]]
        return {"search": changed.search if changed != selection else no_update, "controls": shown, "settled": left}


def _shown(selection: Selection, controls: Iterable[str], values: Sequence[Any], moved: Sequence[int]) -> list[Any]:
    """What each control is to show; nothing new where it was moved, or need not change: who types there types on."""
    wanted = [control_value(selection, field) for field in controls]
    return [
        no_update if place in moved or (new or None) == (old or None) else new
        for place, (new, old) in enumerate(zip(wanted, values, strict=False))
    ]


def control_value(selection: Selection, field: str) -> Any:
    """A field as its control shows it: Mantine's choices are strings, an empty text is no word."""
    value = getattr(selection, field)
    if field in _LISTS:
        return many(value)
    value = value or DEFAULTS.get(field) if field in DEFAULTS else value
    return str(value) if isinstance(value, int) else value


def _changed(field: str, selection: Selection, value: Any) -> Selection:
    return changed_by(selection, field, value)


def changed_by(selection: Selection, field: str, value: Any) -> Selection:
    """The selection after a control was set to a value."""
    if field == "dims":
        return selection.turned(int(value))
    if isinstance(value, str) and field in ("words", "layer", "head", "other_layer", "other_head"):
        return selection.but(**{field: int(value)})
    if field == "column":
        return selection.but(**{**_NO_COLUMN, field: value})
    rows = _NO_ROWS if field in ("sentence", "target", "kind", "reading", "pair", "marks", "sink", "direction") else {}
    value = None if value == DEFAULTS.get(field, "") else value
    return selection.but(**{**rows, field: "\t".join(value) or None if isinstance(value, list) else value})


def asked_for(clicks: Mapping[str, int | None], heeded: Mapping[str, int | None] | None, *, ticked: bool) -> str:
    """What a picture that takes long is asked: the button that was pressed since it last answered, "tick" or "look".

    A tick may come between a click and its answer; Dash then says that the tick has triggered it, and drops the click.
    """
    pressed = [name for name, count in clicks.items() if (count or 0) > ((heeded or {}).get(name) or 0)]
    return pressed[0] if pressed else "tick" if ticked else "look"


def on_error(error: Exception) -> Any:
    """What a callback shows that failed: the sentence of an error that is the reader's, or that the log says more."""
    if isinstance(error, EmbvizError | OSError):
        message = str(error)
    else:
        _log.exception("A callback failed", exc_info=error)
        message = text("unexpected", language())
    dash.set_props(ids.PROBLEM, {"children": notice(message, "red")})
    return None


def attributes(**values: str) -> Any:
    """The data-… and aria-… attributes of an element: a hyphen cannot stand in a Python keyword."""
    return {name.replace("_", "-"): value for name, value in values.items()}


def _header(language: str) -> Any:
    other_language = next(code for code in LANGUAGES if code != language)
    other_theme = "light" if theme() == "dark" else "dark"
    return html.Header(
        [
            html.A("embviz", href="/", className="brand"),
            html.Nav(id=ids.NAVIGATION),
            dmc.Select(
                id=ids.RUN,
                data=[],
                size="sm",
                allowDeselect=False,
                className="run",
                checkIconPosition="right",
                **attributes(aria_label=text("run", language)),
            ),
            html.Div(className="space"),
            html.Button(
                LANGUAGES[other_language],
                id=ids.LANGUAGE,
                className="switch",
                lang=other_language,
                **attributes(
                    data_choice=other_language, aria_label=f"{text('language', language)}: {LANGUAGES[other_language]}"
                ),
            ),
            html.Button(
                "☀" if other_theme == "light" else "☾",
                id=ids.THEME,
                className="switch",
                title=text("theme", language),
                **attributes(data_choice=other_theme, aria_label=text("theme", language)),
            ),
        ]
    )
