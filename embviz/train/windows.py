"""Windows: the stretches of text that each step sees, and what is to be guessed in them.

Every draw follows from (seed, step). Knows nothing of models and of how they learn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from embviz.errors import EmbvizError
from embviz.models.tokens import CLS, MASK, SPECIALS

if TYPE_CHECKING:
    from embviz.models import Shape
    from embviz.train.subwords import Stream

_SHARE = 20  # one part in so many is kept for validation
_CHECKED = 32  # windows, at most, that the validation loss is measured on
_START, _HIDDEN = SPECIALS.index(CLS), SPECIALS.index(MASK)


@dataclass(frozen=True, eq=False)
class Batch:
    """What a step sees.

    Attributes:
        ids: (B, T) tokens, each row starting with [CLS].
        targets: (G,) the tokens to be guessed.
        places: (G,) where they are in the flattened ids; None for all places in turn, as in a decoder.
    """

    ids: torch.Tensor
    targets: torch.Tensor
    places: torch.Tensor | None


@dataclass(frozen=True, eq=False)
class Windows:
    """Stretches of a stream, each from the start of a sentence on; the last 5% of the stream is for validation."""

    stream: Stream
    shape: Shape
    size: int
    mask: float
    seed: int
    cut: int
    starts: np.ndarray
    checked: np.ndarray

    @classmethod
    def of(cls, stream: Stream, shape: Shape, size: int, mask: float, seed: int, name: str) -> Windows:
        """Windows of `shape.context` tokens, `size` of them in a batch.

        Raises:
            EmbvizError: the stream is too short for one window to train on and one to validate with.
        """
        total, width = len(stream.ids), shape.context
        if total < _SHARE * width:
            raise EmbvizError(
                f"'{name}' has {total:,} tokens, and {_SHARE * width:,} are needed to train with a "
                f"context of {width}: give more text, or lower --context."
            )
        cut = total - total // _SHARE
        starts = stream.starts[: np.searchsorted(stream.starts, cut - width, "right")]
        checked = stream.starts[np.searchsorted(stream.starts, cut) :]
        checked = np.append([cut], checked[checked <= total - width])
        some = np.unique(np.linspace(0, len(checked) - 1, _CHECKED).astype(int))
        return cls(stream, shape, size, mask, seed, cut, starts, checked[some])

    def batch(self, step: int) -> Batch:
        """The batch of a step, counted from 1."""
        random = np.random.default_rng([self.seed, step])
        return self._batch(self.starts[random.integers(len(self.starts), size=self.size)], random)

    def validation(self) -> Iterator[Batch]:
        """The same windows with the same masks each time, in batches."""
        random = np.random.default_rng([self.seed, 0])
        for first in range(0, len(self.checked), self.size):
            yield self._batch(self.checked[first : first + self.size], random)

    def _batch(self, starts: np.ndarray, random: np.random.Generator) -> Batch:
        text = self.stream.ids[starts[:, None] + np.arange(self.shape.context)].astype(np.int64)
        ids = np.concatenate([np.full((len(starts), 1), _START), text[:, :-1]], axis=1)
        if self.shape.causal:
            return Batch(torch.from_numpy(ids), torch.from_numpy(text.ravel()), None)
        places = _hidden(ids, self.mask, random)
        targets = ids.ravel()[places]
        _disguise(ids, places, self.shape.vocab, random)
        return Batch(torch.from_numpy(ids), torch.from_numpy(targets), torch.from_numpy(places))


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
