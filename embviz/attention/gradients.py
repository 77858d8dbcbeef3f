"""Gradient times attention: which weights a prediction would be less likely without."""

from __future__ import annotations

from collections.abc import Sequence

from embviz.attention.asking import check_watched, question
from embviz.attention.predictions import log_probabilities
from embviz.attention.record import Attention
from embviz.errors import EmbvizError
from embviz.models import AttentionModel
from embviz.models.changes import Changes


def gradients(
    model: AttentionModel,
    sentence: str,
    layers: Sequence[int] | None = None,
    heads: Sequence[int] | None = None,
    target: str | None = None,
    kind: str | None = None,
    place: int | None = None,
    changes: Changes | None = None,
) -> Attention:
    """A ⊙ ∂ log p / ∂A: to first order, how much a weight adds to the log-probability, in nats, of what is predicted.

    The product of Serrano and Smith 2019, section 3.2, and of Chefer et al. 2021, equation 5, without its last step
    that drops what is below 0: such weights make the prediction less likely. The other arguments are those of
    `attend`.

    Args:
        place: of the token at which the model predicts, counted from 0 among its own tokens; by default the first gap,
            else the last token that is no mark at the end. The prediction is the likeliest token there.

    Raises:
        EmbvizError: as `attend`; the model is no transformer or predicts no tokens; or there is no such place.
    """
    import torch

    from embviz.models.watching import Watch

    check_watched(model, changes)
    asked = question(model, sentence, target, kind)
    chosen = asked.chosen(model, layers, heads)
    place = default_place(model, asked.ids.tolist()) if place is None else place
    if not 0 <= place < len(asked.ids):
        raise EmbvizError(f"Place {place} was asked for, and there are tokens 0 to {len(asked.ids) - 1}.")
    watch = Watch([(asked.kind, layer) for layer in chosen[0]], None, changes, graph=True)
    with torch.enable_grad():
        best = log_probabilities(model, asked, watch)[place].max()
        kept = [watch.passed[asked.kind, layer].weights for layer in chosen[0]]
        slopes = torch.autograd.grad(best, kept, allow_unused=True)
    some = list(chosen[1])
    found = [torch.zeros_like(weights[0, some]) if slope is None else (weights * slope)[0, some]
             for weights, slope in zip(kept, slopes, strict=True)]  # fmt: skip
    return asked.record(model, torch.stack(found).detach().float().numpy(), *chosen, measure="gradient")


def default_place(model: AttentionModel, ids: Sequence[int]) -> int:
    """Where a model is asked for a prediction when nobody says where: at the first gap, else at the last word."""
    mask = model.marks.mask
    if model.family == "encoder" and mask is not None and mask in ids:
        return list(ids).index(mask)
    marks = {token for token, added in model.tokenizer.get_added_tokens_decoder().items() if added.special}
    words = [place for place, token in enumerate(ids) if token not in marks]
    return words[-1] if words else len(ids) - 1
