"""Columns of a table: .csv, .tsv, or .jsonl with one object a line. Knows nothing of files and of language."""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from embviz.errors import EmbvizError
from embviz.text.packing import bare

TABLES = (".jsonl", ".ndjson", ".csv", ".tsv")
_LONGEST_CELL = 1 << 26  # characters; a quote that is never closed would swallow the whole file


def rows(blocks: Iterable[str], name: str, column: str | None) -> Iterator[str]:
    """The text of a column, row by row; empty cells are passed over.

    Raises:
        EmbvizError: no column is named, there is none of that name, or a row cannot be read.
    """
    for (cell,) in cells(blocks, name, (column,)):
        if cell:
            yield cell


def cells(blocks: Iterable[str], name: str, columns: Sequence[str | None]) -> Iterator[tuple[str, ...]]:
    """The texts of some columns, row by row; an empty cell is an empty text.

    Raises:
        EmbvizError: see `rows`.
    """
    read = _json_rows if bare(name).endswith((".jsonl", ".ndjson")) else _csv_rows
    yield from read(_lines(blocks), name, columns)


def titles(blocks: Iterable[str], name: str) -> list[str]:
    """The names of a table's columns.

    Raises:
        EmbvizError: its first line cannot be read.
    """
    lines = _lines(blocks)
    if bare(name).endswith((".jsonl", ".ndjson")):
        return next((list(_json_row(line, name, number)) for number, line in enumerate(lines, 1) if line.strip()), [])
    return next(_csv_reader(lines, name), [])


def _json_rows(lines: Iterable[str], name: str, columns: Sequence[str | None]) -> Iterator[tuple[str, ...]]:
    titles: list[str] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        row = _json_row(line, name, number)
        titles = titles or [_checked(column, list(row), name) for column in columns]
        yield tuple(_json_cell(row, title, name, number) for title in titles)


def _json_cell(row: dict[str, Any], title: str, name: str, number: int) -> str:
    cell = row.get(title) or ""
    if not isinstance(cell, str):
        raise EmbvizError(f"Line {number:,} of '{name}' holds {type(cell).__name__} in {title!r}, not text.")
    return cell.encode("utf-8", "ignore").decode()  # half an emoji, as \\ud83d spells one, is no text


def _json_row(line: str, name: str, number: int) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise EmbvizError(f"Line {number:,} of '{name}' is not JSON: {error}.") from None
    if not isinstance(row, dict):
        raise EmbvizError(
            f'Line {number:,} of \'{name}\' is no JSON object: every line should be like {{"text": "..."}}.'
        )
    return row


def _csv_rows(lines: Iterable[str], name: str, columns: Sequence[str | None]) -> Iterator[tuple[str, ...]]:
    reader = _csv_reader(lines, name)
    try:
        header: list[str] = next(reader, [])
        places = [header.index(_checked(column, header, name)) for column in columns]
        for row in reader:
            yield tuple(row[place] if place < len(row) else "" for place in places)
    except csv.Error as error:
        raise EmbvizError(f"Line {reader.line_num:,} of '{name}' cannot be read: {error}.") from None


def _csv_reader(lines: Iterable[str], name: str) -> Any:
    csv.field_size_limit(_LONGEST_CELL)
    if bare(name).endswith(".tsv"):  # tabs need no quotes around cells, and texts have quotes that are never closed
        return csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    return csv.reader(lines)


def _checked(column: str | None, there: list[str], name: str) -> str:
    if column is not None and column in there:
        return column
    if not there:
        raise EmbvizError(f"'{name}' has no columns: its first line should name them.")
    columns = ", ".join(repr(title if len(title) < 40 else title[:39] + "…") for title in there[:20])
    if column:
        raise EmbvizError(f"'{name}' has no column {column!r}: name one of {columns}, or rename it.")
    raise EmbvizError(f"'{name}' is a table, and no column was named: say --column with one of {columns}.")


def _lines(blocks: Iterable[str]) -> Iterator[str]:
    """Lines with their ends; a long one is put together once, not again at each block."""
    parts: list[str] = []
    for block in blocks:
        first, *others = block.split("\n")
        parts.append(first)
        for other in others:
            yield "".join(parts) + "\n"
            parts = [other]
    if any(parts):
        yield "".join(parts)
