"""Placing: a word goes where most of its neighbours are, never between the parts of a map, and moves nothing."""

import numpy as np
import pytest

from embviz.projection import placing
from embviz.projection.placing import place
from embviz.search import rows_near, threads
from embviz.space import Space

RNG = np.random.default_rng(11)


def silent(*what: object) -> None:
    """Nobody listens."""


def space_of(vectors: np.ndarray) -> Space:
    return Space.of([f"w{i}" for i in range(len(vectors))], vectors)


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_a_word_goes_to_the_larger_part_of_its_neighbours_not_between() -> None:
    """Six of its ten neighbours lie about (0, 0), four about (100, 0), and others all over."""
    near = unit(np.eye(20)[:1] + RNG.normal(0, 0.05, (10, 20)))
    units = np.concatenate([near, unit(RNG.normal(size=(90, 20)) - 9 * np.eye(20)[:1])])
    coords = np.concatenate(
        [RNG.normal(size=(6, 2)), RNG.normal(size=(4, 2)) + np.array([100, 0]), RNG.normal(0, 50, (90, 2))]
    )
    placed = place(space_of(np.eye(20)[:1]), range(1), units, coords, silent)
    assert np.linalg.norm(placed[0]) < 2


@pytest.mark.parametrize("dims", [2, 3])
def test_planted_groups_take_in_their_new_words(dims: int) -> None:
    centres, group = RNG.normal(size=(5, 30)), np.arange(400) % 5
    vectors = unit(centres[group] + RNG.normal(0, 0.1, (400, 30)))
    spots = 30 * RNG.normal(size=(5, dims))
    coords = spots[group[:200]] + RNG.normal(size=(200, dims))
    placed = place(space_of(vectors), range(200, 400), vectors[:200], coords, silent)
    assert placed.shape == (200, dims) and placed.dtype == np.float32
    np.testing.assert_array_equal(np.linalg.norm(placed[:, None] - spots, axis=2).argmin(1), group[200:])
    assert len(np.unique(placed, axis=0)) == 200


def test_two_neighbours_as_good_as_each_other_have_the_word_between_them() -> None:
    placed = place(space_of(np.ones((1, 2))), range(1), np.eye(2, dtype=np.float32), np.array([[0, 0], [4, 2]]), silent)
    np.testing.assert_allclose(placed, [[2, 1]], atol=1e-5)


def test_no_words_are_placed_nowhere() -> None:
    assert place(space_of(np.eye(3)), range(3, 3), np.eye(3, dtype=np.float32), np.zeros((3, 2)), silent).shape == (
        0,
        2,
    )


def test_blocks_change_nothing_and_progress_rises(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, coords, told = unit(RNG.normal(size=(80, 6))), RNG.normal(size=(30, 2)), []
    whole = place(space_of(vectors), range(30, 80), vectors[:30], coords, silent)
    monkeypatch.setattr(placing, "_BLOCK", 7)
    parts = place(space_of(vectors), range(30, 80), vectors[:30], coords, lambda *what: told.append(what[1]))
    np.testing.assert_array_equal(whole, parts)
    assert told[0] == 0 and told == sorted(told) and len(told) > 7 and told[-1] <= 1


def test_zeros_and_words_on_one_another_have_places() -> None:
    vectors = np.concatenate([np.zeros((2, 4)), np.ones((12, 4)), np.zeros((1, 4)), -np.ones((1, 4))])
    units = np.concatenate([np.zeros((2, 4)), np.full((12, 4), 0.5)]).astype(np.float32)
    placed = place(space_of(vectors), range(14, 16), units, np.zeros((14, 2)), silent)
    np.testing.assert_array_equal(placed, 0)


def test_the_listener_cancels() -> None:
    def report(*what: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        place(space_of(np.eye(4)), range(3, 4), np.eye(4, dtype=np.float32)[:3], np.zeros((3, 2)), report)


def fine(groups: int, size: int, dims: int = 12) -> np.ndarray:
    """(groups * size, dims): small groups, word i in group i % groups, about points that lie anywhere."""
    centres = unit(RNG.normal(size=(groups, dims)))[np.arange(groups * size) % groups]
    return unit(centres + RNG.normal(0, 0.03, centres.shape))


@pytest.mark.parametrize("dims", [2, 3])
def test_groups_that_no_word_of_the_map_tells_apart_are_together(dims: int) -> None:
    """200 words of the map, 150 groups of 8 anywhere among them: settled among words of the map alone they mix."""
    old, new = unit(RNG.normal(size=(200, 12))), fine(150, 8)
    coords = (old[:, :dims] * 30).astype(np.float32)
    vectors, own = np.concatenate([old, new]), np.arange(1_200) % 150

    def together(placed: np.ndarray) -> float:
        far = np.linalg.norm(placed[:, None] - placed, axis=2) + np.diag(np.full(1_200, np.inf))
        return float((own[np.argsort(far, axis=1)[:, :7]] == own[:, None]).mean())

    near, cosine = rows_near(new, old, 10)
    alone = together(placing._settled(near, cosine, coords, silent))
    placed = place(space_of(vectors), range(200, 1_400), old, coords, silent)
    assert together(placed) > 0.9 and together(placed) > alone + 0.2
    np.testing.assert_array_equal(coords, (old[:, :dims] * 30).astype(np.float32))


def test_a_word_that_equals_one_of_the_map_lies_near_it() -> None:
    vectors = fine(40, 10)
    coords = 30 * vectors[:, :2] + RNG.normal(0, 0.1, (400, 2))
    placed = place(space_of(np.concatenate([vectors, vectors])), range(400, 800), vectors, coords, silent)
    ranks = (np.linalg.norm(placed[:, None] - coords, axis=2) < np.linalg.norm(placed - coords, axis=1)[:, None]).sum(1)
    assert np.median(ranks) < 5


@pytest.mark.parametrize("dims", [2, 3])
def test_the_number_of_threads_changes_no_bit(dims: int, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = fine(900, 8)
    coords, found = RNG.normal(size=(1_000, dims)), []
    for count in (1, 2, 5):
        monkeypatch.setattr(threads, "cores", lambda count=count: count)
        found.append(place(space_of(vectors), range(1_000, 7_200), vectors[:1_000], coords, silent))
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])
    assert np.isfinite(found[0]).all()


def test_one_word_among_three_and_many_that_are_equal_have_places() -> None:
    three = np.eye(3, dtype=np.float32)
    assert np.isfinite(place(space_of(np.ones((1, 3))), range(1), three, np.eye(3)[:, :2], silent)).all()
    same = place(space_of(np.ones((500, 3))), range(500), three, np.eye(3)[:, :2], silent)
    assert np.isfinite(same).all() and np.abs(same).max() < 10
