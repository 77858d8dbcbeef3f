"""Given maps: places that were there before, from a file or from the map of another run, kept exactly.

A word that has no place given is placed where most of its nearest words are that have one; the map says how many.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from embviz.errors import EmbvizError
from embviz.progress import Report, silent
from embviz.projection import coordinates
from embviz.projection.placing import place
from embviz.projection.record import Projection
from embviz.projection.sheet import Sheet
from embviz.search import units_of
from embviz.space import Space

_FEWEST = 10  # given places, for others to be placed among them
_AMONG = 50_000  # given places that others are placed among: the most frequent, as many as a method sees


def from_file(space: Space, path: Path | str, words: int | None = None, report: Report = silent) -> Projection:
    """A map whose places are in a file: see `embviz.projection.coordinates.read`.

    Args:
        space: V words.
        path: the file.
        words: how many are on the map, the most frequent; by default all.
        report: told how far the placing of others is; may cancel.

    Returns:
        a projection of the method "file:NAME"; its facts say as "unknown" how many words of the file the space has
        not, which were left out.

    Raises:
        EmbvizError: the file cannot be read, or has places for too few words.
    """
    path, n = Path(path), _count(space, words)
    rows, coords, unknown = coordinates.read(path, space)
    less = f" without the {unknown:,} of its words that '{space.name}' has not" if unknown else ""
    where = f"'{path.name}'{less} has places for"
    made = _completed(space, f"file:{path.name}", {"file": path.name}, rows, coords, n, where, report)
    return replace(made, facts={**made.facts, "unknown": unknown})


def onto(space: Space, old: Projection, words: int | None = None, report: Report = silent) -> Projection:
    """A map of a space on which every word that an old map has too keeps the place that it has there.

    Args:
        space: V words.
        old: a map of another space.
        words, report: as in `from_file`.

    Returns:
        a projection of the method "onto:SPACE:METHOD", named by the old map.

    Raises:
        EmbvizError: both have too few words in common.
    """
    n = _count(space, words)
    shared = [(space.rows[word], row) for row, word in enumerate(old.words) if space.rows.get(word, n) < n]
    rows, places = np.array(shared, np.int64).reshape(-1, 2).T
    params = {"onto": old.space, "method": old.method, "of": dict(old.params)}
    where = f"The map of '{old.space}' shares with '{space.name}'"
    method = f"onto:{old.space}:{old.method}"
    return _completed(space, method, params, rows, old.coords[places], n, where, report)


def is_given(method: str) -> bool:
    """Whether a method is the name of a map that was given, and cannot be computed again by that name."""
    return method.startswith(("file:", "onto:"))


def _count(space: Space, words: int | None) -> int:
    n = len(space) if words is None else words
    if not 0 < n <= len(space):
        raise EmbvizError(f"A map of {n:,} words was asked for, and '{space.name}' has {len(space):,}.")
    return n


def _completed(
    space: Space,
    method: str,
    params: Mapping[str, Any],
    rows: np.ndarray,
    coords: np.ndarray,
    n: int,
    where: str,
    report: Report,
) -> Projection:
    """The map of the first n words: these rows at these coords, the others placed among them."""
    started = time.monotonic()
    coords, rows = coords[rows < n], rows[rows < n]
    rest = np.setdiff1d(np.arange(n), rows)
    if len(rest) and len(rows) < _FEWEST:
        raise EmbvizError(
            f"{where} {len(rows)} of the {n:,} words of the map: the others can only be placed among {_FEWEST} or more."
        )
    whole = np.empty((n, coords.shape[1]), np.float32)
    whole[rows] = coords
    among = np.sort(rows)[:_AMONG]
    whole[rest] = place(space, rest, units_of(space, among), whole[among], report)
    facts = {
        "given": len(rows),
        "placed": len(rest),
        "sha256": hashlib.sha256(whole.tobytes()).hexdigest()[:16],
        "seconds": round(time.monotonic() - started, 2),
    }
    names = space.first(n)
    sheet = Sheet.of(whole, names.column) if whole.shape[1] == 2 else None
    made = {"dims": whole.shape[1], "words": n, **params}
    return Projection(whole, names, method, made, facts, space.name, sheet)
