"""The labels of a map: which words get one, how they are written, and that none lies over another."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from itertools import compress
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from embviz.figures.marks import HEIGHT, Pin, camera, trace, way
from embviz.figures.theme import PALETTES, PINS, plain
from embviz.projection import Projection
from embviz.projection.sheet import COARSEST, STEPS
from embviz.projection.solid import FIRST, seen_at
from embviz.trails import Trail

Box = tuple[float, float, float, float]
"""What is visible of a flat map: x from, x to, y from, y to."""
View = tuple[float, float, float]
"""Where the explorer looks on a flat map: the middle, x and y from 0 to 1, and how many pixels the map's side has."""

Region = tuple[str, np.ndarray, str]
"""A part of a map: its name, where its middle is, its colour."""

_FONT_SIZE = 12
_TRIED, _SHOWN = 200, 30  # words that may be labelled in space where none is marked, and that are at most
_MARK, _OVER, _SIDE, _LINE = 7, 15, 12, 18  # pixels around a trail's mark: to its edge, to labels, from one to the next


class Style(NamedTuple):
    """How a marked word is written; those that always are may lie over others."""

    color: str
    size: int
    weight: int
    always: bool = False


def styles(
    selected: int | None, near: Iterable[int], theme: str, pins: Sequence[Pin] = (), trail: Trail | None = None
) -> dict[int, Style]:
    """How the marked words are written, by their rows, the most important first (as assets/map-marks.js has it)."""
    palette, found = PALETTES[theme], dict[int, Style]()
    there = [(row, list(around), color) for (row, around), color in zip(pins, PINS[theme], strict=False)]
    for row in (selected, trail.to if trail else None):
        if row is not None:
            found.setdefault(row, Style(palette.accent, 16, 700, True))
    for row, _, color in there:
        if row is not None:
            found.setdefault(row, Style(color, 14, 700, True))
    for row in near:
        found.setdefault(int(row), Style(palette.text, 13, 600))
    for row in (other for pinned, around, _ in there if pinned is not None for other in around):
        found.setdefault(int(row), Style(palette.text, 12, 400))
    return found


