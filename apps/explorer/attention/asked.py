"""What a selection asks of which model: the sentence, the target, and the kind of attention."""

from __future__ import annotations

from embviz.apps.explorer.library import Library
from embviz.apps.explorer.selection import Selection
from embviz.models import AttentionModel


def asked(library: Library, selection: Selection) -> tuple[AttentionModel, str, str | None]:
    """The model, the sentence, and the target where one is given."""
    model = library.open(selection.model).model
    target = (selection.target or "").strip() if model.family == "seq2seq" else None
    return model, selection.sentence or "", target or None


def kind_of(model: AttentionModel, selection: Selection) -> str | None:
    """The kind of attention that is shown: the one that is named, else the model's first; none where there is none."""
    kinds = model.shape.kinds
    return selection.kind if selection.kind in kinds else next(iter(kinds), None)
