"""Which words of a map are shown: those that match a regular expression, and those of which a column says something."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np

from embviz.apps.explorer.map.columns import changed, column_of
from embviz.apps.explorer.selection import Selection, many
from embviz.errors import EmbvizError
from embviz.runs import Run
from embviz.similarity import matches

EVERY = "*"  # the choice of no column; no column is called so
FIELDS = ("pattern", "column", "among", "least", "most")
IN, OUT = "yes", "no"
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")  # the commas of 1,000, but not that of 0,5


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
        least, most = bound(fields.get("least")), bound(fields.get("most"))
        keep &= column_of(run, fields["column"]).matches(many(fields.get("among")), least, most)
    return keep


def bound(text: str | None) -> float | None:
    """The number that somebody typed; None where nothing was.

    Raises:
        EmbvizError: it is none.
    """
    try:
        number = float(_THOUSANDS.sub("", text)) if text else None
    except ValueError:
        number = np.nan
    if number is not None and not np.isfinite(number):
        raise EmbvizError("'{text}' is no number. Write one like 0.5 or 1000, or leave the field empty.",
                          text=(text or "")[:60])  # fmt: skip
    return number
