"""The stages of a model: links from a run to the ones before and after it was taught, at the same sentence and head."""

from __future__ import annotations

from typing import Any

from dash import dcc, html

from embviz import stages
from embviz.apps.explorer.interface import text
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.selection import Selection


def links(library: Library, selection: Selection, language: str) -> list[Any]:
    """A line for the run before, if it is there, and one for those that were made of this one."""
    run = library.open(selection.model)
    runs = [entry.run for entry in library.listed() if entry.run and entry.name != run.name]
    earlier = stages.before(run, runs)
    lines = [("stage_before", [earlier] if earlier else []), ("stages_after", stages.after(run, runs))]
    return [
        html.Span(
            [
                text(said, language),
                *[dcc.Link(other.name, href=selection.but(model=other.name).url, className="chip") for other in there],
            ],
            className="stages",
        )
        for said, there in lines
        if there
    ]
