"""Attention as pictures: one head as a heatmap with the tokens on both axes; all heads of all layers as one image."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from embviz.attention import Attention
from embviz.figures.theme import PALETTES, colorscale, plain, template

_LONGEST = 30  # letters of a token on an axis
_TILE = 32  # an overview's tile has at most so many cells a side; longer sentences are pooled


def head_figure(
    attention: Attention,
    layer: int,
    head: int,
    theme: str = "light",
    names: tuple[str, str, str] = ("key", "query", "weight"),
) -> go.Figure:
    """Draw one head: a row for each query token, a column for each key token, its colour the weight.

    Args:
        attention: a record that holds this layer and head.
        layer: its number in the model, from 0.
        head: its number in the layer, from 0.
        theme: "light" or "dark".
        names: what the two axes and the colours are called.
    """
    palette = PALETTES[theme]
    weights = attention.head(layer, head)
    queries, keys = ([plain(_brief(token)) for token in side] for side in (attention.tokens, attention.keys))
    most = max(len(queries), len(keys))
    heatmap = go.Heatmap(
        z=_masked(weights, attention.kind), colorscale=colorscale(theme), zmin=0, zmax=float(weights.max()),
        xgap=_gap(most), ygap=_gap(most), hoverongaps=False,
        hovertemplate="%{y} → %{x}: %{z:.3f}<extra></extra>",
        colorbar={"title": {"text": names[2], "side": "right"}, "thickness": 10, "len": 0.6, "outlinewidth": 0},
    )  # fmt: skip
    figure = go.Figure(heatmap, layout={"template": template(theme), "uirevision": "head"})
    ticks = {"showgrid": False, "tickfont": {"size": _tick_size(most)}}
    across, down = ({"tickvals": np.arange(len(side)), "ticktext": side, **ticks} for side in (keys, queries))
    title = {"font": {"color": palette.quiet, "size": 12}, "standoff": 6}
    figure.update_xaxes(**across, side="top", tickangle=-60, title={"text": names[0], **title}, constrain="domain")
    figure.update_yaxes(**down, autorange="reversed", title={"text": names[1], **title}, constrain="domain")
    if len(queries) == len(keys):
        figure.update_yaxes(scaleanchor="x")  # a few tokens that look at many would be a strip of tiny squares
    figure.update_layout(margin={"l": 12, "r": 12, "t": 12, "b": 12})
    return figure


def overview_figure(
    attention: Attention,
    layer: int | None = None,
    head: int | None = None,
    theme: str = "light",
    names: tuple[str, str] = ("head", "layer"),
) -> go.Figure:
    """Draw all heads as one image: a line of tiles a layer, a tile a head, each scaled to its own largest weight.

    Args:
        attention: a record that holds all layers and heads.
        layer: of the head to be framed.
        head: the head to be framed.
        theme: "light" or "dark".
        names: what the two axes are called.
    """
    palette = PALETTES[theme]
    height, width = overview_tile(attention)
    heatmap = go.Heatmap(
        z=overview(attention),
        colorscale=colorscale(theme),
        zmin=0,
        zmax=255,
        showscale=False,
        hoverinfo="none",
        hoverongaps=False,
    )
    figure = go.Figure(heatmap, layout={"template": template(theme), "uirevision": "overview"})
    ticks = {"showgrid": False, "fixedrange": True, "tickfont": {"size": 11, "color": palette.quiet}}
    across, down = np.arange(len(attention.heads)), np.arange(len(attention.layers))
    title = {"font": {"size": 11, "color": palette.quiet}, "standoff": 4}
    figure.update_xaxes(
        **ticks, side="top", tickvals=across * width + (width - 1) / 2, ticktext=list(attention.heads),
        title={"text": names[0], **title},
    )  # fmt: skip
    figure.update_yaxes(
        **ticks, autorange="reversed", tickvals=down * height + (height - 1) / 2, ticktext=list(attention.layers),
        title={"text": names[1], **title},
    )  # fmt: skip
    if height == width:
        figure.update_yaxes(scaleanchor="x")
    line = {"color": palette.paper, "width": 3}
    for edge in across[1:] * width - 0.5:
        figure.add_vline(edge, line=line)
    for edge in down[1:] * height - 0.5:
        figure.add_hline(edge, line=line)
    if layer in attention.layers and head in attention.heads:
        x, y = attention.heads.index(head) * width - 0.5, attention.layers.index(layer) * height - 0.5
        line = {"color": palette.accent, "width": 3}
        figure.add_shape(type="rect", x0=x, x1=x + width, y0=y, y1=y + height, line=line)
    figure.update_layout(margin={"l": 4, "r": 4, "t": 4, "b": 4})
    return figure


def overview(attention: Attention) -> np.ndarray:
    """All heads as one image of bytes.

    Returns:
        image: (L × height, H × width) uint8; each head's largest weight is 255. Sentences longer than 32 tokens are
            pooled: a cell is the largest weight of its block, so that single strong links stay visible.
    """
    layers, heads, queries, keys = attention.weights.shape
    (height, width), block = overview_tile(attention), _block(attention)
    padded = np.zeros((layers, heads, height * block, width * block), np.float32)
    padded[:, :, :queries, :keys] = attention.weights
    pooled = padded.reshape(layers, heads, height, block, width, block).max(axis=(3, 5))
    scaled = pooled / np.maximum(pooled.max(axis=(2, 3), keepdims=True), 1e-12)
    image = scaled.transpose(0, 2, 1, 3).reshape(layers * height, heads * width)
    return np.rint(image * 255).astype(np.uint8)


def overview_tile(attention: Attention) -> tuple[int, int]:
    """How many cells an overview's tile has: down, for the queries, and across, for the keys."""
    queries, keys = attention.weights.shape[2:]
    block = _block(attention)
    return -(-queries // block), -(-keys // block)


def _block(attention: Attention) -> int:
    """How many tokens a cell of the overview stands for."""
    return -(-max(attention.weights.shape[2:]) // _TILE)


def _masked(weights: np.ndarray, kind: str) -> np.ndarray:
    """A decoder's later tokens cannot be looked at: their cells are absent, not zero."""
    if kind != "decoder":
        return weights
    return np.where(np.tril(np.ones_like(weights, bool)), weights, np.float32("nan"))


def _brief(token: str) -> str:
    """A token that fits an axis: a long one loses its middle."""
    return token if len(token) <= _LONGEST else f"{token[: _LONGEST // 2]}…{token[-_LONGEST // 2 + 1 :]}"


def _gap(tokens: int) -> float:
    return 1 if tokens <= 48 else 0


def _tick_size(tokens: int) -> int:
    return 13 if tokens <= 28 else 10 if tokens <= 56 else 7
