"""A head beside another: of another sentence, layer, model or stage of it, or of the same with changed heads."""

from __future__ import annotations

from typing import Any

import dash
import dash_mantine_components as dmc
import numpy as np
import plotly.graph_objects as go
from dash import Input, Output, html

from embviz.apps.explorer import ids
from embviz.apps.explorer.attention.asked import kind_of
from embviz.apps.explorer.attention.changed import changes_of
from embviz.apps.explorer.attention.looking import look_step, options
from embviz.apps.explorer.cards import HIDDEN, bars, link
from embviz.apps.explorer.frame import run_choices
from embviz.apps.explorer.interface import language, text
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.selection import Selection
from embviz.attention import Attention, variation
from embviz.errors import EmbvizError
from embviz.figures.comparison import comparison_figure
from embviz.steps import whole

CONTROLS = {
    "other_model": (ids.EVIDENCE_MODEL, "value"),
    "other_sentence": (ids.EVIDENCE_SENTENCE, "value"),
    "other_layer": (ids.EVIDENCE_LAYER, "value"),
    "other_head": (ids.EVIDENCE_HEAD, "value"),
}
NOTHING: dict[str, None] = dict.fromkeys((*CONTROLS, "off", "temperature"))
"""What a selection is without a comparison."""
_OF_NO_HEAD = ("rollout", "flow")  # measures of all heads together
_MOST = 8  # heads that are named


def layout(language: str) -> Any:
    """What the picture is compared with, behind a word."""
    return html.Details(
        [
            html.Summary(text("compare", language)),
            html.Div(
                [
                    dmc.Textarea(
                        id=ids.EVIDENCE_SENTENCE,
                        label=text("other_sentence", language),
                        placeholder=text("the_same", language),
                        autosize=True,
                        minRows=1,
                        maxRows=6,
                        debounce=500,
                    ),
                    dmc.Select(
                        id=ids.EVIDENCE_MODEL,
                        label=text("other_model", language),
                        placeholder=text("the_same", language),
                        data=[],
                        clearable=True,
                    ),
                    html.Div(
                        [
                            dmc.Select(id=name, label=text(label, language), placeholder="=", data=[], clearable=True)
                            for name, label in ((ids.EVIDENCE_LAYER, "layer"), (ids.EVIDENCE_HEAD, "head"))
                        ],
                        className="pair",
                    ),
                    html.Div(id=ids.EVIDENCE_STOP),
                ],
                className="stacked",
            ),
        ],
        className="more",
        id=ids.EVIDENCE_COMPARE,
    )


def connect(app: dash.Dash, library: Library) -> None:
    """Register the callback that says what there is to compare with."""

    @app.callback(
        output={
            "models": Output(ids.EVIDENCE_MODEL, "data"),
            "layers": Output(ids.EVIDENCE_LAYER, "data"),
            "heads": Output(ids.EVIDENCE_HEAD, "data"),
            "stop": Output(ids.EVIDENCE_STOP, "children"),
            "shown": Output(ids.EVIDENCE_COMPARE, "style"),
            "open": Output(ids.EVIDENCE_COMPARE, "open"),
        },
        inputs={"search": Input(ids.ATTENTION_LOOKED, "data")},
        prevent_initial_call=True,
    )
    def _choices(search: str) -> dict[str, Any]:
        return choices(library, Selection.of("/attention", search), language())


def choices(library: Library, selection: Selection, language: str) -> dict[str, Any]:
    """What there is to compare with, and the way back."""
    try:
        other = library.open(selection.other_model or selection.model).model
        depth = other.shape.depth(kind_of(other, selection) or "") if other.shape.kinds else 0
        heads = other.heads
    except EmbvizError:
        depth = heads = 0
    models = run_choices(library, "attention", language, selection.model)
    stop = link(text("stop_comparing", language), selection, selection.but(**NOTHING))
    return {
        "models": sorted(models, key=lambda each: whole(each["value"]) != whole(selection.model)),  # its steps first
        "layers": [str(number) for number in range(depth)],
        "heads": [str(number) for number in range(heads)],
        "stop": stop if comparing(selection) else None,
        "shown": {} if depth or comparing(selection) else HIDDEN,
        "open": True if comparing(selection) else dash.no_update,
    }


