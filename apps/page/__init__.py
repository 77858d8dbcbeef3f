"""Page: a flat map as one HTML file that works alone: it zooms, searches, and shows true neighbours, without a server.

The map is drawn by the explorer's own scripts; the numbers and the words lie in the file.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from dash.development.base_component import Component

from embviz.apps.explorer.interface import text
from embviz.apps.explorer.map import colors, filters
from embviz.apps.explorer.map.about import legend
from embviz.apps.explorer.selection import Selection
from embviz.figures.theme import PALETTES
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


def page(
    run: Run,
    projection: Projection,
    theme: str = "light",
    report: Report = silent,
    seen: Selection | None = None,
    language: str = "en",
) -> str:
    """The HTML of a map in 2 dimensions, of its 50,000 most frequent words at most.

    Args:
        run: whose map it is.
        projection: the map.
        theme: "light" or "dark".
        report: told the progress; the true neighbours are searched among the words of the page.
        seen: the colours, the filter and the selected word; by default the clusters, where the run keeps them.
        language: "en" or "zh".
    """
    seen = seen or Selection(color="cluster")
    shown = projection.first(MOST)
    words = shown.words
    sheet = shown.sheet or Sheet.of(shown.coords, run.space.first(MOST).column)
    k = min(_K, len(words) - 1)
    units = unit_vectors(run.space, len(words))
    rows, cosines = neighbor_rows(units, k, lambda share: report("searching neighbours", share, ""))
    given = {
        "title": text("page_title", language, run=run.name, n=len(words), method=projection.method),
        "says": {name: text(f"page_{name}", language, n=len(words)) for name in ("near", "nothing")},
        "spec": _spec(run, replace(projection, sheet=sheet), seen, theme),
        "selected": _selected(run, seen.word, len(words)),
        "words": list(words),
        "near": _bytes(rows.astype("<u4")),
        "cosines": _bytes(np.rint(np.clip(cosines, 0, 1) * 65_535).astype("<u2")),
        "k": k,
    }
    assets = _HERE.parent / "explorer" / "assets"
    scripts = "\n".join((assets / name).read_text(encoding="utf-8") for name in _SCRIPTS)
    filled = {"SCRIPTS": scripts, "DATA": _json(given), **_colors(theme), **_said(language)}
    filled["LEGEND"] = _html(_legend(run, projection, seen, theme, language, len(words)))
    whole = (_HERE / "page.html").read_text(encoding="utf-8")
    return re.sub(r"%([A-Z]+)%", lambda name: filled[name[1]], whole)  # at once: what is filled in may look like a name


def _legend(run: Run, projection: Projection, seen: Selection, theme: str, language: str, n: int) -> Any:
    """What the explorer says of the colours of the first n words; the names of clusters are on the map itself."""
    left = filters.matching(run, seen)
    rows = np.arange(n) if left is None else np.flatnonzero(left[:n])
    return legend(run, rows, colors.color(run, projection, seen), theme, language)


def _html(part: Any) -> str:
    """A component of the explorer as HTML, with its classes and styles; all words in it are text."""
    if isinstance(part, list | tuple):
        return "".join(map(_html, part))
    if not isinstance(part, Component):
        return "" if part is None else escape(str(part))
    style = "; ".join(f"{name}: {value}" for name, value in getattr(part, "style", {}).items())
    given = {"class": getattr(part, "className", ""), "style": style}
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in given.items() if value)
    tag = type(part).__name__.lower()
    return f"<{tag}{attributes}>{_html(getattr(part, 'children', None))}</{tag}>"


def _said(language: str) -> dict[str, str]:
    told = {"LANGUAGE": language, "FIND": text("find", language), "SAVE": text("page_save", language)}
    return {name: escape(value) for name, value in {**told, "SHEET": text("sheet", language)}.items()}


def _selected(run: Run, word: str | None, n: int) -> int | None:
    """The row of the word that is selected at first, if the page has it."""
    row = run.space.row(word) if word else None
    return row if row is not None and row < n else None


def _painted(run: Run, projection: Projection, seen: Selection, theme: str, n: int) -> dict[str, Any]:
    """What the colours are, with the bytes of the first n words in place of an address."""
    told = colors.told(run, projection, seen, {}, theme)
    if told["url"] is None:
        return told
    shades = np.frombuffer(colors.paint(run, projection, colors.color(run, projection, seen), seen), np.uint8)
    return {**told, "url": _url(shades.reshape(-1, len(projection.coords))[:, :n])}


def _spec(run: Run, projection: Projection, seen: Selection, theme: str) -> dict[str, Any]:
    """What the explorer's map is told, with data in place of addresses."""
    palette, sheet = PALETTES[theme], projection.sheet
    assert sheet is not None
    n = len(sheet.places)
    body = b"".join([np.ascontiguousarray(sheet.places.T, "<u2").tobytes(), sheet.levels.tobytes()])
    return {
        "points": f"data:application/octet-stream;base64,{b64encode(body).decode()}",
        "words": "",
        "file": run.name,
        "colors": _painted(run, projection, seen, theme, n),
        "regions": colors.named(run, projection, seen),
        "axes": [[pole.strip() for pole in axis.split("<->")] for axis in projection.params.get("axes", ())],
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
