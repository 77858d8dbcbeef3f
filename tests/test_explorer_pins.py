"""Pinned words: marked in colours of their own whatever is selected, and compared with each other."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import dash
import pytest
from pages import PAGE, said

import embviz as ev
from embviz.apps.explorer.jobs import Jobs
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.map.details import details
from embviz.apps.explorer.map.picture import picture
from embviz.apps.explorer.map.pins import MOST, chips
from embviz.apps.explorer.selection import Selection
from embviz.figures.theme import PALETTES, PINS
from embviz.similarity import cosine


def hrefs(component: Any) -> dict[str, str]:
    """Where each link leads, by what it says."""
    if isinstance(component, dash.html.A):
        return {said(component): component.href}
    parts = component if isinstance(component, list) else getattr(component, "children", None)
    return {k: v for part in (parts if isinstance(parts, list) else [parts]) if part for k, v in hrefs(part).items()}


def after(component: Any, link: str) -> Selection:
    return Selection.of("/map", hrefs(component)[link].partition("?")[2])


def test_words_are_pinned_and_let_go_by_links(library: Library) -> None:
    selection = Selection(run="strange", word="WORD1")
    one = after(details(library, selection, "en"), "Pin")
    assert one.pins == "word1", "as it stands in the run"
    assert after(details(library, selection.but(dims=3), "en"), "Pin") == one.but(dims=3)
    two = after(details(library, one.but(word="巴黎"), "en"), "Pin")
    assert two.pins == "word1\t巴黎" and two.word == "巴黎"
    assert Selection.of("/map", two.search) == two
    shown = chips(library, two.but(word="日本"), "en")
    assert after(shown, "word1").word == "word1" and after(shown, "×").pins == "word1"
    assert after(details(library, two, "en"), "Unpin").pins == "word1"
    assert chips(library, selection, "en") is None
    full = selection.but(pins="\t".join(f"word{i}" for i in range(2, 2 + MOST)))
    assert "Pin" not in hrefs(details(library, full, "en"))
    assert "Pin" not in hrefs(details(library, selection.but(word="word1 + word2"), "en"))


def test_the_map_is_told_of_pinned_words(library: Library) -> None:
    """In the order in which they were pinned; one that the run has not costs nothing, and keeps its colour."""
    selection = Selection(run="strange", word="word5", pins="word1\tnowhere\t<b>bold</b>\tword1")
    spec, space = picture(library, Jobs(), selection, "look", PAGE)["spec"], library.open("strange").space
    rows = [space.row(word) for word in ("word1", "<b>bold</b>")]
    assert [pin["row"] for pin in spec["pins"]] == rows
    assert [pin["color"] for pin in spec["pins"]] == [PINS["light"][0], PINS["light"][2]]
    assert [pin["near"] for pin in spec["pins"]] == [ev.near(space, space.word(row)).rows.tolist() for row in rows]
    assert {*rows, space.row("word5"), *spec["near"], *spec["pins"][0]["near"]} <= dict(spec["marked"]).keys()
    few = picture(library, Jobs(), selection.but(words=20), "look", PAGE)["spec"]
    assert len(few["pins"]) == 2 and all(row < 20 for pin in few["pins"] for row in pin["near"])
    assert "absent" in str(chips(library, selection, "en"))


def test_pinned_words_are_compared(library: Library) -> None:
    space = library.open("strange").space
    for word in ("word5", None, "nowhere"):
        shown = said(details(library, Selection(run="strange", word=word, pins="word1\tnowhere\t巴黎\t东京"), "en"))
        table = shown.partition("cosine of each two")[2]
        for one, other in (("word1", "巴黎"), ("word1", "东京"), ("巴黎", "东京")):
            assert f"{cosine(space, one, other):.2f}".replace("0.", ".") in table
        assert "nowhere" not in table
    assert "each two" not in said(details(library, Selection(run="strange", pins="word1\tnowhere"), "en"))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_their_colours_can_be_told_apart(theme: str) -> None:
    """From each other and from what else is marked, by far more than a just noticeable difference (CIE76: 2.3); and
    the words in them can be read (WCAG: 3 to 1 for large text).
    """
    palette = PALETTES[theme]
    for one, other in combinations((*PINS[theme], palette.accent, palette.near), 2):
        assert sum((a - b) ** 2 for a, b in zip(lab(one), lab(other), strict=True)) ** 0.5 > 15, (one, other)
    for color in PINS[theme]:
        light, dark = sorted((luminance(color), luminance(palette.paper)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) > 3, color


def linear(color: str) -> list[float]:
    values = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]


def luminance(color: str) -> float:
    r, g, b = linear(color)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def lab(color: str) -> tuple[float, float, float]:
    r, g, b = linear(color)
    x, z = (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505, (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, luminance(color), z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)
