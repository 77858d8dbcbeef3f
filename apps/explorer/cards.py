"""Parts that several views show: a notice, a word's facts, a list of neighbours."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import dash_mantine_components as dmc
import numpy as np
import plotly.graph_objects as go
from dash import html

from embviz.apps.explorer.interface import text
from embviz.apps.explorer.selection import Selection
from embviz.figures.theme import template
from embviz.similarity import Neighbors
from embviz.space import Space

HIDDEN = {"display": "none"}

Link = tuple[Selection, Selection]


def notice(sentence: str, kind: str = "blue") -> Any:
    """One sentence in place."""
    return dmc.Alert(sentence, color=kind, variant="light", className="notice")


def link(said: Any, here: Selection, there: Selection, look: str | None = "chip", **more: Any) -> Any:
    """A link from one selection to another. It changes what differs, of what is seen when it is clicked (links.js):
    the reader may have gone on since it was drawn. The whole URL is for another tab."""
    more |= {"data-step": here.way_to(there)} | ({"className": look} if look else {})
    return html.A(said, href=there.url, **more)


def bars(names: Iterable[str], shares: Iterable[float], links: Iterable[Link] | None = None) -> Any:
    """What is likeliest or nearest, each with its number and a bar as long, up to 1; a link where there is one."""
    rows: list[Any] = [
        [
            html.Span(name, className="word"),
            html.Span(className="bar", style={"--share": f"{min(1.0, abs(float(share))):.3f}"}),
            html.Span(f"{share:.3f}", className="score"),
        ]
        for name, share in zip(names, shares, strict=True)
    ]
    if links is not None:
        rows = [link(row, here, there, None) for row, (here, there) in zip(rows, links, strict=True)]
    return html.Ol([html.Li(row) for row in rows], className="neighbors")


def neighbor_list(found: tuple[str, ...], scores: np.ndarray, selection: Selection) -> Any:
    """Words with their scores, each a link to the same view with that word selected."""
    return bars(found, scores, [(selection, selection.but(word=word)) for word in found])


def score_table(found: Neighbors, space: Space, selection: Selection, language: str) -> Any:
    """Words with their scores and, where they are known, their counts; each a link to the same view with that word."""
    counted = space.count(0) is not None
    names = ["word", "cosine"] + (["count_short"] if counted else [])
    head = [html.Th(text(name, language), className="number" if name != "word" else "") for name in names]
    rows = [
        html.Tr(
            [
                html.Td(link(word, selection, selection.but(word=word), None)),
                html.Td(f"{score:.3f}", className="number"),
            ]
            + ([html.Td(f"{space.count(row):,}", className="number")] if counted else [])
        )
        for word, score, row in zip(found.words, found.scores, found.rows, strict=True)
    ]
    return html.Table([html.Thead(html.Tr(head)), html.Tbody(rows)], className="scores")


def facts(space: Space, row: int, language: str) -> str:
    """How often a word occurs, and its rank; only the rank where the counts are not known."""
    count = space.count(row)
    if count is None:
        return text("place", language, rank=row + 1)
    return f"{text('count', language, count=count)} · {text('rank', language, rank=row + 1)}"


def empty(theme: str) -> go.Figure:
    """A picture with nothing in it, not even axes."""
    nothing = {"visible": False}
    return go.Figure(layout={"template": template(theme), "xaxis": nothing, "yaxis": nothing})
