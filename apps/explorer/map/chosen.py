"""The words that were surrounded on the map: a list to sort, a table to take away, a run to map by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow.compute as pc
from dash import html, no_update

from embviz.apps.explorer.cards import link, neighbor_list, notice
from embviz.apps.explorer.frame import attributes
from embviz.apps.explorer.interface import explain, text
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.map.colors import known, measured_already
from embviz.apps.explorer.map.filters import FIELDS
from embviz.apps.explorer.map.shape import Shape, written
from embviz.apps.explorer.map.sheet import shown_of
from embviz.apps.explorer.map.table import links, shown_rows, without_neighbors
from embviz.apps.explorer.selection import Selection
from embviz.cuts import FEWEST
from embviz.errors import EmbvizError
from embviz.projection import Projection
from embviz.runs import Run
from embviz.search import cosines
from embviz.similarity import vector

ORDERS = ("frequency", "alphabet", "kept", "similarity")
_LISTED = 200
_FEW = 50  # up to so many words PCA is as true as t-SNE, and is there at once

Surrounded = tuple[Run, Projection, np.ndarray]


def surrounded(library: Library, selection: Selection, shape: Shape) -> Surrounded:
    """The run, its map, and the rows of the words inside a shape, the most frequent first.

    Raises:
        EmbvizError: there is no such run or map, or the filter makes no sense.
    """
    run = library.open(selection.run)
    projection = shown_of(run, selection)
    return run, projection, shown_rows(run, projection, selection, shape)


def chosen(library: Library, selection: Selection, shape: Shape | None, language: str) -> Any:
    """How many words are inside a shape, and where to save them; nothing when there is no shape."""
    if not shape:
        return None
    try:
        run, projection, rows = surrounded(library, selection, shape)
    except EmbvizError as error:
        return notice(explain(error, language))
    if not len(rows):
        return [_close(language), html.P(text("chosen_none", language), className="quiet none")]
    addresses = links(run, projection, selection, written(shape))
    files = [html.A(form, href=address, className="chip") for form, address in addresses]
    return [
        _close(language),
        html.H2(text("chosen", language, n=len(rows))),
        html.Div([html.Span(text("save_as", language), className="quiet"), *files], className="examples"),
        html.Div(without_neighbors(run, len(rows), language), className="quiet"),
    ]  # fmt: skip


def _close(language: str) -> Any:
    label = text("let_go", language)
    return html.Button("×", className="close", title=label, **attributes(data_map="free", aria_label=label))


def to_cut(library: Library, selection: Selection, shape: Shape | None, language: str) -> tuple[str, bool]:
    """What the button says that maps them by themselves, and whether they are too few for it."""
    try:
        n = len(surrounded(library, selection, shape)[2]) if shape else 0
    except EmbvizError:
        n = 0
    return text("by_themselves", language, n=n), n < FEWEST


def listed(library: Library, selection: Selection, shape: Shape | None, order: str, language: str) -> Any:
    """The first 200 words inside a shape in an order; where that is a measure, with it."""
    if not shape:
        return None
    try:
        run, projection, rows = surrounded(library, selection, shape)
    except EmbvizError:
        return None  # said above the list
    said: Any = None
    if order == "alphabet":
        rows = rows[pc.sort_indices(pc.utf8_lower(run.space.table["word"].take(rows))).to_numpy()]
    elif order in ("kept", "similarity"):
        measures = _measures(run, projection, selection, order)
        if measures is not None:
            return _measured(run, rows, measures[rows], selection, language)
        said = html.P(text("sort_unmeasured" if order == "kept" else "sort_no_word", language), className="quiet")
    return [said, _chips(run, rows[:_LISTED], selection), _more(len(rows), language)]


def by_themselves(library: Library, selection: Selection, shape: Shape | None, language: str) -> tuple[Any, ...]:
    """The URL of the map of these words alone, which become a run of their own, or a sentence why not; and their shape,
    which is let go."""
    if not shape:
        return no_update, None, no_update
    try:
        run, _, rows = surrounded(library, selection, shape)
        name = library.cut(run, rows)
    except EmbvizError as error:
        return no_update, notice(explain(error, language), "red"), no_update
    except OSError as error:
        return no_update, notice(text("not_cut", language, reason=error.strerror or error), "red"), no_update
    method = "tsne" if len(rows) >= _FEW else "pca"
    word = selection.word if known(library.open(name), selection.word) else None
    alone = selection.but(run=name, word=word, method=method, dims=2, words=None, **dict.fromkeys(FIELDS))
    return alone.search, None, None


def _measures(run: Run, projection: Projection, selection: Selection, order: str) -> np.ndarray | None:
    """(V,) or (N,): what the words are sorted by; None where there is nothing to sort by."""
    if order == "kept":
        there = measured_already(run, projection)
        return run.faithfulness(projection.method, 2, len(projection.coords)).kept if there else None
    return cosines(run.space, vector(run.space, selection.word or "")) if known(run, selection.word) else None


def _measured(run: Run, rows: np.ndarray, measures: np.ndarray, selection: Selection, language: str) -> Any:
    """The words of which something is measured, the most first, then the others."""
    order = np.argsort(-np.nan_to_num(measures, nan=-np.inf), kind="stable")[:_LISTED]
    good = order[np.isfinite(measures[order])]
    rest = order[len(good) :]
    return [
        neighbor_list(tuple(run.space.words(rows[good])), measures[good], selection),
        _chips(run, rows[rest], selection),
        _more(len(rows), language),
    ]


def _chips(run: Run, rows: np.ndarray, selection: Selection) -> Any:
    words = run.space.words(rows)
    links = [link(word, selection, selection.but(word=word)) for word in words]
    return html.Div(links, className="examples words")


def _more(n: int, language: str) -> Any:
    return html.P(text("more_chosen", language, more=n - _LISTED), className="quiet") if n > _LISTED else None
