"""How the map view is laid out: its controls, the picture with what is said over it, and what the page remembers."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from embviz.apps.explorer import ids
from embviz.apps.explorer.cards import empty
from embviz.apps.explorer.examples import EXAMPLES
from embviz.apps.explorer.frame import attributes
from embviz.apps.explorer.interface import text, theme
from embviz.apps.explorer.map.chosen import ORDERS
from embviz.apps.explorer.map.colors import COLORS
from embviz.apps.explorer.map.lists import pasted_form, surrounded_form
from embviz.apps.explorer.map.picture import HIDDEN
from embviz.figures.theme import CONFIG
from embviz.projection import METHODS

_TOOLS = {"in": "+", "out": "−", "whole": "⤢", "lasso": "◌", "box": "▭"}
_FORMS = ("png", "svg", "pdf")
_CONFIG: Any = {**CONFIG, "modeBarButtonsToRemove": [*CONFIG["modeBarButtonsToRemove"], "toImage"]}  # the tools have it


def layout(language: str) -> list[Any]:
    """Controls, picture, details, and the stores."""
    return [
        html.Aside(_controls(language), className="controls"),
        html.Section(
            _picture(language), className="picture", id=ids.MAP_PICTURE, **attributes(data_dims="2", data_method="")
        ),
        html.Aside(id=ids.MAP_DETAILS, className="details"),
        html.Aside(_surrounded(language), className="details chosen"),
        dcc.Interval(id=ids.MAP_TICKER, interval=400, disabled=True),
        dcc.Store(id=ids.MAP_DRAWN),
        dcc.Store(id=ids.MAP_HEEDED),
        dcc.Store(id=ids.MAP_SPEC),
        dcc.Store(id=ids.MAP_LIVE),
        dcc.Store(id=ids.MAP_CLICKED),
        dcc.Store(id=ids.MAP_HOVERED),
        dcc.Store(id=ids.MAP_SHAPE),
        dcc.Store(id=ids.MAP_FAILED),
        dcc.Store(id=ids.MAP_KEPT),
        dcc.Store(id=ids.MAP_ENTERED),
    ]


def _surrounded(language: str) -> list[Any]:
    """What is said of the words that were surrounded, what to do with them, and their list."""
    return [
        html.Div(id=ids.MAP_CHOSEN),
        html.Div(html.Button(id=ids.MAP_CUT, className="chip"), className="examples"),
        html.Div(id=ids.MAP_CUT_SAID, role="status"),
        surrounded_form(language),
        dmc.Select(
            id=ids.MAP_SORT,
            label=text("sort", language),
            data=[{"value": order, "label": text(f"sort_{order}", language)} for order in ORDERS],
            value=ORDERS[0],
            size="xs",
            allowDeselect=False,
        ),
        html.Div(id=ids.MAP_LISTED),
    ]


def _controls(language: str) -> list[Any]:
    return [
        dmc.Select(
            id=ids.MAP_FIND,
            label=text("find", language),
            placeholder=text("find_hint", language),
            nothingFoundMessage=text("nothing_found", language),
            data=[],
            searchable=True,
            selectFirstOptionOnChange=True,
            allowDeselect=False,
            maxDropdownHeight=320,
            limit=12,
        ),
        html.Div(id=ids.MAP_PINS),
        *_projection(language),
        dmc.Select(id=ids.MAP_WORDS, label=text("shown", language), data=[], allowDeselect=False, className="sizes"),
        dmc.TextInput(
            id=ids.MAP_PATTERN,
            label=text("pattern", language),
            placeholder="^un|ing$",
            debounce=True,
        ),
        *_of_column(language),
        pasted_form(language),
        dmc.Select(
            id=ids.MAP_COLOR,
            label=text("color", language),
            data=[{"value": by, "label": text(f"color_{by}", language)} for by in COLORS],
            allowDeselect=False,
        ),
        html.Div(id=ids.MAP_ABOUT, className="quiet about"),
    ]


def _projection(language: str) -> list[Any]:
    """Which map is shown."""
    return [
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
        dmc.Select(
            id=ids.MAP_GIVEN,
            label=text("given", language),
            placeholder=text("given_hint", language),
            data=[],
            style=HIDDEN,
        ),
        _axes(language),
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
    ]


def _of_column(language: str) -> list[Any]:
    """Only words of which a column says something, and what."""
    bound = {"debounce": True, "inputProps": {"inputMode": "decimal"}}
    return [
        dmc.Select(
            id=ids.MAP_COLUMN, label=text("column", language), data=[], style=HIDDEN, allowDeselect=False,
        ),
        html.Div(
            dmc.MultiSelect(
                id=ids.MAP_AMONG, data=[], searchable=True, hidePickedOptions=True, limit=60,
                placeholder=text("any_value", language), **{"aria-label": text("among", language)},
            ),
            id=ids.MAP_VALUES, style=HIDDEN,
        ),
        html.Div(
            [
                dmc.TextInput(id=ids.MAP_LEAST, label=text("least", language), **bound),
                dmc.TextInput(id=ids.MAP_MOST, label=text("most", language), **bound),
            ],
            id=ids.MAP_RANGE, className="pair", style=HIDDEN,
        ),
    ]  # fmt: skip


def _axes(language: str) -> Any:
    return html.Div(
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
            dmc.TextInput(
                id=ids.MAP_THROUGH,
                label=text("through", language),
                debounce=True,
                placeholder=EXAMPLES["axes"][language][1][0],
                className="through",
            ),
        ],
        className="axes",
    )


def _picture(language: str) -> list[Any]:
    return [
        dcc.Graph(id=ids.MAP_GRAPH, figure=empty(theme()), config=_CONFIG, className="graph", clear_on_unhover=True),
        html.Canvas(
            id=ids.MAP_SHEET,
            className="sheet",
            tabIndex=0,
            role="application",
            **attributes(aria_label=text("sheet", language), data_nothing=text("no_words", language)),
        ),
        html.Div(
            [*[_tool(name, sign, language) for name, sign in _TOOLS.items()], _saving(language)], className="tools"
        ),
        dcc.Tooltip(id=ids.MAP_TOOLTIP, className="tooltip"),
        *_notes(language),
    ]


def _notes(language: str) -> list[Any]:
    """What lies over the picture: how far long work is, and a sentence where there is no map."""
    return [
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
    ]


def _tool(name: str, sign: str, language: str) -> Any:
    label = text(f"tool_{name}", language)
    return html.Button(sign, title=label, className="flat", **attributes(data_map=name, aria_label=label))


def _saving(language: str) -> Any:
    """The forms in which the picture can be saved, behind one button; in space it is one of pixels."""
    label = text("tool_picture", language)
    forms = [
        html.Button(form.upper(), className="" if form == "png" else "flat", **attributes(data_map=form))
        for form in _FORMS
    ]
    opener = html.Summary("⤓", title=label, **attributes(aria_label=label))
    return html.Details([opener, html.Div(forms)], className="menu")


def _field(name: str, label: str, control: Any) -> Any:
    return html.Div([html.Div(label, className="label"), control], className=name)
