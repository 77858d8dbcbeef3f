"""What the map view's picture shows: the map, or how far its computation is, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dash import html, no_update

from embviz.apps.explorer.cards import empty, link, notice
from embviz.apps.explorer.interface import explain, text, worded
from embviz.apps.explorer.jobs import Job, Jobs
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.map.about import about
from embviz.apps.explorer.map.sheet import is_kept, live, shown_of, spec, words_on_map
from embviz.apps.explorer.map.solid import solid
from embviz.apps.explorer.selection import Selection
from embviz.errors import EmbvizError
from embviz.projection import Projection, settings
from embviz.projection.given import is_given
from embviz.runs import Run

_QUICK = 20_000  # up to so many words PCA is drawn at once
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
        theme: "light" or "dark".
        language: of its words.
    """

    reader: str
    drawn: Mapping[str, Any] | None
    theme: str
    language: str


def picture(library: Library, jobs: Jobs, selection: Selection, action: str, page: Page) -> dict[str, Any]:
    """What the picture shows now: the map, or how far it is, or why there is none.

    Args:
        action: "cancel", "again", "look", or "tick", which asks how far it is and starts nothing.
    """
    return {**_state(library, jobs, selection, action, page), "method": selection.method}


def _state(library: Library, jobs: Jobs, selection: Selection, action: str, page: Page) -> dict[str, Any]:
    try:
        run = library.open(selection.run)
        if selection.method == "axes":
            return _drawn(shown_of(run, selection), run, selection, page, None)
        if is_given(selection.method):
            shown = shown_of(run, selection)
            measuring = jobs.ask_how_true(run, selection.method, selection.dims, len(shown.coords), page.reader)
            return _drawn(shown, run, selection, page, measuring)
        settings(run.space, selection.method, selection.dims, selection.words)
        wanted = (selection.method, selection.dims, words_on_map(run, selection))
        if action == "cancel":
            jobs.cancel(run, *wanted, page.reader)
            return _nothing(selection, page, _said(text("cancelled", page.language), again=True))
        if action == "again":
            jobs.forget(run, *wanted)
        quick = selection.method == "pca" and wanted[2] <= _QUICK
        if not is_kept(run, *wanted) and quick:
            run.projection(*wanted)
        if not quick and action == "tick" and not jobs.knows(run, *wanted):  # asked before it was cancelled
            return _nothing(selection, page, _said(text("cancelled", page.language), again=True))
        job = None if quick else jobs.ask(run, *wanted, page.reader)
        if job is not None and job.error is None:
            return _nothing(selection, page, _waiting(job, run, selection, page))
        if job is not None:
            return _nothing(selection, page, _said(str(job.error), again=True))
        measuring = jobs.ask_how_true(run, *wanted, page.reader)
        return _drawn(shown_of(run, selection), run, selection, page, measuring)
    except (EmbvizError, OSError) as error:
        said = {**_said(explain(error, page.language)), "about": []}
        if _shows(page.drawn, selection):
            return said  # what was typed wrong does not cost the map
        return {**said, "figure": empty(page.theme), "drawn": None, "spec": None}


def _shows(drawn: Mapping[str, Any] | None, selection: Selection) -> bool:
    """Whether the page shows a map of this run in as many dimensions."""
    shown = (drawn or {}).get("spec") if selection.dims == 2 else drawn
    return bool(shown) and (shown or {}).get("run") == selection.run


def _drawn(projection: Projection, run: Run, selection: Selection, page: Page, measuring: Job | None) -> dict[str, Any]:
    at_work = measuring is not None and measuring.error is None
    shown = {
        **_said(None),
        "about": about(projection, run, selection, measuring, page.theme, page.language),
        "dims": str(projection.dims),
        "idle": not at_work,
    }
    if projection.dims == 2:
        told = spec(projection, run, selection, page.theme, page.language)
        same = page.drawn == {"spec": told}
        return {**shown, "spec": no_update if same else told, "drawn": {"spec": told}}
    shown |= solid(projection, run, selection, page.drawn, page.theme)
    return {**shown, "message": without_webgl(selection, page.language)}


def without_webgl(selection: Selection, language: str) -> Any:
    """What a map in space says where the browser has no WebGL; the style sheet hides it where it has."""
    flat = link(text("flat_map", language), selection, selection.but(dims=2, words=None))
    return html.Div([notice(text("no_webgl", language)), flat], className="without-webgl")


def _waiting(job: Job, run: Run, selection: Selection, page: Page) -> dict[str, Any]:
    stage, note = (worded(said, page.language) for said in (job.stage, job.note))
    stage = f"{stage or text('starting', page.language)} … {job.done:.0%}  {note}"
    moving = live(run, selection, job.path, page.theme)
    return {**_said(None), "idle": False, "progress": {}, "stage": stage, "bar": max(2, job.done * 100), "live": moving}


def _nothing(selection: Selection, page: Page, said: dict[str, Any]) -> dict[str, Any]:
    """There is no map: nothing is left of the one before, neither its picture nor what was said of it."""
    gone = {} if page.drawn is None else {"figure": empty(page.theme), "spec": None, "drawn": None}
    return {**said, **gone, "live": said["live"] or {}, "about": [], "dims": str(selection.dims)}


def _said(sentence: str | None, again: bool = False) -> dict[str, Any]:
    """All outputs, none of them at work; with a sentence in place, if there is one."""
    return {
        "figure": no_update, "spec": no_update, "drawn": no_update, "dims": no_update,
        "about": no_update, "live": None,
        "idle": True, "progress": HIDDEN, "stage": "", "bar": 0, "message": notice(sentence) if sentence else None,
        "again": {} if again else HIDDEN,
    }  # fmt: skip
