"""The lines for a notebook, run: they draw what the map shows."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from pages import PAGE

import embviz as ev
from embviz.apps.explorer.jobs import Jobs
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.map.colors import paint
from embviz.apps.explorer.map.notebook import as_python
from embviz.apps.explorer.map.picture import picture
from embviz.apps.explorer.map.sheet import shown_of
from embviz.apps.explorer.selection import Selection
from embviz.figures.projection import NEAR, PINNED, POINTS, SELECTED, SUMS
from embviz.figures.theme import PALETTES, PINS, hues
from embviz.runs import Run
from embviz.trails import trail


def run_lines(library: Library, selection: Selection, theme: str = "light") -> go.Figure:
    run = library.open("strange")
    run.projection("pca", dims=selection.dims)
    lines = as_python(shown_of(run, selection), run, selection, theme)
    names: dict[str, Any] = {}
    exec(lines.replace("\nev.figure(", "\nfigure = ev.figure("), names)
    return names["figure"]


@pytest.mark.parametrize("word", [None, "巴黎", "巴黎 - 法国 + 日本", "nowhere", "view=None,\n)\n", "<b>bold</b>"])
def test_the_same_map_and_word(library: Library, word: str | None) -> None:
    figure, run = run_lines(library, Selection(run="strange", word=word)), library.open("strange")
    np.testing.assert_array_equal(figure.data[POINTS].x, run.projection("pca").coords[:, 0])
    there = word is not None and word in run.space.words()
    assert len(figure.data[NEAR].x) == (10 if there or word == "巴黎 - 法国 + 日本" else 0)
    assert len(figure.data[SELECTED].x) == int(there)


def test_the_same_axes(library: Library) -> None:
    selection = Selection(run="strange", method="axes", across="word1 <-> word2", up="巴黎 <-> 日本")
    figure = run_lines(library, selection)
    np.testing.assert_array_equal(figure.data[POINTS].y, shown_of(library.open("strange"), selection).coords[:, 1])


@pytest.mark.parametrize("by", ["rank", "kept", "similarity", "cluster"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_same_colours(library: Library, by: str, theme: str) -> None:
    run, selection = library.open("strange"), Selection(run="strange", word="巴黎", color=by)
    drawn = run_lines(library, selection, theme).data[POINTS].marker.color
    shades = np.frombuffer(paint(run, shown_of(run, selection), by, selection), np.uint8)
    assert len(set(drawn)) == len(set(shades)) == len(set(zip(drawn, shades, strict=True))) > 3
    if by == "cluster":
        assert drawn[0] == hues(len(run.clusters()), theme)[shades[0]]
    elif 253 in shades:
        assert drawn[shades.tolist().index(253)] == PALETTES[theme].scale[-1]


def test_the_same_words_of_a_pattern(library: Library) -> None:
    figure = run_lines(library, Selection(run="strange", pattern="^word1|巴", color="rank"))
    assert list(figure.data[POINTS].text) == ["巴黎", "word1", *[f"word1{i}" for i in range(10)]]
    assert len(figure.data[POINTS].marker.color) == 12


@pytest.mark.parametrize("dims", [2, 3])
def test_the_same_pins_and_trail(library: Library, dims: int) -> None:
    """A pinned word that the run has not leaves its colour free, in the lines as on the map."""
    pins, word = "word1\tnowhere\t<b>bold</b>", "巴黎 - 法国 + 日本"
    selection, run = Selection(run="strange", word=word, pins=pins, dims=dims), library.open("strange")
    drawn, coords, row = run_lines(library, selection), shown_of(run, selection).coords, run.space.row
    for place, pinned in zip(PINNED, ("word1", None, "<b>bold</b>"), strict=False):
        trace = drawn.data[place]
        assert len(trace.x) == (0 if pinned is None else 31), "ten neighbours with a line each, and the word"
        if pinned is not None:
            assert (trace.x[-1], trace.y[-1]) == tuple(coords[row(pinned), :2])
            near = coords[run_near(run, pinned), 0]
            np.testing.assert_array_equal(trace.x[:-1:3], near)
            assert trace.marker.color == PINS["light"][PINNED.index(place)]
    found = trail(run.space, shown_of(run, selection), word)
    np.testing.assert_array_equal(drawn.data[SUMS].x, found.coords[:, 0])
    np.testing.assert_array_equal(drawn.data[SUMS].x[0], coords[row("巴黎"), 0])
    notes = drawn.layout.annotations if dims == 2 else drawn.layout.scene.annotations
    assert {"巴黎", "巴黎 - 法国", word} <= {note.text for note in notes}
    if dims == 2:
        told = picture(library, Jobs(), selection, "look", PAGE)["spec"]
        assert [pin["row"] for pin in told["pins"]] == [row("word1"), row("<b>bold</b>")]
        assert told["trail"]["to"] == found.to
    else:
        shown = picture(library, Jobs(), selection, "look", PAGE)["figure"]
        for trace, other in zip(drawn.data[1:], shown.data[1:], strict=True):
            assert trace.to_json() == other.to_json(), "the explorer's map is the same figure"
        assert {note.text for note in notes} == {note.text for note in shown.layout.scene.annotations}


def run_near(run: Run, word: str) -> np.ndarray:
    return ev.near(run.space, word).rows


def test_the_same_map_in_space_and_its_colours(library: Library) -> None:
    selection = Selection(run="strange", dims=3, color="cluster", pattern="^word1|巴")
    drawn, shown = run_lines(library, selection), picture(library, Jobs(), selection, "look", PAGE)["figure"]
    for axis in "xyz":
        np.testing.assert_array_equal(drawn.data[POINTS][axis], shown.data[POINTS][axis])
    assert len(drawn.data[POINTS].x) == 12
    assert drawn.data[POINTS].marker.color == shown.data[POINTS].marker.color
