"""The shell's commands around fine-tuning: teach a run, ask it, see what changed; and what they complain of."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from embviz import cli
from embviz.cli.terminal import choose_progress

QUICK = ["--steps", "4", "--batch", "4"]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Models this small are slower with two, and much slower beside other work."""
    was = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(was)


@pytest.fixture
def told(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., str]]:
    """What a command prints, here in this process, beside the runs that all tests share."""

    def ask(*command: str) -> str:
        monkeypatch.chdir(place)
        monkeypatch.setattr(sys, "argv", ["embviz", "--progress", "json", *command])
        assert cli.status() == 0, capsys.readouterr().err
        return capsys.readouterr().out

    yield ask
    choose_progress("bar")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rows = "".join(f"the {who} rules the castle,{who}\n" for who in ("king", "queen") * 8)
    (tmp_path / "data.csv").write_text(f"text,label\n{rows}", encoding="utf-8")
    return tmp_path / "data.csv"


def test_a_classifier_from_the_file_to_the_answer(told: Callable[..., str], table: Path, tmp_path: Path) -> None:
    new = str(tmp_path / "taught")
    said = told("train", "classifier", str(table), "--from", "runs/model", "--out", new, *QUICK)
    for part in ("fine-tuned", "from scratch", "commonest label", "macro F1", "true \\ said", "held apart"):
        assert part in said
    kept = json.loads(told("evaluate", new, "--json"))
    assert kept["labels"] == ["king", "queen"] and "entity_f1" not in kept["fine_tuned"]
    long = "the queen guards the crown " * 9
    found = json.loads(told("classify", new, "the king", long, "--json"))
    assert [each["whole"] for each in found] == [True, False]
    assert sum(found[0]["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert "1 of 2 were longer than the 16 tokens that 'taught' reads, and were cut there." in told(
        "classify", new, "the king", long
    )
    assert len(json.loads(told("classify", new, "--file", str(table), "--json"))) == 16
    (tmp_path / "other.csv").write_text(
        "said,who\nthe king,king\nthe king again,king\nthe king,queen\n", encoding="utf-8"
    )
    other = json.loads(
        told("evaluate", new, str(tmp_path / "other.csv"), "--column", "said", "--label", "who", "--json")
    )
    assert other["evaluated"] == 3 and [sum(row) for row in other["fine_tuned"]["confusion"]] == [2, 1]
    assert "on 3 texts." in told("evaluate", new, str(tmp_path / "other.csv"), "--column", "said", "--label", "who")
    listed = json.loads(told("list", str(tmp_path), "--json"))
    assert [(run["trainer"], run["from"]) for run in listed] == [("classifier", "model")]
    heads = json.loads(told("attend", new, "the king", "--compare", "runs/model", "--json"))["heads"]
    changes = [each["change"] for each in heads]
    assert len(heads) == 2 and changes == sorted(changes, reverse=True)
    assert "looks more" in told("attend", new, "the king", "--compare", "runs/model")


def test_a_tagger_from_the_file_to_the_answer(told: Callable[..., str], tmp_path: Path) -> None:
    data, new = tmp_path / "data.conll", str(tmp_path / "tagger")
    data.write_text("the DET\nking B-WHO\n\nrules O\nthe DET\nqueen B-WHO\n\n" * 8, encoding="utf-8")
    made = json.loads(told("train", "tagger", str(data), "--from", "runs/model", "--out", new, "--no-scratch", "--json",
                           *QUICK))  # fmt: skip
    assert made["from"]["run"] == "model" and "scratch" not in made and made["labels"] == ["B-WHO", "DET", "O"]
    assert json.loads(told("evaluate", new, str(data), "--json"))["evaluated"] == 16
    with pytest.raises(
        AssertionError, match="has the label 'NOUN', which the model has not seen in training: it knows"
    ):
        (tmp_path / "new.conll").write_text("the DET\nking NOUN\n", encoding="utf-8")
        told("evaluate", new, str(tmp_path / "new.conll"))
    with pytest.raises(AssertionError, match="The columns of a tagger's file have numbers"):
        told("evaluate", new, str(data), "--label", "who")
    assert [each["word"] for each in json.loads(told("tag", new, "the king, 国王", "--json"))] == [
        "the", "king", ",", "国", "王",
    ]  # fmt: skip
    assert [each["word"] for each in json.loads(told("tag", new, "the king, 国王", "--spaced", "--json"))] == [
        "the", "king,", "国王",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["train", "classifier", "DATA", "--from", "runs/words", "--out", "OUT"], "'words' holds word vectors and no"),
        (["train", "classifier", "DATA", "--from", "runs/none", "--out", "OUT"], "There is no run 'runs/none'."),
        (
            ["train", "classifier", "DATA", "--label", "mood", "--from", "runs/model", "--out", "OUT"],
            "no column 'mood'",
        ),
        (["train", "classifier", "text.txt", "--from", "runs/model", "--out", "OUT"], "'text.txt' has no columns"),
        (
            ["train", "classifier", "DATA", "--held", "0", "--from", "runs/model", "--out", "OUT"],
            "held is 0.0 and must",
        ),
        (["train", "tagger", "one.txt", "--from", "runs/model", "--out", "OUT"], "Line 1 of 'one.txt' has 1 column"),
        (["train", "tagger", "white.txt", "--from", "runs/model", "--out", "OUT"], "has no sentence"),
        (["classify", "runs/model", "a text"], "'model' has not been taught to label."),
        (["classify", "runs/model"], "There is no text to label"),
        (["generate", "runs/model", "the king", "--shots", "PAIRS"], "--shots are for a decoder"),
        (["evaluate", "runs/words"], "has not been taught to label, so nothing was evaluated"),
        (["attend", "runs/model", "the king", "--compare", "runs/words"], "'words' holds word vectors and no"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_leaves_nothing(
    said_here: Callable[..., str], place: Path, table: Path, command: list[str], said: str
) -> None:
    out = table.parent / "new"
    names = {"DATA": str(table), "OUT": str(out), "PAIRS": "none.tsv"}
    assert said in said_here([names.get(word, word) for word in command], place)
    assert sorted(path.name for path in table.parent.iterdir()) == ["data.csv"]
