"""Lines between two columns of tokens: what looks at the left, what is looked at at the right, of one or some heads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from embviz.attention import Attention
from embviz.figures.attention.numbers import most, scaled, shown, unsigned
from embviz.figures.attention.titles import AXIS, brief, done, heading, of_heads, pixels, say, sides
from embviz.figures.theme import PALETTES, hues, plain, template

MOST = 300
"""So many lines are drawn, the strongest."""
_BINS = ((0.0, 0.14, 0.8), (0.1, 0.3, 1.2), (0.25, 0.5, 1.8), (0.5, 0.75, 2.6), (0.75, 1.0, 3.4))
"""From which share of the strongest on, how opaque and how thick."""
_ALONG = np.linspace(0, 1, 9)  # places of a line that can be pointed at
_HEIGHT = 20  # pixels that a token needs


def lines_figure(
    attention: Attention,
    heads: Sequence[tuple[int, int]],
    theme: str = "light",
    language: str = "en",
    scale: str = "head",
    chosen: Sequence[int] = (),
    strongest: int = MOST,
    columns: int = 64,
) -> go.Figure:
    """Draw a line for each pair of tokens, the thicker and the more opaque the larger its weight.

    Args:
        attention: a record that holds these heads.
        heads: pairs of layer and head, each with its colour.
        theme: "light" or "dark".
        language: "en" or "zh".
        scale: what is thickest: "one", the weight 1; "row", each row's largest; "head", each head's largest.
        chosen: only lines of these rows; by default of all.
        strongest: so many lines at most, the largest weights; the title says of how many.
        columns: how many letters fit across, for the title.

    Raises:
        EmbvizError: the record does not hold a head, or there is no such scale.
    """
    attention = unsigned(attention)
    colors = [PALETTES[theme].point] if len(heads) == 1 else hues(len(heads), theme)
    rows = [row for row in chosen if 0 <= row < len(attention.tokens)] or list(range(len(attention.tokens)))
    links = _links(attention, heads, rows, scale)
    kept = np.argsort(-links["weight"], kind="stable")[:strongest]
    traces: list[Any] = []
    for place, (head, color) in enumerate(zip(heads, colors, strict=True)):
        ours = {name: values[kept][links["head"][kept] == place] for name, values in links.items()}
        traces += _bundles(attention, ours, head, color, language)
    said = [*done(attention, language), say(f"thick {scale}", language)]
    if len(links["weight"]) > strongest:
        said.append(say("strongest", language, n=strongest, all=len(links["weight"])))
    layout = _layout(attention, theme, language)
    first = of_heads(attention, heads, colors, language, columns)
    layout["title"], layout["margin"]["t"] = heading(first, said, theme, columns, 30)
    second = go.Scatter(x=[], y=[], yaxis="y2")  # without a trace there is no second axis
    return go.Figure([*traces, *_ends(attention, rows, theme), second], layout)


def _links(
    attention: Attention, heads: Sequence[tuple[int, int]], rows: Sequence[int], scale: str
) -> dict[str, np.ndarray]:
    """All links of these heads and rows that are there and not zero: query, key, weight, share of the thickest, and
    which of the heads.
    """
    found: dict[str, list[np.ndarray]] = {name: [] for name in ("query", "key", "weight", "share", "head")}
    for place, (layer, head) in enumerate(heads):
        values = shown(attention, layer, head)
        shares = scaled(values, scale, most(attention, layer, head))
        there = np.zeros(values.shape, bool)
        there[list(rows)] = np.nan_to_num(values[list(rows)]) > 0
        query, key = np.nonzero(there)
        each = (query, key, values[there], shares[there], np.full(len(query), place))
        for name, array in zip(found, each, strict=True):
            found[name].append(array)
    return {name: np.concatenate(arrays) for name, arrays in found.items()}


def _bundles(
    attention: Attention, links: dict[str, np.ndarray], head: tuple[int, int], color: str, language: str
) -> list[Any]:
    """The lines of a head, as few traces: one for each step of opacity."""
    name = say("of_head", language, layer=head[0], head=head[1])
    steps = np.searchsorted([start for start, *_ in _BINS], links["share"], side="right") - 1
    traces = []
    for step in np.unique(steps):
        part = {field: values[steps == step] for field, values in links.items()}
        _, opacity, width = _BINS[step]
        traces.append(
            go.Scatter(
                **_drawn(attention, part, name), mode="lines", line={"color": color, "width": width}, opacity=opacity,
                hoverinfo="text", name=name, hoverlabel={"bgcolor": color},
            )
        )  # fmt: skip
    return traces


def _drawn(attention: Attention, links: dict[str, np.ndarray], name: str) -> dict[str, Any]:
    """Lines one after the other, with nothing between them, and what each of their places says."""
    n, along = len(links["query"]), len(_ALONG)
    x, y = np.full((n, along + 1), np.nan), np.full((n, along + 1), np.nan)
    x[:, :along] = _ALONG
    y[:, :along] = links["query"][:, None] + (links["key"] - links["query"])[:, None] * _ALONG
    said = [
        f"{plain(brief(attention.tokens[query]))} → {plain(brief(attention.keys[key]))}: {weight:.3f} ({name})"
        for query, key, weight in zip(links["query"], links["key"], links["weight"], strict=True)
    ]
    text = [each for line in said for each in [*[line] * along, ""]]
    return {"x": x.ravel().astype(np.float32), "y": y.ravel().astype(np.float32), "text": text}


def _ends(attention: Attention, rows: Sequence[int], theme: str) -> list[Any]:
    """A dot at each token; those at the left can be chosen by a click."""
    palette = PALETTES[theme]
    inside = set(rows) if len(rows) < len(attention.tokens) else set()
    colors = [palette.accent if i in inside else palette.quiet for i in range(len(attention.tokens))]
    dots = {"mode": "markers", "hoverinfo": "text", "cliponaxis": False}
    left, right = ([plain(brief(token)) for token in side] for side in (attention.tokens, attention.keys))
    return [
        go.Scatter(x=[0] * len(left), y=list(range(len(left))), text=left, customdata=list(range(len(left))),
                   marker={"size": 8, "color": colors}, name="tokens", **dots),
        go.Scatter(x=[1] * len(right), y=list(range(len(right))), text=right,
                   marker={"size": 6, "color": palette.quiet}, name="keys", **dots),
    ]  # fmt: skip


def _layout(attention: Attention, theme: str, language: str) -> dict[str, Any]:
    """Tokens as the labels of two axes, so that there is room for long ones."""
    palette, names = PALETTES[theme], sides(attention, language)
    n = max(len(attention.tokens), len(attention.keys))
    ticks = {"range": [n - 0.5, -0.5], "fixedrange": True, "showgrid": False, "showline": False,
             "tickfont": {"size": 13}, **AXIS}  # fmt: skip
    left, right = ([plain(brief(token)) for token in side] for side in (attention.tokens, attention.keys))
    layout: dict[str, Any] = {
        "template": template(theme), "uirevision": "lines", "hovermode": "closest", "hoverdistance": 12,
        "xaxis": {"range": [-0.03, 1.03], "fixedrange": True, "showgrid": False, "side": "top", "tickvals": [0, 1],
                  "ticktext": list(names), "tickfont": {"size": 12, "color": palette.quiet}, "showline": False,
                  **AXIS},
        "yaxis": {**ticks, "tickvals": list(range(len(left))), "ticktext": left},
        "yaxis2": {**ticks, "tickvals": list(range(len(right))), "ticktext": right, "overlaying": "y",
                   "side": "right"},
        "margin": {"l": 12 + pixels(left, 13), "r": 12 + pixels(right, 13), "b": 16},
    }  # fmt: skip
    return {**layout, "height": n * _HEIGHT + 160} if n * _HEIGHT > 420 else layout
