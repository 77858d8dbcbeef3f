"""The view as lines for a notebook: the same map, word, colours and filter; where one looks is put in by the page."""

from __future__ import annotations

from embviz.apps.explorer.map.colors import color
from embviz.apps.explorer.map.sheet import marked
from embviz.apps.explorer.selection import Selection
from embviz.projection import Projection
from embviz.runs import Run


def as_python(projection: Projection, run: Run, selection: Selection, theme: str) -> str:
    """The lines that draw a map as a selection shows it. They end in view=None, in whose place the page puts what it
    shows (assets/explorer.js).
    """
    row, near_rows = marked(run, selection.word)
    only = f'pc.match_substring_regex(run.space.table["word"], {selection.pattern!r})'
    given = {
        "selected": None if row is None else row,
        "near": f"ev.near(run.space, {selection.word!r}).rows" if len(near_rows) else None,
        "color": _color(projection, run, selection),
        "shown": only if selection.pattern else None,
        "theme": None if theme == "light" else repr(theme),
    }
    lines = "".join(f"    {name}={value},\n" for name, value in given.items() if value is not None)
    imports = "".join(f"{line}\n" for name, line in _IMPORTS.items() if f"{name}." in lines or f"{name}(" in lines)
    return (
        f"{imports}import embviz as ev\n\n"
        f"run = ev.open_run({str(run.path.resolve())!r})\n"
        f"projection = {_projection(projection)}\n"
        f"ev.figure(\n    projection,\n{lines}    view=None,\n)\n"
    )


_IMPORTS = {
    "np": "import numpy as np",
    "pc": "import pyarrow.compute as pc",
    "cosines": "from embviz.search import cosines",
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
