"""Figures: words are never markup, arrays are typed, labels stand apart, and the cells say what the weights say."""

import base64
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pyarrow as pa
import pytest

from embviz.attention import Attention
from embviz.errors import EmbvizError
from embviz.figures import figure
from embviz.figures.attention import head_figure, lines_figure, text_figure
from embviz.figures.labels import labels, styles
from embviz.figures.projection import LABELS, LINES, NEAR, POINTS, SELECTED, extent, projection_figure
from embviz.figures.similarity import neighbors_figure
from embviz.figures.theme import PALETTES, hues, plain
from embviz.projection import Projection
from embviz.projection.sheet import SIDE, Sheet
from embviz.similarity import Neighbors, Term

STRANGE = ("<b>x</b>", "<img src=x onerror=alert(1)>", "&amp;", "=1+1", "巴黎", "<br>", "%{x}", '"quoted"', "a<b")
ESCAPED = ("&lt;b&gt;x&lt;/b&gt;", "&lt;img src=x onerror=alert(1)&gt;", "&amp;amp;")
TITLE = re.compile(r'<br><span style="font-size:12px;color:#\w{6}">|</span>')  # what a title's second lines begin with
SIZE = (900, 700)


def a_map(dims: int = 2, words: tuple[str, ...] = STRANGE) -> Projection:
    angles = np.arange(len(words)) * 2.4
    coords = (
        np.stack([np.cos(angles), np.sin(angles), angles / 9], 1)[:, :dims]
        * np.sqrt(np.arange(len(words)) + 1)[:, None]
    )
    return Projection(coords.astype(np.float32), words, "pca", {}, {}, "small")


def neighbors(words: tuple[str, ...] = STRANGE) -> Neighbors:
    scores = np.linspace(0.9, -0.4, len(words)).astype(np.float32)
    return Neighbors("x", (Term(1, "x"),), words, scores, np.arange(len(words)), 99)


def every_figure() -> Iterator[Any]:
    """Each figure, drawn of words that look like markup."""
    for theme in PALETTES:
        for dims in (2, 3):
            yield pytest.param(projection_figure(a_map(dims), 1, [0, 2], theme), id=f"map-{dims}d-{theme}")
            yield pytest.param(projection_figure(a_map(dims), theme=theme), id=f"map-{dims}d-{theme}-unselected")
        yield pytest.param(neighbors_figure(neighbors(), theme), id=f"neighbors-{theme}")
        seen = Attention.of(np.full((9, 9), 1 / 9), STRANGE)
        yield pytest.param(head_figure(seen, 0, 0, theme), id=f"head-{theme}")
        yield pytest.param(lines_figure(seen, [(0, 0)], theme), id=f"lines-{theme}")
        yield pytest.param(text_figure(seen, 0, 0, theme, chosen=[0], live=True), id=f"text-{theme}")


