"""Bytes to text, block by block, and what to say when they are no text. Knows nothing of files' names and kinds."""

import codecs
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

from embviz.errors import EmbvizError

_BLOCK = 65_536  # bytes
_WIDE = ("utf_16", "utf_32")  # encodings where a zero byte is nothing odd


def check_encoding(encoding: str) -> None:
    """Raises EmbvizError when there is no encoding of that name."""
    try:
        "a".encode(encoding)
    except (LookupError, UnicodeError):  # Python's own 'undefined' is an encoding that always fails
        raise EmbvizError(
            f"There is no text encoding {encoding!r}. Common ones: utf-8, gb18030, big5, latin-1, utf-16."
        ) from None


class Blocks:
    """The text of a stream of bytes, in blocks. Iterate once.

    Args:
        stream: what to read.
        name: what to call it in messages.
        encoding: how its bytes spell characters; a byte order mark in UTF-8 is taken off.
        after: called after each block is read.

    Raises:
        EmbvizError: (while iterating) it is damaged, binary, or in another encoding.
    """

    def __init__(self, stream: BinaryIO, name: str, encoding: str, after: Callable[[], None] | None = None) -> None:
        self.stream, self.name, self.after = stream, name, after
        self.encoding = codecs.lookup(encoding).name
        self.decoder = codecs.getincrementaldecoder("utf-8-sig" if self.encoding == "utf-8" else encoding)()
        self.seen = self.lines = 0  # bytes and line breaks before the block at hand

    def __iter__(self) -> Iterator[str]:
        while block := self._read():
            yield self._decoded(block)
            if self.after:
                self.after()
        yield self._decoded(b"", final=True)

    def _read(self) -> bytes:
        try:
            return self.stream.read(_BLOCK)
        except (EOFError, OSError, ValueError, RuntimeError, zlib.error, zipfile.BadZipFile) as error:
            raise EmbvizError(f"'{self.name}' is damaged or cut short ({error}). Get it again.") from error

    def _decoded(self, block: bytes, final: bool = False) -> str:
        waiting = len(self.decoder.getstate()[0])
        self._check_is_text(block)
        try:
            text = self.decoder.decode(block, final)
        except UnicodeDecodeError as error:
            raise self._undecodable(error, self.seen - waiting) from None
        self.seen += len(block)
        self.lines += text.count("\n")
        return text

    def _check_is_text(self, block: bytes) -> None:
        if b"\0" not in block or self.encoding.replace("-", "_").startswith(_WIDE):
            return
        marked = self.seen == 0 and block.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        advice = "It looks like UTF-16: say --encoding utf-16." if marked else "Give a file of plain text."
        raise EmbvizError(f"'{self.name}' is no text: byte {self.seen + block.index(0) + 1:,} is zero. {advice}")

    def _undecodable(self, error: UnicodeDecodeError, before: int) -> EmbvizError:
        line = self.lines + error.object[: error.start].count(b"\n") + 1
        wrong = error.object[error.start : error.end][:4].hex(" ")
        return EmbvizError(
            f"'{self.name}' is not in {self.encoding}: line {line:,}, byte {before + error.start + 1:,} "
            f"({wrong}). Say its encoding with --encoding, such as gb18030 or latin-1."
        )
