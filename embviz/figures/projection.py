"""A Projection as a map: its words as points, some of them labelled, one selected with its true neighbours marked.

The traces always stand in the same order, POINTS, LINES, NEAR, SELECTED and LABELS, so that the explorer can patch one
of them without sending the points again.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from itertools import compress
from typing import Any

import numpy as np
import plotly.graph_objects as go

from embviz.figures.theme import PALETTES, plain, shades, template
from embviz.projection import Projection
from embviz.projection.sheet import COARSEST, SIDE, STEPS
from embviz.projection.solid import first_seen

POINTS, LINES, NEAR, SELECTED, LABELS = range(5)
Box = tuple[float, float, float, float]
"""What is visible of a flat map: x from, x to, y from, y to."""
View = tuple[float, float, float]
"""Where the explorer looks on a flat map: the middle, x and y from 0 to 1, and how many pixels the map's side has."""

_FONT_SIZE = 12
_HEIGHT = 600  # of a picture of a map in space, in pixels: labels that are apart in it are so in a larger one
_TRIED, _SHOWN = 200, 30  # words that may be labelled in space where none is selected, and that are at most


def projection_figure(
    projection: Projection,
    selected: int | None = None,
    near: Iterable[int] = (),
    theme: str = "light",
    hover: bool = True,
    size: tuple[int, int] = (900, 700),
    view: View | None = None,
    color: np.ndarray | None = None,
    shown: np.ndarray | None = None,
) -> go.Figure:
    """Draw a map.

    Args:
        projection: N words in 2 or 3 dimensions.
        selected: the row of the selected word, if it is on the map.
        near: rows of its true neighbours; those that are not on the map are passed over.
        theme: "light" or "dark".
        hover: whether the words are sent for hovering; the explorer looks them up instead.
        size: of the picture in pixels, to choose labels that do not overlap; with a view the picture is that large.
        view: what is seen of a flat map, as in the explorer's URL; by default all of it.
        color: (N or more,) for each word its place on a scale from 0 to 1, or the number of its group if these are
            whole numbers; NaN and -1 are known of no word.
        shown: (N or more,) bool, which words are shown; by default all.
    """
    near, n = list(near), len(projection.coords)
    kept = np.arange(n) if shown is None else np.flatnonzero(np.asarray(shown)[:n])
    names = _axis_names(projection)
    figure = go.Figure(layout={"template": template(theme), "uirevision": _made(projection), "hovermode": "closest"})
    figure.add_trace(_points(projection, theme, hover, kept, color, view))
    for trace in marks(projection, selected, near, theme):
        figure.add_trace(trace)
    if projection.dims == 2:
        box = extent(projection.coords) if view is None else seen(projection, view, size)
        rows = labelled(projection, box, size, view)
        figure.add_trace(labels(projection, box, size, theme, selected, near, rows[np.isin(rows, kept)]))
        axis: dict[str, Any] = {"showgrid": False, "showticklabels": False}
        figure.update_xaxes(**axis, title=names[0], range=box[:2])
        figure.update_yaxes(**axis, title=names[1], range=box[2:], scaleanchor="x")
        whole = {} if view is None else {"width": size[0], "height": size[1], "margin": dict.fromkeys("lrtb", 0)}
        figure.update_layout(dragmode="pan", **whole)
    else:
        axis = {"showticklabels": False, "showspikes": False, "backgroundcolor": PALETTES[theme].paper,
                "gridcolor": PALETTES[theme].grid}  # fmt: skip
        titled = {f"{letter}axis": {**axis, "title": name} for letter, name in zip("xyz", names, strict=True)}
        figure.update_scenes(**titled, aspectmode="data")
        figure.update_scenes(annotations=labels_3d(projection, selected, near, theme, kept))
    return figure


def extent(coords: np.ndarray) -> Box:
    """x from, x to, y from, y to: a box around all points, with a margin; never empty, not even around one spot."""
    low, high = coords[:, :2].min(axis=0).astype(float), coords[:, :2].max(axis=0).astype(float)
    margin = np.where(high > low, 0.04 * (high - low), 0.5)
    low, high = low - margin, high + margin
    return float(low[0]), float(high[0]), float(low[1]), float(high[1])


def seen(projection: Projection, view: View, size: tuple[int, int]) -> Box:
    """The box of a flat map that a picture of a size in pixels shows at a view of the explorer."""
    x, y, scale = view
    low, high = projection.coords.min(axis=0).astype(float), projection.coords.max(axis=0).astype(float)
    side = max(float((high - low).max()), 1e-12) * SIDE / (SIDE - 1)  # of the grid on which the explorer draws
    middle = (low + high) / 2 + (np.array([x, y]) - (SIDE - 1) / 2 / SIDE) * side
    half = np.array(size) / 2 / scale * side
    (x0, y0), (x1, y1) = (middle - half).tolist(), (middle + half).tolist()
    return x0, x1, y0, y1


