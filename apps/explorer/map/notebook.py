"""The view as lines for a notebook: the same map, word, colours and filter; where one looks is put in by the page."""

from __future__ import annotations

from embviz.apps.explorer.map import filters
from embviz.apps.explorer.map.colors import color
from embviz.apps.explorer.map.columns import name_of
from embviz.apps.explorer.map.pins import pinned
from embviz.apps.explorer.map.sheet import marked
from embviz.apps.explorer.selection import Selection
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
        "shown": f"matches(run.space, {selection.pattern!r})" if selection.pattern else None,
        "theme": None if theme == "light" else repr(theme),
    }
    lines = "".join(f"    {name}={value},\n" for name, value in given.items() if value is not None)
    imports = "".join(f"{line}\n" for name, line in _IMPORTS.items() if f"{name}." in lines or f"{name}(" in lines)
    return (
        f"{imports}import embviz as ev\n\n"
        f"run = ev.open_run({str(run.path.resolve())!r})\n"
        f"projection = {_projection(projection)}\n"
        f"{_lacking(selection)}"
        f"ev.figure(\n    projection,\n{lines}    view=None,\n)\n"
    )


def _lacking(selection: Selection) -> str:
    """A comment on what the explorer shows and a figure does not."""
    lacks = {
        "colours by a column": name_of(selection.color) is not None,
        "a filter by a column": "column" in filters.given(selection),
        "pinned words": bool(pinned(selection)),
    }
    named = ", ".join(name for name, there in lacks.items() if there)
    return f"# A figure has not, as the explorer has: {named}.\n" if named else ""


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
    n = len(projection.coords)
    return {
        "cluster": "run.clusters().labels",
        "kept": f"run.faithfulness({projection.method!r}, words={projection.params['words']}).kept",
        "rank": f"1 - np.log1p(np.arange({n})) / np.log1p({n})",
        "similarity": f"cosines(run.space, vector(run.space, {selection.word!r}))",
    }.get(color(run, projection, selection))
