"""UMAP: another map that keeps neighbours together (McInnes, Healy and Melville 2018; umap-learn's)."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from embviz.progress import Report
from embviz.projection.live import Watch, unwatched
from embviz.search import neighbor_rows

_EXACT = 100_000  # up to so many words neighbours are searched exactly; beyond, by the library's approximate search


def fit(
    units: np.ndarray, params: Mapping[str, Any], report: Report, watch: Watch = unwatched
) -> tuple[np.ndarray, dict[str, Any], None]:
    """Fit (N, D) unit vectors; gives coords (N, dims). Its library shows its points to nobody."""
    report("loading UMAP (its first start on a machine compiles for a minute)", 0.0, "")
    from umap import UMAP

    known: tuple[Any, Any, None] = (None, None, None)
    if len(units) <= _EXACT:
        rows, cosine = neighbor_rows(
            units, params["neighbors"] - 1, lambda share: report("searching neighbours", share, "")
        )
        mine = np.arange(len(units), dtype=np.int32)[:, None]  # UMAP counts a point among its own neighbours
        distances = np.sqrt(np.maximum(0, 2 - 2 * cosine))
        known = (np.hstack([mine, rows]), np.hstack([np.zeros_like(mine, np.float32), distances]), None)
    fitting = UMAP(
        n_components=params["dims"], n_neighbors=params["neighbors"], min_dist=params["min_dist"], n_jobs=1,
        random_state=params["seed"], precomputed_knn=known,
        init="spectral" if len(units) > params["dims"] + 1 else "pca",  # which needs one word less
        tqdm_kwds={"file": _Bar(report), "disable": False, "bar_format": "{n_fmt}/{total_fmt}", "mininterval": 0.2},
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="n_neighbors is larger")  # of a handful of words
        warnings.filterwarnings("ignore", message="precomputed_knn")  # it could not place new words, and does not
        return fitting.fit_transform(units), {}, None


class _Bar:
    """The file that UMAP's progress bar is written to, which is the one way in that UMAP offers."""

    def __init__(self, report: Report) -> None:
        self.report = report

    def write(self, text: str) -> None:
        done, slash, total = text.strip().rpartition("/")
        if slash and done.strip("\r").isdigit():
            self.report("UMAP", int(done.strip("\r")) / int(total), "")

    def flush(self) -> None:
        """A file can be flushed; there is nothing to do."""
