"""Where are the words? The words of a space, brought down to two or three dimensions.

Each method is a module; all see the vectors at length 1, so that near means what it means in `near`: a large cosine.
A method sees the most frequent words; `placing.py` finds a place for all others. Vectors in, a record out; knows
nothing of pages or plots.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from embviz.errors import EmbvizError
from embviz.progress import Report, silent
from embviz.projection import pca, tsne, umap
from embviz.projection.live import Watch, unwatched
from embviz.projection.placing import place
from embviz.projection.record import Projection
from embviz.projection.sheet import Sheet
from embviz.search import unit_vectors
from embviz.space import Space

__all__ = ["FIT", "METHODS", "Projection", "project", "settings"]

FIT = 50_000  # how many words a method sees unless told otherwise


def settings(
    space: Space, method: str, dims: int = 2, words: int | None = None, seed: int = 0, fit: int | None = None
) -> dict[str, Any]:
    """All parameters of a projection, defaults filled in; equal settings give equal maps.

    Raises:
        EmbvizError: an unknown method, dims other than 2 and 3, more words than the space has, a fit on more words
            than the map has, or a seed out of range.
    """
    if method not in METHODS:
        raise EmbvizError(f"The projection '{method}' is unknown: there are {', '.join(METHODS)}.")
    if dims not in (2, 3):
        raise EmbvizError(f"{dims} dimensions were asked for; a map has 2 or 3.")
    n = len(space) if words is None else words
    for name, asked in (("words", words), ("fit", fit)):
        if asked is not None and asked <= dims:
            raise EmbvizError(
                f"{name} is {asked} and must be at least {dims + 1}: a map in {dims} dimensions needs more than {dims} "
                "words."
            )
    if n > len(space):
        raise EmbvizError(f"A map of {n:,} words was asked for, and '{space.name}' has {len(space):,}.")
    fitted = min(FIT, n) if fit is None else fit
    if fitted > n:
        raise EmbvizError(f"A fit on {fitted:,} words was asked for, and the map has {n:,}.")
    if not 0 <= seed < 2**32:
        raise EmbvizError(f"The seed is {seed} and must lie between 0 and {2**32 - 1}.")
    if fitted <= dims or space.dims < dims:
        raise EmbvizError(
            f"A map in {dims} dimensions needs more than {dims} words of at least {dims} dimensions; "
            f"there are {fitted:,} words of {space.dims}."
        )
    return {"dims": dims, "words": n, "fit": fitted, "seed": seed, **METHODS[method].defaults(fitted)}


def project(
    space: Space,
    method: str = "pca",
    dims: int = 2,
    words: int | None = None,
    seed: int = 0,
    fit: int | None = None,
    report: Report = silent,
    watch: Watch = unwatched,
) -> Projection:
    """Bring the words of a space down to 2 or 3 dimensions.

    Args:
        space: V words.
        method: "pca" (linear: keeps the directions of largest variance), "tsne" (van der Maaten and Hinton 2008:
            keeps neighbours; distances between far groups mean little), "umap" (McInnes et al. 2018: likewise).
        dims: 2 or 3.
        words: how many are on the map, the most frequent; by default all.
        seed: the same seed gives the same map.
        fit: how many of them the method sees, the most frequent; by default 50,000 at most. The others are placed.
        report: told the stage and its progress; t-SNE and UMAP can be cancelled from it.
        watch: shown the points that the method sees as they move; PCA, which is done at once, shows none.

    Raises:
        EmbvizError: see `settings`.
    """
    params = settings(space, method, dims, words, seed, fit)
    started = time.monotonic()
    units = unit_vectors(space, params["fit"])
    coords, facts, linear = METHODS[method].fit(units, params, report, watch)
    rest = range(params["fit"], params["words"])
    placed = linear(space, rest) if linear else place(space, rest, units, coords, report)
    facts = {**facts, "seconds": round(time.monotonic() - started, 2)}
    whole, names = np.concatenate([coords, placed]).astype(np.float32), space.first(params["words"])
    sheet = Sheet.of(whole, names.column) if dims == 2 else None
    return Projection(whole, names, method, params, facts, space.name, sheet)


Linear = Callable[[Space, range], np.ndarray]


@dataclass(frozen=True)
class _Method:
    """fit(units (N, D), params, report, watch) gives coords (N, dims), facts, and what places further words if the
    method can do it itself; defaults(N) gives its own parameters.
    """

    fit: Callable[[np.ndarray, Mapping[str, Any], Report, Watch], tuple[np.ndarray, dict[str, Any], Linear | None]]
    defaults: Callable[[int], dict[str, Any]]


METHODS: dict[str, _Method] = {
    "pca": _Method(pca.fit, lambda n: {}),
    "tsne": _Method(tsne.fit, lambda n: {"perplexity": min(15.0, (n - 1) / 3)}),
    "umap": _Method(umap.fit, lambda n: {"neighbors": min(15, n), "min_dist": 0.1}),
}
