"""`embviz heads`: a table, JSON, a page; sentences for what cannot be asked."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from shell import EMBVIZ

import embviz as ev
from embviz import heads


def test_all_heads_as_json_as_a_table_and_as_a_page(place: Path, tmp_path: Path) -> None:
    command = [*EMBVIZ, "heads", str(place / "runs" / "model"), str(place / "text.txt"), "--sentences", "12"]
    asked = subprocess.run([*command, "--json", "--html", str(tmp_path / "page.html")],
                           capture_output=True, text=True, check=True)  # fmt: skip
    said = json.loads(asked.stdout)
    found = heads.scored(ev.open_run(place / "runs" / "model"), ev.open_corpus(str(place / "text.txt")), 12)
    assert (said["kind"], said["corpus"], said["sentences"], len(said["heads"])) == ("encoder", "text", 12, 2)
    for one in said["heads"]:
        for name, score in one["scores"].items():
            assert score == pytest.approx(float(found.scores[name][one["layer"], one["head"]]), abs=1e-5)
    stages = {json.loads(line)["stage"] for line in asked.stderr.splitlines()}
    assert {"reading the corpus", "scoring heads", "scoring random heads"} <= stages
    assert "plotly" in (tmp_path / "page.html").read_text(encoding="utf-8")
    table = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "farthest above chance" in table and "Over 12 sentences of text." in table


def test_one_head_with_its_sentences(place: Path) -> None:
    command = [*EMBVIZ, "heads", str(place / "runs" / "model"), str(place / "text.txt"), "--sentences", "12",
               "--layer", "0", "--head", "1"]  # fmt: skip
    said = json.loads(subprocess.run([*command, "--json"], capture_output=True, text=True, check=True).stdout)
    assert (said["layer"], said["head"]) == (0, 1)
    scores = [one["score"] for one in said["sentences_with_most"]["active"]]
    assert scores == sorted(scores, reverse=True) and np.isfinite(scores).all()
    table = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "most active on" in table and said["sentences_with_most"]["active"][0]["sentence"][:40] in table


@pytest.mark.parametrize(("more", "complaint"), [
    (["runs/words"], "'words' holds word vectors and no attention model"),
    (["runs/model", "text.txt", "--layer", "0"], "--layer and --head name one head together"),
    (["runs/model", "text.txt", "--sentences", "4", "--layer", "9", "--head", "0"], "Layer 9, head 0 was asked for"),
    (["runs/model", "text.txt", "--sentences", "0"], "0 sentences and 3 random models were asked for"),
    (["runs/model", "text.txt", "--kind", "cross"], "'model' has no cross attention: it has encoder."),
    (["runs/model", "empty.txt"], "empty"),
    (["runs/model", "gone.txt"], "gone.txt"),
    (["runs/model", "--column", "text"], "--column and --target are of a table"),
    (["runs/model", "table.csv", "--target", "text"], "name what is read too, with --column"),
    (["runs/none"], "There is no run"),
])  # fmt: skip
def test_what_cannot_be_asked_is_said_in_one_sentence(
    place: Path, said_here: Callable[..., str], more: list[str], complaint: str
) -> None:
    assert complaint in said_here(["heads", *more], place)
