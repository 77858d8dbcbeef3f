"""The transformer, one for all three families: a stack of blocks over the tokens' embeddings, or two of them.

Knows nothing of tokenizers, files and training.

Letters: B sentences, T tokens, S tokens of the source, D dims, H heads, V tokens of the vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from embviz.models.blocks import Block, Sight, Stack, drawn, normed
from embviz.models.shape import Shape
from embviz.models.tokens import PAD, SPECIALS
from embviz.models.watching import Watch, heard

_PAD = SPECIALS.index(PAD)


class Transformer(Stack):
    """Token ids in, vectors out, or the attention weights on the way.

    In a seq2seq model `reader` is the encoder that reads the source, and this stack writes the target.

    Weights are drawn from a normal distribution by `generator`, so that the same seed gives the same model; embeddings
    are larger than usual (0.1), which in a short training saves many steps.
    """

    def __init__(self, shape: Shape, generator: torch.Generator | None = None) -> None:
        embedding = drawn((shape.vocab, shape.dims), 0.1, generator)
        crossed = shape.family == "seq2seq"
        super().__init__(shape, shape.causal, crossed, generator)
        self.shape = shape
        self.embedding = embedding
        self.reader = Stack(shape, False, False, generator) if crossed else None
        self.prediction = None if shape.tied else drawn((shape.vocab, shape.dims), 0.1, generator)

    def forward(self, ids: Tensor, source: Tensor | None = None, watch: Watch | None = None) -> Tensor:  # type: ignore[override]
        """(B, T) ids, and (B, S) of the source for a seq2seq model -> (B, T, D) vectors, ready for `logits`.

        Args:
            watch: is told what passes through the attention, and may change it.
        """
        return normed(self.states(ids, source, watch)[-1], self.norm)

    def states(self, ids: Tensor, source: Tensor | None = None, watch: Watch | None = None) -> list[Tensor]:
        """(B, T, D) vectors before each block and after the last one."""
        memory, over = self.read(source, watch)
        x = F.embedding(ids, self.embedding)
        return self.layers(x, self.sight(x, present(ids), heard(watch, self._kind)), memory, over)

    def read(self, source: Tensor | None, watch: Watch | None = None) -> tuple[Tensor | None, Sight | None]:
        """(B, S) ids -> what the encoder makes of them, (B, S, D), and how they are seen; None without one."""
        if self.reader is None or source is None:
            return None, None
        there, x = present(source), F.embedding(source, self.embedding)
        *_, last = self.reader.layers(x, self.reader.sight(x, there, heard(watch, "encoder")))
        return normed(last, self.reader.norm), Sight(present=there, listener=heard(watch, "cross"))

    def lens(self, ids: Tensor, source: Tensor | None = None) -> list[Tensor]:
        """(B, T, V) scores as if each of the `states` were the last: the logit lens (nostalgebraist 2020)."""
        return [self.logits(normed(state, self.norm)) for state in self.states(ids, source)]

    def logits(self, x: Tensor) -> Tensor:
        """(..., D) vectors -> (..., V) scores of every token."""
        return F.linear(x, self.embedding if self.prediction is None else self.prediction)

    def attention(
        self, ids: Tensor, layers: Sequence[int], heads: Sequence[int], source: Tensor | None = None, kind: str = ""
    ) -> Tensor:
        """(T,) ids -> (layers, heads, T, T) weights; row i says what token i looks at, and sums to 1.

        Args:
            source: (S,) ids, for a seq2seq model.
            kind: of a seq2seq model: "encoder", what the source's tokens look at (S, S); "decoder", what the ids look
                at among themselves (T, T); "cross", what they look at in the source (T, S).
        """
        kind = kind or self._kind
        watch = Watch([(kind, layer) for layer in layers], heads)
        if kind == "encoder" and self.reader is not None:
            self.read(None if source is None else source[None], watch)
        else:
            self.states(ids[None], None if source is None else source[None], watch)
        return watch.weights(kind, layers)

    def outward(self, kind: str, layer: int) -> Tensor:
        """(H, E, D): what takes each head's mixture of values into the vectors that the layer gives."""
        stack = self.reader if kind == "encoder" and self.reader is not None else self
        return cast(Block, stack.blocks[layer]).outward(kind == "cross")

    @property
    def _kind(self) -> str:
        """Of its own attention, among the tokens that are written or read."""
        return "decoder" if self.shape.causal else "encoder"


def present(ids: Tensor) -> Tensor | None:
    """(B, T) bool, which ids are tokens and no padding; None where all are, as fused attention is faster then."""
    there = ids != _PAD
    return None if bool(there.all()) else there


def padded(rows: Sequence[Sequence[int]]) -> Tensor:
    """(B, T) int64: rows of ids, the shorter ones filled with [PAD]."""
    ids = np.full((len(rows), max(map(len, rows))), _PAD, np.int64)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = row
    return torch.from_numpy(ids)
