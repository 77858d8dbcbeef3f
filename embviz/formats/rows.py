"""Rows: the words of a file so far and their vectors, in an array that grows. Knows nothing of files."""

from __future__ import annotations

import numpy as np

from embviz.errors import EmbvizError


class Rows:
    """Words in the order in which they came, each once, and their vectors.

    Attributes:
        words: the words kept; the row of each.
        seen: how many rows were offered, those without a word and those whose word was there already among them.
    """

    def __init__(self, dims: int) -> None:
        self.words: dict[str, int] = {}
        self.seen = 0
        self._array = np.empty((0, dims), np.float32)

    def add(self, words: list[str], vectors: np.ndarray, share: float) -> None:
        """Append words (n,) and vectors (n, D); `share` of all rows (0 to 1) are there with them."""
        start = len(self.words)
        fresh = []
        for row, word in enumerate(words):
            if word and word not in self.words:
                self.words[word] = len(self.words)
                fresh.append(row)
        self.seen += len(words)
        self._reserve(len(self.words), share)
        self._array[start : len(self.words)] = vectors if len(fresh) == len(words) else vectors[fresh]

    def vectors(self) -> np.ndarray:
        """(V, D) float32: the vectors of the words kept. Nothing can be added afterwards."""
        self._array.resize((len(self.words), self._array.shape[1]), refcheck=False)
        return self._array

    def _reserve(self, rows: int, share: float) -> None:
        """Room for so many rows, in place: the system moves pages, so that there are never two copies in memory."""
        if rows > len(self._array):
            expected = int(rows / max(share, 0.01) * 1.01)
            roomy = max(rows, min(expected, rows * 9 // 8))
            self._array.resize((roomy, self._array.shape[1]), refcheck=False)


def check_encoding(encoding: str) -> None:
    """Raise EmbvizError for an encoding that is unknown, or that writes spaces and digits otherwise than ASCII."""
    try:
        plain = "a 0.1\n".encode(encoding) == b"a 0.1\n"
    except (LookupError, UnicodeError):
        raise EmbvizError(f"There is no text encoding '{encoding}'. Try utf-8, latin-1, gb18030 or big5.") from None
    if not plain:
        raise EmbvizError(
            f"Vectors cannot be read as {encoding}, which writes digits in another way than ASCII. "
            "Convert the file to UTF-8."
        )


def decode(words: list[bytes], encoding: str) -> list[str] | None:
    """The words as text; None where one of them is not of this encoding."""
    try:
        decoded = b"\n".join(words).decode(encoding).split("\n") if words else []
    except UnicodeDecodeError:
        return None
    return decoded if len(decoded) == len(words) else None


def undecodable(word: bytes, encoding: str) -> int | None:
    """The place of the first byte of a word that is not of this encoding."""
    try:
        word.decode(encoding)
    except UnicodeDecodeError as error:
        return error.start
    return None
