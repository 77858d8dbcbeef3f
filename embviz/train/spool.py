"""Spool: a text in one file, a line at a time, so that it is read and cut into sentences once.

Knows nothing of tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from embviz.text import Corpus

At = Callable[[float], None]
"""at(share): told now and then which share of the bytes is read, 0 to 1."""

BATCH = 1_000  # lines between two reports


def spool(corpus: Corpus, path: Path, at: At, verbatim: bool = False) -> None:
    """Write a corpus to a file: a sentence a line; or verbatim, with its own lines and white space."""
    with path.open("w", encoding="utf-8", newline="") as file:
        if verbatim:
            file.writelines(corpus.text.pieces(at))
            return
        for sentence in corpus.sentences(at):
            file.write(" ".join(sentence.split()) + "\n")


def lines(path: Path, at: At, ends: bool = False) -> Iterator[str]:
    """The lines of a file; with their ends, if those are text too."""
    size, read = path.stat().st_size or 1, 0
    with path.open(encoding="utf-8", newline="\n") as file:
        for number, line in enumerate(file):
            read += len(line.encode())
            if number % BATCH == 0:
                at(read / size)
            yield line if ends else line.rstrip("\n")
