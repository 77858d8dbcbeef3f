"""Pairs: a table of which two columns belong together, a source and its target. Knows nothing of models."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from embviz.errors import EmbvizError
from embviz.text.corpus import At


class Cells(Protocol):
    """Where a table comes from."""

    def cells(self, columns: Sequence[str], at: At | None = None) -> Iterator[tuple[str, ...]]: ...

    def sha256(self) -> str: ...


@dataclass(frozen=True)
class Pairs:
    """Texts and what each is to become; iterating gives (source, target), stripped, and works any number of times.

    Attributes:
        name: what to call them in messages and titles.
        table: where they come from.
        columns: the names of the two.
        source: where the table comes from, for a person.
    """

    name: str
    table: Cells
    columns: tuple[str, str] = ("source", "target")
    source: str = ""

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]], name: str = "pairs") -> Pairs:
        """A few pairs in memory."""
        return cls(name, _InMemory(tuple(pairs)))

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return self.read()

    def read(self, at: At | None = None) -> Iterator[tuple[str, str]]:
        """Each pair; those with an empty side are passed over.

        Raises:
            EmbvizError: there is none, or the table cannot be read.
        """
        some = False
        for row in self.table.cells(self.columns, at):
            one, other = (cell.strip() for cell in row)
            if one and other:
                some = True
                yield one, other
        if not some:
            one, other = self.columns
            raise EmbvizError(f"'{self.name}' has no row with a text in both {one!r} and {other!r}.")

    def facts(self) -> dict[str, Any]:
        """What a run should remember of the pairs it was made from; goes into JSON."""
        return {
            "name": self.name,
            "language": None,
            "licence": None,
            "source": self.source,
            "columns": list(self.columns),
            "sha256": self.table.sha256(),
        }


@dataclass(frozen=True)
class _InMemory:
    rows: tuple[tuple[str, str], ...]

    def cells(self, columns: Sequence[str], at: At | None = None) -> Iterator[tuple[str, ...]]:
        yield from self.rows

    def sha256(self) -> str:
        return hashlib.sha256("\n".join("\t".join(row) for row in self.rows).encode()).hexdigest()
