"""Attention: weights, and the tokens that they are between; a model's, or any array of that shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from embviz.errors import EmbvizError

MEASURES = ("weights", "norms", "gradient", "rollout", "flow")
"""What the numbers of a record may be: the weights of attention, or evidence of what they do."""


@dataclass(frozen=True, eq=False)
class Attention:
    """What the tokens of a sentence look at.

    Attributes:
        sentence: as typed.
        tokens: T pieces of what looks, with the marks that the model puts around it.
        keys: K pieces of what is looked at: the same, but for cross-attention those of the sentence that is read.
        weights: (L, H, T, K) float32; [l, h, i, j] is how much token i looks at key j, and each row sums to 1.
        layers: L numbers of layers in the model, counted from 0.
        heads: H numbers of heads, counted from 0.
        family: `encoder`, `decoder` or `seq2seq`.
        kind: `encoder`, `decoder` or `cross`: whose attention this is.
        model: its name.
        target: what a seq2seq model has written, if the weights are of that; None for others.
        measure: what the numbers are, one of `MEASURES`; of others than weights the rows need not sum to 1.
        token_spans: T pairs (start, end) of characters in the text that the tokens are of; (s, s) for marks such as
            [CLS]; None where that is not known.
        key_spans: K such pairs.
        changes: what reading made of the weights, in order: a name, and after a space what it was done with
            (see `reading`).
        mask: (T, K) bool, what can be looked at at all, where reading changed that; else None.
    """

    sentence: str
    tokens: tuple[str, ...]
    keys: tuple[str, ...]
    weights: np.ndarray
    layers: tuple[int, ...]
    heads: tuple[int, ...]
    family: str
    kind: str
    model: str
    target: str | None = None
    measure: str = "weights"
    token_spans: tuple[tuple[int, int], ...] | None = None
    key_spans: tuple[tuple[int, int], ...] | None = None
    changes: tuple[str, ...] = ()
    mask: np.ndarray | None = None

    @classmethod
    def of(
        cls, weights: np.ndarray, tokens: Sequence[str], keys: Sequence[str] | None = None, causal: bool = False
    ) -> Attention:
        """Weights that came from anywhere, to be drawn like a model's.

        Args:
            weights: (layers, heads, queries, keys), finite, or (heads, queries, keys), or (queries, keys).
            tokens: as many as queries.
            keys: as many as keys; the tokens by default.
            causal: whether no token can look at a later one: such cells are then absent and not zero.

        Raises:
            EmbvizError: the shapes do not fit.
        """
        array = np.asarray(weights, np.float32)
        if not 2 <= array.ndim <= 4:
            raise EmbvizError(
                f"The weights have {array.ndim} dimensions and should have 4: layers, heads, queries and keys."
            )
        array = array.reshape((1,) * (4 - array.ndim) + array.shape)
        sides = tuple(tokens), tuple(tokens if keys is None else keys)
        if array.shape[2:] != tuple(map(len, sides)):
            raise EmbvizError(
                f"The weights are of {array.shape[2]} queries and {array.shape[3]} keys, and there are "
                f"{len(sides[0])} tokens and {len(sides[1])} keys."
            )
        if not array.size or not np.isfinite(array).all():
            raise EmbvizError("The weights are none, or not all of them are finite numbers.")
        layers, heads = (tuple(range(n)) for n in array.shape[:2])
        kind = "decoder" if causal else "encoder" if keys is None else "cross"
        family = "seq2seq" if kind == "cross" else kind
        return cls(" ".join(sides[1]), *sides, array, layers, heads, family, kind, "weights")

    def of_layers(self, layers: Sequence[int]) -> Attention:
        """The same of some layers only, by their numbers in the model.

        Raises:
            EmbvizError: the record does not hold one of them.
        """
        for layer in layers:
            self.head(layer, self.heads[0])
        places = [self.layers.index(layer) for layer in layers]
        return replace(self, layers=tuple(layers), weights=self.weights[places])

    def head(self, layer: int, head: int) -> np.ndarray:
        """(T, K): the weights of one head, by its numbers in the model.

        Raises:
            EmbvizError: the record does not hold it.
        """
        if layer not in self.layers or head not in self.heads:
            raise EmbvizError(
                f"Layer {layer}, head {head} was asked for, and there are layers {self.layers[0]} to {self.layers[-1]} "
                f"and heads {self.heads[0]} to {self.heads[-1]}."
            )
        return self.weights[self.layers.index(layer), self.heads.index(head)]

    @property
    def crosses(self) -> bool:
        """Whether what looks and what is looked at are two texts."""
        return self.kind == "cross" or self.pair in ("a-b", "b-a")

    @property
    def pair(self) -> str | None:
        """Of two texts in one, which looks at which, where only that is left; see `reading.between`."""
        return next((change.removeprefix("pair ") for change in self.changes if change.startswith("pair ")), None)

    @property
    def turned(self) -> bool:
        """Whether a row is what looks at a token, and not what it looks at."""
        return "direction to" in self.changes

    @property
    def texts(self) -> tuple[str, str]:
        """The texts that the spans of tokens and of keys are in."""
        written = self.sentence if self.target is None else self.target
        query, key = {"cross": (written, self.sentence), "decoder": (written, written)}.get(
            self.kind, (self.sentence, self.sentence)
        )
        return (key, query) if self.turned else (query, key)

    @property
    def free(self) -> np.ndarray:
        """(T, K) bool: what is seen by tokens that have a choice; a decoder's first can look at itself alone, and does.
        Where none has a choice, all that is seen.
        """
        choice = self.seen & (self.seen.sum(axis=0 if self.turned else 1, keepdims=True) > 1)
        return choice if choice.any() else self.seen

    @property
    def seen(self) -> np.ndarray:
        """(T, K) bool: what can be looked at at all; a decoder's later tokens cannot."""
        if self.mask is not None:
            return self.mask
        there = np.ones((len(self.tokens), len(self.keys)), bool)
        return np.tril(there) if self.kind == "decoder" else there


def change(one: Attention, other: Attention) -> np.ndarray:
    """(L, H) float32: how far what each head looks at has moved between two models, see `variation`.

    Raises:
        EmbvizError: the two are not of the same tokens, layers and heads.
    """
    names = f"'{one.model}' and '{other.model}'"
    if (one.tokens, one.keys) != (other.tokens, other.keys):
        raise EmbvizError(f"{names} cut the sentence into other tokens: only models with the same tokenizer compare.")
    if (one.kind, one.layers, one.heads) != (other.kind, other.layers, other.heads):
        raise EmbvizError(f"{names} have not the same layers and heads: only two stages of one model compare.")
    return variation(one, other)


def variation(one: Attention, other: Attention) -> np.ndarray:
    """(L, H) float32: how far the heads of two records of one shape look elsewhere, 0 (not at all) to 1.

    For each token the total variation distance of its two rows of weights, half the sum of their absolute differences,
    and of all tokens the mean.
    """
    return np.abs(one.weights - other.weights).sum(-1).mean(-1) / 2
