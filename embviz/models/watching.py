"""Watching: what passes through a model's attention is kept, and heads are switched off or sharpened on the way.

The same for models that were trained here and elsewhere; where nothing is changed a model computes as it always does.

Letters: B sentences, T queries, K keys, D dims, H heads, E dims of a head.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from embviz.models.changes import Changes

Layer = tuple[str, int]
"""A kind of attention (encoder, decoder or cross), and a layer's number."""

Weigh = Callable[[Tensor, Tensor, Sequence[int]], Tensor]
"""Queries (B, H, T, E), keys (B, H, K, E) and numbers of heads in, weights of these (B, heads, T, K) out."""


@dataclass(frozen=True, eq=False)
class Passed:
    """What passed through the attention of one layer.

    Attributes:
        weights: (B, heads, T, K), of the heads that were asked for.
        queries: (B, H, T, E), turned by their positions where the model turns them.
        keys: (B, H, K, E), likewise.
        values: (B, H, K, E).
    """

    weights: Tensor
    queries: Tensor
    keys: Tensor
    values: Tensor


class Watch:
    """Stands where attention mixes values; of one run of a model.

    Attributes:
        passed: what was kept, by kind and layer.
    """

    def __init__(
        self,
        keep: Collection[Layer] = (),
        heads: Sequence[int] | None = None,
        changes: Changes | None = None,
        graph: bool = False,
    ) -> None:
        """Args:
        keep: layers of which all is kept.
        heads: whose weights are kept; all by default.
        changes: heads that are switched off, sharpened or flattened.
        graph: whether what the model gives is to follow from the kept weights, for their gradients.
        """
        changes = changes or Changes()
        self.keep, self.heads, self.graph = set(keep), heads, graph
        self.off, self.temperature = changes.off, dict(changes.temperature)
        self.passed: dict[Layer, Passed] = {}

    def weights(self, kind: str, layers: Sequence[int]) -> Tensor:
        """(layers, heads, T, K) of the first sentence, in float32. Each layer is let go as it is copied: of long texts
        there is no room for all twice.
        """
        first = self.passed[kind, layers[0]].weights[0]
        out = first.new_empty((len(layers), *first.shape), dtype=torch.float32)
        for layer in set(layers):
            out[[i for i, each in enumerate(layers) if each == layer]] = (
                self.passed.pop((kind, layer)).weights[0].float()
            )
        return out

    def passing(self, layer: Layer, q: Tensor, k: Tensor, v: Tensor, weigh: Weigh) -> Tensor | None:
        """The mixture (B, H, T, E) where it is another than the model's own; None where it is not."""
        of_layer = [head for head in (*self.off, *self.temperature) if head[:2] == layer]
        changed = bool(of_layer) or (self.graph and layer in self.keep)
        if not changed and layer not in self.keep:
            return None
        everyone = range(q.shape[1])
        weights = weigh(q, k, everyone if changed or self.heads is None else self.heads)
        for head in everyone:
            if (*layer, head) in self.temperature:
                weights = _replaced(weights, head, tempered(weights[:, head], self.temperature[*layer, head]))
        if layer in self.keep:
            some = weights if not changed or self.heads is None else weights[:, list(self.heads)]
            self.passed[layer] = Passed(some, q, k, v)
        if not changed:
            return None
        mixed = weights @ v
        for head in everyone:
            if (*layer, head) in self.off:
                mixed = _replaced(mixed, head, torch.zeros_like(mixed[:, head]))
        return mixed


class Listener:
    """One kind of attention of a watched run; its layers come one after another."""

    def __init__(self, watch: Watch, kind: str) -> None:
        self.watch, self.kind, self.layer = watch, kind, -1

    def __call__(self, q: Tensor, k: Tensor, v: Tensor, weigh: Weigh) -> Tensor | None:
        """See `Watch.passing`; each call is the next layer."""
        self.layer += 1
        return self.watch.passing((self.kind, self.layer), q, k, v, weigh)


def heard(watch: Watch | None, kind: str) -> Listener | None:
    """What a stack of this kind of attention is given, where someone watches."""
    return None if watch is None else Listener(watch, kind)


def tempered(weights: Tensor, temperature: float) -> Tensor:
    """softmax(s / t) from softmax(s), as w^(1/t) over its sum: whatever was added to the scores is divided too."""
    sharp = (weights.clamp(min=torch.finfo(weights.dtype).tiny).log() / temperature).masked_fill(
        weights == 0, -torch.inf
    )
    return sharp.softmax(-1)


def _replaced(of_heads: Tensor, head: int, new: Tensor) -> Tensor:
    """(B, H, …) with one head's part another; nothing is written into, for the gradients' sake."""
    return torch.stack([new if number == head else each for number, each in enumerate(of_heads.unbind(1))], 1)
