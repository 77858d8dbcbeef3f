"""Where are the words? The most frequent words of a space, brought down to two or three dimensions.

A library does each projection (scikit-learn's PCA, openTSNE, umap-learn); all see the vectors at length 1, so that
near means what it means in `near`: a large cosine. Vectors in, a record out; knows nothing of pages or plots.
"""

from __future__ import annotations

import json
import os
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from embviz.errors import EmbvizError
from embviz.progress import Report, silent
from embviz.search import neighbor_rows, unit_vectors
from embviz.space import Space

WORDS = 10_000  # how many words a map shows unless told otherwise
_FEW = 3_000  # up to so many words t-SNE is quickest in one thread, by Barnes and Hut's sum
_EXACT = 20_000  # up to so many words neighbours are searched exactly; beyond, by the libraries' approximate search


@dataclass(frozen=True, eq=False)
class Projection:
    """The first N words of a space on a map.

    Attributes:
        coords: (N, 2 or 3) float32; row i belongs to row i of the space.
        words: the N words.
        method: "pca", "tsne" or "umap".
        params: dims, words, seed, and the method's own parameters.
        facts: what was found: seconds, and for PCA the share of the variance that each axis holds.
        space: the space's name.
    """

    coords: np.ndarray
    words: tuple[str, ...]
    method: str
    params: Mapping[str, Any]
    facts: Mapping[str, Any]
    space: str

    @property
    def dims(self) -> int:
        """2 or 3."""
        return int(self.coords.shape[1])

    def save(self, path: Path) -> None:
        """Keep the coordinates in one file, whole or not at all; the words stay with their space."""
        from safetensors.numpy import save

        made = {"method": self.method, "params": json.dumps(dict(self.params)), "facts": json.dumps(dict(self.facts))}
        temporary = path.with_suffix(f".{os.getpid()}.tmp")
        try:
            temporary.write_bytes(save({"coords": self.coords}, metadata=made))
            temporary.rename(path)
        finally:
            temporary.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: Path, space: Space) -> Projection:
        """Read coordinates that were kept for a space.

        Raises:
            EmbvizError: the file is damaged.
        """
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(str(path), framework="np") as file:
                made, coords = file.metadata(), file.get_tensor("coords")
            method, params, facts = made["method"], json.loads(made["params"]), json.loads(made["facts"])
            words = tuple(space.words(slice(0, params["words"])))
            if coords.shape != (len(words), params["dims"]) or not np.isfinite(coords).all():
                raise ValueError(f"an array of shape {coords.shape}")
        except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
            raise EmbvizError(f"The projection '{path}' is damaged: remove it, and it is computed again.") from error
        return cls(coords, words, method, params, facts, space.name)


def settings(space: Space, method: str, dims: int = 2, words: int | None = None, seed: int = 0) -> dict[str, Any]:
    """All parameters of a projection, defaults filled in; equal settings give equal maps.

    Raises:
        EmbvizError: an unknown method, dims other than 2 and 3, more words than the space has, or a seed out of range.
    """
    if method not in METHODS:
        raise EmbvizError(f"The projection '{method}' is unknown: there are {', '.join(METHODS)}.")
    if dims not in (2, 3):
        raise EmbvizError(f"{dims} dimensions were asked for; a map has 2 or 3.")
    if words is not None and words > len(space):
        raise EmbvizError(f"A map of {words:,} words was asked for, and '{space.name}' has {len(space):,}.")
    n = min(WORDS, len(space)) if words is None else words
    if not 0 <= seed < 2**32:
        raise EmbvizError(f"The seed is {seed} and must lie between 0 and {2**32 - 1}.")
    if n <= dims or space.dims < dims:
        raise EmbvizError(
            f"A map in {dims} dimensions needs more than {dims} words of at least {dims} dimensions; "
            f"there are {n:,} words of {space.dims}."
        )
    return {"dims": dims, "words": n, "seed": seed, **METHODS[method].defaults(n)}


