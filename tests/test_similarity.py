"""Nearest words equal gensim's; expressions mean what their writer meant; spellings and completions are literal."""

from collections.abc import Sequence

import numpy as np
import pytest
from gensim.models import KeyedVectors
from hypothesis import given, settings
from hypothesis import strategies as st

from embviz.errors import EmbvizError
from embviz.similarity import Term, complete, cosine, near, parse, spellings
from embviz.space import Space


def made(words: Sequence[str], vectors: np.ndarray | None = None) -> Space:
    """A space, with vectors that have one direction each unless some are given."""
    return Space.of(words, np.eye(len(words)) if vectors is None else vectors, name="small")


WORDS = ["king", "man", "woman", "queen", "well-known", "well", "known", "new york", "c++", "巴黎", "法国", "日本",
         "+", "-", "café", "us", "北京-上海", "state-of-the-art"]  # fmt: skip
SPACE = made(WORDS)


@pytest.fixture(scope="module")
def random() -> tuple[Space, KeyedVectors]:
    """The same 400 words for both; lengths vary, since neither may look at them."""
    rng = np.random.default_rng(3)
    words = [f"w{i}" for i in range(400)]
    vectors = (rng.normal(size=(400, 24)) * rng.uniform(0.1, 9, (400, 1))).astype(np.float32)
    keyed = KeyedVectors(24)
    keyed.add_vectors(words, vectors)
    return Space.of(words, vectors), keyed


@pytest.mark.parametrize(
    ("expression", "positive", "negative"),
    [
        ("w0", ["w0"], []),
        ("w7 - w1 + w2", ["w7", "w2"], ["w1"]),
        ("w7-w1+w2", ["w7", "w2"], ["w1"]),
        ("w1 + w2 + w3 + w4", ["w1", "w2", "w3", "w4"], []),
        ("- w9", [], ["w9"]),
        ("w1 - w2 - w3", ["w1"], ["w2", "w3"]),
    ],
)
def test_near_equals_gensim(random: tuple, expression: str, positive: list, negative: list) -> None:
    space, keyed = random
    expected = keyed.most_similar(positive=positive, negative=negative, topn=25)
    found = near(space, expression, 25)
    assert list(found.words) == [word for word, _ in expected]
    np.testing.assert_allclose(found.scores, [score for _, score in expected], atol=2e-6)
    assert space.words(found.rows) == list(found.words)
    assert (found.query, found.over, found.exact, found.metric) == (expression, 400, True, "cosine")


def test_cosine_equals_gensim(random: tuple) -> None:
    space, keyed = random
    for other in ("w0", "w1", "w399"):
        assert cosine(space, "w0", other) == pytest.approx(float(keyed.similarity("w0", other)), abs=1e-6)


def test_cosines_known_in_the_head() -> None:
    space = made(["east", "north", "west", "northeast"], np.array([[2, 0], [0, 3], [-1, 0], [4, 4]]))
    assert cosine(space, "east", "east") == 1
    assert cosine(space, "east", "north") == 0
    assert cosine(space, "east", "west") == -1
    assert cosine(space, "east", "northeast") == pytest.approx(np.sqrt(0.5))
    assert cosine(space, "east + north", "northeast") == pytest.approx(1)
    assert cosine(space, "- east", "west") == pytest.approx(1)


def test_the_words_of_the_expression_are_no_answer() -> None:
    space = made(["king", "queen", "man", "woman"], np.array([[1, 1], [1, 0.9], [0, 1], [0.1, 1]]))
    assert set(near(space, "king - man + woman").words) == {"queen"}


def test_one_word_of_two_is_near_the_other() -> None:
    found = near(made(["a", "b"], np.array([[1, 0], [-2, 0]])), "a", 10)
    assert (found.words, found.scores.tolist()) == (("b",), [-1])


def test_a_space_of_one_word_has_no_neighbours() -> None:
    found = near(made(["a"]), "a")
    assert (found.words, found.scores.shape, found.rows.shape) == ((), (0,), (0,))


def test_ties_come_in_the_order_of_the_rows() -> None:
    space = made(["a", *"bcdefghij"], np.array([[1, 0], *[[1, 1]] * 9]))
    assert near(space, "a", 4).words == ("b", "c", "d", "e")


