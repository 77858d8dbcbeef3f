"""Space: words and their vectors. Pairs the two, finds the row of a word, and knows nothing of who asks.

On disk it is two files of a run folder: `words.arrow` (word, count, metadata columns) and `vectors.npy`.
Both are memory-mapped, so opening a large space costs neither time nor memory.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
import pyarrow as pa

from embviz.errors import EmbvizError

_BLOCK = 65_536  # rows read at once when a pass over all vectors must not hold them all


@dataclass(frozen=True, eq=False)
class Space:
    """V words and their vectors, most frequent first.

    Attributes:
        table: V rows; column `word` (string, unique), column `count` (int64, null where unknown), and any
            metadata columns.
        vectors: (V, D) float32, finite; row i belongs to word i.
        name: what to call it in messages and titles.
    """

    table: pa.Table
    vectors: np.ndarray
    name: str = "space"
    meta: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        words: Sequence[str],
        vectors: np.ndarray,
        counts: Sequence[int] | np.ndarray | None = None,
        name: str = "space",
        meta: Mapping[str, Any] | None = None,
    ) -> Space:
        """Pair words (V, unique) with vectors (V, D), and with counts (V,) where they are known.

        Raises:
            EmbvizError: no words, numbers that do not fit together, a word twice, or a value that is
                not finite.
        """
        vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        if not len(words) or vectors.ndim != 2 or not vectors.shape[1]:
            raise EmbvizError(
                f"A space needs words and vectors: there are {len(words)} words and an array of shape {vectors.shape}."
            )
        if len(words) != len(vectors):
            raise EmbvizError(f"{len(words):,} words and {len(vectors):,} vectors do not fit together.")
        if counts is not None and len(counts) != len(words):
            raise EmbvizError(f"{len(words):,} words and {len(counts):,} counts do not fit together.")
        _check_finite(words, vectors)
        count = pa.nulls(len(words), pa.int64()) if counts is None else pa.array(counts, pa.int64())
        space = cls(pa.table({"word": pa.array(words, pa.string()), "count": count}), vectors, name, meta or {})
        if len(space.rows) != len(words):
            twice = next(word for i, word in enumerate(words) if space.rows[word] != i)
            raise EmbvizError(f"The word {twice!r} is there twice; every word of a space has one row.")
        return space

    def __len__(self) -> int:
        return len(self.vectors)

    @property
    def dims(self) -> int:
        """D, the length of a vector."""
        return int(self.vectors.shape[1])

    @cached_property
    def norms(self) -> np.ndarray:
        """(V,) float32: the Euclidean length of each vector; a vector of zeros has length 0."""
        norms = np.empty(len(self), np.float32)
        for start in range(0, len(self), _BLOCK):
            block = self.vectors[start : start + _BLOCK].astype(np.float64)  # squares of 1e20 leave float32
            norms[start : start + _BLOCK] = np.linalg.norm(block, axis=1)
        return norms

    @cached_property
    def rows(self) -> dict[str, int]:
        """The row of each word, in the order of the rows."""
        return {word: row for row, word in enumerate(self.table["word"].to_pylist())}

    def row(self, word: str) -> int | None:
        """The row of a word as typed, else in its composed Unicode form, else in lower case; None if absent."""
        composed = unicodedata.normalize("NFC", word)
        for form in (word, composed, composed.lower()):
            if form in self.rows:
                return self.rows[form]
        return None

    def word(self, row: int) -> str:
        """The word of one row."""
        return self.table["word"][int(row)].as_py()

    def words(self, rows: Sequence[int] | np.ndarray | slice = slice(None)) -> list[str]:
        """The words of the given rows; of all rows when none are named."""
        if isinstance(rows, slice):
            rows = np.arange(*rows.indices(len(self)))
        return self.table["word"].take(pa.array(np.asarray(rows, np.int64))).to_pylist()

    def first(self, n: int) -> Words:
        """The first n words, each made when it is asked for."""
        return Words(self.table["word"].slice(0, n))

    def count(self, row: int) -> int | None:
        """How often the word of a row occurred in the corpus; None where that is not known."""
        return self.table["count"][int(row)].as_py()

    def save(self, folder: Path) -> None:
        """Write `words.arrow` and `vectors.npy` into a folder."""
        with pa.OSFile(str(folder / "words.arrow"), "wb") as sink, pa.ipc.new_file(sink, self.table.schema) as out:
            out.write_table(self.table.combine_chunks())
        np.save(folder / "vectors.npy", self.vectors, allow_pickle=False)

    @classmethod
    def load(cls, folder: Path, name: str | None = None, meta: Mapping[str, Any] | None = None) -> Space:
        """Open the two files of a folder, memory-mapped.

        Raises:
            EmbvizError: a file is missing, damaged, or does not fit the other.
        """
        try:
            table = pa.ipc.open_file(pa.memory_map(str(folder / "words.arrow"))).read_all()
            table.validate(full=True)  # a damaged file would else be read outside its bounds
            vectors = np.load(folder / "vectors.npy", mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError, SyntaxError, TokenError, pa.ArrowException) as error:
            raise EmbvizError(f"The words and vectors in '{folder}' cannot be read: {error}.") from error
        if not {"word", "count"} <= {*table.column_names}:
            raise EmbvizError(f"'{folder}' is damaged: words.arrow has no column of words or none of counts.")
        if vectors.ndim != 2 or vectors.dtype != np.float32 or len(table) != len(vectors):
            raise EmbvizError(
                f"'{folder}' is damaged: words.arrow has {len(table):,} rows, vectors.npy has the shape "
                f"{vectors.shape} of {vectors.dtype}."
            )
        return cls(table, vectors, name or folder.name, meta or {})


class Words(Sequence[str]):
    """Words as they lie in a table: a million of them cost nothing until they are read."""

    def __init__(self, column: pa.ChunkedArray) -> None:
        self.column = column

    def __len__(self) -> int:
        return len(self.column)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return self.column.take(pa.array(range(*place.indices(len(self))), pa.int64())).to_pylist()
        return self.column[int(place)].as_py()

    def __iter__(self) -> Iterator[str]:
        return iter(self.column.to_pylist())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    def __hash__(self) -> int:
        return hash(tuple(self))


def _check_finite(words: Sequence[str], vectors: np.ndarray) -> None:
    for start in range(0, len(vectors), _BLOCK):
        good = np.isfinite(vectors[start : start + _BLOCK]).all(axis=1)
        if not good.all():
            row = start + int(np.argmin(good))
            raise EmbvizError(f"The vector of {words[row]!r} (row {row + 1:,}) holds a value that is not finite.")
