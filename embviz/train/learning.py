"""Learning: the gradients of a batch, on the device that there is, alone or shared out among processes.

Knows nothing of steps, optimizers and files.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from embviz.train.batches import Batch
from embviz.train.devices import precision
from embviz.train.processes import count, noticed, send, summed
from embviz.train.sharing import Share, moved, shared

Loss = Callable[[Any, Batch], Tensor]
"""loss(module, batch): the mean over the targets of a batch, to be made small."""


class Learner:
    """Adds up gradients in a module's parameters.

    With several processes these are the same in all of them after the last batch of a step: DistributedDataParallel
    (Li et al. 2020) means them, as one process would for the whole batch.
    """

    def __init__(self, module: nn.Module, loss: Loss, device: torch.device, precise: str) -> None:
        self.module = _WithLoss(module, loss, device, precise)
        self.several = DistributedDataParallel(self.module) if count() > 1 else None

    def learn(self, batch: Batch, step: int, parts: int, last: bool) -> float:
        """Add the gradients of a batch's mean loss, a part of its step's; gives that part, and adds none where it is
        no number.

        Raises:
            ProcessLostError: another process ended before its time.
        """
        if self.several is not None:
            shares = shared(batch, count(), step, last)
            with noticed():
                send(shares)
            return self.learn_from(shares[0], parts)
        loss = self.module(batch) / parts
        value = loss.item()
        if math.isfinite(value):
            loss.backward()
        return value

    def learn_from(self, share: Share, parts: int) -> float:
        """The same for one's own share of a batch; gives the part of all."""
        assert self.several is not None
        with noticed(), nullcontext() if share.last else self.several.no_sync():
            loss = self.several(share.batch) * share.weight / parts
            value = summed(loss)
            if math.isfinite(value):
                (loss * count()).backward()
        return value

    @torch.no_grad()
    def measured(self, batch: Batch) -> float:
        """The mean loss over a batch."""
        return float(self.module(batch))


class _WithLoss(nn.Module):
    """A module whose output is its loss, as DistributedDataParallel wants it."""

    def __init__(self, module: nn.Module, loss: Loss, device: torch.device, precise: str) -> None:
        super().__init__()
        self.module, self.loss, self.device, self.precise = module, loss, device, precise

    def forward(self, batch: Batch) -> Tensor:
        with precision(self.device, self.precise):
            return self.loss(self.module, moved(batch, self.device))
