"""The map view around what is computed: points that move, cancelling, damaged maps, maps that were given, axes."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pages import PAGE, fetch, said

from embviz.apps.explorer import create_app
from embviz.apps.explorer.frame import asked_for
from embviz.apps.explorer.jobs import Jobs
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.map.details import details, given_maps
from embviz.apps.explorer.map.events import settled, taken
from embviz.apps.explorer.map.picture import picture
from embviz.apps.explorer.selection import Selection
from embviz.figures.projection import POINTS


@pytest.mark.parametrize("dims", [2, 3])
def test_points_are_told_while_they_move_and_nothing_is_left_when_cancelled(
    library: Library, strange_runs: Path, dims: int
) -> None:
    jobs, client = Jobs(), create_app(strange_runs)
    selection = Selection(run="strange", method="tsne", dims=dims, words=29)
    page = replace(PAGE, drawn={"spec": {"run": "strange"}})
    deadline, live = time.monotonic() + 60, None
    picture(library, jobs, selection, "look", page)
    while live is None and time.monotonic() < deadline:
        state = picture(library, jobs, selection, "tick", page)
        live = state["live"] or None
        assert state["idle"] is False and state["about"] == [] and state["spec"] is None
    assert live is not None and (live["solid"] is None) == (dims == 2)
    answer = client.server.test_client().get(live["url"])
    places = np.frombuffer(answer.data, "<u2")
    assert answer.status_code == 204 or (len(places) == 2 * 29 and places.max() > 40_000)
    assert "no-store" in answer.headers["Cache-Control"]
    path = library.open("strange").projection_path("tsne", dims, 29)
    stopped = picture(library, jobs, selection, "cancel", page)
    assert stopped["about"] == [] and stopped["spec"] is stopped["drawn"] is None and stopped["live"] == {}
    assert not list(path.parent.glob("*live*"))
    late = picture(library, jobs, selection, "tick", page)  # it was under way when somebody cancelled
    assert late["idle"] is True and late["again"] == {}
    assert client.server.test_client().get(live["url"]).status_code == 204


def test_a_damaged_map_is_computed_again_and_no_path_is_shown(library: Library) -> None:
    run, selection, jobs = library.open("strange"), Selection(run="strange", method="tsne", words=28), Jobs()
    for method in ("pca", "tsne"):
        whole, path = run.projection(method, 2, 28), run.projection_path(method, 2, 28)
        path.write_bytes(path.read_bytes()[:-9])
        state = picture(library, jobs, selection.but(method=method), "look", PAGE)
        assert state["message"] is None and str(run.path) not in said(state["about"])
        if method == "pca":
            np.testing.assert_array_equal(run.projection(method, 2, 28).coords, whole.coords)
        else:  # which takes long: a job computes it
            assert state["idle"] is False and state["progress"] == {} and not path.is_file()
    jobs.stop_all()


def test_a_map_that_was_given_is_a_method_to_choose(library: Library, tmp_path: Path) -> None:
    run, client = library.open("strange"), create_app(library.folder).server.test_client()
    assert given_maps(library, Selection(run="strange"), "en") == ([], None, {"display": "none"})
    places = np.random.default_rng(1).normal(size=(40, 2))
    try:
        for name, dims in (("=mine.npy", 2), ("solid.npy", 3)):
            np.save(tmp_path / name, np.hstack([places, places])[:, :dims])
            run.map_from(tmp_path / name)
            run.faithfulness(f"file:{name}", dims)
        run.projection("pca")
        made = run.map_onto(run, "pca")
        run.faithfulness(made.method)
        choices, value, style = given_maps(library, Selection(run="strange", method="file:=mine.npy"), "en")
        assert value == "2 file:=mine.npy" and style == {}
        assert [choice["label"] for choice in choices] == ["=mine.npy", "solid.npy", "PCA of strange"]
        chosen_one = taken(Selection(run="strange", words=20), "3 file:solid.npy")
        assert (chosen_one.method, chosen_one.dims, chosen_one.words) == ("file:solid.npy", 3, None)
        assert len(picture(library, Jobs(), chosen_one, "look", PAGE)["figure"].data[POINTS].x) == 50
        state = picture(library, Jobs(), Selection(run="strange", method="file:=mine.npy"), "look", PAGE)
        assert "40 are where the file '=mine.npy' has them; 10 others are placed" in said(state["about"])
        assert "this map" in said(state["about"]) and "Computed in" in said(state["about"])
        assert len(fetch(client, state["spec"]["points"])) == 5 * 50
        onto = picture(library, Jobs(), Selection(run="strange", method="onto:strange:pca"), "look", PAGE)
        assert "50 keep the place that the map of 'strange' gives them" in said(onto["about"])
        gone = Selection(run="strange", method="file:gone.csv", word="word1")
        assert "keeps no such map" in said(picture(library, Jobs(), gone, "look", PAGE)["message"])
        assert details(library, gone, "en") and settled(library, gone).words is None
    finally:
        for kept in run.maps():
            if kept.method.startswith(("file:", "onto:")):
                kept.path.unlink()


def test_three_axes_in_space(library: Library) -> None:
    selection = Selection(run="strange", method="axes", across="word1 <-> word2", up="巴黎 <-> 日本", dims=3)
    state = picture(library, Jobs(), selection.but(through="word3 <-> word4"), "look", PAGE)
    scene = state["figure"].layout.scene
    assert [axis.title.text for axis in (scene.xaxis, scene.yaxis, scene.zaxis)] == [
        "word1 ↔ word2",
        "巴黎 ↔ 日本",
        "word3 ↔ word4",
    ]
    assert said(state["about"]).count("°") == 3
    assert "needs three" in said(picture(library, Jobs(), selection, "look", PAGE)["message"])


def test_a_click_counts_once_whatever_comes_between() -> None:
    clicks = {"cancel": None, "again": 0}
    assert asked_for(clicks, None, ticked=False) == "look"
    assert asked_for(clicks, None, ticked=True) == "tick"
    assert asked_for({"cancel": 1, "again": 0}, clicks, ticked=True) == "cancel"
    assert asked_for({"cancel": 1, "again": 0}, {"cancel": 1, "again": 0}, ticked=True) == "tick"
    assert asked_for({"cancel": 1, "again": 1}, {"cancel": 1, "again": 0}, ticked=False) == "again"
