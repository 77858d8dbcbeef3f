"""Columns of words: what a file of them is read as, how its rows find their words, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from embviz import cli
from embviz.columns import Column, checked_name, read_columns, word_list
from embviz.cuts import cut
from embviz.errors import EmbvizError
from embviz.making import import_vectors
from embviz.runs import open_run
from embviz.space import Space

WORDS = ["cat", "dog", "red", "blue", "巴黎"]


@pytest.fixture
def space() -> Space:
    return Space.of(WORDS, np.eye(5, dtype=np.float32), name="five")


def written(folder: Path, text: str, name: str = "meta.tsv") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def values(path: Path, space: Space) -> dict[str, list]:
    return {column.name: column.values.to_pylist() for column in read_columns(path, space).columns}


def test_a_table_in_the_order_of_the_words(tmp_path: Path, space: Space) -> None:
    text = "kind\tsize\tshare\tknown\nanimal\t3\t0.5\tyes\nanimal\t\t1e3\tNo\n"
    text += 'colour\t-1\tinf\ttrue\n"q\t2\t\t\n\t4\t2\tno\n'
    found = read_columns(written(tmp_path, text), space)
    assert {c.name: (c.kind, c.values.to_pylist()) for c in found.columns} == {
        "kind": ("category", ["animal", "animal", "colour", '"q', None]),
        "size": ("number", [3, None, -1, 2, 4]),
        "share": ("number", [0.5, 1000.0, None, None, 2.0]),
        "known": ("list", [True, False, True, None, False]),
    }
    assert (found.here, found.of, found.left_out) == (None, 5, {})


def test_rows_find_their_words(tmp_path: Path, space: Space) -> None:
    """In any order; the first row of a word counts, and lower case is tried, as in the search for a word."""
    text = 'kind,Word\n"a city, in ""France""",巴黎\nanimal,DOG\nanimal,cow\nwrong,dog\n'
    found = read_columns(written(tmp_path, text, "meta.csv"), space)
    assert values(tmp_path / "meta.csv", space) == {"kind": [None, "animal", None, None, 'a city, in "France"']}
    assert (found.here, found.of, found.twice) == (3, 4, 1)


def test_one_column_may_have_empty_cells(tmp_path: Path, space: Space) -> None:
    assert values(written(tmp_path, "kind\na\n\nb\nb\n\n"), space) == {"kind": ["a", None, "b", "b", None]}


def test_a_list_of_words(tmp_path: Path, space: Space) -> None:
    found = read_columns(written(tmp_path, "Cat\n\n 巴黎 \r\ncat\ncow\n", "my animals.v2.txt"), space)
    assert [(c.name, c.kind, c.values.to_pylist()) for c in found.columns] == [
        ("my animals", "list", [True, False, False, False, True])
    ]
    assert (found.here, found.of) == (3, 4)
    assert read_columns(tmp_path / "my animals.v2.txt", space, "pets").columns[0].name == "pets"


def test_what_is_no_column_is_left_out_and_says_why(tmp_path: Path, space: Space) -> None:
    text = "kind\trank\t../up\tnone\tkind\na\t1\t1\t\tb\n" + "a\t1\t1\t\tb\n" * 4
    found = read_columns(written(tmp_path, text), space)
    assert [column.name for column in found.columns] == ["kind"]
    assert found.left_out["rank"].startswith("'rank' says something else") and "cannot name" in found.left_out["../up"]
    assert (found.left_out["none"], found.left_out["kind"]) == ("it says nothing of these words", "it is there twice")


def test_too_many_texts_are_no_categories(tmp_path: Path) -> None:
    large = Space.of([f"w{i}" for i in range(1001)], np.ones((1001, 2), np.float32))
    text = "gloss\n" + "\n".join(f"meaning {i}" for i in range(1001)) + "\n"
    with pytest.raises(EmbvizError, match=r"no column to keep.*'gloss': it has 1,001 different texts"):
        read_columns(written(tmp_path, text), large)


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("m.tsv", "kind\na\nb\n", "2 rows under its first line, and 'five' has 5 words: add a column 'word'"),
        ("m.tsv", "word\tkind\ncow\ta\n", "1 rows, and none is of a word of 'five'"),
        ("m.tsv", "word\ncat\n", "has no column to keep"),
        ("m.tsv", "word\tkind\ncat\ta\tb\n", "Line 2 of .* has 3 cells, and the first line names 2"),
        ("m.tsv", "\n \n", "is empty"),
        ("m.csv", 'word,kind\ncat,"a\n' + "x" * 140_000, "Line .* cannot be read"),
        ("l.txt", "cow\nhen\n", "Of the 2 words of 'l' none is in 'five', such as 'cow'"),
        ("rank.txt", "cat\n", "'rank' says something else"),
    ],
)
def test_a_file_that_says_nothing_of_these_words(
    tmp_path: Path, space: Space, name: str, text: str, sentence: str
) -> None:
    with pytest.raises(EmbvizError, match=sentence):
        read_columns(written(tmp_path, text, name), space)


