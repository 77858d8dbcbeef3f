"""What a selection asks beside the weights: other measures, and predictions with heads changed; kept for a while."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from embviz.apps.explorer.attention.asked import asked, kind_of
from embviz.apps.explorer.attention.changed import changes_of
from embviz.apps.explorer.attention.recent import Recent
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.selection import Selection
from embviz.attention import Attention, ablate, lens
from embviz.attention import measured as by_measure
from embviz.attention.asking import question
from embviz.attention.gradients import default_place
from embviz.attention.predictions import Ablation, Lens
from embviz.models import AttentionModel
from embviz.models.changes import Changes

RECENT = Recent()
_LONG = 512  # tokens
_ALL_FLOWS = 24  # tokens up to which all flows are computed; of longer sentences those to one token


def measured(library: Library, selection: Selection, changed: bool = False) -> Attention:
    """The sentence's attention by the measure of the selection, of all layers and heads; of some measures the layer's.

    Args:
        changed: with the heads that the selection changes.

    Raises:
        EmbvizError: the model does not have the measure, or cannot read the sentence.
    """
    key = _key(library, selection, changed)
    return RECENT.get(key, lambda: _measured(*key))


def measured_and(
    library: Library,
    selection: Selection,
    done: dict[str, Any],
    make: Callable[[Attention], Attention],
    changed: bool = False,
) -> Attention:
    """The same with something done to it, which is kept too."""
    key = (*_key(library, selection, changed), *done.items())
    return RECENT.get(key, lambda: make(measured(library, selection, changed)))


def is_long(library: Library, selection: Selection) -> bool:
    """Whether the sentence is so long that measures are computed when they are asked for, and of one layer."""
    return len(_ids(*asked(library, selection))) > _LONG


def _key(library: Library, selection: Selection, changed: bool) -> tuple[Any, ...]:
    """What a record is asked by, the arguments of `_measured`."""
    model, sentence, target = asked(library, selection)
    kind = kind_of(model, selection)
    changes = changes_of(selection, kind or "") if changed else Changes()
    measure = selection.measure or "weights"
    place = place_of(library, selection) if measure in ("gradient", "flow") else 0
    of_one = measure == "flow" or (measure in ("norms", "gradient") and is_long(library, selection))
    return model, sentence, target, kind, measure, place, selection.layer if of_one else None, changes


def _for_each_head(seen: Attention, heads: int) -> Attention:
    """What is of all heads together, under the number of each."""
    shape = (seen.weights.shape[0], heads, *seen.weights.shape[2:])
    return replace(seen, heads=tuple(range(heads)), weights=np.broadcast_to(seen.weights, shape))


def switched(library: Library, selection: Selection, changes: Changes) -> Ablation:
    """What the model predicts, as it is and with changed heads."""
    return _switched(*asked(library, selection), changes)


def through(library: Library, selection: Selection) -> Lens:
    """What the model would predict after each layer."""
    return _through(*asked(library, selection))


def place_of(library: Library, selection: Selection) -> int:
    """Of the tokens that a model predicts at, which one is asked about."""
    model, sentence, target = asked(library, selection)
    ids = _ids(model, sentence, target)
    chosen = selection.place if model.family == "seq2seq" else selection.token
    return chosen if chosen is not None and chosen < len(ids) else default_place(model, ids)


def asked_of_flow(library: Library, selection: Selection) -> list[int] | None:
    """The rows of a flow that are computed; None for all."""
    model, sentence, target = asked(library, selection)
    tokens = len(question(model, sentence, target, kind_of(model, selection)).queries)
    return _rows_of_flow(tokens, place_of(library, selection))


def _rows_of_flow(tokens: int, place: int) -> list[int] | None:
    return None if tokens <= _ALL_FLOWS else [min(place, tokens - 1)]


@lru_cache(maxsize=256)
def _ids(model: AttentionModel, sentence: str, target: str | None) -> tuple[int, ...]:
    return tuple(question(model, sentence, target).ids.tolist())


def _measured(
    model: AttentionModel,
    sentence: str,
    target: str | None,
    kind: str | None,
    measure: str,
    place: int,
    layer: int | None,
    changes: Changes,
) -> Attention:
    rows = _rows_of_flow(len(question(model, sentence, target, kind).queries), place) if measure == "flow" else None
    layers = None if layer is None else [layer]
    seen = by_measure(
        model, sentence, measure, layers, target=target, kind=kind, place=place, rows=rows, changes=changes
    )
    return _for_each_head(seen, model.heads) if measure in ("rollout", "flow") else seen


@lru_cache(maxsize=64)
def _switched(model: AttentionModel, sentence: str, target: str | None, changes: Changes) -> Ablation:
    return ablate(model, sentence, changes, target)


@lru_cache(maxsize=16)
def _through(model: AttentionModel, sentence: str, target: str | None) -> Lens:
    return lens(model, sentence, target)
