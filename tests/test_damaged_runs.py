"""Runs that are damaged: each is named with what is wrong, and the others can be used."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from shell import EMBVIZ, said

import embviz as ev
from embviz.cli.look import _listed
from embviz.errors import EmbvizError
from embviz.projection import Projection


def damage(run: Path, what: str) -> None:
    meta = run / "meta.json"
    facts = json.loads(meta.read_text())
    if what == "half-written":
        meta.unlink()
    elif what == "newer":
        meta.write_text(json.dumps({"format": 99, "all": "different"}))
    elif what == "no json":
        meta.write_text(meta.read_text()[:-20])
    elif what == "no object":
        meta.write_text("[1]")
    elif what == "no dims":
        meta.write_text(json.dumps({name: fact for name, fact in facts.items() if name != "dims"}))
    elif what == "odd numbers":
        meta.write_text(json.dumps({**facts, "created": "today", "files": {"vectors.npy": "big"}}))
    elif what == "cut":
        os.truncate(run / "vectors.npy", 200)
    elif what == "gone":
        (run / "words.arrow").unlink()
    elif what == "words":
        spoilt(run / "words.arrow", b"king", b"\xff\xff\xff\xff")
    elif what == "header":
        spoilt(run / "vectors.npy", b"{'descr'", b"((((((((")


def spoilt(path: Path, old: bytes, new: bytes) -> None:
    """Change a file and not its size."""
    data = path.read_bytes()
    assert old in data and len(old) == len(new)
    path.write_bytes(data.replace(old, new))


DAMAGES = {
    "half-written": "no complete run: it has no meta.json",
    "newer": "has the format 99, and this embviz reads up to 1. Update embviz",
    "no json": "damaged: its meta.json",
    "no object": "damaged: its meta.json",
    "no dims": "damaged: its meta.json",
    "odd numbers": "damaged: its meta.json",
    "cut": "vectors.npy has 200 bytes and should have",
    "gone": "words.arrow is missing",
    "words": "cannot be read",
    "header": "cannot be read",
}


@pytest.mark.parametrize(("what", "sentence"), DAMAGES.items(), ids=DAMAGES)
def test_a_damaged_run_is_named_and_the_others_are_listed(
    place: Path, tmp_path: Path, what: str, sentence: str
) -> None:
    run = shutil.copytree(place / "runs" / "words", tmp_path / "run")
    shutil.copytree(place / "runs" / "words", tmp_path / "good")
    damage(run, what)
    with pytest.raises(EmbvizError, match=sentence):
        ev.near(ev.open_run(run).space, "king")
    listed = {entry.name: _listed(entry) for entry in ev.list_runs(tmp_path)}
    assert listed["good"]["words"] == 10
    assert "problem" in listed["run"] or what in ("words", "header")  # found when they are read


def test_damaged_runs_in_the_shell(place: Path, tmp_path: Path) -> None:
    for what in ("newer", "cut"):
        damage(shutil.copytree(place / "runs" / "words", tmp_path / what), what)
    assert DAMAGES["newer"] in said(["near", "newer", "king"], tmp_path)
    assert DAMAGES["cut"] in said(["attend", "cut", "king"], tmp_path)
    result = subprocess.run([*EMBVIZ, "list", "."], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0 and DAMAGES["newer"] in result.stdout and DAMAGES["cut"] in result.stdout


def test_a_damaged_projection_says_what_to_do(place: Path, tmp_path: Path) -> None:
    run = ev.open_run(shutil.copytree(place / "runs" / "words", tmp_path / "run"))
    made = run.projection()
    path = run.projection_path("pca")
    np.testing.assert_array_equal(Projection.load(path, run.space).coords, made.coords)
    facts = {"params": json.dumps(dict(made.params)), "facts": "{}"}
    for coords, meta in (
        (made.coords, facts),
        (made.coords[:5], {**facts, "method": "pca"}),
        (made.coords * np.nan, {**facts, "method": "pca"}),
    ):
        save_file({"coords": np.ascontiguousarray(coords)}, path, meta)
        with pytest.raises(EmbvizError, match="is damaged: remove it"):
            Projection.load(path, run.space)