def test_files_that_cannot_be_read(tmp_path: Path, space: Space) -> None:
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9\n")
    (tmp_path / "zero.tsv").write_bytes(b"word\tkind\n\0")
    for name, sentence in (("none.tsv", "There is no file"), ("latin.txt", "is not in utf-8"), ("zero.tsv", "no text")):
        with pytest.raises(EmbvizError, match=sentence):
            read_columns(tmp_path / name, space)
    with pytest.raises(EmbvizError, match="cannot be read: Is a directory"):
        read_columns(tmp_path, space)
    with pytest.raises(EmbvizError, match="--name is for a list"):
        read_columns(written(tmp_path, "word\tkind\ncat\ta\n"), space, "pets")


@pytest.mark.parametrize("name", ["", " ", "../x", "a/b", ".hidden", "a\nb", "=1+1", "*", "a" * 200, "<b>", "词" * 61])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(EmbvizError, match="cannot name a column"):
        checked_name(name)


def test_names_that_are_some() -> None:
    assert [checked_name(name) for name in (" a list ", "动物", "pos (coarse)", "e\u0301tat")] == [
        "a list", "动物", "pos (coarse)", "état",
    ]  # fmt: skip
    with pytest.raises(EmbvizError, match="something else"):
        checked_name("Word")


def test_columns_of_a_run(tmp_path: Path) -> None:
    """Some come with the vectors, some later; none is overwritten, and a damaged one says so."""
    lines = [f"{word} {i} 1" for i, word in enumerate(WORDS)]
    written(tmp_path, "\n".join(lines) + "\n", "v.vec")
    columns = written(tmp_path, "kind\tcount\na\t1\na\t2\nb\t3\nb\t4\nb\t5\n")
    run = import_vectors(tmp_path / "v.vec", tmp_path / "run", columns=columns)
    assert run.meta["columns_left_out"] == {
        "count": "'count' says something else of a word already: choose another name"
    }
    assert run.column_names == ["kind"] and run.column("kind").values.to_pylist() == ["a", "a", "b", "b", "b"]
    run.annotate(word_list("pets", ["cat", "dog"], run.space).columns)
    again = open_run(tmp_path / "run")
    assert again.column_names == ["kind", "pets"] and again.column("pets").values.to_pylist() == [
        True,
        True,
        *3 * [False],
    ]
    part = cut(again, tmp_path / "part", words=["dog", "red", "blue"])
    assert part.column("pets").values.to_pylist() == [True, False, False] and part.column_names == ["kind", "pets"]
    before = (tmp_path / "run" / "columns" / "pets.arrow").read_bytes()
    for name in ("Pets", "kind"):
        two = [Column("new", pa.array([1, 2, 3, 4, 5])), Column(name, pa.array([1, 2, 3, 4, 5]))]
        with pytest.raises(EmbvizError, match=f"has a column '{name}' already"):
            run.annotate(two)
    assert run.column_names == ["kind", "pets"] and before == (tmp_path / "run" / "columns" / "pets.arrow").read_bytes()
    with pytest.raises(EmbvizError, match=r"has no column 'size'. It has: kind, pets"):
        run.column("size")
    (tmp_path / "run" / "columns" / "pets.arrow").write_bytes(before[: len(before) // 2])
    with pytest.raises(EmbvizError, match="is damaged"):
        run.column("pets")
    for name, sentence in (("kind", "came with the words of 'run'"), ("Pets", "has no column 'Pets'")):
        with pytest.raises(EmbvizError, match=sentence):
            run.remove_column(name)
    run.remove_column("pets")
    assert run.column_names == ["kind"] and not list((tmp_path / "run" / "columns").iterdir())


def test_the_shell_says_what_it_added_and_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path, "\n".join(f"{word} {i} 1" for i, word in enumerate(WORDS)) + "\n", "v.vec")
    run = import_vectors(tmp_path / "v.vec", tmp_path / "run")
    table = written(tmp_path, "word\tkind\ncat\ta\ncat\ta\ncat\tb\ncat\tc\n")

    def said(*more: object) -> list[str]:
        monkeypatch.setattr("sys.argv", ["embviz", "annotate", str(run.path), *map(str, more)])
        assert cli.status() == 0
        return capsys.readouterr().out.splitlines()

    assert said(table) == [
        "kind: category, 1 word.",
        "4 of 4 words of 'meta.tsv' are in 'run'.",
        "1 word came again with other values: the first of each was kept.",
    ]
    assert run.column("kind").values.to_pylist() == ["a", None, None, None, None]
    assert said("--remove", "kind") == ["Removed from 'run': kind."] and run.column_names == []


def test_a_run_that_may_only_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, "\n".join(f"{word} {i} 1" for i, word in enumerate(WORDS)) + "\n", "v.vec")
    run = import_vectors(tmp_path / "v.vec", tmp_path / "run")
    (tmp_path / "run" / "columns").mkdir()
    monkeypatch.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(OSError(30, "Read-only file system")))
    with pytest.raises(EmbvizError, match="may only be read"):
        run.annotate(word_list("pets", ["cat"], run.space).columns)
    assert list((tmp_path / "run" / "columns").iterdir()) == []


def test_a_failed_import_of_columns_leaves_nothing(tmp_path: Path) -> None:
    written(tmp_path, "cat 1 2\ndog 2 1\n", "v.vec")
    with pytest.raises(EmbvizError, match="has 2 words: add a column 'word'"):
        import_vectors(tmp_path / "v.vec", tmp_path / "run", columns=written(tmp_path, "kind\na\n"))
    assert not (tmp_path / "run").exists()
