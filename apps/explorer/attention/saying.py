"""What the attention view says beside its picture: who looks at whom, what was written, gaps, the strongest links."""

from __future__ import annotations

from typing import Any

import numpy as np
from dash import html

from embviz.apps.explorer.cards import bars, link, notice
from embviz.apps.explorer.examples import sentence_for
from embviz.apps.explorer.interface import text
from embviz.apps.explorer.selection import Selection
from embviz.attention import Attention
from embviz.generation import fill
from embviz.models import AttentionModel
from embviz.runs import Run

_STRONGEST = 8


def about(model: AttentionModel, language: str) -> list[str]:
    """Who looks at whom in a model, and what else can be asked of it."""
    if not model.shape.kinds:
        return [text("nothing_seen", language)]
    which = "alignment" if model.shape.kinds == ("cross",) else model.family
    said = [text(which, language, layers=model.layers, heads=model.heads)]
    if model.family != "encoder":
        return said
    gap = [text("gap_hint", language, mask=model.mask)] if model.mask else []
    return [*said, *gap, *[text("pair_hint", language, mark=mark) for mark in model.tokenizer.encode("").tokens[-1:]]]


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


def wrote(seen: Attention, selection: Selection, language: str) -> list[Any]:
    """What a seq2seq model wrote, where the reader gave no target."""
    if seen.target is None or (selection.target or "").strip():
        return []
    said = text("it_writes", language, text=seen.target) if seen.target else text("it_writes_nothing", language)
    return [html.P(said, className="wrote")]


def strongest(seen: Attention, layer: int, head: int) -> Any:
    """The largest weights of a head: who looks at whom, and how much; of tokens that can look at one only, as a
    decoder's first, there is nothing to say.
    """
    weights = np.where(seen.free, seen.head(layer, head), 0)
    sizes = np.abs(weights).ravel()
    least = np.partition(sizes, -_STRONGEST)[-_STRONGEST] if sizes.size > _STRONGEST else 0
    large = np.flatnonzero(sizes >= least)
    strong = large[np.argsort(-sizes[large], kind="stable")[:_STRONGEST]]
    places = list(zip(*np.unravel_index(strong, weights.shape), strict=True))
    return bars([_link(seen, row, column) for row, column in places], [float(weights[place]) for place in places])


def _link(seen: Attention, row: int, column: int) -> str:
    ends = seen.tokens[row], seen.keys[column]
    return " → ".join(reversed(ends) if seen.turned else ends)


def ask(run: Run, selection: Selection, language: str) -> list[Any]:
    """What to do where nothing is typed, with an example to click."""
    example = sentence_for(run, language)
    return [
        notice(text("ask_sentence", language)),
        link(example, selection, selection.but(sentence=example)),
    ]
