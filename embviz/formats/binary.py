"""Records of word2vec's binary files, read in blocks: a word, a space, D float32 (little-endian), maybe a line's end.

A word ends at the first space, for the format has no other way to say it. Source: word2vec.c and distance.c of
Mikolov et al., 2013.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from embviz.errors import EmbvizError
from embviz.formats.layout import Layout
from embviz.formats.rows import decode, undecodable
from embviz.formats.source import Source

_BLOCK = 8 << 20  # bytes read at once
_LONGEST = 10_000  # bytes of a word; beyond that, what is read is no word


def read_records(
    source: Source, layout: Layout, encoding: str, limit: int | None
) -> Iterator[tuple[list[str], np.ndarray]]:
    """Words (n,) and vectors (n, D) float32 of one block after another, `limit` rows at most.

    Raises:
        EmbvizError: the file ends within a record or goes on after the last, or a record is damaged; names it.
    """
    assert layout.promised is not None, "a binary file has a header"
    wanted = min(layout.promised, limit or layout.promised)
    source.read(layout.start)
    done, offset, rest = 0, layout.start, b""
    while done < wanted:
        part = source.read(max(_BLOCK, 8 * layout.dims))
        buffer = rest + part
        words, places, end = _records(buffer, layout.dims, wanted - done)
        if not part and not words:
            raise EmbvizError(
                f"'{source.name}' is cut off: its header promises {layout.promised:,} words of "
                f"{layout.dims:,} numbers, and it ends within word {done + 1:,}. Get it again."
            )
        if len(buffer) - end > _LONGEST + 4 * layout.dims + 2 and done + len(words) < wanted:
            raise EmbvizError(_damaged(source.name, done + len(words) + 1, offset + end, "does not end"))
        if words:
            vectors = _vectors(source.name, buffer, places, layout.dims, done)
            yield _decoded(source.name, words, places, encoding, done, offset), vectors
        done, offset, rest = done + len(words), offset + end, buffer[end:]
    if wanted == layout.promised and (rest + source.read(_LONGEST)).strip():
        raise EmbvizError(
            f"'{source.name}' goes on after the {layout.promised:,} words of {layout.dims:,} "
            "numbers that its header promises. Get it again, or correct the header."
        )


def _records(buffer: bytes, dims: int, wanted: int) -> tuple[list[bytes], list[int], int]:
    """Words, the places of their vectors, and where the last whole record ends."""
    words: list[bytes] = []
    places: list[int] = []
    end, size = 0, 4 * dims
    while len(words) < wanted:
        begin = end + 1 if buffer[end : end + 1] == b"\n" else end
        space = buffer.find(b" ", begin, begin + _LONGEST)
        if space < 0 or space + 1 + size > len(buffer):
            break
        words.append(buffer[begin:space])
        places.append(space + 1)
        end = space + 1 + size
    return words, places, end


def _vectors(name: str, buffer: bytes, places: list[int], dims: int, done: int) -> np.ndarray:
    joined = b"".join([buffer[place : place + 4 * dims] for place in places])
    vectors = np.frombuffer(joined, "<f4").reshape(len(places), dims)
    good = np.isfinite(vectors).all(axis=1)
    if not good.all():
        row = done + int(np.argmin(good)) + 1
        raise EmbvizError(f"Word {row:,} of '{name}' has a value that is not a finite number. The file may be damaged.")
    return vectors


def _decoded(name: str, words: list[bytes], places: list[int], encoding: str, done: int, offset: int) -> list[str]:
    whole = decode(words, encoding)
    if whole is not None:
        return whole
    for row, word in enumerate(words):
        place = undecodable(word, encoding)
        if place is not None:
            byte = offset + places[row] - 1 - len(word) + place
            raise EmbvizError(_damaged(name, done + row + 1, byte, f"is not {encoding}"))
    return [word.decode(encoding) for word in words]


def _damaged(name: str, row: int, byte: int, what: str) -> str:
    return (
        f"Word {row:,} of '{name}' {what} (byte {byte:,} of the file). Name the file's encoding with "
        "--encoding; if that is right, the file is damaged."
    )
