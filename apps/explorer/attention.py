"""The attention view: one head of a model on a typed sentence, and all heads as one image to choose from."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import dash
import dash_mantine_components as dmc
import numpy as np
from dash import ClientsideFunction, Input, Output, State, dcc, html

from embviz.apps.explorer import frame, ids, stages
from embviz.apps.explorer.cards import empty, notice
from embviz.apps.explorer.interface import EXAMPLES, explain, language, text, theme
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.selection import Selection
from embviz.attention import Attention, attend
from embviz.errors import EmbvizError
from embviz.figures.attention import head_figure, overview_figure, overview_tile
from embviz.generation import fill, generate
from embviz.models import KINDS, AttentionModel

HIDDEN = {"display": "none"}
_STRONGEST = 8
_DRAWS = 6  # texts that are tried before a decoder is taken to be at the end of its text
_WRITTEN = 20  # tokens that a decoder writes on at a time


def layout(language: str) -> list[Any]:
    """Controls, picture, details."""
    return [
        html.Aside(_controls(language), className="controls"),
        html.Section(
            [
                html.Div(
                    dcc.Graph(
                        id=ids.ATTENTION_GRAPH,
                        figure=empty(theme()),
                        config={"displaylogo": False, "responsive": True, "modeBarButtons": [["toImage"]]},
                        className="graph",
                    ),
                    className="stage",
                ),
                html.Div(id=ids.ATTENTION_FILLED, className="filled"),
                html.Div(id=ids.ATTENTION_MESSAGE, className="message"),
            ],
            className="picture course",
        ),
        html.Aside([_all_heads(language), html.Div(id=ids.ATTENTION_DETAILS)], className="details"),
    ]


def _controls(language: str) -> list[Any]:
    """What is read, and which head is looked at."""
    return [
        dmc.Textarea(
            id=ids.ATTENTION_SENTENCE,
            label=text("sentence", language),
            placeholder=text("sentence_hint", language),
            autosize=True,
            minRows=2,
            maxRows=8,
            debounce=500,
        ),
        dmc.Button(text("write_on", language), id=ids.ATTENTION_WRITE, size="xs", variant="default", style=HIDDEN),
        _of_pairs(language),
        html.Div(
            [
                dmc.Select(id=ids.ATTENTION_LAYER, label=text("layer", language), data=[], allowDeselect=False),
                dmc.Select(id=ids.ATTENTION_HEAD, label=text("head", language), data=[], allowDeselect=False),
            ],
            className="pair",
        ),
        html.Div(id=ids.ATTENTION_ABOUT, className="quiet"),
        html.P(id=ids.ATTENTION_STAGES, className="quiet"),
    ]


def _all_heads(language: str) -> Any:
    """Every head of every layer, small."""
    graph = dcc.Graph(
        id=ids.ATTENTION_OVERVIEW,
        figure=empty(theme()),
        config={"displayModeBar": False, "responsive": True},
        className="graph",
    )
    return html.Div(
        [
            html.H3(text("heads", language)),
            html.Div(graph, className="overview"),
            html.P(text("each_scaled", language), className="quiet"),
        ],
        id=ids.ATTENTION_HEADS,
    )


def _of_pairs(language: str) -> Any:
    """What only a seq2seq model has: a target, and more than one kind of attention."""
    return html.Div(
        [
            dmc.Textarea(
                id=ids.ATTENTION_TARGET,
                label=text("target", language),
                placeholder=text("target_hint", language),
                autosize=True,
                minRows=1,
                maxRows=8,
                debounce=500,
            ),
            html.Div(
                [
                    html.Div(text("attention_kind", language), className="label"),
                    dmc.SegmentedControl(
                        id=ids.ATTENTION_KIND,
                        size="xs",
                        fullWidth=True,
                        data=[{"value": kind, "label": text(f"kind_{kind}", language)} for kind in KINDS["seq2seq"]],
                        **{"aria-label": text("attention_kind", language)},
                    ),
                ],
                id=ids.ATTENTION_KINDS,
            ),
        ],
        id=ids.ATTENTION_SEQ2SEQ,
        className="stacked",
        style=HIDDEN,
    )


def connect(app: dash.Dash, library: Library) -> None:
    """Register the callbacks of the attention view."""
    frame.follow(
        app,
        "attention",
        {
            "sentence": (ids.ATTENTION_SENTENCE, "value"),
            "target": (ids.ATTENTION_TARGET, "value"),
            "kind": (ids.ATTENTION_KIND, "value"),
            "layer": (ids.ATTENTION_LAYER, "value"),
            "head": (ids.ATTENTION_HEAD, "value"),
        },
        [
            (ids.ATTENTION_OVERVIEW, "clickData", lambda selection, click: clicked(library, selection, click)),
            (ids.ATTENTION_WRITE, "n_clicks", lambda selection, clicks: written_on(library, selection)),
        ],
        resolve=lambda selection: with_kind(library, selection),
    )

    app.clientside_callback(
        ClientsideFunction("explorer", "fit"), Input(ids.ATTENTION_GRAPH, "figure"), State(ids.ATTENTION_GRAPH, "id")
    )

    @app.callback(
        output={
            "figure": Output(ids.ATTENTION_GRAPH, "figure"),
            "overview": Output(ids.ATTENTION_OVERVIEW, "figure"),
            "frame": Output(ids.ATTENTION_HEADS, "style"),
            "message": Output(ids.ATTENTION_MESSAGE, "children"),
            "details": Output(ids.ATTENTION_DETAILS, "children"),
            "about": Output(ids.ATTENTION_ABOUT, "children"),
            "stages": Output(ids.ATTENTION_STAGES, "children"),
            "filled": Output(ids.ATTENTION_FILLED, "children"),
            "write": Output(ids.ATTENTION_WRITE, "style"),
            "seq2seq": Output(ids.ATTENTION_SEQ2SEQ, "style"),
            "kinds": Output(ids.ATTENTION_KINDS, "style"),
            "layers": Output(ids.ATTENTION_LAYER, "data"),
            "heads": Output(ids.ATTENTION_HEAD, "data"),
        },
        inputs={"pathname": Input(ids.URL, "pathname"), "search": Input(ids.URL, "search")},
    )
    def _draw(pathname: str, search: str) -> dict[str, Any]:
        selection = Selection.of(pathname, search)
        if selection.view != "attention":
            raise dash.exceptions.PreventUpdate
        return picture(library, selection, theme(), language())


def picture(library: Library, selection: Selection, theme: str, language: str) -> dict[str, Any]:
    """The head, the overview, what is said about them, and the choices of layer and head."""
    shown: dict[str, Any] = {
        "figure": empty(theme), "overview": empty(theme), "message": None, "details": None, "about": [], "stages": None,
        "layers": [], "heads": [], "frame": {"visibility": "hidden"}, "filled": [], "write": HIDDEN, "kinds": HIDDEN,
        "seq2seq": HIDDEN,
    }  # fmt: skip
    try:
        model = library.open(selection.model).model
        kinds, kind = model.shape.kinds, kind_of(model, selection)
        shown["stages"] = stages.links(library, selection, language)
        shown["about"] = [html.P(said) for said in about(model, language)]
        shown["seq2seq"] = {} if model.family == "seq2seq" else HIDDEN
        shown["kinds"] = {} if len(kinds) > 1 else HIDDEN
        shown["layers"] = _choices(model.shape.depth(kind) if kind else 0)
        shown["heads"] = _choices(model.heads if kinds else 0)
        if kinds and not (selection.sentence or "").strip():
            return {**shown, "message": _ask(selection, language)}
        shown["write"] = {} if model.family == "decoder" else HIDDEN
        seen = look(library, selection)
        weights = seen.head(selection.layer, selection.head)
    except EmbvizError as error:
        return {**shown, "message": notice(explain(error, language))}
    sides = ("key_cross", "query_cross") if seen.kind == "cross" else ("key", "query")
    names = (text(sides[0], language), text(sides[1], language), text("weight", language))
    return {
        **shown,
        "frame": {},
        "figure": head_figure(seen, selection.layer, selection.head, theme, names),
        "overview": overview_figure(
            seen, selection.layer, selection.head, theme, (text("head", language), text("layer", language))
        ),
        "about": [*shown["about"], *_wrote(seen, selection, language)],
        "filled": filled(model, selection.sentence or "", language),
        "details": [html.H3(text("strongest", language)), strongest(seen, weights)],
    }


def about(model: AttentionModel, language: str) -> list[str]:
    """Who looks at whom in a model, and what else can be asked of it."""
    if not model.shape.kinds:
        return [text("nothing_seen", language)]
    which = "alignment" if model.shape.kinds == ("cross",) else model.family
    said = [text(which, language, layers=model.layers, heads=model.heads)]
    return said + ([text("gap_hint", language, mask=model.mask)] if model.family == "encoder" and model.mask else [])


def look(library: Library, selection: Selection) -> Attention:
    """All heads on the sentence; kept for the heads that are looked at next."""
    model = library.open(selection.model).model
    target = (selection.target or "").strip() if model.family == "seq2seq" else None
    return _attend(model, selection.sentence or "", target or None, kind_of(model, selection))


def kind_of(model: AttentionModel, selection: Selection) -> str | None:
    """The kind of attention that is shown: the one that is named, else the model's first; none where there is none."""
    kinds = model.shape.kinds
    return selection.kind if selection.kind in kinds else next(iter(kinds), None)


