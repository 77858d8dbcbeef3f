"""Points that are seen while a map is made: what a watcher finds in the file, and that watching changes no map."""

from pathlib import Path

import numpy as np
import pytest

from embviz.progress import silent
from embviz.projection import project, umap
from embviz.projection.live import ACROSS, Live, places, temporary_of
from embviz.projection.solid import first_seen
from embviz.search import neighbor_rows
from embviz.space import Space

RNG = np.random.default_rng(3)
UMAP = pytest.mark.slow  # its first import compiles for a minute


@pytest.fixture(scope="module")
def space() -> Space:
    return Space.of([f"w{i}" for i in range(30)], RNG.normal(size=(30, 5)), name="small")


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize(
    ("method", "least", "off"), [("tsne", 50, 5), pytest.param("umap", 2, 0, marks=UMAP)]
)  # 30 words end before UMAP's bar has moved: it is written at the start and at the end
def test_a_watcher_sees_the_points_move_and_finds_the_file_removed(
    space: Space, tmp_path: Path, method: str, dims: int, least: int, off: float
) -> None:
    path, seen = tmp_path / "maps" / "a.live", []
    with Live(path) as live:

        def watch(coords: np.ndarray) -> None:
            live(coords)
            seen.append((coords.copy(), path.read_bytes()))

        made = project(space, method, dims, watch=watch)
    assert len(seen) >= least and seen[0][0].shape == (30, dims)
    left = np.frombuffer(seen[0][1], "<u2").reshape(2, 30)
    np.testing.assert_array_equal(left.T, places(seen[0][0]))
    np.testing.assert_allclose(seen[-1][0], made.coords, atol=off)  # the last steps move little
    assert not np.allclose(seen[0][0], seen[-1][0], atol=off)
    assert not list(path.parent.iterdir())


def test_where_nothing_can_be_written_nobody_watches(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with Live(tmp_path / "file" / "a.live") as live:
        live(RNG.normal(size=(30, 2)))
        live(RNG.normal(size=(30, 3)))
    assert temporary_of(tmp_path / "a.live", 7).name == "a.7.live"


def test_flat_points_fill_the_grid_in_their_order() -> None:
    coords = RNG.normal(size=(30, 2))
    left = places(coords)
    assert left.min() == 0 and left.max() == 65_535
    assert (np.diff(left[coords[:, 0].argsort(), 0]) >= 0).all()


def test_points_in_space_lie_where_they_are_first_seen() -> None:
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
    left = (places(corners) / 65_535 - 0.5) * ACROSS  # of the picture's height, from its middle
    np.testing.assert_allclose(left, first_seen(corners), atol=1e-4)
    by_corner = dict(zip(map(tuple, corners), left, strict=True))
    assert by_corner[1, 1, 1][0] == pytest.approx(0, abs=1e-4)  # it points at the camera,
    assert by_corner[-1, 1, -1][0] > 0.2 > -0.2 > by_corner[1, -1, -1][0]  # y is to the right, x to the left
    assert by_corner[-1, -1, 1][1] > by_corner[1, 1, -1][1]  # and z up
    far = np.vstack([corners, [[1e6, 0, 0], [-1e6, 0, 0]]])
    assert places(far).min() >= 0 and places(far).max() <= 65_535


@UMAP
@pytest.mark.filterwarnings("ignore:n_jobs|n_neighbors|precomputed_knn")
@pytest.mark.parametrize(("groups", "words", "dims"), [(1, 4, 3), (1, 80, 2), (4, 60, 3), (3, 900, 2)])
def test_a_seed_gives_the_map_of_umap_learn_itself(groups: int, words: int, dims: int) -> None:
    from umap import UMAP as Theirs

    units = RNG.normal(size=(groups, 9))[np.arange(words) % groups] * 3 + RNG.normal(0, 0.3, (words, 9))
    units = (units / np.linalg.norm(units, axis=1, keepdims=True)).astype(np.float32)
    k = min(9, words)
    found = umap.fit(units, {"dims": dims, "neighbors": k, "min_dist": 0.1, "seed": 5}, silent)[0]
    rows, cosine = neighbor_rows(units, k - 1)
    mine = np.arange(words, dtype=np.int32)[:, None]
    apart = np.hstack([np.zeros((words, 1), np.float32), np.sqrt(np.maximum(0, 2 - 2 * cosine))])
    theirs = Theirs(
        n_components=dims, n_neighbors=k, random_state=5, n_jobs=1, init="spectral" if words > dims + 1 else "pca",
        precomputed_knn=(np.hstack([mine, rows]), apart, None),
    )  # fmt: skip
    np.testing.assert_array_equal(found, theirs.fit_transform(units))
