"""The parts of the attention view: controls, picture, details."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from embviz.apps.explorer import ids
from embviz.apps.explorer.attention import compared, evidence, heads
from embviz.apps.explorer.attention.drawing import ALL
from embviz.apps.explorer.cards import HIDDEN, empty
from embviz.apps.explorer.frame import attributes
from embviz.apps.explorer.interface import text, theme
from embviz.apps.explorer.selection import DEFAULTS
from embviz.attention.reading import PAIRS
from embviz.figures.attention.numbers import SCALES
from embviz.models import KINDS

_SHARES = ("0.95", "0.9", "0.8", "0.5")
_STORES = (
    ids.ATTENTION_ONE_ASKED,
    ids.ATTENTION_LOOKED,
    ids.ATTENTION_KINDS_ASKED,
    ids.ATTENTION_ROWS,
    ids.ATTENTION_CHOSEN,
    ids.ATTENTION_TILE,
    ids.ATTENTION_AREA,
    ids.ATTENTION_DRAWN,
)


def layout(language: str) -> list[Any]:
    """Controls, picture, details."""
    return [
        html.Aside(
            [
                html.Div(_controls(language), className="asking"),
                html.Div([compared.layout(language), *_reading(language), *_about()], className="asking"),
            ],
            className="controls",
        ),
        html.Section(_picture(language), className="picture course attended"),
        html.Aside([_all_heads(language), html.Div(id=ids.ATTENTION_DETAILS)], className="details"),
        *heads.layout(language),
        *[dcc.Store(id=store) for store in _STORES],
    ]


def _controls(language: str) -> list[Any]:
    """What is read, and which head is looked at."""
    return [
        dmc.Textarea(
            id=ids.ATTENTION_SENTENCE,
            label=text("sentence", language),
            placeholder=text("sentence_hint", language),
            autosize=True,
            minRows=2,
            maxRows=8,
            debounce=200,
        ),
        dmc.Button(text("write_on", language), id=ids.ATTENTION_WRITE, size="xs", variant="default", style=HIDDEN),
        _of_pairs(language),
        html.Div(
            [
                dmc.Select(id=ids.ATTENTION_LAYER, label=text("layer", language), data=[], allowDeselect=False),
                dmc.Select(id=ids.ATTENTION_HEAD, label=text("head", language), data=[], allowDeselect=False),
            ],
            className="pair",
        ),
    ]


def _about() -> list[Any]:
    return [
        html.Div(id=ids.ATTENTION_ABOUT, className="quiet"),
        html.P(id=ids.ATTENTION_STAGES, className="quiet"),
        html.Div(id=ids.ATTENTION_KINDS_WAY),
    ]


def _picture(language: str) -> list[Any]:
    """Which picture, the picture, and below it the rows that are shown of what is written."""
    bar = [
        _segmented("show", ids.ATTENTION_SHOW, ALL, language),
        html.Div(
            [
                dmc.MultiSelect(
                    id=ids.ATTENTION_LINES, data=[], size="xs", searchable=True, clearable=True, limit=200,
                    placeholder=text("lines_one", language), **attributes(aria_label=text("lines_of", language)),
                ),
                dmc.Button(id=ids.ATTENTION_ALL, size="xs", variant="default"),
            ],
            id=ids.ATTENTION_LINES_BOX, className="lines", style=HIDDEN,
        ),
        html.P(id=ids.ATTENTION_HINT, className="quiet"),
        html.Div(id=ids.ATTENTION_SAVING, className="tools"),
    ]  # fmt: skip
    graph = dcc.Graph(
        id=ids.ATTENTION_GRAPH,
        figure=empty(theme()),
        config={"displayModeBar": False, "responsive": True, "doubleClick": "reset"},
        className="graph",
    )
    return [
        html.Div(bar, className="choosing"),
        html.Div(graph, className="stage"),
        html.Div(_steps(language), id=ids.ATTENTION_STEPS, className="steps", style=HIDDEN),
        html.Div(id=ids.ATTENTION_FILLED, className="filled"),
        evidence.layout(),
        html.Div(id=ids.ATTENTION_MESSAGE, className="message"),
    ]  # fmt: skip


def _steps(language: str) -> list[Any]:
    """Rows up to one, and the buttons that go there (assets/attention.js)."""
    signs = {"row_back": "‹", "play": "▶", "row_on": "›"}
    buttons = [
        html.Button(sign, title=text(name, language), **attributes(data_rows=name, aria_label=text(name, language)))
        for name, sign in signs.items()
    ]
    slider = dmc.Slider(
        id=ids.ATTENTION_STEP, min=1, max=1, size="sm", **attributes(aria_label=text("rows_to", language))
    )
    return [html.Div(buttons, className="buttons"), html.Span(text("rows_to", language), className="quiet"), slider]


def _reading(language: str) -> list[Any]:
    """What is done to the weights before they are drawn; the picture's title says it too."""
    return [
        html.H3(text("reading", language)),
        html.Div(
            _select("pair", ids.ATTENTION_PAIR, language,
                    {pair: text(f"pair_{pair}", language) for pair in ("all", *PAIRS)}),
            id=ids.ATTENTION_PAIR_BOX, style=HIDDEN,
        ),
        html.Div(
            [_left_out("marks", ids.ATTENTION_MARKS, language), _left_out("sink", ids.ATTENTION_SINK, language)],
            className="pair",
        ),
        html.Div(
            [
                _select(
                    "top", ids.ATTENTION_TOP, language,
                    {"all": text("top_all", language)}
                    | {share: text("top_share", language, share=f"{float(share):.0%}") for share in _SHARES},
                ),
                _select(
                    "scale", ids.ATTENTION_SCALE, language,
                    {scale: text(f"scale_{scale}", language) for scale in reversed(SCALES)},
                ),
            ],
            className="pair",
        ),
        html.Div(
            [
                html.Div(text("direction", language), className="label"),
                _segmented("direction", ids.ATTENTION_DIRECTION, ("from", "to"), language, fullWidth=True),
            ]
        ),
        dmc.CheckboxGroup(
            html.Div(
                [dmc.Checkbox(value=each, label=text(f"reading_{each}", language), size="xs", radius="sm")
                 for each in ("words", "renormalise")],
                className="checks",
            ),
            id=ids.ATTENTION_READING, value=[],
        ),
    ]  # fmt: skip


