"""Corpus: sentences that can be read again and again, and the facts about where they come from.

Streams: at no time is more than a piece of it in memory. Knows nothing of registries, models and the shell.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import regex

from embviz.errors import EmbvizError
from embviz.text.splitter import sentences
from embviz.text.tokenizer import segmented_words, words

LONGEST = 1_000
"""Words: a longer sentence comes in several lists. gensim drops all after the 10,000th without a word."""

At = Callable[[float], None]
"""at(share): told now and then which share of the bytes is read, 0 to 1."""


class Pieces(Protocol):
    """Where text comes from: pieces that end where a line or a word ends, in order, the same every time."""

    def pieces(self, at: At | None = None) -> Iterator[str]: ...

    def sha256(self) -> str: ...


@dataclass(frozen=True)
class Corpus:
    """A text as sentences; iterating gives each as a list of words, and works any number of times.

    Attributes:
        name: what to call it in messages and titles.
        text: where the text comes from.
        language: of the text, such as `en` or `zh`; None where nobody said.
        licence: what its owners allow; None where nobody said.
        source: where it comes from, for a person: an address, a package, a file.
        segmented: whether white space separates its words already, as in a segmented Chinese text.
        reading: how its file is read, where that must be said: its `column`, its `encoding`.
    """

    name: str
    text: Pieces
    language: str | None = None
    licence: str | None = None
    source: str = ""
    segmented: bool = False
    reading: Mapping[str, str] = field(default_factory=dict, hash=False)

    @classmethod
    def of(cls, texts: Iterable[str], name: str = "text", **facts: Any) -> Corpus:
        """A corpus of a few texts in memory, or of one."""
        return cls(name, _InMemory((texts,) if isinstance(texts, str) else tuple(texts)), **facts)

    def __iter__(self) -> Iterator[list[str]]:
        return self.words()

    def sentences(self, at: At | None = None) -> Iterator[str]:
        """Each sentence as it is written, with case and punctuation; stripped, never empty, at most 2,000 characters.

        Raises:
            EmbvizError: there is none, or the text cannot be read.
        """
        for sentence in self._sentences(at):
            yield _joined(sentence) if self.segmented else sentence

    def words(self, at: At | None = None) -> Iterator[list[str]]:
        """Each sentence as its words in lower case: 1 to 1,000 of them; sentences without a word are passed over.

        Raises:
            EmbvizError: there is not one word, or the text cannot be read.
        """
        cut = segmented_words if self.segmented else words
        some = False
        for sentence in self._sentences(at):
            found = cut(sentence)
            for start in range(0, len(found), LONGEST):
                some = True
                yield found[start : start + LONGEST]
        if not some:
            raise EmbvizError(f"'{self.name}' holds not one word. Is it a text?")

    def sha256(self) -> str:
        """The hash of the bytes that the text is read from, in hexadecimal."""
        return self.text.sha256()

    def facts(self) -> dict[str, Any]:
        """What a run should remember of the text it was made from; goes into JSON."""
        return {
            "name": self.name,
            "language": self.language,
            "licence": self.licence,
            "source": self.source,
            "sha256": self.sha256(),
            **self.reading,
        }

    def _sentences(self, at: At | None) -> Iterator[str]:
        some = False
        for piece in self.text.pieces(at):
            for sentence in sentences(piece):
                some = True
                yield sentence
        if not some:
            raise EmbvizError(f"'{self.name}' holds no text, only white space.")


@dataclass(frozen=True)
class _InMemory:
    texts: tuple[str, ...]

    def pieces(self, at: At | None = None) -> Iterator[str]:
        for done, text in enumerate(self.texts, 1):
            yield text
            if at:
                at(done / len(self.texts))

    def sha256(self) -> str:
        return hashlib.sha256("\n".join(self.texts).encode()).hexdigest()


_WIDE = r"\p{Han}\p{Hiragana}\p{Katakana}\u3000-\u303f\uff00-\uffef“”‘’—…"
_SPACE = regex.compile(rf"(?<=[{_WIDE}])\s+|\s+(?=[{_WIDE}])")


def _joined(sentence: str) -> str:
    """A segmented sentence as people write it: no white space beside Chinese characters and their marks."""
    return _SPACE.sub("", sentence)
