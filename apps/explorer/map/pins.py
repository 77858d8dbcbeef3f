"""Pinned words: several words that stay marked on the map, each in a colour of its own, whatever is selected."""

from __future__ import annotations

from functools import lru_cache
from itertools import chain
from typing import Any

from dash import html

from embviz.apps.explorer.cards import link
from embviz.apps.explorer.frame import attributes
from embviz.apps.explorer.interface import text
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.selection import Selection, many
from embviz.errors import EmbvizError
from embviz.figures.marks import Pin
from embviz.figures.theme import PINS
from embviz.runs import Run
from embviz.similarity import cosine, near

MOST = len(PINS["light"])


def pinned(selection: Selection) -> list[str]:
    """The pinned words, each once, in the order of their colours."""
    return list(dict.fromkeys(many(selection.pins)))[:MOST]


def pins_of(run: Run, selection: Selection) -> list[Pin]:
    """Of each pinned word its row, None where the run has it not, and the rows of its true neighbours."""
    rows = [run.space.row(word) for word in pinned(selection)]
    return [(row, () if row is None else _near(run, row)) for row in rows]


def pinned_on(run: Run, selection: Selection, n: int, theme: str) -> list[dict[str, Any]]:
    """Of each pinned word on a map of n words: its row, its colour, and the rows of its true neighbours there."""
    return [
        {"row": row, "color": color, "near": [other for other in near if other < n]}
        for (row, near), color in zip(pins_of(run, selection), PINS[theme], strict=False)
        if row is not None and row < n
    ]


def rows_of(pins: list[dict[str, Any]]) -> list[int]:
    """The rows of pinned words and of their neighbours."""
    return list(chain.from_iterable([pin["row"], *pin["near"]] for pin in pins))


def pin(run: Run, row: int | None, selection: Selection, language: str) -> list[Any]:
    """What pins the selected word, or lets go of it; nothing for an expression, which has no point."""
    if row is None:
        return []
    word, words = run.space.word(row), pinned(selection)
    if word in words:
        return [link(text("unpin", language), selection, _with(selection, words, without=word))]
    if len(words) == MOST:
        return [html.Span(text("pin", language), className="chip full", title=text("pins_full", language, most=MOST))]
    there = _with(selection, [*words, word])
    return [link(text("pin", language), selection, there, title=text("pin_means", language))]


def chips(library: Library, selection: Selection, language: str) -> Any:
    """The pinned words: a click selects one, another lets go of it; those that the run has not are faint."""
    words = pinned(selection)
    if not words:
        return None
    try:
        space = library.open(selection.run).space
    except EmbvizError:
        return None  # the picture says it
    parts = [_chip(word, place, space.row(word) is not None, selection, language) for place, word in enumerate(words)]
    return [html.Div(text("pinned", language), className="label"), html.Div(parts, className="examples")]


def apart(run: Run, selection: Selection, language: str) -> list[Any]:
    """The cosine of each two pinned words; nothing for fewer than two."""
    there = [(place, word) for place, word in enumerate(pinned(selection)) if _has_direction(run, word)]
    if len(there) < 2:
        return []
    heads = [html.Th(_dot(place), className="number", title=word) for place, word in there[:-1]]
    rows = [
        html.Tr(
            [html.Th([_dot(place), " ", word], scope="row", title=word)]
            + [html.Td(_short(cosine(run.space, word, other)), className="number") for _, other in there[:i]]
            + [html.Td()] * (len(there) - 1 - i)
        )
        for i, (place, word) in enumerate(there)
    ]
    table = html.Table([html.Thead(html.Tr([html.Th(""), *heads])), html.Tbody(rows)], className="scores apart")
    return [html.H3(text("pinned_apart", language)), table]


def _chip(word: str, place: int, there: bool, selection: Selection, language: str) -> Any:
    parts = [_dot(place), link(word, selection, selection.but(word=word), "word")]
    rest, label = _with(selection, pinned(selection), without=word), text("unpin_word", language, word=word)
    parts.append(link("×", selection, rest, "off", title=label))
    title: Any = {} if there else {"title": text("pinned_absent", language)}
    return html.Span(parts, className="chip pinned" if there else "chip pinned absent", **title)


def _dot(place: int) -> Any:
    return html.Span("●", className=f"pin pin-{place}", **attributes(aria_hidden="true"))


def _short(score: float) -> str:
    """.32 or -.05: eight columns stand side by side."""
    return f"{score:.2f}".replace("0.", ".", 1)


def _with(selection: Selection, words: list[str], without: str | None = None) -> Selection:
    return selection.but(pins="\t".join(word for word in words if word != without) or None)


def _has_direction(run: Run, word: str) -> bool:
    row = run.space.row(word)
    return row is not None and bool(run.space.norms[row])


@lru_cache(maxsize=256)
def _near(run: Run, row: int) -> tuple[int, ...]:
    try:
        return tuple(near(run.space, run.space.word(row)).rows.tolist())
    except EmbvizError:
        return ()  # a vector of zeros has no neighbours
