"""The training view without a browser: what is typed becomes a command, what lies on the disk becomes a state."""

from __future__ import annotations

import base64
import fcntl
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pages import said

from embviz.apps.explorer import create_app, interface
from embviz.apps.explorer.selection import Selection
from embviz.apps.explorer.training import Trainings, brought, form, started, texts
from embviz.apps.explorer.training.course import begin, picture, read_history, time_left
from embviz.apps.explorer.training.fields import KINDS, arguments, fields_of, given, steps
from embviz.cli import terminal
from embviz.errors import EmbvizError
from embviz.figures.history import history_figure
from embviz.models import FAMILIES

FORM = {"text": "lee", "column": None, "target": None, "encoding": "utf-8", "name": ""}


def sent(text: str) -> str:
    """A file as a browser sends it."""
    return "data:text/plain;base64," + base64.b64encode(text.encode()).decode()


@pytest.fixture
def idle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trainings:
    """Trainings of an empty folder, of which none is ever started."""
    monkeypatch.setattr(Trainings, "_watch", lambda self: None)
    return Trainings(tmp_path)


@pytest.fixture
def lying(idle: Trainings) -> Callable[..., str]:
    """A training as it lies on the disk, with what its child said last."""

    def put(name: str, wanted: str, *lines: dict[str, Any], kind: str = "attention") -> str:
        idle.add(name, kind, ["--steps=40", "--", "lee"], {"steps": 40})
        path = idle.folder / f"{name}.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "wanted": wanted, "pid": 2**30}))
        (idle.folder / f"{name}.log").write_text("a warning\n" + "\n".join(map(json.dumps, lines)))
        return name

    return put


def test_only_what_differs_from_the_defaults_is_told() -> None:
    whole = {field.name: field.default for field in fields_of("attention")}
    assert given("attention", whole) == {}
    params = given(
        "attention", {**whole, "tied": "no", "family": "decoder", "rate": "0.01", "layers": "3", "vocab": ""}
    )
    assert params == {"family": "decoder", "layers": 3, "tied": False, "rate": 0.01}
    told = arguments("attention", "-x.txt", params, "text", None, "latin-1")
    assert told[:2] == ["--column=text", "--encoding=latin-1"] and told[-2:] == ["--", "-x.txt"]
    assert {"--no-tied", "--layers=3", "--rate=0.01", "--family=decoder"} < set(told)
    assert steps("attention", {"size": "tiny"}) == 400 and steps("attention", {"steps": 7}) == 7
    assert steps("word2vec", {}) is None


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"dims": "many"}, "dims is 'many' and must be a number"),
        ({"min_count": "1.5"}, "min-count is '1.5' and must be a number"),
        ({"architecture": "--help"}, "architecture is '--help', and there are skip-gram, cbow"),
    ],
)
def test_what_is_no_value_says_so(values: dict[str, str], sentence: str) -> None:
    with pytest.raises(EmbvizError, match=sentence):
        given("word2vec", values)


def test_every_hyperparameter_is_explained_in_both_languages() -> None:
    for kind in KINDS:
        for field in fields_of(kind):
            assert interface.worded(field.help, "zh") != field.help, f"{kind}: {field.help}"
            assert interface.worded(field.help, "en") == field.help


@pytest.mark.parametrize("name", ["../out", "a/b", ".hidden", "-x", "a\\b", "a b", "", "x" * 61, "a\n"])
def test_no_name_leads_out_of_the_folder(idle: Trainings, name: str) -> None:
    with pytest.raises(EmbvizError, match="cannot name a run"):
        idle.add(name, "word2vec", ["--", "lee"], {})
    assert not idle.folder.exists()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/pass wd.txt", "pass-wd.txt"),
        ("C:\\texts\\红楼梦.TXT", "红楼梦.TXT"),
        (".txt.txt", "txt.txt"),
        ("x" * 300 + ".csv", "x" * 50 + ".csv"),
    ],
)
def test_a_text_that_is_brought_stays_in_its_folder(idle: Trainings, name: str, kept: str) -> None:
    assert texts.keep(idle.runs, name, sent("some text")) == kept
    assert texts.keep(idle.runs, name, sent("some text")) == kept, "the same text again"
    other = texts.keep(idle.runs, name, sent("another text"))
    assert other == f"{Path(kept).stem}-2{Path(kept).suffix}"
    assert texts.kept(idle.runs) == sorted([kept, other])
    assert texts.path_of(idle.runs, kept) == str(idle.runs / ".texts" / kept)
    assert [path.name for path in idle.runs.iterdir()] == [".texts"]


