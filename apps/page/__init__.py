"""Page: a flat map as one HTML file that works alone: it zooms, searches, and shows true neighbours, without a server.

The map is drawn by the explorer's own scripts; the numbers and the words lie in the file.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from embviz.figures.theme import PALETTES, hues
from embviz.progress import Report, silent
from embviz.projection import Projection
from embviz.projection.sheet import Sheet
from embviz.runs import Run
from embviz.search import neighbor_rows, unit_vectors

MOST = 50_000  # words of a page
_K = 10
_HERE = Path(__file__).parent
_PARTS = ("camera", "labels", "marks", "trail", "pdf", "points", "save", "svg")
_SCRIPTS = (*(f"map-{part}.js" for part in _PARTS), "map.js")


def page(run: Run, projection: Projection, theme: str = "light", report: Report = silent) -> str:
    """The HTML of a map in 2 dimensions, of its 50,000 most frequent words at most.

    Args:
        run: whose map it is; where it keeps clusters they are the colours.
        projection: the map.
        theme: "light" or "dark".
        report: told the progress; the true neighbours are searched among the words of the page.
    """
    shown = projection.first(MOST)
    words = shown.words
    sheet = shown.sheet or Sheet.of(shown.coords, run.space.first(MOST).column)
    k = min(_K, len(words) - 1)
    units = unit_vectors(run.space, len(words))
    rows, cosines = neighbor_rows(units, k, lambda share: report("searching neighbours", share, ""))
    given = {
        "title": f"{run.name}: {len(words):,} words by {projection.method}",
        "spec": _spec(run, sheet, theme, projection.params.get("axes", ())),
        "words": list(words),
        "near": _bytes(rows.astype("<u4")),
        "cosines": _bytes(np.rint(np.clip(cosines, 0, 1) * 65_535).astype("<u2")),
        "k": k,
    }
    assets = _HERE.parent / "explorer" / "assets"
    scripts = "\n".join((assets / name).read_text(encoding="utf-8") for name in _SCRIPTS)
    text = (_HERE / "page.html").read_text(encoding="utf-8")
    for name, value in {"SCRIPTS": scripts, "DATA": _json(given), **_colors(theme)}.items():
        text = text.replace(f"%{name}%", value)
    return text


def _spec(run: Run, sheet: Sheet, theme: str, names: Sequence[str]) -> dict[str, Any]:
    """What the explorer's map is told, with data in place of addresses."""
    palette, n = PALETTES[theme], len(sheet.places)
    colors: dict[str, Any] = {"url": None, "kind": "set", "stops": [palette.point]}
    if run.clusters_path.is_file():
        found = run.clusters()
        labels = np.where(found.labels[:n] < 0, 254, found.labels[:n]).astype(np.uint8)
        colors = {"url": _url(labels), "kind": "set", "stops": hues(len(found), theme), "none": palette.quiet}
    body = b"".join([np.ascontiguousarray(sheet.places.T, "<u2").tobytes(), sheet.levels.tobytes()])
    return {
        "points": f"data:application/octet-stream;base64,{b64encode(body).decode()}",
        "words": "",
        "file": run.name,
        "colors": colors,
        "regions": [],
        "axes": [[pole.strip() for pole in axis.split("<->")] for axis in names],
        "selected": None,
        "near": [],
        "pins": [],
        "trail": None,
        "marked": [],
        "theme": {name: getattr(palette, name) for name in ("paper", "text", "quiet", "point", "accent", "near")},
    }


def _url(array: np.ndarray) -> str:
    return f"data:application/octet-stream;base64,{_bytes(array)}"


def _bytes(array: np.ndarray) -> str:
    return b64encode(np.ascontiguousarray(array).tobytes()).decode()


def _json(value: Any) -> str:
    """JSON that can stand in a script element: whatever a word holds, it cannot end it."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")


def _colors(theme: str) -> dict[str, str]:
    palette = PALETTES[theme]
    return {"PAPER": palette.paper, "TEXT": palette.text, "QUIET": palette.quiet, "LINE": palette.grid,
            "POINT": palette.point}  # fmt: skip
