"""A model and a sentence in, attention weights out.

The weights are computed anew by the formula from the trained matrices, since torch's fused attention keeps none;
only for the layers and heads that are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence

from embviz.attention.record import Attention
from embviz.errors import EmbvizError
from embviz.models import AttentionModel, Tokens


def attend(
    model: AttentionModel,
    sentence: str,
    layers: Sequence[int] | None = None,
    heads: Sequence[int] | None = None,
    target: str | None = None,
    kind: str | None = None,
) -> Attention:
    """What the tokens of a sentence look at, in the given layers and heads; in all when none are named.

    Args:
        sentence: what the model reads.
        target: what a seq2seq model is to have written; by default what it writes, greedily.
        kind: of a seq2seq model: "cross" (what the target's tokens look at in the sentence; the default), "encoder"
            (the sentence's among themselves) or "decoder" (the target's among themselves).

    Raises:
        EmbvizError: a layer, head or kind that the model does not have, or a sentence that it cannot read.
    """
    import torch

    kind = _kind(model, kind, target)
    chosen_layers = _chosen("layer", layers, model.shape.depth(kind), model.name)
    chosen_heads = _chosen("head", heads, model.heads, model.name)
    read, wrote = model.encode(sentence), _written(model, sentence, target)
    queries, keys = (wrote if wrote and kind != "encoder" else read), (wrote if wrote and kind == "decoder" else read)
    with torch.inference_mode():
        ids, source = torch.tensor((wrote or read).ids), torch.tensor(read.ids) if wrote else None
        weights = model.module.attention(ids, chosen_layers, chosen_heads, source, kind)
    return Attention(
        sentence, queries.texts, keys.texts, weights.numpy(), chosen_layers, chosen_heads, model.family, kind,
        model.name, (target if target is not None else model.tokenizer.decode(list(wrote.ids))) if wrote else None,
        token_spans=queries.offsets, key_spans=keys.offsets,
    )  # fmt: skip


def _written(model: AttentionModel, sentence: str, target: str | None) -> Tokens | None:
    """The tokens that a seq2seq model has written: those given, or its own."""
    if model.family != "seq2seq":
        return None
    if target is not None:
        return model.encode_target(target)
    from embviz.generation import written

    return written(model, sentence)


def _kind(model: AttentionModel, asked: str | None, target: str | None) -> str:
    there = model.shape.kinds
    if not there:
        raise EmbvizError(
            "'{model}' has no attention to show: it is an LSTM or a convolution. Choose a transformer, or an LSTM of "
            "the family seq2seq; the words of this one have their map all the same.",
            model=model.name,
        )
    if target is not None and model.family != "seq2seq":
        raise EmbvizError(f"A target was given, and '{model.name}' writes none: it is no seq2seq model.")
    if asked is not None and asked not in there:
        raise EmbvizError(f"'{model.name}' has no {asked} attention: it has {' and '.join(there)}.")
    return asked or there[0]


def _chosen(what: str, asked: Sequence[int] | None, there: int, name: str) -> tuple[int, ...]:
    if asked is None:
        return tuple(range(there))
    if not len(asked):
        raise EmbvizError(f"No {what} was asked for: '{name}' has {what}s 0 to {there - 1}.")
    for number in asked:
        if not 0 <= number < there:
            raise EmbvizError(f"{what.capitalize()} {number} was asked for, and '{name}' has {what}s 0 to {there - 1}.")
    return tuple(int(number) for number in asked)
