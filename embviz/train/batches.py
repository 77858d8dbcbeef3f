"""Batches: what each step sees and what is to be guessed in it. Every draw follows from (seed, step).

Three ways to learn from a text: hidden tokens are guessed (an encoder), the next token is (a decoder), or a damaged
text is written anew (a seq2seq model); and one from pairs. Knows nothing of models and of how they learn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch

from embviz.errors import EmbvizError
from embviz.models.tokens import CLS, MASK, PAD, SEP, SPECIALS
from embviz.models.transformer import padded

if TYPE_CHECKING:
    from embviz.models import Shape
    from embviz.train.stream import Stream

SHARE = 20
"""One part in so many is kept for validation, unless told otherwise."""

_CHECKED = 32  # windows, at most, that the validation loss is measured on
_PAD, _START, _END, _HIDDEN = (SPECIALS.index(mark) for mark in (PAD, CLS, SEP, MASK))


@dataclass(frozen=True, eq=False)
class Batch:
    """What a step sees.

    Attributes:
        ids: (B, T) tokens.
        targets: (G,) the tokens to be guessed.
        places: (G,) where they are in the flattened ids; None for all places in turn, as in a decoder.
        source: (B, S) tokens of what a seq2seq model reads, padded; None for other models.
    """

    ids: torch.Tensor
    targets: torch.Tensor
    places: torch.Tensor | None = None
    source: torch.Tensor | None = None


class Batches(Protocol):
    """Where a training gets its batches from."""

    def batch(self, step: int) -> Batch:
        """The batch of a step, counted from 1."""

    def validation(self) -> Iterator[Batch]:
        """The same batches each time, of what no step sees."""


@dataclass(frozen=True, eq=False)
class Windows:
    """Stretches of a stream; its last part is for validation.

    A decoder's begin anywhere, an encoder's and a seq2seq model's with a sentence.
    """

    stream: Stream
    shape: Shape
    size: int
    mask: float
    seed: int
    cut: int
    checked: np.ndarray

    @classmethod
    def of(
        cls, stream: Stream, shape: Shape, size: int, mask: float, seed: int, name: str, held: float = 1 / SHARE
    ) -> Windows:
        """Windows of `shape.context` tokens, `size` of them in a batch; `held` of the stream is for validation.

        Raises:
            EmbvizError: the stream is too short for one window to train on and one to validate with.
        """
        total, width = len(stream.ids), shape.context + 1
        cut = total - int(total * held)
        if min(cut, total - cut) < width:
            least = int(np.ceil(width / min(held, 1 - held)))
            raise EmbvizError(
                f"'{name}' has {total:,} tokens, and {least:,} are needed to train with a context of "
                f"{shape.context} and to keep {held:.0%} for validation: give more text, or lower --context."
            )
        if shape.family == "decoder":
            checked = np.arange(cut, total - width + 1)
        else:
            starts = stream.starts[np.searchsorted(stream.starts, cut) :]
            checked = np.append([cut], starts[starts <= total - width])
        some = np.unique(np.linspace(0, len(checked) - 1, _CHECKED).astype(int))
        return cls(stream, shape, size, mask, seed, cut, checked[some])

    def batch(self, step: int) -> Batch:
        random = np.random.default_rng([self.seed, step])
        last = self.cut - self.shape.context - 1  # where a window can begin
        if self.shape.family == "decoder":
            return self._batch(random.integers(last + 1, size=self.size), random)
        known = int(np.searchsorted(self.stream.starts, last, "right"))
        return self._batch(self.stream.starts[random.integers(known, size=self.size)], random)

    def validation(self) -> Iterator[Batch]:
        random = np.random.default_rng([self.seed, 0])
        for first in range(0, len(self.checked), self.size):
            yield self._batch(self.checked[first : first + self.size], random)

    def _batch(self, starts: np.ndarray, random: np.random.Generator) -> Batch:
        text = self.stream.ids[starts[:, None] + np.arange(self.shape.context + 1)].astype(np.int64)
        make = {"encoder": hidden, "decoder": following, "seq2seq": infilled}[self.shape.family]
        return make(text, self.mask, self.shape.vocab, random)


@dataclass(frozen=True, eq=False)
class PairBatches:
    """Sources and their targets; the last part of the pairs is for validation. Longer ones are cut to the context."""

    sources: Stream
    targets: Stream
    shape: Shape
    size: int
    seed: int
    cut: int

    @classmethod
    def of(
        cls, sources: Stream, targets: Stream, shape: Shape, size: int, seed: int, name: str, held: float = 1 / SHARE
    ) -> PairBatches:
        """`size` pairs in a batch; `held` of the pairs is for validation.

        Raises:
            EmbvizError: there are too few for both.
        """
        total = len(sources.starts)
        cut = total - int(np.ceil(total * held))
        if cut < 1 or cut == total:
            raise EmbvizError(
                f"'{name}' has {total:,} pairs, of which {held:.0%} are for validation: there must be one at least to "
                "train on and one to validate with. Give more."
            )
        return cls(sources, targets, shape, size, seed, cut)

    def batch(self, step: int) -> Batch:
        random = np.random.default_rng([self.seed, step])
        return self._batch(random.integers(self.cut, size=self.size))

    def validation(self) -> Iterator[Batch]:
        total = len(self.sources.starts)
        some = np.unique(np.linspace(self.cut, total - 1, 8 * _CHECKED).astype(int))
        for first in range(0, len(some), self.size):
            yield self._batch(some[first : first + self.size])

    def _batch(self, numbers: np.ndarray) -> Batch:
        context = self.shape.context
        sources = [[_START, *self.sources.line(n)[: context - 2], _END] for n in numbers]
        targets = [[_START, *self.targets.line(n)[: context - 1], _END] for n in numbers]
        return written(sources, targets)


def following(text: np.ndarray, share: float, vocab: int, random: np.random.Generator) -> Batch:
    """Each token of text (B, T + 1) is to be guessed from those before it (Radford et al. 2018, section 3.1)."""
    ids, targets = (torch.from_numpy(np.ascontiguousarray(part)) for part in (text[:, :-1], text[:, 1:]))
    return Batch(ids, targets.flatten())


def hidden(text: np.ndarray, share: float, vocab: int, random: np.random.Generator) -> Batch:
    """A share of the tokens of text (B, T + 1) is hidden, and is to be guessed (Devlin et al. 2019, section 3.1)."""
    ids = np.concatenate([np.full((len(text), 1), _START), text[:, :-2]], axis=1)
    places = _hidden(ids, share, random)
    targets = ids.ravel()[places]
    _disguise(ids, places, vocab, random)
    return Batch(torch.from_numpy(ids), torch.from_numpy(targets), torch.from_numpy(places))


def infilled(text: np.ndarray, share: float, vocab: int, random: np.random.Generator) -> Batch:
    """Stretches of text (B, T + 1) are replaced by one [MASK] each, and all of it is to be written
    (Lewis et al. 2020, section 2.2: text infilling, lengths drawn from a Poisson distribution of mean 3).
    """
    text = text[:, :-2]
    sources = [[_START, *_with_gaps(row, share, random)] for row in text]
    return written(sources, [[_START, *row] for row in text])


def written(sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]) -> Batch:
    """Sources are read, and each target is written token by token, from its own first on."""
    whole = padded(targets)
    ids, wanted = whole[:, :-1].contiguous(), whole[:, 1:].flatten()
    places = torch.nonzero(wanted != _PAD)[:, 0]
    return Batch(ids, wanted[places], places, padded(sources))


def _with_gaps(row: np.ndarray, share: float, random: np.random.Generator) -> list[int]:
    """A row whose stretches, `share` of its tokens in all, are each one [MASK]."""
    gone, left = np.zeros(len(row), bool), round(share * len(row))
    while left > 0:
        length = min(left, max(1, int(random.poisson(3))))
        start = int(random.integers(len(row) - length + 1))
        left -= length
        gone[start : start + length] = True
    first = gone & ~np.concatenate([[False], gone[:-1]])
    return [_HIDDEN if begins else int(token) for token, begins, out in zip(row, first, gone, strict=True)
            if begins or not out]  # fmt: skip


def _hidden(ids: np.ndarray, share: float, random: np.random.Generator) -> np.ndarray:
    """Places in the flattened ids that are to be guessed: no marks, and one at least."""
    can = np.flatnonzero(ids >= len(SPECIALS))
    if not len(can):
        can = np.arange(ids.size)
    count = max(1, round(share * len(can)))
    return np.sort(random.permutation(can)[:count])


def _disguise(ids: np.ndarray, places: np.ndarray, vocab: int, random: np.random.Generator) -> None:
    """Of the places, make 80% [MASK], 10% any token, and leave 10% (Devlin et al. 2019, section 3.1)."""
    dice = random.random(len(places))
    flat = ids.ravel()
    flat[places[dice < 0.8]] = _HIDDEN
    anything = places[dice >= 0.9]
    flat[anything] = random.integers(1, vocab, len(anything))  # but [PAD]
