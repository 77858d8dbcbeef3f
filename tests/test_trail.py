"""The trail of an expression: its sums, where they are placed, and where it ends."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import embviz as ev
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.map.details import details
from embviz.apps.explorer.map.trail import told, trail
from embviz.apps.explorer.selection import Selection
from embviz.errors import EmbvizError
from embviz.projection.placing import place, place_between
from embviz.runs import Run
from embviz.search import rows_near, unit_vectors
from embviz.similarity import steps, vector
from embviz.space import Space

from pages import said  # isort: skip

RNG = np.random.default_rng(4)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Four groups of 25 words; queen is king - man + woman."""
    folder = tmp_path_factory.mktemp("trail")
    vectors = 4 * np.repeat(np.eye(8)[:4], 25, axis=0) + RNG.normal(0, 0.3, (100, 8))
    words = [f"word{i}" for i in range(100)]
    for name, row in (("king", 0), ("man", 25), ("woman", 50)):
        words[row] = name
    words[99] = "queen"
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[99] = unit[0] - unit[25] + unit[50]
    lines = [f"{word} {' '.join(map(str, row))}" for word, row in zip(words, vectors, strict=True)]
    (folder / "v.vec").write_text("\n".join(lines), encoding="utf-8")
    return ev.import_vectors(folder / "v.vec", folder / "runs" / "trail")


def test_the_sums_of_an_expression(run: Run) -> None:
    found = steps(run.space, "king - man + woman", k=5)
    assert [step.query for step in found] == ["king", "king - man", "king - man + woman"]
    for step in found:
        assert step.words == ev.near(run.space, step.query, 5).words
    assert steps(run.space, "king-man")[1].query == "king - man"
    assert [step.query for step in steps(run.space, "- king + king + man")] == ["- king", "- king + king + man"]
    assert max(row for step in steps(run.space, "king + queen", among=30) for row in step.rows) < 30
    with pytest.raises(EmbvizError, match="nowhere"):
        steps(run.space, "king + nowhere")


def test_a_sum_is_placed_where_a_new_word_alone_would_be() -> None:
    """But for the word itself, which is one of the ten of its neighbours when it is settled again."""
    vectors = RNG.normal(size=(120, 10)).astype(np.float32)
    space, coords = Space.of([f"w{i}" for i in range(120)], vectors), RNG.normal(size=(100, 2)).astype(np.float32)
    units = unit_vectors(space, 120)
    near, cosine = rows_near(units[100:], units[:100], 10)
    between = place_between(near, cosine, coords)
    alone = [place(space, range(i, i + 1), units[:100], coords, lambda *what: None)[0] for i in range(100, 120)]
    assert np.median(np.linalg.norm(between - alone, axis=1)) < 0.1


def test_the_trail_on_a_map(run: Run) -> None:
    projection = run.projection("pca")
    places, row = projection.sheet.places / 65_536, run.space.row
    found = told(run, projection, "king - man + woman")
    assert [(step["label"], step["word"]) for step in found["steps"]] == [
        ("king", True), ("king - man", False), ("king - man + woman", False),
    ]  # fmt: skip
    assert found["to"] == row("queen")
    assert [found["steps"][0][axis] for axis in "xy"] == pytest.approx(places[row("king")])
    group = places[50:75]  # woman + a little: the sum is among hers
    there = told(run, projection, "woman + word51")["steps"][1]
    assert (group.min(axis=0) <= [there["x"], there["y"]]).all() and (
        [there["x"], there["y"]] <= group.max(axis=0)
    ).all()
    assert vector(run.space, "woman + word51").shape == (8,)


def test_what_has_no_trail(run: Run) -> None:
    projection = run.projection("pca")
    for expression in (None, "", "king", "- king", "king + nowhere", "king -", " + ".join(["king"] * 9)):
        assert trail(run, projection, expression) is None
    few = run.projection("pca", words=60)
    found = trail(run, few, "king - man + queen")
    assert found.to is None or found.to < 60
    assert trail(run, few, "queen - word98").rows[0] is None, "a word that is not on the map is estimated"


def test_the_page_says_what_is_an_estimate(run: Run) -> None:
    library, selection = Library(Path(run.path).parent), Selection(run="trail", word="king - man")
    assert "The places of sums are estimates" in said(details(library, selection, "en"))
    assert "估计" in said(details(library, selection, "zh"))
    assert "estimates" in said(details(library, selection.but(dims=3), "en"))
