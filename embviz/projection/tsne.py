"""t-SNE: the map that keeps neighbours together (van der Maaten and Hinton 2008).

In the plane the project's own, in time that grows with N after an exact search of neighbours; in three dimensions
openTSNE's, whose sum by Barnes and Hut needs no grid in space.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from embviz.progress import Report
from embviz.projection.live import Watch, unwatched
from embviz.search import neighbor_rows

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

REACH = 4 / 3  # neighbours for each unit of perplexity. With 3, as is usual, the 10 nearest are kept less well
_EVERY = 5  # iterations of openTSNE, which takes 750, the listener is told how far it is
_FEW = 3_000  # up to so many words openTSNE is quickest in one thread


def fit(
    units: np.ndarray, params: Mapping[str, Any], report: Report, watch: Watch = unwatched
) -> tuple[np.ndarray, dict[str, Any], None]:
    """Fit (N, D) unit vectors; gives coords (N, dims). It can be watched."""
    n, perplexity = len(units), params["perplexity"]
    k = min(n - 1, max(1, round(REACH * perplexity)))
    report("searching neighbours", 0.0, "")
    start = start_of(units, params["dims"], params["seed"])
    watch(start)
    rows, cosine = neighbor_rows(units, k, lambda share: report("searching neighbours", share, ""))
    squared = np.maximum(0, 2 - 2 * cosine)
    report("t-SNE", 0.0, "compiling, the first time on a machine")
    from embviz.projection.affinity import affinities
    from embviz.projection.descent import descend
    from embviz.search.threads import Threads

    with Threads() as threads:
        wanted = affinities(rows, squared, perplexity, threads)
        if params["dims"] == 2:
            return descend(wanted, start, threads, report, watch), {}, None
    return _in_space(wanted, start, params["seed"], report, watch), {}, None


def start_of(units: np.ndarray, dims: int, seed: int) -> np.ndarray:
    """(N, dims) float32: the principal components, the first of deviation 1 (Kobak and Berens 2019: it keeps the
    large shape of the data), moved by a hundredth so that equal words can part.
    """
    centred = units - units.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    along = centred @ axes[:, ::-1][:, :dims]
    along /= max(float(along[:, 0].std()), 1e-6)
    return (along + np.random.default_rng(seed).normal(0, 0.01, along.shape)).astype(np.float32)


def _in_space(wanted: csr_matrix, start: np.ndarray, seed: int, report: Report, watch: Watch) -> np.ndarray:
    """(N, 3) from affinities (N, N) and a start (N, 3), by openTSNE."""
    report("loading openTSNE", 0.0, "")
    from openTSNE import TSNE
    from openTSNE.affinity import PrecomputedAffinities

    done = {"iterations": 0}

    def listen(iteration: int, error: float, embedding: np.ndarray) -> bool:
        done["iterations"] += _EVERY
        report("t-SNE", min(1.0, done["iterations"] / 750), f"KL {error:.3f}")
        watch(np.asarray(embedding))
        return False

    jobs = 1 if len(start) <= _FEW else -1  # threads that wait for each other took ten times as long on a busy machine
    fitting = TSNE(
        3, callbacks=listen, callbacks_every_iters=_EVERY, n_jobs=jobs, random_state=seed, negative_gradient_method="bh"
    )
    known = PrecomputedAffinities(wanted.astype(np.float64), normalize=False)
    return np.asarray(fitting.fit(affinities=known, initialization=1e-4 * start.astype(np.float64)))
