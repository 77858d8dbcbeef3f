"""Positions: four ways to tell a transformer in which order its tokens stand. Knows nothing of blocks.

Letters: B sentences, T tokens, D dims, H heads, E = D / H dims of a head.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from embviz.models.shape import Shape


class Positions(nn.Module):
    """What a way may do, and does not unless it says so."""

    def added(self, x: Tensor) -> Tensor:
        """(B, T, D) embeddings -> the same, with something of their position in them."""
        return x

    def turned(self, x: Tensor) -> Tensor:
        """(..., T, E) queries or keys -> the same, turned by their position."""
        return x

    def bias(self, length: int) -> Tensor | None:
        """(H, T, T), added to the scores of T queries and T keys; None for nothing."""
        return None


class Rotary(Positions):
    """Queries and keys are turned by an angle that grows with their position (Su et al. 2021, section 3.2.2).

    The base is a tenth of theirs: contexts are short here, and slower turns tell nothing apart.
    """

    def __init__(self, shape: Shape, causal: bool, generator: torch.Generator | None = None) -> None:
        super().__init__()
        cos, sin = rotary(shape.context, shape.head_dims)
        self.cos: Tensor
        self.sin: Tensor
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)

    def turned(self, x: Tensor) -> Tensor:
        return rotated(x, self.cos, self.sin)


class Learned(Positions):
    """A vector for each position, learned, is added to the token's (Gehring et al. 2017; BERT, GPT-2, BART)."""

    def __init__(self, shape: Shape, causal: bool, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.empty(shape.context, shape.dims).normal_(0.0, 0.1, generator=generator))

    def added(self, x: Tensor) -> Tensor:
        return x + self.table[: x.shape[-2]]


class Sinusoidal(Positions):
    """Sines and cosines of the position are added (Vaswani et al. 2017, section 3.5), a tenth as large as theirs, as
    the embeddings are: sqrt(D) times their usual size there, and 0.1 here.
    """

    def __init__(self, shape: Shape, causal: bool, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.table: Tensor
        self.register_buffer("table", 0.1 * sinusoidal(shape.context, shape.dims), persistent=False)

    def added(self, x: Tensor) -> Tensor:
        return x + self.table[: x.shape[-2]]


class Relative(Positions):
    """A number for each head and distance, learned, is added to the scores (Raffel et al. 2020, section 2.1: T5).

    Distances beyond a few share a number, on a logarithmic scale; all layers share them.
    """

    def __init__(self, shape: Shape, causal: bool, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.empty(BUCKETS, shape.heads).normal_(0.0, 0.1, generator=generator))
        self.buckets: Tensor
        self.register_buffer("buckets", buckets(shape.context, causal), persistent=False)

    def bias(self, length: int) -> Tensor:
        return self.table[self.buckets[:length, :length]].permute(2, 0, 1)


KINDS: dict[str, type[Positions]] = {
    "rotary": Rotary,
    "learned": Learned,
    "sinusoidal": Sinusoidal,
    "relative": Relative,
}

BUCKETS, FARTHEST = 32, 128


def rotary(context: int, dims: int, base: float = 1_000.0) -> tuple[Tensor, Tensor]:
    """Cosines and sines (context, dims / 2) of position times frequency."""
    frequencies = base ** (-torch.arange(0, dims, 2, dtype=torch.float64) / dims)
    angles = torch.arange(context, dtype=torch.float64)[:, None] * frequencies
    return angles.cos().float(), angles.sin().float()


def rotated(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn (..., T, E) by each token's position: dimension i is paired with i + E / 2. In float32."""
    turned: Tensor = _Rotation.apply(x.float(), cos[: x.shape[-2]], sin[: x.shape[-2]])
    return turned


class _Rotation(torch.autograd.Function):
    """What is turned has the gradient turned back. torch alone would keep and add up a gradient for each product, which
    took a tenth of a training.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:  # type: ignore[override]
        ctx.save_for_backward(cos, sin)
        return _turn(x, cos, sin)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:  # type: ignore[override]
        cos, sin = ctx.saved_tensors
        return _turn(gradient, cos, -sin), None, None


def _turn(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    turned = torch.empty(x.shape, dtype=x.dtype, device=x.device)
    (a, b), (first, second) = x.chunk(2, -1), turned.chunk(2, -1)
    torch.mul(a, cos, out=first).addcmul_(b, sin, value=-1)
    torch.mul(b, cos, out=second).addcmul_(a, sin)
    return turned


def sinusoidal(context: int, dims: int) -> Tensor:
    """(context, dims): PE(p, 2i) = sin(p / 10000^(2i / dims)), PE(p, 2i + 1) the cosine of the same."""
    frequencies = 10_000.0 ** (-torch.arange(0, dims, 2, dtype=torch.float64) / dims)
    angles = torch.arange(context, dtype=torch.float64)[:, None] * frequencies
    return torch.stack((angles.sin(), angles.cos()), -1).flatten(1)[:, :dims].float()


def buckets(context: int, causal: bool) -> Tensor:
    """(context, context) int64: which of 32 numbers a query (row) and a key (column) get by their distance.

    Half are for keys before the query and half for those after it; a causal model has all for those before. Of each
    direction the first half are a distance each, the rest reach up to 128 on a logarithmic scale (T5's own code; the
    paper only says "logarithmically").
    """
    place = torch.arange(context)
    ahead = place[None, :] - place[:, None]  # of the key
    count = BUCKETS if causal else BUCKETS // 2
    first = torch.zeros_like(ahead) if causal else (ahead > 0) * count
    distance = (-ahead).clamp(min=0) if causal else ahead.abs()
    exact = count // 2
    far = torch.log(distance.clamp(min=1) / exact) / math.log(FARTHEST / exact) * (count - exact)
    return first + torch.where(distance < exact, distance, (exact + far.long()).clamp(max=count - 1))
