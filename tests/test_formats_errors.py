"""What is wrong with a file of vectors is said in a sentence that names the place and what to do."""

from __future__ import annotations

import pickle
import struct

import numpy as np
import pytest
from test_formats import lines, read, records

from embviz.errors import EmbvizError
from embviz.formats import read_vectors

MANY = [f"w{i}" for i in range(2000)]
TABLE = np.random.default_rng(3).standard_normal((2000, 5)).astype(np.float32)


def fails(folder, content, *said: str, **options) -> None:
    with pytest.raises(EmbvizError) as caught:
        read(folder, content, **options)
    for part in said:
        assert part in str(caught.value)


def altered(number: int, line: str, header: str = "") -> str:
    """2,000 good lines of 5 numbers, the given one replaced."""
    rows = lines(MANY, TABLE).splitlines()
    rows[number - 1] = line
    return header + "\n".join(rows) + "\n"


@pytest.mark.parametrize(
    ("line", "found", "word"),
    [
        ("short 1 2 3 4", "4 numbers", "'short'"),
        ("short 0.5", "1 number", "'short'"),
        ("word", "0 numbers", "'word'"),
        ("long 0.1 0.2 0.3 0.4 0.5 0.6", "6 numbers", "'long'"),
        ("a word 0.1 0.2 0.3 0.4", "4 numbers", "'word'"),
        ("odd 0.1 0.2 x 0.4 0.5", "2 numbers", "'x'"),
        ("gap 0.1 0.2  0.4 0.5", "4 numbers", "'gap'"),
        ("under 0.1 0.2 1_0 0.4 0.5", "2 numbers", "'1_0'"),
        (" 0.2 0.3 0.4 0.5", "4 numbers", "''"),
    ],
)
def test_a_malformed_line_is_named(tmp_path, line, found, word):
    fails(tmp_path, altered(1204, line), f"Line 1,204 of 'v.txt' has {found} after {word}", "should have 5")
    fails(tmp_path, altered(1204, line, "2000 5\n"), f"Line 1,205 of 'v.txt' has {found} after {word}")
    fails(tmp_path, altered(1, line), f"Line 1 of 'v.txt' has {found}")


def test_blank_lines_and_blocks_count_as_lines(tmp_path, monkeypatch):
    monkeypatch.setattr("embviz.formats.text._BLOCK", 300)
    fails(tmp_path, "\n\n" + altered(1204, "short 1 2 3 4"), "Line 1,206 ")


@pytest.mark.parametrize("value", ["nan", "inf", "-nan", "-inf", "1e39", "NaN"])
def test_values_that_are_not_finite(tmp_path, value):
    fails(tmp_path, altered(700, f"bad 0.1 0.2 {value} 0.4 0.5"), "Line 700 ", "not a finite number")


def test_a_vector_of_a_binary_file_that_is_not_finite(tmp_path):
    table = TABLE.copy()
    table[1203, 2] = np.nan
    fails(tmp_path, records(MANY, table), "Word 1,204 of 'v.txt'", "not a finite number")


def test_the_byte_is_counted_over_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr("embviz.formats.text._BLOCK", 50)
    content = altered(300, "é 0.1 0.2 0.3 0.4 0.5").encode("latin-1")
    fails(tmp_path, content, f"Line 300 of 'v.txt' is not utf-8 (byte {content.index(0xE9):,} of the file)")


@pytest.mark.parametrize("header", [b"", b"3 2\n"])
def test_undecodable_bytes(tmp_path, header):
    content = header + b"a 0.5 1\nb 0.5 1\nx" + "é".encode("latin-1") + b" 0.5 1\n"
    line, byte = 3 + bool(header), content.index(b"\xe9")
    fails(tmp_path, content, f"Line {line} of 'v.txt' is not utf-8 (byte {byte} of the file)", "--encoding")
    assert read(tmp_path, content, encoding="latin-1").words() == ["a", "b", "xé"]


