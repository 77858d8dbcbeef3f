"""Tokens: the same text gives the same ones in every process, and nothing is lost on the way."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from embviz.errors import EmbvizError
from embviz.models.tokens import CLS, SEP, SPECIALS, tokens_of
from embviz.train.spool import lines
from embviz.train.stream import tokenise
from embviz.train.vocabulary import KINDS, dressed, learn

CHINESE = "天地玄黄宇宙洪荒日月盈昃辰宿列张"


def mixed():
    random = np.random.default_rng(0)
    letters = np.array(list("abcdefghijklmnopqrst"))
    words = ["".join(random.choice(letters, random.integers(2, 7))) for _ in range(150)]
    return [" ".join(random.choice(words, 8)) + " " + "".join(random.choice(list(CHINESE), 4)) for _ in range(300)]


def quiet(share):
    assert 0 <= share <= 1


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("\n".join(mixed()), encoding="utf-8")
    return path


def test_every_process_learns_the_same_tokens(text):
    code = """
import sys
from pathlib import Path
from embviz.train.vocabulary import KINDS, learn
for kind in KINDS:
    sys.stdout.write(learn(Path(sys.argv[1]), kind, None, "text", lambda share: None).to_str())
"""
    command = [sys.executable, "-c", code, str(text)]
    learned = {subprocess.run(command, capture_output=True, check=True).stdout for _ in range(3)}
    assert len(learned) == 1
    assert b"##a" in learned.pop()


@pytest.mark.parametrize("kind", ["wordpiece", "bpe"])
def test_a_vocabulary_has_the_size_asked_for(text, kind):
    for size in (280, 300):
        assert learn(text, kind, size, "text", quiet).get_vocab_size() == size
    with pytest.raises(EmbvizError, match=r"9,000 tokens were asked for, and 'text' yields [\d,]+: "):
        learn(text, kind, 9_000, "text", quiet)


@pytest.mark.parametrize("kind", KINDS)
def test_marks_come_first_and_tokens_map_back_to_what_was_typed(text, kind):
    tokenizer = dressed(learn(text, kind, None, "text", quiet), "encoder", kind)
    assert [tokenizer.token_to_id(mark) for mark in SPECIALS] == list(range(5))
    typed = mixed()[0]
    found = tokens_of(tokenizer, typed)
    assert (found.texts[0], found.texts[-1]) == (CLS, SEP)
    spans = found.offsets[1:-1]
    assert all(typed[start:end] == shown for (start, end), shown in zip(spans, found.texts[1:-1], strict=True))
    covered = {place for start, end in spans for place in range(start, end)}
    assert {place for place, letter in enumerate(typed) if not letter.isspace()} <= covered


def test_chinese_characters_are_wordpieces_of_their_own(text):
    vocabulary = learn(text, "wordpiece", None, "text", quiet).get_vocab()
    assert set(CHINESE) <= set(vocabulary)
    assert not any(character in token for token in vocabulary for character in CHINESE if len(token) > 1)


@pytest.mark.parametrize("kind", ["wordpiece", "words"])
@pytest.mark.parametrize(
    "line",
    [
        "天气很好，我用 python 写。",
        "the king. “he” said it, twice",
        "他说：“你好！”（笑）",
        "hello，world！",
        "私は日本人 ok",
    ],
)
def test_what_is_written_has_spaces_between_words_and_none_in_chinese(tmp_path, kind, line):
    path = tmp_path / "text.txt"
    path.write_text("\n".join([line] * 3), encoding="utf-8")
    tokenizer = learn(path, kind, None, "text", quiet)
    assert tokenizer.decode(tokenizer.encode(line).ids) == line
    parts = [tokenizer.decode(tokenizer.encode(line).ids[:n]) for n in range(4)]
    assert all(line.startswith(part) for part in parts), "what is streamed is never taken back"


@pytest.mark.parametrize("kind", ["characters", "bpe"])
def test_case_spaces_and_ends_of_lines_can_be_kept(tmp_path, kind):
    path = tmp_path / "text.txt"
    path.write_text("KING:\n  What,  ho!\n今天\n" * 3, encoding="utf-8")
    tokenizer = learn(path, kind, None, "text", quiet)
    typed = "ho!\n  KING"
    assert tokenizer.decode(tokenizer.encode(typed).ids) == typed


def test_the_stream_is_the_text(text, tmp_path):
    tokenizer = learn(text, "wordpiece", None, "text", quiet)
    stream = tokenise(tokenizer, lines(text, quiet), tmp_path, SEP)
    assert stream.ids.dtype == np.uint16
    for number, sentence in enumerate(mixed()):
        assert list(stream.line(number)) == [*tokenizer.encode(sentence).ids, 3]
    assert len(stream.starts) == len(mixed())
    assert np.array_equal(stream.counts, np.bincount(stream.ids, minlength=tokenizer.get_vocab_size()))


def test_a_mark_in_the_text_is_no_mark(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("a [MASK] b [SEP] c\n" * 3, encoding="utf-8")
    stream = tokenise(learn(path, "wordpiece", None, "t", quiet), lines(path, quiet), tmp_path, SEP)
    assert 4 not in stream.ids
    assert (np.asarray(stream.ids) == 3).sum() == 3


def test_an_empty_text_is_an_empty_stream(text, tmp_path):
    stream = tokenise(learn(text, "words", None, "t", quiet), [], Path(tmp_path), None)
    assert len(stream.ids) == len(stream.starts) == 0
