"""All heads of a model as points by any two of their scores, beside those of random heads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go

from embviz.attention import HeadScores
from embviz.figures.theme import PALETTES, between, plain, template

SIZE = (760, 620)
_SHORTEST = 0.3  # of an axis of shares
_LETTER, _LINE, _AWAY = 6.8, 16.0, 11.0  # pixels of a label: a letter's width, its height, how far from its point
_SIDES = {"middle right": (1, 0), "middle left": (-1, 0), "top center": (0, 1), "bottom center": (0, -1)}

Box = tuple[float, float, float, float]
"""x from, x to, y from, y to."""


def heads_figure(
    scores: HeadScores,
    across: str | None = None,
    up: str | None = None,
    layer: int | None = None,
    head: int | None = None,
    theme: str = "light",
    names: Mapping[str, str] | None = None,
    size: tuple[int, int] = SIZE,
) -> go.Figure:
    """Draw every head as a point, its colour the layer; those with a label have it written beside them where there is
    room, and all say what they are under the pointer. Grey is where heads with random weights are.

    Args:
        scores: of all heads.
        across: the score from left to right; by default "previous", or "diagonal" of cross-attention.
        up: the score upwards; by default "next", "induction" or "antidiagonal".
        layer, head: a head to be marked.
        theme: "light" or "dark".
        names: what scores and labels are called, and under "layer", "head" and "random" those words.
        size: of the picture in pixels, roughly, for the labels to be apart.

    Raises:
        EmbvizError: there is no such score, or no such head.
    """
    default = axes(scores.kind)
    across, up = across or default[0], up or default[1]
    x, y = scores.score(across), scores.score(up)
    said = {"layer": "layer", "head": "head", "random": "random heads", **(names or {})}
    figure = go.Figure(layout={"template": template(theme), "uirevision": f"{across} {up}", "hovermode": "closest"})
    _chance(figure, scores, (across, up), said["random"], theme)
    _points(figure, scores, (x, y), said, theme)
    _axes(figure, scores, (across, up), said, theme)
    _labels(figure, scores, (x, y), said, theme, size)
    if layer is not None and head is not None:
        scores.check(layer, head)
        figure.add_trace(
            go.Scatter(
                x=[x[layer, head]], y=[y[layer, head]], mode="markers", hoverinfo="skip",
                marker={"symbol": "circle-open", "size": 18, "color": PALETTES[theme].accent, "line": {"width": 2.5}},
            )
        )  # fmt: skip
    return figure


def _chance(figure: go.Figure, scores: HeadScores, shown: tuple[str, str], name: str, theme: str) -> None:
    """Heads with random weights as grey points, and the field that they take up."""
    x, y = (scores.chance[score].ravel() for score in shown)
    palette = PALETTES[theme]
    figure.add_shape(
        type="rect", x0=float(x.min()), x1=float(x.max()), y0=float(y.min()), y1=float(y.max()), layer="below",
        line={"width": 0}, fillcolor=palette.grid,
    )  # fmt: skip
    figure.add_trace(
        go.Scatter(x=x, y=y, mode="markers", hoverinfo="skip", name=name, marker={"color": palette.faint, "size": 5})
    )


def _points(
    figure: go.Figure, scores: HeadScores, places: tuple[np.ndarray, np.ndarray], said: Mapping[str, str], theme: str
) -> None:
    """Every head at its place (layers, heads) across and up."""
    layers, spots = scores.shape[0], list(np.ndindex(scores.shape))
    hover = [
        f"{said['layer']} {layer}, {said['head']} {head}: {_called(scores.label(layer, head), said)}"
        for layer, head in spots
    ]
    figure.add_trace(
        go.Scatter(
            x=places[0].ravel(), y=places[1].ravel(), mode="markers", customdata=[list(spot) for spot in spots],
            text=hover, hovertemplate="%{text}<br>%{x:.3f}, %{y:.3f}<extra></extra>",
            marker={"color": [layer for layer, _ in spots], "size": 11,
                    "line": {"color": PALETTES[theme].paper, "width": 1},
                    **_layer_colors(layers, said["layer"], theme)},
        )
    )  # fmt: skip


def _layer_colors(layers: int, name: str, theme: str) -> dict[str, Any]:
    """A colour a layer, from light to dark or from dark to light, and the bar that says which."""
    colors = between(PALETTES[theme].scale[2:], max(layers, 2))[:layers]
    steps = [(edge / layers, color) for i, color in enumerate(colors) for edge in (i, i + 1)]
    shown = list(range(0, layers, max(1, layers // 12)))
    quiet = {"color": PALETTES[theme].quiet, "size": 12}
    bar = {
        "title": {"text": name, "side": "right", "font": quiet},
        "tickfont": quiet,
        "thickness": 10,
        "len": 0.5,
        "outlinewidth": 0,
        "tickvals": shown,
    }
    return {"colorscale": steps, "cmin": -0.5, "cmax": layers - 0.5, "showscale": layers > 1, "colorbar": bar}


def axes(kind: str) -> tuple[str, str]:
    """The two scores of a kind of attention that are looked at first."""
    if kind == "cross":
        return "diagonal", "antidiagonal"
    return "previous", "induction" if kind == "decoder" else "next"


def _called(label: str | None, said: Mapping[str, str]) -> str:
    return plain(said.get(label or "none", label or "–"))


def _axes(figure: go.Figure, scores: HeadScores, shown: tuple[str, str], said: Mapping[str, str], theme: str) -> None:
    """The axes, and what they are called."""
    title = {"font": {"color": PALETTES[theme].quiet, "size": 13}, "standoff": 8}
    for name, update in zip(shown, (figure.update_xaxes, figure.update_yaxes), strict=True):
        update(title={"text": plain(said.get(name, name)), **title}, range=extent(scores, name))
    figure.update_layout(margin={"l": 12, "r": 20, "t": 16, "b": 12})


def extent(scores: HeadScores, name: str) -> tuple[float, float]:
    """From where to where the axis of a score is: around all heads, the random ones too, with a margin. That of a share
    begins at 0 and is not so short that chance would look like much.
    """
    both = np.concatenate([scores.scores[name].ravel(), scores.chance[name].ravel()])
    low, high = float(both.min()), float(both.max())
    if name not in ("distance", "entropy"):
        low, high = 0.0, max(high, _SHORTEST)
    margin = 0.04 * max(high - low, 1e-3)
    return low - margin, high + margin


def _labels(
    figure: go.Figure,
    scores: HeadScores,
    places: tuple[np.ndarray, np.ndarray],
    said: Mapping[str, str],
    theme: str,
    size: tuple[int, int],
) -> None:
    """What each head is, beside its point where no other point or label is; the largest scores first."""
    ends = [axis.range for axis in (figure.layout.xaxis, figure.layout.yaxis)]
    pixels = np.stack(
        [(of - low) / (high - low) * side for of, (low, high), side in zip(places, ends, size, strict=True)], -1
    )
    taken: list[Box] = [(x - 7, x + 7, y - 7, y + 7) for x, y in pixels.reshape(-1, 2)]
    order = sorted(np.ndindex(scores.shape), key=lambda at: -float(places[0][at] + places[1][at]))
    for at in order:
        name = scores.label(*at)
        if name is None:
            continue
        text = _called(name, said)
        side = _free(pixels[at], _wide(text), taken, size)
        if side is None:
            continue
        away = _SIDES[side]
        figure.add_annotation(
            x=float(places[0][at]), y=float(places[1][at]), text=text, showarrow=False,
            xshift=away[0] * _AWAY, yshift=away[1] * (_AWAY + 1),
            xanchor=("center", "left", "right")[away[0]], yanchor=("middle", "bottom", "top")[away[1]],
            font={"size": 12, "color": PALETTES[theme].text},
        )  # fmt: skip


def _wide(text: str) -> float:
    """Pixels; a Chinese character is as wide as two letters."""
    return _LETTER * sum(2 if ord(letter) > 0x2E80 else 1 for letter in text)


def _free(at: np.ndarray, wide: float, taken: list[Box], size: tuple[int, int]) -> str | None:
    """A side of a point where a label lies over nothing and ends inside; it is taken then."""
    for side, (dx, dy) in _SIDES.items():
        x, y = at[0] + dx * (_AWAY + wide / 2), at[1] + dy * (_AWAY + _LINE / 2)
        box = (x - wide / 2, x + wide / 2, y - _LINE / 2, y + _LINE / 2)
        inside = box[0] >= 0 and box[1] <= size[0] and box[2] >= 0 and box[3] <= size[1]
        if inside and not any(_over(box, other) for other in taken):
            taken.append(box)
            return side
    return None


def _over(one: Box, other: Box) -> bool:
    return one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]
