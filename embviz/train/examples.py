"""Examples: texts as tokens with what is to be said of them; shared out by the seed, and in batches.

Every draw follows from the seed and the step. Knows nothing of how models learn.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from embviz.models.transformer import padded
from embviz.train.batches import Batch

_CHECKED = 400  # examples, at most, that the validation loss is measured on


@dataclass(frozen=True)
class Example:
    """A text.

    Attributes:
        ids: T tokens.
        targets: numbers of labels: one for the text, or one for each place.
        places: the tokens that have a label; None where the text as a whole has one.
    """

    ids: tuple[int, ...]
    targets: tuple[int, ...]
    places: tuple[int, ...] | None = None


@dataclass(frozen=True, eq=False)
class Examples:
    """Batches of `size` examples: all in turn, in an order of each pass's own; and others to validate with."""

    learned: Sequence[Example]
    checked: Sequence[Example]
    size: int
    seed: int

    def batch(self, step: int) -> Batch:
        """The batch of a step, counted from 1."""
        total = len(self.learned)
        numbers = range((step - 1) * self.size, step * self.size)
        return batch_of([self.learned[_order(self.seed, n // total, total)[n % total]] for n in numbers])

    def validation(self) -> Iterator[Batch]:
        """The same batches each time, of what no step sees."""
        some = np.unique(np.linspace(0, len(self.checked) - 1, _CHECKED).astype(int))
        return batches([self.checked[n] for n in some])


@lru_cache(maxsize=4)
def _order(seed: int, turn: int, total: int) -> np.ndarray:
    return np.random.default_rng([seed, turn]).permutation(total)


def batches(examples: Sequence[Example], size: int = 64) -> Iterator[Batch]:
    """Examples in their order, `size` at a time."""
    for first in range(0, len(examples), size):
        yield batch_of(examples[first : first + size])


def batch_of(examples: Sequence[Example]) -> Batch:
    """Some examples as one batch."""
    ids = padded([example.ids for example in examples])
    targets = torch.tensor([target for example in examples for target in example.targets])
    if examples[0].places is None:
        return Batch(ids, targets)
    places = [row * ids.shape[1] + place for row, each in enumerate(examples) for place in each.places or ()]
    return Batch(ids, targets, torch.tensor(places))


def stratified(labels: Sequence[int], share: float, parts: int, seed: int) -> list[list[int]]:
    """Numbers of texts: those to learn from, then `parts` parts, each with `share` of the texts of every label, and
    one at least.
    """
    shared: list[list[int]] = [[] for _ in range(parts + 1)]
    for label in sorted(set(labels)):
        rows = np.flatnonzero(np.asarray(labels) == label)
        rows = np.random.default_rng([seed, label]).permutation(rows).tolist()
        count = max(1, round(share * len(rows)))
        for part in range(1, parts + 1):
            shared[part] += [rows.pop() for _ in range(min(count, len(rows)))]
        shared[0] += rows
    return [sorted(part) for part in shared]


def covering(labels: Sequence[Collection[int]], share: float, parts: int, seed: int) -> list[list[int]]:
    """Numbers of sentences likewise, of which each has many labels: every label is among those to learn from. The
    last parts are empty where too few sentences are left for them.
    """
    order = np.random.default_rng([seed, 0]).permutation(len(labels)).tolist()
    seen: set[int] = set()
    first: list[int] = []
    others: list[int] = []
    for number in order:
        (others if seen.issuperset(labels[number]) else first).append(number)
        seen.update(labels[number])
    count = max(1, round(share * len(labels)))
    held = [others[part * count : (part + 1) * count] for part in range(parts)]
    return [sorted(part) for part in (first + others[parts * count :], *held)]
