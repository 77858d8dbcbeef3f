"""Which tokens look at which? A model and a sentence in, attention weights out; knows nothing of figures.

The weights are computed anew by the formula from the trained matrices, since torch's fused attention keeps none;
only for the layers and heads that are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from embviz.errors import EmbvizError
from embviz.models import AttentionModel


@dataclass(frozen=True, eq=False)
class Attention:
    """What the tokens of a sentence look at.

    Attributes:
        sentence: as typed.
        tokens: T pieces of it, with the marks that the model puts around it.
        weights: (L, H, T, T) float32; [l, h, i, j] is how much token i looks at token j, and each row sums to 1.
        layers: L numbers of layers in the model, counted from 0.
        heads: H numbers of heads, counted from 0.
        family: `encoder` or `decoder`.
        model: its name.
    """

    sentence: str
    tokens: tuple[str, ...]
    weights: np.ndarray
    layers: tuple[int, ...]
    heads: tuple[int, ...]
    family: str
    model: str

    def head(self, layer: int, head: int) -> np.ndarray:
        """(T, T): the weights of one head, by its numbers in the model.

        Raises:
            EmbvizError: the record does not hold it.
        """
        if layer not in self.layers or head not in self.heads:
            raise EmbvizError(
                f"Layer {layer}, head {head} was asked for, and there are layers {self.layers[0]} to {self.layers[-1]} "
                f"and heads {self.heads[0]} to {self.heads[-1]}."
            )
        return self.weights[self.layers.index(layer), self.heads.index(head)]


def attend(
    model: AttentionModel, sentence: str, layers: Sequence[int] | None = None, heads: Sequence[int] | None = None
) -> Attention:
    """What the tokens of a sentence look at, in the given layers and heads; in all when none are named.

    Raises:
        EmbvizError: a layer or head that the model does not have, or a sentence that it cannot read.
    """
    import torch

    chosen_layers = _chosen("layer", layers, model.layers, model.name)
    chosen_heads = _chosen("head", heads, model.heads, model.name)
    tokens = model.encode(sentence)
    with torch.inference_mode():
        weights = model.module.attention(torch.tensor(tokens.ids), chosen_layers, chosen_heads)
    return Attention(sentence, tokens.texts, weights.numpy(), chosen_layers, chosen_heads, model.family, model.name)


def _chosen(what: str, asked: Sequence[int] | None, there: int, name: str) -> tuple[int, ...]:
    if asked is None:
        return tuple(range(there))
    if not len(asked):
        raise EmbvizError(f"No {what} was asked for: '{name}' has {what}s 0 to {there - 1}.")
    for number in asked:
        if not 0 <= number < there:
            raise EmbvizError(f"{what.capitalize()} {number} was asked for, and '{name}' has {what}s 0 to {there - 1}.")
    return tuple(int(number) for number in asked)