def _segmented(name: str, control: str, values: tuple[str, ...], language: str, **more: Any) -> Any:
    return dmc.SegmentedControl(
        id=control, size="xs", value=DEFAULTS[name],
        data=[{"value": value, "label": text(f"{name}_{value}", language)} for value in values],
        **more, **attributes(aria_label=text(name, language)),
    )  # fmt: skip


def _left_out(name: str, control: str, language: str) -> Any:
    return _select(name, control, language, {how: text(f"left_{how}", language) for how in ("shown", "hide", "zero")})


def _select(name: str, control: str, language: str, choices: dict[str, str]) -> Any:
    return dmc.Select(
        id=control, label=text(name, language), value=DEFAULTS[name], allowDeselect=False, size="xs",
        data=[{"value": value, "label": label} for value, label in choices.items()],
    )  # fmt: skip


def _all_heads(language: str) -> Any:
    """Every head of every layer, small."""
    graph = dcc.Graph(
        id=ids.ATTENTION_OVERVIEW,
        figure=empty(theme()),
        config={"displayModeBar": False, "responsive": True},
        className="graph",
    )
    return html.Div(
        [
            html.H3(id=ids.ATTENTION_PICK),
            html.Div(graph, className="overview"),
            html.P(text("each_scaled", language), className="quiet"),
        ],
        id=ids.ATTENTION_HEADS,
    )


def _of_pairs(language: str) -> Any:
    """What only a seq2seq model has: a target, and more than one kind of attention."""
    return html.Div(
        [
            dmc.Textarea(
                id=ids.ATTENTION_TARGET,
                label=text("target", language),
                placeholder=text("target_hint", language),
                autosize=True,
                minRows=1,
                maxRows=8,
                debounce=200,
            ),
            html.Div(
                [
                    html.Div(text("attention_kind", language), className="label"),
                    dmc.SegmentedControl(
                        id=ids.ATTENTION_KIND,
                        size="xs",
                        fullWidth=True,
                        data=[{"value": kind, "label": text(f"kind_{kind}", language)} for kind in KINDS["seq2seq"]],
                        **{"aria-label": text("attention_kind", language)},
                    ),
                ],
                id=ids.ATTENTION_KINDS,
            ),
        ],
        id=ids.ATTENTION_SEQ2SEQ,
        className="stacked",
        style=HIDDEN,
    )
