"""Pictures of what is inside a model beside its weights: predictions after each layer, queries and keys, paths."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import plotly.graph_objects as go

from embviz.apps.explorer.attention.asked import asked, kind_of
from embviz.apps.explorer.attention.changed import changes_of
from embviz.apps.explorer.attention.measured import place_of, through
from embviz.apps.explorer.interface import text
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.selection import Selection
from embviz.attention import Products, States, lens, products, states
from embviz.figures.lens import lens_figure
from embviz.figures.products import products_figure
from embviz.figures.states import states_figure
from embviz.models import AttentionModel
from embviz.models.changes import Changes

SHOWS = ("products", "predictions", "paths")
"""The pictures that there are."""

Inside = tuple[Callable[..., Any], Any, Callable[..., go.Figure], dict[str, Any]]
"""What asks the model, what it answered, what draws that, and the arguments that it is drawn with."""


def draw(library: Library, selection: Selection, theme: str, language: str, columns: int) -> go.Figure:
    """The figure of the selection's `show`.

    Raises:
        EmbvizError: the model cannot be looked into, or cannot read the sentence.
    """
    draws = {"products": _products, "predictions": _predictions, "paths": _path}
    _, record, figure, arguments = draws[selection.show or ""](library, selection, language)
    return figure(record, theme=theme, columns=columns, **arguments)


def as_python(library: Library, selection: Selection, theme: str, language: str, columns: int) -> str:
    """The lines that draw the same in a notebook."""
    model, sentence, target = asked(library, selection)
    made = {"products": _products, "predictions": _predictions, "paths": _path}[selection.show or ""]
    function, _, figure, arguments = made(library, selection, language)
    module = {"products": "products", "predictions": "lens", "paths": "states"}[selection.show or ""]
    kind = kind_of(model, selection) if function is products and len(model.shape.kinds) > 1 else None
    told = "".join(f", {name}={value!r}" for name, value in (("target", target), ("kind", kind)) if value is not None)
    where = f", {selection.layer}, {selection.head}" if function is products else ""
    changes = changes_of(selection, kind_of(model, selection) or "") if function is products else None
    where += f", changes={changes!r}" if changes else ""
    return (
        f"{'from embviz.models.changes import Changes' + chr(10) if changes else ''}"
        f"from embviz.attention import {function.__name__}\nfrom embviz.figures.{module} import {figure.__name__}\n"
        f"import embviz as ev\n\nrun = ev.open_run({str(library.open(selection.model).path.resolve())!r})\n"
        f"found = {function.__name__}(run.model, {sentence!r}{where}{told})\n"
        f"figure = {figure.__name__}(found{''.join(f', {name}={value!r}' for name, value in arguments.items())}, "
        f"theme={theme!r}, columns={columns})\n"
    )


def _products(library: Library, selection: Selection, language: str) -> Inside:
    model, sentence, target = asked(library, selection)
    kind = kind_of(model, selection)
    changes = changes_of(selection, kind or "")
    found = _multiplied(model, sentence, selection.layer, selection.head, target, kind, changes)
    seen = found.attention
    chosen = selection.token if selection.token is not None and kind != "cross" else place_of(library, selection)
    names = tuple(text(f"products_{name}", language) for name in ("query", "key", "each", "score", "weight"))
    title = text("products_title", language, model=model.name, layer=selection.layer, head=selection.head)
    return products, found, products_figure, {
        "token": min(chosen, len(seen.tokens) - 1), "title": title, "names": names,
    }  # fmt: skip


def _predictions(library: Library, selection: Selection, language: str) -> Inside:
    names = tuple(text(f"lens_{name}", language) for name in ("token", "layer", "probability", "embedding"))
    title = text("lens_title", language, model=selection.model or "")
    return lens, through(library, selection), lens_figure, {"title": title, "names": names}


def _path(library: Library, selection: Selection, language: str) -> Inside:
    model, sentence, target = asked(library, selection)
    names = text("lens_embedding", language), text("path_after", language), text("path_share", language)
    chosen = selection.place if model.family == "seq2seq" else selection.token
    title = text("path_title", language, model=model.name)
    return states, _states(model, sentence, target), states_figure, {"title": title, "names": names, "chosen": chosen}


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
