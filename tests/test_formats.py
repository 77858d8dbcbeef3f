"""Reading other people's files: every kind, plain and packed, with words that break other readers."""

from __future__ import annotations

import bz2
import gzip
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from embviz.errors import EmbvizError
from embviz.formats import read_vectors, text

WORDS = ["the", "女王", ". . .", "at name@domain.com", "1", '"', "a\u00a0b", "</s>", "windows 95", "nan", "#"]
VECTORS = (np.arange(33).reshape(11, 3) / 8 - 2).astype(np.float32)


def lines(words=WORDS, vectors=VECTORS, end="\n", gap=" ") -> str:
    rows = zip(words, vectors.tolist(), strict=True)
    return "".join(f"{word}{gap}{gap.join(map(repr, row))}{end}" for word, row in rows)


def records(words, vectors, end=b"") -> bytes:
    rows = zip(words, vectors.astype("<f4"), strict=True)
    body = b"".join(word.encode() + b" " + row.tobytes() + end for word, row in rows)
    return f"{len(words)} {vectors.shape[1]}\n".encode() + body


def read(folder: Path, content: bytes | str, name: str = "v.txt", **options):
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_vectors(path, **options)


def check(space, words=WORDS, vectors=VECTORS) -> None:
    assert space.words() == list(words)
    assert space.vectors.dtype == np.float32
    np.testing.assert_array_equal(space.vectors, vectors)
    assert space.table["count"].null_count == len(words)


@pytest.mark.parametrize(
    ("content", "layout"),
    [
        (lines(), "GloVe text"),
        ("11 3\n" + lines(), "word2vec text"),
        ("11 3\n" + lines(end=" \n"), "word2vec text"),  # fastText
        ("11 3\r\n" + lines(end="\r\n"), "word2vec text"),
        ("11\t3\n" + lines(gap="\t"), "word2vec text"),
        (lines(gap="\t"), "GloVe text"),
        (lines(gap="   "), "GloVe text"),
        (lines().rstrip("\n"), "GloVe text"),
        ("\n" + lines(end="\n\n") + "\n\n", "GloVe text"),
        ("\ufeff11 3\n" + lines(), "word2vec text"),
        ("\ufeff" + lines(), "GloVe text"),
    ],
)
def test_text(tmp_path, content, layout):
    space = read(tmp_path, content)
    check(space)
    assert dict(space.meta) == {"source": "v.txt", "layout": layout, "dropped": 0}
    assert space.name == "v"


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_binary(tmp_path, end):
    words = [word.replace(" ", "_") for word in WORDS]
    space = read(tmp_path, records(words, VECTORS, end))
    check(space, words)
    assert space.meta["layout"] == "word2vec binary"


PACKED = {
    "v.gz": gzip.compress,
    "v.bz2": bz2.compress,
    "v.zst": lambda content: pa.compress(content, "zstd", asbytes=True),
    "two.gz": lambda content: gzip.compress(content[:100]) + gzip.compress(content[100:]),
}


@pytest.mark.parametrize("name", PACKED)
@pytest.mark.parametrize("ending", ["", ".any"])
def test_packed(tmp_path, name, ending):
    check(read(tmp_path, PACKED[name](lines().encode()), name + ending))


@pytest.mark.parametrize("name", ["v.gz", "v.bz2", "v.zst"])
def test_packed_and_cut_off(tmp_path, name):
    content = lines([f"w{i}" for i in range(5000)], np.random.default_rng(1).random((5000, 4), np.float32)).encode()
    with pytest.raises(EmbvizError, match="cut off"):
        read(tmp_path, PACKED[name](content)[:-3000], name)


