"""Layout: what kind of file of vectors this is, told from its first bytes. Knows nothing of what follows them.

word2vec and fastText begin with a header, a line of two counts: words and dimensions. GloVe has none; there the
dimensions are how many numbers most of the first lines end with.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from embviz.errors import EmbvizError
from embviz.formats.source import Source

BLANK = b" \t\r"
"""What may stand at the end of a line and means nothing."""

_ACCEPTED = (
    "embviz reads word2vec (text or binary), GloVe's text and fastText's .vec, plain or as .gz, .bz2, .zst or .zip."
)
_UTF8_MARK = b"\xef\xbb\xbf"
_HEADER = re.compile(rb"[ \t]*(\d+)[ \t]+(\d+)[ \t]*\r?(?:\n|$)")
_GAP = re.compile(rb"[ \t]+")
_NUMBER = re.compile(rb"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|nan|inf(?:inity)?)", re.IGNORECASE)
_LINES = 100  # lines that are looked at
_FOREIGN = {
    b"\x80": "is a pickle, as gensim's own .model and .kv files are, and those can run any code. Load it in "
    "gensim and write it with `vectors.save_word2vec_format('vectors.txt')`.",
    b"\xba\x16\x4f\x2f": "is a fastText model. Take the .vec file that lies beside it.",
    b"\xff\xfe": "is text in UTF-16. Convert it to UTF-8.",
    b"\xfe\xff": "is text in UTF-16. Convert it to UTF-8.",
    b"\x93NUMPY": "is an array of numpy's, without the words. " + _ACCEPTED,
}


@dataclass(frozen=True)
class Layout:
    """Kind of a file.

    Attributes:
        name: the kind in words.
        binary: records of bytes rather than lines of text.
        dims: D, numbers in each row.
        promised: rows that the header promises; None without a header.
        start: byte at which the first row begins.
    """

    name: str
    binary: bool
    dims: int
    promised: int | None
    start: int


def recognise(source: Source) -> Layout:
    """The layout of a file, from its head.

    Raises:
        EmbvizError: the file is empty or not a file of vectors; says what is accepted.
    """
    if not source.head.strip():
        raise EmbvizError(f"'{source.name}' is empty.")
    for start, what in _FOREIGN.items():
        if source.head.startswith(start):
            raise EmbvizError(f"'{source.name}' {what}")
    mark = len(_UTF8_MARK) if source.head.startswith(_UTF8_MARK) else 0
    return _with_header(source, mark) or _without_header(source, mark)


def fields(line: bytes) -> list[bytes]:
    """The fields of a line, parted by spaces and tabs. The first is empty if the line begins with one of those."""
    return _GAP.split(line.rstrip(BLANK))


def is_number(field: bytes) -> bool:
    """Whether a field is written as a number; nan and inf are."""
    return _NUMBER.fullmatch(field) is not None


def ending_numbers(line: bytes) -> int:
    """How many numbers a line ends with; the first field is its word, whatever it looks like."""
    count = 0
    for field in reversed(fields(line)[1:]):
        if not is_number(field):
            break
        count += 1
    return count


def _with_header(source: Source, mark: int) -> Layout | None:
    header = _HEADER.match(source.head, mark)
    if header is None or len(header[1]) > 15 or len(header[2]) > 15:
        return None
    words, dims = int(header[1]), int(header[2])
    found = _dims(source, header.end())
    if found == 1 != dims:
        return None  # no header: one number for each word, and the first word is a number
    if not words or not dims:
        raise EmbvizError(
            f"The header of '{source.name}' promises {words:,} words of {dims:,} numbers: there is nothing to read."
        )
    binary = not found  # bytes of numbers do not look like written ones
    return Layout("word2vec binary" if binary else "word2vec text", binary, dims, words, header.end())


def _without_header(source: Source, mark: int) -> Layout:
    dims = _dims(source, mark)
    if not dims or b"\0" in source.head:
        raise EmbvizError(
            f"'{source.name}' is not a file of word vectors: its lines are not a word and then numbers. {_ACCEPTED}"
        )
    return Layout("GloVe text", False, dims, None, mark)


def _dims(source: Source, start: int) -> int:
    """How many numbers most of the first lines end with; of two answers given equally often, the smaller."""
    lines = source.head[start:].split(b"\n", _LINES)
    if len(lines) > _LINES or not source.whole:
        lines.pop()  # it may go on
    counts = Counter(ending_numbers(line) for line in lines if line.strip(BLANK))
    return min(counts, key=lambda dims: (-counts[dims], dims), default=0)
