"""Two heads side by side, and what the one has more than the other."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from embviz.attention import Attention
from embviz.figures.attention.titles import AXIS, beside_axis, brief, pixels, slanted
from embviz.figures.raster import diverging
from embviz.figures.theme import colorscale, plain, template

_LONGEST = 16  # letters of a token at a side: three pictures share the width
_NAMED = 48  # tokens up to which all are named


def comparison_figure(
    left: Attention,
    right: Attention,
    left_head: tuple[int, int],
    right_head: tuple[int, int],
    titles: tuple[str, str, str] = ("one", "other", "other − one"),
    theme: str = "light",
    names: tuple[str, str] = ("key", "query"),
) -> go.Figure:
    """Draw one head, another, and the signed difference where both are of as many tokens, on the same colours.

    Args:
        left: a record.
        right: another; of another sentence, model, or with changed heads.
        left_head: layer and head of the left one.
        right_head: of the right one.
        titles: what stands over each picture.
        theme: "light" or "dark".
        names: what the two axes are called.

    Raises:
        EmbvizError: a record does not hold its head.
    """
    one, other = _values(left, *left_head), _values(right, *right_head)
    same = one.shape == other.shape
    count = 3 if same else 2
    spacing = 0.07 if left.tokens == right.tokens else 0.14  # room for the tokens of the second
    figure = make_subplots(
        1, count, subplot_titles=[plain(title) for title in titles[:count]], horizontal_spacing=spacing
    )
    figure.update_annotations(font_size=13, yshift=8)
    signed = left.measure == "gradient"
    most = float(np.nanmax(np.abs(np.concatenate([one.ravel(), other.ravel()])), initial=0)) or 1.0
    scale = {"zmin": -most if signed else 0.0, "zmax": most, "colorscale": _scale(theme, signed), "showscale": False}
    _add(figure, 1, left, one, scale, names, theme)
    _add(figure, 2, right, other, scale, names, theme, rows=left.tokens != right.tokens)
    if same:
        far = float(np.nanmax(np.abs(other - one), initial=0)) or 1.0
        bar = {"thickness": 8, "len": 0.6, "outlinewidth": 0, "tickfont": {"size": 10}}
        look = {"zmin": -far, "zmax": far, "colorscale": _scale(theme, True), "showscale": True, "colorbar": bar}
        _add(figure, 3, right, other - one, look, names, theme, rows=False)
    figure.update_layout(template=template(theme), margin_r=8, margin_t=44, uirevision="comparison")
    return figure


def _values(seen: Attention, layer: int, head: int) -> np.ndarray:
    """(T, K), NaN where nothing can be looked at."""
    return np.where(seen.seen, seen.head(layer, head if len(seen.heads) > 1 else seen.heads[0]), np.nan)


def _scale(theme: str, signed: bool) -> list[Any]:
    return [list(stop) for stop in zip((0, 0.5, 1), diverging(theme), strict=True)] if signed else colorscale(theme)


def _add(
    figure: go.Figure,
    column: int,
    seen: Attention,
    values: np.ndarray,
    look: dict[str, Any],
    names: tuple[str, str],
    theme: str,
    rows: bool = True,
) -> None:
    """A heatmap with its tokens at both sides, or only below it where its neighbour has the same rows."""
    sides = [[plain(brief(token, _LONGEST)) for token in side] for side in (seen.keys, seen.tokens)]
    figure.add_trace(
        go.Heatmap(
            z=np.round(values, 4), hoverongaps=False, hovertemplate="%{y} → %{x}: %{z:.3f}<extra></extra>", **look
        ),
        row=1,
        col=column,
    )
    across, down = (
        {"tickvals": np.arange(len(side))[::step], "ticktext": side[::step], "showgrid": False,
         "tickfont": {"size": 11 if len(side) <= 24 else 8}}
        for side, step in ((side, max(1, -(-len(side) // _NAMED))) for side in sides)
    )  # fmt: skip
    figure.update_xaxes(**across, **AXIS, tickangle=-60, side="bottom", constrain="domain", row=1, col=column)
    figure.update_yaxes(
        **down, **AXIS, autorange="reversed", constrain="domain", constraintoward="top", showticklabels=rows,
        row=1, col=column,
    )  # fmt: skip
    if column == 1:
        below, beside = slanted(sides[0], 11), pixels(sides[1], 11)
        figure.update_layout(margin={"l": beside + 34, "b": below + 8})
        figure.add_annotation(beside_axis(names[1], beside + 8, theme))
    if len(sides[0]) == len(sides[1]):
        figure.update_yaxes(scaleanchor=f"x{column if column > 1 else ''}", row=1, col=column)