def labelled(projection: Projection, box: Box, size: tuple[int, int], view: View | None = None) -> np.ndarray:
    """The rows to label in a box, most frequent first: those that the explorer labels at a view, else of each part of
    the box the most frequent.
    """
    if view is None or projection.sheet is None:
        return _spread(projection.coords, box, max(1, size[0] // 70), max(1, size[1] // 24))
    x, y = projection.coords.T
    inside = (x >= box[0]) & (x <= box[1]) & (y >= box[2]) & (y <= box[3])
    return np.flatnonzero(inside & (projection.sheet.levels <= STEPS * np.log2(view[2] / COARSEST)))


def labels(
    projection: Projection,
    box: Box,
    size: tuple[int, int],
    theme: str,
    marked: dict[int, Style] | None = None,
    rows: np.ndarray | None = None,
    trail: Trail | None = None,
    regions: Sequence[Region] = (),
) -> tuple[go.Scatter, list[dict[str, Any]]]:
    """The trace LABELS of a 2-D map, and as annotations what stands at the sums of a trail and the names of regions,
    none of them over another.

    Args:
        projection: N words in 2 dimensions.
        box: the visible x from, x to, y from, y to.
        size: width and height of the picture in pixels.
        theme: "light" or "dark".
        marked: their labels come first (see `styles`), then those of
        rows: by default of the most frequent words of each part of the box.
        trail: what is written at its sums comes before all of them,
        regions: their names after the marked words.
    """
    marked = {row: style for row, style in (marked or {}).items() if row < len(projection.coords)}
    written, taken = _at_sums(projection, trail, _pixels(_stops(projection, trail), box, size), theme)
    others = labelled(projection, box, size) if rows is None else rows
    rest = Style(PALETTES[theme].quiet if marked else PALETTES[theme].text, _FONT_SIZE, 400)
    shown = []
    for styled in (marked, {row: rest for row in others.tolist() if row not in marked}):
        places = _pixels(projection.coords[list(styled)], box, size)
        inside = np.all((places >= 0) & (places <= size), axis=1).tolist()
        here = dict(compress(styled.items(), inside))
        found, taken = _free(projection, here, places[inside], taken)
        shown += found
        if styled is marked:
            names, taken = _names(regions, _pixels(_middles(regions, 2), box, size), taken)
    drawn = [marked.get(row, rest) for row in shown]
    font = {"color": [s.color for s in drawn], "size": [s.size for s in drawn], "weight": [s.weight for s in drawn]}
    words = [plain(projection.words[row]) for row in shown]
    return trace(
        projection, projection.coords[shown], mode="text", text=words, textfont=font, textposition="top center",
        hoverinfo="skip",
    ), written + names  # fmt: skip


def labels_3d(
    projection: Projection,
    theme: str,
    marked: dict[int, Style] | None = None,
    rows: np.ndarray | None = None,
    trail: Trail | None = None,
    regions: Sequence[Region] = (),
) -> list[dict[str, Any]]:
    """The labels of a 3-D map: what is written at the sums of a trail, the marked words, the names of regions, and
    where there is none of these the most frequent words, of rows if they are given; as the map is first seen, none of
    them over another.
    """
    n = len(projection.coords)
    marked = {row: style for row, style in (marked or {}).items() if row < n}
    seen_from = camera(projection, trail) or FIRST

    def at(places: np.ndarray) -> np.ndarray:
        return HEIGHT * seen_at(places, projection.coords, seen_from)

    written, taken = _at_sums(projection, trail, at(_stops(projection, trail)), theme)
    others = range(n) if rows is None else rows.tolist()
    rest = Style(PALETTES[theme].text, _FONT_SIZE, 400)
    chosen = marked if marked or regions else dict.fromkeys(others[:_TRIED], rest)
    shown, taken = _free(projection, chosen, at(projection.coords[list(chosen)]), taken)
    names, _ = _names(regions, at(_middles(regions, 3)), taken)
    return written + names + [
        {**_place(projection.coords[row]), "text": plain(projection.words[row]), "showarrow": False, "yshift": 11,
         "font": {"color": chosen[row].color, "size": chosen[row].size, "weight": chosen[row].weight}}
        for row in (shown if marked else shown[:_SHOWN])
    ]  # fmt: skip


def _stops(projection: Projection, trail: Trail | None) -> np.ndarray:
    return np.empty((0, projection.dims)) if trail is None else way(projection, trail)


def _pixels(coords: np.ndarray, box: Box, size: tuple[int, int]) -> np.ndarray:
    """(N, 2): where coords (N, 2) are in a picture, from its lower left."""
    x0, x1, y0, y1 = box
    return (coords - [x0, y0]) / [x1 - x0, y1 - y0] * size


def _place(coords: np.ndarray) -> dict[str, float]:
    return dict(zip("xyz", map(float, coords), strict=False))


def _at_sums(
    projection: Projection, trail: Trail | None, at: np.ndarray, theme: str
) -> tuple[list[dict[str, Any]], np.ndarray]:
    """What is written at the sums of a trail, and the boxes that it and the marks take.

    Over a mark or under it, where fewer arrows are, else beside it; where all that is taken, a line further.

    Args:
        at: (S or S + 1, 2), where the sums and the nearest word are in pixels, y up.
    """
    if trail is None:
        return [], np.empty((0, 4))
    taken = np.array([(x - _MARK, x + _MARK, y - _MARK, y + _MARK) for x, y in at])
    if trail.to is not None:
        taken = np.vstack([taken, _box(projection.words[trail.to], 16, at[-1])])
    written = []
    for i, (label, coords) in enumerate(zip(trail.labels, trail.coords, strict=True)):
        half = _width(label, 14) / 2  # bold
        above = sum(at[j][1] - at[i][1] for j in (i - 1, i + 1) if 0 <= j < len(at)) > 0
        near = [(0, -_OVER), (0, _OVER)] if above else [(0, _OVER), (0, -_OVER)]
        beside = [(half + _SIDE, 0), (-half - _SIDE, 0)]
        further = [(0, side * (_OVER + up * _LINE)) for up in range(1, len(at) + 1) for side in (1, -1)]
        boxes = [(at[i] + shift, shift) for shift in (*near, *beside, *further)]
        free = ((np.array([x - half, x + half, y - 9, y + 9]), shift) for (x, y), shift in boxes)
        box, (right, up) = next((box, shift) for box, shift in free if not _over(box, taken))
        taken = np.vstack([taken, box])
        written.append({**_place(coords), "text": plain(label), "showarrow": False, "xshift": right, "yshift": up,
                        "font": {"color": PALETTES[theme].accent, "size": 13, "weight": 600}})  # fmt: skip
    return written, taken


def _middles(regions: Sequence[Region], dims: int) -> np.ndarray:
    return np.array([middle for _, middle, _ in regions]).reshape(-1, dims)


def _names(regions: Sequence[Region], at: np.ndarray, taken: np.ndarray) -> tuple[list[dict[str, Any]], np.ndarray]:
    """The names of regions at their middles, which are at (R, 2) in pixels, and what is taken then."""
    written = []
    for (name, middle, color), (x, y) in zip(regions, at, strict=True):
        half = _width(name, 14) / 2  # bold
        box = np.array([x - half, x + half, y - 10, y + 10])
        if not _over(box, taken):
            taken = np.vstack([taken, box])
            written.append({**_place(middle), "text": plain(name), "showarrow": False,
                            "font": {"color": color, "size": 13, "weight": 700}})  # fmt: skip
    return written, taken


def _spread(coords: np.ndarray, box: Box, columns: int, lines: int) -> np.ndarray:
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


def _free(
    projection: Projection, styled: dict[int, Style], places: np.ndarray, taken: np.ndarray
) -> tuple[list[int], np.ndarray]:
    """Those rows, in order, whose labels over their places (N, 2) in pixels overlap none before them, nor any of the
    boxes (M, 4) that are taken; and the boxes that are taken then.
    """
    kept = []
    for (row, style), place in zip(styled.items(), places, strict=True):
        box = _box(projection.words[row], style.size, place)
        if style.always or not _over(box, taken):
            taken = np.vstack([taken, box])
            kept.append(int(row))
    return kept, taken


def _box(word: str, size: int, place: np.ndarray) -> np.ndarray:
    """(4,): what a label over a place takes."""
    (x, y), half = place, _width(word, size) / 2
    return np.array([x - half, x + half, y, y + 1.5 * size])


def _over(box: np.ndarray, taken: np.ndarray) -> bool:
    """Whether a box (4,), x from, x to, y from, y to, lies over any of (M, 4)."""
    left, right, low, high = taken.T
    return bool(((left < box[1]) & (box[0] < right) & (low < box[3]) & (box[2] < high)).any())


def _width(word: str, size: int) -> float:
    """About how wide a label is, in pixels: a Chinese character takes the place of two Latin letters."""
    return size * sum(1.05 if unicodedata.east_asian_width(c) in "WF" else 0.58 for c in word) + 6
