"""The text itself, its tokens in the colours of what some of them look at."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from embviz.attention import Attention
from embviz.figures.attention.numbers import digits, rounded, shown, unsigned
from embviz.figures.attention.titles import across, brief, done, heading, of_head, say, sides
from embviz.figures.theme import PALETTES, colorscale, plain, template

_LINE = 34  # pixels from line to line
_BAR = 56  # pixels of the scale of colours, under the text
_LIVE = 90_000  # weights that are sent along, for a page that colours by itself
_FONT = (
    "ui-monospace, 'SF Mono', 'Cascadia Mono', 'DejaVu Sans Mono', 'Noto Sans Mono', 'Noto Sans Mono CJK SC', "
    "'Noto Sans CJK SC', 'Noto Color Emoji', monospace"
)


@dataclass(frozen=True)
class _Cell:
    """Where a token stands: its line, and from which column to before which."""

    line: int
    start: int
    end: int


def text_figure(
    attention: Attention,
    layer: int,
    head: int,
    theme: str = "light",
    language: str = "en",
    scale: str = "head",
    chosen: Sequence[int] = (),
    columns: int = 64,
    live: bool = False,
) -> go.Figure:
    """Draw the tokens as running text, each in the colour of how much the chosen ones look at it, summed.

    Of a decoder's rows as they are written (`reading.first_rows`) the last one is chosen; where nothing is, the colours
    are the mean of all rows. Where two texts are, such as of cross-attention, the upper one looks and the lower one is
    looked at.

    Args:
        attention: a record that holds this layer and head.
        layer: its number in the model, from 0.
        head: its number in the layer, from 0.
        theme: "light" or "dark".
        language: "en" or "zh".
        scale: what is darkest: "one", a sum of 1; else the largest of the sums.
        chosen: rows, by their number from 0.
        columns: of a line; a letter takes one, a Chinese character two.
        live: whether the weights come along in the figure's `meta`, so that a page can colour by other tokens.

    Raises:
        EmbvizError: the record does not hold the head.
    """
    attention = unsigned(attention)
    values = shown(attention, layer, head)
    rows = _rows(attention, chosen)
    sums = _sums(values, rows)
    largest = max(float(np.nan_to_num(sums).max()), 1e-12)
    top = 1.0 if scale == "one" else largest
    blocks = _blocks(attention, columns)
    looks, looked = blocks[0], blocks[-1]
    palette = PALETTES[theme]
    traces = _colored(attention, looks, looked, sums, top, columns, theme, language)
    lines, backward = looked[-1].line + 1, _runs_backward(attention)
    ends = say(f"scale {'one' if scale == 'one' else 'head'}", language, most=f"{top:.{digits(top)}f}")
    said = [*done(attention, language), _of_rows(attention, rows, language), ends]
    title, above = heading(of_head(attention, layer, head, language), said, theme, columns, 4)
    layout = {
        "template": template(theme), "title": title, "hovermode": "closest", "height": lines * _LINE + above + _BAR,
        "xaxis": {"range": [columns, -0.5] if backward else [-0.5, columns], "visible": False, "fixedrange": True},
        "yaxis": {"range": [lines - 0.4, -0.6], "visible": False, "fixedrange": True},
        "shapes": [_frame(looks[row], palette.accent) for row in rows],
        "annotations": _headings(attention, looks, looked, theme, language, columns if backward else 0),
        "margin": {"l": 12, "r": 12, "b": _BAR, "t": above},
    }  # fmt: skip
    if live and values.size <= _LIVE:
        layout["meta"] = {"attention": _live(attention, values, looks, looked, rows, scale, columns, theme)}
    return go.Figure(traces, layout)


def _rows(attention: Attention, chosen: Sequence[int]) -> list[int]:
    """The chosen rows that there are; of rows as they are written the last."""
    there = [row for row in dict.fromkeys(chosen) if 0 <= row < len(attention.tokens) and attention.seen[row].any()]
    steps = [change for change in attention.changes if change.startswith("rows ")]
    if there or not steps or attention.turned:
        return there
    return [int(steps[-1].split()[1].partition("/")[0]) - 1]


def _sums(values: np.ndarray, rows: Sequence[int]) -> np.ndarray:
    """(K,) what the rows look at, summed; the mean of all where there are none; NaN where none of them can look."""
    part = values[list(rows)] if rows else values
    there = ~np.isnan(part)
    sums = np.nansum(part, axis=0) / (1 if rows else max(int(there.any(axis=1).sum()), 1))
    return np.where(there.any(axis=0), sums, np.nan)


def _blocks(attention: Attention, columns: int) -> list[list[_Cell]]:
    """Where the tokens stand: one text, or what looks above what is looked at, each under a heading."""
    if not attention.crosses:
        return [_set(attention.tokens, columns, 0)]
    looks = _set(attention.tokens, columns, 1)
    return [looks, _set(attention.keys, columns, looks[-1].line + 3)]


def _set(tokens: Sequence[str], columns: int, line: int) -> list[_Cell]:
    """Tokens as running text, one column apart."""
    cells, at = [], 0
    for token in tokens:
        wide = max(1, min(across(_written(token)), columns))
        if at and at + wide > columns:
            line, at = line + 1, 0
        cells.append(_Cell(line, at, at + wide))
        at += wide + 1
    return cells


def _colored(
    attention: Attention, looks: list[_Cell], looked: list[_Cell], sums: np.ndarray, top: float, columns: int,
    theme: str, language: str,
) -> list[Any]:  # fmt: skip
    """The cells, and over them the tokens."""
    grid = np.full((looked[-1].line + 1, columns), np.nan)
    places, said = np.full(grid.shape, -1), np.full(grid.shape, "", object)
    sizes = np.full(grid.shape, np.nan)
    for i, cell in enumerate(looks):
        places[cell.line, cell.start : cell.end] = i
        said[cell.line, cell.start : cell.end] = plain(brief(attention.tokens[i]))
        grid[cell.line, cell.start : cell.end] = 0 if looks is not looked else np.nan
    for j, cell in enumerate(looked):
        value = sums[j]
        grid[cell.line, cell.start : cell.end] = value
        sizes[cell.line, cell.start : cell.end] = value
        told = "" if np.isnan(value) else f": {value:.{digits(top)}f}"
        said[cell.line, cell.start : cell.end] = f"{plain(brief(attention.keys[j]))}{told}"
    inks = _inks(theme)
    cells = [*looks, *looked] if looks is not looked else looked
    tokens = [*attention.tokens, *attention.keys] if looks is not looked else attention.keys
    values = np.array([*np.zeros(len(looks) if looks is not looked else 0), *sums])
    heatmap = go.Heatmap(
        z=rounded(grid, digits(top)), text=said.tolist(), customdata=places.tolist(), zmin=0, zmax=top, ygap=6,
        colorscale=colorscale(theme), hoverongaps=False, hovertemplate="%{text}<extra></extra>",
        colorbar={"title": {"text": say("weight", language), "side": "top", "font": {"size": 12}}, "thickness": 8,
                  "orientation": "h", "lenmode": "pixels", "len": 180, "x": 0, "xanchor": "left", "y": 0,
                  "yanchor": "top", "ypad": 4, "outlinewidth": 0, "nticks": 3, "tickfont": {"size": 11}},
    )  # fmt: skip
    quiet = PALETTES[theme].quiet
    words = go.Scatter(
        x=[(cell.start + cell.end - 1) / 2 for cell in cells], y=[cell.line for cell in cells], mode="text",
        text=[plain(_written(token)) for token in tokens], hoverinfo="skip", showlegend=False, cliponaxis=False,
        textfont={"size": 15, "family": _FONT,
                  "color": [quiet if np.isnan(v) else inks[int(v > 0.55 * top)] for v in values]},
    )  # fmt: skip
    return [heatmap, words]


def _inks(theme: str) -> tuple[str, str]:
    """The colour of letters on a cell of little, and on one of much."""
    return (PALETTES[theme].text, PALETTES["dark" if theme == "light" else "light"].text)


def _written(token: str) -> str:
    """A token as it stands in a cell: white space is seen, and what is too long loses its middle."""
    bare = " ".join(token.split())
    return brief(bare) if bare else "␣" if token else "∅"


def _frame(cell: _Cell, color: str) -> dict[str, Any]:
    line = {"color": color, "width": 2}
    return {"type": "rect", "x0": cell.start - 0.6, "x1": cell.end - 0.4, "y0": cell.line - 0.46,
            "y1": cell.line + 0.46, "line": line}  # fmt: skip


def _headings(
    attention: Attention, looks: list[_Cell], looked: list[_Cell], theme: str, language: str, x: float
) -> list[dict[str, Any]]:
    """What each of two texts is."""
    if looks is looked:
        return []
    font = {"size": 12, "color": PALETTES[theme].quiet}
    return [
        {"x": x - 0.5, "y": block[0].line - 0.9, "text": name, "showarrow": False, "xanchor": "right" if x else "left",
         "font": font}
        for block, name in zip((looks, looked), sides(attention, language), strict=True)
    ]  # fmt: skip


def _of_rows(attention: Attention, rows: Sequence[int], language: str) -> str:
    """Of which tokens the colours are."""
    if not rows:
        return say("of_all", language)
    names = [f"“{brief(_written(attention.tokens[row]))}”" for row in rows[:6]]
    if len(rows) > 6:
        names.append(say("more", language, n=len(rows) - 6))
    key = f"{'to' if attention.turned else 'of'}_{'one' if len(rows) == 1 else 'chosen'}"
    return say(key, language, tokens=", ".join(names))


def _runs_backward(attention: Attention) -> bool:
    """Whether the text is written from right to left: most of its letters are."""
    letters = [unicodedata.bidirectional(letter) for token in attention.keys for letter in token]
    return sum(kind in ("R", "AL") for kind in letters) > sum(kind == "L" for kind in letters)


def _live(
    attention: Attention, values: np.ndarray, looks: list[_Cell], looked: list[_Cell], rows: Sequence[int],
    scale: str, columns: int, theme: str,
) -> dict[str, Any]:  # fmt: skip
    """All that a page needs to colour the text by other tokens (assets/attention-text.js)."""
    return {
        "weights": rounded(values, 3).tolist(),
        "cells": [[cell.line, cell.start, cell.end] for cell in looked],
        "before": 0 if looks is looked else len(looks),
        "names": [plain(brief(key)) for key in attention.keys],
        "rows": list(rows),
        "one": scale == "one",
        "inks": [*_inks(theme), PALETTES[theme].quiet],
        "columns": columns,
    }
