"""The parts of the attention view: controls, picture, details."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from embviz.apps.explorer import ids
from embviz.apps.explorer.attention import compared, evidence, heads
from embviz.apps.explorer.cards import HIDDEN, empty
from embviz.apps.explorer.interface import text, theme
from embviz.models import KINDS


def layout(language: str) -> list[Any]:
    """Controls, picture, details."""
    return [
        html.Aside(_controls(language), className="controls"),
        html.Section(
            [
                html.Div(
                    dcc.Graph(
                        id=ids.ATTENTION_GRAPH,
                        figure=empty(theme()),
                        config={"displaylogo": False, "responsive": True, "modeBarButtons": [["toImage"]]},
                        className="graph",
                    ),
                    className="stage",
                ),
                html.Div(id=ids.ATTENTION_FILLED, className="filled"),
                evidence.layout(),
                html.Div(id=ids.ATTENTION_MESSAGE, className="message"),
            ],
            className="picture course attended",
        ),
        html.Aside([_all_heads(language), html.Div(id=ids.ATTENTION_DETAILS)], className="details"),
        *heads.layout(language),
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
            debounce=500,
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
        compared.layout(language),
        html.Div(id=ids.ATTENTION_ABOUT, className="quiet"),
        html.P(id=ids.ATTENTION_STAGES, className="quiet"),
        html.Div(id=ids.ATTENTION_KINDS_WAY),
    ]


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
            html.H3(text("heads", language)),
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
                debounce=500,
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
