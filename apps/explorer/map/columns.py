"""The columns of a run on its map: as colours with a legend, and in the card of a word."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from dash import html

from embviz.apps.explorer.interface import text
from embviz.columns import NAMED, Column
from embviz.errors import EmbvizError
from embviz.figures.theme import PALETTES, hues
from embviz.runs import Run

PREFIX = "column:"
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
    return _bytes(run, name, changed(run))[:n]


@lru_cache(maxsize=8)
def _bytes(run: Run, name: str, changed: int) -> np.ndarray:
    column = _read(run, name, changed)
    shades = column.shades()
    if column.kind == "number":
        return np.where(np.isnan(shades), _NONE, np.rint(np.nan_to_num(shades) * 253)).astype(np.uint8)
    return np.where(shades < 0, _NONE, shades).astype(np.uint8)


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
        ends = [number(end) for end in column.bounds]
        ramp = f"linear-gradient(to right, {', '.join(palette.scale[1:])})"
        bar = [
            html.Div(className="ramp", style={"background": ramp}),
            html.Div([html.Span(end) for end in ends], className="ends"),
        ]
        nothing = int(np.isnan(column.floats[rows]).sum())
        rest = [_swatch(palette.faint, text("no_value", language), nothing)] if nothing else []
        return html.Div([html.Div(name, className="label"), *bar, *rest], className="legend")
    names = [text("in_list", language)] if column.kind == "list" else column.categories
    places = column.shades(most=len(names))[rows]
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


def _swatch(color: str, label: str, size: int) -> Any:
    return html.Div(
        [
            html.Span(className="swatch", style={"background": color}),
            html.Span(label, className="name"),
            html.Span(f"{size:,}", className="number"),
        ],
        className="row",
    )
