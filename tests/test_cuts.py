"""Cuts: some words of a run as a run of their own, with everything that is known of them; nothing lost by bad input."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import embviz as ev
from embviz.cuts import cut, cut_rows, is_cut_of, rows_of
from embviz.drafts import draft, finish
from embviz.errors import EmbvizError
from embviz.runs import Run
from embviz.space import Space


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """20 words with counts and one more column."""
    vectors = np.random.default_rng(1).normal(size=(20, 6)).astype(np.float32)
    table = pa.table(
        {
            "word": [f"word{i}" if i % 2 else f"词{i}" for i in range(20)],
            "count": list(range(100, 80, -1)),
            "kind": ["odd" if i % 2 else "even" for i in range(20)],
        }
    )
    out = tmp_path_factory.mktemp("cuts") / "runs" / "whole"
    with draft(out, {}) as folder:
        Space(table, vectors).save(folder)
        finish(folder, trainer="test", params={}, corpus={"name": "text"})
    return ev.open_run(out)


def test_a_cut_holds_its_words_with_all_that_is_known_of_them(run: Run, tmp_path: Path) -> None:
    made = cut(run, tmp_path / "odd", pattern="^word1", first=4)
    assert made.space.words() == ["word1", "word11", "word13", "word15"]
    np.testing.assert_array_equal(made.space.vectors, run.space.vectors[[1, 11, 13, 15]])
    assert made.space.table.column_names == ["word", "count", "kind"] and made.space.count(1) == 89
    assert set(made.space.table["kind"].to_pylist()) == {"odd"}
    assert made.meta["trainer"] == "cut" and made.meta["corpus"] == {"name": "text"}
    assert (made.meta["cut"]["run"], made.meta["cut"]["words"]) == ("whole", 20)
    assert ev.near(made.space, "word1").over == 4 and len(made.projection("pca").coords) == 4


def test_words_are_taken_in_the_order_of_the_run(run: Run) -> None:
    assert rows_of(run.space, ["词8", "nowhere", "WORD3", "词8", "词2"]).tolist() == [2, 3, 8]
    assert rows_of(run.space, ["词8", "词2", "word3"], "词", 1).tolist() == [2]


def test_an_equal_cut_is_known(run: Run, tmp_path: Path) -> None:
    made = cut_rows(run, tmp_path / "a", np.array([1, 2, 5]))
    assert is_cut_of(made.meta, run, np.array([1, 2, 5])) and not is_cut_of(made.meta, run, np.array([1, 2, 6]))
    assert not is_cut_of(made.meta, made, np.array([1, 2, 5])) and not is_cut_of(run.meta, run, np.arange(20))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "which words"),
        ({"words": ["word1", "word3"]}, "at least 3 words, and this one has 2 of the 20 of 'whole'"),
        ({"pattern": "xyz"}, "has 0 of the 20"),
        ({"pattern": "("}, "no regular expression"),
        ({"first": 2}, "has 2 of the 20"),
    ],
)
def test_what_cannot_be_cut(run: Run, tmp_path: Path, given: dict, sentence: str) -> None:
    with pytest.raises(EmbvizError, match=sentence):
        cut(run, tmp_path / "out", **given)
    assert not list(tmp_path.iterdir())


def test_the_shell(run: Run, tmp_path: Path) -> None:
    def ask(*more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "embviz", "--progress", "json", "cut", str(run.path), *more]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    (tmp_path / "list.txt").write_text("\ufeffword3\r\n 词4 \nnowhere\n词4\n词6\n", encoding="utf-8")
    (tmp_path / "list.csv").write_text("count,word\n1,word3\n2,nowhere\n3,elsewhere\n", encoding="utf-8")
    made = ask("--out", "new", "--words-file", "list.txt")
    assert made.returncode == 0, made.stderr
    assert "3 of the 4 words of 'list.txt' are in 'whole'." in made.stdout and "3 of the 20 words" in made.stdout
    assert ev.open_run(tmp_path / "new").space.words() == ["word3", "词4", "词6"]
    for more, sentence in (
        (["--out", "new", "--first", "5"], "exists"),
        (
            ["--out", "more", "--words-file", "list.csv"],
            "1 of the 3 words of 'list.csv' are in 'whole', and a cut needs",
        ),
        (["--out", "more", "--words-file", "none.txt"], "none.txt"),
    ):
        refused = ask(*more)
        assert refused.returncode == 1 and sentence in json.loads(refused.stderr)["error"]
        assert not (tmp_path / "more").exists()
    assert len(ev.open_run(tmp_path / "new").space) == 3
