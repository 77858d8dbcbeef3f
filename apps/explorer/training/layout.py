"""How the training view is laid out: the form, the training that is watched, and the list of all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from embviz.apps.explorer import ids
from embviz.apps.explorer.cards import empty
from embviz.apps.explorer.examples import EXAMPLES
from embviz.apps.explorer.frame import attributes
from embviz.apps.explorer.interface import text, theme, worded
from embviz.apps.explorer.training import texts
from embviz.apps.explorer.training.course import HIDDEN
from embviz.apps.explorer.training.fields import FIRST, KINDS, Field, fields_of
from embviz.corpora import entries

_DRAWN_OUT = ("family", "size")  # choices that stand side by side


def layout(runs: Path, language: str) -> list[Any]:
    """Form, picture, list."""
    return [
        html.Aside(_form(runs, language), className="controls"),
        html.Section(_watched(language), className="picture course"),
        html.Aside(
            [html.H3(text("trainings", language)), html.Div(id=ids.TRAINING_LIST)], className="details trainings"
        ),
        dcc.Interval(id=ids.TRAINING_TICKER, interval=1000, disabled=True),
        dcc.Store(id=ids.TRAINING_STAMP),
        dcc.Store(id=ids.TRAINING_HEEDED),
    ]


def text_choices(runs: Path, language: str) -> list[dict[str, Any]]:
    """The texts that there are to choose from, the readers' own last."""
    here = [{"value": entry.name, "label": _label(entry, language)} for entry in entries()]
    own = [{"value": name, "label": name} for name in texts.kept(runs)]
    groups = [{"group": text("of_registry", language), "items": here}]
    return groups + ([{"group": text("of_readers", language), "items": own}] if own else [])


def _label(entry: Any, language: str) -> str:
    return " · ".join([entry.name, entry.language, *([] if entry.here else [text("to_fetch", language)])])


def _form(runs: Path, language: str) -> list[Any]:
    return [
        html.Div(
            [
                dmc.SegmentedControl(
                    id=ids.TRAINING_KIND,
                    size="xs",
                    fullWidth=True,
                    data=[{"value": kind, "label": text(f"kind_{kind}", language)} for kind in KINDS],
                    value=KINDS[0],
                    **{"aria-label": text("kind", language)},
                ),
                html.P(id=ids.TRAINING_KIND_MEANS, className="quiet"),
            ]
        ),
        _text(runs, language),
        *[_fields(kind, language) for kind in KINDS],
        html.Div(
            [
                html.Div(id=ids.TRAINING_SAID, role="alert"),
                dmc.TextInput(id=ids.TRAINING_NAME, label=text("name", language), value=""),
                dmc.Button(text("start", language), id=ids.TRAINING_START),
            ],
            className="launch",
        ),
    ]


def _text(runs: Path, language: str) -> Any:
    """The text, with a place to bring one to, and the columns of a table."""
    kinds = " ".join(texts.KINDS)
    return html.Div(
        [
            dmc.Select(
                id=ids.TRAINING_TEXT,
                label=text("of_text", language),
                data=text_choices(runs, language),
                value=entries()[0].name,
                searchable=True,
                allowDeselect=False,
                maxDropdownHeight=360,
            ),
            html.P(id=ids.TRAINING_TEXT_MEANS, className="quiet"),
            html.Div(
                dcc.Upload(
                    [
                        html.Span(text("bring", language), className="word"),
                        html.Span(
                            text("bring_kinds", language, kinds=kinds, most=texts.MOST >> 20), className="quiet"
                        ),
                    ],
                    id=ids.TRAINING_BRING,
                    className="bring",
                    className_active="bring over",
                    style={},
                    style_active={},
                ),
                **attributes(
                    data_most=str(texts.MOST), data_large=text("too_large", language, most=texts.MOST >> 20),
                ),
            ),
            html.Div(id=ids.TRAINING_BROUGHT, role="status"),
            _own(language),
        ],
        className="stacked",
    )  # fmt: skip


def _own(language: str) -> Any:
    """What only a reader's own text has: an encoding, and a table's columns."""
    return html.Div(
        [
            html.Div(
                dmc.Select(id=ids.TRAINING_COLUMN, label=text("text_column", language), data=[], size="xs"),
                id=ids.TRAINING_COLUMN_BOX,
            ),
            html.Div(
                dmc.Select(
                    id=ids.TRAINING_TARGET, label=text("target_column", language), data=[], size="xs",
                    placeholder=text("no_target", language), clearable=True,
                ),
                id=ids.TRAINING_TARGET_BOX,
            ),
            dmc.TextInput(id=ids.TRAINING_ENCODING, label=text("encoding", language), value="utf-8", size="xs"),
        ],
        id=ids.TRAINING_OWN, className="stacked", style=HIDDEN,
    )  # fmt: skip


