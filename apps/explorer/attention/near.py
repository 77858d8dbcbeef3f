"""The chosen token among words: which are near to it in the model's own table, in a run of word vectors, and where it
stands, layer by layer, among tokens of the corpus.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from dash import html

from embviz.apps.explorer.cards import bars, link
from embviz.apps.explorer.interface import explain, text
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.selection import Selection
from embviz.attention import contexts, states
from embviz.attention.states import Contexts
from embviz.attention.texts import texts
from embviz.errors import EmbvizError
from embviz.heads import own_corpus
from embviz.runs import Run
from embviz.similarity import near
from embviz.space import Space

_SHOWN = 6
_SENTENCES, _OF_A_LAYER = 150, 4  # so many sentences take a small model a second, and one of BERT's size ten


def panel(library: Library, selection: Selection, language: str) -> list[Any]:
    """Nothing where no token is chosen."""
    run = library.open(selection.model)
    read = run.model.encode(selection.sentence or "")
    if selection.token is None or selection.token >= len(read):
        return []
    start, end = read.offsets[selection.token]
    if start == end:
        return []  # a mark, which is no word
    token = str(run.model.tokenizer.id_to_token(read.ids[selection.token]))
    columns = [_nearest(run.space, token, text("near_table", language), language)]
    others = [entry.name for entry in library.listed() if entry.run and not entry.run.has_attention]
    if others:
        chosen = selection.run if selection.run in others else others[0]
        space = library.open(chosen).space
        piece = (selection.sentence or "")[start:end]
        word = next((each for each in (piece, piece.lower()) if space.row(each) is not None), piece)
        columns.append(_nearest(space, word, text("near_run", language, run=chosen), language))
    return [
        html.H3(text("near_token", language, token=read.texts[selection.token])),
        html.Div(columns, className="predicted"),
        html.Div(
            [link(name, selection, selection.but(run=name)) for name in others[:8] if len(others) > 1],
            className="examples",
        ),
        *_in_context(run, selection, language),
    ]


def _nearest(space: Space, word: str, title: str, language: str) -> Any:
    try:
        found = near(space, word, _SHOWN)
        rows: Any = bars(found.words, found.scores)
    except EmbvizError as error:
        rows = html.P(explain(error, language), className="quiet")
    return html.Div([html.H3(title), rows])


def _in_context(run: Run, selection: Selection, language: str) -> list[Any]:
    """The way to the token's nearest of the corpus, or these: they are computed when they are asked for."""
    if run.model.family == "seq2seq" or not hasattr(run.model.module, "outward"):
        return []
    if selection.contexts != "yes":
        return [link(text("near_contexts", language), selection, selection.but(contexts="yes"))]
    try:
        corpus, found = _of_corpus(run)
    except EmbvizError as error:
        return [html.P(explain(error, language), className="quiet")]
    vectors = states(run.model, selection.sentence or "").vectors[:, selection.token or 0]
    columns = [
        html.Div([html.H3(_after(layer, language)), _places(found, vector, layer)])
        for layer, vector in enumerate(vectors)
    ]
    over = text("near_over", language, sentences=len(found.sentences), corpus=corpus, tokens=len(found.tokens))
    return [html.P(over, className="quiet"), html.Div(columns, className="contexts")]


def _after(layer: int, language: str) -> str:
    return text("near_layer", language, layer=layer - 1) if layer else text("near_embedding", language)


def _places(found: Contexts, vector: Any, layer: int) -> Any:
    """Tokens of the corpus in their sentences, the nearest first."""
    rows = []
    for row, cosine in found.near(vector, layer, _OF_A_LAYER):
        before, token, after = found.around(row)
        rows.append(
            html.Li(
                [
                    html.Span([before, html.B(token), after], className="sentence"),
                    html.Span(f"{cosine:.2f}", className="score"),
                ]
            )
        )
    return html.Ol(rows, className="sentences")


@lru_cache(maxsize=1)
def _of_corpus(run: Run) -> tuple[str, Contexts]:
    """The name of a run's corpus, and the tokens of some of its sentences where they stand."""
    corpus = own_corpus(run)
    chosen = texts(run.model, corpus, _SENTENCES, run.model.family)
    return corpus.name, contexts(run.model, (each.sentence for each in chosen), _SENTENCES)
