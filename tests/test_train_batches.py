"""Batches: each family sees what it is to learn from, never what is kept for validation, by seed and step alone."""

import numpy as np
import pytest

from embviz.errors import EmbvizError
from embviz.models import Shape
from embviz.train.batches import PairBatches, Windows, infilled, padded
from embviz.train.stream import Stream


def windows(family="encoder", mask=0.3, length=2_000, held=0.05):
    """Of a text whose lines have ten tokens, the last of each a mark."""
    ids = (5 + np.arange(length) % 90).astype(np.uint16)
    ids[9::10] = 3
    stream = Stream(ids, np.arange(0, length, 10), np.zeros(0))
    return Windows.of(stream, Shape(family, 1, 1, 8, 16, 99), 6, mask, 7, "t", held)


def test_a_decoder_guesses_the_next_token_from_any_place_on():
    found = windows("decoder")
    batch = found.batch(1)
    assert batch.ids.shape == (6, 16)
    assert batch.places is None
    assert (batch.targets.reshape(6, 16)[:, :-1] == batch.ids[:, 1:]).all()
    first = {int(token) for step in range(1, 40) for token in found.batch(step).ids[:, 0]}
    assert len(first) > 50  # not only where a line begins


def test_no_step_sees_what_is_kept_for_validation():
    ids = np.concatenate([np.full(1_000, 7), np.full(1_000, 8)]).astype(np.uint16)
    stream = Stream(ids, np.arange(0, 2_000, 10), np.zeros(0))
    for family in ("encoder", "decoder", "seq2seq"):
        found = Windows.of(stream, Shape(family, 1, 1, 8, 16, 99), 6, 0.3, 7, "t", held=0.5)
        assert {7} >= {int(t) for step in range(1, 60) for t in found.batch(step).targets}
        assert {8} >= {int(t) for batch in found.validation() for t in batch.targets}


def test_an_encoder_guesses_what_is_hidden_and_never_a_mark():
    found = windows(mask=0.5)
    batch = found.batch(1)
    assert batch.ids.shape == (6, 16)
    assert (batch.ids[:, 0] == 2).all()
    assert (batch.targets >= 5).all()
    shown = batch.ids.flatten()[batch.places]
    assert 0.6 < (shown == 4).float().mean() < 0.95
    untouched = np.setdiff1d(np.arange(96), batch.places)
    assert len(batch.places) == round(0.5 * ((batch.ids.flatten()[untouched] >= 5).sum().item() + len(batch.places)))


def test_a_seq2seq_model_writes_the_whole_of_what_has_gaps():
    text = np.arange(10, 40)[None].repeat(200, 0)
    batch = infilled(text, 0.3, 99, np.random.default_rng(0))
    assert batch.ids[0].tolist() == [2, *range(10, 37)]
    assert batch.targets[:28].tolist() == list(range(10, 38))
    kept = [[t for t in row.tolist() if t >= 5] for row in batch.source]
    assert all(row == sorted(row) for row in kept)
    gaps = (batch.source == 4).sum(1)
    assert all(1 <= gap <= 28 - len(row) for gap, row in zip(gaps, kept, strict=True))  # a gap is one token or more
    lost = [28 - len(row) for row in kept]
    assert 0.2 < np.mean(lost) / 28 < 0.31  # stretches may lie over each other
    assert np.mean(lost) / gaps.float().mean() > 1.7


def test_a_batch_follows_from_seed_and_step_alone():
    for family in ("encoder", "decoder", "seq2seq"):
        one, other = windows(family), windows(family)
        other.batch(1)
        assert (one.batch(5).ids == other.batch(5).ids).all()
        assert (one.batch(5).ids != one.batch(6).ids).any()
        first, again = ([batch.ids.tolist() for batch in one.validation()] for _ in range(2))
        assert first == again


def pairs(count=40, held=0.25):
    lines = [np.full(1 + n % 3, 5 + n, np.uint16) for n in range(count)]
    starts = np.cumsum([0, *map(len, lines)])[:-1]
    stream = Stream(np.concatenate(lines), starts, np.zeros(0))
    return PairBatches.of(stream, stream, Shape("seq2seq", 1, 1, 8, 8, 99), 4, 0, "t", held)


def test_pairs_stay_together_and_their_last_part_is_for_validation():
    found = pairs()
    batch = found.batch(3)
    for source, target in zip(batch.source.tolist(), batch.ids.tolist(), strict=True):
        tokens = [t for t in source if t >= 5]
        assert source[: len(tokens) + 2] == [2, *tokens, 3]
        assert target[: len(tokens) + 1] == [2, *tokens]
    assert 0 not in batch.targets
    assert (batch.targets == 3).sum() == 4  # each target ends
    assert max(int(t) for step in range(1, 50) for t in found.batch(step).targets) < 5 + 30
    checked = {int(t) for batch in found.validation() for t in batch.targets}
    assert checked == {3, *range(35, 45)}


def test_long_pairs_are_cut_to_the_context():
    stream = Stream(np.full(60, 9, np.uint16), np.array([0, 30]), np.zeros(0))
    batch = PairBatches.of(stream, stream, Shape("seq2seq", 1, 1, 8, 8, 99), 4, 0, "t", 0.5).batch(1)
    assert batch.source.shape[1] == batch.ids.shape[1] == 8


def test_too_little_is_refused_with_both_numbers():
    with pytest.raises(EmbvizError, match=r"'t' has 300 tokens, and 340 are needed to train with a context of 16"):
        windows(length=300)
    with pytest.raises(EmbvizError, match=r"'t' has 1 pairs, of which 25% are for validation"):
        pairs(1)


def test_shorter_rows_are_filled():
    assert padded([[7, 8], [9]]).tolist() == [[7, 8], [9, 0]]
