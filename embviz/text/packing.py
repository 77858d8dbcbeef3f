"""Unpacks .gz, .bz2, .zst and .zip while reading. Knows nothing of what is inside."""

import bz2
import gzip
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from embviz.errors import EmbvizError

_PACKED = (".gz", ".bz2", ".zst")


def bare(name: str) -> str:
    """A file's name in lower case without the ending that says how it is packed: `A.jsonl.gz` is `a.jsonl`."""
    name = name.lower()
    return next((name.removesuffix(ending) for ending in _PACKED if name.endswith(ending)), name)


def unpacked(path: Path, raw: BinaryIO) -> Iterator[tuple[str, BinaryIO]]:
    """The name and the bytes of what a file holds: one, or each member of a zip archive in its order.

    Raises:
        EmbvizError: a zip archive is damaged, locked, or holds no file. Damage further in shows when reading.
    """
    ending = path.suffix.lower()
    if ending == ".zip":
        yield from _members(path, raw)
    elif ending == ".gz":
        yield str(path), gzip.GzipFile(fileobj=raw)  # type: ignore[misc]
    elif ending == ".bz2":
        yield str(path), bz2.BZ2File(raw)  # type: ignore[misc]
    elif ending == ".zst":
        import pyarrow as pa

        yield str(path), pa.CompressedInputStream(pa.PythonFile(raw, "r"), "zstd")
    else:
        yield str(path), raw


def _members(path: Path, raw: BinaryIO) -> Iterator[tuple[str, BinaryIO]]:
    try:
        archive = zipfile.ZipFile(raw)
    except (zipfile.BadZipFile, OSError) as error:
        raise EmbvizError(f"'{path}' is damaged or cut short: {error}.") from error
    members = [member for member in archive.infolist() if not member.is_dir() and not _hidden(member.filename)]
    if not members:
        raise EmbvizError(f"'{path}' holds no file.")
    for member in members:
        try:
            stream = archive.open(member)
        except (RuntimeError, zipfile.BadZipFile, OSError) as error:  # RuntimeError: it wants a password
            raise EmbvizError(f"'{member.filename}' in '{path}' cannot be read: {error}.") from error
        with stream:
            yield f"{path}/{member.filename}", stream  # type: ignore[misc]


def _hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)
