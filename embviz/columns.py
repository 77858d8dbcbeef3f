"""Columns: what is known of the words of a space beside their vectors: categories, numbers, and lists of words.

A file of columns is a table (.csv, .tsv) whose first line names them. Its rows are found by a column `word`, or without
one stand in the order of the words, as in the metadata of TensorBoard's projector. Any other file is a list, a word a
line: a column that says yes or no. Knows nothing of runs and of the page.
"""

from __future__ import annotations

import csv
import io
import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from embviz.arrays import READ_ONLY
from embviz.errors import EmbvizError
from embviz.space import Space
from embviz.text.files import whole_text
from embviz.text.packing import bare

CATEGORIES = 1_000  # distinct values at most: beyond that a text says something of single words, and groups none
NAMED = 20  # categories with a colour of their own; more cannot be told apart
TAKEN = ("word", "count", "rank", "x", "y", "z", "kept", "cluster", "neighbors")
_LONGEST_NAME = 60
_LONGEST_CELL = 100_000  # a quote that is never closed would swallow the whole file
_YES, _NO = ("true", "yes"), ("false", "no")


@dataclass(frozen=True, eq=False)
class Column:
    """One value a word.

    Attributes:
        name: what to call it; the name of a file, too.
        values: (V,) of the words of a space, null where nothing is known: booleans, whole numbers, finite numbers, or
            a dictionary of at most 1,000 texts.
    """

    name: str
    values: pa.Array

    @property
    def kind(self) -> str:
        """list (yes or no), number or category."""
        if pa.types.is_boolean(self.values.type):
            return "list"
        return "category" if pa.types.is_dictionary(self.values.type) else "number"

    @property
    def size(self) -> int:
        """Of how many words something is known; of a list, how many are in it."""
        if self.kind == "list":
            return self.values.true_count
        return len(self.values) - self.values.null_count

    def matches(self, among: Sequence[str] = (), least: float | None = None, most: float | None = None) -> np.ndarray:
        """(V,) bool: the words of which the column says something.

        Args:
            among: only these categories; of a list "yes" for what is in it, as by default, and "no" for what is not.
            least: only numbers from here,
            most: and up to here.
        """
        if self.kind == "list":
            found = pc.is_in(self.values, pa.array(sorted({value == _YES[1] for value in among} or {True})))
        elif self.kind == "category" and among:
            found = pc.is_in(self.values.cast(pa.string()), pa.array(list(among), pa.string()))
        else:
            found = self.values.is_valid()
            if self.kind == "number":
                found = pc.and_(found, pc.greater_equal(self.values, -np.inf if least is None else least))
                found = pc.and_(found, pc.less_equal(self.values, np.inf if most is None else most))
        return found.fill_null(False).to_numpy(zero_copy_only=False)

    def shades(self, most: int = NAMED) -> np.ndarray:
        """(V,): what the colour of a word says. Of numbers (float64) its place from the least, 0, to the greatest, 1,
        NaN for none; of categories (int32) their numbers, the most frequent 0, all from `most` on that one number, and
        of a list 0 for what is in it; -1 for none.
        """
        if self.kind == "list":
            return np.where(self.values.fill_null(False).to_numpy(zero_copy_only=False), 0, -1).astype(np.int32)
        if self.kind == "number":
            low, high = self.bounds
            numbers = self.floats
            return (numbers - low) / (high - low) if high > low else np.where(np.isnan(numbers), np.nan, 1.0)
        codes = self.values.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
        places = np.argsort(np.argsort(-self._sizes, kind="stable"), kind="stable").astype(np.int32)
        return np.minimum(np.where(codes < 0, -1, places[codes]), most)

    @property
    def floats(self) -> np.ndarray:
        """(V,) float64 of a column of numbers; NaN for none."""
        return self.values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the greatest of a column of numbers."""
        ends = pc.min_max(self.values).as_py()
        return ends["min"], ends["max"]

    @property
    def categories(self) -> list[str]:
        """The categories, the most frequent first, as `shades` numbers them."""
        order = np.argsort(-self._sizes, kind="stable")[: np.count_nonzero(self._sizes)]
        return self.values.dictionary.take(pa.array(order)).to_pylist()

    @property
    def _sizes(self) -> np.ndarray:
        codes = self.values.indices.drop_null().to_numpy(zero_copy_only=False)
        return np.bincount(codes, minlength=len(self.values.dictionary))

    def save(self, path: Path) -> None:
        """Keep the column in one file, whole or not at all."""
        temporary = path.with_name(f".{threading.get_native_id()}.tmp")  # a name may be as long as it can
        table = pa.table({self.name: self.values})
        try:
            with pa.OSFile(str(temporary), "wb") as sink, pa.ipc.new_file(sink, table.schema) as out:
                out.write_table(table)
            temporary.rename(path)
        finally:
            temporary.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: Path, space: Space) -> Column:
        """Read a column that was kept for a space.

        Raises:
            EmbvizError: the file is damaged.
        """
        try:
            table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
            table.validate(full=True)
            values = table.column(0).combine_chunks()
            if len(values) != len(space) or not is_column(values.type):
                raise ValueError(f"{len(values):,} values of {values.type}")
        except (OSError, ValueError, IndexError, pa.ArrowException) as error:
            raise EmbvizError(f"The column '{path}' is damaged ({error}): remove it, and make it again.") from error
        return cls(path.stem, values)


@dataclass(frozen=True)
class Found:
    """What a file of columns holds for a space.

    Attributes:
        columns: those that can be kept.
        left_out: of each other one its title, and why.
        here: how many of the file's words the space has; None where the file names no words.
        of: how many rows it has.
        twice: how many words of the space stand in it again with other values, of which the first were kept.
    """

    columns: tuple[Column, ...]
    left_out: Mapping[str, str]
    here: int | None
    of: int
    twice: int = 0


@contextmanager
def changing(run: str) -> Iterator[None]:
    """While the columns of a run are changed; a run that may only be read says so.

    Raises:
        EmbvizError: it may.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in READ_ONLY:
            raise
        sentence = "'{run}' may only be read, so its columns stay as they are. Copy the run."
        raise EmbvizError(sentence, run=run) from None


