"""What events on the map make of the selection: a word found, clicked or pointed at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from embviz.apps.explorer.library import Library
from embviz.apps.explorer.map.columns import has, name_of
from embviz.apps.explorer.map.filters import EVERY
from embviz.apps.explorer.map.sheet import words_on_map
from embviz.apps.explorer.selection import Selection
from embviz.errors import EmbvizError
from embviz.projection.given import is_given
from embviz.similarity import complete


def entered(library: Library, selection: Selection, typed: str) -> Selection:
    """The selection after Enter in the search box: the first word on offer, or an expression as it was typed."""
    if not typed.strip():
        return selection
    found = complete(library.open(selection.run).space, typed, 1)
    return selection.but(word=found[0] if found else typed)


def picked(library: Library, selection: Selection, row: int) -> Selection:
    """The selection after a click on the word of a row."""
    return selection.but(word=library.open(selection.run).space.word(row))


def taken(selection: Selection, name: str) -> Selection:
    """The selection after a map that was given is chosen, by its dimensions and its name: see `given_maps`."""
    dims, _, method = name.partition(" ")
    return selection.but(method=method, dims=int(dims), words=None)


def pointed(hovered: Mapping[str, Any] | None, hover: Mapping[str, Any] | None, dims: int) -> tuple[int | None, Any]:
    """The row under the pointer, and the box around it in the picture; None where there is none."""
    if dims == 2:
        return (hovered["row"], hovered["bbox"]) if hovered else (None, None)
    points = [point for point in (hover or {}).get("points", []) if point["curveNumber"] == 0]
    if not points:
        return None, None
    return points[0].get("customdata", points[0]["pointNumber"]), points[0]["bbox"]


def settled(library: Library, selection: Selection) -> Selection:
    """The selection with the number of words that a URL without one means, and no column that the run has not."""
    try:
        run = library.open(selection.run)
        column = selection.column if has(run, selection.column) else EVERY
        named = name_of(selection.color)
        color = "one" if named is not None and not has(run, named) else selection.color
        given = is_given(selection.method)  # it has as many words as it has, and says nothing of the next map
        words = None if given else words_on_map(run, selection)
        return selection.but(words=words, column=column, color=color)
    except EmbvizError:
        return selection
