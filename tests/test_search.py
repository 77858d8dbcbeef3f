"""Exact search by cosine: equal to a loop written the long way, whatever the block size, ties and zeros included."""

import numpy as np
import pytest

from embviz import search
from embviz.search import cosines, groups, neighbor_rows, rows_near, top, unit_vectors
from embviz.search.groups import rows_near_in_groups
from embviz.search.threads import Threads
from embviz.space import Space

RNG = np.random.default_rng(7)


def made(vectors: np.ndarray) -> Space:
    return Space.of([f"w{i}" for i in range(len(vectors))], vectors)


def test_cosines_known_in_the_head() -> None:
    space = made(np.array([[2, 0], [0, 5], [-3, 0], [0, 0], [1, 1]]))
    found = cosines(space, np.array([10, 0]))
    np.testing.assert_allclose(found, [1, 0, -1, -np.inf, np.sqrt(0.5)], atol=1e-7)
    assert found.dtype == np.float32


def test_against_the_zero_vector_nothing_has_a_cosine() -> None:
    assert (cosines(made(np.eye(3)), np.zeros(3)) == -np.inf).all()


def test_cosines_do_not_depend_on_lengths() -> None:
    vectors, lengths = RNG.normal(size=(50, 8)), RNG.uniform(0.01, 100, (50, 1))
    np.testing.assert_allclose(
        cosines(made(vectors), vectors[3]), cosines(made(vectors * lengths), 7 * vectors[3]), atol=1e-6
    )


def test_unit_vectors_have_length_one_and_zero_stays_zero() -> None:
    units = unit_vectors(made(np.array([[3, 4], [0, 0], [0, -2], [5, 5]])), 3)
    np.testing.assert_allclose(units, [[0.6, 0.8], [0, 0], [0, -1]], atol=1e-7)
    assert units.dtype == np.float32


def test_squared_distance_of_unit_vectors_is_two_minus_two_cosines() -> None:
    space = made(RNG.normal(size=(20, 5)))
    units = unit_vectors(space, 20)
    np.testing.assert_allclose(((units - units[0]) ** 2).sum(1), 2 - 2 * cosines(space, space.vectors[0]), atol=1e-5)


@pytest.mark.parametrize(
    ("scores", "k", "rows"),
    [
        ([0.1, 0.9, 0.5], 2, [1, 2]),
        ([0.1, 0.9, 0.5], 3, [1, 2, 0]),
        ([0.1, 0.9, 0.5], 50, [1, 2, 0]),
        ([0.5, 0.9, 0.5, 0.9], 4, [1, 3, 0, 2]),
        ([-np.inf, 0.9, -np.inf], 3, [1]),
        ([-np.inf, -np.inf], 3, []),
        ([-0.5, -0.1, -0.9], 2, [1, 0]),
        ([0.1, 0.2], 0, []),
    ],
)
def test_top(scores: list, k: int, rows: list) -> None:
    assert top(np.array(scores, np.float32), k).tolist() == rows


def test_among_ties_at_the_border_the_first_rows_win() -> None:
    scores = np.zeros(1000, np.float32)
    scores[500] = 1
    assert top(scores, 4).tolist() == [500, 0, 1, 2]


def test_top_equals_a_stable_sort() -> None:
    for seed in range(20):
        scores = np.random.default_rng(seed).integers(0, 9, 200).astype(np.float32)
        assert top(scores, 31).tolist() == np.argsort(-scores, kind="stable")[:31].tolist()


@pytest.mark.parametrize("block", [2, 38, 60, 16_384])
@pytest.mark.parametrize("dims", [1, 6, 8, 50])
def test_neighbor_rows_equal_a_full_sort(monkeypatch: pytest.MonkeyPatch, block: int, dims: int) -> None:
    monkeypatch.setattr(search, "_BLOCK", block)
    units = RNG.normal(size=(61, dims)).astype(np.float32)
    rows, scores = neighbor_rows(units, 9)
    every = units.astype(np.float64) @ units.T.astype(np.float64)
    np.fill_diagonal(every, -np.inf)
    expected = np.argsort(-every, axis=1)[:, :9]
    np.testing.assert_array_equal(rows, expected)
    np.testing.assert_allclose(scores, np.take_along_axis(every, expected, 1), atol=1e-5)


@pytest.mark.parametrize(("count", "n"), [(1, 1), (1, 40), (33, 2), (700, 3_000)])
def test_rows_near_equal_a_full_sort(count: int, n: int) -> None:
    """Of so many that there are several tiles and several threads, and of one."""
    queries, units = RNG.normal(size=(count, 50)).astype(np.float32), RNG.normal(size=(n, 50)).astype(np.float32)
    rows, scores = rows_near(queries, units, min(n, 7))
    every = queries.astype(np.float64) @ units.T.astype(np.float64)
    np.testing.assert_array_equal(rows, np.argsort(-every, axis=1)[:, :7])
    np.testing.assert_allclose(scores, -np.sort(-every, axis=1)[:, :7], atol=1e-5)


