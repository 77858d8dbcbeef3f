"""Words and vectors: paired or refused, found again however they are typed, and the same after a round trip to disk."""

import unicodedata
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embviz import space as module
from embviz.errors import EmbvizError
from embviz.space import Space

WORDS = ["the", "Paris", "café", "巴黎", "new york"]
VECTORS = np.array([[3, 4], [0, 0], [-1, 0], [0, 2], [1, 1]], np.float32)


@pytest.fixture
def space() -> Space:
    return Space.of(WORDS, VECTORS, [9, 7, 5, 3, 1], "small")


def test_words_counts_and_vectors_belong_together(space: Space) -> None:
    assert (len(space), space.dims) == (5, 2)
    assert space.rows == {"the": 0, "Paris": 1, "café": 2, "巴黎": 3, "new york": 4}
    assert [space.word(row) for row in range(5)] == WORDS
    assert [space.count(row) for row in range(5)] == [9, 7, 5, 3, 1]
    assert space.vectors.dtype == np.float32


def test_norms_of_very_large_and_very_small_values() -> None:
    space = Space.of(["a", "b"], np.array([[3e25, 4e25], [3e-25, 4e-25]]))
    np.testing.assert_allclose(space.norms, [5e25, 5e-25], rtol=1e-6)


def test_counts_may_be_unknown() -> None:
    space = Space.of(["a", "b"], np.eye(2))
    assert space.count(0) is None and space.count(1) is None


def test_norms_are_lengths_also_over_the_border_of_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BLOCK", 2)
    np.testing.assert_array_equal(Space.of(WORDS, VECTORS).norms, np.array([5, 0, 1, 2, np.sqrt(2)], np.float32))


@pytest.mark.parametrize(
    ("words", "vectors", "counts", "sentence"),
    [
        ([], np.empty((0, 3)), None, "A space needs words and vectors: there are 0 words and an array of shape (0, 3)"),
        (["a"], np.ones(3), None, "there are 1 words and an array of shape (3,)"),
        (["a"], np.empty((1, 0)), None, "there are 1 words and an array of shape (1, 0)"),
        (["a", "b", "c"], np.ones((2, 3)), None, "3 words and 2 vectors do not fit together"),
        (["a", "b"], np.ones((2, 3)), [1], "2 words and 1 counts do not fit together"),
        (["a", "b", "a"], np.ones((3, 3)), None, "The word 'a' is there twice"),
        (["a", "b"], [[1, 2], [1, np.nan]], None, "The vector of 'b' (row 2) holds a value that is not finite"),
        (["a", "b"], [[-np.inf, 2], [1, 1]], None, "The vector of 'a' (row 1) holds a value that is not finite"),
    ],
)
def test_what_does_not_pair_is_refused(words: list, vectors: np.ndarray, counts: list | None, sentence: str) -> None:
    with pytest.raises(EmbvizError) as raised:
        Space.of(words, np.asarray(vectors), counts)
    assert sentence in str(raised.value)


def test_a_value_that_is_not_finite_is_found_behind_the_first_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BLOCK", 2)
    vectors = np.ones((5, 2))
    vectors[3, 1] = np.inf
    with pytest.raises(EmbvizError, match=r"'巴黎' \(row 4\)"):
        Space.of(WORDS, vectors)


def test_too_large_for_float32_is_refused_and_not_made_infinite() -> None:
    with np.errstate(over="ignore"), pytest.raises(EmbvizError, match="not finite"):
        Space.of(["a"], np.array([[1e300, 0]]))


@pytest.mark.parametrize(
    ("typed", "row"),
    [
        ("the", 0),
        ("The", 0),
        ("THE", 0),
        ("Paris", 1),
        ("paris", None),  # the space tells cases apart, so a lower case is not made into an upper one
        ("café", 2),
        (unicodedata.normalize("NFD", "café"), 2),
        (unicodedata.normalize("NFD", "CAFÉ"), 2),
        ("巴黎", 3),
        ("new york", 4),
        ("New York", 4),
        ("newyork", None),
        ("", None),
    ],
)
def test_lookup_tries_the_word_then_composed_then_lower_case(space: Space, typed: str, row: int | None) -> None:
    assert space.row(typed) == row


