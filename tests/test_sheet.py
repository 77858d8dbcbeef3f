"""The sheet: every place has one word, labels never overlap at any zoom and never blink, and every word gets one."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embviz.projection.sheet import (
    COARSEST,
    LABEL_HEIGHT,
    LEVELS,
    SIDE,
    STEPS,
    WIDEST,
    Sheet,
    label_levels,
    label_widths,
    on_grid,
    priorities,
)


def column(words: list[str]) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(words)])


def overlaps(sheet: Sheet, widths: np.ndarray, level: int) -> bool:
    """Whether two labels that show at a level lie over each other, compared pair by pair."""
    rows = np.flatnonzero(sheet.levels <= level)
    at = sheet.places[rows].astype(float) * COARSEST * 2 ** (level / STEPS) / SIDE
    wide = (widths[rows][:, None] + widths[rows]) / 2
    over = (np.abs(at[:, None, 0] - at[:, 0]) < wide) & (np.abs(at[:, None, 1] - at[:, 1]) < LABEL_HEIGHT)
    return bool((over & ~np.eye(len(rows), dtype=bool)).any())


def test_the_corners_of_a_square_are_the_corners_of_the_grid() -> None:
    places = on_grid(np.array([[0, 0], [2, 0], [0, 2], [2, 2], [1, 1]], np.float32))
    assert places[:4].tolist() == [[0, 0], [65535, 0], [0, 65535], [65535, 65535]]
    assert abs(int(places[4, 0]) - 32768) <= 1


def test_both_axes_have_one_scale_and_the_shorter_one_is_in_the_middle() -> None:
    places = on_grid(np.array([[0, 0], [4, 0], [4, 1]], np.float32)).astype(int)
    assert places[1, 0] - places[0, 0] == 65535
    assert places[2, 1] - places[1, 1] == pytest.approx(65535 / 4, abs=1)
    assert places[0, 1] + places[2, 1] == pytest.approx(65535, abs=1)


@pytest.mark.parametrize("n", [2, 50, 3000])
def test_words_of_one_place_are_moved_apart_and_the_first_stays(n: int) -> None:
    coords = np.zeros((n + 2, 2), np.float32)
    coords[-1] = 1
    places = on_grid(coords)
    assert len(np.unique(places, axis=0)) == n + 2
    assert np.abs(places[: n + 1].astype(int) - places[0].astype(int)).max() < 300


def test_a_single_spot_is_no_error() -> None:
    assert len(np.unique(on_grid(np.ones((5, 2), np.float32)), axis=0)) == 5


def test_widths_by_hand() -> None:
    """A Chinese character of three bytes is as wide as two Latin letters; nothing is wider than the widest."""
    latin, chinese, long = label_widths(column(["ab", "巴", "x" * 300]))
    assert latin == pytest.approx(15.4)
    assert chinese == pytest.approx(13.5)
    assert long == WIDEST


def test_the_first_of_two_near_words_is_labelled_first() -> None:
    places = np.array([[100, 100], [140, 100], [60_000, 60_000]], np.uint16)
    levels = label_levels(places, np.full(3, 30.0), np.array([0, 1, 2]))
    assert levels[0] == levels[2] == 0
    # 40 places apart, 30 and a gap of 10 pixels wanted: free where a place has a pixel
    assert levels[1] == STEPS * np.log2(SIDE / COARSEST)
    assert label_levels(places, np.full(3, 30.0), np.array([1, 0, 2]))[0] == levels[1]


def test_neighbouring_places_both_get_labels_in_the_end() -> None:
    places = np.array([[5, 5], [6, 5], [5, 6], [6, 6]], np.uint16)
    levels = label_levels(places, np.full(4, WIDEST), np.arange(4))
    assert levels.max() < LEVELS and sorted(levels)[0] == 0


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 300), st.floats(0.001, 1))
def test_no_labels_overlap_at_any_level(seed: int, n: int, spread: float) -> None:
    random = np.random.default_rng(seed)
    coords = random.normal(size=(4, 2))[random.integers(0, 4, n)] + spread * random.normal(size=(n, 2))
    words = column(["词" * int(k) if k % 2 else "w" * int(k) for k in random.integers(1, 20, n)])
    sheet = Sheet.of(coords.astype(np.float32), words)
    assert (sheet.levels < LEVELS).all()
    for level in range(LEVELS):
        assert not overlaps(sheet, label_widths(words), level)


def test_a_fair_share_of_labels_are_of_rare_words() -> None:
    order = priorities(10_000)
    assert sorted(order) == list(range(10_000))
    rare = (order[:200] >= 2_000).mean()
    assert 0.04 < rare < 0.25
    assert np.array_equal(order, priorities(10_000)) and not np.array_equal(order, priorities(10_000, seed=1))
