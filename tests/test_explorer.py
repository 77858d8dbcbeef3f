"""The explorer without a browser: its URL, its texts, its states, and the functions that its callbacks call."""

from __future__ import annotations

import csv
import io
import json
import re
import string
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import dash
import numpy as np
import plotly.graph_objects as go
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

import embviz as ev
from embviz.apps.explorer import attention, create_app, home, interface, words
from embviz.apps.explorer.frame import changed_by, control_value, navigation, run_choices
from embviz.apps.explorer.jobs import Job, Jobs
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.map import entered, picked, pointed, settled
from embviz.apps.explorer.map.about import as_python
from embviz.apps.explorer.map.chosen import chosen
from embviz.apps.explorer.map.details import completions, details, sizes, tooltip
from embviz.apps.explorer.map.picture import HIDDEN, Page, picture
from embviz.apps.explorer.map.shape import inside
from embviz.apps.explorer.selection import VIEWS, Selection
from embviz.errors import EmbvizError
from embviz.figures.projection import NEAR, POINTS, SELECTED

PAGE = Page("reader", None, "light", "en")


@pytest.fixture
def library(strange_runs: Path) -> Library:
    return Library(strange_runs)


def said(component: Any) -> str:
    """All text of a component tree."""
    if isinstance(component, list | tuple):
        return " ".join(map(said, component))
    if isinstance(component, dash.development.base_component.Component):
        return said(getattr(component, "children", None))
    return "" if component is None else str(component)


texts = st.none() | st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(
    st.sampled_from(VIEWS),
    texts,
    texts,
    texts,
    st.integers(2, 3),
    st.none() | st.integers(1, 10**7),
    st.integers(0, 99),
)
def test_a_url_reproduces_the_selection(
    view: str, run: str | None, word: str | None, sentence: str | None, dims: int, n: int | None, head: int
) -> None:
    selection = Selection(view, run=run, word=word, sentence=sentence, dims=dims, words=n, head=head)
    path, _, search = selection.url.partition("?")
    assert Selection.of(path, "?" + search) == selection


@pytest.mark.parametrize("search", ["", "?", "?layer=x&head=-1&dims=", "?unknown=1", "?&&==", None])
def test_a_url_that_makes_no_sense_is_at_its_defaults(search: str | None) -> None:
    assert Selection.of("/nowhere", search) == Selection()


def test_controls_show_and_set_the_selection() -> None:
    selection = Selection(dims=3, word="king")
    assert control_value(selection, "dims") == "3"
    assert control_value(selection, "word") == "king"
    assert control_value(selection, "sentence") is None
    assert changed_by(selection, "dims", "2") == replace(selection, dims=2)
    assert changed_by(selection, "word", "queen") == replace(selection, word="queen")


def test_links_between_views_keep_the_selection() -> None:
    selection = Selection("words", run="a", word="king - man + woman", sentence="Hi & <b>")
    links = navigation(selection, "zh")
    assert [said(link) for link in links] == ["地图", "词语", "注意力"]
    path, _, search = links[2].href.partition("?")
    assert Selection.of(path, "?" + search) == replace(selection, view="attention")


def test_every_text_is_there_in_both_languages_with_the_same_values() -> None:
    for key, versions in interface._TEXT.items():
        assert len(versions) == len(interface.LANGUAGES), key
        names = [{name for _, name, _, _ in string.Formatter().parse(version) if name} for version in versions]
        assert names[0] == names[1], key


def test_every_translated_error_is_one_that_is_raised() -> None:
    root = Path(ev.__file__).parent
    source = " ".join(
        path.read_text(encoding="utf-8") for path in [*root.rglob("*.py"), *root.parent.glob("apps/**/*.py")]
    )
    joined = re.sub(r'"\s*\n\s*f?"', "", source.replace(interface.__doc__ or "", ""))
    for sentence, chinese in interface._ERRORS.items():
        assert joined.count(sentence) >= 2, f"nothing raises: {sentence}"
        names = {name for _, name, _, _ in string.Formatter().parse(sentence) if name}
        assert names == {name for _, name, _, _ in string.Formatter().parse(chinese) if name}


