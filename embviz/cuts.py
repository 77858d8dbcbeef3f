"""Cuts: a run that holds only some of the words of another, to be mapped again by themselves."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from embviz.drafts import draft, finish
from embviz.errors import EmbvizError
from embviz.runs import Run, open_run
from embviz.similarity import matches
from embviz.space import Space

FEWEST = 3  # words of a cut: fewer have no map


def cut(
    run: Run,
    out: Path | str,
    words: Iterable[str] | None = None,
    pattern: str | None = None,
    first: int | None = None,
) -> Run:
    """Keep some words of a run, with their counts, columns and vectors, as a run of their own.

    Args:
        run: whose words they are; of an attention model the tokens are cut, and the model stays behind.
        out: the new run's folder; must not exist.
        words: only these; those that the run has not are passed over.
        pattern: only words that this regular expression finds something in (RE2's).
        first: of those, only so many, the most frequent.

    Returns:
        the run; its meta says under "cut" which run it was cut from, when that was made, how many words it has, and
        the sha256 of the rows that were taken, by which an equal cut is known.

    Raises:
        EmbvizError: nothing says which words, fewer than 3 are left, the pattern is none; see `draft`.
    """
    if words is None and pattern is None and first is None:
        raise EmbvizError("A cut needs to know which words: name a file of words, a pattern, or the first so many.")
    return cut_rows(run, out, rows_of(run.space, words, pattern, first))


def rows_of(
    space: Space, words: Iterable[str] | None = None, pattern: str | None = None, first: int | None = None
) -> np.ndarray:
    """The rows that `cut` takes, in the order of the space."""
    keep = np.ones(len(space), bool)
    if words is not None:
        known = [row for row in map(space.row, words) if row is not None]
        keep[:] = False
        keep[known] = True
    if pattern is not None:
        keep &= matches(space, pattern)
    rows = np.flatnonzero(keep)
    return rows if first is None else rows[: max(first, 0)]


def cut_rows(run: Run, out: Path | str, rows: np.ndarray) -> Run:
    """Keep the words of some rows, ascending, as a run of their own; see `cut`.

    Raises:
        EmbvizError: there are fewer than 3; see `draft`.
    """
    if len(rows) < FEWEST:
        raise EmbvizError(
            "A cut needs at least {fewest} words, and this one has {found} of the {all:,} of '{run}'. Ask for more.",
            fewest=FEWEST,
            found=len(rows),
            all=len(run.space),
            run=run.name,
        )
    origin = {"run": run.name, "created": run.meta.get("created"), "words": len(run.space), "sha256": digest(rows)}
    with draft(out, {"trainer": "cut", "params": origin}) as folder:
        Space(run.table.take(rows), run.space.vectors[rows]).save(folder)
        finish(
            folder, trainer="cut", params={"words": len(rows)}, corpus=run.meta.get("corpus"), cut=origin, seconds=0.0
        )
    return open_run(out)


def digest(rows: np.ndarray) -> str:
    """The sha256 of row numbers: the same rows of the same run are the same words."""
    return hashlib.sha256(np.ascontiguousarray(rows, "<i8").tobytes()).hexdigest()


def is_cut_of(meta: Mapping[str, Any], run: Run, rows: np.ndarray) -> bool:
    """Whether the run that a meta is of holds these rows of that run."""
    of = meta.get("cut") or {}
    same = (of.get("run"), of.get("created")) == (run.name, run.meta.get("created"))
    return same and of.get("sha256") == digest(rows)
