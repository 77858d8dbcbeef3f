"""Pictures of what is inside a model beside its weights: predictions after each layer, queries and keys, paths."""

from __future__ import annotations

from functools import lru_cache

import plotly.graph_objects as go

from embviz.apps.explorer.attention.changed import changes_of
from embviz.apps.explorer.attention.looking import kind_of
from embviz.apps.explorer.attention.measured import asked, place_of, through
from embviz.apps.explorer.interface import text
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.selection import Selection
from embviz.attention import Lens, Products, States, products, states
from embviz.figures.lens import lens_figure
from embviz.figures.products import products_figure
from embviz.figures.states import states_figure
from embviz.models import AttentionModel
from embviz.models.changes import Changes

SHOWS = ("products", "predictions", "path")
"""The pictures that there are."""


def draw(library: Library, selection: Selection, theme: str, language: str) -> go.Figure:
    """The figure of the selection's `show`.

    Raises:
        EmbvizError: the model cannot be looked into, or cannot read the sentence.
    """
    draws = {"products": _products, "predictions": _predictions, "path": _path}
    return draws[selection.show or ""](library, selection, theme, language)


def _products(library: Library, selection: Selection, theme: str, language: str) -> go.Figure:
    model, sentence, target = asked(library, selection)
    kind = kind_of(model, selection)
    found = _multiplied(
        model, sentence, selection.layer, selection.head, target, kind, changes_of(selection, kind or "")
    )
    seen = found.attention
    chosen = selection.token if selection.token is not None and kind != "cross" else place_of(library, selection)
    token = min(chosen, len(seen.tokens) - 1)
    title = text("products_title", language, model=model.name, layer=selection.layer, head=selection.head)
    names = tuple(text(f"products_{name}", language) for name in ("query", "key", "each", "score", "weight"))
    return products_figure(found, token, title, theme, names)  # type: ignore[arg-type]


def _predictions(library: Library, selection: Selection, theme: str, language: str) -> go.Figure:
    found: Lens = through(library, selection)
    names = tuple(text(f"lens_{name}", language) for name in ("token", "layer", "probability", "embedding"))
    title = text("lens_title", language, model=selection.model or "")
    return lens_figure(found, title, theme, names)  # type: ignore[arg-type]


def _path(library: Library, selection: Selection, theme: str, language: str) -> go.Figure:
    model, sentence, target = asked(library, selection)
    found = _states(model, sentence, target)
    names = text("lens_embedding", language), text("path_after", language)
    title = text("path_title", language, model=model.name)
    chosen = selection.place if model.family == "seq2seq" else selection.token
    return states_figure(found, title, theme, names, chosen)


@lru_cache(maxsize=16)
def _multiplied(
    model: AttentionModel,
    sentence: str,
    layer: int,
    head: int,
    target: str | None,
    kind: str | None,
    changes: Changes,
) -> Products:
    return products(model, sentence, layer, head, target, kind, changes)


@lru_cache(maxsize=16)
def _states(model: AttentionModel, sentence: str, target: str | None) -> States:
    return states(model, sentence, target)