def test_undecodable_bytes_of_a_binary_file(tmp_path):
    content = records(["a", "b?", "c"], TABLE[:3]).replace(b"b?", b"b\xff")
    byte = content.index(b"b\xff") + 1
    fails(tmp_path, content, f"Word 2 of 'v.txt' is not utf-8 (byte {byte} of the file)", "--encoding")


@pytest.mark.parametrize("promised", [1999, 2001])
def test_a_header_that_promises_another_number_of_words(tmp_path, promised):
    fails(tmp_path, f"{promised} 5\n{lines(MANY, TABLE)}", f"promises {promised:,} words, and the file holds 2,000")


def test_binary_files_cut_off_or_with_a_tail(tmp_path):
    content = records(MANY, TABLE)
    fails(tmp_path, content[:-1], "promises 2,000 words of 5 numbers", "ends within word 2,000")
    fails(tmp_path, content[: len(content) // 2], "ends within word ")
    fails(tmp_path, content + b"x 1", "goes on after the 2,000 words")
    assert len(read(tmp_path, content + b"\n \n")) == 2000


def test_a_damaged_binary_file_does_not_fill_the_memory(tmp_path):
    fails(tmp_path, b"2 2\na \x00\x00\x80\x3f\x00\x00\x80\x3f" + b"\x01" * 200_000, "Word 2 of 'v.txt' does not end")


@pytest.mark.parametrize("content", ["", "\n", "  \n\n"])
def test_empty(tmp_path, content):
    fails(tmp_path, content, "'v.txt' is empty.")


@pytest.mark.parametrize("header", ["3 0\n", "0 5\n", "0 0\n"])
def test_headers_that_promise_nothing(tmp_path, header):
    fails(tmp_path, header + "a\nb\nc\n", "there is nothing to read")


@pytest.mark.parametrize(
    "content",
    [
        "It was the best of times,\nit was the worst of times\n" * 50,
        "道可道，非常道。\n名可名，非常名。\n",
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40,
        b"\x00" * 100,
        bytes(range(253, 0, -1)) * 9000,
        "word\n" * 9,
        "x" * 3_000_000,
        '{"words": ["a"], "vectors": [[1, 2]]}\n',
    ],
)
def test_what_is_no_file_of_vectors(tmp_path, content):
    fails(tmp_path, content, "is not a file of word vectors", "embviz reads word2vec")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (pickle.dumps({"a": [1.0]}), "is a pickle"),
        (pickle.dumps({"a": [1.0]}, protocol=2), "save_word2vec_format"),
        (struct.pack("<ii", 793712314, 12) + b"\0" * 90, "is a fastText model"),
        ("a 1 2\n".encode("utf-16"), "UTF-16"),
        (b"\x93NUMPY\x01\0v\0{}\n" + b"\0" * 90, "an array of numpy's"),
    ],
)
def test_foreign_files_are_called_by_their_names(tmp_path, content, said):
    fails(tmp_path, content, "'v.txt'", said)


def test_a_file_without_one_word(tmp_path):
    fails(tmp_path, "2 2\n 1 2\n 3 4\n", "2 vectors and not one word")


def test_paths(tmp_path):
    with pytest.raises(EmbvizError, match="There is no file"):
        read_vectors(tmp_path / "none.txt")
    with pytest.raises(EmbvizError, match="is a folder"):
        read_vectors(str(tmp_path))


@pytest.mark.parametrize(("encoding", "said"), [("utf-16", "Convert the file"), ("klingon", "no text encoding")])
def test_encodings(tmp_path, encoding, said):
    fails(tmp_path, "a 1 2\n", said, encoding=encoding)


@pytest.mark.parametrize("limit", [0, -1])
def test_limits(tmp_path, limit):
    fails(tmp_path, "a 1 2\n", "Give at least 1", limit=limit)


def test_damaged_zip(tmp_path):
    fails(tmp_path, b"PK\x03\x04" + b"\0" * 50, "cannot be unpacked")
