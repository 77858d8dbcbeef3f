"""Maps: PCA equals scikit-learn's, t-SNE and UMAP keep planted neighbours together, all of them again with the seed."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from sklearn.decomposition import PCA

from embviz import projection as module
from embviz.errors import EmbvizError
from embviz.projection import Projection, project, settings
from embviz.space import Space

GROUPS, SIZE = 4, 15


def made(vectors: np.ndarray) -> Space:
    return Space.of([f"w{i}" for i in range(len(vectors))], vectors, name="small")


@pytest.fixture(scope="module")
def groups() -> Space:
    """Four groups of 15 words, each about a direction of its own; word i belongs to group i % 4; lengths vary."""
    rng = np.random.default_rng(5)
    vectors = np.eye(GROUPS, 10)[np.arange(GROUPS * SIZE) % GROUPS] + rng.normal(0, 0.05, (GROUPS * SIZE, 10))
    return made(vectors * rng.uniform(0.1, 10, (GROUPS * SIZE, 1)))


def together(coords: np.ndarray) -> float:
    """The share of points whose nearest other point is of their group."""
    apart = np.linalg.norm(coords[:, None] - coords[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    group = np.arange(len(coords)) % GROUPS
    return float((group[apart.argmin(1)] == group).mean())


def up_to_sign(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return other * np.sign((one * other).sum(0))


@pytest.mark.parametrize("dims", [2, 3])
def test_pca_equals_scikit_learn_on_vectors_of_length_one(dims: int) -> None:
    vectors = np.random.default_rng(1).normal(size=(80, 12))
    expected = PCA(dims, svd_solver="full").fit(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    found = project(made(vectors), "pca", dims)
    there = expected.transform(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    np.testing.assert_allclose(found.coords, up_to_sign(found.coords, there), atol=1e-5)
    np.testing.assert_allclose(found.facts["variance"], expected.explained_variance_ratio_, atol=6e-5)


def test_pca_by_hand() -> None:
    """Four unit vectors on two crossing lines, of which the PCA keeps the plane: a square of side √2."""
    found = project(made(np.array([[2, 0, 0], [-5, 0, 0], [0, 0.1, 0], [0, -3, 0]])), "pca")
    np.testing.assert_allclose(np.linalg.norm(found.coords, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(found.coords[0] - found.coords[1]), 2, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(found.coords[0] - found.coords[2]), np.sqrt(2), atol=1e-6)


def test_pca_keeps_the_direction_of_largest_variance_first() -> None:
    angles = np.linspace(-1, 1, 21)
    found = project(made(np.stack([np.sin(angles), np.cos(angles), 0.01 * np.cos(9 * angles)], 1)), "pca")
    assert found.coords[:, 0].std() > found.coords[:, 1].std()
    assert found.facts["variance"][0] > found.facts["variance"][1]
    assert abs(np.corrcoef(found.coords[:, 0], np.sin(angles))[0, 1]) > 0.999


def test_the_record_says_how_it_was_made(groups: Space) -> None:
    found = project(groups, "pca", 3, 20, seed=4)
    assert found.coords.shape == (20, 3) and found.coords.dtype == np.float32
    assert (found.dims, found.method, found.space) == (3, "pca", "small")
    assert found.words == tuple(groups.words(slice(0, 20)))
    assert found.params == {"dims": 3, "words": 20, "fit": 20, "seed": 4}
    assert found.facts["seconds"] >= 0


@pytest.fixture(scope="module")
def tsne(groups: Space) -> Projection:
    return project(groups, "tsne")


@pytest.fixture(scope="module")
def umap(groups: Space) -> Projection:
    return project(groups, "umap")


METHODS = ["tsne", pytest.param("umap", marks=pytest.mark.slow)]  # umap's first import compiles for a minute


@pytest.mark.parametrize("method", METHODS)
def test_neighbours_stay_together(request: pytest.FixtureRequest, method: str) -> None:
    found = request.getfixturevalue(method)
    assert found.coords.shape == (60, 2) and np.isfinite(found.coords).all()
    assert together(found.coords) == 1


@pytest.mark.parametrize("method", METHODS)
def test_the_seed_gives_the_map_again(request: pytest.FixtureRequest, groups: Space, method: str) -> None:
    np.testing.assert_array_equal(request.getfixturevalue(method).coords, project(groups, method).coords)


@pytest.mark.parametrize("method", METHODS)
def test_three_dimensions(groups: Space, method: str) -> None:
    found = project(groups, method, 3)
    assert found.coords.shape == (60, 3) and np.isfinite(found.coords).all()
    assert together(found.coords) == 1


@pytest.mark.slow
def test_another_seed_gives_another_umap(groups: Space, umap: Projection) -> None:
    assert not np.array_equal(umap.coords, project(groups, "umap", seed=1).coords)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("words", "dims"), [(3, 2), (5, 2), (5, 3), (4, 3)])
def test_very_few_words(method: str, words: int, dims: int) -> None:
    found = project(made(np.random.default_rng(words).normal(size=(words, 6))), method, dims)
    assert found.coords.shape == (words, dims) and np.isfinite(found.coords).all()


@pytest.mark.parametrize("method", ["pca", *METHODS])
def test_words_without_a_direction_and_words_that_are_the_same(method: str) -> None:
    vectors = np.random.default_rng(2).normal(size=(40, 6))
    vectors[3] = 0
    vectors[10:20] = vectors[10]
    assert np.isfinite(project(made(vectors), method).coords).all()


@pytest.mark.slow
def test_beyond_the_exact_search_neighbours_stay_together(groups: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embviz.projection.umap._EXACT", 10)
    assert together(project(groups, "umap").coords) == 1


@pytest.mark.parametrize("method", ["pca", *METHODS])
def test_progress_lies_between_none_and_all(groups: Space, method: str) -> None:
    said: list[tuple[str, float, str]] = []
    project(groups, method, report=lambda *what: said.append(what))
    assert said and all(0 <= done <= 1 for _, done, _ in said)
    assert all(isinstance(stage, str) and stage and isinstance(note, str) for stage, _, note in said)
    last = [done for stage, done, _ in said if stage == said[-1][0]]
    assert last == sorted(last)
    assert method == "pca" or last[-1] == 1
    assert method != "tsne" or len(last) > 50


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("share", [0.0, 0.3])
def test_the_listener_cancels(groups: Space, method: str, share: float) -> None:
    told: list[float] = []

    def report(stage: str, done: float, note: str = "") -> None:
        told.append(done)
        if stage in ("t-SNE", "UMAP") and done >= share:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        project(groups, method, report=report)
    assert method != "tsne" or told[-1] < share + 0.05


def test_an_unknown_method_is_refused(groups: Space) -> None:
    with pytest.raises(EmbvizError) as raised:
        project(groups, "mds")
    assert str(raised.value) == "The projection 'mds' is unknown: there are pca, tsne, umap."


@pytest.mark.parametrize("dims", [0, 1, 4])
def test_other_dimensions_are_refused(groups: Space, dims: int) -> None:
    with pytest.raises(EmbvizError, match=f"{dims} dimensions were asked for; a map has 2 or 3"):
        project(groups, "pca", dims)


def test_more_words_than_there_are_are_refused(groups: Space) -> None:
    with pytest.raises(EmbvizError, match="A map of 61 words was asked for, and 'small' has 60"):
        project(groups, "pca", words=61)


@pytest.mark.parametrize("words", [-5, 0, 1, 2])
def test_too_few_words_are_refused(groups: Space, words: int) -> None:
    with pytest.raises(EmbvizError, match=f"words is {words} and must be at least 3: a map in 2 dimensions needs more"):
        project(groups, "pca", words=words)
    with pytest.raises(EmbvizError, match=f"fit is {words} and must be at least 3"):
        project(groups, "pca", fit=words)


def test_vectors_shorter_than_the_map_are_refused() -> None:
    with pytest.raises(EmbvizError, match="there are 9 words of 2"):
        project(made(np.ones((9, 2))), "pca", 3)


@pytest.mark.parametrize("method", ["pca", "tsne", "umap"])
@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_that_no_library_takes_is_refused(groups: Space, method: str, seed: int) -> None:
    with pytest.raises(EmbvizError, match="seed"):
        project(groups, method, seed=seed)


def test_settings_fill_in_the_defaults_that_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    space = made(np.random.default_rng(0).normal(size=(200, 4)))
    assert settings(space, "pca") == {"dims": 2, "words": 200, "fit": 200, "seed": 0}
    assert settings(space, "tsne")["perplexity"] == 15
    assert settings(space, "tsne", words=31)["perplexity"] == 10
    assert settings(space, "umap") == {"dims": 2, "words": 200, "fit": 200, "seed": 0, "neighbors": 15, "min_dist": 0.1}
    assert settings(space, "umap", words=6)["neighbors"] == 6
    monkeypatch.setattr(module, "FIT", 50)
    assert settings(space, "tsne") == {"dims": 2, "words": 200, "fit": 50, "seed": 0, "perplexity": 15}
    assert settings(space, "pca", words=60, fit=60)["fit"] == 60


def test_kept_and_read_back(groups: Space, tmp_path: Path) -> None:
    made_here = project(groups, "pca", 3, 20)
    made_here.save(tmp_path / "map.safetensors")
    again = Projection.load(tmp_path / "map.safetensors", groups)
    np.testing.assert_array_equal(again.coords, made_here.coords)
    for name in ("words", "method", "params", "facts", "space"):
        assert getattr(again, name) == getattr(made_here, name)
    assert [path.name for path in tmp_path.iterdir()] == ["map.safetensors"]


def test_two_who_ask_at_once_both_keep_it(groups: Space, tmp_path: Path) -> None:
    made_here, path = project(groups, "pca", 2, 20), tmp_path / "map.safetensors"
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: made_here.save(path), range(200)))
    np.testing.assert_array_equal(Projection.load(path, groups).coords, made_here.coords)
    assert [path.name for path in tmp_path.iterdir()] == ["map.safetensors"]


@pytest.mark.parametrize("damage", [b"", b"x" * 100, None])
def test_a_damaged_map_is_refused(groups: Space, tmp_path: Path, damage: bytes | None) -> None:
    path = tmp_path / "map.safetensors"
    project(groups, "pca").save(path)
    path.write_bytes(path.read_bytes()[:-30] if damage is None else damage)
    with pytest.raises(EmbvizError, match=r"map.safetensors' is damaged: remove it, and it is computed again"):
        Projection.load(path, groups)


def test_a_map_of_a_larger_space_is_refused(groups: Space, tmp_path: Path) -> None:
    path = tmp_path / "map.safetensors"
    project(groups, "pca").save(path)
    with pytest.raises(EmbvizError, match="damaged"):
        Projection.load(path, made(np.ones((9, 3))))
