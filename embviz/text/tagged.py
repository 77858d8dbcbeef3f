"""Tagged text: sentences whose every word has a label, a word a line, as in the shared tasks of CoNLL.

A word and its label stand on a line, parted by a tab or by spaces, perhaps with other columns between; an empty line
ends a sentence. Knows nothing of models.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from embviz.errors import EmbvizError
from embviz.text.corpus import At

Sentence = tuple[tuple[str, ...], tuple[str, ...]]
"""The words of a sentence, and a label for each."""


class Source(Protocol):
    """Where the lines come from."""

    def pieces(self, at: At | None = None) -> Iterator[str]: ...

    def sha256(self) -> str: ...


@dataclass(frozen=True)
class Tagged:
    """Sentences with a label for each word; `read` works any number of times.

    Attributes:
        name: what to call them in messages and titles.
        text: where they come from.
        columns: which columns hold the word and the label: counted from 1, or from the end by -1, -2, …
        source: where the text comes from, for a person.
    """

    name: str
    text: Source
    columns: tuple[int, int] = (1, -1)
    source: str = ""

    def __post_init__(self) -> None:
        if 0 in self.columns:
            raise EmbvizError("Columns are counted from 1, or from the end by -1: there is no column 0.")

    @classmethod
    def of(cls, sentences: Iterable[Sentence], name: str = "tagged") -> Tagged:
        """A few sentences in memory."""
        lines = ["".join(f"{word}\t{label}\n" for word, label in zip(*both, strict=True)) for both in sentences]
        return cls(name, _InMemory("\n".join(lines)))

    def read(self, at: At | None = None) -> Iterator[Sentence]:
        """Each sentence.

        Raises:
            EmbvizError: there is none, a line has too few columns, or the text cannot be read.
        """
        some = False
        words: list[str] = []
        labels: list[str] = []
        for number, line in enumerate(_lines(self.text.pieces(at)), 1):
            if line.strip() and not line.startswith("-DOCSTART-"):
                word, label = self._cells(line, number)
                words.append(word)
                labels.append(label)
            elif words:
                some = True
                yield tuple(words), tuple(labels)
                words, labels = [], []
        if words:
            yield tuple(words), tuple(labels)
        elif not some:
            raise EmbvizError(f"'{self.name}' has no sentence: it should have a word and its label on each line.")

    def facts(self) -> dict[str, Any]:
        """What a run should remember of the sentences it was made from; goes into JSON."""
        return {
            "name": self.name,
            "language": None,
            "licence": None,
            "source": self.source,
            "columns": list(self.columns),
            "sha256": self.text.sha256(),
        }

    def _cells(self, line: str, number: int) -> tuple[str, str]:
        cells = [cell.strip() for cell in line.split("\t")] if "\t" in line else line.split()
        places = [column - 1 if column > 0 else len(cells) + column for column in self.columns]
        if len(cells) < 2 or not all(0 <= place < len(cells) and cells[place] for place in places):
            many = "1 column" if len(cells) == 1 else f"{len(cells)} columns"
            raise EmbvizError(
                f"Line {number:,} of '{self.name}' has {many}, and a word and its label are looked for in columns "
                f"{self.columns[0]} and {self.columns[1]}: part them by a tab or a space."
            )
        return cells[places[0]], cells[places[1]]


def _lines(pieces: Iterable[str]) -> Iterator[str]:
    rest = ""
    for piece in pieces:
        *whole, rest = (rest + piece).split("\n")
        yield from (line.rstrip("\r") for line in whole)
    if rest:
        yield rest


@dataclass(frozen=True)
class _InMemory:
    text: str

    def pieces(self, at: At | None = None) -> Iterator[str]:
        yield self.text

    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()
