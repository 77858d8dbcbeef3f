"""What the map says of itself: what the method means, and how true this map is, measured."""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import Any

import numpy as np
from dash import html

from embviz.apps.explorer.cards import link
from embviz.apps.explorer.frame import attributes
from embviz.apps.explorer.interface import text, worded
from embviz.apps.explorer.jobs import Job
from embviz.apps.explorer.map import columns, filters
from embviz.apps.explorer.map.colors import measured_already
from embviz.apps.explorer.map.notebook import as_python
from embviz.apps.explorer.map.table import links, without_neighbors
from embviz.apps.explorer.selection import Selection
from embviz.figures.theme import PALETTES
from embviz.projection import Projection
from embviz.projection.faithfulness import Faithfulness, Picture
from embviz.projection.faithfulness import kept_near as count_near
from embviz.projection.faithfulness import picture as ordered
from embviz.projection.given import is_given
from embviz.projection.kept import own_params
from embviz.runs import Run

_K = 10


def about(
    projection: Projection, run: Run, selection: Selection, measuring: Job | None, theme: str, language: str
) -> list[Any]:
    """What the colours mean, a sentence on the method, then the measures; while they are made, how far that is."""
    share = sum(projection.facts.get("variance", [0]))
    shown, every = len(projection.coords), len(run.space)
    told = {**projection.facts, **projection.params, "shown": shown, "all": every, "share": share}
    means = text(f"about_{projection.method.partition(':')[0]}", language, **told)
    parts = [cut_from(run, selection, language), html.P(means)]
    left = filters.matching(run, selection)
    rows = np.arange(shown) if left is None else np.flatnonzero(left[:shown])
    parts.insert(0, legend(run, rows, selection.color, theme, language))
    parts += [] if left is None else [html.P(text("matched", language, matched=len(rows), shown=shown))]
    files = [html.A(form, href=address, className="chip") for form, address in links(run, projection, selection)]
    lines = attributes(data_copy=as_python(projection, run, selection, theme))
    code = html.Button("Python", className="chip", title=text("copy", language), **lines)
    parts.append(html.Div([html.Span(text("save_as", language)), *files, code], className="examples save"))
    parts.append(without_neighbors(run, shown, language) and html.P(without_neighbors(run, shown, language)))
    if unknown := projection.facts.get("unknown"):
        parts.append(html.P(text("about_unknown", language, unknown=unknown)))
    fit = projection.params.get("fit", shown)
    if fit < shown and projection.method != "pca":
        parts.append(html.P(text("placed", language, fit=fit, placed=shown - fit)))
    if projection.method == "axes":
        degrees = ", ".join(f"{angle:.0f}°" for angle in projection.facts["degrees"])
        return [*parts, html.P(text("degrees", language, degrees=degrees))]
    parts.append(html.P(cost(projection, language)))
    if measuring is None:
        return [*parts, how_true(measured(run, projection), language)] if measured_already(run, projection) else parts
    if measuring.error is not None:
        return [*parts, html.P(measuring.error)]
    return [*parts, html.P(text("measuring", language, done=measuring.done, stage=worded(measuring.stage, language)))]


def cost(projection: Projection, language: str) -> str:
    """By which parameters a map was made, and how long that took."""
    named = own_params(projection.params) if not is_given(projection.method) else {}
    between = "；" if language == "zh" else "; "
    params = "".join(f"{between}{worded(name.replace('_', ' '), language)} {value:,}" for name, value in named.items())
    return text("cost", language, seconds=projection.facts["seconds"], params=params)


def cut_from(run: Run, selection: Selection, language: str) -> Any:
    """For a run that was cut from another: how much of it this is, and the way back."""
    if "cut" not in run.meta:
        return None
    of = run.meta["cut"]
    back = selection.but(run=of["run"], words=None)
    return html.P(
        [
            text("cut_from", language, n=len(run.space), all=of["words"]),
            " ",
            link(of["run"], selection, back),
        ]
    )


def how_true(true: Faithfulness, language: str) -> Any:
    """The measures as a table: this map, PCA, and the same places dealt out at random."""
    place = true.ks.index(_K) if _K in true.ks else len(true.ks) - 1
    rows = [
        html.Tr(
            [html.Th(text(f"of_{name}", language), scope="row")]
            + [
                html.Td(f"{numbers[place]:.{digits}f}" if digits else f"{numbers[place]:.0%}", className="number")
                for numbers, digits in ((of.preservation, 0), (of.trustworthiness, 2), (of.continuity, 2))
            ]
        )
        for name, of in (("map", true.map), ("pca", true.pca), ("random", true.random))
    ]
    names = ("kept", "trust", "continuity")
    heads = [html.Th(text(name, language), className="number", title=text(f"{name}_means", language)) for name in names]
    head = html.Tr([html.Th(""), *heads])
    over = "over_all" if true.exact else "over_some"
    foot = text(over, language, k=true.ks[place], measured=true.measured, words=true.words)
    return html.Div([html.Table([html.Thead(head), html.Tbody(rows)], className="scores measures"), html.P(foot)])


@lru_cache(maxsize=8)
def measured(run: Run, projection: Projection) -> Faithfulness:
    """How true a map is that was measured already; read once for all readers."""
    return run.faithfulness(projection.method, projection.dims, projection.params["words"])


def near_here(run: Run, projection: Projection, row: int, language: str) -> str | None:
    """The sentence that says how many of a word's true neighbours are near it in the picture."""
    if row >= len(projection.coords) or not run.space.norms[row]:
        return None
    many, true = around(run, projection, row)
    return text("near_here", language, many=many, k=len(true))


def around(run: Run, projection: Projection, row: int) -> tuple[int, np.ndarray]:
    """How many of the true neighbours of a word on the map are near it there, and the rows of all of them.

    Searching a million words takes all cores for a moment: readers who ask at once wait for each other rather than for
    ever, and who points at the same word again does not wait.
    """
    with _searching:
        return _around(run, projection, row)


_searching = threading.Lock()


@lru_cache(maxsize=4096)
def _around(run: Run, projection: Projection, row: int) -> tuple[int, np.ndarray]:
    return count_near(run.space, projection, row, _K, _ordered(run, projection))


@lru_cache(maxsize=4)
def _ordered(run: Run, projection: Projection) -> Picture:
    return ordered(run.space, projection)


def legend(run: Run, rows: np.ndarray, kind: str, theme: str, language: str) -> Any:
    """What the colours mean: of a column what it says of the rows shown, of a scale a bar from little to much."""
    name = columns.name_of(kind)
    if columns.has(run, name):
        return columns.legend(run, name or "", rows, theme, language)
    stops = ", ".join(PALETTES[theme].scale[1:])
    if kind not in ("rank", "similarity", "kept"):
        return None
    ends = [text(f"{kind}_{end}", language) for end in ("low", "high")]
    return html.Div(
        [
            html.Div(className="ramp", style={"background": f"linear-gradient(to right, {stops})"}),
            html.Div([html.Span(end) for end in ends], className="ends"),
        ],
        className="legend",
    )
