"""PCA: the linear map that keeps the largest variance (scikit-learn's)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from embviz.progress import Report
from embviz.projection.live import Watch, unwatched
from embviz.search import unit_vectors
from embviz.space import Space

_BLOCK = 65_536


def fit(
    units: np.ndarray, params: Mapping[str, Any], report: Report, watch: Watch = unwatched
) -> tuple[np.ndarray, dict[str, Any], Callable[[Space, range], np.ndarray]]:
    """Fit (N, D) unit vectors; gives coords (N, dims), the share of variance of each axis, and the map itself.

    There is nothing to watch: it is done at once.
    """
    from sklearn.decomposition import PCA

    report("PCA", 0.0, "")
    fitted = PCA(params["dims"], random_state=params["seed"], svd_solver="covariance_eigh").fit(units)

    def linear(space: Space, rows: range) -> np.ndarray:
        starts = range(rows.start, rows.stop, _BLOCK)
        parts = [fitted.transform(unit_vectors(space, min(start + _BLOCK, rows.stop), start)) for start in starts]
        return np.concatenate([np.empty((0, params["dims"])), *parts])

    variance = [round(float(share), 4) for share in fitted.explained_variance_ratio_]
    return fitted.transform(units), {"variance": variance}, linear
