"""What is marked on maps in the plane and in space: pinned words, the trail of an expression, names of regions."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from test_figures import a_map, solid

from embviz.errors import EmbvizError
from embviz.figures.projection import HEADS, PINNED, POINTS, SELECTED, SUMS, TO_NEAREST, WAY, projection_figure
from embviz.figures.theme import PINS
from embviz.projection import Projection
from embviz.projection.solid import facing, seen_at
from embviz.trails import Trail


def a_trail(made: Projection, to: int | None = 4) -> Trail:
    """From the word of row 1 over two sums that are no words."""
    return Trail(("one", "one - <b>", "one - <b> + two"), (1, None, None), made.coords[[1, 5, 7]] * [1.1], to)


@pytest.mark.parametrize("dims", [2, 3])
def test_pinned_words_have_a_colour_each_and_lines_to_their_neighbours(dims: int) -> None:
    made = a_map(dims)
    drawn = projection_figure(made, 0, [2], pins=[(3, [5, 99]), (None, ()), (99, [1]), (0, [])])
    one, nothing, beyond, also_selected, *others = (drawn.data[place] for place in PINNED)
    for axis, name in enumerate("xyz"[:dims]):
        np.testing.assert_array_equal(one[name], [*made.coords[[5, 3], axis], np.nan, made.coords[3, axis]])
        np.testing.assert_array_equal(also_selected[name], made.coords[[0], axis])
    assert all(len(trace.x) == 0 for trace in (nothing, beyond, *others))
    assert [trace.marker.color for trace in (one, also_selected)] == [PINS["light"][0], PINS["light"][3]]
    assert also_selected.marker.size[0] > one.marker.size[-1] > one.marker.size[0]
    np.testing.assert_array_equal(drawn.data[SELECTED].x, made.coords[[0], 0])
    with pytest.raises(EmbvizError, match="9 words are pinned"):
        projection_figure(made, pins=[(row, ()) for row in range(9)])


@pytest.mark.parametrize("dims", [2, 3])
def test_a_trail_leads_from_sum_to_sum_and_dashed_to_the_nearest_word(dims: int) -> None:
    made = a_map(dims)
    way = a_trail(made)
    drawn = projection_figure(made, near=[4], trail=way)
    solid, dashed, heads, sums = (drawn.data[place] for place in (WAY, TO_NEAREST, HEADS, SUMS))
    assert len(solid.x) == 6 and len(dashed.x) == 3 and dashed.line.dash == "dash" and len(heads.x) == 3
    np.testing.assert_allclose(sums.x, way.coords[:, 0], rtol=1e-6)
    ends = np.stack([heads[name] for name in "xyz"[:dims]], axis=1)
    for tip, start, end in zip(ends, way.coords, [*way.coords[1:], made.coords[4]], strict=True):
        ahead, along = (end - start) / np.linalg.norm(end - start), tip - start
        np.testing.assert_allclose(along - (along @ ahead) * ahead, 0, atol=1e-5)  # on the way
        assert 0.5 < np.linalg.norm(along) / np.linalg.norm(end - start) <= 1 + 1e-6  # before its end
    notes = drawn.layout.annotations if dims == 2 else drawn.layout.scene.annotations
    assert [note.text for note in notes[:3]] == ["one", "one - &lt;b&gt;", "one - &lt;b&gt; + two"]
    assert len(projection_figure(made, trail=replace(way, to=None)).data[TO_NEAREST].x) == 1
    assert [trace.type for trace in drawn.data] == [trace.type for trace in projection_figure(made).data]


def test_the_arrows_of_a_flat_trail_point_the_way() -> None:
    made = a_map()
    to_the_right_then_up = Trail(("a", "b", "c"), (None,) * 3, np.array([[0, 0], [1, 0], [1, 1]]), None)
    assert projection_figure(made, trail=to_the_right_then_up).data[HEADS].marker.angle == (90, 0)


def test_a_trail_in_space_is_looked_at_whole_and_from_before_it() -> None:
    made = solid(500)
    flat = np.array([[0, 0, 1], [2, 0, 1], [2, 1, 1], [0, 1, 1]])  # in a plane of equal z
    turned = flat[:, [2, 0, 1]]  # of equal x
    for places, axis in ((flat, 2), (turned, 0)):
        seen_from = facing(places, made.coords)
        ahead = (seen_from.eye - seen_from.center) / seen_from.far
        assert ahead[axis] > 0.85 and abs(ahead[2]) < 0.95, "from its side, but not from straight above"
        seen = seen_at(places, made.coords, seen_from)
        assert np.abs(seen).max() < 0.5 and np.ptp(seen, axis=0).max() > 0.2
    for spot in (flat[:1], np.repeat(flat[:1], 3, axis=0), flat[:2]):
        assert np.isfinite(facing(spot, made.coords).eye).all()


def test_labels_at_the_sums_of_a_trail_stand_apart_though_the_sums_do_not() -> None:
    for made in (a_map(), a_map(3)):
        there = Trail(("aaaa", "aaaa - b", "aaaa - b + c"), (None,) * 3, np.repeat(made.coords[[4]], 3, axis=0), None)
        drawn = projection_figure(made, trail=there)
        notes = drawn.layout.annotations if made.dims == 2 else drawn.layout.scene.annotations[:3]
        shifts = [(note.xshift, note.yshift) for note in notes]
        assert len(set(shifts)) == 3
        for (x, y), (u, v) in combinations(shifts, 2):
            assert abs(y - v) >= 17 or abs(x - u) > 60


def test_regions_are_named_at_their_middles() -> None:
    for made in (a_map(), a_map(3)):
        middle = made.coords[2]
        drawn = projection_figure(made, regions=[("a · b", middle, "#123456"), ("hidden · under", middle, "#654321")])
        (note,) = drawn.layout.annotations if made.dims == 2 else drawn.layout.scene.annotations
        assert (note.text, note.font.color, note.x) == ("a · b", "#123456", middle[0])


def test_words_that_are_left_out_do_not_move_the_others_in_space() -> None:
    made, shown = a_map(3), np.arange(9) < 4
    every, few = (projection_figure(made, shown=which, hover=False) for which in (None, shown))
    assert every.layout.scene.xaxis.range == few.layout.scene.xaxis.range
    assert few.data[POINTS].customdata == (0, 1, 2, 3), "the rows of the points, for a click"
    colors = np.array([f"#{i:06x}" for i in range(9)])
    assert projection_figure(made, color=colors, shown=~shown).data[POINTS].marker.color == tuple(colors[4:])