def _fields(kind: str, language: str) -> Any:
    """The hyperparameters of one kind: a few, and all others behind a word."""
    named = {field.name: field for field in fields_of(kind)}
    first = [_control(kind, named[name], language) for name in FIRST[kind]]
    rest = [_control(kind, field, language) for name, field in named.items() if name not in FIRST[kind]]
    more = [html.Summary(text("more_fields", language)), html.Div(rest, className="fields")]
    return html.Div(
        [html.Div(first, className="fields"), html.Details(more, className="more")],
        id=ids.training_fields(kind),
        className="stacked",
        style=HIDDEN,
    )


def _control(kind: str, field: Field, language: str) -> Any:
    """The control of one hyperparameter, with its default and a line that says what it is."""
    name = ids.training_field(kind, field.name)
    if field.name in _DRAWN_OUT:
        return _drawn_out(name, field, language)
    told = {"id": name, "label": _label_of(field), "description": worded(field.help, language), "size": "xs"}
    if field.choices:
        data = [{"value": choice, "label": _choice(choice, language)} for choice in field.choices]
        return dmc.Select(**told, data=data, value=field.default, allowDeselect=False)
    number = {"inputProps": {"inputMode": "decimal"}} if field.form is not str else {}
    hint = text("by_size", language) if not field.default and field.name != "vocab" else None
    return dmc.TextInput(**told, value=field.default, placeholder=hint, **number)


def _label_of(field: Field) -> str:
    """The name of a hyperparameter as a label beside others: Min count for --min-count."""
    return field.option.replace("-", " ").capitalize()


def _drawn_out(name: str, field: Field, language: str) -> Any:
    labels = {choice: text(f"size_{choice}", language) if field.name == "size" else choice for choice in field.choices}
    label = text("size", language) if field.name == "size" else _label_of(field)
    below = html.P(id=ids.TRAINING_SIZE_MEANS, className="quiet") if field.name == "size" else \
        html.P(worded(field.help, language), className="quiet")  # fmt: skip
    control = dmc.SegmentedControl(
        id=name, size="xs", fullWidth=True, value=field.default,
        data=[{"value": choice, "label": labels[choice]} for choice in field.choices], **{"aria-label": label},
    )  # fmt: skip
    return html.Div([html.Div(label, className="label"), control, below], className="wide")


def _choice(choice: str, language: str) -> str:
    return text(choice, language) if choice in ("yes", "no") else choice


def _watched(language: str) -> list[Any]:
    """How the training stands, what can be done with it, and its loss."""
    return [
        html.Div(
            [
                html.H2(id=ids.TRAINING_TITLE),
                html.P(id=ids.TRAINING_ABOUT, className="quiet"),
                html.Div(id=ids.TRAINING_STATE, role="status"),
                dmc.Progress(id=ids.TRAINING_BAR, value=0, animated=True, style=HIDDEN),
                html.Div(
                    [
                        dmc.Button(text("stop", language), id=ids.TRAINING_STOP, size="xs", variant="default"),
                        dmc.Button(text("go_on", language), id=ids.TRAINING_AGAIN, size="xs"),
                        html.Div(id=ids.TRAINING_LINKS, className="examples"),
                        dmc.Button(
                            text("remove", language), id=ids.TRAINING_REMOVE, size="xs", variant="subtle", color="gray"
                        ),
                    ],
                    id=ids.TRAINING_BUTTONS,
                    className="actions",
                    style=HIDDEN,
                ),
            ],
            className="standing",
        ),
        _sample(language),
        html.Div(
            dcc.Graph(
                id=ids.TRAINING_GRAPH,
                figure=empty(theme()),
                config={"displaylogo": False, "responsive": True, "modeBarButtons": [["toImage"]]},
                className="graph",
            ),
            className="stage",
        ),
    ]


def _sample(language: str) -> Any:
    """A place for what a decoder writes."""
    return html.Div(
        [
            html.Div(
                [
                    dmc.TextInput(
                        id=ids.TRAINING_BEGIN, size="xs", value=EXAMPLES["begin"][language][0],
                        **{"aria-label": text("begin_with", language)},
                    ),
                    dmc.Button(text("write_sample", language), id=ids.TRAINING_WRITE, size="xs", variant="default"),
                    html.Span(text("sample_means", language), className="quiet"),
                ],
                className="actions",
            ),
            html.Div(id=ids.TRAINING_WROTE, role="status", className="wrote"),
        ],
        id=ids.TRAINING_SAMPLE, className="sample", style=HIDDEN,
    )  # fmt: skip
