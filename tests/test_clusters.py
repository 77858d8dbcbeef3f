"""Clusters: planted groups are found and named, words beyond those fitted join them, and what is no group says so."""

from pathlib import Path

import numpy as np
import pytest

from embviz import clusters as module
from embviz.clusters import Clusters, clusters
from embviz.errors import EmbvizError
from embviz.space import Space

GROUPS, SIZE = 5, 12


def made(vectors: np.ndarray) -> Space:
    return Space.of([f"{'abcdefgh'[i % GROUPS]}{i}" for i in range(len(vectors))], vectors, name="small")


def planted(n: int = GROUPS * SIZE, noise: float = 0.1) -> np.ndarray:
    """Word i points about along axis i % 5, the earlier the more exactly; lengths vary; all share one direction."""
    rng = np.random.default_rng(7)
    off = rng.normal(0, noise, (n, 9)) * np.linspace(0.1, 1, n)[:, None]
    return (np.eye(GROUPS, 9)[np.arange(n) % GROUPS] + off + 0.2) * rng.uniform(0.1, 10, (n, 1))


@pytest.fixture(scope="module")
def space() -> Space:
    return made(planted())


@pytest.fixture(scope="module")
def found(space: Space) -> Clusters:
    return clusters(space, GROUPS)


def test_planted_groups_are_found(found: Clusters) -> None:
    group = np.arange(GROUPS * SIZE) % GROUPS
    assert found.labels.dtype == np.int16 and found.labels.shape == (GROUPS * SIZE,)
    assert len({(one, label) for one, label in zip(group, found.labels.tolist(), strict=True)}) == GROUPS == len(found)
    assert found.sizes == (SIZE,) * GROUPS


def test_each_is_named_by_its_own_words(space: Space, found: Clusters) -> None:
    for label, name in enumerate(found.names):
        assert len(name) == 3
        assert all(found.labels[space.rows[word]] == label for word in name)
    assert len({word for name in found.names for word in name}) == 3 * GROUPS


def test_the_record_says_how_it_was_made(found: Clusters) -> None:
    assert (found.method, found.space) == ("spherical k-means", "small")
    assert found.params == {"n": GROUPS, "words": GROUPS * SIZE, "fit": GROUPS * SIZE, "seed": 0}
    assert 0.8 < found.facts["cosine"] <= 1 and found.facts["seconds"] >= 0


def test_two_opposite_directions_by_hand() -> None:
    """Four words to the left, two to the right: the larger cluster is number 0; the mean changes nothing of that."""
    vectors = np.array([[1, 0.1], [-1, 0.1], [1, -0.1], [-3, 0.0], [-2, -0.1], [-1, 0.05]])
    found = clusters(Space.of([*"abcdef"], vectors), 2)
    assert found.labels.tolist() == [1, 0, 1, 0, 0, 0] and found.sizes == (4, 2)
    assert {*found.names[0]} < {*"bdef"} and {*found.names[1]} == {*"ac"}


def test_the_seed_gives_the_clusters_again(space: Space) -> None:
    one, again = clusters(space, 7, seed=3), clusters(space, 7, seed=3)
    np.testing.assert_array_equal(one.labels, again.labels)
    assert one.names == again.names


