"""What is looked at: the model, the kind of attention and the weights that a selection asks for; kept for a while."""

from __future__ import annotations

from functools import lru_cache

from embviz.apps.explorer.library import Library
from embviz.apps.explorer.selection import Selection
from embviz.attention import Attention, attend
from embviz.errors import EmbvizError
from embviz.models import AttentionModel


def look(library: Library, selection: Selection) -> Attention:
    """All heads on the sentence; kept for the heads that are looked at next."""
    model = library.open(selection.model).model
    target = (selection.target or "").strip() if model.family == "seq2seq" else None
    return _attend(model, selection.sentence or "", target or None, kind_of(model, selection))


def kind_of(model: AttentionModel, selection: Selection) -> str | None:
    """The kind of attention that is shown: the one that is named, else the model's first; none where there is none."""
    kinds = model.shape.kinds
    return selection.kind if selection.kind in kinds else next(iter(kinds), None)


@lru_cache(maxsize=64)
def _attend(model: AttentionModel, sentence: str, target: str | None, kind: str | None) -> Attention:
    return attend(model, sentence, target=target, kind=kind)


def with_kind(library: Library, selection: Selection) -> Selection:
    """The selection with the kind of attention that is shown, where the model has several."""
    if selection.view != "attention":
        return selection
    try:
        model = library.open(selection.model).model
    except EmbvizError:
        return selection  # said in the picture
    return selection.but(kind=kind_of(model, selection)) if len(model.shape.kinds) > 1 else selection