def zipped(path: Path, **members: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_zip_of_one(tmp_path):
    space = read_vectors(zipped(tmp_path / "glove.6B.50d.zip", one=lines()))
    check(space)
    assert space.name == "glove.6B.50d"


def test_what_macos_adds_to_a_zip_is_no_file(tmp_path):
    check(read_vectors(zipped(tmp_path / "v.zip", **{"v.txt": lines(), "__MACOSX/._v.txt": "x"})))


def test_zip_of_several_names_them(tmp_path):
    with pytest.raises(EmbvizError, match=r"2 files: 'small', 'large'\. Unzip the one you want"):
        read_vectors(zipped(tmp_path / "v.zip", small=lines(), large=lines()))


@pytest.mark.parametrize(
    ("content", "words", "vectors"),
    [
        ("1 0.2 0.3\n", ["1"], [[0.2, 0.3]]),
        ("7 0.25\n8 1.5\n", ["7", "8"], [[0.25], [1.5]]),
        ("word 0.5\n", ["word"], [[0.5]]),
        ("3 50\nfour 60\n5 70\n", ["3", "four", "5"], [[50], [60], [70]]),
        ("1 2\n7 5 6\n", ["7"], [[5, 6]]),
        ("a 1 2 3\nb 4 5 6\n", ["a", "b"], [[1, 2, 3], [4, 5, 6]]),
        ("a 1 0.5 3\nb 2 4 .5\nc -1 +2.5 1e-3\n", ["a", "b", "c"], [[1, 0.5, 3], [2, 4, 0.5], [-1, 2.5, 0.001]]),
        (" in front 0.5 0.5\nx 1 2\ny 1 2\n", [" in front", "x", "y"], [[0.5, 0.5], [1, 2], [1, 2]]),
    ],
)
def test_small_files(tmp_path, content, words, vectors):
    check(read(tmp_path, content), words, np.array(vectors, np.float32))


def test_dimensions_survive_first_words_that_end_in_numbers(tmp_path):
    content = "windows 95 0.5 1.5\n1 0.5 1.5\n. . 2 0.5 1.5\nplain 0.5 1.5\nlast 0.5 1.5\n"
    assert read(tmp_path, content).words() == ["windows 95", "1", ". . 2", "plain", "last"]


def test_repeated_and_empty_words_are_left_out_and_counted(tmp_path):
    space = read(tmp_path, "6 2\na 1 1\nb 2 2\na 3 3\n 4 4\nc 5 5\nb 6 6\n")
    check(space, ["a", "b", "c"], np.array([[1, 1], [2, 2], [5, 5]], np.float32))
    assert space.meta["dropped"] == 3


def test_encoding(tmp_path):
    content = lines(["女王", "国 王", "x"], VECTORS[:3]).encode("gb18030")
    assert read(tmp_path, content, encoding="gb18030").words() == ["女王", "国 王", "x"]


@pytest.mark.parametrize("content", ["11 3\n" + lines(), lines(), records(list("abcdefghijk"), VECTORS)])
def test_limit(tmp_path, content):
    space = read(tmp_path, content, limit=4)
    np.testing.assert_array_equal(space.vectors, VECTORS[:4])
    assert len(read(tmp_path, content, limit=100)) == 11


def test_limit_does_not_look_further(tmp_path):
    assert read(tmp_path, "9 2\na 1 1\nb 2 2\nc 3\n", limit=2).words() == ["a", "b"]


def test_blocks_join_without_a_seam(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "_BLOCK", 64)
    monkeypatch.setattr("embviz.formats.binary._BLOCK", 64)
    rng = np.random.default_rng(0)
    words, vectors = [f"w{i} é{i % 7}" for i in range(300)], rng.standard_normal((300, 5)).astype(np.float32)
    check(read(tmp_path, lines(words, vectors)), words, vectors)
    words = [word.replace(" ", "") for word in words]
    check(read(tmp_path, records(words, vectors, b"\n")), words, vectors)


def test_progress(tmp_path):
    told = []
    read(tmp_path, lines(), report=lambda *said: told.append(said))
    assert told[-1] == ("reading vectors", 1.0, "11 words")
    assert all(stage == "reading vectors" and 0 <= done <= 1 for stage, done, _ in told)
