"""What there is to choose from once a run is open: its columns as colours and as filters, and what one of them says."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from embviz.apps.explorer.interface import text
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.map.colors import COLORS
from embviz.apps.explorer.map.columns import PREFIX, column_of, has, number
from embviz.apps.explorer.map.filters import EVERY, IN, OUT
from embviz.apps.explorer.selection import Selection
from embviz.columns import Column
from embviz.errors import EmbvizError

HIDDEN = {"display": "none"}
SHOWN: dict[str, str] = {}


def choices(library: Library, selection: Selection, language: str) -> dict[str, Any]:
    """The data of the controls of a map's colours and columns, and which of them are shown."""
    names: list[str] = []
    column = None
    with suppress(EmbvizError):  # the picture says it
        run = library.open(selection.run)
        names = run.column_names
        column = column_of(run, selection.column or "") if has(run, selection.column) else None
    kind = column.kind if column else None
    low, high = map(number, column.bounds) if column and kind == "number" else ("", "")
    return {
        "colors": [{"value": by, "label": text(f"color_{by}", language)} for by in COLORS]
        + [{"value": PREFIX + name, "label": name} for name in names],
        "columns": [{"value": EVERY, "label": text("every_word", language)}]
        + [{"value": name, "label": name} for name in names],
        "column_style": SHOWN if names else HIDDEN,
        "among": _among(column, language) if column else [],
        "among_style": SHOWN if kind in ("category", "list") else HIDDEN,
        "range_style": SHOWN if kind == "number" else HIDDEN,
        "least": low,
        "most": high,
    }


def _among(column: Column, language: str) -> list[dict[str, str]]:
    if column.kind == "list":
        return [{"value": IN, "label": text("in_list", language)}, {"value": OUT, "label": text("not_in", language)}]
    return [{"value": name, "label": name} for name in column.categories] if column.kind == "category" else []