@pytest.mark.parametrize(
    ("name", "contents", "sentence"),
    [
        ("a.exe", sent("x"), "none of .txt .csv .tsv .jsonl"),
        ("a.txt", sent(" \n"), "is empty"),
        ("a.txt", "data:,!!", "is empty"),
        ("a.txt", "data:;base64," + "AAAA" * (1 << 8), "more than"),
    ],
)
def test_what_is_no_text_is_not_kept(
    idle: Trainings, monkeypatch: pytest.MonkeyPatch, name: str, contents: str, sentence: str
) -> None:
    monkeypatch.setattr(texts, "MOST", 64)
    _, chosen, message = brought(idle, name, contents, "lee", "en")
    assert sentence in said(message).replace(",", "") and chosen == "lee" and not texts.kept(idle.runs)
    for absent in (name, "../meta.json", "/etc/passwd"):
        with pytest.raises(EmbvizError, match="There is no text"):
            texts.path_of(idle.runs, absent)


def test_the_form_shows_what_is_left_to_choose(idle: Trainings) -> None:
    table = texts.keep(idle.runs, "pairs.csv", sent("en,text,zh\na,b,c\n"))
    lines = texts.keep(idle.runs, "lines.jsonl", sent('{"text": "a"}\n'))
    plain = form(idle, "word2vec", "lee", "encoder", "small", {}, "utf-8", None, "en")
    assert plain["own"] == plain["fields"][1] == {"display": "none"} and plain["name"] == "lee-word2vec"
    pairs = form(idle, "attention", table, "seq2seq", "tiny", {}, "utf-8", "gone", "zh")
    assert pairs["columns"] == ["en", "text", "zh"] and pairs["column"] == "text"
    assert pairs["own"] == pairs["target_box"] == pairs["fields"][1] == {} and "400" in pairs["size_means"]
    assert form(idle, "attention", lines, "seq2seq", "tiny", {}, "utf-8", None, "en")["columns"] == ["text"]
    assert form(idle, "attention", table, "encoder", "tiny", {}, "no-such", None, "en")["columns"] == []


def test_the_dial_says_what_it_sets_and_what_was_set_beside_it(idle: Trainings) -> None:
    def said_of(family: str, **dial: str) -> dict[str, Any]:
        return form(idle, "attention", "lee", family, "tiny", dial, "utf-8", None, "en")

    assert "400 steps. On a laptop some 10 seconds." in said_of("encoder", steps="", layers="")["size_means"]
    own = said_of("encoder", steps="20000", layers="six")["size_means"]
    assert "20,000 steps." in own and "laptop" not in own and own.startswith("2 layers")
    assert [said_of(family)["mask"] for family in FAMILIES] == [{}, {"display": "none"}, {}], "nothing is hidden there"


def test_a_sample_begins_in_the_language_of_its_text(idle: Trainings) -> None:
    table = texts.keep(idle.runs, "pairs.csv", sent("en,zh\na,b\n"))
    for name, text in (("ours", "peoples-daily"), ("own", table)):
        idle.add(name, "attention", ["--family=decoder", "--", text], {"family": "decoder"})
    ours, own = Selection("training", training="ours"), Selection("training", training="own")
    assert begin(idle, ours, "en") == begin(idle, own, "zh") == begin(idle, Selection("training"), "zh") == "中国"
    assert begin(idle, own, "en") == "The"


def test_what_is_typed_becomes_a_training_in_the_queue(idle: Trainings) -> None:
    table = texts.keep(idle.runs, "pairs.csv", sent("en,zh\na,b\n"))
    typed = {"family": "seq2seq", "steps": "30"}
    asked = {**FORM, "text": table, "column": "en", "target": "zh"}
    search, message, name = started(idle, Selection("training"), "attention", asked, typed, "en")
    assert Selection.of("/training", search).training == "pairs-seq2seq" and message is None and name == ""
    (training,) = idle.listed()
    path = str(idle.runs / ".texts" / table)
    assert training.arguments == ("--column=en", "--target=zh", "--family=seq2seq", "--steps=30", "--", path)
    _, message, _ = started(idle, Selection(), "attention", {**asked, "name": "pairs-seq2seq"}, typed, "zh")
    assert "已有名为“pairs-seq2seq”" in said(message)
    _, message, _ = started(idle, Selection(), "attention", {**asked, "column": None}, typed, "en")
    assert said(message) == "Choose a column of 'pairs.csv': en, zh."
    assert len(idle.listed()) == 1
    started(idle, Selection(), "attention", {**asked, "name": "alone"}, {"family": "encoder"}, "en")
    assert idle.listed()[0].arguments == ("--column=en", "--", path), "a target is for seq2seq models only"


