"""Columns on the map without a browser: colours, legends, filters, cards, tables, and lists that readers make."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from pages import PAGE, fetch
from pages import said as spoken

import embviz as ev
from embviz.apps.explorer import create_app
from embviz.apps.explorer.frame import changed_by, control_value
from embviz.apps.explorer.jobs import Jobs
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.map.choices import HIDDEN, SHOWN, choices
from embviz.apps.explorer.map.details import details, tooltip
from embviz.apps.explorer.map.events import settled
from embviz.apps.explorer.map.lists import keep_pasted, keep_surrounded, shown, told_again
from embviz.apps.explorer.map.notebook import as_python
from embviz.apps.explorer.map.picture import picture
from embviz.apps.explorer.map.table import links
from embviz.apps.explorer.selection import Selection
from embviz.columns import word_list
from embviz.figures.projection import POINTS

SQUARE = [[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8]]
N = 60


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 words; of each its tens, of all but the last its number, of some a formula; and a list of the even ones."""
    folder = tmp_path_factory.mktemp("columns")
    vectors = np.random.default_rng(2).normal(size=(N, 6)).round(3)
    lines = [f"w{i} {' '.join(map(str, row))}" for i, row in enumerate(vectors)]
    (folder / "v.vec").write_text("\n".join(lines) + "\n")
    rows = [f"t{min(i // 2, 24)}\t{i if i < N - 1 else ''}\t{'=1+1' if i < 3 else ''}" for i in range(N)]
    (folder / "meta.tsv").write_text("\n".join(["kind\tnumber\todd", *rows]) + "\n")
    run = ev.import_vectors(folder / "v.vec", folder / "runs" / "run", columns=folder / "meta.tsv")
    run.annotate(word_list("even", [f"w{i}" for i in range(0, N, 2)], run.space).columns)
    run.faithfulness("pca")
    return folder / "runs"


@pytest.fixture
def library(runs: Path) -> Library:
    return Library(runs)


def said(component: object) -> str:
    """All text of a component tree, one space apart."""
    return " ".join(spoken(component).split())


def looked(library: Library, **changes: object) -> dict:
    return picture(library, Jobs(), Selection(run="run", **changes), "look", PAGE)


def shades(runs: Path, spec: dict) -> np.ndarray:
    return np.frombuffer(fetch(create_app(runs).server.test_client(), spec["colors"]["url"]), np.uint8)[:N]


