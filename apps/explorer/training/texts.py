"""Texts to train on: those of the registry, and those that readers brought, in a hidden folder beside the runs."""

from __future__ import annotations

import base64
import binascii
import re
from itertools import count
from pathlib import Path, PureWindowsPath

from embviz.corpora import Entry, entries
from embviz.errors import EmbvizError
from embviz.text.files import Files

FOLDER = ".texts"
KINDS = (".txt", ".csv", ".tsv", ".jsonl")
TABLES = KINDS[1:]
MOST = 64 << 20  # bytes: more than a browser likes to send in one go


def kept(runs: Path) -> list[str]:
    """The names of the texts that were brought, in order."""
    return sorted(path.name for path in (runs / FOLDER).glob("[!.]*") if path.suffix.lower() in KINDS)


def keep(runs: Path, name: str, contents: str) -> str:
    """Keep a text that a browser sent; gives the name that it got.

    Args:
        runs: the folder of runs.
        name: the file's own name, which may be anything.
        contents: "data:…;base64," and the bytes.

    Raises:
        EmbvizError: it is too large, empty, or of another kind.
        OSError: the folder may only be read, or is full.
    """
    plain = harmless(name)
    if Path(plain).suffix.lower() not in KINDS:
        raise EmbvizError("'{name}' is none of {kinds}: save it as one of these.", name=plain, kinds=", ".join(KINDS))
    data = _bytes(contents)
    if len(data) > MOST:
        raise EmbvizError("'{name}' has more than {most} MB. Train on it in the shell: embviz train … FILE",
                          name=plain, most=MOST >> 20)  # fmt: skip
    if not data.strip():
        raise EmbvizError("'{name}' is empty. Choose a file with text in it.", name=plain)
    folder = runs / FOLDER
    folder.mkdir(exist_ok=True)
    path = _place(folder, plain, data)
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_bytes(data)
    temporary.replace(path)
    return path.name


def path_of(runs: Path, text: str) -> str:
    """What the command is told for a text: a name of the registry, or the path of one that was brought.

    Raises:
        EmbvizError: there is no such text.
    """
    if text in {entry.name for entry in entries()}:
        return text
    if text not in kept(runs):
        raise EmbvizError("There is no text '{name}'. Choose one, or bring a file.", name=text[:80])
    return str(runs / FOLDER / text)


def entry_of(text: str) -> Entry | None:
    """The registry's entry of a text; None for one that was brought."""
    return next((entry for entry in entries() if entry.name == text), None)


def columns(runs: Path, text: str | None, encoding: str | None = None) -> list[str]:
    """The columns of a table that was brought; none for other texts, and for a table that cannot be read."""
    if not text or Path(text).suffix.lower() not in TABLES or entry_of(text):
        return []
    try:
        titles = Files.at(Path(path_of(runs, text)), None, encoding or "utf-8").titles()
    except EmbvizError:
        return []
    return list(dict.fromkeys(filter(None, titles)))


def harmless(name: str) -> str:
    """A file's name without its folders, and with letters, digits and - . _ only; its end is kept."""
    bare = re.sub(r"[^\w.-]+", "-", PureWindowsPath(name).name.encode("utf-8", "ignore").decode()).strip(".-")
    stem, suffix = Path(bare).stem, Path(bare).suffix
    return f"{stem[:50] or 'text'}{suffix[:8]}"


def _bytes(contents: str) -> bytes:
    try:
        return base64.b64decode(contents.partition(",")[2], validate=True)
    except (binascii.Error, ValueError):
        return b""


def _place(folder: Path, name: str, data: bytes) -> Path:
    """Where a text goes: where the same lies already, or under a name that is free."""
    stem, suffix = Path(name).stem, Path(name).suffix
    places = (folder / (name if number == 1 else f"{stem}-{number}{suffix}") for number in count(1))
    return next(path for path in places if not path.exists() or path.read_bytes() == data)