def test_words_beyond_those_fitted_join_the_nearest(
    space: Space, found: Clusters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIT", 20)
    monkeypatch.setattr(module, "_BLOCK", 7)
    few = clusters(space, GROUPS)
    assert few.params["fit"] == 20 and few.sizes == found.sizes
    assert len({*zip(few.labels.tolist(), found.labels.tolist(), strict=True)}) == GROUPS
    assert all(space.rows[word] < 20 for name in few.names for word in name)


def test_the_most_frequent_words_alone(space: Space) -> None:
    found = clusters(space, 3, words=30)
    assert found.labels.shape == (30,) and sum(found.sizes) == 30


def test_words_without_a_direction_are_in_none() -> None:
    vectors = planted()
    vectors[[0, 17]] = 0
    found = clusters(made(vectors), GROUPS)
    assert np.flatnonzero(found.labels < 0).tolist() == [0, 17]
    assert sum(found.sizes) == GROUPS * SIZE - 2 and "a0" not in {word for name in found.names for word in name}


def test_words_that_are_the_same_make_fewer_clusters() -> None:
    for vectors in (np.repeat(np.eye(3), 10, axis=0), np.ones((12, 4))):
        found = clusters(made(vectors), 6)
        assert 1 <= len(found) <= 6 and min(found.sizes) > 0 and sum(found.sizes) == len(vectors)


@pytest.mark.parametrize(("n", "expected"), [(2, 2), (9, 3), (60, 8), (4000, 16)])
def test_how_many_there_are_by_default(n: int, expected: int) -> None:
    assert module.settings(made(np.random.default_rng(0).normal(size=(n, 4))))["n"] == expected


def test_a_name_leaves_out_signs_and_endings() -> None:
    """All point the same way but for a hair; the most frequent come first unless they say nothing new."""
    words = ["—", "company", "companies", "...", "Company", "market", "bank", "banker"]
    space = Space.of(words, np.ones((8, 2)))
    rows = np.arange(8)
    assert module._name(space, rows, np.linspace(0.9, 0.899, 8)) == ("company", "market", "bank")
    assert module._name(space, rows[:4], np.full(4, 0.5)) == ("company", "—", "companies")
    assert module._name(space, rows[[0, 3]], np.full(2, 0.5)) == ("—", "...")


def test_a_name_is_of_known_words_but_of_typical_ones_first() -> None:
    space = Space.of([f"{i}" for i in range(20_000)], np.ones((20_000, 1)))
    assert module._name(space, np.array([5, 9_000, 19_000]), np.array([0.3, 0.9, 0.95])) == ("9000", "19000", "5")
    assert module._name(space, np.array([5, 9_000, 19_000]), np.array([0.8, 0.9, 0.9])) == ("5", "9000", "19000")


@pytest.mark.parametrize(
    ("n", "words", "seed", "says"),
    [
        (1, None, 0, "1 clusters of 60 words were asked for; ask for 2"),
        (61, None, 0, "61 clusters of 60 words"),
        (3, 61, 0, "Clusters of 61 words were asked for, and 'small' has 60"),
        (3, 0, 0, "Clusters of 0 words"),
        (3, None, -1, "The seed is -1"),
    ],
)
def test_what_cannot_be_asked(space: Space, n: int, words: int | None, seed: int, says: str) -> None:
    with pytest.raises(EmbvizError, match=says):
        clusters(space, n, words, seed=seed)


def test_one_word_makes_no_clusters() -> None:
    with pytest.raises(EmbvizError, match="2 clusters of 1 words"):
        clusters(made(np.ones((1, 3))))


def test_kept_and_read_back(space: Space, found: Clusters, tmp_path: Path) -> None:
    found.save(tmp_path / "clusters.safetensors")
    again = Clusters.load(tmp_path / "clusters.safetensors", space)
    np.testing.assert_array_equal(again.labels, found.labels)
    for name in ("names", "sizes", "method", "params", "facts", "space"):
        assert getattr(again, name) == getattr(found, name)
    assert [path.name for path in tmp_path.iterdir()] == ["clusters.safetensors"]


@pytest.mark.parametrize("damage", [b"", b"x" * 100, None])
def test_what_is_damaged_is_refused(space: Space, found: Clusters, tmp_path: Path, damage: bytes | None) -> None:
    path = tmp_path / "clusters.safetensors"
    found.save(path)
    path.write_bytes(path.read_bytes()[:-30] if damage is None else damage)
    with pytest.raises(EmbvizError, match=r"clusters.safetensors' are damaged: remove them"):
        Clusters.load(path, space)


def test_those_of_a_larger_space_are_refused(found: Clusters, tmp_path: Path) -> None:
    found.save(tmp_path / "clusters.safetensors")
    with pytest.raises(EmbvizError, match="damaged"):
        Clusters.load(tmp_path / "clusters.safetensors", made(np.ones((9, 3))))


def test_progress_lies_between_none_and_all_and_the_listener_cancels(space: Space) -> None:
    said: list[tuple[str, float, str]] = []
    clusters(space, report=lambda *what: said.append(what))
    assert {stage for stage, _, _ in said} == {"finding clusters", "putting words into clusters"}
    for stage in ("finding clusters", "putting words into clusters"):
        done = [share for name, share, _ in said if name == stage]
        assert done == sorted(done) and done[0] >= 0 and done[-1] <= 1

    def report(stage: str, done: float, note: str = "") -> None:
        if done >= 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        clusters(space, report=report)
