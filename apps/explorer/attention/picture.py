"""What the attention view shows of a selection: one head, all heads small, and what is said about them."""

from __future__ import annotations

from typing import Any

import numpy as np
from dash import dcc, html

from embviz.apps.explorer import stages
from embviz.apps.explorer.attention import compared
from embviz.apps.explorer.attention.looking import kind_of, look
from embviz.apps.explorer.cards import HIDDEN, bars, empty, notice
from embviz.apps.explorer.interface import EXAMPLES, explain, text
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.selection import Selection
from embviz.attention import Attention
from embviz.errors import EmbvizError
from embviz.figures.attention import head_figure, overview_figure
from embviz.generation import fill
from embviz.models import AttentionModel

_STRONGEST = 8


def picture(library: Library, selection: Selection, theme: str, language: str) -> dict[str, Any]:
    """The head, the overview, what is said about them, and the choices of layer and head."""
    shown: dict[str, Any] = {
        "figure": empty(theme), "overview": empty(theme), "message": None, "details": None, "about": [], "stages": None,
        "layers": [], "heads": [], "frame": {"visibility": "hidden"}, "filled": [], "write": HIDDEN, "kinds": HIDDEN,
        "seq2seq": HIDDEN,
    }  # fmt: skip
    try:
        model = library.open(selection.model).model
        kinds, kind = model.shape.kinds, kind_of(model, selection)
        shown["stages"] = stages.links(library, selection, language)
        shown["about"] = [html.P(said) for said in about(model, language)]
        shown["seq2seq"] = {} if model.family == "seq2seq" else HIDDEN
        shown["kinds"] = {} if len(kinds) > 1 else HIDDEN
        shown["layers"] = _choices(model.shape.depth(kind) if kind else 0)
        shown["heads"] = _choices(model.heads if kinds else 0)
        if kinds and not (selection.sentence or "").strip():
            return {**shown, "message": _ask(selection, language)}
        shown["write"] = {} if model.family == "decoder" else HIDDEN
        seen = look(library, selection)
        weights = seen.head(selection.layer, selection.head)
        beside = compared.picture(library, selection, theme, language) if compared.comparing(selection) else None
    except EmbvizError as error:
        return {**shown, "message": notice(explain(error, language))}
    sides = ("key_cross", "query_cross") if seen.kind == "cross" else ("key", "query")
    names = (text(sides[0], language), text(sides[1], language), text("weight", language))
    return {
        **shown,
        "frame": {},
        "figure": beside or head_figure(seen, selection.layer, selection.head, theme, names),
        "overview": overview_figure(
            seen, selection.layer, selection.head, theme, (text("head", language), text("layer", language))
        ),
        "about": [*shown["about"], *_wrote(seen, selection, language)],
        "filled": filled(model, selection.sentence or "", language),
        "details": [html.H3(text("strongest", language)), strongest(seen, weights)],
    }


def about(model: AttentionModel, language: str) -> list[str]:
    """Who looks at whom in a model, and what else can be asked of it."""
    if not model.shape.kinds:
        return [text("nothing_seen", language)]
    which = "alignment" if model.shape.kinds == ("cross",) else model.family
    said = [text(which, language, layers=model.layers, heads=model.heads)]
    return said + ([text("gap_hint", language, mask=model.mask)] if model.family == "encoder" and model.mask else [])


def filled(model: AttentionModel, sentence: str, language: str) -> list[Any]:
    """What an encoder puts in each gap of the sentence, with how likely it finds it."""
    if model.family != "encoder" or not model.mask or model.mask not in sentence:
        return []
    gaps = fill(model, sentence)
    return [
        html.Div(
            [
                html.Span(text("gap", language, mask=model.mask, number=number, of=len(gaps)), className="quiet"),
                *[
                    html.Span([token, html.Span(f" {chance:.2f}", className="quiet")], className="chip")
                    for token, chance in zip(gap.tokens, gap.probabilities, strict=True)
                ],
            ],
            className="examples",
        )
        for number, gap in enumerate(gaps, 1)
    ]


def _wrote(seen: Attention, selection: Selection, language: str) -> list[Any]:
    """What a seq2seq model wrote, where the reader gave no target."""
    if seen.target is None or (selection.target or "").strip():
        return []
    said = text("it_writes", language, text=seen.target) if seen.target else text("it_writes_nothing", language)
    return [html.P(said, className="wrote")]


def strongest(seen: Attention, weights: np.ndarray) -> Any:
    """The largest weights of a head: who looks at whom, and how much."""
    queries, keys = np.unravel_index(np.argsort(-weights, axis=None, kind="stable")[:_STRONGEST], weights.shape)
    places = list(zip(queries, keys, strict=True))
    names = [f"{seen.tokens[query]} → {seen.keys[key]}" for query, key in places]
    return bars(names, [float(weights[place]) for place in places])


def _ask(selection: Selection, language: str) -> list[Any]:
    """What to do where nothing is typed, with an example to click."""
    example = EXAMPLES["sentence"][language][0]
    return [
        notice(text("ask_sentence", language)),
        dcc.Link(example, href=selection.but(sentence=example).url, className="chip"),
    ]


def _choices(n: int) -> list[str]:
    return [str(number) for number in range(n)]
