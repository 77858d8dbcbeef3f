"""Kinds of heads: all heads of a model as points by two scores, and where the selected one is most active."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import dash
import dash_mantine_components as dmc
from dash import ClientsideFunction, Input, Output, State, dcc, html, no_update

from embviz.apps.explorer import ids
from embviz.apps.explorer.attention.asked import kind_of
from embviz.apps.explorer.attention.head_facts import details
from embviz.apps.explorer.cards import HIDDEN, empty, link, notice
from embviz.apps.explorer.frame import asked_for, attributes
from embviz.apps.explorer.interface import explain, language, text, theme, worded
from embviz.apps.explorer.jobs import Job, Jobs
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.selection import Selection
from embviz.attention import HeadScores
from embviz.attention.kinds import names
from embviz.errors import EmbvizError
from embviz.figures.heads import SIZE, axes, heads_figure
from embviz.figures.theme import CONFIG
from embviz.heads import SENTENCES, kept_scores, own_corpus, scores_path
from embviz.models import AttentionModel
from embviz.runs import Run

CONTROLS = {"score_x": (ids.ATTENTION_KINDS_ACROSS, "value"), "score_y": (ids.ATTENTION_KINDS_UP, "value")}


def layout(language: str) -> list[Any]:
    """Controls, picture and details, which take the place of those of one head while the page is shown."""
    labels = ((ids.ATTENTION_KINDS_ACROSS, "heads_across"), (ids.ATTENTION_KINDS_UP, "heads_up"))
    return [
        html.Aside(
            [
                html.Div(id=ids.ATTENTION_KINDS_BACK),
                html.Div(id=ids.ATTENTION_KINDS_OF, className="examples"),
                html.Div(
                    [dmc.Select(id=name, label=text(label, language), data=[], allowDeselect=False,
                                maxDropdownHeight=420) for name, label in labels],
                    id=ids.ATTENTION_KINDS_SCORES, className="stacked", style=HIDDEN,
                ),
                html.Div(id=ids.ATTENTION_KINDS_ABOUT, className="quiet"),
            ],
            className="controls of-heads",
        ),
        html.Section(
            [
                dcc.Graph(id=ids.ATTENTION_KINDS_GRAPH, figure=empty(theme()), config=CONFIG, className="graph"),
                _progress(language),
                html.Div(
                    [
                        html.Div(id=ids.ATTENTION_KINDS_MESSAGE),
                        dmc.Button(text("heads_compute", language), id=ids.ATTENTION_KINDS_COMPUTE, style=HIDDEN),
                    ],
                    className="message",
                ),
                dcc.Interval(id=ids.ATTENTION_KINDS_TICKER, interval=500, disabled=True),
                dcc.Store(id=ids.ATTENTION_KINDS_SIZE),
                dcc.Store(id=ids.ATTENTION_KINDS_HEEDED),
            ],
            className="picture of-heads",
            id=ids.ATTENTION_KINDS_PAGE,
            **attributes(data_shown=""),
        ),
        html.Aside(id=ids.ATTENTION_KINDS_DETAILS, className="details of-heads"),
    ]  # fmt: skip


def _progress(language: str) -> Any:
    return html.Div(
        [
            html.Div(id=ids.ATTENTION_KINDS_STAGE, role="status"),
            dmc.Progress(id=ids.ATTENTION_KINDS_BAR, value=0, animated=True),
            dmc.Button(text("cancel", language), id=ids.ATTENTION_KINDS_CANCEL, size="xs", variant="default"),
        ],
        id=ids.ATTENTION_KINDS_PROGRESS,
        className="progress",
        style=HIDDEN,
    )


def connect(app: dash.Dash, library: Library, jobs: Jobs) -> None:
    """Register the callbacks of the page."""

    app.clientside_callback(
        ClientsideFunction("explorer", "size"),
        Output(ids.ATTENTION_KINDS_SIZE, "data"),
        Input(ids.ATTENTION_KINDS_ASKED, "data"),
        prevent_initial_call=True,
    )

    @app.callback(
        output={
            "figure": Output(ids.ATTENTION_KINDS_GRAPH, "figure"),
            "message": Output(ids.ATTENTION_KINDS_MESSAGE, "children"),
            "compute": Output(ids.ATTENTION_KINDS_COMPUTE, "style"),
            "idle": Output(ids.ATTENTION_KINDS_TICKER, "disabled"),
            "progress": Output(ids.ATTENTION_KINDS_PROGRESS, "style"),
            "stage": Output(ids.ATTENTION_KINDS_STAGE, "children"),
            "bar": Output(ids.ATTENTION_KINDS_BAR, "value"),
            "about": Output(ids.ATTENTION_KINDS_ABOUT, "children"),
            "details": Output(ids.ATTENTION_KINDS_DETAILS, "children"),
            "across": Output(ids.ATTENTION_KINDS_ACROSS, "data"),
            "up": Output(ids.ATTENTION_KINDS_UP, "data"),
            "back": Output(ids.ATTENTION_KINDS_BACK, "children"),
            "of": Output(ids.ATTENTION_KINDS_OF, "children"),
            "chosen": Output(ids.ATTENTION_KINDS_SCORES, "style"),
            "heeded": Output(ids.ATTENTION_KINDS_HEEDED, "data"),
        },
        inputs={
            "search": Input(ids.ATTENTION_KINDS_ASKED, "data"),
            "tick": Input(ids.ATTENTION_KINDS_TICKER, "n_intervals"),
            "compute": Input(ids.ATTENTION_KINDS_COMPUTE, "n_clicks"),
            "cancel": Input(ids.ATTENTION_KINDS_CANCEL, "n_clicks"),
            "size": Input(ids.ATTENTION_KINDS_SIZE, "data"),
        },
        state={"reader": State(ids.READER, "data"), "heeded": State(ids.ATTENTION_KINDS_HEEDED, "data")},
        prevent_initial_call=True,
    )
    def _draw(search, tick, compute, cancel, size, reader, heeded):  # type: ignore[no-untyped-def]
        selection = Selection.of("/attention", search)
        clicks = {"cancel": cancel, "compute": compute}
        action = asked_for(clicks, heeded, ticked=dash.ctx.triggered_id == ids.ATTENTION_KINDS_TICKER)
        reads = Reader(reader, theme(), language(), tuple(size or SIZE))
        return {**page(library, jobs, selection, action, reads), "heeded": clicks}


def way(selection: Selection, model: AttentionModel, language: str) -> list[Any]:
    """The link to the page, of a model with attention."""
    there = selection.but(show="heads")
    return [link(text("heads_way", language), selection, there)] if model.shape.kinds else []


def with_scores(library: Library, selection: Selection) -> Selection:
    """The selection with the scores that are shown, where the page is; another kind of attention has others."""
    if selection.view != "attention" or selection.show != "heads":
        return selection
    try:
        kind = kind_of(library.open(selection.model).model, selection)
    except EmbvizError:
        return selection  # said in the picture
    if kind is None:
        return selection
    first, known = axes(kind), names(kind)
    across, up = (name if name in known else other for name, other in
                  zip((selection.score_x, selection.score_y), first, strict=True))  # fmt: skip
    return selection.but(score_x=across, score_y=up)


def clicked(selection: Selection, click: Mapping[str, Any]) -> Selection:
    """The selection after a click on a head."""
    place = click["points"][0].get("customdata")
    return selection.but(layer=int(place[0]), head=int(place[1])) if place else selection


@dataclass(frozen=True)
class Reader:
    """Who looks at the page: which reader, in which theme and language, and how large the picture is, in pixels."""

    name: str
    theme: str = "light"
    language: str = "en"
    size: tuple[int, int] = SIZE


def page(library: Library, jobs: Jobs, selection: Selection, action: str, reader: Reader) -> dict[str, Any]:
    """What the page shows now: all heads, or how far their scores are, or what to do for them.

    Args:
        action: "compute", "cancel", "look", or "tick", which asks how far it is and starts nothing.
    """
    language = reader.language
    back = link(text("heads_back", language), selection, selection.but(show=None))
    shown: dict[str, Any] = {
        "figure": empty(reader.theme), "message": None, "compute": HIDDEN, "idle": True, "progress": HIDDEN,
        "stage": "", "bar": 0, "about": None, "details": None, "across": [], "up": [], "back": back, "of": [],
        "chosen": HIDDEN,
    }  # fmt: skip
    try:
        run = library.open(selection.model)
        kind = kind_of(run.model, selection)
        if kind is None:
            return {**shown, "message": notice(text("nothing_seen", language))}
        shown["of"] = _kinds(run, selection, kind, language)
        key = run.path / "head_scores" / kind
        job = _asked(jobs, run, key, kind, action, reader.name)
        if job is not None and not job.over:
            return {**shown, **_waiting(job, language, action)}
        if job is not None and job.error:
            return {**shown, "compute": {}, "message": notice(job.error, "red")}
        scores = kept(run, kind)
        if scores is None:
            said = "heads_cancelled" if action in ("cancel", "tick") else "heads_none"  # a tick may come late
            return {**shown, "compute": {}, "message": notice(text(said, language, sentences=SENTENCES))}
        return {**shown, **_drawn(scores, with_scores(library, selection), reader)}
    except (EmbvizError, OSError) as error:
        return {**shown, "message": notice(explain(error, language))}


def _asked(jobs: Jobs, run: Run, key: Path, kind: str, action: str, reader: str) -> Job | None:
    """The job that scores these heads, if there is one; started or stopped as the reader wants it."""
    if action == "cancel":
        jobs.stop(key, reader)
    if action != "compute":
        return jobs.job(key)
    jobs.drop(key)
    path = scores_path(run, own_corpus(run).name, SENTENCES, kind)
    command = ["heads", str(run.path.resolve()), "--sentences", str(SENTENCES), "--kind", kind, "--json"]
    return jobs.at_work(key, command, reader, path)


def kept(run: Run, kind: str) -> HeadScores | None:
    """The scores that a run keeps of a kind of attention, those over the most sentences."""
    there = (found.path for found in kept_scores(run) if found.kind == kind)
    path = next(there, None)
    return None if path is None else _read(run, path, path.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _read(run: Run, path: Path, changed: int) -> HeadScores:
    return HeadScores.load(path, run.model)


def _waiting(job: Job, language: str, action: str) -> dict[str, Any]:
    stage = f"{worded(job.stage, language) or text('starting', language)} … {job.done:.0%}"
    still = {"figure": no_update} if action == "tick" else {}
    return {**still, "idle": False, "progress": {}, "stage": stage, "bar": max(2, job.done * 100)}


def _kinds(run: Run, selection: Selection, shown: str, language: str) -> list[Any]:
    """Of a seq2seq model the three kinds of attention, each a link."""
    kinds = run.model.shape.kinds
    return [
        link(text(f"kind_{kind}", language), selection, selection.but(kind=kind, score_x=None, score_y=None),
             "chip chosen-chip" if kind == shown else "chip")
        for kind in kinds if len(kinds) > 1
    ]  # fmt: skip


def _drawn(scores: HeadScores, selection: Selection, reader: Reader) -> dict[str, Any]:
    (layers, heads), language = scores.shape, reader.language
    known = [{"value": name, "label": text(f"score_{name}", language)} for name in scores.scores]
    first = axes(scores.kind)
    across, up = (name if name and name in scores.scores else other for name, other in
                  zip((selection.score_x, selection.score_y), first, strict=True))  # fmt: skip
    marked = (selection.layer, selection.head) if selection.layer < layers and selection.head < heads else (None, None)
    called = {name: text(f"score_{name}", language) for name in scores.scores}
    called |= {name: text(f"{name}_word", language) for name in ("layer", "head", "random")}
    called |= {"even": text("label_even", language)}
    about = [
        html.P([html.B(called[name]), f": {text(f'means_{name}', language)}"]) for name in dict.fromkeys((across, up))
    ]
    over = text("heads_over", language, heads=layers * heads, sentences=scores.sentences, corpus=scores.corpus,
                random=len(next(iter(scores.chance.values()))))  # fmt: skip
    return {
        "figure": heads_figure(scores, across, up, marked[0], marked[1], reader.theme, called, reader.size),
        "chosen": {}, "across": known, "up": known, "about": [*about, html.P(over)],
        "details": None if marked[0] is None else details(scores, selection, called, language),
    }  # fmt: skip
