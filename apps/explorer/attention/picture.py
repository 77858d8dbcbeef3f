"""What the attention view shows of a selection: the picture, all heads small, and what is said about them."""

from __future__ import annotations

import json
from typing import Any

import plotly.graph_objects as go
from dash import Patch, html, no_update

from embviz.apps.explorer import stages
from embviz.apps.explorer.attention import compared, saying, taking
from embviz.apps.explorer.attention import heads as heads_page
from embviz.apps.explorer.attention.asked import kind_of
from embviz.apps.explorer.attention.drawing import ALL, SHOWS, compares, in_sight
from embviz.apps.explorer.attention.drawing import drawn as drawn_of
from embviz.apps.explorer.attention.looking import heads_of, look, look_step, of_two
from embviz.apps.explorer.attention.measured import is_long, measured
from embviz.apps.explorer.cards import HIDDEN, empty, notice
from embviz.apps.explorer.interface import explain, text
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.selection import Selection
from embviz.attention import Attention
from embviz.errors import EmbvizError
from embviz.figures.attention import frames, overview_figure, overview_tile
from embviz.figures.attention.heatmap import CELLS, detail
from embviz.models import AttentionModel

_OF_ALL_HEADS = (
    "model", "sentence", "target", "kind", "measure", "reading", "pair", "marks", "sink", "top", "direction",
)  # fmt: skip


def picture(
    library: Library,
    selection: Selection,
    theme: str,
    language: str,
    columns: int = 64,
    drawn: str | None = None,
    area: Any = None,
) -> dict[str, Any]:
    """The picture, the overview, what is said about them, and the choices of layer, head and rows.

    Args:
        columns: how many letters fit across.
        drawn: of what the page's overview is; of the same only its frames are sent.
        area: what the page shows of a heatmap.
    """
    shown = _nothing(theme)
    try:
        model = library.open(selection.model).model
        shown |= _of_model(library, selection, model, language)
        if model.shape.kinds and not (selection.sentence or "").strip():
            return {**shown, "message": saying.ask(library.open(selection.model), selection, language)}
        shown["write"] = {} if model.family == "decoder" else HIDDEN
        every, seen = look(library, _of_overview(library, selection)), look_step(library, selection)
        figure = drawn_of(library, selection, seen, theme, language, columns, _zoomed_in(area, seen))
        saving = taking.menu(library, selection, seen, theme, language, columns)
        details = [html.H3(text("strongest", language)), saying.strongest(seen, selection.layer, selection.head)]
        if compares(selection):
            details = [*compared.moved(library, selection, language), *details]
    except EmbvizError as error:
        return {**shown, "message": notice(explain(error, language))}
    key = _key(library, selection, theme, language)
    return {
        **shown, **_pictured(figure), **_steps(seen, selection), "frame": _shape(every),
        "pair": {} if of_two(measured(library, selection)) else HIDDEN, "saving": saving, "details": details,
        "overview": _overview(every, selection, theme, language, whole=key != drawn), "drawn": key,
        "about": [*shown["about"], *saying.wrote(seen, selection, language)],
        "filled": saying.filled(model, selection.sentence or "", language),
    }  # fmt: skip


def zoomed(library: Library, selection: Selection, area: Any) -> Any:
    """What changes in a heatmap of many tokens when another part of it is in sight."""
    if selection.view != "attention" or (selection.show or "heatmap") != "heatmap" or compares(selection):
        return no_update
    try:
        seen = look_step(library, selection)
        part = detail(seen, selection.layer, selection.head, selection.scale or "head", in_sight(area, seen))
    except EmbvizError:
        return no_update  # said in the picture
    if max(len(seen.tokens), len(seen.keys)) <= CELLS:
        return no_update
    patch: Any = Patch()
    for name, value in part["trace"].items():
        patch["data"][0][name] = value
    for axis, side in (("xaxis", "across"), ("yaxis", "down")):
        for name in ("tickvals", "ticktext", "tickfont"):
            patch["layout"][axis][name] = part[side][name]
    return patch


