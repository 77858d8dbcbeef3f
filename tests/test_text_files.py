"""Texts from files of every kind, and what is said of files that are no texts."""

import bz2
import csv
import gzip
import hashlib
import json
import os
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from embviz.corpora import open_corpus
from embviz.errors import EmbvizError
from embviz.text.files import Files

Pack = Callable[[bytes], bytes]
TEXT = "The first line. And more.\n\n第二行，中文。\r\nlast line"
SENTENCES = ["The first line.", "And more.", "第二行，中文。", "last line"]


def zstd(data: bytes) -> bytes:
    return pa.Codec("zstd").compress(data, asbytes=True)


def zipped(path: Path, members: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


def write(path: Path, data: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def read(path: Path, **options: str) -> list[str]:
    return list(open_corpus(str(path), **options).sentences())


def refusal(path: Path, **options: str) -> str:
    """What is said when a corpus is read; one line, and it names the file."""
    with pytest.raises(EmbvizError) as caught:
        list(open_corpus(str(path), **options))
    said = str(caught.value)
    assert "\n" not in said
    assert path.stem in said
    return said


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a", "A.TXT"])
def test_plain_text_of_any_name(tmp_path: Path, name: str) -> None:
    assert read(write(tmp_path / name, TEXT)) == SENTENCES


@pytest.mark.parametrize(("name", "pack"), [("a.txt.gz", gzip.compress), ("a.bz2", bz2.compress), ("a.zst", zstd)])
def test_packed_text(tmp_path: Path, name: str, pack: Pack) -> None:
    assert read(write(tmp_path / name, pack(TEXT.encode()))) == SENTENCES


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, zstd])
def test_packed_in_two_streams_one_after_the_other(tmp_path: Path, pack: Pack) -> None:
    name = {gzip.compress: "a.gz", bz2.compress: "a.bz2", zstd: "a.zst"}[pack]
    assert read(write(tmp_path / name, pack(b"one\n") + pack(b"two\n"))) == ["one", "two"]


def test_zip_reads_its_members_and_skips_what_a_mac_leaves(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"x/b.txt": "bee", "a": "ay", "__MACOSX/b.txt": "no", ".hidden": "no"})
    assert read(path) == ["bee", "ay"]


def test_a_folder_is_read_in_the_order_of_names_without_hidden_files(tmp_path: Path) -> None:
    write(tmp_path / "b.txt", "second")
    write(tmp_path / "a" / "deep.txt.gz", gzip.compress(b"first"))
    write(tmp_path / "c.txt", "")
    write(tmp_path / ".git" / "x.txt", "no")
    write(tmp_path / ".DS_Store", b"\0\0")
    assert read(tmp_path) == ["first", "second"]


@pytest.mark.parametrize("name", ["t.jsonl", "t.jsonl.gz", "t.ndjson"])
def test_a_column_of_json_lines(tmp_path: Path, name: str) -> None:
    rows = [{"text": "One. Two.", "n": 1}, {"n": 2}, {"text": None}, {"text": "三\nfour \ud83d"}]
    data = "\n\n".join(json.dumps(row) for row in rows).encode()
    path = write(tmp_path / name, gzip.compress(data) if name.endswith("gz") else data)
    assert read(path, column="text") == ["One.", "Two.", "三", "four"]


