"""What the map view says in words: the selected word, the word under the pointer, and the choices of its controls."""

from __future__ import annotations

from typing import Any

from dash import html

from embviz.apps.explorer.cards import facts, neighbor_list, notice
from embviz.apps.explorer.interface import explain, text
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.map.about import around, near_here
from embviz.apps.explorer.map.columns import values
from embviz.apps.explorer.map.pins import apart, pin
from embviz.apps.explorer.map.sheet import shown_of, words_on_map
from embviz.apps.explorer.map.trail import MOST
from embviz.apps.explorer.selection import Selection
from embviz.errors import EmbvizError
from embviz.projection import METHODS, Projection
from embviz.projection.given import is_given
from embviz.projection.kept import KeptMap
from embviz.runs import Run
from embviz.similarity import Neighbors, complete, near, parse
from embviz.space import Space

_SIZES = (1_000, 2_000, 5_000, 10_000, 20_000, 50_000)


def details(library: Library, selection: Selection, language: str) -> Any:
    """The selected word: how often it occurs, its nearest words, each a link that walks on."""
    try:
        run = library.open(selection.run)
    except EmbvizError:
        return None  # the picture says it
    try:
        if not selection.word:
            return [html.P(text("pick", language), className="quiet"), *apart(run, selection, language)]
        found = near(run.space, selection.word)
    except EmbvizError as error:
        return [notice(explain(error, language)), *apart(run, selection, language)]
    single = run.space.row(selection.word) if len(found.terms) == 1 else None
    try:
        on_map = words_on_map(run, selection)
    except EmbvizError:
        on_map = len(run.space)  # there is no such map, and the picture says it
    here = int((found.rows < on_map).sum())
    return [
        html.Div([html.H2(selection.word), *pin(run, single, selection, language)], className="titled"),
        html.P(
            facts(run.space, single, language) if single is not None else text(_of_sum(found), language),
            className="quiet",
        ),
        *(values(run, single) if single is not None else []),
        *_off_map(single, on_map, selection, language),
        html.H3(text("nearest", language)),
        neighbor_list(found.words, found.scores, selection),
        html.P(
            text("on_map" if single is not None else "on_map_marked", language, here=here, k=len(found.words)),
            className="quiet",
        ),
        *_kept_here(run, selection, single, language),
        html.P(text("how", language, over=found.over), className="quiet"),
        *apart(run, selection, language),
    ]


def _of_sum(found: Neighbors) -> str:
    """The text that says where an expression is."""
    return "trail" if 1 < len(found.terms) <= MOST else "no_sum"


def tooltip(run: Run, projection: Projection, row: int, language: str) -> list[Any]:
    """A word under the pointer: the word, its count, its nearest words, and how many of them are near here."""
    space, word = run.space, run.space.word(row)
    parts = [html.Strong(word), html.Div(facts(space, row, language), className="quiet"), *values(run, row)]
    if row < len(projection.coords) and space.norms[row]:
        true = around(run, projection, row)[1]
        parts.append(html.Div(" · ".join(space.words(true[:5]))))
        parts.append(html.Div(near_here(run, projection, row, language), className="quiet"))
    return parts


def _kept_here(run: Run, selection: Selection, row: int | None, language: str) -> list[Any]:
    """How many true neighbours of the selected word are near it, once the map is there."""
    try:
        said = None if row is None else near_here(run, shown_of(run, selection), row, language)
    except EmbvizError:
        said = None  # no map yet: the picture says how far it is
    return [html.P(said, className="quiet", style={"fontWeight": 600})] if said else []


def sizes(library: Library, selection: Selection, language: str) -> list[dict[str, str]]:
    """How many words a map of this run can show."""
    try:
        n = len(library.open(selection.run).space)
    except EmbvizError:
        return []
    choices = [{"value": str(size), "label": f"{size:,}"} for size in _SIZES if size < n]
    every = n <= _SIZES[-1] or selection.dims == 2
    return choices + ([{"value": str(n), "label": text("all_words", language, n=n)}] if every else [])


def given_maps(library: Library, selection: Selection, language: str) -> tuple[list[dict[str, str]], str | None, Any]:
    """The maps that were given to a run, to choose from; the one that is shown; and no control where there is none."""
    try:
        maps = [made for made in library.open(selection.run).maps() if is_given(made.method)]
    except EmbvizError:
        maps = []
    choices = [
        {"value": f"{made.params['dims']} {made.method}", "label": _called(made, maps, language)} for made in maps
    ]
    shown = f"{selection.dims} {selection.method}"
    there = any(choice["value"] == shown for choice in choices)
    return choices, shown if there else None, {} if choices else {"display": "none"}


def _called(made: KeptMap, maps: list[KeptMap], language: str) -> str:
    """A file by its name, the map of another run by both; in how many dimensions, where there are two of that name."""
    old = str(made.params.get("method"))
    name = made.params.get("file") or text(
        "onto", language, run=made.params["onto"], method=text(old, language) if old in METHODS else old
    )
    twice = sum(other.method == made.method for other in maps) > 1
    return f"{name} ({made.params['dims']}-D)" if twice else str(name)


def completions(library: Library, selection: Selection, typed: str | None) -> list[str]:
    """The words to choose from while one is typed, an expression as it is typed; the selected one is among them."""
    try:
        space = library.open(selection.run).space
    except EmbvizError:
        return []
    found = [*_expression(space, typed or ""), *complete(space, typed or "")]
    return list(dict.fromkeys([*found, *([selection.word] if selection.word else [])]))


def _expression(space: Space, typed: str) -> list[str]:
    """What is typed, if it is an expression of several words of the space."""
    try:
        return [typed.strip()] if len(parse(space, typed)) > 1 else []
    except EmbvizError:
        return []


def _off_map(row: int | None, on_map: int, selection: Selection, language: str) -> list[Any]:
    if row is None or row < on_map:
        return []
    return [notice(text("off_map", language, word=selection.word, rank=row + 1, shown=on_map))]
