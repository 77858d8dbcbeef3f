"""t-SNE's parts against their formulas written the long way (van der Maaten and Hinton 2008), and its properties."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from embviz.projection import field as module
from embviz.projection import tsne
from embviz.projection.affinity import affinities
from embviz.projection.descent import descend, move, phases
from embviz.projection.field import Field
from embviz.search import neighbor_rows
from embviz.search.threads import Threads

RNG = np.random.default_rng(3)


def apart(points: np.ndarray) -> np.ndarray:
    """(N, N, dims) float64: y_i - y_j."""
    return points[:, None].astype(np.float64) - points[None]


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def clusters(groups: int, size: int, dims: int = 20) -> np.ndarray:
    """Point i belongs to cluster i % groups."""
    return unit(
        RNG.normal(size=(groups, dims))[np.arange(groups * size) % groups] + RNG.normal(0, 0.1, (groups * size, dims))
    )


def wanted(n: int, perplexity: float) -> csr_matrix:
    rows, cosine = neighbor_rows(unit(RNG.normal(size=(n, 5))), 20)
    with Threads(2) as threads:
        return affinities(rows, 2 - 2 * cosine, perplexity, threads)


def test_affinities_have_the_perplexity_that_was_asked_for() -> None:
    rows, squared = np.tile(np.arange(12, dtype=np.int32), (12, 1)), RNG.uniform(0.1, 2, (12, 12)).astype(np.float32)
    with Threads(1) as threads:
        p = affinities(rows, squared, 5, threads).toarray()
    one_way = np.empty((12, 12))
    for i in range(12):  # equation 1 at a bandwidth found on a fine grid
        rates = np.geomspace(1e-3, 1e3, 200_000)[:, None]
        all_of_them = np.exp(-rates * squared[i]) / np.exp(-rates * squared[i]).sum(1, keepdims=True)
        entropy = -(all_of_them * np.log(np.maximum(all_of_them, 1e-300))).sum(1)
        one_way[i] = all_of_them[np.abs(entropy - np.log(5)).argmin()]
    np.testing.assert_allclose(p, (one_way + one_way.T) / 24, atol=2e-5)
    np.testing.assert_allclose(p.sum(), 1, atol=1e-6)


def test_affinities_of_equal_distances_are_equal() -> None:
    rows = np.array([[1, 2], [0, 2], [0, 1]], np.int32)
    with Threads(1) as threads:
        p = affinities(rows, np.zeros((3, 2), np.float32), 1.5, threads).toarray()
    np.testing.assert_allclose(p, (1 - np.eye(3)) / 6, atol=1e-7)


@pytest.mark.parametrize("spread", [0.5, 3, 12])
@pytest.mark.parametrize("few", [0, 1_000])
def test_the_field_is_the_sum_over_all_pairs(monkeypatch: pytest.MonkeyPatch, spread: float, few: int) -> None:
    monkeypatch.setattr(module, "_FEW", few)
    points = (RNG.normal(size=(900, 2)) * spread).astype(np.float32)
    w = 1 / (1 + (apart(points) ** 2).sum(2))
    slope = -2 * (w[:, :, None] ** 2 * apart(points)).sum(1)
    with Threads(2) as threads:
        found = Field(threads).at(points)
    off, tilted = (1e-5, 1e-5) if few else (3e-3, 0.06)
    np.testing.assert_allclose(found[:, 0], w.sum(1), rtol=0, atol=off * w.sum(1).max())
    assert np.linalg.norm(found[:, 1:] - slope) < tilted * np.linalg.norm(slope)


def test_a_finer_field_is_closer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FEW", 0)
    points = (RNG.normal(size=(500, 2)) * 3).astype(np.float32)
    phi = (1 / (1 + (apart(points) ** 2).sum(2))).sum(1)
    with Threads(1) as threads:
        errors = [np.abs(Field(threads, spacing).at(points)[:, 0] - phi).max() for spacing in (1, 0.5, 0.25)]
    assert errors[0] > 5 * errors[1] > 25 * errors[2]


def test_a_field_serves_maps_that_grow_and_shrink(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FEW", 0)
    monkeypatch.setattr(module, "_MOST", 128)
    points = RNG.normal(size=(300, 2)).astype(np.float32)
    with Threads(1) as threads:
        field = Field(threads)
        for spread in (1, 5, 200, 1):  # at 200 the grid is full, and becomes coarser
            phi = (1 / (1 + (apart(points * spread) ** 2).sum(2))).sum(1)
            error = np.abs(field.at(points * np.float32(spread))[:, 0] - phi).max()
            assert error < (0.01 * phi.max() if spread < 200 else 2)
            kernel = field._kernel
            field.at(points * np.float32(0.97 * spread))
            assert field._kernel is kernel  # it is kept while the map fits


@pytest.mark.parametrize("few", [0, 1_000])
def test_one_step_is_the_gradient_of_equation_5(monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    """dC/dy_i = 4 sum_j (p_ij - q_ij) (y_i - y_j) / (1 + |y_i - y_j|^2); the steps leave out the 4."""
    monkeypatch.setattr(module, "_FEW", few)
    n, p = 400, wanted(400, 12)
    points = (RNG.normal(size=(n, 2)) * 4).astype(np.float32)
    w = 1 / (1 + (apart(points) ** 2).sum(2))
    np.fill_diagonal(w, 0)
    gradient = 4 * ((p.toarray() - w / w.sum())[:, :, None] * w[:, :, None] * apart(points)).sum(1)
    with Threads(1) as threads:
        around = Field(threads).at(points)
    push, moved = 1 / (around[:, 0].sum() - n), np.empty_like(points)
    one, numbers = np.ones_like(points), [np.float32(number) for number in (1, push, 4, 0)]
    move(0, n, points, p.indptr, p.indices, p.data, around, *numbers, np.zeros_like(points), one, moved)
    error = np.linalg.norm((points - moved) / 1.2 - gradient)  # 1.2: the gain of a coordinate that begins to move
    assert error < (1e-3 if few else 0.04) * np.linalg.norm(gradient)


def test_no_step_is_longer_than_five() -> None:
    points, p = np.float32([[0, 0], [100, 0]]), csr_matrix(np.float32([[0, 0.5], [0.5, 0]]))
    moved, around = np.empty_like(points), np.zeros((2, 3), np.float32)
    numbers = [np.float32(number) for number in (1, 1, 1e6, 0.5)]
    move(
        0,
        2,
        points,
        p.indptr,
        p.indices,
        p.data,
        around,
        *numbers,
        np.zeros((2, 2), np.float32),
        np.ones_like(points),
        moved,
    )
    np.testing.assert_allclose(moved, [[5, 0], [95, 0]], atol=1e-4)


def fitted(units: np.ndarray, seed: int = 0, report=lambda *what: None, perplexity: float = 15) -> np.ndarray:
    return tsne.fit(units, {"perplexity": perplexity, "dims": 2, "seed": seed}, report)[0]


def test_planted_clusters_stay_together_on_the_grid() -> None:
    coords, group = fitted(clusters(12, 100)), np.arange(1_200) % 12
    distance = np.linalg.norm(apart(coords), axis=2)
    np.fill_diagonal(distance, np.inf)
    assert (group[distance.argmin(1)] == group).mean() > 0.99
    assert np.abs(coords).max() < 500


def test_the_result_is_the_same_with_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embviz.projection.descent.phases", lambda n: phases(n)[:1])
    p, start = wanted(1_500, 12), RNG.normal(size=(1_500, 2)).astype(np.float32)
    maps = []
    for count in (1, 2, 5):
        with Threads(count) as threads:
            maps.append(descend(p, start, threads, lambda *what: None))
    np.testing.assert_array_equal(maps[0], maps[1])
    np.testing.assert_array_equal(maps[0], maps[2])


def test_the_seed_decides() -> None:
    units = clusters(4, 20)
    one, again, other = fitted(units, 1), fitted(units, 1), fitted(units, 2)
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_the_listener_is_told_often_and_may_cancel() -> None:
    said: list[float] = []

    def report(stage: str, done: float, note: str) -> None:
        said.append(done)
        if stage == "t-SNE" and done > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fitted(clusters(4, 20), report=report)
    assert len(said) > 50 and said[-1] < 0.52


@pytest.mark.parametrize("n", [3, 4, 10, 40])
def test_all_the_same_word_is_a_map(n: int) -> None:
    coords = fitted(np.repeat(unit(np.ones((1, 5))), n, axis=0), perplexity=(n - 1) / 3)
    assert np.isfinite(coords).all() and np.abs(coords).max() < 500
