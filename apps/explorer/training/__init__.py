"""The training view: choose a text, set the dial and the parameters, start, watch, stop, and go on to what was made."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

import dash
from dash import ClientsideFunction, Input, Output, State, html, no_update

from embviz.apps.explorer import ids
from embviz.apps.explorer.cards import HIDDEN, notice
from embviz.apps.explorer.frame import asked_for, on_error
from embviz.apps.explorer.interface import explain, language, text, theme
from embviz.apps.explorer.selection import Selection
from embviz.apps.explorer.training import texts
from embviz.apps.explorer.training.course import SEEN, begin, picture
from embviz.apps.explorer.training.fields import KINDS, arguments, fields_of, given
from embviz.apps.explorer.training.layout import layout, text_choices
from embviz.apps.explorer.training.queue import Trainings
from embviz.apps.explorer.training.samples import sample
from embviz.errors import EmbvizError
from embviz.train.attention import SIZES

__all__ = ["Trainings", "connect", "layout"]

DIAL = ("layers", "heads", "dims", "steps")
"""What is said of a size of the dial."""


def connect(app: dash.Dash, trainings: Trainings) -> None:
    """Register the callbacks of the training view."""
    _connect_picture(app, trainings)
    _connect_form(app, trainings)

    @app.callback(
        Output(ids.TRAINING_TEXT, "data"),
        Output(ids.TRAINING_TEXT, "value"),
        Output(ids.TRAINING_BROUGHT, "children"),
        Output(ids.TRAINING_BRING, "contents"),
        Input(ids.TRAINING_BRING, "contents"),
        State(ids.TRAINING_BRING, "filename"),
        State(ids.TRAINING_TEXT, "value"),
        prevent_initial_call=True,
    )
    def _bring(contents: str | None, name: str | None, chosen: str | None) -> tuple[Any, ...]:
        if not contents:
            raise dash.exceptions.PreventUpdate
        return (*brought(trainings, name or "", contents, chosen, language()), None)

    @app.callback(
        Output(ids.TRAINING_WROTE, "children"),
        Output(ids.TRAINING_BEGIN, "value"),
        Input(ids.TRAINING_WRITE, "n_clicks"),
        Input(ids.TRAINING_ASKED, "data"),  # another training: what was written is not its own
        State(ids.TRAINING_TITLE, "children"),
        State(ids.TRAINING_BEGIN, "value"),
        prevent_initial_call=True,
    )
    def _write(clicks: int | None, search: str, name: str | None, begins: str | None) -> tuple[Any, Any]:
        if dash.ctx.triggered_id == ids.TRAINING_WRITE:
            return written(trainings, name, begins, language()), no_update
        return None, begin(trainings, Selection.of("/training", search), language())

    @app.callback(
        Output(ids.URL, "search", allow_duplicate=True),
        Output(ids.TRAINING_SAID, "children"),
        Output(ids.TRAINING_NAME, "value"),
        Input(ids.TRAINING_START, "n_clicks"),
        State(ids.URL, "search"),
        State(ids.TRAINING_KIND, "value"),
        {
            "text": State(ids.TRAINING_TEXT, "value"),
            "column": State(ids.TRAINING_COLUMN, "value"),
            "target": State(ids.TRAINING_TARGET, "value"),
            "encoding": State(ids.TRAINING_ENCODING, "value"),
            "name": State(ids.TRAINING_NAME, "value"),
        },
        {kind: {field.name: State(ids.training_field(kind, field.name), "value") for field in fields_of(kind)}
         for kind in KINDS},
        prevent_initial_call=True,
    )  # fmt: skip
    def _start(
        clicks: int, search: str, kind: str, form: dict[str, Any], values: dict[str, dict[str, Any]]
    ) -> tuple[Any, ...]:
        return started(trainings, Selection.of("/training", search), kind, form, values[kind], language())


def _connect_picture(app: dash.Dash, trainings: Trainings) -> None:
    app.clientside_callback(
        ClientsideFunction("explorer", "idle"), Output(ids.TRAINING_TICKER, "disabled"), Input(ids.PAGE, "data-view")
    )
    acts = {
        ids.TRAINING_STOP: trainings.stop,
        ids.TRAINING_AGAIN: trainings.go_on,
        ids.TRAINING_REMOVE: trainings.remove,
    }

    @app.callback(
        output={
            "name": Output(ids.TRAINING_TITLE, "children"),
            "about": Output(ids.TRAINING_ABOUT, "children"),
            "state": Output(ids.TRAINING_STATE, "children"),
            "bar": Output(ids.TRAINING_BAR, "value"),
            "bar_style": Output(ids.TRAINING_BAR, "style"),
            "buttons": Output(ids.TRAINING_BUTTONS, "style"),
            "stop": Output(ids.TRAINING_STOP, "style"),
            "again": Output(ids.TRAINING_AGAIN, "style"),
            "again_text": Output(ids.TRAINING_AGAIN, "children"),
            "remove": Output(ids.TRAINING_REMOVE, "style"),
            "links": Output(ids.TRAINING_LINKS, "children"),
            "sample": Output(ids.TRAINING_SAMPLE, "style"),
            "figure": Output(ids.TRAINING_GRAPH, "figure"),
            "list": Output(ids.TRAINING_LIST, "children"),
            "stamp": Output(ids.TRAINING_STAMP, "data"),
            "heeded": Output(ids.TRAINING_HEEDED, "data"),
            "search": Output(ids.URL, "search", allow_duplicate=True),
        },
        inputs={
            "search": Input(ids.TRAINING_ASKED, "data"),
            "clicks": {name: Input(name, "n_clicks") for name in acts},
            "ticks": Input(ids.TRAINING_TICKER, "n_intervals"),
        },
        state={
            "name": State(ids.TRAINING_TITLE, "children"),
            "stamp": State(ids.TRAINING_STAMP, "data"),
            "heeded": State(ids.TRAINING_HEEDED, "data"),
        },
        prevent_initial_call=True,
    )
    def _draw(search, clicks, ticks, name, stamp, heeded):  # type: ignore[no-untyped-def]
        selection, there = Selection.of("/training", search), no_update
        asked = asked_for(clicks, heeded, ticked=dash.ctx.triggered_id == ids.TRAINING_TICKER)
        if asked in acts and name:
            try:
                acts[asked](name)
            except (EmbvizError, OSError) as error:
                on_error(error)  # and the click is heeded, or it would be tried again at every tick
            if asked == ids.TRAINING_REMOVE and selection.training == name and trainings.get(name) is None:
                selection = selection.but(training=None)
                there = selection.search  # or the next tick would look for what is gone
        state = picture(trainings, selection, theme(), language())
        if state["stamp"] == stamp and asked == "tick":
            raise dash.exceptions.PreventUpdate
        return {**state, "heeded": clicks, "search": there}


def _connect_form(app: dash.Dash, trainings: Trainings) -> None:
    @app.callback(
        output={
            "kind_means": Output(ids.TRAINING_KIND_MEANS, "children"),
            "text_means": Output(ids.TRAINING_TEXT_MEANS, "children"),
            "fields": [Output(ids.training_fields(kind), "style") for kind in KINDS],
            "size_means": Output(ids.TRAINING_SIZE_MEANS, "children"),
            "mask": Output(ids.training_field("attention", "mask"), "style"),
            "own": Output(ids.TRAINING_OWN, "style"),
            "column_box": Output(ids.TRAINING_COLUMN_BOX, "style"),
            "target_box": Output(ids.TRAINING_TARGET_BOX, "style"),
            "columns": Output(ids.TRAINING_COLUMN, "data"),
            "column": Output(ids.TRAINING_COLUMN, "value"),
            "targets": Output(ids.TRAINING_TARGET, "data"),
            "name": Output(ids.TRAINING_NAME, "placeholder"),
        },
        inputs={
            "kind": Input(ids.TRAINING_KIND, "value"),
            "chosen": Input(ids.TRAINING_TEXT, "value"),
            "family": Input(ids.training_field("attention", "family"), "value"),
            "size": Input(ids.training_field("attention", "size"), "value"),
            "dial": {name: Input(ids.training_field("attention", name), "value") for name in DIAL},
            "encoding": Input(ids.TRAINING_ENCODING, "value"),
            "search": Input(ids.TRAINING_ASKED, "data"),
            "column": State(ids.TRAINING_COLUMN, "value"),
        },
        prevent_initial_call=True,
    )
    def _shape(search: str, **chosen: Any) -> dict[str, Any]:
        return form(trainings, **chosen, language=language())


def form(
    trainings: Trainings,
    kind: str,
    chosen: str,
    family: str,
    size: str,
    dial: Mapping[str, str | None],
    encoding: str | None,
    column: str | None,
    language: str,
) -> dict[str, Any]:
    """What the form shows of itself: only what the choices so far leave to be chosen."""
    columns, entry = texts.columns(trainings.runs, chosen, encoding), texts.entry_of(chosen)
    return {
        "kind_means": text(f"kind_{kind}_means", language),
        "text_means": f"{entry.description} {entry.licence}" if entry else "",
        "fields": [SEEN if each == kind else HIDDEN for each in KINDS],
        "size_means": size_means(size, dial, language),
        "mask": HIDDEN if family == "decoder" else SEEN,
        "own": HIDDEN if entry else SEEN,
        "column_box": SEEN if columns else HIDDEN,
        "target_box": SEEN if columns and kind == "attention" and family == "seq2seq" else HIDDEN,
        "columns": columns,
        "column": column if column in columns else "text" if "text" in columns else next(iter(columns), None),
        "targets": columns,
        "name": suggested(trainings, kind, chosen, family),
    }


def size_means(size: str, typed: Mapping[str, str | None], language: str) -> str:
    """What a size of the dial sets, but for what the reader has set; how long it takes, where nothing was."""
    own = {name: int(value) for name, value in typed.items() if value and value.strip().isdecimal()}
    values = {name: SIZES[size][name] for name in DIAL} | own
    said = text("size_means", language, **values)
    return said if own else said + text("size_takes", language, time=text(f"time_{size}", language))


def brought(
    trainings: Trainings, name: str, contents: str, chosen: str | None, language: str
) -> tuple[list[dict[str, Any]], str | None, Any]:
    """The texts to choose from, the one that is chosen, and what is said, after a reader brought one."""
    try:
        kept = texts.keep(trainings.runs, name, contents)
    except (EmbvizError, OSError) as error:
        return text_choices(trainings.runs, language), chosen, notice(explain(error, language), "red")
    return text_choices(trainings.runs, language), kept, text("brought", language, name=kept)


def started(
    trainings: Trainings,
    selection: Selection,
    kind: str,
    form: Mapping[str, Any],
    values: Mapping[str, Any],
    language: str,
) -> tuple[Any, Any, Any]:
    """The URL that watches the training that was started, or why it was not; and the name that the form shows."""
    try:
        name = (form["name"] or "").strip() or suggested(trainings, kind, form["text"], values.get("family"))
        params = given(kind, values)
        trainings.add(name, kind, _arguments(trainings.runs, kind, form, params), params)
    except (EmbvizError, OSError) as error:
        return dash.no_update, notice(explain(error, language), "red"), dash.no_update
    return selection.but(training=name).search, None, ""


def written(trainings: Trainings, name: str | None, begin: str | None, language: str) -> Any:
    """A sample of what a decoder writes, or why there is none."""
    try:
        return html.P(sample(trainings, name or "", begin or ""))
    except EmbvizError as error:
        return notice(explain(error, language))


def suggested(trainings: Trainings, kind: str, chosen: str, family: str | None) -> str:
    """A name that is free."""
    name = f"{Path(chosen).stem[:40]}-{kind if kind == 'word2vec' else family}"
    taken = {training.name for training in trainings.listed()}
    names = (name if number == 1 else f"{name}-{number}" for number in count(1))
    return next(each for each in names if each not in taken and not (trainings.runs / each).exists())


def _arguments(runs: Path, kind: str, form: Mapping[str, Any], params: Mapping[str, Any]) -> list[str]:
    """The arguments of the command for what stands in the form."""
    chosen, encoding = texts.path_of(runs, form["text"] or ""), (form["encoding"] or "").strip() or None
    if texts.entry_of(chosen):
        return arguments(kind, chosen, params, None, None, None)
    columns = texts.columns(runs, form["text"], encoding)
    column, target = (form[name] if form[name] in columns else None for name in ("column", "target"))
    if columns and not column:
        raise EmbvizError("Choose a column of '{name}': {columns}.", name=form["text"], columns=", ".join(columns[:20]))
    pairs = kind == "attention" and params.get("family") == "seq2seq"
    return arguments(kind, chosen, params, column, target if pairs else None, encoding)