def texts(value: Any, key: str = "") -> Iterator[str]:
    """Every text of a figure that Plotly reads as its small HTML."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from texts(inner, name if isinstance(inner, str | list | tuple | dict) else "")
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts(inner, key)
    elif isinstance(value, str) and key in ("text", "ticktext", "hovertext", "name", "title", "customdata"):
        yield value


def array(value: Any) -> np.ndarray:
    """What a browser makes of an array: typed ones come as base64."""
    if isinstance(value, dict) and "bdata" in value:
        found = np.frombuffer(base64.b64decode(value["bdata"]), value["dtype"])
        return found.reshape([int(n) for n in value["shape"].split(",")]) if "shape" in value else found
    return np.asarray(value, float)


@pytest.mark.parametrize("drawn", every_figure())
def test_words_are_shown_to_the_letter(drawn: go.Figure) -> None:
    shown = list(texts(drawn.to_plotly_json()))
    assert set(ESCAPED) <= set(shown)
    for text in shown:
        text = TITLE.sub("", text)
        assert "<" not in text and ">" not in text
        assert not re.search(r"&(?!amp;|lt;|gt;|quot;)", text)
    page = drawn.to_html(include_plotlyjs=False)
    assert "<img" not in page and "<b>x" not in page
    assert "alert(1)" in page


def test_plain_is_undone_by_reading_it_as_markup() -> None:
    import html

    assert [html.unescape(plain(word)) for word in STRANGE] == list(STRANGE)
    assert plain("巴黎 c++ don't") == "巴黎 c++ don't"


@pytest.mark.parametrize("dims", [2, 3])
def test_maps_travel_as_float32(dims: int) -> None:
    made = a_map(dims)
    data = projection_figure(made, 1, [0, 2]).to_plotly_json()["data"]
    for trace in data:
        for name in "xyz"[:dims] if np.size(trace["x"]) else ():
            assert trace[name]["dtype"] == "f4" and "bdata" in trace[name]
    for axis, name in enumerate("xyz"[:dims]):
        np.testing.assert_array_equal(array(data[POINTS][name]), made.coords[:, axis])


def test_the_selected_word_is_marked_and_joined_to_its_neighbours() -> None:
    made = a_map()
    data = projection_figure(made, 1, [0, 3, 99]).data
    np.testing.assert_array_equal([data[SELECTED].x, data[SELECTED].y], made.coords[[1]].T)
    np.testing.assert_array_equal([data[NEAR].x, data[NEAR].y], made.coords[[0, 3]].T)
    ends = made.coords[[1, 0, 1, 3]]
    np.testing.assert_array_equal(data[LINES].x, [*ends[:2, 0], np.nan, *ends[2:, 0], np.nan])
    assert data[SELECTED].marker.color == PALETTES["light"].accent


def test_without_a_selection_nothing_is_marked() -> None:
    data = projection_figure(a_map()).data
    assert len(data[NEAR].x) == len(data[SELECTED].x) == 0 and np.isnan(data[LINES].x).all()


def test_a_selected_word_beyond_the_map_is_passed_over() -> None:
    for dims in (2, 3):
        data = projection_figure(a_map(dims), 99, [0]).data
        assert len(data[SELECTED].x) == 0 and np.isnan(data[LINES].x).all()


def test_neighbours_may_come_as_an_array_or_be_read_once() -> None:
    for near in (np.array([0, 2]), iter([0, 2])):
        assert projection_figure(a_map(), 1, near).data[LABELS].textfont.size[:4] == (16, 13, 13, 12)


def rectangles(made: Projection, box: tuple, size: tuple[int, int], shown: go.Scatter) -> list[tuple[float, ...]]:
    """Where labels are drawn, in pixels, taking 7 pixels a Latin letter and a line as high as its font."""
    x = (np.asarray(shown.x) - box[0]) / (box[1] - box[0]) * size[0]
    y = (np.asarray(shown.y) - box[2]) / (box[3] - box[2]) * size[1]
    half = [len(text) * 7 / 2 for text in shown.text]
    return [(a - h, a + h, b, b + 12) for a, b, h in zip(x, y, half, strict=True)]


def test_labels_do_not_overlap() -> None:
    rng = np.random.default_rng(0)
    words = tuple("".join(rng.choice(list("abcdefgh"), rng.integers(2, 14))) for _ in range(3_000))
    made = Projection(rng.normal(size=(3_000, 2)).astype(np.float32), words, "pca", {}, {}, "small")
    box = extent(made.coords)
    near = range(100, 140)
    for selected, around in ((None, ()), (7, near)):
        shown, _ = labels(made, box, SIZE, "light", styles(selected, around, "light"))
        assert len(shown.text) > 40
        for one, other in combinations(rectangles(made, box, SIZE, shown), 2):
            assert one[1] <= other[0] or other[1] <= one[0] or one[3] <= other[2] or other[3] <= one[2]


def test_the_selected_word_is_labelled_first_then_its_neighbours() -> None:
    words = tuple(f"w{i}" for i in range(50))
    crowded = Projection(np.random.default_rng(1).random((50, 2)).astype(np.float32), words, "pca", {}, {}, "small")
    marked = styles(33, [44, 22], "dark")
    shown, _ = labels(crowded, extent(crowded.coords), (4_000, 4_000), "dark", marked)
    assert shown.text[:3] == ("w33", "w44", "w22")
    palette = PALETTES["dark"]
    assert shown.textfont.color[:4] == (palette.accent, palette.text, palette.text, palette.quiet)
    on_one_spot = replace(crowded, coords=np.ones((50, 2), np.float32))
    assert labels(on_one_spot, (0, 2, 0, 2), SIZE, "dark", marked)[0].text == ("w33",)


def test_only_what_is_visible_is_labelled() -> None:
    made = a_map(words=tuple(f"w{i}" for i in range(9)))
    x, y = made.coords[5]
    assert labels(made, (x - 0.1, x + 0.1, y - 0.1, y + 0.1), SIZE, "light")[0].text == ("w5",)


def test_a_3d_map_labels_the_selected_word_and_its_neighbours() -> None:
    notes = projection_figure(a_map(3), 4, [0, 2]).layout.scene.annotations
    assert {note.text for note in notes} == {"巴黎", plain(STRANGE[0]), plain(STRANGE[2])}
    assert len(projection_figure(a_map(3)).layout.scene.annotations) == len(STRANGE)


def test_points_in_one_place_have_a_box_around_them() -> None:
    made = replace(a_map(), coords=np.ones((len(STRANGE), 2), np.float32))
    left, right, low, high = extent(made.coords)
    assert left < 1 < right and low < 1 < high
    assert projection_figure(made).data[LABELS].text == (plain(STRANGE[0]),)


def test_bars_are_as_long_as_their_cosines_and_nearest_on_top() -> None:
    made = neighbors(("a", "b", "c"))
    drawn = neighbors_figure(made)
    data = drawn.to_plotly_json()["data"][0]
    np.testing.assert_array_equal(array(data["x"]), made.scores)
    assert data["x"]["dtype"] == "f4" and data["text"] == ["0.900", "0.250", "-0.400"]
    assert drawn.layout.yaxis.ticktext == ("a", "b", "c") and drawn.layout.yaxis.autorange == "reversed"
    assert drawn.layout.xaxis.range[0] <= -0.4 and drawn.layout.xaxis.range[1] == 1
    assert neighbors_figure(made, name="余弦").layout.xaxis.title.text == "余弦"


def test_many_points_in_space_are_smaller_and_fainter_so_that_they_do_not_hide_each_other() -> None:
    few, many = (projection_figure(solid(n), hover=False).data[POINTS].marker for n in (3_000, 30_000))
    assert (few.size, few.opacity) == (2.5, 0.55)
    assert 1 < many.size < 0.6 * few.size and 0.1 < many.opacity < 0.4 * few.opacity


def solid(n: int) -> Projection:
    coords = np.random.default_rng(0).normal(size=(n, 3)).astype(np.float32)
    return Projection(coords, [f"w{i}" for i in range(n)], "pca", {"dims": 3, "words": n}, {}, "many")


def test_no_neighbours_are_an_empty_figure() -> None:
    assert len(neighbors_figure(neighbors(())).data[0].x) == 0


def test_figure_draws_every_record() -> None:
    many, one = (Attention.of(np.full((n, n, 3, 3), 1 / 3), ("a", "b", "c")) for n in (2, 1))
    assert figure(a_map(), selected=1).data[SELECTED].x.size == 1
    assert figure(neighbors()).data[0].type == "bar"
    assert figure(many).data[0].z.shape == (6, 6)
    assert np.shape(figure(many, layer=1, head=0).data[0].z) == (3, 3)
    assert np.shape(figure(one, theme="dark").data[0].z) == (3, 3)
    assert figure(one, show="overview").data[0].z.shape == (3, 3)
    assert figure(many, show="text").data[1].mode == figure(one, show="text").data[1].mode == "text"
    assert len(figure(many, show="lines", heads=[(0, 0), (1, 1)]).data) == 2 + 3
    with pytest.raises(EmbvizError, match="'pie' was asked for"):
        figure(one, show="pie")
    assert figure(a_map(), theme="dark").layout.template.layout.paper_bgcolor == PALETTES["dark"].paper
    with pytest.raises(TypeError, match="not from a str"):
        figure("a word")  # type: ignore[arg-type]


def test_a_view_shows_what_the_explorer_shows() -> None:
    """The corners of a square map are those of the grid; a picture as large as the map's side shows all of it."""
    words = tuple(f"w{i}" for i in range(5))
    coords = np.array([[-2, 3], [2, 3], [2, 7], [-2, 7], [0, 5]], np.float32)
    made = Projection(coords, words, "pca", {}, {}, "small", Sheet.of(coords, pa.chunked_array([words])))
    drawn = projection_figure(made, view=(0.5, 0.5, 400.0), size=(400, 800))
    half = 2 * SIDE / (SIDE - 1)  # a place is the corner of its pixel of the grid
    np.testing.assert_allclose(drawn.layout.xaxis.range, [-half, half], atol=1e-4)
    np.testing.assert_allclose(drawn.layout.yaxis.range, [5 - 2 * half, 5 + 2 * half], atol=1e-4)
    assert (drawn.layout.width, drawn.layout.height) == (400, 800)
    x, y = made.sheet.places[2] / SIDE
    near = projection_figure(made, view=(x, y, 40_000.0), size=(100, 100))
    assert near.data[LABELS].text == ("w2",)
    np.testing.assert_allclose(np.mean(near.layout.xaxis.range), 2, atol=1e-4)


def test_colours_of_values_and_of_groups() -> None:
    made, palette = a_map(words=("a", "b", "c")), PALETTES["light"]
    scale = projection_figure(made, color=np.array([0, np.nan, 1])).data[POINTS].marker.color
    assert list(scale) == [palette.scale[1], palette.quiet, palette.scale[-1]]
    groups = projection_figure(made, color=np.array([1, -1, 0, 7])).data[POINTS].marker.color
    assert list(groups) == [hues(2, "light")[1], palette.quiet, hues(2, "light")[0]]


@pytest.mark.parametrize("dims", [2, 3])
def test_only_the_words_that_are_shown(dims: int) -> None:
    made = a_map(dims)
    shown = np.arange(len(STRANGE)) % 2 == 0
    drawn = projection_figure(made, shown=shown, color=np.linspace(0, 1, len(STRANGE)))
    np.testing.assert_array_equal(array(drawn.data[POINTS].x), made.coords[shown, 0])
    assert len(drawn.data[POINTS].marker.color) == shown.sum()
    labels = drawn.data[LABELS].text if dims == 2 else [note.text for note in drawn.layout.scene.annotations]
    assert set(labels) <= {plain(word) for word, there in zip(STRANGE, shown, strict=True) if there}
