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
    """Fit (N, D) unit vectors; gives coords (N, dims). It can be watched."""
    report("loading UMAP (its first start on a machine compiles for a minute)", 0.0, "")
    from embviz.projection.watched import Watched

    known: tuple[Any, Any, None] = (None, None, None)
    if len(units) <= _EXACT:
        rows, cosine = neighbor_rows(
            units, params["neighbors"] - 1, lambda share: report("searching neighbours", share, "")
        )
        mine = np.arange(len(units), dtype=np.int32)[:, None]  # UMAP counts a point among its own neighbours
        distances = np.sqrt(np.maximum(0, 2 - 2 * cosine))
        known = (np.hstack([mine, rows]), np.hstack([np.zeros_like(mine, np.float32), distances]), None)
    fitting = Watched(
        n_components=params["dims"], n_neighbors=params["neighbors"], min_dist=params["min_dist"], n_jobs=1,
        random_state=params["seed"], precomputed_knn=known,
        init="spectral" if len(units) > params["dims"] + 1 else "pca",  # which needs one word less
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="n_neighbors is larger")  # of a handful of words
        warnings.filterwarnings("ignore", message="precomputed_knn")  # it could not place new words, and does not
        return fitting.fit_transform(units, report=report, watch=watch), {}, None
