"""Blocks: attention and an MLP, stacked; the same for encoders, decoders and the two halves of a seq2seq model.

Trained through torch's fused attention, looked at through the formula; both see the same, by `Sight`. No biases.

Letters: B sentences, T tokens, S tokens of the source, D dims, H heads, E = D / H dims of a head.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from embviz.models.positions import KINDS, Positions
from embviz.models.shape import Shape
from embviz.models.watching import Listener


@dataclass(frozen=True, eq=False)
class Sight:
    """What queries see.

    Attributes:
        causal: whether only what stands at their place or before it.
        present: (B, T) bool, which keys are tokens and not padding; None where all are.
        bias: (H, T, T), added to the scores; None for nothing.
        listener: told what passes, and may change it; None when nobody watches.
    """

    causal: bool = False
    present: Tensor | None = None
    bias: Tensor | None = None
    listener: Listener | None = None

    def mix(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """(B, H, T, E) each -> (B, H, T, E), each query's mixture of values."""
        changed = None if self.listener is None else self.listener(q, k, v, self.weights)
        return self._fused(q, k, v) if changed is None else changed

    def _fused(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """The mixture by torch's fused attention, which keeps no weights."""
        if q.is_cpu:  # where torch's fused attention takes three times as long in bfloat16
            q, k, v = q.float(), k.float(), v.float()
        with torch.autocast("cpu", enabled=False):
            if self.present is None and self.bias is None:
                return F.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
            return F.scaled_dot_product_attention(q, k, v, attn_mask=self._mask(q, k))

    def weights(self, q: Tensor, k: Tensor, heads: Sequence[int]) -> Tensor:
        """(B, H, T, E) each -> (B, heads, T, T): softmax(Q K^T / sqrt(E)), equation 1 of Vaswani et al. 2017."""
        scores = q[:, list(heads)] / math.sqrt(q.shape[-1]) @ k[:, list(heads)].transpose(-1, -2)
        if self.bias is None and self.present is None and not self.causal:
            return scores.softmax(-1)
        mask = self._mask(q, k)
        return (scores + (mask[:, list(heads)] if mask.shape[1] > 1 else mask)).softmax(-1)

    def _mask(self, q: Tensor, k: Tensor) -> Tensor:
        """(B or 1, H or 1, T, T): the bias, and minus infinity where nothing is to be seen."""
        mask = q.new_zeros(1, 1, q.shape[-2], k.shape[-2]) if self.bias is None else self.bias[None]
        if self.causal:
            later = torch.ones(q.shape[-2], k.shape[-2], dtype=torch.bool, device=q.device).triu(1)
            mask = mask.masked_fill(later, -math.inf)
        if self.present is not None:
            mask = mask.masked_fill(~self.present[:, None, None, :], -math.inf)
        return mask


class Block(nn.Module):
    """Attention, in a seq2seq decoder also to the source, and an MLP; each adds to what it was given.

    Vaswani et al. 2017, section 3.1; the norms before each (`pre`: Xiong et al. 2020) or after (`post`). What a block
    adds is zero at first, which in a short training saves many steps.
    """

    def __init__(self, shape: Shape, crossed: bool = False, generator: torch.Generator | None = None) -> None:
        super().__init__()
        dims = shape.dims
        self.heads, self.pre = shape.heads, shape.norm == "pre"
        self.norm_attention = nn.Parameter(torch.ones(dims))
        self.queries_keys_values = drawn((3 * dims, dims), dims**-0.5, generator)
        self.out = nn.Parameter(torch.zeros(dims, dims))
        self.crossed = crossed
        if crossed:
            self.norm_cross = nn.Parameter(torch.ones(dims))
            self.cross_queries = drawn((dims, dims), dims**-0.5, generator)
            self.cross_keys_values = drawn((2 * dims, dims), dims**-0.5, generator)
            self.cross_out = nn.Parameter(torch.zeros(dims, dims))
        self.norm_mlp = nn.Parameter(torch.ones(dims))
        self.up = drawn((4 * dims, dims), dims**-0.5, generator)
        self.down = nn.Parameter(torch.zeros(dims, 4 * dims))

    def forward(
        self, x: Tensor, sight: Sight, positions: Positions, memory: Tensor | None = None, over: Sight | None = None
    ) -> Tensor:
        """(B, T, D) -> (B, T, D); memory (B, S, D) is what the encoder made of the source, over what of it is seen."""
        x = self._add(x, self.norm_attention, lambda y: self._attend(y, sight, positions))
        if self.crossed:
            assert memory is not None and over is not None
            x = self._add(x, self.norm_cross, lambda y: self._cross(y, memory, over))
        return self._add(x, self.norm_mlp, lambda y: F.linear(F.gelu(F.linear(y, self.up)), self.down))

    def outward(self, crossed: bool = False) -> Tensor:
        """(H, E, D): what takes each head's mixture of values into the vectors that the block gives."""
        matrix = self.cross_out if crossed else self.out
        return matrix.T.unflatten(0, (self.heads, -1))

    def _add(self, x: Tensor, gain: Tensor, part: Callable[[Tensor], Tensor]) -> Tensor:
        """What a part makes of x, added to it; normed before or after."""
        return x + part(normed(x, gain)) if self.pre else normed(x + part(x), gain)

    def _attend(self, y: Tensor, sight: Sight, positions: Positions) -> Tensor:
        return F.linear(_joined(sight.mix(*self._split(y, positions))), self.out)

    def _cross(self, y: Tensor, memory: Tensor, over: Sight) -> Tensor:
        return F.linear(_joined(over.mix(*self._across(y, memory))), self.cross_out)

    def _split(self, y: Tensor, positions: Positions) -> tuple[Tensor, Tensor, Tensor]:
        """(B, T, D) -> queries, keys, values, each (B, H, T, E), the first two turned by their position."""
        parts = F.linear(y, self.queries_keys_values).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        q, k = positions.turned(parts[:2])
        return q, k, parts[2]

    def _across(self, y: Tensor, memory: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(B, T, D) and (B, S, D) -> queries (B, H, T, E), keys and values (B, H, S, E)."""
        q = F.linear(y, self.cross_queries).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        k, v = F.linear(memory, self.cross_keys_values).unflatten(-1, (2, self.heads, -1)).permute(2, 0, 3, 1, 4)
        return q, k, v


class Stack(nn.Module):
    """Blocks one over another, and how they know positions; embeddings in, vectors out."""

    def __init__(self, shape: Shape, causal: bool, crossed: bool, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.causal = causal
        self.positions = KINDS[shape.positions](shape, causal, generator)
        self.blocks = nn.ModuleList(Block(shape, crossed, generator) for _ in range(shape.layers))
        self.norm = nn.Parameter(torch.ones(shape.dims))

    def forward(
        self, x: Tensor, present: Tensor | None = None, memory: Tensor | None = None, over: Sight | None = None
    ) -> Tensor:
        """(B, T, D) embeddings -> (B, T, D) vectors, normed."""
        *_, last = self.layers(x, self.sight(x, present), memory, over)
        return normed(last, self.norm)

    def layers(self, x: Tensor, sight: Sight, memory: Tensor | None = None, over: Sight | None = None) -> list[Tensor]:
        """What each block is given, (B, T, D), and last what the last one gives."""
        given = [self.positions.added(x)]
        for block in self.blocks:
            given.append(block(given[-1], sight, self.positions, memory, over))
        return given

    def sight(self, x: Tensor, present: Tensor | None = None, listener: Listener | None = None) -> Sight:
        """What the tokens (B, T, D) of this stack see of each other."""
        return Sight(self.causal, present, self.positions.bias(x.shape[-2]), listener)


def normed(x: Tensor, gain: Tensor) -> Tensor:
    """Layer norm (Ba et al. 2016) of the last dimension, without a shift."""
    return F.layer_norm(x, gain.shape, gain)


def drawn(shape: tuple[int, int], deviation: float, generator: torch.Generator | None) -> nn.Parameter:
    """A matrix drawn from a normal distribution."""
    return nn.Parameter(torch.empty(shape).normal_(0.0, deviation, generator=generator))


def _joined(mixed: Tensor) -> Tensor:
    """(B, H, T, E), each head's mixture of values -> (B, T, D)."""
    return mixed.transpose(1, 2).flatten(2)
