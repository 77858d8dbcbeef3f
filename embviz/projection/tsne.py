"""t-SNE: the map that keeps neighbours together (van der Maaten and Hinton 2008; openTSNE's)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from embviz.progress import Report
from embviz.search import neighbor_rows

_FEW = 3_000  # up to so many words t-SNE is quickest in one thread, by Barnes and Hut's sum
_EXACT = 20_000  # up to so many words neighbours are searched exactly; beyond, by the library's approximate search


def fit(units: np.ndarray, params: Mapping[str, Any], report: Report) -> tuple[np.ndarray, dict[str, Any], None]:
    """Fit (N, D) unit vectors; gives coords (N, dims)."""
    report("loading openTSNE", 0.0, "")
    from openTSNE import TSNE
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.initialization import pca
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    index, few = None, len(units) <= _FEW
    jobs = 1 if few else -1  # threads that wait for each other took ten times as long on a busy machine
    if len(units) <= _EXACT:
        k = min(len(units) - 1, int(3 * params["perplexity"]))
        rows, cosine = neighbor_rows(units, k, lambda share: report("searching neighbours", share, ""))
        index = PrecomputedNeighbors(rows, np.sqrt(np.maximum(0, 2 - 2 * cosine)))
    else:
        report("searching neighbours", 0.0, "")
    affinities = PerplexityBasedNN(
        None if index else units, params["perplexity"], knn_index=index, n_jobs=jobs, random_state=params["seed"]
    )
    done = {"iterations": 0}

    def listen(iteration: int, error: float, embedding: np.ndarray) -> bool:
        done["iterations"] += 10
        report("t-SNE", min(1.0, done["iterations"] / 750), f"KL {error:.3f}")
        return False

    fitting = TSNE(
        params["dims"], callbacks=listen, callbacks_every_iters=10, n_jobs=jobs, random_state=params["seed"],
        negative_gradient_method="fft" if params["dims"] == 2 and not few else "bh",
    )  # fmt: skip
    start = pca(units, params["dims"], random_state=params["seed"])
    return np.asarray(fitting.fit(affinities=affinities, initialization=start)), {}, None