def labelled(projection: Projection, box: Box, size: tuple[int, int], view: View | None = None) -> np.ndarray:
    """The rows to label in a box, most frequent first: those that the explorer labels at a view, else of each part of
    the box the most frequent.
    """
    if view is None or projection.sheet is None:
        return _spread(projection.coords, box, max(1, size[0] // 70), max(1, size[1] // 24))
    x, y = projection.coords.T
    inside = (x >= box[0]) & (x <= box[1]) & (y >= box[2]) & (y <= box[3])
    return np.flatnonzero(inside & (projection.sheet.levels <= STEPS * np.log2(view[2] / COARSEST)))


def marks(projection: Projection, selected: int | None, near: Iterable[int], theme: str) -> list[Any]:
    """The traces LINES, NEAR and SELECTED: empty ones where nothing is selected."""
    palette, coords = PALETTES[theme], projection.coords
    here = [row for row in near if row < len(coords)]
    middle = [] if selected is None or selected >= len(coords) else [selected]
    gap = np.full(projection.dims, np.nan)
    lines = np.array([end for row in here for end in (coords[middle[0]], coords[row], gap)] if middle else [gap])
    flat = projection.dims == 2
    ring = {"color": palette.paper, "width": 2}
    return [
        _trace(projection, lines, gl=True, mode="lines", line={"color": palette.near, "width": 1}, hoverinfo="skip"),
        _trace(
            projection, coords[here], gl=True, mode="markers", hoverinfo="skip",
            marker={"color": palette.near, "size": 8 if flat else 5},
        ),
        _trace(
            projection, coords[middle], gl=True, mode="markers", hoverinfo="skip",
            marker={"color": palette.accent, "size": 13 if flat else 8, "line": ring},
        ),
    ]  # fmt: skip


def labels(
    projection: Projection,
    box: Box,
    size: tuple[int, int],
    theme: str,
    selected: int | None = None,
    near: Iterable[int] = (),
    rows: np.ndarray | None = None,
) -> go.Scatter:
    """The trace LABELS of a 2-D map, none of them over another.

    Args:
        projection: N words in 2 dimensions.
        box: the visible x from, x to, y from, y to.
        size: width and height of the picture in pixels.
        theme: "light" or "dark".
        selected: its label comes first,
        near: then its neighbours', then those of
        rows: by default of the most frequent words of each part of the box.
    """
    palette, neighbors = PALETTES[theme], [int(row) for row in near]
    marked = [row for row in ([] if selected is None else [selected]) + neighbors if row < len(projection.coords)]
    others = labelled(projection, box, size) if rows is None else rows
    shown = _apart(projection, list(dict.fromkeys([*marked, *others.tolist()])), box, size)
    colors = [palette.accent if row == selected else palette.text if row in neighbors or not marked else palette.quiet
              for row in shown]  # fmt: skip
    sizes = [_FONT_SIZE + (4 if row == selected else 1 if row in neighbors else 0) for row in shown]
    return _trace(
        projection, projection.coords[shown], mode="text", text=[plain(projection.words[row]) for row in shown],
        textfont={"color": colors, "size": sizes}, textposition="top center", hoverinfo="skip",
    )  # fmt: skip


def labels_3d(
    projection: Projection, selected: int | None, near: Iterable[int], theme: str, rows: np.ndarray | None = None
) -> list[dict[str, Any]]:
    """The labels of a 3-D map: the selected word, its neighbours, else the most frequent words, of rows if they are
    given; as the map is first seen, none of them over another.
    """
    palette, n = PALETTES[theme], len(projection.coords)
    marked = [row for row in ([] if selected is None else [selected]) + [int(row) for row in near] if row < n]
    others = range(n) if rows is None else rows.tolist()
    chosen = list(dict.fromkeys(marked or others[:_TRIED]))
    places = first_seen(projection.coords)[chosen] * _HEIGHT
    shown = _free(projection, chosen, places)[:_SHOWN]
    return [
        {"x": x, "y": y, "z": z, "text": plain(projection.words[row]), "showarrow": False, "yshift": 11,
         "font": {"color": palette.accent if row == selected else palette.text, "size": _FONT_SIZE}}
        for row in shown
        for x, y, z in [map(float, projection.coords[row])]
    ]  # fmt: skip


def _spread(coords: np.ndarray, box: tuple[float, float, float, float], columns: int, lines: int) -> np.ndarray:
    """Which points of a 2-D map to label: in each cell of a grid over the visible box, the most frequent word.

    Args:
        coords: (N, 2), most frequent first.
        box: x from, x to, y from, y to.
        columns: how many labels fit side by side.
        lines: how many fit one above the other.

    Returns:
        rows, most frequent first; at most columns × lines.
    """
    x0, x1, y0, y1 = box
    column = np.floor((coords[:, 0] - x0) / (x1 - x0) * columns)
    line = np.floor((coords[:, 1] - y0) / (y1 - y0) * lines)
    inside = np.flatnonzero((column >= 0) & (column < columns) & (line >= 0) & (line < lines))
    cells = (line * columns + column)[inside]
    return inside[np.sort(np.unique(cells, return_index=True)[1])]


def _axis_names(projection: Projection) -> list[str]:
    """What each axis is called: nothing, but on a map by axes."""
    return [plain(name.replace("<->", "↔")) for name in projection.params.get("axes", ())] or [""] * projection.dims


def _made(projection: Projection) -> str:
    """What must stay the same for a reader's zoom to be kept."""
    return f"{projection.space} {projection.method} {dict(projection.params)}"


def _points(
    projection: Projection, theme: str, hover: bool, rows: np.ndarray, color: np.ndarray | None, view: View | None
) -> Any:
    coords = projection.coords
    size = _point_size(projection, view)
    one = PALETTES[theme].point if color is None else shades(np.asarray(color)[: len(coords)][rows], theme)
    opacity = 0.55 * _crowding(len(coords)) ** 0.5 if projection.dims == 3 else 0.55
    marker = {"color": one, "size": size, "opacity": round(opacity, 3), "line": {"width": 0}}
    there = np.isin(np.arange(len(coords)), rows).tolist()
    words = [plain(word) for word in compress(projection.words, there)] if hover else None
    return _trace(
        projection, coords[rows], gl=True, mode="markers", marker=marker, text=words,
        hoverinfo="text" if hover else "none",
    )  # fmt: skip


def _point_size(projection: Projection, view: View | None) -> float:
    """In pixels; at a view as the explorer has it (assets/map-points.js), the larger the more the points are apart."""
    n = len(projection.coords)
    if projection.dims == 3:
        return size_in_space(n)
    return (6 if n <= 2_000 else 4) if view is None else 2 * min(5.0, max(0.7, 0.2 * view[2] / np.sqrt(n) + 0.35))


def size_in_space(n: int) -> float:
    """How large each of n points in space is drawn, in pixels across."""
    return round(2.5 * _crowding(n) ** 0.25, 2)


def _crowding(n: int) -> float:
    """How much of a point is left to each of n words in space, where they hide each other: 1 up to 3,000 of them."""
    return min(1.0, 3_000 / n)


def _trace(projection: Projection, coords: np.ndarray, gl: bool = False, **rest: Any) -> Any:
    axes = dict(zip("xyz", np.ascontiguousarray(coords.T, np.float32), strict=False))
    if projection.dims == 3:
        return go.Scatter3d(**axes, **rest)
    return (go.Scattergl if gl else go.Scatter)(**axes, **rest)


def _apart(projection: Projection, rows: Sequence[int], box: Box, size: tuple[int, int]) -> list[int]:
    """Those rows, in order, whose labels lie in the box and overlap none before them."""
    x0, x1, y0, y1 = box
    places = (projection.coords[list(rows)] - [x0, y0]) / [x1 - x0, y1 - y0] * size
    inside = np.all((places >= 0) & (places <= size), axis=1)
    return _free(projection, np.asarray(rows, np.int64)[inside].tolist(), places[inside])


def _free(projection: Projection, rows: Sequence[int], places: np.ndarray) -> list[int]:
    """Those rows, in order, whose labels over their places (N, 2) in pixels overlap none before them."""
    taken = np.empty((0, 4))
    kept = []
    for row, (x, y) in zip(rows, places, strict=True):
        half = _width(projection.words[row]) / 2
        rectangle = np.array([x - half, x + half, y, y + 1.5 * _FONT_SIZE])
        free = (
            (taken[:, 1] < rectangle[0]) | (taken[:, 0] > rectangle[1])
            | (taken[:, 3] < rectangle[2]) | (taken[:, 2] > rectangle[3])
        )  # fmt: skip
        if free.all():
            taken = np.vstack([taken, rectangle])
            kept.append(int(row))
    return kept


def _width(word: str) -> float:
    """About how wide a label is, in pixels: a Chinese character takes the place of two Latin letters."""
    return _FONT_SIZE * sum(1.05 if unicodedata.east_asian_width(c) in "WF" else 0.58 for c in word) + 6
