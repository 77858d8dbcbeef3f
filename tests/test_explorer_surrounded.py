"""The words that were surrounded: sorted, and mapped again by themselves, in a run that is made once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dash
import numpy as np
import pytest
from pages import PAGE, said

import embviz as ev
from embviz.apps.explorer.jobs import Jobs
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.map.chosen import by_themselves, listed, surrounded, to_cut
from embviz.apps.explorer.map.picture import picture
from embviz.apps.explorer.selection import Selection
from embviz.similarity import cosine

ALL = [[-1, -1], [2, -1], [2, 2], [-1, 2]]
HALF = [[-1, -1], [0.5, -1], [0.5, 2], [-1, 2]]


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """60 words, the first of which no folder could be called."""
    words = ["../:?", *[f"Word{i}" if i % 2 else f"word{i}" for i in range(1, 58)], "日本", "last"]
    vectors = np.random.default_rng(5).normal(size=(60, 6))
    lines = [f"{word} {' '.join(map(str, row))}" for word, row in zip(words, vectors, strict=True)]
    (tmp_path / "v.vec").write_text("\n".join(lines), encoding="utf-8")
    ev.import_vectors(tmp_path / "v.vec", tmp_path / "runs" / "whole").faithfulness("pca")
    return tmp_path / "runs"


def links(shown: Any) -> list[str]:
    """The words of a list, in its order."""
    if isinstance(shown, dash.html.A):
        return [said(shown).split()[0]]
    parts = shown if isinstance(shown, list) else getattr(shown, "children", None)
    parts = parts if isinstance(parts, list) else [parts]
    return [word for part in parts if not isinstance(part, str) and part is not None for word in links(part)]


def test_the_list_can_be_sorted(runs: Path) -> None:
    library, selection = Library(runs), Selection(run="whole", word="word2")
    run, _, rows = surrounded(library, selection, HALF)
    words = run.space.words(rows)
    assert 10 < len(words) < 50

    def sort(by: str, **changes: Any) -> Any:
        return listed(library, selection.but(**changes), HALF, by, "en")

    assert links(sort("frequency")) == words
    assert links(sort("alphabet")) == sorted(words, key=lambda word: word.lower())
    kept = dict(zip(words, run.faithfulness("pca").kept[rows], strict=True))
    assert links(sort("kept")) == sorted(words, key=lambda word: -kept[word])
    near = {word: cosine(run.space, word, "word2") for word in words}
    assert links(sort("similarity")) == sorted(words, key=lambda word: -near[word])
    for by, changes, why in (("similarity", {"word": "nowhere"}, "No word"), ("kept", {"method": "axes"}, "measured")):
        axes = {"across": "word2 <-> Word3", "up": "word4 <-> Word5"}
        shown = listed(library, selection.but(**changes, **axes), ALL, by, "en")
        assert why in said(shown) and links(shown) == run.space.words()


def test_words_are_mapped_by_themselves_once(runs: Path) -> None:
    library, selection = Library(runs), Selection(run="whole", word="word2", pattern="ord|日|[.]", words=60)
    assert to_cut(library, selection, ALL, "en") == ("Map these 59 words alone", False)
    search, problem, shape = by_themselves(library, selection, ALL, "en")
    made = Selection.of("/map", search)
    assert problem is None and shape is None
    assert (made.run, made.method, made.words, made.pattern, made.word) == (
        "whole-words-59", "tsne", None, None, "word2",
    )  # fmt: skip
    assert by_themselves(library, selection, ALL, "en")[0] == search and len(list(runs.iterdir())) == 2
    few = Selection.of("/map", by_themselves(library, selection.but(pattern="[12]$", word="日本"), ALL, "en")[0])
    assert few.method == "pca" and few.word is None and "Word1" in str(few.run)
    (runs / "whole-words-60").mkdir()  # somebody else's folder of that name
    assert "run=whole-words-60-2&" in by_themselves(library, selection.but(pattern=None), ALL, "en")[0]
    assert library.default_run() == "whole", "a cut is newer, and is not what one sees first"
    state = picture(library, Jobs(), few, "look", PAGE)
    assert f"{len(library.open(few.run).space)} of 60 words by themselves" in said(state["about"])
    assert "whole" in links(state["about"])


def test_what_cannot_be_cut_is_said_and_costs_nothing(runs: Path) -> None:
    library, selection = Library(runs), Selection(run="whole")
    assert to_cut(library, selection.but(pattern="last"), ALL, "en")[1] is True
    search, problem, shape = by_themselves(library, selection.but(pattern="last"), ALL, "zh")
    assert search is shape is dash.no_update and "至少需要 3 个词" in said(problem)
    (runs / ".whole-words-60.partial").touch()  # no folder can be made there
    search, problem, shape = by_themselves(library, selection, ALL, "en")
    assert search is shape is dash.no_update and "cannot be kept as a run of their own" in said(problem)
    assert [entry.name for entry in library.listed()] == ["whole"]