def project(
    space: Space, method: str = "pca", dims: int = 2, words: int | None = None, seed: int = 0, report: Report = silent
) -> Projection:
    """Bring the most frequent words of a space down to 2 or 3 dimensions.

    Args:
        space: V words.
        method: "pca" (linear: keeps the directions of largest variance), "tsne" (van der Maaten and Hinton 2008:
            keeps neighbours; distances between far groups mean little), "umap" (McInnes et al. 2018: likewise).
        dims: 2 or 3.
        words: how many, the most frequent; by default 10,000, or all if there are fewer.
        seed: the same seed gives the same map.
        report: told the stage and its progress; t-SNE and UMAP can be cancelled from it.

    Raises:
        EmbvizError: see `settings`.
    """
    params = settings(space, method, dims, words, seed)
    started = time.monotonic()
    units = unit_vectors(space, params["words"])
    coords, facts = METHODS[method].fit(units, params, report)
    facts = {**facts, "seconds": round(time.monotonic() - started, 2)}
    shown = tuple(space.words(slice(0, len(units))))
    return Projection(np.ascontiguousarray(coords, np.float32), shown, method, params, facts, space.name)


def label_rows(coords: np.ndarray, box: tuple[float, float, float, float], columns: int, lines: int) -> np.ndarray:
    """Which points of a 2-D map to label: in each cell of a grid over the visible box, the most frequent word.

    Args:
        coords: (N, 2), most frequent first.
        box: x from, x to, y from, y to.
        columns: how many labels fit side by side.
        lines: how many fit one above the other.

    Returns:
        rows, most frequent first; at most columns × lines.
    """
    x0, x1, y0, y1 = box
    column = np.floor((coords[:, 0] - x0) / (x1 - x0) * columns)
    line = np.floor((coords[:, 1] - y0) / (y1 - y0) * lines)
    inside = np.flatnonzero((column >= 0) & (column < columns) & (line >= 0) & (line < lines))
    cells = (line * columns + column)[inside]
    return inside[np.sort(np.unique(cells, return_index=True)[1])]


@dataclass(frozen=True)
class _Method:
    """fit(units (N, D), params, report) gives coords (N, dims) and facts; defaults(N) its own parameters."""

    fit: Callable[[np.ndarray, Mapping[str, Any], Report], tuple[np.ndarray, dict[str, Any]]]
    defaults: Callable[[int], dict[str, Any]]


def _pca(units: np.ndarray, params: Mapping[str, Any], report: Report) -> tuple[np.ndarray, dict[str, Any]]:
    from sklearn.decomposition import PCA

    report("PCA", 0.0, "")
    pca = PCA(params["dims"], random_state=params["seed"], svd_solver="covariance_eigh").fit(units)
    return pca.transform(units), {"variance": [round(float(share), 4) for share in pca.explained_variance_ratio_]}


def _tsne(units: np.ndarray, params: Mapping[str, Any], report: Report) -> tuple[np.ndarray, dict[str, Any]]:
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

    tsne = TSNE(
        params["dims"], callbacks=listen, callbacks_every_iters=10, n_jobs=jobs, random_state=params["seed"],
        negative_gradient_method="fft" if params["dims"] == 2 and not few else "bh",
    )  # fmt: skip
    start = pca(units, params["dims"], random_state=params["seed"])
    return np.asarray(tsne.fit(affinities=affinities, initialization=start)), {}


def _umap(units: np.ndarray, params: Mapping[str, Any], report: Report) -> tuple[np.ndarray, dict[str, Any]]:
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
    umap = UMAP(
        n_components=params["dims"], n_neighbors=params["neighbors"], min_dist=params["min_dist"], n_jobs=1,
        random_state=params["seed"], precomputed_knn=known,
        init="spectral" if len(units) > params["dims"] + 1 else "pca",  # which needs one word less
        tqdm_kwds={"file": _Bar(report), "disable": False, "bar_format": "{n_fmt}/{total_fmt}", "mininterval": 0.2},
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="precomputed_knn")  # it could not place new words: none are placed
        return umap.fit_transform(units), {}


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


METHODS: dict[str, _Method] = {
    "pca": _Method(_pca, lambda n: {}),
    "tsne": _Method(_tsne, lambda n: {"perplexity": min(30.0, (n - 1) / 3)}),
    "umap": _Method(_umap, lambda n: {"neighbors": min(15, n), "min_dist": 0.1}),
}