def test_categories_as_colours(runs: Path, library: Library) -> None:
    """25 of them: the 20 most frequent have a colour each, in the order of their size, the others one."""
    state = looked(library, color="column:kind")
    kinds = [min(i // 2, 24) for i in range(N)]  # t24 has 12 words, each other kind 2
    order = [24, *range(24)]
    assert shades(runs, state["spec"]).tolist() == [min(order.index(kind), 20) for kind in kinds]
    colors = state["spec"]["colors"]
    assert colors["kind"] == "set" and len(set(colors["stops"])) == 21
    legend = said(state["about"][0])
    assert legend.startswith("kind t24 12 t0 2 t1 2") and "t18 2 5 others 10" in legend and "no value" not in legend


def test_numbers_as_colours(runs: Path, library: Library) -> None:
    state = looked(library, color="column:number", words=N)
    expected = [*np.rint(np.arange(N - 1) / (N - 2) * 253).astype(int), 254]
    assert shades(runs, state["spec"]).tolist() == expected and state["spec"]["colors"]["kind"] == "scale"
    assert said(state["about"][0]) == "number 0 58 no value 1"


def test_a_list_as_colours(runs: Path, library: Library) -> None:
    state = looked(library, color="column:even")
    assert shades(runs, state["spec"]).tolist() == [0, 254] * (N // 2)
    assert said(state["about"][0]) == "even in the list 30 not in the list 30"


def test_a_colour_that_is_not_there_is_none(library: Library) -> None:
    assert looked(library, color="column:nothing")["spec"]["colors"]["url"] is None
    resolved = settled(library, Selection(run="run", color="column:nothing", column="nothing"))
    assert (resolved.color, resolved.column) == ("one", "*")


@pytest.mark.parametrize(
    ("given", "rows"),
    [
        ({"column": "kind", "among": "t0\tt24"}, [0, 1, *range(48, N)]),
        ({"column": "kind"}, list(range(N))),
        ({"column": "number"}, list(range(N - 1))),
        ({"column": "number", "least": "5", "most": "7.5"}, [5, 6, 7]),
        ({"column": "number", "most": "2", "pattern": "[02]$"}, [0, 2]),
        ({"column": "even", "least": "5"}, list(range(0, N, 2))),
        ({"column": "even", "among": "no"}, list(range(1, N, 2))),
        ({"column": "even", "among": "no\tyes"}, list(range(N))),
        ({"column": "*", "among": "t0"}, None),
    ],
)
def test_a_filter_counts_for_colours_words_and_tables(
    runs: Path, library: Library, given: dict, rows: list[int] | None
) -> None:
    state, client = looked(library, **given), create_app(runs).server.test_client()
    if rows is None:
        assert state["spec"]["colors"]["url"] is None and "match" not in said(state["about"])
        return
    assert f"{len(rows)} of {N} words match." in said(state["about"])
    assert np.flatnonzero(shades(runs, state["spec"]) != 255).tolist() == rows
    run, selection = library.open("run"), Selection(run="run", **given)
    address = dict(links(run, run.projection("pca"), selection))["Parquet"]
    made = pa.parquet.read_table(io.BytesIO(fetch(client, address)))
    assert made["word"].to_pylist() == [f"w{row}" for row in rows]
    assert made["kind"].to_pylist() == [f"t{min(row // 2, 24)}" for row in rows]
    assert made["even"].to_pylist() == [row % 2 == 0 for row in rows]


def test_a_filter_that_makes_no_sense_is_a_sentence(runs: Path, library: Library) -> None:
    wrong = looked(library, column="number", least="much")
    assert "'much' is no number" in said(wrong["message"]) and wrong["spec"] is None
    assert "'0,5' is no number" in said(looked(library, column="number", most="0,5")["message"])
    gone = looked(library, column="size")
    assert "'run' has no column 'size'. It has: kind, number, odd, even." in said(gone["message"])
    client = create_app(runs).server.test_client()
    for address in ("colors?by=one&method=pca&column=size", "colors?by=column:size&method=pca",
                    "table.csv?method=pca&column=number&most=x"):  # fmt: skip
        answer = client.get(f"/sheet/run/{address}")
        assert answer.status_code == 400 and "Traceback" not in answer.text


def test_the_lines_for_a_notebook_draw_the_same_columns(runs: Path, library: Library) -> None:
    run = library.open("run")
    for given, n, colors in (
        ({"color": "column:kind", "column": "number", "least": "10", "most": "1,000", "pattern": "^w"}, 49, 16),
        ({"color": "column:number", "column": "kind", "among": "t0\tt24"}, 14, 14),
        ({"color": "column:even", "column": "even", "among": "no"}, 30, 1),
    ):
        names: dict = {}
        lines = as_python(run.projection("pca"), run, Selection(run="run", **given), "light")
        exec(lines.replace("\nev.figure(", "\nfigure = ev.figure("), names)
        points = names["figure"].data[POINTS]
        assert len(points.x) == n and len(set(points.marker.color)) == colors


def test_a_text_is_no_formula_in_a_table(runs: Path, library: Library) -> None:
    run = library.open("run")
    address = dict(links(run, run.projection("pca"), Selection(run="run")))["CSV"]
    body = fetch(create_app(runs).server.test_client(), address).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(body)))
    assert [row["odd"] for row in rows[:4]] == ["'=1+1"] * 3 + [""]
    assert (rows[2]["kind"], rows[2]["number"], rows[2]["even"], rows[59]["number"]) == ("t1", "2", "true", "")


def test_the_card_of_a_word_says_what_its_columns_say(library: Library) -> None:
    run = library.open("run")
    assert "kind : t1 number : 2 odd : =1+1 even" in said(tooltip(run, run.projection("pca"), 2, "en"))
    card = said(details(library, Selection(run="run", word="w59"), "en"))
    assert "kind : t24" in card and "number" not in card.partition("Nearest")[0].partition("kind")[2]


def test_what_there_is_to_choose(library: Library) -> None:
    all_of_it = choices(library, Selection(run="run"), "en")
    names = ["kind", "number", "odd", "even"]
    assert [one["value"] for one in all_of_it["colors"]][-4:] == [f"column:{name}" for name in names]
    assert [one["value"] for one in all_of_it["columns"]] == ["*", *names]
    assert (all_of_it["among_style"], all_of_it["range_style"], all_of_it["column_style"]) == (HIDDEN, HIDDEN, SHOWN)
    of_kind = choices(library, Selection(run="run", column="kind"), "en")
    assert [one["value"] for one in of_kind["among"]] == ["t24", *[f"t{i}" for i in range(24)]]
    of_number = choices(library, Selection(run="run", column="number"), "en")
    assert (of_number["least"], of_number["most"], of_number["range_style"]) == ("0", "58", SHOWN)
    assert choices(library, Selection(run="nowhere"), "en")["column_style"] == HIDDEN


def test_controls_of_a_column() -> None:
    """Several values stand in one field; another column begins without those of the last one."""
    selection = changed_by(Selection(column="kind"), "among", ["a b", "c|d"])
    assert control_value(Selection.of("/map", selection.search), "among") == ["a b", "c|d"]
    other = changed_by(selection.but(least="1"), "column", "even")
    assert (other.column, other.among, other.least) == ("even", None, None)


@pytest.fixture
def own(tmp_path: Path) -> Library:
    """A run of a reader's own, to write into."""
    (tmp_path / "v.vec").write_text("".join(f"w{i} {i % 7} {i % 3} 1\n" for i in range(30)))
    ev.import_vectors(tmp_path / "v.vec", tmp_path / "runs" / "run")
    return Library(tmp_path / "runs")


def test_surrounded_words_are_kept_as_a_list(own: Library) -> None:
    run, selection = own.open("run"), Selection(run="run", pattern="[0-4]$")
    places = run.projection("pca").sheet.places / 65_536
    within = ((places > 0.2) & (places < 0.8)).all(axis=1) & np.array([i % 10 < 5 for i in range(30)])
    told, kept = keep_surrounded(own, selection, " middle ", SQUARE, "en")
    assert "“middle” is kept in the run, which has" in said(told)
    assert run.column("middle").values.to_pylist() == within.tolist() and 0 < within.sum() < 15
    assert shown(selection, kept).color == "column:middle"
    assert said(told_again(SQUARE, kept, "en")) == said(told) and told_again(SQUARE[1:], kept, "en") is None


def test_pasted_words_are_kept_as_a_list(own: Library) -> None:
    told, kept = keep_pasted(own, Selection(run="run"), "列表", "w1, w2，W3\n\nnowhere、w1", "zh")
    assert "4 个词中有 3 个在模型中" in said(told) and kept["name"] == "列表"
    assert np.flatnonzero(own.open("run").column("列表").values).tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("name", "words", "sentence"),
    [
        ("", "w1", "Type a name for the list."),
        ("../up", "w1", "'../up' cannot name a column"),
        ("rank", "w1", "'rank' says something else"),
        ("one", " ,\n", "The list 'one' has no words."),
        ("one", "cat, dog", "Of the 2 words of 'one' none is in 'run', such as 'cat'."),
        ("TAKEN", "w1", "has a column 'TAKEN' already"),
    ],
)
def test_a_list_that_cannot_be_kept_says_why(own: Library, name: str, words: str, sentence: str) -> None:
    keep_pasted(own, Selection(run="run"), "taken", "w1", "en")
    told, kept = keep_pasted(own, Selection(run="run"), name, words, "en")
    assert sentence in said(told) and not isinstance(kept, dict)
    assert own.open("run").column_names == ["taken"]


def test_a_damaged_column_costs_nothing_but_itself(own: Library) -> None:
    run, selection = own.open("run"), Selection(run="run", color="column:bad")
    (run.path / "columns").mkdir()
    (run.path / "columns" / "bad.arrow").write_bytes(b"ARROW1")
    assert "'w1'" not in said(picture(own, Jobs(), selection, "look", PAGE)["message"])
    assert "is damaged" in said(picture(own, Jobs(), selection, "look", PAGE)["message"])
    assert "is damaged" in said(details(own, selection.but(word="w1"), "en"))
    assert len(choices(own, selection.but(column="bad"), "en")["columns"]) == 2
