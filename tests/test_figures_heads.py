"""All heads as points: where their scores are, what they are called, labels that lie over nothing."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

import embviz as ev
from embviz.attention import HeadScores
from embviz.attention.kinds import names
from embviz.errors import EmbvizError
from embviz.figures.heads import _wide, extent, heads_figure
from embviz.figures.theme import PALETTES

SIZE = (600, 500)


def scored(layers: int = 6, heads: int = 6, kind: str = "encoder") -> HeadScores:
    draw = np.random.default_rng(0)
    scores = {name: draw.random((layers, heads), np.float32) for name in names(kind)}
    chance = {name: 0.1 * draw.random((3, layers, heads), np.float32) for name in names(kind)}
    none = {name: np.full((layers, heads, 1), -1) for name in names(kind)}
    return HeadScores("six", "encoder", kind, "text", "", 10, scores, chance, (), none,
                      {name: np.zeros((layers, heads, 1), np.float32) for name in none})  # fmt: skip


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_each_head_is_a_point_and_says_what_it_is(theme: str) -> None:
    found = scored()
    figure = heads_figure(found, "same", "duplicate", 2, 5, theme, {"layer": "层", "head": "头", "same": "自身"}, SIZE)
    random, points, marked = figure.data
    assert points.x.tolist() == found.scores["same"].ravel().tolist()
    assert points.y.tolist() == found.scores["duplicate"].ravel().tolist()
    assert list(points.customdata[8]) == [1, 2] and points.text[8].startswith("层 1, 头 2: ")
    assert len(random.x) == 3 * 36 and points.marker.color[8] == 1
    assert (marked.x[0], marked.y[0]) == (found.scores["same"][2, 5], found.scores["duplicate"][2, 5])
    assert figure.layout.xaxis.title.text == "自身" and marked.marker.color == PALETTES[theme].accent


def test_labels_lie_neither_over_each_other_nor_outside() -> None:
    found = scored()
    figure = heads_figure(found, "same", "next", size=SIZE)
    boxes = []
    for note in figure.layout.annotations:
        x, y = (
            (value - low) / (high - low) * side + shift
            for value, shift, (low, high), side in (
                (note.x, note.xshift, extent(found, "same"), SIZE[0]),
                (note.y, note.yshift, extent(found, "next"), SIZE[1]),
            )
        )
        wide = _wide(note.text)
        left = x - wide * {"left": 0, "center": 0.5, "right": 1}[note.xanchor]
        boxes.append((left, left + wide, y - 8, y + 8))
    assert len(boxes) > 8
    for one, other in combinations(boxes, 2):
        apart = one[1] <= other[0] or other[1] <= one[0] or abs(one[2] - other[2]) >= 8
        assert apart
    assert all(box[0] >= 0 and box[1] <= SIZE[0] for box in boxes)


def test_axes_of_shares_begin_at_nothing_and_chance_does_not_fill_them() -> None:
    found = scored()
    low = dict.fromkeys(found.scores, np.full((6, 6), 0.1, np.float32))
    small = HeadScores(**{**vars(found), "scores": low})
    assert extent(small, "next")[0] < 0 and extent(small, "next")[1] > 0.3
    assert extent(small, "entropy")[1] < 0.12


def test_the_axes_that_are_seen_first_and_those_that_are_not_there() -> None:
    figure = ev.figure(scored())
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("previous", "next")
    figure = ev.figure(scored(kind="cross"))
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("diagonal", "antidiagonal")
    with pytest.raises(EmbvizError, match="There is no score 'diagonal': there are previous, "):
        heads_figure(scored(), "diagonal")
    with pytest.raises(EmbvizError, match="Layer 6, head 0 was asked for"):
        heads_figure(scored(), layer=6, head=0)
