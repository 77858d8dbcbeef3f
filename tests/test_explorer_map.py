"""The map view without a browser: what the page is told, what it fetches, and what the map says of itself."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import dash
import numpy as np
import plotly.graph_objects as go
import pyarrow as pa
import pyarrow.parquet
import pytest
from pages import PAGE, fetch, said

import embviz as ev
from embviz.apps.explorer import create_app
from embviz.apps.explorer.jobs import Job, Jobs
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.map.chosen import chosen, listed
from embviz.apps.explorer.map.details import completions, details, sizes, tooltip
from embviz.apps.explorer.map.events import entered, picked, pointed, settled
from embviz.apps.explorer.map.picture import HIDDEN, picture
from embviz.apps.explorer.map.shape import inside
from embviz.apps.explorer.selection import Selection
from embviz.figures.projection import NEAR, POINTS, SELECTED
from embviz.projection.sheet import LEVELS


def test_a_flat_map_is_told_by_addresses_and_marks(library: Library) -> None:
    """Another word or colour never changes where the places come from, so they are sent once."""
    first = picture(library, Jobs(), Selection(run="strange", word="巴黎"), "look", PAGE)
    space, spec = library.open("strange").space, first["spec"]
    assert first["progress"] == HIDDEN and first["dims"] == "2" and first["figure"] is dash.no_update
    assert spec["selected"] == space.row("巴黎")
    assert spec["near"] == ev.near(space, "巴黎").rows.tolist()
    assert dict(spec["marked"]) == {row: space.word(row) for row in [spec["selected"], *spec["near"]]}
    assert spec["colors"] == {"url": None, "kind": "set", "stops": ["#5b7fb4"]}
    other = picture(library, Jobs(), Selection(run="strange", word="日本", color="similarity"), "look", PAGE)["spec"]
    assert other["points"] == spec["points"] and other["colors"]["url"] != spec["colors"]["url"]
    lost = picture(library, Jobs(), Selection(run="strange", word="nowhere", color="similarity"), "look", PAGE)["spec"]
    assert (lost["selected"], lost["near"], lost["colors"]["url"]) == (None, [], None)


def test_an_expression_marks_its_neighbours_and_no_point(library: Library) -> None:
    spec = picture(library, Jobs(), Selection(run="strange", word="巴黎 - 法国 + 日本"), "look", PAGE)["spec"]
    assert spec["selected"] is None and spec["near"][0] == library.open("strange").space.row("东京")


def test_neighbours_that_are_not_on_the_map_are_not_marked(library: Library) -> None:
    spec = picture(library, Jobs(), Selection(run="strange", word="word39", words=20), "look", PAGE)["spec"]
    assert spec["selected"] is None and spec["near"] and max(spec["near"]) < 20


def test_a_map_in_space_is_drawn_once_and_then_only_its_marks_are_sent(library: Library) -> None:
    jobs, selection = Jobs(), Selection(run="strange", word="巴黎", dims=3)
    first = picture(library, jobs, selection, "look", PAGE)
    assert isinstance(first["figure"], go.Figure)
    assert len(first["figure"].data[POINTS].x) == 50
    again = picture(library, jobs, selection, "look", replace(PAGE, drawn=first["drawn"]))
    assert again["figure"] is dash.no_update
    moved = picture(library, jobs, selection.but(word="日本"), "look", replace(PAGE, drawn=first["drawn"]))
    assert isinstance(moved["figure"], dash.Patch)
    touched = {tuple(change["location"]) for change in moved["figure"].to_plotly_json()["operations"]}
    assert ("data", POINTS) not in touched
    assert {("data", NEAR), ("data", SELECTED)} <= touched


def test_a_map_says_how_true_it_is(library: Library) -> None:
    run = library.open("strange")
    shown = said(picture(library, Jobs(), Selection(run="strange"), "look", PAGE)["about"])
    true = run.faithfulness("pca")
    for name, measures in (("this map", true.map), ("PCA", true.pca), ("random", true.random)):
        numbers = f"{measures.preservation[1]:.0%} {measures.trustworthiness[1]:.2f} {measures.continuity[1]:.2f}"
        assert f"{name} {numbers}" in shown
    assert true.ks[1] == 10 and "over all 50 words, exactly" in shown
    space = run.space
    near = [set(ev.near(space, space.word(row), 10).rows.tolist()) for row in range(50)]
    coords = run.projection("pca").coords
    apart = np.linalg.norm(coords[:, None] - coords[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    seen = [set(np.argsort(apart[row])[:10].tolist()) for row in range(50)]
    assert f"{len(near[14] & seen[14])} of 10 true" in said(
        details(library, Selection(run="strange", word=space.word(14)), "en")
    )


def test_a_map_that_is_being_measured_is_shown_already(library: Library) -> None:
    jobs, selection = Jobs(), Selection(run="strange", words=33, color="kept")
    first = picture(library, jobs, selection, "look", PAGE)
    assert first["spec"]["colors"]["url"] is None and first["idle"] is False
    assert "Measuring how true this map is" in said(first["about"])
    drawn, deadline, told = first["drawn"], time.monotonic() + 120, 0
    while (now := picture(library, jobs, selection, "look", replace(PAGE, drawn=drawn)))["idle"] is False:
        told += now["spec"] is not dash.no_update
        drawn = now["drawn"] if now["drawn"] is not dash.no_update else drawn
        assert told <= 1, "the map is told once more when it is measured, though clusters are still sought"
        assert time.monotonic() < deadline
        time.sleep(0.2)
    shown = now["spec"] if told == 0 else drawn["spec"]
    assert "by=kept" in shown["colors"]["url"] and "this map" in said(now["about"])


def test_a_job_that_leaves_nothing_says_why(library: Library) -> None:
    """As in a run that may only be read: the child ends well, and the map is not there."""
    run = library.open("strange")
    process = subprocess.Popen(["true"], stderr=subprocess.PIPE, text=True)
    job = Job(process, run.path / "projections" / "nothing.safetensors")
    job.listen()
    assert job.error == "'strange' may only be read, so nothing can be kept in it. Copy the run."


def test_a_map_of_a_handful_of_words_is_shown_unmeasured(tmp_path: Path) -> None:
    vectors = np.eye(5, dtype=np.float32)
    (tmp_path / "v.txt").write_text("\n".join(f"w{i} {' '.join(map(str, row))}" for i, row in enumerate(vectors)))
    ev.import_vectors(tmp_path / "v.txt", tmp_path / "runs" / "tiny")
    state = picture(Library(tmp_path / "runs"), Jobs(), Selection(run="tiny"), "look", PAGE)
    assert state["idle"] is True and state["spec"] is not None and "this map" not in said(state["about"])


def test_colours_by_neighbours_near_and_by_cluster(strange_runs: Path, library: Library) -> None:
    run, client = library.open("strange"), create_app(strange_runs).server.test_client()
    spec = picture(library, Jobs(), Selection(run="strange", color="kept"), "look", PAGE)["spec"]
    shades = np.frombuffer(fetch(client, spec["colors"]["url"]), np.uint8)
    np.testing.assert_array_equal(shades, np.rint(run.faithfulness("pca").kept * 253))
    spec = picture(library, Jobs(), Selection(run="strange", color="cluster"), "look", PAGE)["spec"]
    labels = np.frombuffer(fetch(client, spec["colors"]["url"]), np.uint8)
    np.testing.assert_array_equal(labels, run.clusters().labels)
    assert len(set(spec["colors"]["stops"])) == len(run.clusters())
    assert {region["name"] for region in spec["regions"]} == {" · ".join(name) for name in run.clusters().names}


def test_a_cluster_is_named_where_its_words_are_shown(library: Library) -> None:
    """In the middle of those that a filter leaves, and nowhere where it leaves none."""
    run, selection = library.open("strange"), Selection(run="strange", color="cluster", pattern="^word1|巴")
    run.clusters()
    shown = np.array([word.startswith("word1") or "巴" in word for word in run.space.words(range(len(run.space)))])
    found, places = run.clusters(), run.projection("pca").sheet.places / 65_536
    spec = picture(library, Jobs(), selection, "look", PAGE)["spec"]
    assert {region["color"] for region in spec["regions"]} == set(found.labels[shown]) < set(found.labels)
    for region in spec["regions"]:
        here = shown & (found.labels == region["color"])
        assert region["size"] == here.sum()
        np.testing.assert_allclose([region["x"], region["y"]], np.median(places[here], axis=0))
    unsound = picture(library, Jobs(), selection.but(pattern="("), "look", PAGE)
    assert "regular expression" in said(unsound["message"] or unsound["about"])


def test_a_pattern_leaves_words_out(strange_runs: Path, library: Library) -> None:
    client, space = create_app(strange_runs).server.test_client(), library.open("strange").space
    state = picture(library, Jobs(), Selection(run="strange", pattern="^word1|巴"), "look", PAGE)
    assert "12 of 50 words match." in said(state["about"])
    shades, levels = np.frombuffer(fetch(client, state["spec"]["colors"]["url"]), np.uint8).reshape(2, -1)
    assert [space.word(row) for row in np.flatnonzero(shades != 255)] == [
        "巴黎",
        "word1",
        *[f"word1{i}" for i in range(10)],
    ]
    alone = library.open("strange").projection("pca").sheet.levels
    assert (levels[shades == 255] == LEVELS).all()
    assert (levels <= alone)[shades != 255].all() and (levels < alone).any()  # room for what is left
    for color in ("rank", "cluster", "kept"):
        spec = picture(library, Jobs(), Selection(run="strange", pattern="巴", color=color), "look", PAGE)["spec"]
        assert (np.frombuffer(fetch(client, spec["colors"]["url"]), np.uint8)[:50] != 255).sum() == 1
    wrong = picture(library, Jobs(), Selection(run="strange", pattern="(word"), "look", PAGE)
    assert "'(word' is no regular expression" in said(wrong["message"]) and wrong["spec"] is None


SQUARE = [[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8]]


def test_a_shape_holds_the_words_inside_it(strange_runs: Path, library: Library) -> None:
    run, selection = library.open("strange"), Selection(run="strange")
    places = run.projection("pca").sheet.places / 65_536
    within = np.flatnonzero(((places > 0.2) & (places < 0.8)).all(axis=1))
    assert inside(run.projection("pca").sheet.places, SQUARE).tolist() == within.tolist()
    panel = chosen(library, selection, SQUARE, "en")
    assert f"{len(within)} words" in said(panel)
    assert said(listed(library, selection, SQUARE, "frequency", "en")).split() == said(run.space.words(within)).split()
    assert chosen(library, selection, None, "en") is None
    client = create_app(strange_runs).server.test_client()
    links = {said(link): link.href for link in panel[2].children[1:]}
    made = pa.parquet.read_table(io.BytesIO(fetch(client, links["Parquet"])))
    assert made["word"].to_pylist() == run.space.words(within)
    assert made["rank"].to_pylist() == (within + 1).tolist()
    np.testing.assert_array_equal(made["x"], run.projection("pca").coords[within, 0])
    np.testing.assert_array_equal(made["kept"], run.faithfulness("pca").kept[within])
    rows = list(csv.DictReader(io.StringIO(fetch(client, links["CSV"]).decode("utf-8-sig"))))
    words = ["'" + word if word.startswith(("=", "+", "-", "@")) else word for word in run.space.words(within)]
    assert [row["word"] for row in rows] == words


def test_a_concave_shape() -> None:
    places = np.array([[1, 1], [5, 1], [9, 1], [1, 8], [5, 8], [9, 8]], np.uint16)
    corners = [[0, 0], [10, 0], [10, 10], [5, 5], [0, 10]]  # a notch from above reaches the middle
    assert inside(places, [[x / 65_536, y / 65_536] for x, y in corners]).tolist() == [0, 1, 2, 3, 5]


def test_a_map_by_axes(strange_runs: Path, library: Library) -> None:
    selection = Selection(run="strange", method="axes", across="word1 <-> word2", up="巴黎 <-> 日本", word="word2")
    state = picture(library, Jobs(), selection, "look", PAGE)
    spec, space = state["spec"], library.open("strange").space
    assert spec["axes"] == [["word1", "word2"], ["巴黎", "日本"]]
    assert "The axes stand at" in said(state["about"]) and "this map" not in said(state["about"])
    body = fetch(create_app(strange_runs).server.test_client(), spec["points"])
    x, y = np.frombuffer(body, "<u2", 100).reshape(2, 50)
    assert x[space.row("word2")] > x[space.row("word1")] and y[space.row("日本")] > y[space.row("巴黎")]
    assert "true neighbours are near here" in said(details(library, selection, "en"))
    for axis, sentence in (
        ("word1", "has no <->"),
        ("word1 <-> wrod1", "Did you mean"),
        ("word1 <->", "without a word"),
    ):
        wrong = picture(library, Jobs(), selection.but(across=axis), "look", PAGE)
        assert sentence in said(wrong["message"]) and wrong["spec"] is None
    none = picture(library, Jobs(), Selection(run="strange", method="axes"), "look", PAGE)
    assert "needs two, such as man <-> woman" in said(none["message"])


def test_the_numbers_of_a_map_come_as_bytes(strange_runs: Path, library: Library) -> None:
    client, space = create_app(strange_runs).server.test_client(), library.open("strange").space
    spec = picture(library, Jobs(), Selection(run="strange", word="巴黎", color="similarity"), "look", PAGE)["spec"]
    sheet = library.open("strange").projection("pca").sheet
    body = fetch(client, spec["points"])
    assert len(body) == 5 * 50
    np.testing.assert_array_equal(np.frombuffer(body, "<u2", 100).reshape(2, 50).T, sheet.places)
    np.testing.assert_array_equal(np.frombuffer(body, np.uint8, offset=200), sheet.levels)
    assert json.loads(fetch(client, spec["words"] + "&rows=0,4,49")) == [space.word(row) for row in (0, 4, 49)]
    shades = np.frombuffer(fetch(client, spec["colors"]["url"]), np.uint8)
    assert shades[space.row("巴黎")] == 253 and len(shades) == 50
    assert shades[ev.near(space, "巴黎").rows[0]] == round(253 * float(ev.near(space, "巴黎").scores[0]))


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/sheet/nowhere/points?method=pca", 404),
        ("/sheet/broken/words?rows=0", 404),
        ("/sheet/strange/points?method=tsne&words=49", 404),
        ("/sheet/strange/points?method=mds", 404),
        ("/sheet/strange/words?rows=50", 400),
        ("/sheet/strange/words?rows=-1", 400),
        ("/sheet/strange/words?rows=x", 400),
        ("/sheet/strange/words", 400),
        ("/sheet/strange/table.csv?method=pca&shape=1,2;3", 400),
        ("/sheet/strange/table.csv?method=pca&shape=1,2;3,4;5,nan", 400),
        ("/sheet/strange/table.xls?method=pca", 404),
        ("/sheet/strange/colors?by=taste&method=pca", 400),
        ("/sheet/strange/colors?by=similarity&word=nowhere&method=pca", 400),
    ],
)
def test_an_address_that_makes_no_sense_is_refused(strange_runs: Path, address: str, status: int) -> None:
    answer = create_app(strange_runs).server.test_client().get(address)
    assert answer.status_code == status and "Traceback" not in answer.text
    assert answer.mimetype != "application/octet-stream"


def test_a_slow_projection_is_a_job_that_can_be_cancelled_and_asked_for_again(library: Library) -> None:
    jobs, selection = Jobs(), Selection(run="strange", method="tsne", words=30)
    waiting = picture(library, jobs, selection, "look", PAGE)
    assert waiting["idle"] is False and waiting["progress"] == {}
    stopped = picture(library, jobs, selection, "cancel", PAGE)
    assert stopped["idle"] is True and "cancelled" in said(stopped["message"]) and stopped["again"] == {}
    assert picture(library, jobs, selection, "again", PAGE)["idle"] is False
    deadline = time.monotonic() + 120  # a busy machine is slow, and no less right
    while picture(library, jobs, selection, "look", PAGE)["idle"] is False:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    done = picture(library, jobs, selection, "look", PAGE)
    assert "words=30" in done["spec"]["points"]
    assert "t-SNE" in said(done["about"]) and "this map" in said(done["about"])


def test_a_job_goes_on_for_the_other_reader_when_one_cancels(library: Library) -> None:
    jobs, selection = Jobs(), Selection(run="strange", method="tsne", words=31)
    run = library.open("strange")
    job = jobs.ask(run, "tsne", 2, 31, "one")
    assert job is not None and jobs.ask(run, "tsne", 2, 31, "other") is job
    picture(library, jobs, selection, "cancel", replace(PAGE, reader="one"))
    assert job.running
    picture(library, jobs, selection, "cancel", replace(PAGE, reader="other"))
    job.process.wait(10)
    assert not run.projection_path("tsne", 2, 31).exists()


@pytest.mark.parametrize(
    ("selection", "sentence"),
    [
        (Selection(run="nowhere"), "There is no run 'nowhere'"),
        (Selection(run="../strange"), "There is no run '../strange'"),
        (Selection(run="broken"), "damaged"),
        (Selection(run="strange", words=51), "A map of 51 words was asked for, and 'strange' has 50."),
        (Selection(run="strange", method="lda"), "'lda' is unknown"),
        (Selection(run="strange", dims=4), "2 or 3"),
    ],
)
def test_what_cannot_be_shown_is_one_sentence_in_place(library: Library, selection: Selection, sentence: str) -> None:
    state = picture(library, Jobs(), selection, "look", PAGE)
    assert sentence in said(state["message"])
    assert len(state["figure"].data) == 0 and state["spec"] is None


def test_details_of_a_word_walk_on_by_links(library: Library) -> None:
    selection = Selection(run="strange", word="巴黎 - 法国 + 日本")
    shown = details(library, selection, "zh")
    links = next(part for part in shown if getattr(part, "className", "") == "neighbors").children
    assert said(links[0]).split()[0] == "东京"
    assert Selection.of("/map", links[0].children.href.partition("?")[2]).word == "东京"
    assert "Did you mean" in said(details(library, Selection(run="strange", word="wrod1"), "en"))
    assert "Click a word" in said(details(library, Selection(run="strange"), "en"))
    assert "shows the first 20" in said(details(library, Selection(run="strange", word="word39", words=20), "en"))


def test_words_are_shown_as_they_are(library: Library) -> None:
    run = library.open("strange")
    card = said(tooltip(run, run.projection("pca"), 0, "en"))
    assert card.startswith("<img src=x onerror=alert(1)>") and "of 10 true neighbours are near here." in card
    figure = picture(library, Jobs(), Selection(run="strange", dims=3), "look", PAGE)["figure"]
    labels = " ".join(label.text for label in figure.layout.scene.annotations)
    assert "<" not in labels and "&lt;img src=x onerror=alert(1)&gt;" in labels


def test_the_search_box_completes_by_frequency_and_keeps_the_selected_word(library: Library) -> None:
    assert completions(library, Selection(run="strange", word="巴黎"), "word1") == [
        "word1", *[f"word1{i}" for i in range(10)], "巴黎",
    ]  # fmt: skip
    part_of = Selection(run="strange", word="巴黎 - 法国 + 日本")
    assert completions(library, part_of, "法国 + 日本 ") == ["法国 + 日本", part_of.word]
    assert completions(library, part_of, "法国 + nowhere") == [part_of.word]
    assert completions(library, Selection(run="nowhere"), "x") == []
    assert sizes(library, Selection(run="strange"), "en") == [{"value": "50", "label": "all 50"}]


def test_events_of_the_map(library: Library) -> None:
    selection = Selection(run="strange")
    box = {"x0": 1, "x1": 2, "y0": 3, "y1": 4}
    point = {"points": [{"curveNumber": 0, "pointNumber": 4, "bbox": box}]}
    assert settled(library, selection).words == 50
    assert entered(library, selection, "WORD3").word == "word3"
    assert entered(library, selection, "巴黎 - 法国").word == "巴黎 - 法国"
    assert entered(library, selection, " ") == selection
    assert picked(library, selection, 4).word == "巴黎"
    assert pointed({"row": 7, "bbox": box}, point, 2) == (7, box)
    assert pointed(None, point, 2) == pointed(None, None, 3) == (None, None)
    assert pointed({"row": 7, "bbox": box}, point, 3) == (4, box)
    assert pointed(None, {"points": [{**point["points"][0], "curveNumber": 2}]}, 3) == (None, None)


def test_an_empty_folder_says_what_to_do(tmp_path: Path) -> None:
    state = picture(Library(tmp_path), Jobs(), Selection(), "look", PAGE)
    assert "embviz train word2vec wikipedia" in said(state["message"])
    client = create_app(tmp_path).server.test_client()
    assert client.get("/").status_code == 302