def test_what_points_away_is_found_where_nothing_else_is_left() -> None:
    """Candidates are padded with zeros, which must not pass for words at a right angle."""
    rows, scores = rows_near(np.float32([[1, 0]]), np.float32([[-1, 0], [-0.6, 0.8]]), 2)
    assert rows.tolist() == [[1, 0]]
    np.testing.assert_allclose(scores, [[-0.6, -1]])


def test_of_equals_the_first_are_found() -> None:
    rows, _ = rows_near(np.float32([[1, 0]]), np.float32([[0, 1], [1, 0], [1, 0], [0, 1], [1, 0]]), 4)
    assert rows.tolist() == [[1, 2, 4, 0]]


def test_a_word_is_not_its_own_neighbour_though_others_equal_it() -> None:
    units = np.repeat(np.eye(2, dtype=np.float32), 3, axis=0)
    rows, scores = neighbor_rows(units, 2)
    assert [sorted(row) for row in rows.tolist()] == [[1, 2], [0, 2], [0, 1], [4, 5], [3, 5], [3, 4]]
    assert (scores == 1).all()


def test_all_others_can_be_asked_for() -> None:
    rows, _ = neighbor_rows(unit_vectors(made(RNG.normal(size=(5, 3))), 5), 4)
    assert [sorted(row) for row in rows.tolist()] == [[i for i in range(5) if i != j] for j in range(5)]


def test_progress_rises_from_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_BLOCK", 2)
    said: list[float] = []
    neighbor_rows(np.eye(10, dtype=np.float32), 3, said.append)
    np.testing.assert_allclose(said, [0, 0.2, 0.4, 0.6, 0.8])


def test_a_search_is_cancelled_by_who_is_told() -> None:
    def stop(share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        neighbor_rows(np.eye(10, dtype=np.float32), 3, stop)


def test_threads_give_results_in_the_order_of_the_calls() -> None:
    with Threads(3) as threads:
        assert threads.each(pow, [(2, n) for n in range(20)]) == [2**n for n in range(20)]


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("n", [0, 1, 255, 1_001, 5_000])
def test_threads_share_every_row_once(count: int, n: int) -> None:
    seen = np.zeros(n, int)

    def mark(start: int, stop: int, out: np.ndarray) -> None:
        assert start % 2 == 0
        out[start:stop] += 1

    with Threads(count) as threads:
        threads.share(mark, n, seen)
    assert (seen == 1).all()


def test_what_goes_wrong_in_a_thread_is_raised() -> None:
    with Threads(2) as threads, pytest.raises(ZeroDivisionError):
        threads.each(divmod, [(1, 1), (1, 0)])


@pytest.mark.parametrize("among_themselves", [True, False])
def test_in_groups_most_are_found_each_once_and_with_its_own_product(among_themselves: bool) -> None:
    units = unit_vectors(
        made(RNG.normal(size=(300, 10))[np.arange(9_000) % 300] + RNG.normal(0, 0.5, (9_000, 10))), 9_000
    )
    queries = units if among_themselves else units[:501] + np.float32(0.01)
    rows, scores = rows_near_in_groups(queries, units, 8, among_themselves=among_themselves)
    exact, _ = rows_near(queries, units, 8, among_themselves=among_themselves)
    assert (rows[:, :, None] == exact[:, None]).sum() > 0.85 * rows.size
    assert all(len(set(line)) == 8 for line in rows.tolist())
    np.testing.assert_allclose(scores, np.einsum("bkd,bd->bk", units[rows], queries), atol=1e-5)
    assert (np.diff(scores, axis=1) <= 0).all()
    if among_themselves:
        assert (rows != np.arange(9_000)[:, None]).all()


def test_asking_neighbours_for_theirs_finds_more(monkeypatch: pytest.MonkeyPatch) -> None:
    units = unit_vectors(made(RNG.normal(size=(9_000, 16))), 9_000)
    exact, _ = rows_near(units, units, 5, among_themselves=True)

    def found() -> int:
        rows, _ = rows_near_in_groups(units, units, 5, among_themselves=True)
        return int((rows[:, :, None] == exact[:, None]).sum())

    asked = found()
    monkeypatch.setattr(groups, "_ASKED", 0)
    assert asked > 1.03 * found()


def test_in_groups_few_are_found_exactly() -> None:
    units = unit_vectors(made(RNG.normal(size=(700, 6))), 700)
    for found, exact in zip(rows_near_in_groups(units[:90], units, 5), rows_near(units[:90], units, 5), strict=True):
        np.testing.assert_array_equal(found, exact)


def test_in_groups_equal_and_zero_vectors_have_neighbours() -> None:
    vectors = np.concatenate([np.zeros((3_000, 4)), np.ones((3_000, 4)), RNG.normal(size=(3_000, 4))])
    rows, scores = rows_near_in_groups(unit_vectors(made(vectors), 9_000), unit_vectors(made(vectors), 9_000), 6,
                                       among_themselves=True)  # fmt: skip
    assert np.isfinite(scores).all() and (rows != np.arange(9_000)[:, None]).all()
