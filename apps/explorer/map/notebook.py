"""The view as lines for a notebook: the same map, word, pins, trail, colours and filter; where one looks is put in by
the page.
"""

from __future__ import annotations

import re

from embviz.apps.explorer.map.colors import color
from embviz.apps.explorer.map.columns import name_of
from embviz.apps.explorer.map.filters import bound, given
from embviz.apps.explorer.map.pins import pinned, pins_of
from embviz.apps.explorer.map.sheet import marked
from embviz.apps.explorer.map.trail import trail
from embviz.apps.explorer.selection import Selection, many
from embviz.projection import Projection
from embviz.runs import Run


def as_python(projection: Projection, run: Run, selection: Selection, theme: str) -> str:
    """The lines that draw a map as a selection shows it. They end in view=None, on a map in space in camera=None, in
    whose place the page puts what it shows (assets/explorer.js).
    """
    row, near_rows = marked(run, selection.word)
    given = {
        "selected": None if row is None else row,
        "near": f"ev.near(run.space, {selection.word!r}).rows" if len(near_rows) else None,
        "color": _color(projection, run, selection),
        "shown": _shown(selection),
        "pins": _pins(run, selection),
        "trail": f"trail(run.space, projection, {selection.word!r})"
        if trail(run, projection, selection.word)
        else None,
        "theme": None if theme == "light" else repr(theme),
    }
    lines = "".join(f"    {name}={value},\n" for name, value in given.items() if value is not None)
    imports = "".join(f"{line}\n" for name, line in _IMPORTS.items() if re.search(rf"(?<![.\w]){name}[.(]", lines))
    return (
        f"{imports}import embviz as ev\n\n"
        f"run = ev.open_run({str(run.path.resolve())!r})\n"
        f"projection = {_projection(projection)}\n"
        f"ev.figure(\n    projection,\n{lines}{_END[projection.dims]}"
    )


def _pins(run: Run, selection: Selection) -> str | None:
    """The pinned words; one that the run has not leaves its colour free, one without a direction has no neighbours."""
    found = zip(pinned(selection), pins_of(run, selection), strict=True)
    told = [f"({row}, ev.near(run.space, {word!r}).rows)" if near else f"({row}, ())" for word, (row, near) in found]
    return f"[{', '.join(told)}]" if told else None


_END = {2: "    view=None,\n)\n", 3: ").update_scenes(camera=None)\n"}


_IMPORTS = {
    "np": "import numpy as np",
    "cosines": "from embviz.search import cosines",
    "matches": "from embviz.similarity import matches",
    "vector": "from embviz.similarity import vector",
    "trail": "from embviz.trails import trail",
}


def _projection(projection: Projection) -> str:
    words, dims = projection.params["words"], "" if projection.dims == 2 else f"dims={projection.dims}, "
    if projection.method == "axes":
        return f"run.axes_map({', '.join(map(repr, projection.params['axes']))}, words={words})"
    part = f".first({len(projection.coords)})" if len(projection.coords) < words else ""
    return f"run.projection({projection.method!r}, {dims}words={words}){part}"


def _color(projection: Projection, run: Run, selection: Selection) -> str | None:
    n, by = len(projection.coords), color(run, projection, selection)
    if (name := name_of(by)) is not None:
        return f"run.column({name!r}).shades()"
    return {
        "cluster": "run.clusters().labels",
        "kept": f"run.faithfulness({projection.method!r}, {projection.dims}, {projection.params['words']}).kept",
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
