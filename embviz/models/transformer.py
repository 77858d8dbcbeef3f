"""The transformer, one for both families: trained through torch's fused attention, looked at through the formula.

Pre-norm blocks without biases, rotary positions, GELU, and one matrix for the embedding of tokens and for their
prediction. Knows nothing of tokenizers, files and training.

Letters: B sentences, T tokens, D dims, H heads, E = D / H dims of a head, V tokens of the vocabulary.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from embviz.models.shape import Shape


class Transformer(nn.Module):
    """Token ids in, vectors out, or the attention weights on the way.

    Weights are drawn from a normal distribution by `generator`, so that the same seed gives the same model; what a
    block adds is zero at first, and embeddings are larger than usual (0.1): in a short training both save many steps.
    """

    def __init__(self, shape: Shape, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = _drawn((shape.vocab, shape.dims), 0.1, generator)
        self.blocks = nn.ModuleList(Block(shape, generator) for _ in range(shape.layers))
        self.norm = nn.Parameter(torch.ones(shape.dims))
        cos, sin = rotary(shape.context, shape.head_dims)
        self.cos: Tensor
        self.sin: Tensor
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)

    def forward(self, ids: Tensor) -> Tensor:
        """(B, T) ids -> (B, T, D) vectors, normed, ready for `logits`."""
        x = F.embedding(ids, self.embedding)
        for block in self.blocks:
            x = block(x, self.cos, self.sin)
        return _normed(x, self.norm)

    def logits(self, x: Tensor) -> Tensor:
        """(..., D) vectors -> (..., V) scores of every token; the embedding read the other way round."""
        return F.linear(x, self.embedding)

    def attention(self, ids: Tensor, layers: Sequence[int], heads: Sequence[int]) -> Tensor:
        """(T,) ids -> (layers, heads, T, T) weights; row i says what token i looks at, and sums to 1."""
        x = F.embedding(ids[None], self.embedding)
        found = {}
        for layer in range(max(layers) + 1):
            block = cast(Block, self.blocks[layer])
            if layer in layers:
                found[layer] = block.weights(x, self.cos, self.sin, heads)[0]
            x = block(x, self.cos, self.sin)
        return torch.stack([found[layer] for layer in layers])


class Block(nn.Module):
    """Attention and an MLP, each adding to what it was given (Vaswani et al. 2017, section 3; pre-norm)."""

    def __init__(self, shape: Shape, generator: torch.Generator | None = None) -> None:
        super().__init__()
        dims = shape.dims
        self.heads, self.causal = shape.heads, shape.causal
        self.norm_attention = nn.Parameter(torch.ones(dims))
        self.queries_keys_values = _drawn((3 * dims, dims), dims**-0.5, generator)
        self.out = nn.Parameter(torch.zeros(dims, dims))
        self.norm_mlp = nn.Parameter(torch.ones(dims))
        self.up = _drawn((4 * dims, dims), dims**-0.5, generator)
        self.down = nn.Parameter(torch.zeros(dims, 4 * dims))

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """(B, T, D) -> (B, T, D)."""
        q, k, v = self._project(x, cos, sin)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        x = x + self.joined(mixed)
        return x + F.linear(F.gelu(F.linear(_normed(x, self.norm_mlp), self.up)), self.down)

    def weights(self, x: Tensor, cos: Tensor, sin: Tensor, heads: Sequence[int]) -> Tensor:
        """(B, T, D) -> (B, heads, T, T): softmax(Q K^T / sqrt(E)), equation 1 of Vaswani et al. 2017."""
        q, k, _ = self._project(x, cos, sin)
        q, k = q[:, list(heads)], k[:, list(heads)]
        scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
        if self.causal:
            later = torch.ones(scores.shape[-2:], dtype=torch.bool, device=x.device).triu(1)
            scores = scores.masked_fill(later, -math.inf)
        return scores.softmax(-1)

    def joined(self, mixed: Tensor) -> Tensor:
        """(B, H, T, E), each head's mixture of values -> (B, T, D), what attention adds."""
        return F.linear(mixed.transpose(1, 2).flatten(2), self.out)

    def _project(self, x: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(B, T, D) -> queries, keys, values, each (B, H, T, E), the first two turned by their position."""
        both = F.linear(_normed(x, self.norm_attention), self.queries_keys_values)
        q, k, v = both.unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        return rotated(q, cos, sin), rotated(k, cos, sin), v


def rotary(context: int, dims: int, base: float = 1_000.0) -> tuple[Tensor, Tensor]:
    """Cosines and sines (context, dims / 2) of position times frequency (Su et al. 2021, section 3.2.2).

    The base is a tenth of theirs: contexts are short here, and slower turns tell nothing apart.
    """
    frequencies = base ** (-torch.arange(0, dims, 2, dtype=torch.float64) / dims)
    angles = torch.arange(context, dtype=torch.float64)[:, None] * frequencies
    return angles.cos().float(), angles.sin().float()


def rotated(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn (B, H, T, E) by each token's position: dimension i is paired with i + E / 2."""
    cos, sin = cos[: x.shape[-2]], sin[: x.shape[-2]]
    a, b = x.chunk(2, -1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)


def _normed(x: Tensor, gain: Tensor) -> Tensor:
    return F.layer_norm(x, gain.shape, gain)


def _drawn(shape: tuple[int, int], deviation: float, generator: torch.Generator | None) -> nn.Parameter:
    return nn.Parameter(torch.empty(shape).normal_(0.0, deviation, generator=generator))