@lru_cache(maxsize=64)
def _attend(model: AttentionModel, sentence: str, target: str | None, kind: str | None) -> Attention:
    return attend(model, sentence, target=target, kind=kind)


def with_kind(library: Library, selection: Selection) -> Selection:
    """The selection with the kind of attention that is shown, where the model has several."""
    if selection.view != "attention":
        return selection
    try:
        model = library.open(selection.model).model
    except EmbvizError:
        return selection  # said in the picture
    return selection.but(kind=kind_of(model, selection)) if len(model.shape.kinds) > 1 else selection


def written_on(library: Library, selection: Selection) -> Selection:
    """The selection with what a decoder writes after the sentence.

    Raises:
        EmbvizError: there is no room for more, or the model ends the text there.
    """
    model, sentence = library.open(selection.model).model, selection.sentence or ""
    read = len(model.encode(sentence))
    room = min(_WRITTEN, model.context - read - 1)
    if room < 1:
        raise EmbvizError("The sentence has {read:,} tokens and the model reads at most {context:,}: shorten it first.",
                          read=read, context=model.context)  # fmt: skip
    drawn = ("".join(generate(model, sentence, room, temperature=0.8, seed=read + i)) for i in range(_DRAWS))
    more = next(filter(None, drawn), "")
    if not more:
        raise EmbvizError("The model writes nothing after this: it takes the text to be at its end.")
    return selection.but(sentence=sentence + more)


