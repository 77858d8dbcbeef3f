"""Source: the bytes of a file, unpacked on the way, and the share of it that is read. Knows nothing of vectors."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from embviz.errors import EmbvizError

_HEAD = 1 << 20
_CODECS = {b"\x1f\x8b": "gzip", b"BZh": "bz2", b"\x28\xb5\x2f\xfd": "zstd"}
_DAMAGE = (OSError, EOFError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error, pa.ArrowException)


class Source:
    """One file, open for reading.

    Attributes:
        name: the file's name, for messages.
        head: its first bytes, a mebibyte at most; `read` gives them again.
        whole: whether the head is all there is.
    """

    def __init__(self, name: str, size: int, raw: IO[bytes], stream: Any) -> None:
        self.name = name
        self._size, self._raw, self._stream = size, raw, stream
        self.head = self._unpack(_HEAD)
        self.whole = len(self.head) < _HEAD
        self._waiting = self.head

    @property
    def share(self) -> float:
        """How much of the file is read, 0 to 1."""
        return min(1.0, self._raw.tell() / max(1, self._size))

    def read(self, size: int) -> bytes:
        """The next bytes: as many as asked for, and fewer only at the end.

        Raises:
            EmbvizError: a packed file is damaged or cut off.
        """
        taken, self._waiting = self._waiting[:size], self._waiting[size:]
        return taken + self._unpack(size - len(taken)) if len(taken) < size else taken

    def _unpack(self, size: int) -> bytes:
        parts = []
        try:
            while size and (part := self._stream.read(size)):
                parts.append(part)
                size -= len(part)
        except _DAMAGE as error:
            raise EmbvizError(
                f"'{self.name}' cannot be unpacked, it is damaged or cut off ({error}). Get it again."
            ) from error
        return b"".join(parts)


@contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """Open a file, plain or packed with gzip, bzip2, zstd, or as a zip of one file.

    Raises:
        EmbvizError: it is not there, is no file, cannot be opened, or is a zip of several files.
    """
    try:
        raw = path.open("rb")
    except FileNotFoundError:
        raise EmbvizError(f"There is no file '{path}'.") from None
    except IsADirectoryError:
        raise EmbvizError(f"'{path}' is a folder. Name a file of word vectors in it.") from None
    except OSError as error:
        raise EmbvizError(f"'{path}' cannot be opened: {error.strerror}.") from error
    with raw, _unpacked(path, raw) as stream:
        yield Source(path.name, path.stat().st_size, raw, stream)


@contextmanager
def _unpacked(path: Path, raw: IO[bytes]) -> Iterator[Any]:
    magic = raw.read(4)
    raw.seek(0)
    codec = next((codec for start, codec in _CODECS.items() if magic.startswith(start)), None)
    if codec:
        with pa.CompressedInputStream(pa.PythonFile(raw, "r"), codec) as stream:
            yield stream
    elif magic == b"PK\x03\x04":
        with _member(path, raw) as stream:
            yield stream
    else:
        yield raw


def _member(path: Path, raw: IO[bytes]) -> IO[bytes]:
    try:
        with zipfile.ZipFile(raw) as archive:
            members = [one for one in archive.infolist() if not one.is_dir() and "__MACOSX/" not in one.filename]
            if len(members) == 1:
                return archive.open(members[0])
    except _DAMAGE as error:
        raise EmbvizError(f"'{path.name}' cannot be unpacked ({error}). Unzip it, and name the file in it.") from error
    names = ", ".join(f"'{one.filename}'" for one in members[:12])
    raise EmbvizError(
        f"'{path.name}' holds {len(members):,} files{': ' + names if names else ''}. Unzip the one "
        "you want, and name that."
    )
