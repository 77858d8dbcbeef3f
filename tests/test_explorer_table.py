"""The map as a table: each word's true neighbours, and how the map was made."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import pytest
from pages import PAGE, fetch, said

import embviz as ev
from embviz.apps.explorer import create_app
from embviz.apps.explorer.jobs import Jobs
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.map import neighbors
from embviz.apps.explorer.map.picture import picture
from embviz.apps.explorer.map.table import file_name, links
from embviz.apps.explorer.selection import Selection


def test_a_table_has_the_true_neighbours_and_says_how_the_map_was_made(strange_runs: Path, library: Library) -> None:
    client, run = create_app(strange_runs).server.test_client(), library.open("strange")
    projection = run.projection("pca", words=30)
    addresses = dict(links(run, projection, Selection(run=run.name)))
    made = parquet.read_table(io.BytesIO(fetch(client, addresses["Parquet"])))
    rows = list(csv.DictReader(io.StringIO(fetch(client, addresses["CSV"]).decode("utf-8-sig"))))
    assert len(rows) == len(made) == 30
    for row in (4, 7, 29):
        near = list(ev.near(run.space, run.space.word(row)).words)
        assert made["neighbors"][row].as_py() == near
        assert rows[row]["neighbors"].removeprefix("'") == " ".join(near)
    told = json.loads(made.schema.metadata[b"embviz"])
    assert (told["run"], told["trainer"], told["map"]["method"]) == ("strange", "import", "pca")
    assert told["map"]["params"] == dict(projection.params)
    sent = client.get(addresses["CSV"]).headers["Content-Disposition"]
    assert sent.endswith("''strange-pca-words30-fit30-seed0.csv")
    some = dict(links(run, projection, Selection(run=run.name, pattern="^word1")))
    sent = client.get(some["Parquet"]).headers["Content-Disposition"]
    assert sent.endswith("''strange-pca-words30-fit30-seed0-11-words.parquet")


def test_a_file_is_named_by_what_its_map_shows_without_a_path(library: Library) -> None:
    run = library.open("strange")
    projection = run.projection("pca")
    odd = replace(projection, method="axes", params={"axes": ["大 <-> ../b", "c"]})
    assert file_name(run, odd) == "strange-axes-axes大_-_.._b-c"


def test_neighbours_block_by_block_are_those_of_the_whole_space(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbors, "_BLOCK", 7)
    run = library.open("strange")
    found = neighbors.nearest_rows(run, np.array([49, 0, 14]))
    for row, near in zip((49, 0, 14), found, strict=True):
        assert near.tolist() == ev.near(run.space, run.space.word(row)).rows.tolist()


def test_a_word_without_a_direction_is_nobodys_neighbour_and_has_none(tmp_path: Path) -> None:
    vectors = [[1, 0], [0, 0], [1, 0.1], [0.9, 0], [1, 0]]  # the first and the last are the same
    lines = [f"w{i} {x} {y}" for i, (x, y) in enumerate(vectors)]
    (tmp_path / "v.txt").write_text("\n".join(lines), encoding="utf-8")
    run = ev.import_vectors(tmp_path / "v.txt", tmp_path / "run")
    made = neighbors.neighbor_words(run, np.arange(5)).to_pylist()
    assert made[1] is None and made[0] == ["w3", "w4", "w2"] and made[4] == ["w0", "w3", "w2"]


def test_a_table_of_too_many_words_goes_without_and_the_page_says_so(
    strange_runs: Path, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbors, "_PAIRS", 50 * 20)
    client, run = create_app(strange_runs).server.test_client(), library.open("strange")
    for words, there in ((20, True), (21, False)):
        address = dict(links(run, run.projection("pca", words=words), Selection(run=run.name)))["Parquet"]
        table = parquet.read_table(io.BytesIO(fetch(client, address)))
        assert ("neighbors" in table.column_names) is there
        about = said(picture(library, Jobs(), Selection(run="strange", words=words), "look", PAGE)["about"])
        assert ("has up to 20 words" in about) is not there
