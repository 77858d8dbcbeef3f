"""The stages of a model: links from a run to what it kept on the way, and to the runs before and after it was taught,
at the same sentence and head.
"""

from __future__ import annotations

from typing import Any

from dash import html

from embviz import stages
from embviz.apps.explorer.cards import link
from embviz.apps.explorer.interface import text
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.selection import Selection
from embviz.steps import whole


def links(library: Library, selection: Selection, language: str) -> list[Any]:
    """A line for what was kept on the way, one for the run before, if it is there, and one for those made of this."""
    run = library.open(selection.model)
    runs = [entry.run for entry in library.listed() if entry.run and entry.name != run.name]
    trained, earlier = library.open(whole(run.name)), stages.before(run, runs)
    lines = {
        "stages_on_the_way": [*trained.on_the_way, trained.name] if trained.on_the_way else [],
        "stage_before": [earlier.name] if earlier else [],
        "stages_after": [other.name for other in stages.after(run, runs)],
    }
    return [html.Span([text(said, language), *[_link(name, selection, run.name) for name in names]], className="stages")
            for said, names in lines.items() if names]  # fmt: skip


def _link(name: str, selection: Selection, here: str) -> Any:
    """A link to another run, or the name of the one that is here."""
    if name == here:
        return html.Span(name, className="chip current")
    return link(name, selection, selection.but(model=name))
