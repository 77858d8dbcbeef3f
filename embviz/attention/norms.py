"""Value norms: how much of each key reaches a query, and not only how much weight it is given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from embviz.attention.asking import question
from embviz.attention.record import Attention
from embviz.models import AttentionModel
from embviz.models.changes import Changes


def value_norms(
    model: AttentionModel,
    sentence: str,
    layers: Sequence[int] | None = None,
    heads: Sequence[int] | None = None,
    target: str | None = None,
    kind: str | None = None,
    changes: Changes | None = None,
) -> Attention:
    """||α_ij f(x_j)||, with f(x) = (x W_V + b_V) W_O of one head: the length of what token i takes of key j.

    Kobayashi et al. 2020, "Attention is not only a weight", section 3. A large weight on a key whose transformed value
    is short does little. The arguments are those of `attend`; the numbers are lengths in the space of the model's
    vectors, at least 0, whose rows do not sum to 1.

    Raises:
        EmbvizError: as `attend`; or the model is no transformer.
    """
    import torch

    asked = question(model, sentence, target, kind)
    chosen = asked.chosen(model, layers, heads)
    module: Any = model.module
    found = []
    with torch.inference_mode():
        watch = asked.watched(model, *chosen, changes)
        for layer in chosen[0]:
            passed, out = watch.passed[asked.kind, layer], module.outward(asked.kind, layer)
            some = list(chosen[1])
            lengths = torch.stack([(passed.values[0, head] @ out[head]).norm(dim=-1) for head in some])
            found.append(passed.weights[0] * lengths[:, None, :])
    return asked.record(model, torch.stack(found).float().numpy(), *chosen, measure="norms")
