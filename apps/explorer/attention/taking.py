"""Attention to take away: the picture in every form, the numbers, one page that works offline, lines for a notebook."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any
from urllib.parse import quote

import dash
import numpy as np
import plotly.graph_objects as go
from dash import html
from flask import Response, abort, request

from embviz.apps.explorer.attention.drawing import drawn
from embviz.apps.explorer.attention.looking import heads_of, look_step
from embviz.apps.explorer.attention.notebook import as_python
from embviz.apps.explorer.frame import attributes
from embviz.apps.explorer.interface import columns, language, text, theme
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.selection import Selection
from embviz.attention import Attention
from embviz.errors import EmbvizError
from embviz.figures.theme import CONFIG

_KINDS = {"npz": "application/octet-stream", "csv": "text/csv", "html": "text/html"}


def connect(app: dash.Dash, library: Library) -> None:
    """Add the addresses that numbers and pages are fetched from: the view's own, and after it the form."""

    @app.server.get("/attention/<name>.<form>")
    def _taken(name: str, form: str) -> Response:
        selection = Selection.of("/attention", request.query_string.decode("utf-8", "replace")).but(model=name)
        if form not in _KINDS:
            abort(404, f"there are {', '.join(_KINDS)}")
        try:
            body = taken(library, selection, form, theme(), language(), _columns(request.args.get("columns")))
        except EmbvizError as error:
            abort(400, str(error))
        file = quote(f"{file_name(selection)}.{form}")
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{file}"}
        return Response(body, mimetype=_KINDS[form], headers=headers)


def taken(library: Library, selection: Selection, form: str, theme: str, language: str, columns: int) -> bytes:
    """What is shown as a file: "npz" and "csv" of its numbers, "html" of its picture.

    Raises:
        EmbvizError: there is nothing to show.
    """
    seen = look_step(library, selection)
    if form == "html":
        return as_page(drawn(library, selection, seen, theme, language, columns), selection)
    return (as_npz if form == "npz" else as_csv)(seen, heads_of(selection))


def menu(library: Library, selection: Selection, seen: Attention, theme: str, language: str, columns: int) -> Any:
    """All ways to take the view away, behind one button."""
    label = text("tool_picture", language)
    address = f"/attention/{quote(selection.model or '', safe='')}.{{}}{selection.search}&columns={columns}"
    pictures = [html.Button(form.upper(), **attributes(data_attention=form)) for form in ("png", "svg", "pdf")]
    files = [
        html.A(form.upper(), href=address.format(form), className="taken", download=f"{file_name(selection)}.{form}")
        for form in ("html", "npz", "csv")
    ]
    lines = as_python(library, selection, theme, language, columns)
    copied = [
        html.Button("Python", title=text("copy_python", language), **attributes(data_copy=lines)),
        html.Button("URL", title=text("copy_address", language), **attributes(data_copy="")),
    ]
    opener = html.Summary("⤓", title=label, **attributes(aria_label=label))
    forms = html.Div([*pictures, *files, *copied], **attributes(data_file=file_name(selection)))
    return html.Details([opener, forms], className="menu")


def file_name(selection: Selection) -> str:
    """What a file of the view is called, without its ending."""
    heads = heads_of(selection)
    which = f"layer-{heads[0][0]}-head-{heads[0][1]}" if len(heads) == 1 else f"{len(heads)}-heads"
    return re.sub(r"[^\w.-]+", "_", f"{selection.model}-{which}-{selection.show or 'heatmap'}")


def numbers(seen: Attention, heads: list[tuple[int, int]]) -> np.ndarray:
    """(N, T, K) float32: the weights of the heads that are shown; NaN where nothing can be looked at."""
    return np.stack([np.where(seen.seen, seen.head(*head), np.float32("nan")) for head in heads])


def as_npz(seen: Attention, heads: list[tuple[int, int]]) -> bytes:
    """Arrays for numpy.load: tokens, keys, layers, heads and weights (N, T, K), and as JSON what they are."""
    about = {"model": seen.model, "family": seen.family, "kind": seen.kind, "measure": seen.measure,
             "sentence": seen.sentence, "target": seen.target, "changes": list(seen.changes)}  # fmt: skip
    out = io.BytesIO()
    np.savez_compressed(
        out, allow_pickle=False, tokens=np.array(seen.tokens), keys=np.array(seen.keys), weights=numbers(seen, heads),
        layers=np.array([layer for layer, _ in heads]), heads=np.array([head for _, head in heads]),
        about=np.array(json.dumps(about, ensure_ascii=False)),
    )  # fmt: skip
    return out.getvalue()


def as_csv(seen: Attention, heads: list[tuple[int, int]]) -> bytes:
    """A line for each weight that is there, UTF-8 with a mark at the start, for spreadsheets. A token that one would
    take for a formula gets an apostrophe.
    """
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n")
    write.writerow(["layer", "head", "row", "token", "column", "key", seen.measure.removesuffix("s")])
    tokens, keys = ([_bare(token) for token in side] for side in (seen.tokens, seen.keys))
    for (layer, head), weights in zip(heads, numbers(seen, heads).astype(float), strict=True):
        for row, column in np.argwhere(seen.seen):
            weight = f"{weights[row, column]:.7g}"
            write.writerow([layer, head, row, tokens[row], column, keys[column], weight])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace")


def as_page(figure: go.Figure, selection: Selection) -> bytes:
    """The picture as one page that works without a server; text takes the colours of what is pointed at."""
    from importlib.resources import files

    script = None
    if selection.show == "text":
        code = files("embviz.apps.explorer").joinpath("assets", "attention-text.js").read_text(encoding="utf-8")
        script = f"{code}\nwindow.embviz.pointing(document.getElementById('{{plot_id}}'));"
    page = figure.to_html(include_plotlyjs=True, full_html=True, config=CONFIG, post_script=script)
    return page.encode("utf-8", "replace")


def _bare(token: str) -> str:
    return f"'{token}" if token[:1] in tuple("=+-@\t\r") and token else token


def _columns(said: str | None) -> int:
    return min(200, max(20, int(said))) if said and said.isdecimal() else columns()
