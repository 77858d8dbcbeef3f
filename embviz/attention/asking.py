"""A model and a sentence in, attention weights out.

The weights are computed anew by the formula from the trained matrices, since torch's fused attention keeps none;
only for the layers and heads that are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from embviz.attention.record import Attention
from embviz.errors import EmbvizError
from embviz.models import AttentionModel, Tokens
from embviz.models.changes import Changes

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from embviz.models.watching import Watch


def attend(
    model: AttentionModel,
    sentence: str,
    layers: Sequence[int] | None = None,
    heads: Sequence[int] | None = None,
    target: str | None = None,
    kind: str | None = None,
    changes: Changes | None = None,
) -> Attention:
    """What the tokens of a sentence look at, in the given layers and heads; in all when none are named.

    Args:
        sentence: what the model reads.
        target: what a seq2seq model is to have written; by default what it writes, greedily.
        kind: of a seq2seq model: "cross" (what the target's tokens look at in the sentence; the default), "encoder"
            (the sentence's among themselves) or "decoder" (the target's among themselves).
        changes: heads that are switched off or sharpened meanwhile.

    Raises:
        EmbvizError: a layer, head or kind that the model does not have, or a sentence that it cannot read.
    """
    import torch

    asked = question(model, sentence, target, kind)
    chosen = asked.chosen(model, layers, heads)
    with torch.inference_mode():
        if changes:
            watch = asked.watched(model, *chosen, changes)
            weights = watch.weights(asked.kind, chosen[0])
        else:
            weights = model.module.attention(asked.ids, *chosen, asked.source, asked.kind)
    return asked.record(model, weights.float().numpy(), *chosen)


@dataclass(frozen=True, eq=False)
class Question:
    """A sentence as a model reads it.

    Attributes:
        sentence: as typed.
        kind: of attention.
        queries: the T tokens that look.
        keys: the K tokens that are looked at.
        ids: (T,) of the model's own tokens: those of the sentence, or of what a seq2seq model has written.
        source: (S,) of the sentence that a seq2seq model reads; None for others.
        wrote: the tokens that a seq2seq model has written; None for others.
        target: their text.
    """

    sentence: str
    kind: str
    queries: Tokens
    keys: Tokens
    ids: Tensor
    source: Tensor | None
    wrote: Tokens | None
    target: str | None

    def chosen(
        self, model: AttentionModel, layers: Sequence[int] | None, heads: Sequence[int] | None
    ) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The layers and heads that are meant, all for None.

        Raises:
            EmbvizError: the model does not have one of them.
        """
        depth = model.shape.depth(self.kind)
        return _chosen("layer", layers, depth, model.name), _chosen("head", heads, model.heads, model.name)

    def watched(
        self,
        model: AttentionModel,
        layers: Sequence[int],
        heads: Sequence[int] | None,
        changes: Changes | None = None,
    ) -> Watch:
        """The model has read the sentence, and what passed through these layers was kept.

        Raises:
            EmbvizError: it cannot be watched, or does not have the heads that are to be changed.
        """
        from embviz.models.watching import Watch

        check_watched(model, changes)
        watch = Watch([(self.kind, layer) for layer in layers], heads, changes)
        module: Any = model.module
        module.states(self.ids[None], None if self.source is None else self.source[None], watch)
        return watch

    def record(
        self,
        model: AttentionModel,
        weights: np.ndarray,
        layers: tuple[int, ...],
        heads: tuple[int, ...],
        measure: str = "weights",
    ) -> Attention:
        """(L, H, T, K) numbers with the tokens that they are between."""
        return Attention(
            self.sentence, self.queries.texts, self.keys.texts, weights, layers, heads, model.family, self.kind,
            model.name, self.target, measure, self.queries.offsets, self.keys.offsets,
        )  # fmt: skip


def question(model: AttentionModel, sentence: str, target: str | None = None, kind: str | None = None) -> Question:
    """A sentence, and for a seq2seq model what it has written, as a model reads them; see `attend`.

    Raises:
        EmbvizError: a kind that the model does not have, or a sentence that it cannot read.
    """
    import torch

    kind = kind_of(model, kind, target)
    read, wrote = model.encode(sentence), _written(model, sentence, target)
    queries, keys = (wrote if wrote and kind != "encoder" else read), (wrote if wrote and kind == "decoder" else read)
    source = torch.tensor(read.ids) if wrote else None
    said = target if target is not None or wrote is None else model.tokenizer.decode(list(wrote.ids))
    return Question(sentence, kind, queries, keys, torch.tensor((wrote or read).ids), source, wrote, said)


def check_watched(model: AttentionModel, changes: Changes | None = None) -> None:
    """Whether more of a model can be seen than its weights of attention.

    Raises:
        EmbvizError: it is no transformer, or lacks a head that is to be changed.
    """
    if not hasattr(model.module, "outward"):
        raise EmbvizError(f"'{model.name}' is no transformer: of its attention there are the weights, and no more.")
    if changes:
        changes.check(model.shape, model.name)


def _written(model: AttentionModel, sentence: str, target: str | None) -> Tokens | None:
    """The tokens that a seq2seq model has written: those given, or its own."""
    if model.family != "seq2seq":
        return None
    if target is not None:
        return model.encode_target(target)
    from embviz.generation import written

    return written(model, sentence)


def kind_of(model: AttentionModel, asked: str | None, target: str | None = None) -> str:
    """The kind of attention that is asked for: the model's first by default.

    Raises:
        EmbvizError: the model has no such attention, or none, or writes no target.
    """
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
