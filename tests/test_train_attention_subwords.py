"""Subwords and windows: the same text gives the same tokens in every process, and nothing is lost on the way."""

import subprocess
import sys

import numpy as np
import pytest

from embviz.errors import EmbvizError
from embviz.models import Shape
from embviz.models.tokens import SPECIALS
from embviz.train.subwords import Stream, learn, tokenise
from embviz.train.windows import Windows

CHINESE = "天地玄黄宇宙洪荒日月盈昃辰宿列张"


def mixed():
    random = np.random.default_rng(0)
    letters = np.array(list("abcdefghijklmnopqrst"))
    words = ["".join(random.choice(letters, random.integers(2, 7))) for _ in range(150)]
    return [" ".join(random.choice(words, 8)) + " " + "".join(random.choice(list(CHINESE), 4)) for _ in range(300)]


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("\n".join(mixed()), encoding="utf-8")
    return path


def test_every_process_learns_the_same_subwords(text):
    code = """
import sys
from pathlib import Path
from embviz.train.subwords import learn
sys.stdout.write(learn(Path(sys.argv[1]), 200, "text", lambda share: None).to_str())
"""
    command = [sys.executable, "-c", code, str(text)]
    learned = {subprocess.run(command, capture_output=True, check=True).stdout for _ in range(3)}
    assert len(learned) == 1
    assert b"##a" in learned.pop()


def test_a_vocabulary_has_the_size_asked_for(text):
    for size in (20, 60, 200):
        assert learn(text, size, "text", lambda share: None).get_vocab_size() == size
    with pytest.raises(EmbvizError, match=r"9,000 subwords were asked for, and 'text' yields \d+: "):
        learn(text, 9_000, "text", lambda share: None)


def test_chinese_characters_are_tokens_of_their_own_and_marks_come_first(text):
    vocabulary = learn(text, None, "text", lambda share: None).get_vocab()
    assert [vocabulary[mark] for mark in SPECIALS] == list(range(5))
    assert set(CHINESE) <= set(vocabulary)
    assert not any(character in token for token in vocabulary for character in CHINESE if len(token) > 1)


def test_the_stream_is_the_text(text, tmp_path):
    tokenizer = learn(text, None, "text", lambda share: None)
    stream = tokenise(tokenizer, text, tmp_path, lambda share: None)
    assert stream.ids.dtype == np.uint16
    ends = [*stream.starts[1:], len(stream.ids)]
    for sentence, start, end in zip(mixed(), stream.starts, ends, strict=True):
        assert list(stream.ids[start:end]) == [*tokenizer.encode(sentence).ids, 3]
    assert np.array_equal(stream.counts, np.bincount(stream.ids, minlength=tokenizer.get_vocab_size()))


def test_a_mark_in_the_text_is_no_mark(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("a [MASK] b [SEP] c\n" * 3, encoding="utf-8")
    stream = tokenise(learn(path, None, "t", lambda share: None), path, tmp_path, lambda share: None)
    assert 4 not in stream.ids
    assert (np.asarray(stream.ids) == 3).sum() == 3


def windows(family="encoder", mask=0.3, length=2_000):
    ids = (5 + np.arange(length) % 90).astype(np.uint16)
    ids[9::10] = 3
    stream = Stream(ids, np.arange(0, length, 10), np.zeros(0))
    return Windows.of(stream, Shape(family, 1, 1, 8, 16, 99), 6, mask, 7, "t")


def test_windows_begin_where_sentences_do_and_leave_the_last_part_for_validation():
    found = windows("decoder")
    assert (found.starts % 10 == 0).all()
    assert found.starts.max() + 16 <= found.cut == 1_900
    assert found.checked.min() >= 1_900
    assert found.checked.max() + 16 <= 2_000


def test_a_decoder_guesses_the_next_token():
    batch = windows("decoder").batch(1)
    assert batch.ids.shape == (6, 16)
    assert (batch.ids[:, 0] == 2).all()
    assert (batch.targets.reshape(6, 16)[:, :-1] == batch.ids[:, 1:]).all()


def test_an_encoder_guesses_what_is_hidden_and_never_a_mark():
    found = windows(mask=0.5)
    batch = found.batch(1)
    assert (batch.targets >= 5).all()
    shown = batch.ids.flatten()[batch.places]
    assert 0.6 < (shown == 4).float().mean() < 0.95
    untouched = np.setdiff1d(np.arange(96), batch.places)
    assert len(batch.places) == round(0.5 * ((batch.ids.flatten()[untouched] >= 5).sum().item() + len(batch.places)))


def test_a_batch_follows_from_seed_and_step_alone():
    one, other = windows(), windows()
    other.batch(1)
    assert (one.batch(5).ids == other.batch(5).ids).all()
    assert (one.batch(5).ids != one.batch(6).ids).any()
    first, again = ([batch.ids.tolist() for batch in one.validation()] for _ in range(2))
    assert first == again
