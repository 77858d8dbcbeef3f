"""The colours of a map, a byte a word: frequency rank, similarity, distortion, cluster, a column; and which words
are shown.

A colour never sends the places again: the page fetches the bytes, and paints the points that it has.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode

import numpy as np
import pyarrow as pa

from embviz.apps.explorer.map import columns, filters
from embviz.apps.explorer.selection import Selection
from embviz.clusters import Clusters
from embviz.errors import EmbvizError
from embviz.figures.labels import Region
from embviz.figures.theme import PALETTES, between, hues
from embviz.projection import Projection
from embviz.runs import Run
from embviz.search import cosines
from embviz.similarity import vector

COLORS = ("one", "cluster", "kept", "rank", "similarity")
_NONE, _HIDDEN = 254, 255  # a word of which nothing is known; a word that a filter leaves out


def paint(run: Run, projection: Projection, by: str, selection: Selection) -> bytes:
    """A byte for each word of a map: its place on a scale, from 0 to 253, or its cluster or category; 254 where it has
    none, 255 where the word is left out. Where that singles some words out, another byte for each: from which level
    it is labelled, those words before all others.

    Args:
        run: whose map it is.
        projection: the map.
        by: one of COLORS, or column:NAME.
        selection: the word that similarity is to, and which words are shown.

    Raises:
        EmbvizError: the word is not in the space, the filter makes no sense, or there is no such colouring.
    """
    n = len(projection.coords)
    shades, shown = _shades(run, projection, by, selection.word, n), filters.matching(run, selection)
    if shown is not None:
        shades = np.where(shown[:n], shades, _HIDDEN).astype(np.uint8)
    few = columns.name_of(by) is not None and 2 * int((shades < _NONE).sum()) < n
    if projection.sheet is None or not (few or shown is not None):
        return shades.tobytes()
    rows = np.flatnonzero(shades != _HIDDEN)
    words = run.space.table["word"].take(pa.array(rows))
    return shades.tobytes() + projection.sheet.levels_among(rows, words, shades[rows] < _NONE).tobytes()


def _shades(run: Run, projection: Projection, by: str, word: str | None, n: int) -> np.ndarray:
    if by == "one":
        return np.zeros(n, np.uint8)
    if by == "cluster":
        labels = _clusters(run).labels[:n]
        return np.where(labels < 0, _NONE, labels).astype(np.uint8)
    if (name := columns.name_of(by)) is not None:
        return columns.shades(run, name, n)
    if by == "rank":
        share = 1 - np.log1p(np.arange(n)) / np.log1p(n)
    elif by == "similarity":
        share = np.clip(cosines(run.space, vector(run.space, word or ""))[:n], 0, 1)
    elif by == "kept":
        share = run.faithfulness(projection.method, projection.dims, projection.params["words"]).kept[:n]
    else:
        raise EmbvizError(f"There is no colouring by '{by}': there are {', '.join(COLORS)}.")
    return np.where(np.isnan(share), _NONE, np.rint(np.nan_to_num(share) * 253)).astype(np.uint8)


@lru_cache(maxsize=4)
def _clusters(run: Run) -> Clusters:
    return run.clusters()


def color(run: Run, projection: Projection, selection: Selection) -> str:
    """The colouring that is asked for, if it can be had now: similarity needs a word, others must be measured first."""
    if columns.has(run, columns.name_of(selection.color)):
        return selection.color
    by = selection.color if selection.color in COLORS else "one"
    there = {
        "similarity": lambda: known(run, selection.word),
        "kept": lambda: run.faithfulness_path(
            run.projection_path(projection.method, projection.dims, len(projection.coords))
        ).is_file(),
        "cluster": lambda: run.clusters_path.is_file(),
    }
    return by if there.get(by, lambda: True)() else "one"


def told(run: Run, projection: Projection, selection: Selection, made: dict[str, Any], theme: str) -> dict[str, Any]:
    """What the page is told: where the bytes are, and what colours they mean."""
    by = color(run, projection, selection)
    stops, name, left_out = _stops(run, by, theme), columns.name_of(by), filters.given(selection)
    if by == "one" and not left_out:
        return {"url": None, **stops}
    more: dict[str, Any] = {"word": selection.word} if by == "similarity" else {}
    more |= left_out | ({"changed": columns.changed(run)} if name is not None or "column" in left_out else {})
    return {"url": f"/sheet/{quote(run.name)}/colors?{urlencode({'by': by, **more, **made})}", **stops}


def _stops(run: Run, by: str, theme: str) -> dict[str, Any]:
    """What the bytes of a colouring mean: the colours of a set, or those between which a scale goes; and of none."""
    palette = PALETTES[theme]
    if (name := columns.name_of(by)) is not None:
        return columns.stops(run, name, theme)
    if by == "cluster":
        return {"kind": "set", "stops": hues(len(_clusters(run)), theme), "none": palette.quiet}
    if by != "one":
        return {"kind": "scale", "stops": list(palette.scale[1:]), "none": palette.quiet}
    return {"kind": "set", "stops": [palette.point]}


def painted(run: Run, projection: Projection, selection: Selection, theme: str) -> np.ndarray | None:
    """(N,) text: the colours of a map in space, those that the flat map paints; None where all words have one."""
    by = color(run, projection, selection)
    if by == "one":
        return None
    told, places = _stops(run, by, theme), _shades(run, projection, by, selection.word, len(projection.coords))
    stops = between(tuple(told["stops"]), _NONE) if told["kind"] == "scale" else told["stops"]
    table = np.array([stops[i % len(stops)] for i in range(_NONE)] + [told.get("none", stops[0])])
    return table[places]


def regions(run: Run, projection: Projection, selection: Selection, theme: str) -> list[Region]:
    """The name of each cluster, the middle of those of its words that are shown on a map in space, and its colour, the
    largest first; none for other colours.
    """
    if color(run, projection, selection) != "cluster":
        return []
    shades = hues(len(_clusters(run)), theme)
    return [
        (name, middle, shades[number]) for name, middle, number, _ in _middles(run, projection, *_left(run, selection))
    ]


def named(run: Run, projection: Projection, selection: Selection) -> list[dict[str, Any]]:
    """The same of a flat map as its page is told it, in map units."""
    if color(run, projection, selection) != "cluster" or projection.sheet is None:
        return []
    return [
        {"name": name, "x": float(x), "y": float(y), "color": number, "size": size}
        for name, (x, y), number, size in _middles(run, projection, *_left(run, selection))
    ]


def _left(run: Run, selection: Selection) -> tuple[Selection, int]:
    """What of a selection says which words are shown, and when the column that it names was changed."""
    left: dict[str, Any] = filters.given(selection)
    return Selection(**left), columns.changed(run) if "column" in left else 0


@lru_cache(maxsize=8)
def _middles(run: Run, projection: Projection, left: Selection, changed: int) -> list[tuple[str, np.ndarray, int, int]]:
    """The name of each cluster, the middle of those of its words that are shown, on a flat map in map units, its number
    and how many they are, the largest first. A cluster of which no word is shown has no name to show either.
    """
    places = projection.coords if projection.sheet is None else projection.sheet.places / 65_536
    found, labels = _clusters(run), _clusters(run).labels[: len(places)]
    try:
        shown = filters.matching(run, left)
    except EmbvizError:
        shown = None  # where the colours come from, that is said
    if shown is not None:
        labels = np.where(shown[: len(places)], labels, -1)
    sizes = np.bincount(labels[labels >= 0], minlength=len(found))
    return [
        (" · ".join(found.names[number]), np.median(places[labels == number], axis=0), number, int(sizes[number]))
        for number in np.argsort(-sizes, kind="stable").tolist()
        if sizes[number]
    ]


def measured_already(run: Run, projection: Projection) -> bool:
    """Whether the run keeps how true a map is; a map by axes does not mean to keep neighbours, and is not measured."""
    if projection.method == "axes":
        return False
    path = run.projection_path(projection.method, projection.dims, len(projection.coords))
    return run.faithfulness_path(path).is_file()


def known(run: Run, word: str | None) -> bool:
    """Whether similarity to a word or an expression means anything."""
    try:
        return bool(word) and vector(run.space, word or "") is not None
    except EmbvizError:
        return False