def test_an_error_is_explained_in_the_readers_language(library: Library) -> None:
    space = library.open("strange").space
    with pytest.raises(EmbvizError) as caught:
        ev.near(space, "wrod1")
    assert interface.explain(caught.value, "en").startswith(
        "'wrod1' is not in 'strange' (50 words). Did you mean: word1"
    )
    assert interface.explain(caught.value, "zh").startswith("“wrod1”不在“strange”中（共 50 个词）")


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


@pytest.mark.parametrize("word", [None, "巴黎", "巴黎 - 法国 + 日本", "nowhere"])
def test_the_lines_for_a_notebook_draw_the_same_map(library: Library, word: str | None) -> None:
    run, names = library.open("strange"), {}
    lines = as_python(run.projection("pca"), run, word).replace("\nev.figure(", "\nfigure = ev.figure(")
    exec(lines, names)
    figure = names["figure"]
    np.testing.assert_array_equal(figure.data[POINTS].x, run.projection("pca").coords[:, 0])
    assert len(figure.data[NEAR].x) == (10 if word and word != "nowhere" else 0)
    assert len(figure.data[SELECTED].x) == (1 if word == "巴黎" else 0)


def test_a_map_that_is_being_measured_is_shown_already(library: Library) -> None:
    jobs, selection = Jobs(), Selection(run="strange", words=33, color="kept")
    first = picture(library, jobs, selection, "look", PAGE)
    assert first["spec"]["colors"]["url"] is None and first["idle"] is False
    assert "Measuring how true this map is" in said(first["about"])
    drawn, deadline = first["drawn"], time.monotonic() + 60
    while (now := picture(library, jobs, selection, "look", replace(PAGE, drawn=drawn)))["idle"] is False:
        assert now["spec"] is dash.no_update, "the map is told once"
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert "by=kept" in now["spec"]["colors"]["url"] and "this map" in said(now["about"])


def test_a_job_that_leaves_nothing_says_why(library: Library) -> None:
    """As in a run that may only be read: the child ends well, and the map is not there."""
    run = library.open("strange")
    process = subprocess.Popen(["true"], stderr=subprocess.PIPE, text=True)
    job = Job(process, run.path / "projections" / "nothing.safetensors")
    job.listen()
    assert job.error == "'strange' may only be read, so no map can be kept in it. Copy the run."


def test_a_map_of_a_handful_of_words_is_shown_unmeasured(tmp_path: Path) -> None:
    vectors = np.eye(5, dtype=np.float32)
    (tmp_path / "v.txt").write_text("\n".join(f"w{i} {' '.join(map(str, row))}" for i, row in enumerate(vectors)))
    ev.import_vectors(tmp_path / "v.txt", tmp_path / "runs" / "tiny")
    state = picture(Library(tmp_path / "runs"), Jobs(), Selection(run="tiny"), "look", PAGE)
    assert state["idle"] is True and state["spec"] is not None and "this map" not in said(state["about"])


def test_colours_by_distortion_and_by_cluster(strange_runs: Path, library: Library) -> None:
    run, client = library.open("strange"), create_app(strange_runs).server.test_client()
    spec = picture(library, Jobs(), Selection(run="strange", color="kept"), "look", PAGE)["spec"]
    shades = np.frombuffer(fetch(client, spec["colors"]["url"]), np.uint8)
    np.testing.assert_array_equal(shades, np.rint(run.faithfulness("pca").kept * 253))
    spec = picture(library, Jobs(), Selection(run="strange", color="cluster"), "look", PAGE)["spec"]
    labels = np.frombuffer(fetch(client, spec["colors"]["url"]), np.uint8)
    np.testing.assert_array_equal(labels, run.clusters().labels)
    assert len(set(spec["colors"]["stops"])) == len(run.clusters())
    assert {region["name"] for region in spec["regions"]} == {" · ".join(name) for name in run.clusters().names}


