"""Watched: umap-learn's UMAP, with its points to be seen while they move."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.sparse import coo_matrix
from sklearn.decomposition import PCA
from umap import UMAP
from umap.layouts import optimize_layout_euclidean
from umap.spectral import spectral_layout
from umap.umap_ import INT32_MAX, INT32_MIN, make_epochs_per_sample, noisy_scale_coords

from embviz.progress import Report
from embviz.projection.live import Watch


class Watched(UMAP):  # type: ignore[misc]
    """umap-learn moves an array in place and shows it to nobody. This is the method that it leaves to subclasses, and
    does what `umap.umap_.simplicial_set_embedding` does, with the same draws in the same order, so that a seed gives
    the map that it gives there; only the array is made here, where it can be looked at.
    """

    def _fit_embed_data(
        self, X: np.ndarray, n_epochs: int | None, init: str, random_state: Any, report: Report, watch: Watch
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """X (N, D) float32, whose graph is known, brought to (N, n_components) float32; init is "spectral" or "pca"."""
        epochs = n_epochs or (500 if len(X) <= 10_000 else 200)
        graph = _strong(self.graph_, epochs)
        if init == "pca":
            start = PCA(self.n_components, random_state=random_state).fit_transform(X).astype(np.float32)
        else:
            known = {"metric": self._input_distance_func, "metric_kwds": self._metric_kwds}
            start = spectral_layout(X, graph, self.n_components, random_state, **known)
        start = noisy_scale_coords(start, random_state, max_coord=10, noise=0.0001)
        state = random_state.randint(INT32_MIN, INT32_MAX, 3).astype(np.int64)
        low, high = np.min(start, 0), np.max(start, 0)
        points = (10.0 * (start - low) / (high - low)).astype(np.float32, order="C")

        def tell(done: int) -> None:
            report("UMAP", done / epochs, "")
            watch(points)

        moved = optimize_layout_euclidean(
            points, points, graph.row, graph.col, epochs, len(points), make_epochs_per_sample(graph.data, epochs),
            self._a, self._b, state, self.repulsion_strength, self._initial_alpha, self.negative_sample_rate,
            parallel=self.random_state is None, move_other=True,
            tqdm_kwds={"file": _Bar(tell), "disable": False, "bar_format": "{n_fmt}/{total_fmt}", "mininterval": 0.2},
        )  # fmt: skip
        return moved, {}


def _strong(graph: Any, epochs: int) -> coo_matrix:
    """(N, N) without the edges that would not be drawn once in so many epochs."""
    edges = graph.tocoo()
    edges.sum_duplicates()
    least = edges.data.max() / float(epochs)
    edges.data[edges.data < least] = 0.0
    edges.eliminate_zeros()
    return edges


class _Bar:
    """The file that UMAP's progress bar is written to, now and then between two epochs."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        self.tell = tell

    def write(self, text: str) -> None:
        done, slash, _ = text.strip().rpartition("/")
        if slash and done.strip("\r").isdigit():
            self.tell(int(done.strip("\r")))

    def flush(self) -> None:
        """A file can be flushed; there is nothing to do."""
