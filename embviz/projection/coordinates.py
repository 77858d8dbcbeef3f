"""Coordinates from a file: places that something else has computed, in a table by word or in an array by row."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pyarrow as pa

from embviz.errors import EmbvizError
from embviz.space import Space

_AXES = ("x", "y", "z")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # our own tables put an apostrophe before a word that begins so


def read(path: Path, space: Space) -> tuple[np.ndarray, np.ndarray, int]:
    """The rows of a space that a file has places for, those places, and how many of the file's words it has not.

    Args:
        path: .csv, .tsv or .parquet with the columns word, x, y and, in 3 dimensions, z, in any order; or .npy or .npz
            with an array of shape (N, 2) or (N, 3) for the first N words (an .npz may name them in "words").
        space: whose words they are.

    Returns:
        rows (N,) int64, none twice; coords (N, 2 or 3) float32, finite; and the number of the words left out because
        the space has them not.

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
        raise EmbvizError(f"'{path.name}' cannot be read: {_reason(error, path)}") from None
    if coords.ndim != 2 or coords.shape[1] not in (2, 3) or not len(coords) or coords.dtype.kind not in "fiu":
        raise EmbvizError(
            f"'{path.name}' holds an array of shape {coords.shape} of {coords.dtype}: it should be one of numbers, "
            "of shape (N, 2) or (N, 3)."
        )
    if words is None:
        return _first(len(coords), space, path), _finite(coords, space.first(len(coords)), path), 0
    if len(words) != len(coords):
        raise EmbvizError(f"'{path.name}' has {len(words):,} words and {len(coords):,} places.")
    rows = _rows(words, space, path)
    known = rows >= 0
    named = [word for word, there in zip(words, known, strict=True) if there]
    return rows[known], _finite(coords[known], named, path), int((~known).sum())


def _reason(error: Exception, path: Path) -> str:
    """Why a file cannot be read and what to do, ending in a full stop."""
    if path.suffix.lower() in (".npy", ".npz"):  # numpy's own advice would be to unpickle it, which runs what is in it
        return "it is damaged, or holds no array of numbers. Write it again with numpy.save or numpy.savez."
    fault = _fault(path) if path.suffix.lower() in (".csv", ".tsv") else None
    return fault or (str(error).strip().split("\n")[0].rstrip(".")[:200] or "it ends early") + "."


def _fault(path: Path) -> str | None:
    """The first cell of a table that is no number, or the first line that is too long or too short."""
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        lines = csv.reader(file, **_tabs(path))
        try:
            titles = next(lines, [])
            places = [(titles.index(axis), axis) for axis in _AXES if axis in titles]
            for row in filter(None, lines):
                said = _fault_in(row, len(titles), places)
                if said:
                    return f"line {lines.line_num:,} {said}"
        except csv.Error as error:
            return f"line {lines.line_num:,} makes no sense ({error}). Correct it."
    return None


def _fault_in(row: list[str], many: int, places: list[tuple[int, str]]) -> str | None:
    if len(row) != many:
        return f"has {len(row)} cells, and the first line names {many}. Correct it."
    if any("\udc80" <= letter <= "\udcff" for cell in row for letter in cell):
        return "is not in UTF-8. Save the file as UTF-8."
    wrong = next(((row[place], axis) for place, axis in places if not _is_number(row[place])), None)
    return wrong and f"has {wrong[0][:40]!r} in the column {wrong[1]}, where a number should be. Correct it."


def _is_number(cell: str) -> bool:
    try:
        float(cell or 0)  # an empty cell is told as a place that is missing
    except ValueError:
        return False
    return True


def _tabs(path: Path) -> dict[str, Any]:
    """How Python's reader takes a table: the cells of a .tsv have no quotes, and words have."""
    return {"delimiter": "\t", "quoting": csv.QUOTE_NONE} if path.suffix.lower() == ".tsv" else {}


def _csv(path: Path) -> tuple[list[Any], np.ndarray]:
    from pyarrow.csv import ConvertOptions, ParseOptions, read_csv

    tabs = path.suffix.lower() == ".tsv"  # whose cells have no quotes, and words have
    shape = ParseOptions(delimiter="\t", quote_char=False) if tabs else ParseOptions()
    kinds = {"word": pa.string(), **dict.fromkeys(_AXES, pa.float64())}
    return _columns(read_csv(path, parse_options=shape, convert_options=ConvertOptions(column_types=kinds)), path)


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
    """(N,) int64: the row of each word; -1 for one that the space has not."""
    rows: list[int] = []
    seen: set[int] = set()
    for word in words:
        row = _row(word, space)
        if row in seen:
            raise EmbvizError(f"'{path.name}' has the word {str(word)[:40]!r} twice: a word has one place.")
        rows.append(-1 if row is None else row)
        seen |= set() if row is None else {row}
    if not seen:
        raise EmbvizError(
            f"'{path.name}' has {len(words):,} words, and none of them is in '{space.name}', such as "
            f"{str(words[0])[:40]!r}. Is it the file of another run?"
        )
    return np.array(rows, np.int64)


def _row(word: Any, space: Space) -> int | None:
    """The row of a word exactly as it is written, or as our own tables write it."""
    row = space.rows.get(word)
    if row is None and isinstance(word, str) and word[:1] == "'" and word[1:].startswith(_FORMULA):
        return space.rows.get(word[1:])
    return row


def _finite(coords: np.ndarray, words: Sequence[str], path: Path) -> np.ndarray:
    with np.errstate(over="ignore"):
        coords = np.ascontiguousarray(coords, np.float32)
    sound = np.isfinite(coords).all(axis=1)
    if not sound.all():
        raise EmbvizError(
            f"{int((~sound).sum()):,} of the {len(coords):,} places in '{path.name}' are no finite numbers, the first "
            f"that of '{words[int(sound.argmin())][:40]}'. Correct them, or remove their lines."
        )
    return coords
