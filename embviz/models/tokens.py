"""Tokens of a sentence, mapped back to what was typed. Knows nothing of torch and of attention."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PAD, UNK, CLS, SEP, MASK = SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
"""Marks that are no text, the first rows of every vocabulary: filling, not in the vocabulary, start, end, hidden."""


@dataclass(frozen=True)
class Marks:
    """Which ids of a vocabulary are marks, and what for.

    Attributes:
        start: what a seq2seq model's writing begins with.
        ends: any of them ends what is written.
        mask: what stands where a token is hidden; None where there is none.
        never: what is neither written nor put in a gap.
    """

    start: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()
    mask: int | None = None
    never: tuple[int, ...] = ()


def own_marks(family: str) -> Marks:
    """The marks of a model that was trained here: a decoder's texts end where the next begins, with [CLS]."""
    start, end, mask = (SPECIALS.index(mark) for mark in (CLS, SEP, MASK))
    every = tuple(range(len(SPECIALS)))
    if family == "encoder":
        return Marks(mask=mask, never=every)
    end = start if family == "decoder" else end
    return Marks((start,) if family == "seq2seq" else (), (end,), mask, tuple(each for each in every if each != end))


@dataclass(frozen=True)
class Tokens:
    """A sentence as T tokens.

    Attributes:
        ids: T rows of the vocabulary.
        texts: T pieces of the sentence as typed; the marks that were put around it by their name.
        offsets: T pairs (start, end) of characters in the sentence; (0, 0) for those marks.
    """

    ids: tuple[int, ...]
    texts: tuple[str, ...]
    offsets: tuple[tuple[int, int], ...]

    def __len__(self) -> int:
        return len(self.ids)


def tokens_of(tokenizer: Tokenizer, sentence: str) -> Tokens:
    """The tokens of a sentence, with the marks of its start and, for an encoder, its end."""
    sentence = sentence.encode(errors="replace").decode()  # half an emoji is no text, and the tokenizer refuses it
    encoding = tokenizer.encode(sentence)
    texts = tuple(
        sentence[start:end] or token for token, (start, end) in zip(encoding.tokens, encoding.offsets, strict=True)
    )
    return Tokens(tuple(encoding.ids), texts, tuple(encoding.offsets))
