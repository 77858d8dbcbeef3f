"""A head: scores of labels from the vectors of a model, for a text as a whole or for some of its tokens.

Letters: B texts, T tokens, D dims, C labels, G places.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from embviz.models.architectures import Module
from embviz.models.blocks import drawn
from embviz.models.transformer import present


class Labeller(nn.Module):
    """A model and a linear head on it, drawn small, so that at first every label is about as likely."""

    def __init__(self, body: Module, labels: int, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.body = body
        self.weight = drawn((labels, body.shape.dims), 0.02, generator)
        self.bias = nn.Parameter(torch.zeros(labels))

    def forward(self, ids: Tensor, places: Tensor | None = None) -> Tensor:
        """(B, T) ids -> (B, C) scores of each text; or (G, C), of the tokens at those places in the flattened ids."""
        x = self.body(ids)
        vectors = self._whole(x, ids) if places is None else x.flatten(0, 1)[places]
        return F.linear(vectors, self.weight, self.bias)

    def _whole(self, x: Tensor, ids: Tensor) -> Tensor:
        """(B, T, D) -> (B, D): the mean of all tokens; of a decoder the last, which alone has seen all."""
        there = present(ids)
        if there is None:
            there = torch.ones_like(ids, dtype=torch.bool)
        counts = there.sum(1)
        if self.body.shape.causal:
            return x[torch.arange(len(x), device=x.device), counts - 1]
        return (x * there[..., None]).sum(1) / counts[:, None]
