"""Opens a text by its name in the registry, by its path, or from standard input. Knows how each kind is read."""

from __future__ import annotations

import atexit
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path, PurePath

from embviz.corpora.cleaning import untagged, unwikitext
from embviz.corpora.fetching import fetch
from embviz.corpora.mediawiki import Dump, is_dump
from embviz.corpora.registry import Entry, entries, entry
from embviz.errors import EmbvizError
from embviz.progress import Report, silent
from embviz.text import Corpus
from embviz.text.corpus import Pieces
from embviz.text.files import Files
from embviz.text.packing import bare
from embviz.text.pairs import Pairs

_CLEAN: dict[str, Callable[[str], str] | None] = {"text": None, "tagged": untagged, "wikitext": unwikitext}


def open_corpus(
    name_or_path: str, column: str | None = None, encoding: str = "utf-8", report: Report = silent
) -> Corpus:
    """A text to train on.

    Args:
        name_or_path: a name of the registry; the path of a file or a folder; or `-` for standard input.
        column: the column that holds the text, for .jsonl, .csv and .tsv.
        encoding: of the user's own files.
        report: told how far a download is.

    Raises:
        EmbvizError: there is no such text, or it cannot be read.
    """
    if name_or_path == "-":
        path = _spooled(column)
        return Corpus("standard input", Files.at(path, column, encoding), source="standard input")
    if name_or_path in {known.name for known in entries()}:
        return _from_registry(entry(name_or_path), column, report)
    path = Path(name_or_path).expanduser()
    if not name_or_path or (path.name == name_or_path and not _is_there(path)):
        entry(name_or_path)  # raises, and says which there are
    reading = {"column": column} if column else {}
    reading |= {"encoding": encoding} if encoding != "utf-8" else {}
    return Corpus(_name(path), _text(path, column, encoding), source=str(path), reading=reading)


def open_pairs(path: Path | str, source: str, target: str, encoding: str = "utf-8") -> Pairs:
    """A table of which two columns belong together: what a seq2seq model reads, and what it is to write.

    Args:
        path: of a .csv, .tsv or .jsonl file.
        source: the name of the one column.
        target: the name of the other.
        encoding: of the file.

    Raises:
        EmbvizError: there is no such file, or it is no table.
    """
    path = Path(path).expanduser()
    return Pairs(_name(path), Files.at(path, source, encoding), (source, target), str(path))


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # too long for a name, or with a zero in it: perhaps a text, not a path
        return False


def _from_registry(found: Entry, column: str | None, report: Report) -> Corpus:
    if column is not None:
        raise EmbvizError(f"'{found.name}' has no columns, so there is no {column!r}: --column is for your own tables.")
    first = fetch(found.name, report)
    text: Pieces = Dump(first) if found.read == "mediawiki" else Files(found.paths, clean=_CLEAN[found.read])
    return Corpus(found.name, text, found.language, found.licence, found.source, found.segmented)


def _text(path: Path, column: str | None, encoding: str) -> Pieces:
    files = Files.at(path, column, encoding)
    return Dump(path) if path.is_file() and is_dump(path) else files


def _name(path: Path) -> str:
    name = path.resolve().name
    return name if path.is_dir() else PurePath(name[: len(bare(name))].removesuffix(".zip")).stem


def _spooled(column: str | None) -> Path:
    """Standard input in a temporary file, so that it can be read more than once; removed when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix="embviz-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / "standard input"
    with path.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    if path.stat().st_size == 0:
        raise EmbvizError("Standard input is empty. Pipe a text into it, or give a file.")
    return path if column is None else path.rename(path.with_suffix(_kind(path)))


def _kind(path: Path) -> str:
    """The ending that a table from standard input would have."""
    with path.open("rb") as file:
        line = file.readline(65_536).lstrip()
    return ".jsonl" if line.startswith(b"{") else ".tsv" if b"\t" in line else ".csv"
