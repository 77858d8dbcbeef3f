"""What many tests share: runs trained once on the real default corpus, and small ones made by hand."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import embviz as ev
from embviz import cli
from embviz.apps.explorer.library import Library
from embviz.cli.terminal import choose_progress


@pytest.hookimpl(trylast=True)  # after pytest has put those together that share a parameter
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with a slow test first: where two processes share the files, none of these is waited for at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def real_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with word vectors and an attention model, both of the default corpus, trained for seconds."""
    folder = tmp_path_factory.mktemp("real") / "runs"
    corpus = ev.open_corpus("wikipedia")
    made = ev.make_run(ev.Word2Vec(dims=50, epochs=2, negative=5), corpus, folder / "words")
    made.faithfulness("pca"), made.clusters()
    trainer = ev.AttentionTrainer(layers=2, heads=3, dims=48, context=48, vocab=1500, steps=20)
    ev.make_run(trainer, corpus, folder / "attention")
    return folder


@pytest.fixture(scope="session")
def strange_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one imported run whose words look like HTML, formulas and Chinese, and one damaged run."""
    folder = tmp_path_factory.mktemp("strange")
    words = [
        "<img src=x onerror=alert(1)>",
        "=1+1",
        "<b>bold</b>",
        "&amp;",
        "巴黎",
        "法国",
        "日本",
        "东京",
        "مرحبا",
        "😀",
    ]
    words += [f"word{i}" for i in range(40)]
    vectors = np.random.default_rng(0).normal(size=(len(words), 8))
    vectors[7] = vectors[4] / np.linalg.norm(vectors[4]) - vectors[5] / np.linalg.norm(vectors[5])
    vectors[7] += vectors[6] / np.linalg.norm(vectors[6])  # 东京 = 巴黎 - 法国 + 日本
    lines = [f"{word} {' '.join(map(str, vector))}" for word, vector in zip(words, vectors, strict=True)]
    (folder / "strange.vec").write_text("\n".join(lines) + "\n", encoding="utf-8")
    made = ev.import_vectors(folder / "strange.vec", folder / "runs" / "strange")
    made.faithfulness("pca"), made.clusters()  # so that no page starts a process to measure it
    (folder / "runs" / "broken").mkdir()
    (folder / "runs" / "broken" / "meta.json").write_text("{", encoding="utf-8")
    return folder / "runs"


@pytest.fixture
def library(strange_runs: Path) -> Library:
    """The small runs as the explorer opens them."""
    return Library(strange_runs)


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a text, two runs and files that are no texts; tests may not change it."""
    folder = tmp_path_factory.mktemp("bad")
    random = np.random.default_rng(0)
    subjects, verbs = ["king", "queen", "prince", "crown", "castle"], ["rules", "governs", "leads", "guards"]
    lines = [f"the {random.choice(subjects)} {random.choice(verbs)} the {random.choice(subjects)}." for _ in range(800)]
    (folder / "text.txt").write_text("\n".join(lines), encoding="utf-8")
    corpus = ev.open_corpus(str(folder / "text.txt"))
    ev.make_run(ev.Word2Vec(dims=16, epochs=1), corpus, folder / "runs" / "words")
    ev.make_run(ev.AttentionTrainer(layers=1, heads=2, dims=16, context=16, steps=2), corpus, folder / "runs" / "model")
    (folder / "empty.txt").touch()
    (folder / "white.txt").write_text(" \n\n \t")
    (folder / "one.txt").write_text("word")
    (folder / "latin.txt").write_bytes(b"a line\nand caf\xe9\n")
    (folder / "binary.txt").write_bytes(random.bytes(4_000) + b"\0")
    (folder / "table.jsonl").write_text('{"text": "a b"}\n{"text": 3')
    return folder


@pytest.fixture
def said_here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., str]]:
    """The same without a process of its own, and so without loading torch each time."""

    def ask(command: list[str], where: Path) -> str:
        monkeypatch.chdir(where)
        monkeypatch.setattr(sys, "argv", ["embviz", "--progress", "json", *command])
        assert cli.status() == 1
        told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        (sentence,) = (line["error"] for line in told if "error" in line)
        assert "\n" not in sentence
        return sentence

    yield ask
    choose_progress("bar")