def test_states_come_from_what_lies_on_the_disk(idle: Trainings, lying: Callable[..., str]) -> None:
    half = {"stage": "training", "done": 0.5, "note": "loss 2.0", "left": 130.0}
    lying("waits", "queued")
    lying("ended", "started", half, {"error": "Cancelled."})
    lying("failed", "started", half, {"error": "The training diverged."})
    lying("died", "started", half)
    lying("never", "stopped")
    (idle.runs / lying("done", "started", half)).mkdir()
    (idle.runs / "done" / "meta.json").touch()
    log = (idle.folder / (lying("runs", "started", half) + ".log")).open("a")
    with log:
        fcntl.flock(log, fcntl.LOCK_EX)
        states = {training.name: idle.progress(training) for training in idle.listed()}
        with pytest.raises(EmbvizError, match="still being trained"):
            idle.remove("runs")
        shown = picture(idle, Selection("training"), "light", "en")
        assert (shown["name"], shown["bar"]) == ("runs", 50), "the one that runs is shown"
        assert said(shown["state"]) == "training 50% · loss 2.0 · 2 minutes left"
        waits = picture(idle, Selection("training", training="waits"), "light", "en")
        assert "begins when 'runs' has ended" in said(waits["state"]) and waits["stop"] == {}
        idle.stop("runs")
        assert idle.progress(idle.get("runs")).state == "stopping"  # type: ignore[arg-type]
    told = {name: now.state for name, now in states.items()}
    assert told == {"waits": "queued", "ended": "stopped", "failed": "failed", "died": "failed", "never": "stopped",
                    "done": "done", "runs": "running"}  # fmt: skip
    failed = picture(idle, Selection("training", training="failed"), "dark", "en")
    assert said(failed["state"]) == "The training diverged." and failed["again"] == failed["remove"] == {}
    assert "ended without a word" in said(picture(idle, Selection(training="died"), "dark", "en")["state"])
    done = picture(idle, Selection(training="done"), "light", "zh")
    assert [link.href.partition("?")[0] for link in done["links"]] == ["/attention", "/map", "/words"]
    (idle.runs / "done" / "history.tsv").write_text(
        "step\tloss\tvalidation_loss\tseconds\n1\t2.5\t2.5\t0.1\n2\t2\t2.25\t0.2\n3\t1\t2.375\t0.3\n"
    )
    ended = said(picture(idle, Selection(training="done"), "light", "en")["state"])
    assert "the weights of step 2: validation loss 2.250" in ended
    for name in ("failed", "done"):
        idle.remove(name)
        assert idle.get(name) is None
    assert (idle.runs / "done" / "meta.json").is_file(), "what is whole stays"
    assert "There is no training 'gone'" in said(picture(idle, Selection(training="gone"), "light", "en")["state"])


def test_the_list_is_drawn_again_only_when_something_changed(idle: Trainings, lying: Callable[..., str]) -> None:
    empty = picture(idle, Selection("training"), "light", "en")
    assert "Nothing has been trained here yet" in said(empty["state"])
    name = lying("one", "started", {"stage": "training", "done": 0.5})
    first = picture(idle, Selection("training"), "light", "en")["stamp"]
    assert first == picture(idle, Selection("training"), "light", "en")["stamp"] != empty["stamp"]
    draft = idle.runs / f".{name}.partial"
    draft.mkdir()
    (draft / "history.tsv").write_text("step\tloss\tvalidation_loss\tseconds\n1\t2.5\t\t0.1\n2\t2.0\t2.25\t0.2\n3\t1")
    assert picture(idle, Selection("training"), "light", "en")["stamp"] != first
    assert read_history(idle.history(name)) == ([1, 2], [2.5, 2.0], [(2, 2.25)])
    (draft / "history.tsv").write_text("epoch\twords\tseconds\n1\t20\t0.1\n")
    assert read_history(idle.history(name)) == ([], [], [])


