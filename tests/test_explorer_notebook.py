"""The lines for a notebook, run: they draw what the map shows."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from embviz.apps.explorer.library import Library
from embviz.apps.explorer.map.colors import paint
from embviz.apps.explorer.map.notebook import as_python
from embviz.apps.explorer.map.sheet import shown_of
from embviz.apps.explorer.selection import Selection
from embviz.figures.projection import NEAR, POINTS, SELECTED
from embviz.figures.theme import PALETTES, hues


def run_lines(library: Library, selection: Selection, theme: str = "light") -> go.Figure:
    run = library.open("strange")
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


def test_what_a_figure_has_not_is_said(library: Library) -> None:
    run, selection = library.open("strange"), Selection(run="strange", pins="word1\tword2")
    projection = shown_of(run, selection)
    assert "# Pinned words are shown in the explorer only.\n" in as_python(projection, run, selection, "light")
    assert "#" not in as_python(projection, run, Selection(run="strange"), "light")
