"""The columns of a run on its map: as colours with a legend, and in the card of a word."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from dash import html

from embviz.apps.explorer.interface import text
from embviz.columns import Column
from embviz.errors import EmbvizError
from embviz.figures.theme import PALETTES, hues
from embviz.runs import Run

PREFIX = "column:"
NAMED = 20  # categories with a colour of their own; more cannot be told apart
_NONE = 254


def name_of(color: str) -> str | None:
    """The name of the column that a colouring means; None where it means none."""
    return color.removeprefix(PREFIX) if color.startswith(PREFIX) else None


def changed(run: Run) -> int:
    """When a column was last added to a run or taken away, for what is remembered of them."""
    folder = run.path / "columns"
    return folder.stat().st_mtime_ns if folder.is_dir() else 0


def column_of(run: Run, name: str) -> Column:
    """A column, read once for all readers.

    Raises:
        EmbvizError: there is none of that name, or it is damaged.
    """
    return _read(run, name, changed(run))


@lru_cache(maxsize=32)
def _read(run: Run, name: str, changed: int) -> Column:
    return run.column(name)


def has(run: Run, name: str | None) -> bool:
    """Whether a run has a column of that name."""
    return name in run.column_names


def shades(run: Run, name: str, n: int) -> np.ndarray:
    """(n,) uint8: the colours of the first words: of the most frequent categories a number each, the next one for all
    others; of numbers the place between the least and the most; of a list 0 for what is in it; 254 for no value.
    """
    column = column_of(run, name)
    if column.kind == "number":
        numbers, (low, high) = _floats(column), bounds(column)
        share = (numbers[:n] - low) / (high - low) if high > low else np.where(np.isnan(numbers[:n]), np.nan, 1.0)
        return np.where(np.isnan(share), _NONE, np.rint(np.nan_to_num(share) * 253)).astype(np.uint8)
    places = _places(run, name, changed(run))[:n]
    return np.where(places < 0, _NONE, np.minimum(places, NAMED)).astype(np.uint8)


def stops(run: Run, name: str, theme: str) -> dict[str, Any]:
    """What the bytes of `shades` mean as colours."""
    palette, kind = PALETTES[theme], column_of(run, name).kind
    if kind == "number":
        return {"kind": "scale", "stops": list(palette.scale[1:]), "none": palette.faint}
    colors = [hues(3, theme)[2]] if kind == "list" else [*hues(NAMED, theme), palette.quiet]  # green, as no mark is
    return {"kind": "set", "stops": colors, "none": palette.faint}


def legend(run: Run, name: str, rows: np.ndarray, theme: str, language: str) -> Any:
    """What the colours of a column mean: its categories and how many of the rows are of each, or two ends."""
    column, palette = column_of(run, name), PALETTES[theme]
    if column.kind == "number":
        ends = [number(end) for end in bounds(column)]
        ramp = f"linear-gradient(to right, {', '.join(palette.scale[1:])})"
        bar = [
            html.Div(className="ramp", style={"background": ramp}),
            html.Div([html.Span(end) for end in ends], className="ends"),
        ]
        nothing = int(np.isnan(_floats(column)[rows]).sum())
        rest = [_swatch(palette.faint, text("no_value", language), nothing)] if nothing else []
        return html.Div([html.Div(name, className="label"), *bar, *rest], className="legend")
    places = _places(run, name, changed(run))[rows]
    names = [text("in_list", language)] if column.kind == "list" else categories(column)
    colors, sizes = stops(run, name, theme)["stops"], np.bincount(places[places >= 0], minlength=len(names)).tolist()
    named = zip(colors, names[:NAMED], sizes, strict=False)
    parts = [_swatch(color, label, size) for color, label, size in named if size]
    if others := sum(1 for size in sizes[NAMED:] if size):
        parts.append(_swatch(colors[NAMED], text("others", language, n=others), sum(sizes[NAMED:])))
    nothing = int((places < 0).sum())
    if nothing:
        label = text("not_in" if column.kind == "list" else "no_value", language)
        parts.append(_swatch(palette.faint, label, nothing))
    return html.Div([html.Div(name, className="label"), *parts], className="legend")


def values(run: Run, row: int) -> list[Any]:
    """What the columns say of a word, a line each; of lists, those that it is in."""
    lines = []
    for name in run.column_names:
        try:
            column = column_of(run, name)
        except EmbvizError as error:
            lines.append(html.Div(str(error)))
            continue
        value = column.values[row].as_py()
        if value is None or (column.kind == "list" and not value):
            continue
        said = [] if column.kind == "list" else [": ", number(value) if column.kind == "number" else value]
        lines.append(html.Div([html.Span(name, className="name"), *said]))
    return [html.Div(lines, className="quiet values")] if lines else []


def number(value: float) -> str:
    """A number as it is shown."""
    return f"{value:,.0f}" if isinstance(value, int) or 1e4 <= abs(value) < 1e15 else f"{value:.4g}"


def bounds(column: Column) -> tuple[float, float]:
    """The least and the most of a column of numbers."""
    ends = pc.min_max(column.values).as_py()
    return ends["min"], ends["max"]


def _floats(column: Column) -> np.ndarray:
    return column.values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)


@lru_cache(maxsize=8)
def _places(run: Run, name: str, changed: int) -> np.ndarray:
    """(V,) int32: the category of each word, the most frequent one 0, -1 for none; of a list 0 for what is in it."""
    column = _read(run, name, changed)
    if column.kind == "list":
        return np.where(column.values.fill_null(False).to_numpy(zero_copy_only=False), 0, -1)
    codes = column.values.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    places = np.argsort(np.argsort(-_sizes(column), kind="stable"), kind="stable").astype(np.int32)
    return np.where(codes < 0, -1, places[codes])


def categories(column: Column) -> list[str]:
    """The categories of a column, the most frequent first, as `_places` numbers them."""
    sizes = _sizes(column)
    order = np.argsort(-sizes, kind="stable")[: np.count_nonzero(sizes)]
    return column.values.dictionary.take(pa.array(order)).to_pylist()


def _sizes(column: Column) -> np.ndarray:
    codes = column.values.indices.drop_null().to_numpy(zero_copy_only=False)
    return np.bincount(codes, minlength=len(column.values.dictionary))


def _swatch(color: str, label: str, size: int) -> Any:
    return html.Div(
        [
            html.Span(className="swatch", style={"background": color}),
            html.Span(label, className="name"),
            html.Span(f"{size:,}", className="number"),
        ],
        className="row",
    )
