"""The map in space without a browser: what is sent when something changes, colours, filters, and what is taken away."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import Any

import dash
import numpy as np
import plotly.graph_objects as go
import pytest
from pages import PAGE, fetch, said

from embviz.apps.explorer import create_app
from embviz.apps.explorer.jobs import Jobs
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.map.colors import paint
from embviz.apps.explorer.map.events import pointed
from embviz.apps.explorer.map.picture import picture
from embviz.apps.explorer.map.sheet import shown_of
from embviz.apps.explorer.map.table import links
from embviz.apps.explorer.selection import Selection
from embviz.figures.projection import LABELS, PINNED, POINTS, SUMS
from embviz.figures.theme import PALETTES, hues

SOLID = Selection(run="strange", word="巴黎", dims=3)


def look(library: Library, selection: Selection, before: dict[str, Any] | None = None) -> dict[str, Any]:
    """What the page is sent that shows what it was sent before; as JSON would leave it."""
    drawn = json.loads(json.dumps(before["drawn"])) if before else None
    return picture(library, Jobs(), selection, "look", replace(PAGE, drawn=drawn))


def touched(patch: Any) -> set[str]:
    """Which parts of a figure a patch changes."""
    assert isinstance(patch, dash.Patch)
    return {"/".join(map(str, change["location"])) for change in patch.to_plotly_json()["operations"]}


MARKS = {f"data/{place}" for place in range(POINTS + 1, LABELS)} | {"layout/scene/annotations"}


def test_only_what_changed_is_sent(library: Library) -> None:
    first = look(library, SOLID)
    assert look(library, SOLID, first)["figure"] is dash.no_update
    assert touched(look(library, SOLID.but(word="日本"), first)["figure"]) == MARKS
    assert touched(look(library, SOLID.but(pins="word1"), first)["figure"]) == MARKS
    trail = look(library, SOLID.but(word="巴黎 - 法国 + 日本"), first)
    assert touched(trail["figure"]) == MARKS | {"layout/scene/camera"}
    pinned = look(library, SOLID.but(word="巴黎 - 法国 + 日本", pins="word1"), trail)
    assert touched(pinned["figure"]) == MARKS, "the reader may have turned it since"
    assert touched(look(library, SOLID.but(color="rank"), first)["figure"]) == MARKS | {"data/0/marker/color"}
    similar = look(library, SOLID.but(color="similarity"), first)
    other = look(library, SOLID.but(color="similarity", word="日本"), similar)["figure"]
    assert touched(other) == MARKS | {"data/0/marker/color"}
    for selection in (SOLID.but(pattern="word"), SOLID.but(method="axes", across="word1 <-> word2", up="巴黎 <-> 日本",
                                                            through="word3 <-> word4")):  # fmt: skip
        assert isinstance(look(library, selection, first)["figure"], go.Figure)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("by", ["rank", "kept", "similarity", "cluster"])
def test_the_colours_are_those_of_the_flat_map(library: Library, by: str, theme: str) -> None:
    run, selection = library.open("strange"), SOLID.but(color=by)
    run.projection("pca", dims=3), run.faithfulness("pca", 3)
    state = picture(library, Jobs(), selection, "look", replace(PAGE, theme=theme))
    colors = state["figure"].data[POINTS].marker.color
    places = np.frombuffer(paint(run, shown_of(run, selection), by, selection), np.uint8)
    assert len(set(zip(colors, places, strict=True))) == len(set(places)) > 3
    if by == "cluster":
        assert colors[0] == hues(len(run.clusters()), theme)[places[0]]
        names = {note.text for note in state["figure"].layout.scene.annotations}
        assert names & {" · ".join(name) for name in run.clusters().names}
    else:
        assert "ramp" in str(state["about"])
        assert all(
            color == PALETTES[theme].scale[-1] for color, place in zip(colors, places, strict=True) if place == 253
        )


def test_a_filter_leaves_words_out_and_a_click_still_means_the_right_one(library: Library) -> None:
    space = library.open("strange").space
    state = look(library, SOLID.but(pattern="^word1|巴"))
    assert "12 of 50 words match." in said(state["about"])
    points = state["figure"].data[POINTS]
    assert [space.word(row) for row in points.customdata] == ["巴黎", "word1", *[f"word1{i}" for i in range(10)]]
    under = {"curveNumber": 0, "pointNumber": 1, "bbox": {}}
    assert pointed(None, {"points": [{**under, "customdata": space.row("word1")}]}, 3)[0] == space.row("word1")
    wrong = look(library, SOLID.but(pattern="(word"), state)
    assert "'(word' is no regular expression" in said(wrong["message"]) and wrong["figure"] is dash.no_update


def test_pins_and_a_trail_are_in_the_first_figure(library: Library) -> None:
    state = look(library, SOLID.but(word="巴黎 - 法国 + 日本", pins="nowhere\tword1"))
    data = state["figure"].data
    assert [len(data[place].x) for place in (PINNED[0], PINNED[1], SUMS)] == [0, 31, 3]


def test_the_table_of_a_map_in_space_has_three_coordinates(library: Library) -> None:
    run, client = library.open("strange"), create_app(library.folder).server.test_client()
    projection = run.projection("pca", dims=3)
    there = dict(links(run, projection, SOLID.but(pattern="^word")))
    assert set(there) == {"CSV", "Parquet"}, "the page without a server shows flat maps"
    rows = list(csv.DictReader(io.StringIO(fetch(client, there["CSV"]).decode("utf-8-sig"))))
    assert [row["word"] for row in rows] == [f"word{i}" for i in range(40)]
    assert float(rows[0]["z"]) == pytest.approx(float(projection.coords[10, 2]))
    for address in ("points", "colors", "page.html"):
        flat = client.get(f"/sheet/strange/{address}?method=pca&words=50&dims=3&by=one")
        assert flat.status_code == 200, "what draws a flat map is of a flat map"
