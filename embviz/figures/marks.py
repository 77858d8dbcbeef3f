"""What is marked on a map: the selected word with its true neighbours, pinned words with theirs, the trail of an
expression. The same marks in 2 and in 3 dimensions, as far as Plotly has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from embviz.errors import EmbvizError
from embviz.figures.theme import PALETTES, PINS
from embviz.projection import Projection
from embviz.projection.solid import Camera, facing, height
from embviz.trails import Trail

Pin = tuple[int | None, Iterable[int]]
"""A pinned word: its row, and the rows of its true neighbours. None where a run has it not; its colour stays free."""

HEIGHT = 600  # of a picture of a map in space, in pixels: labels that are apart in it are so in a larger one
_HEAD, _GAP = 15, 8  # of an arrow in pixels: its head, and what is free before a mark
_SIZES = {2: (8, 12, 20), 3: (5, 8, 13)}  # of a mark: a neighbour's, a pinned word's, and of one that is selected too


def marks(
    projection: Projection,
    selected: int | None,
    near: Iterable[int],
    theme: str,
    pins: Sequence[Pin] = (),
    trail: Trail | None = None,
) -> list[Any]:
    """The traces from PINNED to STOPS of a map, as many whatever is marked; those without anything to show are empty.

    Raises:
        EmbvizError: more words are pinned than there are colours for them.
    """
    return [
        *_pinned(projection, selected, pins, theme),
        *_selected(projection, selected, near, theme),
        *_trail(projection, trail, theme),
    ]


def way(projection: Projection, trail: Trail) -> np.ndarray:
    """(S or S + 1, dims): the sums of a trail, and the nearest word where that is on the map."""
    return trail.coords if trail.to is None else np.vstack([trail.coords, projection.coords[[trail.to]]])


def camera(projection: Projection, trail: Trail | None) -> Camera | None:
    """From where the trail on a map in space is seen; None where there is none."""
    return None if trail is None or projection.dims == 2 else facing(way(projection, trail), projection.coords)


def trace(projection: Projection, coords: np.ndarray, gl: bool = False, **rest: Any) -> Any:
    """A trace of coords (N, dims) in the plane or in space."""
    axes = dict(zip("xyz", np.ascontiguousarray(coords.T, np.float32), strict=False))
    if projection.dims == 3:
        return go.Scatter3d(**axes, **rest)
    return (go.Scattergl if gl else go.Scatter)(**axes, **rest)


def _selected(projection: Projection, selected: int | None, near: Iterable[int], theme: str) -> list[Any]:
    palette, coords = PALETTES[theme], projection.coords
    here = [row for row in near if row < len(coords)]
    middle = [] if selected is None or selected >= len(coords) else [selected]
    gap = np.full(projection.dims, np.nan)
    lines = np.array([end for row in here for end in (coords[middle[0]], coords[row], gap)] if middle else [gap])
    flat = projection.dims == 2
    ring = {"color": palette.paper, "width": 2}
    return [
        trace(projection, lines, gl=True, mode="lines", line={"color": palette.near, "width": 1}, hoverinfo="skip"),
        trace(
            projection, coords[here], gl=True, mode="markers", hoverinfo="skip",
            marker={"color": palette.near, "size": 8 if flat else 5},
        ),
        trace(
            projection, coords[middle], gl=True, mode="markers", hoverinfo="skip",
            marker={"color": palette.accent, "size": 13 if flat else 8, "line": ring},
        ),
    ]  # fmt: skip


def _pinned(projection: Projection, selected: int | None, pins: Sequence[Pin], theme: str) -> list[Any]:
    """A trace for each colour: lines from a pinned word to its neighbours, and the marks of both."""
    colors = PINS[theme]
    if len(pins) > len(colors):
        raise EmbvizError(f"{len(pins)} words are pinned, and a map has colours for {len(colors)}. Pin fewer.")
    free: list[Pin] = [(None, ())] * (len(colors) - len(pins))
    pairs = zip([*pins, *free], colors, strict=True)
    return [_pin(projection, row, near, selected, color, theme) for (row, near), color in pairs]


def _pin(
    projection: Projection, row: int | None, near: Iterable[int], selected: int | None, color: str, theme: str
) -> Any:
    n, gap = len(projection.coords), np.full((1, projection.dims), np.nan)
    small, large, largest = _SIZES[projection.dims]
    here = [] if row is None or row >= n else [other for other in near if other < n]
    middle = [] if row is None or row >= n else [row]
    # Neighbours first: the pinned word's own mark, of which there is one, lies over the lines. In space Plotly draws
    # sizes that are an array half as large.
    path = [part for other in here for part in (projection.coords[[other]], projection.coords[middle], gap)]
    coords = np.vstack([*path, projection.coords[middle]])
    sizes = [small, 0, 0] * len(here) + [largest if row == selected else large] * len(middle)
    return trace(
        projection, coords, gl=True, mode="lines+markers", hoverinfo="skip",
        line={"color": color, "width": 1.2},
        marker={"color": color, "size": sizes, "sizeref": 1 if projection.dims == 2 else 0.5, "opacity": 1,
                "line": {"color": PALETTES[theme].paper, "width": 1}},
    )  # fmt: skip


class _Leg(NamedTuple):
    """An arrow: from where to where its line goes, where its tip is, and whether it leads to the nearest word."""

    start: np.ndarray
    neck: np.ndarray
    tip: np.ndarray
    last: bool


def _trail(projection: Projection, trail: Trail | None, theme: str) -> list[Any]:
    """Arrows from sum to sum, a dashed one to the nearest word, and the sums, hollow where they are no words."""
    palette, flat = PALETTES[theme], projection.dims == 2
    line = {"color": palette.accent, "width": 2 if flat else 4}
    legs = [] if trail is None else _legs(projection, trail)
    stops = np.empty((0, projection.dims)) if trail is None else trail.coords
    words = [] if trail is None else [row is not None for row in trail.rows]
    if flat:
        inside, edge = ([palette.accent if word == full else palette.paper for word in words] for full in (True, False))
        marker = {"color": inside, "size": 12, "line": {"color": edge, "width": 2}}
    else:  # where an outline is thin
        marker = {"color": palette.accent, "size": 8, "symbol": ["circle" if word else "circle-open" for word in words]}
    return [
        _lines(projection, [leg for leg in legs if not leg.last], line),
        _lines(projection, [leg for leg in legs if leg.last], {**line, "dash": "dash"}),
        _flat_heads(projection, legs, palette.accent) if flat else _cones(legs, palette.accent),
        trace(projection, stops, mode="markers", hoverinfo="skip", marker={**marker, "opacity": 1}),
    ]


def _legs(projection: Projection, trail: Trail) -> list[_Leg]:
    """The arrows between stops that are two places. In space a gap is left before each mark, as wide as it is seen
    when the trail is first looked at.
    """
    stops, seen_from = way(projection, trail), camera(projection, trail)
    a_pixel = 0.0 if seen_from is None else height(projection.coords, seen_from) / HEIGHT
    legs = []
    for number, (start, end) in enumerate(pairwise(stops)):
        far = float(np.linalg.norm(end - start))
        if far <= 3 * _GAP * a_pixel:
            continue  # as good as one place
        ahead, head = (end - start) / far, min(_HEAD * a_pixel, far / 3)
        tip = end - _GAP * a_pixel * ahead
        legs.append(
            _Leg(start + _GAP * a_pixel * ahead, tip - 0.9 * head * ahead, tip, number == len(trail.coords) - 1)
        )
    return legs


def _lines(projection: Projection, legs: list[_Leg], line: dict[str, Any]) -> Any:
    gap = np.full(projection.dims, np.nan)
    ends = np.array([place for leg in legs for place in (leg.start, leg.neck, gap)] or [gap])
    return trace(projection, ends, mode="lines", line=line, hoverinfo="skip")


def _flat_heads(projection: Projection, legs: list[_Leg], color: str) -> Any:
    """The tips of arrows in the plane, whose axes have one scale: marks that are turned."""
    tips = np.array([leg.tip for leg in legs]).reshape(-1, 2)
    angles = [float(np.degrees(np.arctan2(*(leg.tip - leg.start)))) for leg in legs]
    marker = {"symbol": "arrow", "angle": angles, "standoff": 6, "size": 12, "color": color}
    return trace(projection, tips, mode="markers", marker=marker, hoverinfo="skip")


def _cones(legs: list[_Leg], color: str) -> Any:
    """The tips of arrows in space."""
    tips = np.array([leg.tip for leg in legs], np.float32).reshape(-1, 3)
    along = np.array([(leg.tip - leg.neck) / 0.9 for leg in legs], np.float32).reshape(-1, 3)
    return go.Cone(
        **dict(zip("xyz", np.ascontiguousarray(tips.T), strict=True)),
        **dict(zip("uvw", np.ascontiguousarray(along.T), strict=True)),
        anchor="tip", sizemode="raw", sizeref=1, showscale=False, colorscale=[[0, color], [1, color]],
        lighting={"ambient": 0.9, "diffuse": 0.3, "specular": 0}, hoverinfo="skip", visible=bool(legs),
    )  # fmt: skip
