"""What the page is sent of a map in space: all of it once, then only what changed: marks, labels, colours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from dash import Patch, no_update

from embviz.apps.explorer.map import columns, filters
from embviz.apps.explorer.map.colors import color, painted, regions
from embviz.apps.explorer.map.pins import pins_of
from embviz.apps.explorer.map.sheet import file_name, marked
from embviz.apps.explorer.map.trail import trail
from embviz.apps.explorer.selection import Selection
from embviz.figures.labels import labels_3d, styles
from embviz.figures.marks import camera, marks
from embviz.figures.projection import POINTS, projection_figure
from embviz.figures.theme import PALETTES
from embviz.projection import Projection
from embviz.runs import Run


def solid(
    projection: Projection, run: Run, selection: Selection, before: Mapping[str, Any] | None, theme: str
) -> dict[str, Any]:
    """The figure of a map in space, or what makes it of the one that the page shows already; and what it shows then.

    Args:
        before: what the page shows, as this function said it then.

    Raises:
        EmbvizError: a filter makes no sense, or a column is damaged.
    """
    drawn = _told(projection, run, selection, theme)
    if before == drawn:
        return {"figure": no_update, "drawn": no_update}
    shown = filters.matching(run, selection)
    colors = painted(run, projection, selection, theme)
    if before is None or before.get("key") != drawn["key"]:
        row, near_rows = marked(run, selection.word)
        figure = projection_figure(
            projection, row, near_rows, theme, hover=False, color=colors, shown=shown,
            pins=pins_of(run, selection), trail=trail(run, projection, selection.word),
            regions=regions(run, projection, selection, theme),
        )  # fmt: skip
        return {"figure": figure.update_layout(meta={"file": file_name(run, projection)}), "drawn": drawn}
    patch = _remarked(projection, run, selection, shown, theme, before["word"] != selection.word)
    if before["colors"] != drawn["colors"]:
        rows = slice(None) if shown is None else shown[: len(projection.coords)]
        one = PALETTES[theme].point
        patch["data"][POINTS]["marker"]["color"] = one if colors is None else colors[rows].tolist()
    return {"figure": patch, "drawn": drawn}


def _told(projection: Projection, run: Run, selection: Selection, theme: str) -> dict[str, Any]:
    """What a figure shows. Under "key" is what another figure is drawn for."""
    by, left_out = color(run, projection, selection), filters.given(selection)
    changed = str(columns.changed(run))  # nanoseconds are more than a number of JavaScript holds
    return {
        "run": run.name,
        "key": [run.name, run.meta.get("created"), projection.method, dict(projection.params), theme, left_out,
                changed if "column" in left_out else None],
        "colors": [by, selection.word if by == "similarity" else None, changed if columns.name_of(by) else None],
        "word": selection.word,
        "pins": selection.pins,
    }  # fmt: skip


def _remarked(
    projection: Projection, run: Run, selection: Selection, shown: np.ndarray | None, theme: str, other: bool
) -> Patch:
    """Other marks and labels, without the points; another trail is looked at."""
    (row, near_rows), pins = marked(run, selection.word), pins_of(run, selection)
    way = trail(run, projection, selection.word)
    patch = Patch()
    for place, trace in enumerate(marks(projection, row, near_rows, theme, pins, way), start=POINTS + 1):
        patch["data"][place] = trace
    rows = None if shown is None else np.flatnonzero(shown[: len(projection.coords)])
    named = regions(run, projection, selection, theme)
    patch["layout"]["scene"]["annotations"] = labels_3d(
        projection, theme, styles(row, near_rows, theme, pins, way), rows, way, named
    )
    if other and (seen_from := camera(projection, way)):
        patch["layout"]["scene"]["camera"] = seen_from.plotly()
    return patch