def test_a_pattern_leaves_words_out(strange_runs: Path, library: Library) -> None:
    client, space = create_app(strange_runs).server.test_client(), library.open("strange").space
    state = picture(library, Jobs(), Selection(run="strange", pattern="^word1|巴"), "look", PAGE)
    assert "12 of 50 words match." in said(state["about"])
    shades = np.frombuffer(fetch(client, state["spec"]["colors"]["url"]), np.uint8)
    assert [space.word(row) for row in np.flatnonzero(shades != 255)] == [
        "巴黎",
        "word1",
        *[f"word1{i}" for i in range(10)],
    ]
    for color in ("rank", "cluster", "kept"):
        spec = picture(library, Jobs(), Selection(run="strange", pattern="巴", color=color), "look", PAGE)["spec"]
        assert (np.frombuffer(fetch(client, spec["colors"]["url"]), np.uint8) != 255).sum() == 1
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
    assert all(word in said(panel) for word in run.space.words(within))
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


def fetch(client: Any, address: str) -> bytes:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return answer.data


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
    deadline = time.monotonic() + 60
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


def test_the_words_view_answers_compares_and_explains(library: Library) -> None:
    figure, message, shown = words.picture(
        library, Selection("words", run="strange", word="巴黎 - 法国 + 日本"), "dark", "en"
    )
    assert figure.layout.yaxis.ticktext[0] == "东京" and message is None
    assert "over all 50 words" in said(shown)
    compared = words.comparison(library, Selection(run="strange", word="巴黎", other="巴黎"), "en")
    assert said(compared).startswith("1.000")
    _, message, _ = words.picture(library, Selection("words", run="strange"), "light", "en")
    assert "Type a word" in said(message)
    _, message, _ = words.picture(library, Selection("words", run="strange", word="巴黎 -"), "light", "zh")
    assert "运算符后面缺少词语" in said(message)
    assert "巴黎 - 法国 + 日本" in said(words.examples(library, Selection(run="strange"), "en"))
    first = ev.near(library.open("strange").space, "巴黎", 15).words[0]
    assert words.clicked(library, Selection(run="strange", word="巴黎"), {"points": [{"pointNumber": 0}]}).word == first


def test_runs_are_listed_with_the_damaged_ones_disabled(library: Library) -> None:
    assert run_choices(library, "map", "en") == [
        {"value": "strange", "label": "strange"},
        {"value": "broken", "label": "broken (damaged)", "disabled": True},
    ]
    assert home(library, "zh").run == "strange"
    assert [choice["value"] for choice in run_choices(library, "attention", "en")] == ["broken"]


def test_attention_without_a_model_says_what_to_do(library: Library) -> None:
    state = attention.picture(library, Selection("attention", model="strange", sentence="x"), "light", "en")
    assert "no attention model" in said(state["message"])


def test_an_empty_folder_says_what_to_do(tmp_path: Path) -> None:
    state = picture(Library(tmp_path), Jobs(), Selection(), "look", PAGE)
    assert "embviz train word2vec wikipedia" in said(state["message"])
    client = create_app(tmp_path).server.test_client()
    assert client.get("/").status_code == 302


def test_two_apps_in_one_process_answer_for_their_own_runs(strange_runs: Path, tmp_path: Path) -> None:
    vectors = np.eye(4, dtype=np.float32)
    (tmp_path / "v.txt").write_text(
        "\n".join(f"w{i} {' '.join(map(str, row))}" for i, row in enumerate(vectors)), encoding="utf-8"
    )
    ev.import_vectors(tmp_path / "v.txt", tmp_path / "runs" / "mine")
    apps = [create_app(folder).server.test_client() for folder in (strange_runs, tmp_path / "runs")]
    assert "run=strange" in apps[0].get("/").location
    assert "run=mine" in apps[1].get("/").location
    callbacks = [len(json.loads(app.get("/_dash-dependencies").data)) for app in apps]
    assert callbacks[0] == callbacks[1] > 5


@pytest.mark.parametrize(("header", "language"), [("zh-CN,zh;q=0.9", "zh"), ("en-GB", "en"), ("fr", "en"), ("", "en")])
def test_the_browser_chooses_the_language_and_the_switch_overrules(
    strange_runs: Path, header: str, language: str
) -> None:
    client = create_app(strange_runs).server.test_client()
    page = client.get("/_dash-layout", headers={"Accept-Language": header}).get_data(as_text=True)
    assert (json.dumps("查找词语") in page) == (language == "zh")
    client.set_cookie("embviz-language", "zh")
    page = client.get("/_dash-layout", headers={"Accept-Language": header}).get_data(as_text=True)
    assert json.dumps("查找词语") in page
