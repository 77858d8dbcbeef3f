"""Reading attention: hand-made weights with known answers, and what stays true whatever the weights are."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_models import made

from embviz.attention import Attention, attend, read
from embviz.attention.reading import (
    between,
    first_rows,
    keep_top,
    merge_words,
    renormalised,
    second,
    sink,
    turn,
    without_marks,
    without_sink,
)  # fmt: skip
from embviz.errors import EmbvizError
from embviz.generation import written

SENTENCE = "Unseen 天气 😀"
TOKENS = ("[CLS]", "Un", "seen", "天", "气", "😀", "[SEP]")
SPANS = ((0, 0), (0, 2), (2, 6), (7, 8), (8, 9), (10, 11), (0, 0))


def record(causal: bool = False, layers: int = 2, heads: int = 3) -> Attention:
    random = np.random.default_rng(0).random((layers, heads, len(TOKENS), len(TOKENS)))
    random = np.tril(random) if causal else random
    weights = random / random.sum(-1, keepdims=True)
    made = Attention.of(weights, TOKENS, causal=causal)
    return replace(made, sentence=SENTENCE, token_spans=SPANS, key_spans=SPANS)


def one(weights: list[list[float]], tokens: str = "abcdefgh") -> Attention:
    array = np.array(weights, np.float32)
    return Attention.of(array, tuple(tokens[: array.shape[1]])) if array.shape[0] == array.shape[1] else Attention.of(
        array, tuple(tokens[: array.shape[0]]), tuple(tokens[: array.shape[1]])
    )  # fmt: skip


def test_pieces_become_words_queries_averaged_and_keys_summed() -> None:
    seen = Attention.of(
        np.array([[0.5, 0.2, 0.3], [0.1, 0.6, 0.3], [0.0, 0.25, 0.75]], np.float32), ("play", "##ing", "well")
    )
    words = merge_words(seen)
    assert words.tokens == words.keys == ("playing", "well")
    np.testing.assert_allclose(words.head(0, 0), [[0.7, 0.3], [0.25, 0.75]], atol=1e-7)
    assert words.changes == ("words",)


def test_words_are_those_of_the_text_in_every_script_and_marks_stay_apart() -> None:
    words = merge_words(record())
    assert words.tokens == ("[CLS]", "Unseen", "天气", "😀", "[SEP]")
    assert words.token_spans == ((0, 0), (0, 6), (7, 9), (10, 11), (0, 0))
    np.testing.assert_allclose(words.weights.sum(-1), 1, atol=1e-6)
    before = record().weights
    np.testing.assert_allclose(words.weights[1, 2, 1, 2], before[1, 2, 1:3, 3:5].sum() / 2, atol=1e-6)


def test_pieces_of_one_character_are_one_and_spaces_before_tokens_part_words() -> None:
    tokens, spans = ("Hi", " there", "\ufffd", "\ufffd", "!"), ((0, 2), (2, 8), (9, 10), (9, 10), (10, 11))
    seen = replace(Attention.of(np.full((5, 5), 0.2), tokens), sentence="Hi there 😀!", token_spans=spans,
                   key_spans=spans)  # fmt: skip
    assert merge_words(seen).tokens == ("Hi", " there", "😀", "!")


def test_signs_of_tokenizers_say_what_a_word_is_where_no_text_is_known() -> None:
    seen = Attention.of(np.full((5, 5), 0.2), ("The", "Ġun", "seen", "Ġcat", "."))
    assert merge_words(seen).tokens == ("The", "unseen", "cat", ".")
    with pytest.raises(EmbvizError, match="is not known"):
        merge_words(one([[1.0]]))


def test_a_decoders_words_see_what_any_of_their_tokens_sees() -> None:
    words = merge_words(record(causal=True))
    np.testing.assert_array_equal(words.seen, np.tril(np.ones((5, 5), bool)))
    assert (words.weights[:, :, ~words.seen] == 0).all()


def test_of_two_sentences_only_one_way_is_left() -> None:
    tokens = ("[CLS]", "a", "b", "[SEP]", "c", "[SEP]")
    weights = np.arange(36, dtype=np.float32).reshape(6, 6)
    seen = Attention.of(weights, tokens)
    assert second(seen.tokens, None) == 4 and second(tokens[:4], None) is None and second(("[SEP]", "a"), None) is None
    for pair, rows, columns in (("a-a", slice(4), slice(4)), ("a-b", slice(4), slice(4, 6)),
                                ("b-a", slice(4, 6), slice(4)), ("b-b", slice(4, 6), slice(4, 6))):  # fmt: skip
        part = read(seen, pair=pair)
        assert (part.tokens, part.keys, part.pair) == (tokens[rows], tokens[columns], pair)
        np.testing.assert_array_equal(part.head(0, 0), weights[rows, columns])
        assert part.crosses == (pair in ("a-b", "b-a")) and part.seen.all()
    back = read(seen, pair="b-a", marks="hide", sink="hide", direction="to", renormalise=True)
    assert (back.tokens, back.keys) == (("a",), ("c",)), "b is the sink, and c its own row stays"
    assert back.head(0, 0).tolist() == [[1.0]]
    for wrong in ("a", "c-d"):
        with pytest.raises(EmbvizError, match="there are a-a, a-b, b-a, b-b"):
            between(seen, wrong)
    with pytest.raises(EmbvizError, match="one sentence only"):
        between(record(), "a-b")


def test_a_typed_mark_parts_sentences_whose_words_are_merged() -> None:
    text = "Unseen [SEP] 天气"
    spans = ((0, 0), (0, 2), (2, 6), (7, 12), (13, 14), (14, 15), (0, 0))
    tokens = ("[CLS]", "Un", "seen", "[SEP]", "天", "气", "[SEP]")
    seen = replace(Attention.of(record().weights, tokens), sentence=text, token_spans=spans, key_spans=spans)
    across = read(seen, words=True, pair="b-a", marks="hide")
    assert (across.tokens, across.keys) == (("天气",), ("Unseen",))
    np.testing.assert_allclose(across.head(1, 2), [[seen.head(1, 2)[4:6, 1:3].sum() / 2]], atol=1e-6)


def test_marks_are_taken_away_or_made_nothing_of() -> None:
    before, hidden, zero = record(), without_marks(record()), without_marks(record(), "zero")
    assert hidden.tokens == hidden.keys == TOKENS[1:-1]
    np.testing.assert_array_equal(hidden.weights, before.weights[:, :, 1:-1, 1:-1])
    assert zero.tokens == TOKENS and (zero.weights[..., [0, -1]] == 0).all()
    np.testing.assert_array_equal(zero.weights[..., 1:-1], before.weights[..., 1:-1])
    np.testing.assert_allclose(renormalised(hidden).weights.sum(-1), 1, atol=1e-6)
    assert (hidden.changes, zero.changes) == (("marks hide",), ("marks zero",))
    with pytest.raises(EmbvizError, match="Nothing would be left"):
        without_marks(Attention.of(np.ones((1, 1)), ["[CLS]"]))


def test_the_sink_is_the_key_that_most_weight_goes_to() -> None:
    seen = one([[0.2, 0.8, 0.0], [0.1, 0.6, 0.3], [0.5, 0.4, 0.1]])
    assert sink(seen) == 1
    hidden = without_sink(seen)
    assert hidden.tokens == hidden.keys == ("a", "c") and hidden.changes == ("sink hide b",)
    np.testing.assert_allclose(hidden.head(0, 0), [[0.2, 0.0], [0.5, 0.1]], atol=1e-7)
    np.testing.assert_allclose(renormalised(hidden).head(0, 0), [[1, 0], [5 / 6, 1 / 6]], atol=1e-6)
    crossing = without_sink(one([[0.2, 0.8, 0.0], [0.1, 0.6, 0.3]]))
    assert (crossing.tokens, crossing.keys) == (("a", "b"), ("a", "c")), "the other text has no row of it"
    assert without_sink(seen, "zero").head(0, 0)[:, 1].tolist() == [0, 0, 0]


def test_a_row_of_nothing_stays_one() -> None:
    lone = without_sink(one([[1.0, 0.0], [0.9, 0.1]]), "zero")
    np.testing.assert_allclose(renormalised(lone).head(0, 0), [[0, 0], [0, 1]])


def test_of_each_row_as_few_weights_stay_as_have_the_share() -> None:
    seen = one([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8], [0.4, 0.2, 0.4]])
    np.testing.assert_allclose(keep_top(seen, 0.8).head(0, 0), [[0.5, 0.3, 0], [0, 0, 0.8], [0.4, 0, 0.4]], atol=1e-7)
    np.testing.assert_allclose(keep_top(seen, 0.4).head(0, 0)[2], [0.4, 0, 0], atol=1e-7)
    assert keep_top(seen, 0.9).changes == ("top 0.9",)
    for share in (0, 1, -1, float("nan")):
        with pytest.raises(EmbvizError, match="must lie above 0 and below 1"):
            keep_top(seen, share)


@given(st.integers(0, 10_000), st.floats(0.01, 0.99))
def test_what_is_kept_has_the_share_and_the_least_of_it_is_needed(seed: int, share: float) -> None:
    weights = np.random.default_rng(seed).dirichlet(np.full(6, 0.3), 6)
    kept = keep_top(one(weights.tolist()), share).head(0, 0).astype(float)
    assert (kept.sum(1) >= share - 1e-5).all()
    least = np.where(kept > 0, kept, 2).min(1)
    assert (kept.sum(1) - least < share + 1e-5).all()


def test_only_the_first_rows_are_there_and_weights_stay() -> None:
    first = first_rows(record(causal=True), 3)
    assert first.seen.sum() == 1 + 2 + 3 and first.changes == ("rows 3/7",)
    np.testing.assert_array_equal(first.weights, record(causal=True).weights)
    for n in (0, 8):
        with pytest.raises(EmbvizError, match=f"first {n} rows were asked for, and there are 7"):
            first_rows(record(), n)


def test_turned_a_row_is_by_whom_a_token_is_looked_at() -> None:
    seen = replace(one([[0.2, 0.8, 0.0], [0.1, 0.6, 0.3]]), target="written")
    turned = turn(seen)
    assert turned.tokens == ("a", "b", "c") and turned.keys == ("a", "b") and turned.turned
    np.testing.assert_array_equal(turned.head(0, 0), seen.head(0, 0).T)
    assert turned.texts == (seen.texts[1], seen.texts[0]) == ("a b c", "written")
    np.testing.assert_array_equal(turn(record(causal=True)).seen, np.triu(np.ones((7, 7), bool)))


def test_all_at_once_in_the_order_in_which_each_finds_what_it_needs() -> None:
    seen = record(causal=True)
    every = read(seen, True, "hide", "hide", 0.9, True, 2, "to")
    by_hand = turn(first_rows(renormalised(keep_top(without_sink(without_marks(merge_words(seen))), 0.9)), 2))
    np.testing.assert_array_equal(every.weights, by_hand.weights)
    assert every.changes == by_hand.changes
    assert every.changes[:2] == ("words", "marks hide") and every.changes[-1] == "direction to"
    assert read(seen) is seen
    with pytest.raises(EmbvizError, match="'up' was asked for"):
        read(seen, direction="up")
    with pytest.raises(EmbvizError, match="'gone' was asked for: there are hide and zero"):
        read(seen, marks="gone")


@given(st.integers(0, 10_000), st.booleans(), st.sampled_from([None, "hide", "zero"]), st.booleans())
def test_rows_sum_to_1_where_that_is_promised(seed: int, words: bool, marks: str | None, causal: bool) -> None:
    random = np.random.default_rng(seed).dirichlet(np.full(7, 0.2), (1, 2, 7)).astype(np.float32)
    random = np.tril(random + 1e-3) if causal else random
    seen = replace(record(causal), weights=random / random.sum(-1, keepdims=True), layers=(0,), heads=(0, 1))
    found = read(seen, words, marks, renormalise=True)
    sums = found.weights.sum(-1)
    assert (np.isclose(sums, 1, atol=1e-5) | (sums == 0)).all()
    if not marks:
        np.testing.assert_allclose(sums, 1, atol=1e-5)
        np.testing.assert_allclose(found.weights.sum((2, 3)), len(found.tokens), rtol=1e-5)


def test_what_a_model_reads_and_writes_can_be_merged(tmp_path) -> None:
    model = made(tmp_path, "seq2seq")
    own = attend(model, "The cat sat on the mat.")
    tokens = written(model, "The cat sat on the mat.")
    assert own.target is not None
    for text, (start, end) in zip(tokens.texts, tokens.offsets, strict=True):
        assert start == end or own.target[start:end].strip() == text
    assert tokens.offsets[-1][1] == len(own.target.rstrip()) or not own.target
    for kind in ("cross", "encoder", "decoder"):
        for target in (None, "The  Cat sat"):
            words = merge_words(attend(model, "The cat sat on the mat.", target=target, kind=kind))
            np.testing.assert_allclose(words.weights.sum(-1), 1, atol=1e-5)
    given = merge_words(attend(model, "The cat", target="The  Cat sat"))
    assert given.tokens == ("[CLS]", "The", "Cat", "sat") and given.keys == ("[CLS]", "The", "cat", "[SEP]")