def test_lookup_prefers_the_word_as_typed() -> None:
    space = Space.of(["us", "US"], np.eye(2))
    assert (space.row("us"), space.row("US")) == (0, 1)


def test_words_of_some_rows(space: Space) -> None:
    assert space.words() == WORDS
    assert space.words(slice(1, 3)) == ["Paris", "café"]
    assert space.words(slice(0, 100)) == WORDS
    assert space.words([4, 0, 0]) == ["new york", "the", "the"]
    assert space.words(np.empty(0, np.int64)) == []


def test_words_of_a_slice_are_those_that_a_list_would_give(space: Space) -> None:
    for rows in (slice(-2, None), slice(None, None, 2), slice(3, 0, -1), slice(2, -1)):
        assert space.words(rows) == WORDS[rows]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(min_size=1).filter(lambda w: w.isprintable()), min_size=1, max_size=20, unique=True))
def test_save_and_load_give_the_same_words_and_bytes(tmp_path_factory: pytest.TempPathFactory, words: list) -> None:
    folder = tmp_path_factory.mktemp("space")
    vectors = np.random.default_rng(0).normal(size=(len(words), 3)).astype(np.float32)
    Space.of(words, vectors, range(len(words))).save(folder)
    again = Space.load(folder, "again", {"seconds": 1})
    assert again.words() == words
    assert again.vectors.tobytes() == vectors.tobytes()
    assert again.table["count"].to_pylist() == list(range(len(words)))
    assert (again.name, again.meta) == ("again", {"seconds": 1})


def test_loaded_vectors_are_mapped_and_cannot_be_written(space: Space, tmp_path: Path) -> None:
    space.save(tmp_path)
    again = Space.load(tmp_path)
    assert isinstance(again.vectors, np.memmap)
    assert again.name == tmp_path.name
    with pytest.raises(ValueError, match="read-only"):
        again.vectors[0, 0] = 1


def test_metadata_columns_are_kept(space: Space, tmp_path: Path) -> None:
    table = space.table.append_column("kind", pa.array(["x", "y", "z", None, "动物"]))
    Space(table, space.vectors).save(tmp_path)
    assert Space.load(tmp_path).table["kind"].to_pylist() == ["x", "y", "z", None, "动物"]


def _damage(folder: Path, what: str) -> None:
    words, vectors = folder / "words.arrow", folder / "vectors.npy"
    if what == "no words":
        words.unlink()
    elif what == "no vectors":
        vectors.unlink()
    elif what == "words cut short":
        words.write_bytes(words.read_bytes()[:-40])
    elif what == "words empty":
        words.write_bytes(b"")
    elif what == "vectors cut short":
        vectors.write_bytes(vectors.read_bytes()[:-4])
    elif what == "vectors empty":
        vectors.write_bytes(b"")
    elif what == "not an array":
        vectors.write_bytes(b"hello" * 40)
    elif what == "pickled objects":
        np.save(vectors, np.array([{}], object), allow_pickle=True)
    elif what == "one vector less":
        np.save(vectors, VECTORS[1:])
    elif what == "not a matrix":
        np.save(vectors, VECTORS[:, 0])
    elif what == "whole numbers":
        np.save(vectors, VECTORS.astype(np.int64))
    elif what.endswith("column"):
        table = pa.table({"name" if "words" in what else "word": WORDS})
        with pa.OSFile(str(words), "wb") as sink, pa.ipc.new_file(sink, table.schema) as out:
            out.write_table(table)


@pytest.mark.parametrize(
    "what",
    [
        "no words", "no vectors", "words cut short", "words empty", "vectors cut short", "vectors empty",
        "not an array", "pickled objects", "one vector less", "not a matrix",
        "whole numbers", "no words column", "no counts column",
    ],
)  # fmt: skip
def test_damaged_files_are_refused_in_a_sentence_that_names_the_folder(space: Space, tmp_path: Path, what: str) -> None:
    space.save(tmp_path)
    _damage(tmp_path, what)
    with pytest.raises(EmbvizError) as raised:
        Space.load(tmp_path)
    assert str(tmp_path) in str(raised.value)
    assert len(str(raised.value)) < 300 and "\n" not in str(raised.value)
