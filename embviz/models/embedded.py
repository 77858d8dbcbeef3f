"""What stands around every model that is no transformer: tokens' embeddings before it, scores of tokens behind it.

Knows nothing of what lies between.

Letters: B sentences, T tokens, S tokens of the source, D dims, V tokens of the vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from embviz.models.blocks import drawn
from embviz.models.shape import Shape


class Embedded(nn.Module):
    """Token ids in, vectors out; the same parts as a transformer has, drawn the same."""

    def __init__(self, shape: Shape, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = drawn((shape.vocab, shape.dims), 0.1, generator)
        self.prediction = None if shape.tied else drawn((shape.vocab, shape.dims), 0.1, generator)
        self.norm = nn.Parameter(torch.ones(shape.dims))

    def embedded(self, ids: Tensor) -> Tensor:
        """(B, T) ids -> (B, T, D)."""
        return F.embedding(ids, self.embedding)

    def logits(self, x: Tensor) -> Tensor:
        """(..., D) vectors -> (..., V) scores of every token."""
        return F.linear(x, self.embedding if self.prediction is None else self.prediction)

    def attention(
        self, ids: Tensor, layers: Sequence[int], heads: Sequence[int], source: Tensor | None = None, kind: str = ""
    ) -> Tensor:
        """What a transformer gives here; there is none, as `Shape.kinds` says.

        Raises:
            ValueError: always, in a model without attention.
        """
        raise ValueError(f"a model without attention was asked for its {kind} weights")