def test_a_vector_of_zeros_has_no_neighbours_and_is_none() -> None:
    space = made(["a", "zero", "b"], np.array([[1, 0], [0, 0], [1, 1]]))
    assert near(space, "a").words == ("b",)
    assert near(space, "a + zero").words == ("b",)
    with pytest.raises(EmbvizError, match="'zero'"):
        near(space, "zero")


@pytest.mark.parametrize("k", [0, -3])
def test_fewer_than_one_neighbour_is_refused(k: int) -> None:
    with pytest.raises(EmbvizError, match=f"{k} neighbours were asked for; ask for at least 1"):
        near(SPACE, "king", k)


@pytest.mark.parametrize(
    ("expression", "terms"),
    [
        ("king", "+king"),
        ("  king  ", "+king"),
        ("King", "+king"),
        ("king - man + woman", "+king -man +woman"),
        ("king-man+woman", "+king -man +woman"),
        ("king -man +woman", "+king -man +woman"),
        ("king- man+ woman", "+king -man +woman"),
        ("  king\t-\nman  +  woman ", "+king -man +woman"),
        ("king － man ＋ woman", "+king -man +woman"),
        ("king－man＋woman", "+king -man +woman"),
        ("king − man – woman", "+king -man -woman"),
        ("巴黎 - 法国 + 日本", "+巴黎 -法国 +日本"),
        ("巴黎-法国+日本", "+巴黎 -法国 +日本"),
        ("巴黎－法国＋日本", "+巴黎 -法国 +日本"),
        ("巴黎\u3000－\u3000法国", "+巴黎 -法国"),
        ("well-known", "+well-known"),
        ("well - known", "+well -known"),
        ("well-known - known + well", "+well-known -known +well"),
        ("known + well-known", "+known +well-known"),
        ("king-well-known", "+king -well-known"),
        ("well-known-king", "+well-known -king"),
        ("state-of-the-art+king", "+state-of-the-art +king"),
        ("new york", "+new york"),
        ("New York - us", "+new york -us"),
        ("new york-us", "+new york -us"),
        ("c++", "+c++"),
        ("C++ - king", "+c++ -king"),
        ("king + c++", "+king +c++"),
        ("c++-king", "+c++ -king"),
        ("+", "++"),
        ("-", "+-"),
        ("- king", "-king"),
        ("-king", "-king"),
        ("+ king - man", "+king -man"),
        ("-king+man", "-king +man"),
        ("king + -man", "+king -man"),
        ("king - -man", "+king +man"),
        ("北京-上海", "+北京-上海"),
        ("café - us", "+café -us"),
        ("cafe\u0301 - us", "+café -us"),
    ],
)
def test_expressions(expression: str, terms: str) -> None:
    signed = [Term(1 if term[0] == "+" else -1, term[1:]) for term in terms.replace("new york", "new_york").split()]
    assert parse(SPACE, expression) == tuple(Term(term.sign, term.word.replace("_", " ")) for term in signed)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([1, -1]), st.sampled_from([w for w in WORDS if w not in "+-"])), min_size=1),
    st.sampled_from([" ", "  ", "\t"]),
)
def test_an_expression_written_with_spaces_is_read_back(terms: list, space: str) -> None:
    written = "".join(f"{space}{'+' if sign > 0 else '-'}{space}{word}" for sign, word in terms)
    assert parse(SPACE, written) == tuple(Term(sign, word) for sign, word in terms)


@pytest.mark.parametrize("typed", ["", "   ", "\u3000", "\n"])
def test_nothing_typed(typed: str) -> None:
    with pytest.raises(EmbvizError, match="Nothing was typed"):
        near(SPACE, typed)


@pytest.mark.parametrize(
    "typed", ["king -", "king - man +", "king + + man", "-", "+", "king +", "+ -", "king + - man", "king － "]
)
def test_an_operator_without_a_word(typed: str) -> None:
    with pytest.raises(EmbvizError) as raised:
        near(made(["king", "man"]), typed)
    assert f"'{typed.strip()}' has an operator without a word after it" in str(raised.value)


@pytest.mark.parametrize("typed", ["king - king", "king + man - king - man"])
def test_cancelling_out(typed: str) -> None:
    with pytest.raises(EmbvizError, match="cancel out") as raised:
        near(SPACE, typed)
    assert typed in str(raised.value)


