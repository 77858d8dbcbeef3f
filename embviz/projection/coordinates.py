"""Coordinates from a file: places that something else has computed, in a table by word or in an array by row."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pyarrow as pa

from embviz.errors import EmbvizError
from embviz.space import Space

_AXES = ("x", "y", "z")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # our own tables put an apostrophe before a word that begins so


def read(path: Path, space: Space) -> tuple[np.ndarray, np.ndarray]:
    """The rows of a space that a file has places for, and those places.

    Args:
        path: .csv, .tsv or .parquet with the columns word, x, y and, in 3 dimensions, z, in any order; or .npy or .npz
            with an array of shape (N, 2) or (N, 3) for the first N words (an .npz may name them in "words").
        space: whose words they are.

    Returns:
        rows (N,) int64, none twice, and coords (N, 2 or 3) float32, finite.

    Raises:
        EmbvizError: the file is not there or of another kind, cannot be read, or says what makes no sense.
    """
    kinds = {".csv": _csv, ".tsv": _csv, ".parquet": _parquet, ".npy": _npy, ".npz": _npz}
    if path.suffix.lower() not in kinds:
        raise EmbvizError(f"'{path.name}' is no file of coordinates: those end in {', '.join(kinds)}.")
    if not path.is_file():
        raise EmbvizError(f"There is no file '{path}'.")
    try:
        words, coords = kinds[path.suffix.lower()](path)
    except (pa.ArrowException, ValueError, EOFError, BadZipFile, KeyError) as error:
        reason = str(error).strip().split("\n")[0].rstrip(".") or "it ends early"
        raise EmbvizError(f"'{path.name}' cannot be read: {reason[:200]}.") from None
    if coords.ndim != 2 or coords.shape[1] not in (2, 3) or not len(coords) or coords.dtype.kind not in "fiu":
        raise EmbvizError(
            f"'{path.name}' holds an array of shape {coords.shape} of {coords.dtype}: it should be one of numbers, "
            "of shape (N, 2) or (N, 3)."
        )
    rows = _first(len(coords), space, path) if words is None else _rows(words, space, path)
    if len(rows) != len(coords):
        raise EmbvizError(f"'{path.name}' has {len(rows):,} words and {len(coords):,} places.")
    return rows, _finite(coords, rows, space, path)


def _csv(path: Path) -> tuple[list[Any], np.ndarray]:
    from pyarrow import csv

    tabs = path.suffix.lower() == ".tsv"  # whose cells have no quotes, and words have
    shape = csv.ParseOptions(delimiter="\t", quote_char=False) if tabs else csv.ParseOptions()
    kinds = {"word": pa.string(), **dict.fromkeys(_AXES, pa.float64())}
    return _columns(
        csv.read_csv(path, parse_options=shape, convert_options=csv.ConvertOptions(column_types=kinds)), path
    )


def _parquet(path: Path) -> tuple[list[Any], np.ndarray]:
    from pyarrow import parquet

    return _columns(parquet.read_table(path), path)


def _columns(table: pa.Table, path: Path) -> tuple[list[Any], np.ndarray]:
    missing = [name for name in ("word", "x", "y") if name not in table.column_names]
    if missing:
        raise EmbvizError(
            f"'{path.name}' has no column {' and no '.join(map(repr, missing))}: it should have word, x, y and, in 3 "
            f"dimensions, z, and has {', '.join(map(repr, table.column_names[:20])) or 'none'}."
        )
    axes = [name for name in _AXES if name in table.column_names]
    numbers = [table[name].cast(pa.float64()).to_numpy() for name in axes]
    return table["word"].cast(pa.string()).to_pylist(), np.stack(numbers, axis=1)


def _npy(path: Path) -> tuple[None, np.ndarray]:
    return None, np.load(path, allow_pickle=False)


def _npz(path: Path) -> tuple[list[Any] | None, np.ndarray]:
    with np.load(path, allow_pickle=False) as arrays:
        others = [name for name in arrays.files if name != "words"]
        if "coords" not in others and len(others) != 1:
            raise EmbvizError(
                f"'{path.name}' holds {len(others)} arrays, none of them named coords: name the one with the places so."
            )
        coords = arrays["coords" if "coords" in others else others[0]]
        return arrays["words"].tolist() if "words" in arrays.files else None, coords


def _first(n: int, space: Space, path: Path) -> np.ndarray:
    if n > len(space):
        raise EmbvizError(f"'{path.name}' has places for {n:,} words, and '{space.name}' has {len(space):,}.")
    return np.arange(n)


def _rows(words: list[Any], space: Space, path: Path) -> np.ndarray:
    found = [_row(word, space) for word in words]
    unknown = [str(word) for word, row in zip(words, found, strict=True) if row is None]
    if unknown:
        named = ", ".join(repr(word[:40]) for word in unknown[:3])
        raise EmbvizError(
            f"{len(unknown):,} of the {len(words):,} words of '{path.name}' are not in '{space.name}', such as "
            f"{named}. Remove their lines."
        )
    rows = np.array(found, np.int64)
    if len(np.unique(rows)) < len(rows):
        twice = next(word for i, word in enumerate(words) if found.index(found[i]) < i)
        raise EmbvizError(f"'{path.name}' has the word {str(twice)[:40]!r} twice: a word has one place.")
    return rows


def _row(word: Any, space: Space) -> int | None:
    """The row of a word exactly as it is written, or as our own tables write it."""
    row = space.rows.get(word)
    if row is None and isinstance(word, str) and word[:1] == "'" and word[1:].startswith(_FORMULA):
        return space.rows.get(word[1:])
    return row


def _finite(coords: np.ndarray, rows: np.ndarray, space: Space, path: Path) -> np.ndarray:
    with np.errstate(over="ignore"):
        coords = np.ascontiguousarray(coords, np.float32)
    sound = np.isfinite(coords).all(axis=1)
    if not sound.all():
        line = int(sound.argmin())
        raise EmbvizError(
            f"{int((~sound).sum()):,} of the {len(coords):,} places in '{path.name}' are no finite numbers, the first "
            f"that of '{space.word(int(rows[line]))[:40]}'."
        )
    return coords
