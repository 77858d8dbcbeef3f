"""Faithfulness: values known in the head, scikit-learn's trustworthiness, and what a sample says of the whole."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from embviz.errors import EmbvizError
from embviz.projection import Projection, project
from embviz.projection import faithfulness as module
from embviz.projection.faithfulness import Faithfulness, Measures, faithfulness, kept_near, picture
from embviz.projection.ranks import measure
from embviz.space import Space

N = 120


def made(vectors: np.ndarray) -> Space:
    return Space.of([f"w{i}" for i in range(len(vectors))], vectors, name="small")


def drawn(space: Space, coords: np.ndarray) -> Projection:
    params = {"dims": coords.shape[1], "words": len(coords)}
    return Projection(coords.astype(np.float32), space.first(len(coords)), "hand", params, {}, space.name)


def arc(angles: np.ndarray) -> np.ndarray:
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


@pytest.fixture(scope="module")
def space() -> Space:
    rng = np.random.default_rng(3)
    return made(rng.normal(size=(N, 6)) * rng.uniform(0.1, 10, (N, 1)))


@pytest.fixture(scope="module")
def flat(space: Space) -> Projection:
    """A map by chance: the first two numbers of every vector."""
    return drawn(space, space.vectors[:, :2])


@pytest.fixture(scope="module")
def found(space: Space, flat: Projection) -> Faithfulness:
    return faithfulness(space, flat)


def nearest(apart: np.ndarray, k: int) -> np.ndarray:
    np.fill_diagonal(apart, np.inf)
    return np.argsort(apart, axis=1)[:, :k]


def shares(space: Space, coords: np.ndarray, k: int = 10) -> np.ndarray:
    """(N,): the plain definition of `kept`."""
    units = space.vectors / np.linalg.norm(space.vectors, axis=1, keepdims=True)
    true = nearest(-units @ units.T, k)
    seen = nearest(np.linalg.norm(coords[:, None] - coords[None], axis=2), k)
    return np.array([len({*one} & {*other}) / k for one, other in zip(true, seen, strict=True)])


def test_a_map_that_is_the_data_has_no_fault() -> None:
    circle = arc(np.random.default_rng(0).uniform(0, 6, 80))
    space = made(circle * 3)
    found = faithfulness(space, drawn(space, circle))
    assert found.ks == (5, 10, 30)
    assert found.map == Measures((1.0, 1.0, 1.0), (1.0, 1.0, 1.0), (1.0, 1.0, 1.0))
    np.testing.assert_array_equal(found.kept, 1)
    assert (found.words, found.measured, found.nearest, found.exact) == (80, 80, 10, True)


def test_two_places_swapped_by_hand() -> None:
    """Words at 0, 1, 3, 7 on an arc; in the picture the first and the last change places.

    Who looks nearest truly ranks 2, 3, 1, 2; who is nearest ranks 2, 3, 1, 2 in the picture: 4 ranks beyond the first
    of the 8 that are possible, and one word of four keeps its nearest.
    """
    places = np.array([[7.0], [1], [3], [0]], np.float32)
    [found] = measure(arc(np.array([0, 1, 3, 7]) / 10), [places], np.arange(4), (1,))
    assert found == Measures((0.5,), (0.5,), (0.25,))


def test_a_map_turned_inside_out_is_as_wrong_as_can_be() -> None:
    """Words at 0, 1, 3; in the picture the last lies between the others: each sees the wrong one nearest."""
    places = np.array([[0.0], [3], [1]], np.float32)
    [found] = measure(arc(np.array([0, 1, 3]) / 10), [places], np.arange(3), (1,))
    assert found == Measures((0.0,), (0.0,), (0.0,))


@pytest.mark.parametrize("k", [5, 10, 30])
def test_trustworthiness_and_continuity_equal_scikit_learn(
    space: Space, flat: Projection, found: Faithfulness, k: int
) -> None:
    units = space.vectors / np.linalg.norm(space.vectors, axis=1, keepdims=True)
    at = found.ks.index(k)
    assert found.map.trustworthiness[at] == pytest.approx(trustworthiness(units, flat.coords, n_neighbors=k), abs=1e-6)
    assert found.map.continuity[at] == pytest.approx(trustworthiness(flat.coords, units, n_neighbors=k), abs=1e-6)
    assert found.map.preservation[at] == pytest.approx(shares(space, flat.coords, k).mean())


def test_what_each_word_keeps(space: Space, flat: Projection, found: Faithfulness) -> None:
    assert found.kept.dtype == np.float32
    np.testing.assert_allclose(found.kept, shares(space, flat.coords), atol=1e-6)


def test_more_neighbours_than_half_of_the_words_still_lie_between_none_and_all() -> None:
    rng = np.random.default_rng(1)
    for n in (7, 9, 11, 12, 31, 32, 45):
        space = made(rng.normal(size=(n, 5)))
        found = faithfulness(space, drawn(space, rng.normal(size=(n, 3))))
        assert found.ks == tuple(k for k in (5, 10, 30) if k < n) and found.nearest == min(10, n - 1)
        for measures in (found.map, found.random, found.pca):
            values = np.array([*asdict(measures).values()])
            assert values.shape == (3, len(found.ks)) and (values >= 0).all() and (values <= 1).all()


def test_the_baselines(space: Space, found: Faithfulness) -> None:
    linear = project(space, "pca")
    again = faithfulness(space, linear)
    assert again.map == again.pca == found.pca
    assert again.random != found.random
    assert found.random.preservation[1] == pytest.approx(10 / (N - 1), abs=0.03)
    assert found.random.trustworthiness[1] == pytest.approx(0.5, abs=0.06)
    assert found.pca.trustworthiness[1] > found.map.trustworthiness[1] > found.random.trustworthiness[1]


def test_a_sample_is_the_mean_of_its_words(
    space: Space, flat: Projection, found: Faithfulness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAIRS", 40 * N)
    monkeypatch.setattr(module, "_LEAST", 10)
    some = faithfulness(space, flat)
    assert (some.measured, some.words, some.exact) == (40, N, False)
    np.testing.assert_array_equal(some.kept, found.kept)
    for name in ("trustworthiness", "continuity", "preservation"):
        np.testing.assert_allclose(getattr(some.map, name), getattr(found.map, name), atol=0.06)
    assert some.map == faithfulness(space, flat).map != faithfulness(space, flat, seed=1).map


def test_each_word_of_a_sample_is_ranked_against_all(space: Space, flat: Projection, found: Faithfulness) -> None:
    units = (space.vectors / space.norms[:, None]).astype(np.float32)
    single = [measure(units, [flat.coords], np.array([row]), found.ks)[0] for row in range(N)]
    for name in ("trustworthiness", "continuity", "preservation"):
        mean = np.mean([getattr(one, name) for one in single], axis=0)
        np.testing.assert_allclose(mean, getattr(found.map, name), atol=1e-9)


def test_of_a_large_map_the_first_words_are_compared_with_all(
    space: Space, flat: Projection, found: Faithfulness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_EVERY_WORD", 50)
    monkeypatch.setattr(module, "_FIRST", 33)
    some = faithfulness(space, flat)
    np.testing.assert_array_equal(some.kept[:33], found.kept[:33])
    assert np.isnan(some.kept[33:]).all() and some.map == found.map


def test_words_without_a_direction_are_left_out(space: Space, flat: Projection, found: Faithfulness) -> None:
    vectors, coords = np.insert(space.vectors, 4, 0, axis=0), np.insert(flat.coords, 4, flat.coords[9], axis=0)
    more = made(vectors)
    other = faithfulness(more, drawn(more, coords))
    assert np.isnan(other.kept[4]) and other.words == N
    np.testing.assert_array_equal(np.delete(other.kept, 4), found.kept)
    assert other.map == found.map
    assert kept_near(more, drawn(more, coords), 4)[0] == 0


def test_words_on_one_place_and_words_that_are_the_same() -> None:
    vectors = np.random.default_rng(2).normal(size=(60, 4))
    vectors[20:50] = vectors[20]
    space = made(vectors)
    for coords in (np.zeros((60, 2)), vectors[:, :2]):
        found = faithfulness(space, drawn(space, coords))
        assert np.isfinite(found.kept).all()
        assert 0 <= found.map.trustworthiness[0] <= 1


def test_too_few_words() -> None:
    space = made(np.eye(6))
    with pytest.raises(EmbvizError, match="cannot be said of 6 words"):
        faithfulness(space, drawn(space, np.eye(6)[:, :2]))


def test_one_word_at_a_time_says_the_same(space: Space, flat: Projection, found: Faithfulness) -> None:
    tree = picture(space, flat)
    for row in range(N):
        count, rows = kept_near(space, flat, row, tree=tree)
        assert count / 10 == pytest.approx(found.kept[row]) and len(rows) == 10 and row not in rows
    assert kept_near(space, flat, 3, 500)[0] == N - 1  # all others, near and seen
    assert kept_near(space, flat, 3, 4)[0] == kept_near(space, flat, 3, 4, tree)[0]


def test_only_words_of_the_map_are_its_neighbours(space: Space) -> None:
    few = drawn(space, space.vectors[:15, :2])
    assert (kept_near(space, few, 2)[1] < 15).all()


@pytest.mark.parametrize(("row", "k", "says"), [(N, 10, "Row 120 is not on the map"), (-1, 10, "Row"), (0, 0, "0 nei")])
def test_what_cannot_be_asked(space: Space, flat: Projection, row: int, k: int, says: str) -> None:
    with pytest.raises(EmbvizError, match=says):
        kept_near(space, flat, row, k)


def test_kept_and_read_back(flat: Projection, found: Faithfulness, tmp_path: Path) -> None:
    odd = Faithfulness(**{**{name: getattr(found, name) for name in asdict(found)}, "kept": found.kept.copy()})
    odd.kept[5:] = np.nan
    odd.save(tmp_path / "map.faithfulness.safetensors")
    again = Faithfulness.load(tmp_path / "map.faithfulness.safetensors", flat)
    np.testing.assert_array_equal(again.kept, odd.kept)
    for name in {*asdict(odd)} - {"kept"}:
        assert getattr(again, name) == getattr(odd, name)
    assert [path.name for path in tmp_path.iterdir()] == ["map.faithfulness.safetensors"]


@pytest.mark.parametrize("damage", [b"", b"x" * 100, None])
def test_what_is_damaged_is_refused(
    flat: Projection, found: Faithfulness, tmp_path: Path, damage: bytes | None
) -> None:
    path = tmp_path / "true.safetensors"
    found.save(path)
    path.write_bytes(path.read_bytes()[:-30] if damage is None else damage)
    with pytest.raises(EmbvizError, match=r"true.safetensors' says .* is damaged: remove it"):
        Faithfulness.load(path, flat)


def test_that_of_another_map_is_refused(space: Space, flat: Projection, found: Faithfulness, tmp_path: Path) -> None:
    found.save(tmp_path / "true.safetensors")
    flat.save(tmp_path / "map.safetensors")
    with pytest.raises(EmbvizError, match="damaged"):
        Faithfulness.load(tmp_path / "true.safetensors", drawn(space, flat.coords[:50]))
    with pytest.raises(EmbvizError, match="damaged"):
        Faithfulness.load(tmp_path / "map.safetensors", flat)


def test_progress_lies_between_none_and_all_and_the_listener_cancels(space: Space, flat: Projection) -> None:
    said: list[tuple[str, float, str]] = []
    faithfulness(space, flat, lambda *what: said.append(what))
    assert {stage for stage, _, _ in said} == {"PCA", "neighbours ranked", "neighbours kept"}
    assert all(0 <= done <= 1 for _, done, _ in said)
    for stop in ("neighbours ranked", "neighbours kept"):

        def report(stage: str, done: float, note: str = "", stop: str = stop) -> None:
            if stage == stop:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            faithfulness(space, flat, report)