def test_a_column_of_csv(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    with path.open("w", newline="", encoding="utf-8-sig") as out:
        csv.writer(out).writerows([["text", "n"], ['A "quoted", one', 1], ["two\nlines", 2], ["x" * 300_000, 3], []])
    found = read(path, column="text")
    assert found[:3] == ['A "quoted", one', "two", "lines"]
    assert "".join(found[3:]) == "x" * 300_000  # the csv module itself stops at 131,072


def test_a_column_of_tsv_may_hold_quotes_that_are_never_closed(tmp_path: Path) -> None:
    path = write(tmp_path / "t.tsv", 'id\ten\tzh\n1\t"Oh\t哦\n2\tyes\t是\n3\tshort\n')
    assert read(path, column="en") == ['"Oh', "yes", "short"]
    assert read(path, column="zh") == ["哦", "是"]


def test_encodings(tmp_path: Path) -> None:
    assert read(write(tmp_path / "bom.txt", "\ufeffword".encode())) == ["word"]
    assert read(write(tmp_path / "gbk.txt", "中文。".encode("gb18030")), encoding="gb18030") == ["中文。"]
    assert read(write(tmp_path / "wide.txt", "中文 a".encode("utf-16")), encoding="utf-16") == ["中文 a"]


@pytest.mark.parametrize("letter", ["word ", "字"])
def test_one_line_of_many_megabytes_is_streamed(tmp_path: Path, letter: str) -> None:
    count = 8_000_000 // len(letter.encode())
    path = write(tmp_path / "long.txt", letter * count)
    tracemalloc.start()
    total = sum(len(piece) for piece in Files.at(path).pieces())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total == count * len(letter)
    assert peak < 2_000_000


def test_pieces_join_to_the_text_and_cut_no_word(tmp_path: Path) -> None:
    text = " ".join(f"word{i}" for i in range(40_000))
    pieces = list(Files.at(write(tmp_path / "a.txt", text)).pieces())
    assert len(pieces) > 3
    assert "".join(pieces) == text
    assert [word for piece in pieces for word in piece.split()] == text.split()


def test_lines_are_kept_whole_across_blocks(tmp_path: Path) -> None:
    lines = [f"第{i}行 x" + "x" * (i % 300) for i in range(3000)]
    assert read(write(tmp_path / "a.txt", "\n".join(lines))) == lines


def test_the_share_that_is_read_grows_to_one(tmp_path: Path) -> None:
    for name in "abc":
        write(tmp_path / f"{name}.txt", "some words here\n" * 20_000)
    shares: list[float] = []
    list(open_corpus(str(tmp_path)).words(shares.append))
    assert len(shares) > 10
    assert shares == sorted(shares)
    assert 0 <= shares[0] < 0.2
    assert shares[-1] == 1.0


def test_the_hash_is_that_of_the_bytes(tmp_path: Path) -> None:
    one, two = write(tmp_path / "d" / "a.txt", "one"), write(tmp_path / "d" / "b.txt", "two")
    assert Files.at(one).sha256() == hashlib.sha256(b"one").hexdigest()
    assert Files.at(two.parent).sha256() == hashlib.sha256(b"onetwo").hexdigest()


def test_files_that_hold_no_text(tmp_path: Path) -> None:
    assert "is empty" in refusal(write(tmp_path / "a.txt", ""))
    assert "only white space" in refusal(write(tmp_path / "blank.txt", " \n\n\t"))
    assert "only white space" in refusal(write(tmp_path / "blank.gz", gzip.compress(b"")))
    assert "not one word" in refusal(write(tmp_path / "marks.txt", "... !?\n— …"))
    assert "byte 6 is zero" in refusal(write(tmp_path / "photo.jpg", b"JFIF \0\1"))
    assert "--encoding utf-16" in refusal(write(tmp_path / "wide.txt", "wide".encode("utf-16")))


def test_missing_and_unreadable_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "There is no file" in refusal(tmp_path / "no.txt")
    assert "holds no file" in refusal(write(tmp_path / "empty" / ".hidden", "x").parent)
    path = write(tmp_path / "secret.txt", "x")
    path.chmod(0)
    if os.access(path, os.R_OK):  # root may read all
        monkeypatch.setattr(Path, "open", lambda *_: (_ for _ in ()).throw(PermissionError(13, "denied")))
    assert "may not be read" in refusal(path)


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    end = os.open(path, os.O_RDWR)
    try:
        assert "is a pipe" in refusal(path)
    finally:
        os.close(end)


def test_other_encodings_are_told_with_line_and_byte(tmp_path: Path) -> None:
    said = refusal(write(tmp_path / "a.txt", b"good\n" * 20_000 + b"caf\xe9\n"))
    assert "line 20,001, byte 100,004 (e9)" in said
    assert "--encoding" in said
    cut = refusal(write(tmp_path / "cut.txt", "字".encode()[:2]))
    assert "line 1, byte 1 (e5 ad)" in cut
    with pytest.raises(EmbvizError, match="no text encoding 'utf-88'"):
        open_corpus(str(write(tmp_path / "b.txt", "x")), encoding="utf-88")


@pytest.mark.parametrize(("name", "pack"), [("a.gz", gzip.compress), ("a.bz2", bz2.compress), ("a.zst", zstd)])
def test_damaged_packed_files(tmp_path: Path, name: str, pack: Pack) -> None:
    whole = pack(os.urandom(30_000).hex().encode())
    assert "damaged or cut short" in refusal(write(tmp_path / name, whole[: len(whole) // 2]))
    assert "damaged or cut short" in refusal(write(tmp_path / f"not.{name}", b"this was never packed"))


def test_damaged_zip_files(tmp_path: Path) -> None:
    whole = zipped(tmp_path / "a.zip", {"a": os.urandom(30_000).hex()}).read_bytes()
    assert "damaged or cut short" in refusal(write(tmp_path / "cut.zip", whole[:9000]))
    bent = whole[:9000] + bytes(64) + whole[9064:]
    assert "damaged or cut short" in refusal(write(tmp_path / "bent.zip", bent))
    assert "holds no file" in refusal(zipped(tmp_path / "none.zip", {}))


def test_tables_need_a_column_that_is_there(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "title,body\na,b\n")
    assert "one of 'title', 'body'" in refusal(path)
    assert "should name them" in refusal(write(tmp_path / "h.csv", "\n"), column="text")
    assert "no column 'text'" in refusal(path, column="text")
    lines = write(tmp_path / "t.jsonl", '{"text": "a", "id": 1}\n')
    assert "one of 'text', 'id'" in refusal(lines, column="txt")
    assert "has no columns" in refusal(write(tmp_path / "t.txt", "x"), column="text")


def test_bad_rows_are_told_with_their_line(tmp_path: Path) -> None:
    good = '{"text": "fine"}\n'
    assert "Line 3 " in refusal(write(tmp_path / "a.jsonl", good + good + "{oops\n"), column="text")
    assert "Line 2 " in refusal(write(tmp_path / "b.jsonl", good + "[1]\n"), column="text")
    assert "holds list" in refusal(write(tmp_path / "c.jsonl", good + '{"text": ["a"]}'), column="text")
