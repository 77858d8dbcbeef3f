"""Evidence beside the weights of a head: other measures as small pictures, and what switching heads off does."""

from __future__ import annotations

from typing import Any

import dash
import numpy as np
from dash import Input, Output, html

from embviz.apps.explorer import ids
from embviz.apps.explorer.attention import near
from embviz.apps.explorer.attention.asked import kind_of
from embviz.apps.explorer.attention.changed import changes_of, edits, off_heads, with_off, with_temperature
from embviz.apps.explorer.attention.measured import is_long, measured, place_of, switched
from embviz.apps.explorer.cards import bars, link, notice
from embviz.apps.explorer.interface import explain, language, text, theme
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.selection import Selection
from embviz.attention import MEASURES
from embviz.attention.predictions import Predictions
from embviz.errors import EmbvizError
from embviz.figures.raster import data_uri, heatmap_png
from embviz.models import AttentionModel
from embviz.models.changes import Changes, Head

_SHOWN = 5
_TEMPERATURES = (0.25, 0.5, 1.0, 2.0, 4.0)


def layout() -> Any:
    """Where the evidence stands."""
    return html.Div(id=ids.EVIDENCE, className="evidence")


def connect(app: dash.Dash, library: Library) -> None:
    """Register the callback of the evidence, which begins when the picture is there."""

    @app.callback(Output(ids.EVIDENCE, "children"), Input(ids.ATTENTION_LOOKED, "data"), prevent_initial_call=True)
    def _evidence(search: str) -> list[Any]:
        return panel(library, Selection.of("/attention", search), theme(), language())


def panel(library: Library, selection: Selection, theme: str, language: str) -> list[Any]:
    """All evidence about the selected head; empty where nothing is looked at."""
    try:
        model = library.open(selection.model).model
        if not model.shape.kinds or not (selection.sentence or "").strip():
            return []
        measured(library, selection.but(measure=None))
    except EmbvizError:
        return []  # said in the place of the picture
    try:
        if not hasattr(model.module, "outward"):
            return [html.P(text("caveat", language), className="quiet")]
        return [
            html.H3(text("evidence", language)),
            html.Div(_pictures(library, selection, theme, language), className="strip"),
            *_tokens(library, selection, language),
            *_switch(library, selection, language),
            *near.panel(library, selection, language),
            html.P(text("caveat", language), className="quiet"),
        ]
    except EmbvizError as error:
        return [notice(explain(error, language))]


def _pictures(library: Library, selection: Selection, theme: str, language: str) -> list[Any]:
    """The head by each measure, small; one of them is the picture above. A flow is computed when it is asked for, and
    of long sentences every measure is.
    """
    pictures, long = [], is_long(library, selection)
    for measure in MEASURES:
        here = selection.but(measure=None if measure == "weights" else measure)
        chosen = (selection.measure or "weights") == measure
        inside: list[Any] = [html.Span(text(f"measure_{measure}", language))]
        if chosen or not (measure == "flow" or (long and measure != "weights")):
            seen = measured(library, here)
            values = np.where(seen.seen, seen.head(selection.layer, selection.head), np.nan)
            picture = heatmap_png(values, theme, signed=measure == "gradient")
            inside.insert(0, html.Img(src=data_uri(picture), alt=""))
        else:
            inside.insert(0, html.Span(text("compute", language), className="none"))
        pictures.append(
            link(inside, selection, here, "small current" if chosen else "small",
                 title=text(f"means_{measure}", language))
        )  # fmt: skip
    return pictures


def _tokens(library: Library, selection: Selection, language: str) -> list[Any]:
    """The tokens to choose one from, whose prediction is asked about, and what can be done with it."""
    model = library.open(selection.model).model
    read = model.encode(selection.sentence or "")
    place = place_of(library, selection)
    chips = [
        link(piece, selection, selection.but(token=i), "token current" if i == selection.token else "token")
        for i, piece in enumerate(read.texts)
    ]
    said: list[Any] = [html.H3(text("choose_token", language)), html.Div(chips, className="tokens")]
    if selection.token is not None and selection.token < len(read):
        links = [
            link(text(f"edit_{name}", language), selection, selection.but(other_sentence=changed))
            for name, changed in edits(model, selection.sentence or "", read, selection.token)
        ]
        if links:
            said.append(html.Div([html.Span(text("edit", language), className="quiet"), *links], className="examples"))
    if model.family == "seq2seq":
        wrote = switched(library, selection, Changes()).before.tokens
        said += [
            html.H3(text("choose_place", language)),
            html.Div(
                [link(piece, selection, selection.but(place=i), "token current" if i == place else "token")
                 for i, piece in enumerate(wrote)],
                className="tokens",
            ),
        ]  # fmt: skip
    return said


def _switch(library: Library, selection: Selection, language: str) -> list[Any]:
    """What the model predicts as it is, without the selected head, and without all heads that are off."""
    model = library.open(selection.model).model
    kind = kind_of(model, selection) or ""
    head: Head = (kind, selection.layer, selection.head)
    off = off_heads(selection, kind)
    place = place_of(library, selection)
    without = switched(library, selection, Changes(off=frozenset({head})))
    columns = [("as_it_is", without.before, None), ("without_this", without.after, without.divergence)]
    changes = changes_of(selection, kind)
    if changes and changes != without.changes:
        all_off = switched(library, selection, changes)
        columns.append(("with_changes", all_off.after, all_off.divergence))
    return [
        html.H3(text("predicts", language, token=without.before.tokens[place])),
        html.Div([_predicted(model, *column, place, language) for column in columns], className="predicted"),
        html.Div(_toggles(selection, head, off, kind, language), className="examples"),
        html.Div(_temperatures(selection, head, kind, language), className="examples"),
    ]


def _temperatures(selection: Selection, head: Head, kind: str, language: str) -> list[Any]:
    """A way to divide the scores of the selected head before the softmax."""
    now = dict(changes_of(selection, kind).temperature).get(head, 1.0)
    links = [
        link(f"{value:g}", selection, with_temperature(selection, head, kind, value),
             "chip current" if value == now else "chip")
        for value in _TEMPERATURES
    ]  # fmt: skip
    return [html.Span(text("temperature_here", language), className="quiet"), *links]


def _predicted(
    model: AttentionModel, name: str, predictions: Predictions, divergence: np.ndarray | None, place: int, language: str
) -> Any:
    """The likeliest tokens at a place, and how far from those of the model as it is."""
    ends = {str(model.tokenizer.id_to_token(mark)) for mark in model.marks.ends} if model.family != "encoder" else set()
    tokens = [f"{token} · {text('text_ends', language)}" if token in ends else token
              for token in predictions.texts[place][:_SHOWN]]  # fmt: skip
    likeliest = bars(tokens, predictions.probabilities[place][:_SHOWN])
    said: list[Any] = [html.H3(text(name, language)), likeliest]
    if divergence is not None:
        far = text("divergence", language, here=float(divergence[place]), mean=float(divergence.mean()))
        said.append(html.P(far, className="quiet", title=text("divergence_means", language)))
    return html.Div(said)


def _toggles(selection: Selection, head: Head, off: list[Head], kind: str, language: str) -> list[Any]:
    """A way to switch the selected head off or on, and one for each of those that are off."""
    which = "switch_on" if head in off else "switch_off"
    links = [link(text(which, language), selection, with_off(selection, head, kind))]
    for other in off:
        if other != head:
            name = text("off_head", language, layer=other[1], head=other[2])
            links.append(link(f"{name} ×", selection, with_off(selection, other, kind)))
    if off:
        links.append(link(text("all_on", language), selection, selection.but(off=None)))
    return links