def test_an_unknown_word_is_named_with_close_spellings() -> None:
    with pytest.raises(EmbvizError) as raised:
        near(SPACE, "king - man + qeen")
    assert str(raised.value) == "'qeen' is not in 'small' (18 words). Did you mean: queen?"


def test_an_unknown_word_without_close_spellings() -> None:
    with pytest.raises(EmbvizError) as raised:
        near(SPACE, "xyzzyx")
    assert str(raised.value) == "'xyzzyx' is not in 'small' (18 words). Try another spelling or another word."


@pytest.mark.parametrize("typed", ["{word}", "{0}", "{", "a {b} - c", "%s", "\\", "'"])
def test_what_looks_like_a_template_is_said_as_it_was_typed(typed: str) -> None:
    with pytest.raises(EmbvizError) as raised:
        near(made(["zzzzzzzzzzzz", "q"]), typed)
    assert typed.partition(" - ")[0] in str(raised.value)


def test_a_very_long_text_is_cut_in_the_message() -> None:
    for typed in ("x" * 100_000, "王" * 100_000, "king " * 20_000):
        with pytest.raises(EmbvizError) as raised:
            near(SPACE, typed)
        assert len(str(raised.value)) < 300


def test_spellings_the_closest_first() -> None:
    space = made(["quern", "queens", "queen", "green", "banana"])
    assert spellings(space, "queen")[0] == "queen"
    assert spellings(space, "qeuen")[0] == "queen"  # two letters changed places: one step
    assert spellings(space, "QUEEN", 1) == ["queen"]
    assert spellings(space, "xxxxxxxx") == []
    assert spellings(space, "") == []


def test_spellings_of_chinese() -> None:
    assert spellings(made(["北京大学", "上海", "北京"]), "北京大", 2) == ["北京大学", "北京"]


def test_completion_most_frequent_first_beginnings_before_middles() -> None:
    space = made(["the", "other", "them", "theory", "bathe", "then"])
    assert complete(space, "the") == ["the", "them", "theory", "then", "other", "bathe"]
    assert complete(space, "the", 2) == ["the", "them"]
    assert complete(space, "") == ["the", "other", "them", "theory", "bathe", "then"]
    assert complete(space, "", 2) == ["the", "other"]
    assert complete(space, " THE ", 1) == ["the"]
    assert complete(space, "zzz") == []


def test_the_word_itself_comes_first_though_it_is_rare() -> None:
    assert complete(made(["theory", "them", "the"]), "the", 2) == ["the", "theory"]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        (".", ["a.b"]),
        (".*", [".*x"]),
        ("a.b", ["a.b"]),
        ("%", ["100%"]),
        ("_", ["a_b"]),
        ("[", ["[x]"]),
        ("(", ["(x"]),
        ("\\", ["\\d"]),
        ("\\d", ["\\d"]),
        ("+", ["c++"]),
        ("?", ["why?"]),
        ("^", ["^x"]),
        ("$", ["$5"]),
        ("|", ["a|b"]),
    ],
)
def test_what_is_typed_is_no_pattern(typed: str, found: list) -> None:
    space = made(
        ["a.b", "acb", ".*x", "100%", "1000", "a_b", "[x]", "(x", "\\d", "7", "c++", "why?", "^x", "$5", "a|b"]
    )
    expected = [word for word in space.words() if word.startswith(typed)]
    expected += [word for word in space.words() if typed in word and word not in expected]
    assert complete(space, typed) == expected
    assert set(found) <= set(expected)


def test_completion_of_chinese_and_of_cases() -> None:
    assert complete(made(["上海", "北京", "北京大学", "去北京"]), "北京") == ["北京", "北京大学", "去北京"]
    assert complete(made(["Éa", "éb", "x"]), "é") == ["Éa", "éb"]


def test_a_pasted_line_of_operators_is_answered_at_once() -> None:
    for typed in ("a-" * 50_000 + "a", "king-" * 20_000 + "king", "- " * 50_000, "+" * 100_000):
        with pytest.raises(EmbvizError) as raised:
            parse(SPACE, typed)
        assert len(str(raised.value)) < 300
