"""What is seen of the trainings: the list of them, and of one how it stands, its loss, and where it leads when done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dash_mantine_components as dmc
import plotly.graph_objects as go
from dash import html

from embviz.apps.explorer.cards import HIDDEN, empty, link, notice
from embviz.apps.explorer.examples import EXAMPLES, sentence_for
from embviz.apps.explorer.interface import text, worded
from embviz.apps.explorer.selection import Selection
from embviz.apps.explorer.training.fields import steps
from embviz.apps.explorer.training.queue import Progress, Training, Trainings
from embviz.apps.explorer.training.samples import writes
from embviz.apps.explorer.training.texts import entry_of
from embviz.errors import EmbvizError
from embviz.figures.history import history_figure
from embviz.runs import Run, open_run

SEEN: dict[str, str] = {}
BUSY = ("queued", "running", "stopping")


def picture(trainings: Trainings, selection: Selection, theme: str, language: str) -> dict[str, Any]:
    """All that the view shows but for its form, and a stamp that is another when anything of it is.

    The training that is shown is the one that the URL names; else the one that runs, else the one asked for last.
    """
    listed = _standing(trainings)
    at = _watched(listed, selection)
    shown = listed[at] if at is not None else None
    rows = [_row(training, now, selection, shown is not None and training is shown[0], language)
            for training, now in listed]  # fmt: skip
    state = _one(trainings, *shown, selection, theme, language) if shown else _none(selection, theme, language)
    told = [(training.name, training.asked, now) for training, now in listed]
    return {**state, "list": _listed(rows, language), "stamp": repr((selection, told, _size(trainings, shown)))}


def _standing(trainings: Trainings) -> list[tuple[Training, Progress]]:
    """All trainings, and how each stands."""
    return [(training, trainings.progress(training)) for training in trainings.listed()]


def _watched(listed: list[tuple[Training, Progress]], selection: Selection) -> int | None:
    """Which of the trainings is shown; None for none."""
    if selection.training:
        return next((i for i, (training, _) in enumerate(listed) if training.name == selection.training), None)
    running = (i for i, (_, now) in enumerate(listed) if now.state in ("running", "stopping"))
    return next(running, 0 if listed else None)


def begin(trainings: Trainings, selection: Selection, language: str) -> str:
    """What a sample of the training that is shown begins with: words in the language of its text, as far as that is
    known, else in the reader's."""
    listed = _standing(trainings)
    at = _watched(listed, selection)
    entry = entry_of(listed[at][0].arguments[-1]) if at is not None else None
    return EXAMPLES["begin"][entry.language if entry else language][0]


