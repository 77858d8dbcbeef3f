"""What is said of the selected head: its label, its scores beside chance, the sentences that it is most active on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import html

from embviz.apps.explorer.cards import link
from embviz.apps.explorer.interface import text
from embviz.apps.explorer.selection import Selection
from embviz.attention import HeadScores


def details(scores: HeadScores, selection: Selection, called: Mapping[str, str], language: str) -> list[Any]:
    """The selected head: its label, its scores beside chance, and the sentences that it is most active on."""
    layer, head = selection.layer, selection.head
    label = scores.label(layer, head)
    said = text("heads_label", language, label=called[label]) if label else text("heads_no_label", language)
    by_label = [label] if label and label in scores.examples and scores.most(layer, head, label) else []
    return [
        html.H2(text("heads_title", language, layer=layer, head=head)),
        html.P(said, className="" if label else "quiet"),
        link(text("heads_see", language), selection, selection.but(show=None)),
        _table(scores, layer, head, called, language),
        *[part for name in ("active", *by_label) for part in
          _sentences(scores, selection, name, called, language)],
    ]  # fmt: skip


def _table(scores: HeadScores, layer: int, head: int, called: Mapping[str, str], language: str) -> Any:
    titles = ("heads_score", "heads_this", "heads_random")
    top = [html.Th(text(name, language), className="number" if i else "") for i, name in enumerate(titles)]
    rows = [
        html.Tr([html.Td(called[name], title=text(f"means_{name}", language)),
                 html.Td(f"{of[layer, head]:.2f}", className="number earned" if name in scores.earned(layer, head) else
                         "number"),
                 html.Td(f"{scores.chance[name].mean():.2f}", className="number")])
        for name, of in scores.scores.items()
    ]  # fmt: skip
    return html.Table([html.Thead(html.Tr(top)), html.Tbody(rows)], className="scores head-scores")


def _sentences(
    scores: HeadScores, selection: Selection, name: str, called: Mapping[str, str], language: str
) -> list[Any]:
    """The sentences on which a score of the head is largest, each a link that puts it into the view."""
    own = name == "active"
    title = text("heads_active", language) if own else text("heads_most", language, score=called[name])
    rows = [
        html.Li(
            link(
                [html.Span(sentence, className="sentence"), html.Span(f"{score:.2f}", className="score")],
                selection,
                selection.but(show=None, sentence=sentence, target=target),
                None,
            )
        )
        for sentence, target, score in scores.most(selection.layer, selection.head, name)
    ]
    means = "heads_active_means_cross" if scores.kind == "cross" else "heads_active_means"
    about = [html.P(text(means, language), className="quiet")] if own else []
    return [html.H3(title), *about, html.Ol(rows, className="sentences")]
