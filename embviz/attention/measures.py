"""The same question by any measure: weights, or evidence of what they do."""

from __future__ import annotations

from collections.abc import Sequence

from embviz.attention.asking import attend
from embviz.attention.flow import flow
from embviz.attention.gradients import gradients
from embviz.attention.norms import value_norms
from embviz.attention.record import MEASURES, Attention
from embviz.attention.rollout import rollout
from embviz.errors import EmbvizError
from embviz.models import AttentionModel
from embviz.models.changes import Changes


def measured(
    model: AttentionModel,
    sentence: str,
    measure: str = "weights",
    layers: Sequence[int] | None = None,
    heads: Sequence[int] | None = None,
    target: str | None = None,
    kind: str | None = None,
    place: int | None = None,
    rows: Sequence[int] | None = None,
    changes: Changes | None = None,
) -> Attention:
    """What tokens look at by one of `MEASURES`; the arguments are those of `attend`, but for these.

    Args:
        measure: "weights", "norms", "gradient", "rollout" or "flow". The last two have one head, which stands for all.
        place: of a gradient, the token at which the model predicts.
        rows: of a flow, the tokens that are asked about; all by default.

    Raises:
        EmbvizError: there is no such measure; or as the function of that measure says.
    """
    if measure not in MEASURES:
        raise EmbvizError("There is no measure '{measure}': there are {measures}.",
                          measure=measure, measures=", ".join(MEASURES))  # fmt: skip
    if measure == "norms":
        return value_norms(model, sentence, layers, heads, target, kind, changes)
    if measure == "gradient":
        return gradients(model, sentence, layers, heads, target, kind, place, changes)
    if measure == "rollout":
        found = rollout(model, sentence, target, kind, changes)
        return found if layers is None else found.of_layers(layers)
    if measure == "flow":
        return flow(model, sentence, rows, layers[-1] if layers else None, target, kind, changes)
    return attend(model, sentence, layers, heads, target, kind, changes)