def _of_overview(library: Library, selection: Selection) -> Selection:
    """The selection whose heads are all shown, small: where a measure has no heads or has a sign, or is of one layer,
    their weights.
    """
    whole = selection.measure == "norms" and not is_long(library, selection)
    return selection if whole else selection.but(measure=None)


def _nothing(theme: str) -> dict[str, Any]:
    """A view without a picture."""
    return {
        "figure": empty(theme), "overview": empty(theme), "message": None, "details": None, "about": [], "stages": None,
        "layers": [], "heads": [], "frame": {"visibility": "hidden"}, "filled": [], "write": HIDDEN, "kinds": HIDDEN,
        "seq2seq": HIDDEN, "tall": {}, "drawn": None, "hint": None, "lines": HIDDEN, "lines_of": [], "all": None,
        "pair": HIDDEN, "steps": HIDDEN, "rows": no_update, "saving": None, "pick": None, "way": [],
    }  # fmt: skip


def _of_model(library: Library, selection: Selection, model: AttentionModel, language: str) -> dict[str, Any]:
    """What the controls offer of a model."""
    kinds, kind = model.shape.kinds, kind_of(model, selection)
    layers, heads = model.shape.depth(kind) if kind else 0, model.heads if kinds else 0
    show = selection.show or "heatmap"
    return {
        "way": heads_page.way(selection, model, language),
        "stages": stages.links(library, selection, language),
        "about": [html.P(said) for said in saying.about(model, language)],
        "seq2seq": {} if model.family == "seq2seq" else HIDDEN,
        "kinds": {} if len(kinds) > 1 else HIDDEN,
        "layers": _choices(layers),
        "heads": _choices(heads),
        "hint": text(f"hint_{show}", language) if show in ALL else None,
        "lines": {} if show == "lines" else HIDDEN,
        "lines_of": [f"{layer}.{head}" for layer in range(layers) for head in range(heads)],
        "all": text("layer_heads", language, layer=selection.layer),
        "pick": text("pick_heads" if show == "lines" else "pick_head", language),
    }


def _pictured(figure: go.Figure) -> dict[str, Any]:
    """A figure that knows how tall it is is as tall in the page, and the others fill it."""
    height = figure.layout.height
    figure.layout.height = None
    return {"figure": figure, "tall": {"height": f"{height:.0f}px", "bottom": "auto"} if height else {}}


def _steps(seen: Attention, selection: Selection) -> dict[str, Any]:
    """The rows of what is written one by one; where all tokens see each other, or no rows are shown, there are none."""
    if seen.kind == "encoder" or selection.show not in (None, *SHOWS):
        return {}
    rows = len(seen.keys if seen.turned else seen.tokens)
    return {"steps": {}, "rows": {"max": rows, "value": min(selection.step or rows, rows), "step": selection.step}}


def _shape(seen: Attention) -> dict[str, Any]:
    """How wide all heads are for their height; the style sheet makes room for them."""
    height, width = overview_tile(seen)
    return {"--aspect": f"{len(seen.heads) * width / (len(seen.layers) * height):.3f}"}


def _overview(seen: Attention, selection: Selection, theme: str, language: str, whole: bool) -> Any:
    """All heads small, or only the frames of those that are looked at."""
    heads = heads_of(selection)
    if whole:
        return overview_figure(seen, heads, theme, language, titled=False)
    patch: Any = Patch()
    patch["layout"]["shapes"] = frames(seen, heads, theme)
    return patch


def _key(library: Library, selection: Selection, theme: str, language: str) -> str:
    """Of what an overview is: while that is the same, so are its tiles."""
    made = library.open(selection.model).meta.get("created")
    return json.dumps([made, theme, language, *(getattr(selection, name) for name in _OF_ALL_HEADS)])


def _zoomed_in(area: Any, seen: Attention) -> Any:
    """What is in sight of the same tokens."""
    return in_sight(area, seen) if area and area.get("tokens") == [len(seen.tokens), len(seen.keys)] else None


def _choices(n: int) -> list[str]:
    return [str(number) for number in range(n)]
