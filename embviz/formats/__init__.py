"""Other people's files of word vectors, read into a Space. Recognised by what is in them, not by their names.

Accepted are word2vec's text and binary files, GloVe's text (no header) and fastText's .vec, plain or packed as
.gz, .bz2, .zst or .zip. Knows nothing of where such files come from, nor of the run folder that embviz itself keeps.

    source.py   bytes of a file, unpacked, and how many of them are read
    layout.py   what kind of file it is, from its first bytes
    text.py     lines -> words and vectors
    binary.py   records -> words and vectors
    rows.py     the words kept so far, and an array that grows with them
"""

from __future__ import annotations

import re
from pathlib import Path

from embviz.errors import EmbvizError
from embviz.formats.binary import read_records
from embviz.formats.layout import recognise
from embviz.formats.rows import Rows, check_encoding
from embviz.formats.source import Source, open_source
from embviz.formats.text import read_lines
from embviz.progress import Report, silent
from embviz.space import Space

_PACKED = re.compile(r"\.(gz|bz2|zst|zip)$", re.IGNORECASE)
_ENDING = re.compile(r"\.(txt|vec|bin)$", re.IGNORECASE)


def read_vectors(path: Path | str, encoding: str = "utf-8", limit: int | None = None, report: Report = silent) -> Space:
    """Read a file of word vectors.

    A line's last D fields, counted from the right, are its vector, and all that stands before them is its word,
    so words may hold spaces. Fields are parted by spaces and tabs only. Rows keep the order of the file; counts
    are unknown. Of a word that comes again the first vector is kept, and rows without a word are left out:
    `meta["dropped"]` is how many rows that were. `meta["layout"]` says what kind of file it was, `meta["source"]`
    is its name.

    Args:
        path: the file.
        encoding: how its words are written; any encoding that keeps ASCII as it is.
        limit: read only the first so many rows; the rest of the file is not looked at.

    Raises:
        EmbvizError: there is no such file, it is of no kind that is accepted, or it is damaged; says in which
            line or at which byte, where that is known.
    """
    if limit is not None and limit < 1:
        raise EmbvizError(f"A limit of {limit} words leaves nothing to read. Give at least 1.")
    check_encoding(encoding)
    path = Path(path)
    with open_source(path) as source:
        return _read(source, _name(path), encoding, limit, report)


def _read(source: Source, name: str, encoding: str, limit: int | None, report: Report) -> Space:
    layout = recognise(source)
    rows = Rows(layout.dims)
    read = read_records if layout.binary else read_lines
    for words, vectors in read(source, layout, encoding, limit):
        rows.add(words, vectors, source.share)
        report("reading vectors", source.share, f"{rows.seen:,} words")
    if layout.promised is not None and rows.seen != min(layout.promised, limit or layout.promised):
        raise EmbvizError(
            f"The header of '{source.name}' promises {layout.promised:,} words, and the file holds "
            f"{rows.seen:,}. It may have been cut off: get it again, or correct the header."
        )
    report("reading vectors", 1.0, f"{rows.seen:,} words")
    meta = {"source": source.name, "layout": layout.name, "dropped": rows.seen - len(rows.words)}
    if not rows.words:
        raise EmbvizError(
            f"'{source.name}' holds {rows.seen:,} vectors and not one word. Each line is a word and then its numbers."
        )
    return Space.of(list(rows.words), rows.vectors(), name=name, meta=meta)


def _name(path: Path) -> str:
    unpacked, packed = _PACKED.subn("", path.name)
    return _ENDING.sub("", unpacked) if packed else path.stem
