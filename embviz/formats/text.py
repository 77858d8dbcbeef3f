"""Lines of text, each a word and its numbers, read in blocks. Knows the layout, not how it was recognised.

A block's numbers go through Arrow's CSV reader, which takes a tenth of the time that Python needs for it; when it
stumbles, the lines are gone through one by one to name the one at fault.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from embviz.errors import EmbvizError
from embviz.formats.layout import BLANK, Layout, ending_numbers, fields, is_number
from embviz.formats.rows import decode, undecodable
from embviz.formats.source import Source

_BLOCK = 4 << 20  # bytes read at once


@dataclass(frozen=True)
class _Block:
    """Lines that follow one another: the number of the first (from 1), and the byte at which it begins."""

    lines: list[bytes]
    number: int
    offset: int


def read_lines(
    source: Source, layout: Layout, encoding: str, limit: int | None
) -> Iterator[tuple[list[str], np.ndarray]]:
    """Words (n,) and vectors (n, D) float32 of one block after another, `limit` rows at most; blank lines are skipped.

    Raises:
        EmbvizError: a line is malformed; names it.
    """
    left = limit
    for block in _blocks(source, layout.start):
        filled = [i for i, line in enumerate(block.lines) if line.strip(BLANK)][:left]
        if filled:
            yield _Reader(source.name, layout.dims, encoding, block, filled).read()
        if left is not None:
            left -= len(filled)
            if not left:
                return


def _blocks(source: Source, start: int) -> Iterator[_Block]:
    number = source.read(start).count(b"\n") + 1
    offset, begun = start, b""
    while part := source.read(_BLOCK):
        end = part.rfind(b"\n")
        if end < 0:
            begun += part
            continue
        lines = (begun + part[:end]).split(b"\n")
        yield _Block(lines, number, offset)
        number, offset, begun = number + len(lines), offset + len(begun) + end + 1, part[end + 1 :]
    yield _Block([begun], number, offset)


@dataclass(frozen=True)
class _Reader:
    """One block and what is needed to read it, or to say what is wrong with it; `filled` are its lines to read."""

    name: str
    dims: int
    encoding: str
    block: _Block
    filled: list[int]

    def read(self) -> tuple[list[str], np.ndarray]:
        cut = [self._cut(self.block.lines[i].rstrip(BLANK)) for i in self.filled]
        vectors = _parse([numbers for _, numbers in cut], self.dims)
        if vectors is None:
            vectors = self._parse_singly(cut)
        self._check_finite(vectors)
        words = [word for word, _ in cut]
        return decode(words, self.encoding) or self._undecodable(words), vectors

    def _cut(self, line: bytes) -> tuple[bytes, bytes]:
        """Word and numbers of a line; no numbers if it has too few or too many."""
        plain = line.replace(b"\t", b" ")
        if plain.count(b" ") == self.dims:
            word, _, numbers = plain.partition(b" ")
            return word, numbers
        parts = fields(line)
        if len(parts) <= self.dims or _goes_on(parts, self.dims):
            return line, b""
        word = line
        for part in reversed(parts[-self.dims :]):
            word = word[: -len(part)].rstrip(b" \t")
        return word, b" ".join(parts[-self.dims :])

    def _parse_singly(self, cut: list[tuple[bytes, bytes]]) -> np.ndarray:
        rows = []
        for i, (_, numbers) in zip(self.filled, cut, strict=True):
            row = numbers.split(b" ")
            if len(row) != self.dims or not all(map(is_number, row)):
                raise EmbvizError(self._malformed(i))
            rows.append(np.array(row, np.float64))
        with np.errstate(over="ignore"):
            return np.array(rows).astype(np.float32)

    def _malformed(self, i: int) -> str:
        parts = fields(self.block.lines[i])
        found = ending_numbers(self.block.lines[i])
        before = parts[-found - 1].decode(self.encoding, "replace")[:40]
        return (
            f"Line {self.block.number + i:,} of '{self.name}' has {found:,} number{'s' * (found != 1)} after "
            f"{before!r}, and it should have {self.dims:,}. Correct or remove that line."
        )

    def _check_finite(self, vectors: np.ndarray) -> None:
        good = np.isfinite(vectors).all(axis=1)
        if not good.all():
            line = self.block.number + self.filled[int(np.argmin(good))]
            raise EmbvizError(
                f"Line {line:,} of '{self.name}' holds a value that is not a finite number. "
                "Correct or remove that line."
            )

    def _undecodable(self, words: list[bytes]) -> list[str]:
        for i, word in zip(self.filled, words, strict=True):
            place = undecodable(word, self.encoding)
            if place is not None:
                byte = self.block.offset + sum(len(line) + 1 for line in self.block.lines[:i]) + place
                raise EmbvizError(
                    f"Line {self.block.number + i:,} of '{self.name}' is not {self.encoding} (byte "
                    f"{byte:,} of the file). Name the file's encoding with --encoding."
                )
        return [word.decode(self.encoding) for word in words]


def _goes_on(parts: list[bytes], dims: int) -> bool:
    """Whether a line has too many numbers: what stands before the last D is one more, written as those are.

    'New York 2000' may be a word before fractions, and 'queen 0.3' may not.
    """
    before, numbers = parts[1:-dims], parts[-dims:]
    return bool(before) and is_number(before[-1]) and (b"." in before[-1] or not any(b"." in one for one in numbers))


def _parse(rows: list[bytes], dims: int) -> np.ndarray | None:
    """(n, D) float32 of n rows of D numbers with single spaces between; None unless all of them are just that."""
    from pyarrow import csv

    names = [str(column) for column in range(dims)]
    try:
        table = csv.read_csv(
            pa.BufferReader(b"\n".join(rows)),
            csv.ReadOptions(column_names=names),
            csv.ParseOptions(delimiter=" ", quote_char=False),
            csv.ConvertOptions(column_types=dict.fromkeys(names, pa.float32()), null_values=[], check_utf8=False),
        )
    except pa.ArrowInvalid:
        return None
    if len(table) != len(rows):
        return None
    vectors = np.empty((len(rows), dims), np.float32)
    for column, values in enumerate(table.columns):
        vectors[:, column] = values
    return vectors
