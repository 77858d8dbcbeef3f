"""What the map view's picture shows: the map, or how far its computation is, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import dash
import numpy as np
from dash import Patch, no_update

from embviz.apps.explorer.cards import empty, notice
from embviz.apps.explorer.interface import explain, text
from embviz.apps.explorer.jobs import Job, Jobs
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.selection import Selection
from embviz.errors import EmbvizError
from embviz.figures.projection import (
    LABELS,
    LINES,
    NEAR,
    SELECTED,
    Box,
    extent,
    labels,
    labels_3d,
    marks,
    projection_figure,
)
from embviz.projection import Projection
from embviz.runs import Run
from embviz.similarity import near
from embviz.space import Space

HIDDEN: dict[str, str] = {"display": "none"}


def ready_method(library: Library, name: str | None) -> str:
    """The method to show first: t-SNE or UMAP if a run keeps such a map already, else PCA, which is quick."""
    try:
        run = library.open(name)
        return next((m for m in ("tsne", "umap") if run.projection_path(m).is_file()), "pca")
    except EmbvizError:
        return "pca"


@dataclass(frozen=True)
class Page:
    """The page that asks.

    Attributes:
        reader: which one.
        drawn: what it shows already, as `picture` said then.
        size: of its picture, in pixels.
        box: the part of a flat map that is visible; None where none is drawn.
        click: the row of the word that was clicked last.
        theme: "light" or "dark".
        language: of its words.
    """

    reader: str
    drawn: Mapping[str, Any] | None
    size: tuple[int, int]
    box: Box | None
    click: int | None
    theme: str
    language: str


def picture(library: Library, jobs: Jobs, selection: Selection, action: str, page: Page) -> dict[str, Any]:
    """What the picture shows now: the map, or how far it is, or why there is none.

    Args:
        action: "cancel", "again", or "look".
    """
    try:
        run = library.open(selection.run)
        wanted = (selection.method, selection.dims, selection.words)
        run.projection_path(*wanted)
        if action == "cancel":
            jobs.cancel(run, *wanted, page.reader)
            return _said(text("cancelled", page.language), again=True)
        if action == "again":
            jobs.forget(run, *wanted)
        job = jobs.ask(run, *wanted, page.reader) if selection.method != "pca" else None
        if job is not None and job.error is None:
            return _waiting(job, page.language)
        if job is not None:
            return _said(str(job.error), again=True)
        return _drawn(run.projection(*wanted), run, selection, page)
    except (EmbvizError, OSError) as error:
        return {**_said(explain(error, page.language)), "figure": empty(page.theme), "drawn": None}


def relabelled(library: Library, selection: Selection, box: Box | None, size: tuple[int, int], theme: str) -> Patch:
    """The labels for the part of a flat map that is visible after a zoom or a pan."""
    if selection.dims != 2 or box is None:
        raise dash.exceptions.PreventUpdate
    try:
        run = library.open(selection.run)
        there = run.projection_path(selection.method, 2, selection.words).is_file()
    except EmbvizError:
        there = False  # the picture says it
    if not there:
        raise dash.exceptions.PreventUpdate
    projection = run.projection(selection.method, 2, selection.words)
    patch = Patch()
    patch["data"][LABELS] = labels(projection, box, size, theme, *_marked(run.space, selection.word))
    return patch


def words_on_map(run: Run, selection: Selection) -> int:
    """How many words the map shows."""
    return min(selection.words or 10_000, len(run.space))


def _drawn(projection: Projection, run: Run, selection: Selection, page: Page) -> dict[str, Any]:
    key = [run.name, run.meta.get("created"), projection.method, dict(projection.params), page.theme, list(page.size)]
    row, near_rows = _marked(run.space, selection.word)
    shown = {
        **_said(None),
        "drawn": {"key": key, "word": selection.word},
        "about": _about(projection, run, page.language),
    }
    if page.drawn is None or page.drawn["key"] != key:
        figure = projection_figure(projection, row, near_rows, page.theme, hover=False, size=page.size)
        return {**shown, "figure": figure}
    if page.drawn["word"] == selection.word:
        return {**shown, "drawn": no_update}
    if row is not None and row != page.click and row < len(projection.coords):
        shown["center"] = [float(value) for value in projection.coords[row]]
    return {**shown, "figure": _remarked(projection, row, near_rows, page)}


def _remarked(projection: Projection, row: int | None, near_rows: np.ndarray, page: Page) -> Patch:
    """Another word selected: its marks and labels, without the points."""
    patch = Patch()
    for place, trace in zip((LINES, NEAR, SELECTED), marks(projection, row, near_rows, page.theme), strict=True):
        patch["data"][place] = trace
    if projection.dims == 3:
        patch["layout"]["scene"]["annotations"] = labels_3d(projection, row, near_rows, page.theme)
    else:
        box = page.box or extent(projection.coords)
        patch["data"][LABELS] = labels(projection, box, page.size, page.theme, row, near_rows)
    return patch


def _marked(space: Space, word: str | None) -> tuple[int | None, np.ndarray]:
    """The row of the selected word, and those of its true neighbours; an unknown word marks nothing."""
    if not word:
        return None, np.empty(0, np.int64)
    try:
        found = near(space, word)
    except EmbvizError:
        return None, np.empty(0, np.int64)
    return (space.row(found.terms[0].word) if len(found.terms) == 1 else None), found.rows


def _about(projection: Projection, run: Run, language: str) -> str:
    share = sum(projection.facts.get("variance", [0]))
    return text(f"about_{projection.method}", language, shown=len(projection.words), all=len(run.space), share=share)


def _waiting(job: Job, language: str) -> dict[str, Any]:
    stage = f"{job.stage or text('starting', language)} … {job.done:.0%}  {job.note}"
    return {**_said(None), "idle": False, "progress": {}, "stage": stage, "bar": max(2, job.done * 100)}


def _said(sentence: str | None, again: bool = False) -> dict[str, Any]:
    """All outputs, none of them at work; with a sentence in place, if there is one."""
    return {
        "figure": no_update, "drawn": no_update, "center": no_update, "idle": True, "progress": HIDDEN, "stage": "",
        "bar": 0, "message": notice(sentence) if sentence else None, "again": {} if again else HIDDEN,
        "about": no_update,
    }  # fmt: skip
