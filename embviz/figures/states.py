"""The way of a sentence's tokens through the layers, on one map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from embviz.attention.states import States, path
from embviz.figures.attention.titles import across, over
from embviz.figures.theme import PALETTES, hues, plain, template

_MOST = 40  # tokens whose names are written: of more there would be a tangle
_FAINT = {"light": 0.3, "dark": 0.5}  # how visible the others are where one is chosen
_SIZE = 640, 380  # pixels that a picture has about, to tell which names would lie over each other
_SIDES = {
    "top center": (0, 1), "bottom center": (0, -1), "middle right": (1, 0), "middle left": (-1, 0),
    "top right": (1, 1), "bottom right": (1, -1), "top left": (-1, 1), "bottom left": (-1, -1),
}  # fmt: skip


def states_figure(
    found: States,
    title: str,
    theme: str = "light",
    names: tuple[str, str, str] = ("embedding", "after layer {layer}", "component {number}: {share:.0%} of variance"),
    chosen: int | None = None,
    columns: int = 96,
) -> go.Figure:  # fmt: skip
    """Draw a line for each token, from its embedding (a ring) to what the last layer gives (a point, named).

    Args:
        found: the vectors after each layer.
        title: what stands over it.
        theme: "light" or "dark".
        names: what the places on the way are called, and what stands at an axis.
        chosen: the token that stands out; the others are fainter then.
        columns: letters that fit across the picture.
    """
    palette, (places, shares) = PALETTES[theme], path(found)
    layers, count, _ = places.shape
    where = [names[0], *(names[1].format(layer=layer) for layer in range(layers - 1))]
    figure = go.Figure(layout={"template": template(theme), "uirevision": "states"})
    named = [token if any(map(str.isalnum, token)) else f"“{token}”" for token in found.tokens]  # a dot would be none
    sides = _beside(places, named) if count <= _MOST else ["top center"] * count
    for token, color in enumerate(hues(count, theme)):
        faint = chosen is not None and token != chosen
        name = plain(named[token])
        written = count <= _MOST or token == chosen
        figure.add_scatter(
            x=places[:, token, 0], y=places[:, token, 1], mode="lines+markers+text",
            opacity=_FAINT[theme] if faint else 1,
            line={"color": color, "width": 1.5 if token != chosen else 3},
            marker={"size": [9, *[5] * (layers - 2), 9][:layers], "color": color,
                    "symbol": ["circle-open", *["circle"] * (layers - 1)]},
            text=[""] * (layers - 1) + [name if written else ""], textposition=sides[token], cliponaxis=False,
            textfont={"color": palette.text, "size": 12},
            customdata=[f"{name}<br>{place}" for place in where], hovertemplate="%{customdata}<extra></extra>",
        )  # fmt: skip
    kept = [{"text": names[2].format(number=number, share=share), "font": {"size": 12, "color": palette.quiet}}
            for number, share in enumerate(shares, start=1)]  # fmt: skip
    figure.update_xaxes(showticklabels=False, zeroline=False, title=kept[0])
    figure.update_yaxes(showticklabels=False, zeroline=False, title=kept[1], scaleanchor="x")
    first, top = over(title, theme, columns)
    figure.update_layout(margin={"l": 32, "r": 12, "t": top, "b": 32}, title=first)
    return figure


def _beside(places: np.ndarray, names: Sequence[str]) -> list[str]:
    """At which side of its last place each name lies least over the others and over the ends of lines.

    Args:
        places: (layers, T, 2).
    """
    spread = np.maximum(np.ptp(places.reshape(-1, 2), axis=0), 1e-12)
    ends = places[-1] * min(np.asarray(_SIZE) / spread)  # the axes have one scale
    taken = [(x - 5, x + 5, y - 5, y + 5) for x, y in ends]
    chosen = []
    for (x, y), name in zip(ends, names, strict=True):
        boxes = {side: _box(x, y, 7.0 * across(name), *way) for side, way in _SIDES.items()}
        side = min(boxes, key=lambda each: sum(_shared(boxes[each], other) for other in taken))
        taken.append(boxes[side])
        chosen.append(side)
    return chosen


def _box(x: float, y: float, wide: float, right: int, up: int) -> tuple[float, float, float, float]:
    """Where a name so wide stands beside a place: x from, x to, y from, y to, in pixels."""
    middle, level = x + right * (wide / 2 + 7), y + up * 14
    return middle - wide / 2, middle + wide / 2, level - 8, level + 8


def _shared(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """The area that two boxes share."""
    wide = min(one[1], other[1]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[2], other[2])
    return max(0.0, wide) * max(0.0, high)