def is_column(kind: pa.DataType) -> bool:
    """Whether values of this type are a column; a table of words made elsewhere may hold dates or arrays."""
    texts = pa.types.is_dictionary(kind) and pa.types.is_string(kind.value_type)
    return pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind) or texts


def checked_name(name: str) -> str:
    """The name of a column, which is the name of a file too.

    Raises:
        EmbvizError: it cannot be one, or means something else already.
    """
    name = unicodedata.normalize("NFC", name.strip())
    if not re.fullmatch(r"\w[\w .()+&'-]*", name) or len(name) > _LONGEST_NAME:
        raise EmbvizError("'{name}' cannot name a column: use letters, digits, spaces and - . ( ) + & ', 60 at most.",
                          name=name[:_LONGEST_NAME])  # fmt: skip
    if name.casefold() in TAKEN:
        raise EmbvizError("'{name}' says something else of a word already: choose another name.", name=name)
    return name


def word_list(name: str, words: Iterable[str], space: Space) -> Found:
    """A list of words as a column: whether a word of the space is in it.

    Args:
        name: of the column.
        words: in any order; what is empty is passed over, what comes twice counts once.
        space: whose words it is for; a word is found as `Space.row` finds it.

    Raises:
        EmbvizError: the name cannot be one, there are no words, or none is in the space.
    """
    name = checked_name(name)
    given = list(dict.fromkeys(word for word in map(str.strip, words) if word))
    rows = [row for row in map(space.row, given) if row is not None]
    if not given:
        raise EmbvizError("The list '{name}' has no words.", name=name)
    if not rows:
        raise EmbvizError("Of the {count:,} words of '{name}' none is in '{space}', such as '{word}'.",
                          count=len(given), name=name, space=space.name, word=given[0][:_LONGEST_NAME])  # fmt: skip
    inside = np.zeros(len(space), bool)
    inside[rows] = True
    return Found((Column(name, pa.array(inside)),), {}, len(rows), len(given))


def read_columns(path: Path | str, space: Space, name: str | None = None, encoding: str = "utf-8") -> Found:
    """The columns of a file, brought into the order of a space's words.

    Values are yes or no (also true, false), numbers (an empty cell, or one that is not finite, is nothing), or texts.
    Of a word that comes again the first row counts.

    Args:
        path: .csv or .tsv with a first line of names, else a word a line; plain or packed.
        space: V words.
        name: what to call a list; by default the file's stem.
        encoding: of the file.

    Raises:
        EmbvizError: the file cannot be read, its rows cannot be matched with the words, or it has no usable column.
    """
    path = Path(path)
    title, text = whole_text(path, encoding)
    kind = next((ending for ending in (".csv", ".tsv") if bare(title).endswith(ending)), None)
    if kind is None:
        return word_list(path.name.partition(".")[0] if name is None else name, text.split("\n"), space)
    if name is not None:
        raise EmbvizError(f"'{path}' is a table, whose first line names its columns: --name is for a list of words.")
    return _of_table(path, list(_table(text, path, kind)), space)