def comparing(selection: Selection) -> bool:
    """Whether two pictures are asked for."""
    return any(getattr(selection, name) is not None for name in NOTHING)


def picture(library: Library, selection: Selection, theme: str, language: str, columns: int) -> go.Figure:
    """The head, the other, and the difference.

    Raises:
        EmbvizError: one of them cannot be looked at.
    """
    there = other(selection)
    return comparison_figure(
        *both(library, selection), (selection.layer, selection.head), (there.layer, there.head),
        **told(library, selection, theme, language, columns),
    )  # fmt: skip


def both(library: Library, selection: Selection) -> tuple[Attention, Attention]:
    """The attention that is looked at, and that of what is compared with, read alike.

    Raises:
        EmbvizError: one of them cannot be looked at.
    """
    return look_step(library, selection), look_step(library, other(selection), changed=True)


def told(library: Library, selection: Selection, theme: str, language: str, columns: int) -> dict[str, Any]:
    """What the figure is told beside the two."""
    return {
        "other": " · ".join(_differences(library, selection, language)), "theme": theme, "language": language,
        **options(selection), "columns": columns,
    }  # fmt: skip


def moved(library: Library, selection: Selection, language: str) -> list[Any]:
    """The heads that look elsewhere in what is compared with, the farthest first, each a link; nothing where the two
    have not as many tokens and heads.

    Raises:
        EmbvizError: one of them cannot be looked at.
    """
    if selection.other_layer is not None or selection.other_head is not None or selection.measure in _OF_NO_HEAD:
        return []
    one, two = both(library, selection)
    if (one.layers, one.heads, one.weights.shape) != (two.layers, two.heads, two.weights.shape):
        return []
    far = variation(one, two)
    first = np.argsort(-far, axis=None, kind="stable")[:_MOST]
    heads = [(one.layers[i], one.heads[j]) for i, j in zip(*np.unravel_index(first, far.shape), strict=True)]
    names = [text("of_head", language, layer=layer, head=head) for layer, head in heads]
    ways = [(selection, selection.but(layer=layer, head=head)) for layer, head in heads]
    stays = [html.P(text("off_stays", language), className="quiet")] if selection.off else []
    return [html.H3(text("moved", language)), bars(names, far.ravel()[first], ways), *stays]


def other(selection: Selection) -> Selection:
    """The selection of what is compared with."""
    return selection.but(
        model=selection.other_model or selection.model,
        sentence=selection.other_sentence or selection.sentence,
        layer=selection.layer if selection.other_layer is None else selection.other_layer,
        head=selection.head if selection.other_head is None else selection.other_head,
    )


def _differences(library: Library, selection: Selection, language: str) -> list[str]:
    """In what the other picture is another."""
    said = []
    if selection.other_model:
        said.append(selection.other_model)
    if selection.other_layer is not None or selection.other_head is not None:
        layer = selection.layer if selection.other_layer is None else selection.other_layer
        head = selection.head if selection.other_head is None else selection.other_head
        said.append(text("of_head", language, layer=layer, head=head))
    if selection.other_sentence:
        said.append(text("changed_sentence", language))
    kind = kind_of(library.open(selection.model).model, selection) or ""
    changes = changes_of(selection, kind)
    if len(changes.off) == 1:
        (_, layer, head), *_ = changes.off
        said.append(text("head_is_off", language, layer=layer, head=head))
    elif changes.off:
        said.append(text("heads_off", language, count=len(changes.off)))
    for (_, layer, head), value in changes.temperature:
        said.append(text("of_temperature", language, layer=layer, head=head, value=f"{value:g}"))
    return said
