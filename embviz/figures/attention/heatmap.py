"""One head as a heatmap, with the tokens on both axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zlib import crc32

import numpy as np
import plotly.graph_objects as go

from embviz.attention import Attention
from embviz.figures.attention.numbers import darkest, digits, most, rounded, scaled, shown
from embviz.figures.attention.titles import (
    AXIS,
    above_axis,
    beside_axis,
    brief,
    done,
    heading,
    of_head,
    pixels,
    say,
    sides,
    slanted,
)
from embviz.figures.theme import PALETTES, colorscale, plain, template

CELLS = 300
"""A heatmap has at most so many cells a side; of more tokens it shows the largest weight of each block."""
_LABELS = 128  # so many tokens are all named at a side
_FEW = 40  # of more, so many are
_NAME = 34  # pixels that the name of an axis takes


def head_figure(
    attention: Attention,
    layer: int,
    head: int,
    theme: str = "light",
    language: str = "en",
    scale: str = "head",
    chosen: Sequence[int] = (),
    area: tuple[int, int, int, int] | None = None,
    columns: int = 64,
) -> go.Figure:
    """Draw one head: a row for each query token, a column for each key token, its colour the weight.

    Args:
        attention: a record that holds this layer and head.
        layer: its number in the model, from 0.
        head: its number in the layer, from 0.
        theme: "light" or "dark".
        language: "en" or "zh", of the title and the axes.
        scale: what is darkest: "one", the weight 1; "row", each row's largest; "head", the head's largest.
        chosen: rows that are framed.
        area: first and last row, first and last column that are in sight; by default all. More than 300 tokens in
            sight are pooled: a cell is the largest weight of its block.
        columns: how many letters fit across, for the title.

    Raises:
        EmbvizError: the record does not hold the head, or there is no such scale.
    """
    largest = most(attention, layer, head)
    top = darkest(scale, largest)
    parts = detail(attention, layer, head, scale, area)
    signed = attention.measure == "gradient"
    heatmap = go.Heatmap(
        **parts["trace"], colorscale=colorscale(theme, signed), zmin=-top if signed else 0, zmax=top,
        hoverongaps=False,
        colorbar={  # what it says stands in the title: Plotly would measure it first
            "thickness": 10, "len": 0.6, "outlinewidth": 0, "tickfont": {"size": 11},
            **({"tickvals": [0, 1], "ticktext": ["0", "max"]} if scale == "row" else {}),
        },
    )  # fmt: skip
    ends = "both" if signed and scale == "head" else scale
    said = [*done(attention, language), say(f"scale {ends}", language, most=f"{largest:.{digits(largest)}f}")]
    if parts["block"] > 1:
        said.append(say("pooled", language, block=parts["block"]))
    queries, keys = len(attention.tokens), len(attention.keys)
    bare = {"constrain": "domain", "showgrid": False, **AXIS}
    across_axis = {**parts["across"], "side": "top", "tickangle": -60, **bare}
    down_axis = {**parts["down"], **bare}
    names = sides(attention, language)
    beside = pixels(parts["down"]["ticktext"], parts["down"]["tickfont"]["size"])
    over = slanted(parts["across"]["ticktext"], parts["across"]["tickfont"]["size"])
    title, above = heading(of_head(attention, layer, head, language), said, theme, columns, over + _NAME)
    if queries == keys:
        down_axis["scaleanchor"] = "x"  # a few tokens that look at many would be a strip of tiny squares
    layout = {
        "template": template(theme), "uirevision": _text(attention), "title": title, "xaxis": across_axis,
        "yaxis": down_axis, "margin": {"l": _NAME + beside, "r": 12, "b": 12, "t": above},
        "annotations": [beside_axis(names[0], beside + 8, theme), above_axis(names[1], over + 8, theme)],
        "shapes": [row_frame(row, keys, theme) for row in chosen if 0 <= row < queries],
    }  # fmt: skip
    return go.Figure(heatmap, layout)


def detail(
    attention: Attention,
    layer: int,
    head: int,
    scale: str = "head",
    area: tuple[int, int, int, int] | None = None,
) -> dict[str, Any]:
    """What of a heatmap depends on how much is in sight: the cells, and the tokens at its sides.

    Returns:
        trace, across and down: values of the heatmap and of its two axes; block: how many tokens a cell stands for.
    """
    values, largest = shown(attention, layer, head), most(attention, layer, head)
    whole = 0, values.shape[0] - 1, 0, values.shape[1] - 1
    top, bottom, left, right = area or whole
    block = -(-max(bottom - top + 1, right - left + 1) // CELLS)
    cut = values[top : bottom + 1, left : right + 1]
    shares = scaled(values, scale, largest)[top : bottom + 1, left : right + 1] if scale == "row" else cut
    span = max(bottom - top, right - left) + 1
    named = span <= _LABELS
    weight = "customdata" if scale == "row" else "z"
    place = "%{y} → %{x}" if named else "%{y:.0f} → %{x:.0f}"
    trace: dict[str, Any] = {
        "z": rounded(_pooled(shares, block), 2 if scale == "row" else digits(largest)),
        "x0": left + (block - 1) / 2, "dx": block, "y0": top + (block - 1) / 2, "dy": block,
        "xgap": _gap(span), "ygap": _gap(span),
        "hovertemplate": f"{place}: %{{{weight}:.{digits(largest)}f}}<extra></extra>",
    }  # fmt: skip
    if scale == "row":
        trace["customdata"] = rounded(_pooled(cut, block), digits(largest))
    return {
        "trace": trace,
        "across": {**_ticks(attention.keys, left, right), "range": [whole[2] - 0.5, whole[3] + 0.5]},
        "down": {**_ticks(attention.tokens, top, bottom), "range": [whole[1] + 0.5, whole[0] - 0.5]},
        "block": block,
    }


def row_frame(row: int, keys: int, theme: str) -> dict[str, Any]:
    """A frame around a row."""
    line = {"color": PALETTES[theme].accent, "width": 2}
    return {"type": "rect", "x0": -0.5, "x1": keys - 0.5, "y0": row - 0.5, "y1": row + 0.5, "line": line}


def _pooled(values: np.ndarray, block: int) -> np.ndarray:
    """The largest value of each block; NaN where all of it is."""
    if block == 1:
        return values
    rows, columns = (-(-n // block) for n in values.shape)
    padded = np.full((rows * block, columns * block), -np.inf)
    padded[: values.shape[0], : values.shape[1]] = np.where(np.isnan(values), -np.inf, values)
    pooled = padded.reshape(rows, block, columns, block).max(axis=(1, 3))
    return np.where(np.isinf(pooled), np.nan, pooled)


def _ticks(tokens: Sequence[str], first: int, last: int) -> dict[str, Any]:
    """The tokens in sight at a side: all, or of very many every so manieth."""
    n = last - first + 1
    places = np.arange(first, last + 1, 1 if n <= _LABELS else -(-n // _FEW))
    texts = [plain(brief(tokens[int(i)])) for i in places]
    return {"tickvals": places.tolist(), "ticktext": texts, "tickfont": {"size": _tick_size(len(places))}}


def _text(attention: Attention) -> str:
    """The same for the same tokens: while it is, a zoom stays."""
    return str(crc32("\0".join([*attention.tokens, "", *attention.keys]).encode("utf-8", "replace")))


def _gap(tokens: int) -> float:
    return 1 if tokens <= 48 else 0


def _tick_size(tokens: int) -> int:
    return 13 if tokens <= 28 else 10 if tokens <= 56 else 8
