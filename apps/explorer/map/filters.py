"""Which words of a map are shown: those that match a regular expression, and those of which a column says something."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from embviz.apps.explorer.map.columns import changed, column_of
from embviz.apps.explorer.selection import Selection, many
from embviz.errors import EmbvizError
from embviz.runs import Run
from embviz.similarity import matches

EVERY = "*"  # the choice of no column; no column is called so
FIELDS = ("pattern", "column", "among", "least", "most")
IN, OUT = "yes", "no"


def given(selection: Selection) -> dict[str, str]:
    """The fields of a selection that leave words out, as they stand in a URL; none where every word is shown."""
    fields = FIELDS if selection.column not in (None, "", EVERY) else ("pattern",)
    return {name: value for name in fields if (value := getattr(selection, name))}


def matching(run: Run, selection: Selection) -> np.ndarray | None:
    """(V,): which words are shown; None where every word is. Looked up once for all readers.

    Raises:
        EmbvizError: the pattern is no regular expression, there is no such column, or its bounds are no numbers.
    """
    asked = given(selection)
    return _matching(run, tuple(asked.items()), changed(run) if "column" in asked else 0) if asked else None


@lru_cache(maxsize=8)
def _matching(run: Run, asked: tuple[tuple[str, str], ...], changed: int) -> np.ndarray:
    fields = dict(asked)
    keep = np.ones(len(run.space), bool)
    if "pattern" in fields:
        keep &= matches(run.space, fields["pattern"])
    if "column" in fields:
        keep &= _said(run, fields)
    return keep


def _said(run: Run, fields: dict[str, str]) -> np.ndarray:
    """(V,): the words of which a column says one of some values, or a number within bounds; or anything, if no values
    and bounds are named; of a list, the words that are in it.
    """
    column, among = column_of(run, fields["column"]), many(fields.get("among"))
    values = column.values
    if column.kind == "list":
        wanted = {value == IN for value in among} or {True}
        found = pc.is_in(values, pa.array(sorted(wanted)))
    elif column.kind == "category" and among:
        found = pc.is_in(values.cast(pa.string()), pa.array(among, pa.string()))
    else:
        found = values.is_valid()
        if column.kind == "number":
            found = pc.and_(found, pc.greater_equal(values, _bound(fields.get("least"), -np.inf)))
            found = pc.and_(found, pc.less_equal(values, _bound(fields.get("most"), np.inf)))
    return found.fill_null(False).to_numpy(zero_copy_only=False)


def _bound(text: str | None, default: float) -> float:
    if not text:
        return default
    try:
        number = float(text.replace(",", ""))
    except ValueError:
        number = np.nan
    if np.isnan(number):
        raise EmbvizError("'{text}' is no number. Write one like 0.5 or 1000, or leave the field empty.",
                          text=text[:60])  # fmt: skip
    return number
