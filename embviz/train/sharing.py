"""Sharing: a batch in parts, one for each of several processes, and each part as numbers to send.

The parts together are exactly the batch. Knows nothing of how they travel, of models and of steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from embviz.train.batches import Batch

HEADER = 9
"""Numbers that stand before those of a share."""


@dataclass(frozen=True, eq=False)
class Share:
    """What one process learns from.

    Attributes:
        batch: rows of a batch.
        guessed: how many of the tokens to be guessed are in it; with none, its batch is there for its form only.
        total: how many there are in all shares.
        step: the step that it belongs to, counted from 1.
        last: whether it is the last of the step.
    """

    batch: Batch
    guessed: int
    total: int
    step: int
    last: bool

    @property
    def weight(self) -> float:
        """What the mean loss over this share counts in that over all."""
        return self.guessed / self.total

    def packed(self) -> tuple[Tensor, Tensor]:
        """(HEADER,) and (N,) int64: what the share is, and its tokens; N is the first number."""
        batch = self.batch
        parts = [part for part in (batch.ids, batch.targets, batch.places, batch.source) if part is not None]
        body = torch.cat([part.flatten() for part in parts])
        wide = 0 if batch.source is None else batch.source.shape[1]
        header = [len(body), self.guessed, self.total, self.step, self.last, *batch.ids.shape, wide,
                  batch.places is not None]  # fmt: skip
        return torch.tensor(header), body

    @classmethod
    def unpacked(cls, header: Tensor, body: Tensor) -> Share:
        """The share that was packed."""
        size, guessed, total, step, last, rows, long, wide, placed = header.tolist()
        rest = size - rows * (long + wide)
        count = rest // 2 if placed else rest
        sizes = [rows * long, count, count if placed else 0, rows * wide]
        ids, targets, places, source = body.split(sizes)
        batch = Batch(
            ids.view(rows, long), targets, places if placed else None, source.view(rows, wide) if wide else None
        )
        return cls(batch, guessed, total, step, bool(last))


def shared(batch: Batch, count: int, step: int, last: bool) -> list[Share]:
    """A batch in so many shares, of about as many rows; what is left over goes to the first."""
    found = []
    for numbers in torch.arange(len(batch.ids)).tensor_split(count):
        part, guessed = _rows(batch, numbers)
        found.append(Share(part, guessed, len(batch.targets), step, last))
    return found


def _rows(batch: Batch, numbers: Tensor) -> tuple[Batch, int]:
    """Rows of a batch, and how many tokens are to be guessed in them; where that is none, one that counts nothing."""
    long = batch.ids.shape[1]
    rows = numbers if len(numbers) else torch.zeros(1, dtype=torch.long)
    source = None if batch.source is None else batch.source[rows]
    first, end = int(rows[0]) * long, (int(rows[-1]) + 1) * long
    if batch.places is None:
        return Batch(batch.ids[rows], batch.targets[first:end], None, source), len(numbers) * long
    here = (batch.places >= first) & (batch.places < end)
    targets, places = batch.targets[here], batch.places[here] - first
    guessed = len(targets) if len(numbers) else 0
    if not len(targets):
        targets, places = torch.ones(1, dtype=torch.long), torch.zeros(1, dtype=torch.long)
    return Batch(batch.ids[rows], targets, places, source), guessed


def moved(batch: Batch, device: torch.device) -> Batch:
    """A batch on a device."""
    if device.type == "cpu":
        return batch
    to: Callable[[Tensor | None], Tensor | None] = lambda part: None if part is None else part.to(device)  # noqa: E731
    return Batch(batch.ids.to(device), batch.targets.to(device), to(batch.places), to(batch.source))
