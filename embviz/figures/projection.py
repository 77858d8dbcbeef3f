"""A Projection as a map: its words as points, some of them labelled, one selected with its true neighbours marked.

The traces always stand in the same order, POINTS first, one for each colour of a pinned word, then LINES, NEAR,
SELECTED, of a trail WAY, TO_NEAREST, HEADS and SUMS, and on a flat map LABELS, so that the explorer can patch one of
them without sending the points again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import compress
from typing import Any

import numpy as np
import plotly.graph_objects as go

from embviz.figures.labels import Box, Region, Style, View, labelled, labels, labels_3d, styles
from embviz.figures.marks import Pin, camera, marks, trace
from embviz.figures.theme import PALETTES, PINS, plain, shades, template
from embviz.projection import Projection
from embviz.projection.sheet import SIDE
from embviz.trails import Trail

POINTS, *PINNED, LINES, NEAR, SELECTED, WAY, TO_NEAREST, HEADS, SUMS, LABELS = range(9 + len(PINS["light"]))


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
    pins: Sequence[Pin] = (),
    trail: Trail | None = None,
    regions: Sequence[Region] = (),
) -> go.Figure:
    """Draw a map.

    Args:
        projection: N words in 2 or 3 dimensions.
        selected: the row of the selected word, if it is on the map.
        near: rows of its true neighbours; those that are not on the map are passed over.
        theme: "light" or "dark".
        hover: whether the words are sent for hovering; the explorer looks them up by their rows instead.
        size: of the picture in pixels, to choose labels that do not overlap; with a view the picture is that large.
        view: what is seen of a flat map, as in the explorer's URL; by default all of it.
        color: (N or more,) for each word its place on a scale from 0 to 1, or the number of its group if these are
            whole numbers; NaN and -1 are known of no word. Or its colour as text, such as #d6336c.
        shown: (N or more,) bool, which words are shown; by default all.
        pins: of each pinned word its row and the rows of its true neighbours; None as a row leaves its colour free.
        trail: the sums of an expression (`embviz.trails.trail`); in space the map is first seen from before it.
        regions: of each part of the map that has a name, that name, the coords of its middle, and its colour.

    Raises:
        EmbvizError: more words are pinned than there are colours for them.
    """
    near, n = list(near), len(projection.coords)
    pins = [(row, list(around)) for row, around in pins]
    kept = np.arange(n) if shown is None else np.flatnonzero(np.asarray(shown)[:n])
    figure = go.Figure(layout={"template": template(theme), "uirevision": _made(projection), "hovermode": "closest"})
    figure.add_trace(_points(projection, theme, hover, kept, color, view))
    figure.add_traces(marks(projection, selected, near, theme, pins, trail))
    marked = styles(selected, near, theme, pins, trail)
    if projection.dims == 2:
        _in_plane(figure, projection, theme, size, view, kept, marked, trail, regions)
    else:
        _in_space(figure, projection, theme, kept, marked, trail, regions)
    return figure


def _in_plane(
    figure: go.Figure, projection: Projection, theme: str, size: tuple[int, int], view: View | None, kept: np.ndarray,
    marked: dict[int, Style], trail: Trail | None, regions: Sequence[Region],
) -> None:  # fmt: skip
    """The labels and the axes of a flat map."""
    box = extent(projection.coords) if view is None else seen(projection, view, size)
    rows = labelled(projection, box, size, view)
    written, notes = labels(projection, box, size, theme, marked, rows[np.isin(rows, kept)], trail, regions)
    figure.add_trace(written)
    across, up = _axis_names(projection)
    axis: dict[str, Any] = {"showgrid": False, "showticklabels": False}
    figure.update_xaxes(**axis, title=across, range=box[:2])
    figure.update_yaxes(**axis, title=up, range=box[2:], scaleanchor="x")
    whole = {} if view is None else {"width": size[0], "height": size[1], "margin": dict.fromkeys("lrtb", 0)}
    figure.update_layout(dragmode="pan", annotations=notes, **whole)


def _in_space(
    figure: go.Figure, projection: Projection, theme: str, kept: np.ndarray, marked: dict[int, Style],
    trail: Trail | None, regions: Sequence[Region],
) -> None:  # fmt: skip
    """The labels, the axes and the camera of a map in space."""
    low, high = projection.coords.min(axis=0).astype(float), projection.coords.max(axis=0).astype(float)
    margin = np.where(high > low, (high - low) / 32, 1)  # Plotly's own, but whichever words are shown
    palette = PALETTES[theme]
    axis = {"showticklabels": False, "showspikes": False, "backgroundcolor": palette.paper, "gridcolor": palette.grid}
    ranges = zip("xyz", _axis_names(projection), (low - margin).tolist(), (high + margin).tolist(), strict=True)
    named = {f"{letter}axis": {**axis, "title": name, "range": [least, most]} for letter, name, least, most in ranges}
    notes = labels_3d(projection, theme, marked, kept, trail, regions)
    figure.update_scenes(**named, aspectmode="data", annotations=notes)
    if seen_from := camera(projection, trail):
        figure.update_scenes(camera=seen_from.plotly())


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
    numbers = None if hover or len(rows) == len(coords) else rows.tolist()  # those that a click is on
    opacity = 0.55 * _crowding(len(coords)) ** 0.5 if projection.dims == 3 else 0.55
    marker = {"color": one, "size": size, "opacity": round(opacity, 3), "line": {"width": 0}}
    there = np.isin(np.arange(len(coords)), rows).tolist()
    words = [plain(word) for word in compress(projection.words, there)] if hover else None
    return trace(
        projection, coords[rows], gl=True, mode="markers", marker=marker, text=words, customdata=numbers,
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
