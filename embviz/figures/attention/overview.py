"""All heads of all layers as one image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from embviz.attention import Attention
from embviz.figures.attention.titles import AXIS, above_axis, beside_axis, brief, done, heading, say
from embviz.figures.theme import PALETTES, colorscale, plain, template

_TILE = 32  # an overview's tile has at most so many cells a side; longer sentences are pooled


def overview_figure(
    attention: Attention,
    heads: Sequence[tuple[int, int]] = (),
    theme: str = "light",
    language: str = "en",
    titled: bool = True,
    columns: int = 64,
) -> go.Figure:
    """Draw all heads as one image: a line of tiles a layer, a tile a head, each scaled to its own largest weight.

    Args:
        attention: a record that holds all layers and heads.
        heads: pairs of layer and head that are framed.
        theme: "light" or "dark".
        language: "en" or "zh".
        titled: whether it says above what it shows.
        columns: how many letters fit across, for the title.
    """
    palette = PALETTES[theme]
    height, width = overview_tile(attention)
    heatmap = go.Heatmap(
        z=overview(attention), colorscale=colorscale(theme), zmin=0, zmax=255, showscale=False, hoverinfo="none",
        hoverongaps=False,
    )  # fmt: skip
    ticks = {
        "showgrid": False, "fixedrange": True, "tickfont": {"size": 11, "color": palette.quiet},
        "constrain": "domain", "constraintoward": "top",
    }  # fmt: skip
    across, down = np.arange(len(attention.heads)), np.arange(len(attention.layers))
    layout: dict[str, Any] = {
        "template": template(theme), "uirevision": "overview", "margin": {"l": 40, "r": 4, "t": 40, "b": 4},
        "shapes": frames(attention, heads, theme),
        "annotations": [above_axis(say("number", language), 22, theme), beside_axis(say("layer", language), 22, theme)],
        "xaxis": {**ticks, "side": "top", "tickvals": (across * width + (width - 1) / 2).tolist(),
                  "ticktext": list(attention.heads), **AXIS},
        "yaxis": {**ticks, "autorange": "reversed", "tickvals": (down * height + (height - 1) / 2).tolist(),
                  "ticktext": list(attention.layers), **AXIS,
                  **({"scaleanchor": "x"} if height == width else {})},
    }  # fmt: skip
    if titled:
        first = say("all_heads", language, model=brief(attention.model), layers=len(down), heads=len(across))
        said = [*done(attention, language), say("tiles", language)]
        layout["title"], layout["margin"]["t"] = heading(plain(first), said, theme, columns, 34)
    return go.Figure(heatmap, layout)


def frames(attention: Attention, heads: Sequence[tuple[int, int]], theme: str) -> list[dict[str, Any]]:
    """The lines between the tiles of an overview, and the frames around those of some heads."""
    palette, (height, width) = PALETTES[theme], overview_tile(attention)
    rows, columns = (len(side) for side in (attention.layers, attention.heads))
    line = {"color": palette.paper, "width": 3}
    upright = [
        {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "y domain", "line": line}
        for x in np.arange(1, columns) * width - 0.5
    ]
    level = [
        {"type": "line", "y0": y, "y1": y, "x0": 0, "x1": 1, "xref": "x domain", "line": line}
        for y in np.arange(1, rows) * height - 0.5
    ]
    around = []
    for layer, head in heads:
        if layer in attention.layers and head in attention.heads:
            x, y = attention.heads.index(head) * width - 0.5, attention.layers.index(layer) * height - 0.5
            line = {"color": palette.accent, "width": 3}
            around.append({"type": "rect", "x0": x, "x1": x + width, "y0": y, "y1": y + height, "line": line})
    return [*upright, *level, *around]


def overview(attention: Attention) -> np.ndarray:
    """All heads as one image of bytes.

    Returns:
        image: (L × height, H × width) uint8; each head's largest weight is 255. Sentences longer than 32 tokens are
            pooled: a cell is the largest weight of its block, so that single strong links stay visible.
    """
    (height, width), block = overview_tile(attention), _block(attention)
    layers, heads = attention.weights.shape[:2]
    pooled = _pooled(_pooled(attention.weights, 2, block), 3, block)
    scaled = pooled / np.maximum(pooled.max(axis=(2, 3), keepdims=True), 1e-12)
    image = scaled.transpose(0, 2, 1, 3).reshape(layers * height, heads * width)
    return np.rint(image * 255).astype(np.uint8)


def _pooled(values: np.ndarray, axis: int, block: int) -> np.ndarray:
    """The largest of each so many along an axis, block by block: numpy is quick along whole rows."""
    if block == 1:
        return values
    before = (slice(None),) * axis
    parts = [values[(*before, slice(at, at + block))].max(axis) for at in range(0, values.shape[axis], block)]
    return np.stack(parts, axis)


def overview_tile(attention: Attention) -> tuple[int, int]:
    """How many cells an overview's tile has: down, for the queries, and across, for the keys."""
    queries, keys = attention.weights.shape[2:]
    block = _block(attention)
    return -(-queries // block), -(-keys // block)


def _block(attention: Attention) -> int:
    """How many tokens a cell of the overview stands for."""
    return -(-max(attention.weights.shape[2:]) // _TILE)
