"""Text from files: one, a folder of them, packed or not, plain or a column of a table. Knows nothing of language.

Plain text comes in pieces of about 64 K characters that end at a line break, or at white space where a file has no
lines (text8 is one line of 100 MB). Nothing is ever held whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, TypeVar

from embviz.errors import EmbvizError
from embviz.text.corpus import At
from embviz.text.decoding import Blocks, check_encoding
from embviz.text.packing import bare, unpacked
from embviz.text.splitter import last_break
from embviz.text.tables import TABLES, cells, rows, titles

PIECE = 65_536  # characters

T = TypeVar("T")


@dataclass(frozen=True)
class Files:
    """The text of some files, one after the other.

    Attributes:
        paths: the files.
        column: the column that holds the text, for tables (.jsonl, .csv, .tsv).
        encoding: of all of them.
        clean: what to do to each piece, such as taking tags off; pieces of plain text end at line breaks where
            there are any.
    """

    paths: tuple[Path, ...]
    column: str | None = None
    encoding: str = "utf-8"
    clean: Callable[[str], str] | None = None

    @classmethod
    def at(
        cls, path: Path, column: str | None = None, encoding: str = "utf-8", clean: Callable[[str], str] | None = None
    ) -> Files:
        """A file, or all files of a folder in the order of their names, hidden ones left out.

        Raises:
            EmbvizError: there is none, it may not be read, it is empty, the encoding is unknown, or a column is
                asked for where there is no table.
        """
        check_encoding(encoding)
        paths = _files_of(path) if _is_folder(path) else (path,)
        sizes = [_size(found) for found in paths]
        if not any(sizes):
            raise EmbvizError(f"'{path}' is empty. Give a file with text in it.")
        if column is not None and not any(_may_be_table(found) for found in paths):
            raise EmbvizError(
                f"'{path}' has no columns, so there is no {column!r}: --column is for {', '.join(TABLES)} files."
            )
        return cls(paths, column, encoding, clean)

    def pieces(self, at: At | None = None) -> Iterator[str]:
        """The text in pieces.

        Raises:
            EmbvizError: a file is missing, damaged, binary, in another encoding, or has not that column.
        """
        return map(self.clean or str, self._read(self._texts, at))

    def cells(self, columns: Sequence[str], at: At | None = None) -> Iterator[tuple[str, ...]]:
        """The texts of some columns of tables, row by row.

        Raises:
            EmbvizError: see `pieces`; or a file is no table.
        """
        return self._read(lambda blocks, name: self._cells(blocks, name, columns), at)

    def titles(self) -> list[str]:
        """The names of the columns of the first file, a table.

        Raises:
            EmbvizError: see `cells`.
        """
        first = replace(self, paths=self.paths[:1])
        return list(first._read(lambda blocks, name: iter(titles(blocks, name)), None))

    def sha256(self) -> str:
        """The hash of the files' bytes, one after the other."""
        digest = hashlib.sha256()
        for path in self.paths:
            with _opened(path) as raw:
                while block := raw.read(1 << 20):
                    digest.update(block)
        return digest.hexdigest()

    def _read(self, read: Callable[[Blocks, str], Iterator[T]], at: At | None) -> Iterator[T]:
        """What one function reads from each file, one after the other."""
        sizes = [_size(path) for path in self.paths]
        for i, path in enumerate(self.paths):
            told = _told(at, sum(sizes[:i]), sum(sizes))
            with _opened(path) as raw:
                for name, stream in unpacked(path, raw):
                    place = (lambda raw=raw, told=told: told(raw.tell())) if told else None
                    yield from read(Blocks(stream, name, self.encoding, place), name)
        if at:
            at(1.0)

    def _texts(self, blocks: Blocks, name: str) -> Iterator[str]:
        return rows(blocks, name, self.column) if bare(name).endswith(TABLES) else _pieces(blocks)

    @staticmethod
    def _cells(blocks: Blocks, name: str, columns: Sequence[str]) -> Iterator[tuple[str, ...]]:
        if not bare(name).endswith(TABLES):
            raise EmbvizError(f"'{name}' is no table: give a file that ends in {', '.join(TABLES)}.")
        return cells(blocks, name, columns)


def whole_text(path: Path, encoding: str = "utf-8") -> tuple[str, str]:
    """The name of a small file without its packing, and all of its text, as it is.

    Raises:
        EmbvizError: it is missing, empty, damaged, binary, in another encoding, or an archive of several files.
    """
    check_encoding(encoding)
    with _opened(path) as raw:
        held = [(name, "".join(Blocks(stream, name, encoding))) for name, stream in unpacked(path, raw)]
    if len(held) > 1:
        raise EmbvizError(f"'{path}' holds {len(held):,} files. Unpack it, and name the one that is meant.")
    if not held[0][1].strip():
        raise EmbvizError(f"'{path}' is empty. Give a file with text in it.")
    return held[0]


def _pieces(blocks: Iterable[str]) -> Iterator[str]:
    rest = ""
    for block in blocks:
        rest += block
        if len(rest) >= PIECE:
            cut = max(rest.rfind("\n"), rest.rfind("\r")) + 1 or last_break(rest, len(rest))
            yield rest[:cut]
            rest = rest[cut:]
    if rest:
        yield rest


def _told(at: At | None, before: int, total: int) -> At | None:
    """Turns a place in one file into a share of all of them."""
    return (lambda place: at(min(1.0, (before + place) / max(1, total)))) if at else None


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # opening it says what is wrong
        return False


def _files_of(folder: Path) -> tuple[Path, ...]:
    found = tuple(
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    if not found:
        raise EmbvizError(f"The folder '{folder}' holds no file.")
    return found


def _may_be_table(path: Path) -> bool:
    return bare(path.name).endswith((*TABLES, ".zip"))


def _size(path: Path) -> int:
    with _opened(path) as raw:
        return raw.seek(0, 2)


def _opened(path: Path) -> BinaryIO:
    try:
        raw = path.open("rb")
    except FileNotFoundError:
        raise EmbvizError(f"There is no file '{path}'.") from None
    except PermissionError:
        raise EmbvizError(f"'{path}' may not be read: change its permissions, or copy it.") from None
    except OSError as error:
        raise EmbvizError(f"'{path}' cannot be read: {error.strerror}.") from error
    if not raw.seekable():
        raw.close()
        raise EmbvizError(f"'{path}' is a pipe, and a text is read more than once. Name it - and pipe it in.")
    return raw
