"""The view as lines for a notebook: the same map, word, colours and filter; where one looks is put in by the page."""

from __future__ import annotations

import re

from embviz.apps.explorer.map.colors import color
from embviz.apps.explorer.map.columns import name_of
from embviz.apps.explorer.map.filters import bound, given
from embviz.apps.explorer.map.pins import pinned
from embviz.apps.explorer.map.sheet import marked
from embviz.apps.explorer.selection import Selection, many
from embviz.projection import Projection
from embviz.runs import Run


def as_python(projection: Projection, run: Run, selection: Selection, theme: str) -> str:
    """The lines that draw a map as a selection shows it. They end in view=None, in whose place the page puts what it
    shows (assets/explorer.js).
    """
    row, near_rows = marked(run, selection.word)
    given = {
        "selected": None if row is None else row,
        "near": f"ev.near(run.space, {selection.word!r}).rows" if len(near_rows) else None,
        "color": _color(projection, run, selection),
        "shown": _shown(selection),
        "theme": None if theme == "light" else repr(theme),
    }
    lines = "".join(f"    {name}={value},\n" for name, value in given.items() if value is not None)
    imports = "".join(f"{line}\n" for name, line in _IMPORTS.items() if re.search(rf"(?<![.\w]){name}[.(]", lines))
    return (
        f"{imports}import embviz as ev\n\n"
        f"run = ev.open_run({str(run.path.resolve())!r})\n"
        f"projection = {_projection(projection)}\n"
        f"{_lacking(selection)}"
        f"ev.figure(\n    projection,\n{lines}    view=None,\n)\n"
    )


def _lacking(selection: Selection) -> str:
    """A comment on what the explorer shows and a figure does not."""
    return "# Pinned words are shown in the explorer only.\n" if pinned(selection) else ""


_IMPORTS = {
    "np": "import numpy as np",
    "cosines": "from embviz.search import cosines",
    "matches": "from embviz.similarity import matches",
    "vector": "from embviz.similarity import vector",
}


def _projection(projection: Projection) -> str:
    words = projection.params["words"]
    if projection.method == "axes":
        return f"run.axes_map({', '.join(map(repr, projection.params['axes']))}, words={words})"
    return f"run.projection({projection.method!r}, words={words})"


def _color(projection: Projection, run: Run, selection: Selection) -> str | None:
    n, by = len(projection.coords), color(run, projection, selection)
    if (name := name_of(by)) is not None:
        return f"run.column({name!r}).shades()"
    return {
        "cluster": "run.clusters().labels",
        "kept": f"run.faithfulness({projection.method!r}, words={projection.params['words']}).kept",
        "rank": f"1 - np.log1p(np.arange({n})) / np.log1p({n})",
        "similarity": f"cosines(run.space, vector(run.space, {selection.word!r}))",
    }.get(by)


def _shown(selection: Selection) -> str | None:
    """Which words are shown; None where all are."""
    asked = given(selection)
    parts = []
    if "pattern" in asked:
        parts.append(f"matches(run.space, {asked['pattern']!r})")
    if "column" in asked:
        least, most = bound(asked.get("least")), bound(asked.get("most"))
        bounds = {"among": many(asked.get("among")) or None, "least": least, "most": most}
        told = ", ".join(f"{name}={value!r}" for name, value in bounds.items() if value is not None)
        parts.append(f"run.column({asked['column']!r}).matches({told})")
    return " & ".join(parts) or None
