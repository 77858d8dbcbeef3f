"""Stream: a text as token ids, in files: what grows with the text is not held in memory. Knows nothing of models."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from embviz.train.spool import BATCH

if TYPE_CHECKING:
    from tokenizers import Tokenizer


@dataclass(frozen=True, eq=False)
class Stream:
    """A text as token ids, memory-mapped.

    Attributes:
        ids: (N,) uint16 or uint32; after each line stands its mark, if it has one.
        starts: (S,) int64, where each line starts.
        counts: (V,) int64, how often each token occurs.
    """

    ids: np.ndarray
    starts: np.ndarray
    counts: np.ndarray

    def line(self, number: int) -> np.ndarray:
        """The ids of one line."""
        end = self.starts[number + 1] if number + 1 < len(self.starts) else len(self.ids)
        return self.ids[self.starts[number] : end]


def tokenise(tokenizer: Tokenizer, lines: Iterable[str], folder: Path, end: str | None, name: str = "tokens") -> Stream:
    """Write lines as `<name>.bin` and `<name>-starts.bin` into a folder, and open them.

    Args:
        end: the mark that is put after each line; None for none.
    """
    vocab, tail = tokenizer.get_vocab_size(), [] if end is None else [tokenizer.token_to_id(end)]
    kind = np.uint16 if vocab <= 2**16 else np.uint32
    counts, written, remaining = np.zeros(vocab, np.int64), 0, iter(lines)
    paths = folder / f"{name}.bin", folder / f"{name}-starts.bin"
    tokenizer.encode_special_tokens = True  # what looks like a mark in the text is text
    with paths[0].open("wb") as ids_file, paths[1].open("wb") as starts_file:
        while some := list(islice(remaining, BATCH)):
            encoded = [[*each.ids, *tail] for each in tokenizer.encode_batch_fast(some, add_special_tokens=False)]
            ids = np.fromiter((i for line in encoded for i in line), kind)
            lengths = np.array([len(line) for line in encoded], np.int64)
            (written + np.cumsum(lengths) - lengths).tofile(starts_file)
            ids.tofile(ids_file)
            counts += np.bincount(ids, minlength=vocab)
            written += len(ids)
    tokenizer.encode_special_tokens = False
    empty = np.zeros(0, kind), np.zeros(0, np.int64)
    if not written:
        return Stream(*empty, counts)
    return Stream(np.memmap(paths[0], kind, "r"), np.memmap(paths[1], np.int64, "r"), counts)