def filled(model: AttentionModel, sentence: str, language: str) -> list[Any]:
    """What an encoder puts in each gap of the sentence, with how likely it finds it."""
    if model.family != "encoder" or not model.mask or model.mask not in sentence:
        return []
    gaps = fill(model, sentence)
    return [
        html.Div(
            [
                html.Span(text("gap", language, mask=model.mask, number=number, of=len(gaps)), className="quiet"),
                *[
                    html.Span([token, html.Span(f" {chance:.2f}", className="quiet")], className="chip")
                    for token, chance in zip(gap.tokens, gap.probabilities, strict=True)
                ],
            ],
            className="examples",
        )
        for number, gap in enumerate(gaps, 1)
    ]


def _wrote(seen: Attention, selection: Selection, language: str) -> list[Any]:
    """What a seq2seq model wrote, where the reader gave no target."""
    if seen.target is None or (selection.target or "").strip():
        return []
    said = text("it_writes", language, text=seen.target) if seen.target else text("it_writes_nothing", language)
    return [html.P(said, className="wrote")]


def clicked(library: Library, selection: Selection, click: Mapping[str, Any]) -> Selection:
    """The selection after a click on a tile of the overview."""
    height, width = overview_tile(look(library, selection))
    point = click["points"][0]
    return selection.but(layer=int(point["y"]) // height, head=int(point["x"]) // width)


def strongest(seen: Attention, weights: np.ndarray) -> Any:
    """The largest weights of a head: who looks at whom, and how much."""
    queries, keys = np.unravel_index(np.argsort(-weights, axis=None, kind="stable")[:_STRONGEST], weights.shape)
    rows = [
        html.Li(
            [
                html.Span(f"{seen.tokens[query]} → {seen.keys[key]}", className="word"),
                html.Span(className="bar", style={"--share": f"{weights[query, key]:.3f}"}),
                html.Span(f"{weights[query, key]:.3f}", className="score"),
            ]
        )
        for query, key in zip(queries, keys, strict=True)
    ]
    return html.Ol(rows, className="neighbors")


def _ask(selection: Selection, language: str) -> list[Any]:
    """What to do where nothing is typed, with an example to click."""
    example = EXAMPLES["sentence"][language][0]
    return [
        notice(text("ask_sentence", language)),
        dcc.Link(example, href=selection.but(sentence=example).url, className="chip"),
    ]


def _choices(n: int) -> list[str]:
    return [str(number) for number in range(n)]