def _of_table(path: Path, rows: list[list[str]], space: Space) -> Found:
    titles, cells = rows[0], list(zip(*rows[1:], strict=True)) or [()] * len(rows[0])
    by = next((place for place, title in enumerate(titles) if title.strip().casefold() == "word"), None)
    if by is None and len(rows) - 1 != len(space):
        raise EmbvizError(
            f"'{path}' has {len(rows) - 1:,} rows under its first line, and '{space.name}' has {len(space):,} words: "
            "add a column 'word' that says which row is of which word."
        )
    found = None if by is None else [space.row(word.strip()) for word in cells[by]]
    if found is not None and found.count(None) == len(found):
        raise EmbvizError(f"'{path}' has {len(found):,} rows, and none is of a word of '{space.name}'.")
    places = None if found is None else _places(found, len(space))
    columns, left_out = _usable([(title, cells[i]) for i, title in enumerate(titles) if i != by], places)
    if not columns:
        reasons = "; ".join(f"'{title}': {reason}" for title, reason in left_out.items())
        raise EmbvizError(f"'{path}' has no column to keep. {reasons}".rstrip())
    if by is None or found is None:
        return Found(tuple(columns.values()), left_out, None, len(rows) - 1)
    here, twice = len(found) - found.count(None), _twice(found, [row[:by] + row[by + 1 :] for row in rows[1:]])
    return Found(tuple(columns.values()), left_out, here, len(rows) - 1, twice)


def _twice(found: Sequence[int | None], values: Sequence[Sequence[str]]) -> int:
    """Of how many words a later row says something else than the first."""
    first: dict[int, Sequence[str]] = {}
    other = {
        row for row, said in zip(found, values, strict=True) if row is not None and first.setdefault(row, said) != said
    }
    return len(other)


def _places(found: Sequence[int | None], n: int) -> pa.Array:
    """(n,): of each word the first row of the file that is of it; null where there is none."""
    places = np.full(n, -1)
    for place, row in reversed(list(enumerate(found))):
        if row is not None:
            places[row] = place
    return pa.array(places, mask=places < 0)


def _usable(
    given: Sequence[tuple[str, Sequence[str]]], places: pa.Array | None
) -> tuple[dict[str, Column], dict[str, str]]:
    """The columns of titles and cells; of those that cannot be one, why."""
    columns: dict[str, Column] = {}
    left_out: dict[str, str] = {}
    for title, cells in given:
        try:
            column = _column(title, cells, places)
            if column.name in columns:
                raise EmbvizError("it is there twice")
            columns[column.name] = column
        except EmbvizError as error:
            left_out[title.strip()[:_LONGEST_NAME]] = str(error).rstrip(".")
    return columns, left_out


def _column(title: str, cells: Sequence[str], places: pa.Array | None) -> Column:
    name, values = checked_name(title), _typed(cells)
    values = values if places is None else values.take(places)
    if values.null_count == len(values):
        raise EmbvizError("it says nothing of these words")
    return Column(name, values)


def _typed(cells: Sequence[str]) -> pa.Array:
    """Texts as what they all are."""
    texts = [" ".join(cell.split()) or None for cell in cells]
    distinct = {text for text in texts if text}
    if {text.casefold() for text in distinct} <= {*_YES, *_NO}:
        return pa.array([None if text is None else text.casefold() in _YES for text in texts], pa.bool_())
    array = pa.array(texts, pa.string())
    for kind in (pa.int64(), pa.float64()):
        try:
            numbers = array.cast(kind)
        except pa.ArrowInvalid:
            continue
        return numbers if kind == pa.int64() else pc.if_else(pc.is_finite(numbers), numbers, pa.scalar(None, kind))
    if len(distinct) > CATEGORIES:
        raise EmbvizError(f"it has {len(distinct):,} different texts, and categories are {CATEGORIES:,} at most")
    return array.dictionary_encode()


def _table(text: str, path: Path, kind: str) -> Iterator[list[str]]:
    """The rows of a table, the titles first, each as long as the titles."""
    quoted = {"quoting": csv.QUOTE_NONE, "delimiter": "\t"} if kind == ".tsv" else {}
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), **quoted)  # type: ignore[arg-type]
    try:
        titles = next(reader, [])
        yield titles
        for row in reader:
            if len(row) > len(titles):
                many = f"has {len(row)} cells, and the first line names {len(titles)}"
                raise EmbvizError(f"Line {reader.line_num:,} of '{path}' {many}.")
            if row or len(titles) == 1:  # a line of nothing is a cell where there is one column, else it is none
                yield row + [""] * (len(titles) - len(row))
    except csv.Error as error:
        raise EmbvizError(f"Line {reader.line_num:,} of '{path}' cannot be read: {error}.") from None