def read_history(path: Path) -> tuple[list[int], list[float], list[tuple[int, float]]]:
    """Steps, their losses, and (step, loss) of validation, from a `history.tsv`; nothing where it holds no losses."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return [], [], []
    rows = [line.split("\t") for line in lines[1:]] if lines and lines[0].startswith("step\tloss\tvalid") else []
    rows = [row for row in rows if len(row) == 4]  # a line that is being written is not whole
    validation = [(int(row[0]), float(row[2])) for row in rows if row[2]]
    return [int(row[0]) for row in rows], [float(row[1]) for row in rows], validation


def time_left(seconds: float | None, language: str) -> str:
    """About how long, in words; nothing where it is not known."""
    if seconds is None:
        return ""
    for unit, size in (("hours", 3600), ("minutes", 60)):
        if seconds >= 1.5 * size:
            return text(f"left_{unit}", language, n=round(seconds / size))
    return text("left_seconds", language, n=max(1, round(seconds)))


def _size(trainings: Trainings, shown: tuple[Training, Progress] | None) -> int:
    """How much is written of the course that is shown."""
    path = trainings.history(shown[0].name) if shown else None
    return path.stat().st_size if path and path.is_file() else 0


def _one(
    trainings: Trainings, training: Training, now: Progress, selection: Selection, theme: str, language: str
) -> dict[str, Any]:
    """One training."""
    resumes = training.kind != "word2vec" and trainings.can_go_on(training.name)
    again = text("go_on" if resumes else "again", language)
    return {
        "name": training.name,
        "about": _about(training, language),
        "state": _said(trainings, training, now, language),
        "bar": 100 * (now.done if now.state in ("running", "stopping") else 0),
        "bar_style": SEEN if now.state in ("running", "stopping") else HIDDEN,
        "figure": _curve(trainings, training, theme, language),
        "stop": SEEN if now.state in ("running", "queued") else HIDDEN,
        "again": SEEN if now.state in ("stopped", "failed") else HIDDEN,
        "again_text": again,
        "remove": HIDDEN if now.state in BUSY else SEEN,
        "buttons": SEEN,
        "sample": SEEN if writes(trainings, training.name) and now.state != "queued" else HIDDEN,
        "links": _ways_on(_made(trainings, training), training, selection, language) if now.state == "done" else [],
    }


def _none(selection: Selection, theme: str, language: str) -> dict[str, Any]:
    """No training, or none of that name."""
    said = (
        text("no_such_training", language, name=selection.training[:80])
        if selection.training
        else text("no_training", language)
    )
    return {
        "name": "", "about": [], "state": notice(said), "bar": 0, "bar_style": HIDDEN, "figure": empty(theme),
        "stop": HIDDEN, "again": HIDDEN, "again_text": "", "remove": HIDDEN, "buttons": HIDDEN, "links": [],
        "sample": HIDDEN,
    }  # fmt: skip


def _about(training: Training, language: str) -> list[Any]:
    """What was asked for: the text, and what is not at its default."""
    text_of = Path(training.arguments[-1]).name
    params = [f"{name.replace('_', '-')} {value}" for name, value in training.params.items()]
    said = " · ".join([text(f"kind_{training.kind}", language), text_of, *params])
    return [said, html.Br(), text("no_curve", language)] if training.kind == "word2vec" else [said]


def _said(trainings: Trainings, training: Training, now: Progress, language: str) -> Any:
    """One line on how it stands, or the sentence that it failed with."""
    if now.state == "failed":
        return notice(now.error or text("died", language, log=f"{training.name}.log"), "red")
    if now.state == "queued":
        running = [
            each.name for each in trainings.listed() if trainings.progress(each).state in ("running", "stopping")
        ]
        return text("queued_behind", language, name=running[0]) if running else text("queued", language)
    if now.state in ("stopped", "done"):
        return _ended(trainings, training, now, language)
    parts = [text("stopping", language)] if now.state == "stopping" else []
    parts += [f"{worded(now.stage, language)} {now.done:.0%}"] if now.stage else \
        [text("starting", language)]  # fmt: skip
    left = time_left(now.left, language) if now.state == "running" else ""
    return " · ".join(filter(None, [*parts, now.note, left]))


def _ended(trainings: Trainings, training: Training, now: Progress, language: str) -> str:
    """How far it came, and of a whole one whose weights it kept."""
    done, _, validation = read_history(trainings.history(training.name))
    if not done:
        return text(now.state, language)
    said = text(f"{now.state}_at", language, step=done[-1], of=steps(training.kind, training.params) or done[-1])
    if now.state == "stopped" or not validation:
        return said
    step, loss = min(validation, key=lambda measured: measured[1])
    return said + (" " if language == "en" else "") + text("kept_of", language, step=step, loss=loss)


def _curve(trainings: Trainings, training: Training, theme: str, language: str) -> go.Figure:
    done, losses, validation = read_history(trainings.history(training.name))
    if not done:
        return empty(theme)
    names = ("step", "loss", "of_training", "of_validation")
    last = steps(training.kind, training.params)
    return history_figure(
        done,
        losses,
        validation,
        last,
        theme,
        tuple(text(name, language) for name in names),  # type: ignore[arg-type]
    )


def _made(trainings: Trainings, training: Training) -> Run | None:
    """The run that was made; none where it is damaged, which its views say."""
    try:
        return open_run(trainings.runs / training.name)
    except EmbvizError:
        return None


def _ways_on(run: Run | None, training: Training, selection: Selection, language: str) -> list[Any]:
    """The views that show what was made."""
    of: dict[str, Any] = {"run": training.name, "word": None, "pins": None, "words": None, "training": None}
    views = ("map", "words") if training.kind == "word2vec" else ("attention", "map", "words")
    of |= {"sentence": sentence_for(run, language)}
    seen = selection.but(**of, **({"model": training.name, "layer": 0, "head": 0} if "attention" in views else {}))
    return [link(text(f"to_{view}", language), selection, seen.but(view=view)) for view in views]


def _row(training: Training, now: Progress, selection: Selection, chosen: bool, language: str) -> Any:
    running = now.state in ("running", "stopping")
    state = text(f"is_{now.state}", language) + (f" {now.done:.0%}" if running and now.stage == "training" else "")
    width = now.done if running and now.stage == "training" else 0.0
    return html.Li(
        link(
            [
                html.Span(training.name, className="word"),
                html.Span(className="bar", style={"width": f"{width * 100:.0f}%"}),
                html.Span(state, className=f"score {now.state}"),
            ],
            selection,
            selection.but(training=training.name),
            "chosen-training" if chosen else None,
        )
    )


def _listed(rows: list[Any], language: str) -> list[Any]:
    if not rows:
        return [dmc.Text(text("list_empty", language), className="quiet")]
    return [html.Ol(rows, className="neighbors"), html.P(text("one_at_a_time", language), className="quiet")]