def test_damaged_files_of_the_queue_are_passed_over(idle: Trainings, lying: Callable[..., str]) -> None:
    lying("good", "queued")
    (idle.folder / "bad.json").write_text("{")
    (idle.folder / "other.json").write_text((idle.folder / "good.json").read_text())
    assert [training.name for training in idle.listed()] == ["good"]


def test_how_long_it_takes_in_words() -> None:
    told = [time_left(seconds, "en") for seconds in (None, 0.2, 80, 100, 5_000, 20_000)]
    assert told == ["", "1 s left", "80 s left", "2 minutes left", "83 minutes left", "6 hours left"]


def test_a_long_course_is_drawn_with_few_points_and_their_means() -> None:
    drawn = history_figure(range(1, 6_001), [1.0, 3.0] * 3_000, [(3_000, 1.5)], 9_000, "dark")
    assert len(drawn.data[0].x) == 1_500 and set(drawn.data[0].y) == {2.0} and drawn.data[0].x[-1] == 6_000
    assert drawn.layout.xaxis.range == (0, 9_000) and list(drawn.data[1].y) == [1.5]


def test_progress_for_other_programs_tells_the_time_left(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = iter([0.0, 10.0, 20.0, 25.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(now))
    report = terminal._json_lines()
    report("reading", 0.5, "")
    report("training", 0.5, "")  # a training that goes on begins in the middle
    report("training", 0.6, "loss 2")
    report("training", 0.9, "")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line.get("left") for line in lines] == [None, None, 40.0, pytest.approx(3.75, abs=0.06)]


def test_where_there_is_no_run_the_explorer_begins_with_training(tmp_path: Path) -> None:
    client = create_app(tmp_path).server.test_client()
    assert client.get("/").location.startswith("/training?")
    assert client.get("/training?training=x").status_code == 200


def ask(trainings: Trainings, changed: list[str], values: dict[str, Any]) -> dict[str, Any]:
    """What the explorer answers a page in which these properties have changed and these values stand."""
    client = create_app(trainings.runs).server.test_client()
    listening = client.get("/_dash-dependencies").json or []
    drawn = next(each for each in listening if "training-graph.figure" in each["output"])
    given = lambda which: [{**each, "value": values.get(f"{each['id']}.{each['property']}")} for each in drawn[which]]  # noqa: E731
    outputs = [dict(zip(("id", "property"), each.rsplit(".", 1), strict=True))
               for each in drawn["output"].strip(".").split("...")]  # fmt: skip
    body = {"output": drawn["output"], "outputs": outputs, "inputs": given("inputs"), "state": given("state"),
            "changedPropIds": changed}  # fmt: skip
    answer = client.post("/_dash-update-component", json=body)
    assert answer.status_code == 200
    return answer.json["response"]  # type: ignore[index]


def test_a_click_that_comes_with_a_tick_is_heeded_and_heeded_once(idle: Trainings, lying: Callable[..., str]) -> None:
    lying("waits", "queued")
    values = {"training-title.children": "waits", "training-stop.n_clicks": 1}
    tick = ["training-ticker.n_intervals"]
    told = ask(idle, [*tick, "training-stop.n_clicks"], values)
    assert idle.get("waits").wanted == "stopped" and told["training-again"]["style"] == {}  # type: ignore[union-attr]
    idle.go_on("waits")
    ask(idle, tick, values | {"training-heeded.data": told["training-heeded"]["data"]})
    assert idle.get("waits").wanted == "queued"  # type: ignore[union-attr]


def test_what_cannot_be_removed_is_not_tried_again_at_every_tick(idle: Trainings, lying: Callable[..., str]) -> None:
    lying("runs", "started")
    values = {"training-title.children": "runs", "training-remove.n_clicks": 1, "training-asked.data": "?training=runs"}
    with (idle.folder / "runs.log").open() as log:
        fcntl.flock(log, fcntl.LOCK_EX)  # as a training holds it
        told = ask(idle, ["training-remove.n_clicks"], values)
    assert told["training-title"]["children"] == "runs"
    ask(idle, ["training-ticker.n_intervals"], values | {"training-heeded.data": told["training-heeded"]["data"]})
    assert idle.get("runs") is not None
    ask(idle, ["training-remove.n_clicks"], values)
    assert idle.get("runs") is None
