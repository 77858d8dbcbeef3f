"""Which tokens look at which: the right layers and heads, in the order asked, and sentences for what is not there."""

import re

import numpy as np
import pytest
from test_models import made

from embviz.attention import Attention, attend, read
from embviz.errors import EmbvizError
from embviz.generation import generate


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return made(tmp_path_factory.mktemp("model"), layers=3)


def test_all_layers_and_heads_when_none_are_named(model):
    found = attend(model, "The cat [MASK] 天气")
    assert found.tokens == ("[CLS]", "The", "cat", "[MASK]", "天", "气", "[SEP]")
    assert (found.layers, found.heads) == ((0, 1, 2), (0, 1))
    assert found.weights.shape == (3, 2, 7, 7)
    assert found.weights.dtype == np.float32
    assert np.allclose(found.weights.sum(-1), 1, atol=1e-6)
    assert (found.family, found.model, found.sentence) == ("encoder", "made", "The cat [MASK] 天气")


def test_only_what_was_asked_for_in_the_order_asked(model):
    everything = attend(model, "The cat sat.")
    some = attend(model, "The cat sat.", layers=[2, 0], heads=[1])
    assert (some.layers, some.heads) == ((2, 0), (1,))
    assert np.array_equal(some.weights, everything.weights[[2, 0]][:, [1]])


def test_the_same_question_has_the_same_answer(model):
    assert np.array_equal(attend(model, "The cat").weights, attend(model, "The cat").weights)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"layers": [3]}, "Layer 3 was asked for, and 'made' has layers 0 to 2."),
        ({"layers": [-1]}, "Layer -1 was asked for, and 'made' has layers 0 to 2."),
        ({"heads": [0, 2]}, "Head 2 was asked for, and 'made' has heads 0 to 1."),
        ({"heads": []}, "No head was asked for: 'made' has heads 0 to 1."),
    ],
)
def test_what_is_not_there_is_refused(model, asked, said):
    with pytest.raises(EmbvizError, match=re.escape(said)):
        attend(model, "The cat", **asked)


def test_an_empty_sentence_is_refused(model):
    with pytest.raises(EmbvizError, match="The sentence is empty"):
        attend(model, " ")


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    return made(tmp_path_factory.mktemp("reader"), "seq2seq")


def test_a_seq2seq_model_has_three_kinds_of_attention(reader):
    kinds = {kind: attend(reader, "The cat sat", target="cat", kind=kind) for kind in ("cross", "encoder", "decoder")}
    read, wrote = ("[CLS]", "The", "cat", "sat", "[SEP]"), ("[CLS]", "cat")
    assert {kind: (found.tokens, found.keys) for kind, found in kinds.items()} == {
        "cross": (wrote, read),
        "encoder": (read, read),
        "decoder": (wrote, wrote),
    }
    for found in kinds.values():
        assert found.weights.shape == (2, 2, len(found.tokens), len(found.keys))
        assert np.allclose(found.weights.sum(-1), 1, atol=1e-6)
    assert kinds["decoder"].weights[0, 0, 0, 1] == 0
    assert attend(reader, "The cat sat", target="cat").kind == "cross"


def test_without_a_target_a_seq2seq_model_writes_one(reader):
    found = attend(reader, "The cat sat")
    assert found.target == "".join(generate(reader, "The cat sat", reader.context - 1, temperature=0))
    assert len(found.tokens) <= reader.context


def test_a_target_or_a_kind_that_makes_no_sense_is_refused(model, reader):
    with pytest.raises(EmbvizError, match="A target was given, and 'made' writes none"):
        attend(model, "The cat", target="sat")
    with pytest.raises(EmbvizError, match="'made' has no cross attention: it has encoder"):
        attend(model, "The cat", kind="cross")
    with pytest.raises(EmbvizError, match="'made' has no self attention: it has cross and encoder and decoder"):
        attend(reader, "The cat", kind="self")


def test_what_can_look_at_one_token_only_has_no_choice():
    seen = Attention.of(np.tril(np.full((1, 1, 3, 3), 0.2)), ["a", "b", "c"], causal=True)
    assert seen.free.tolist() == [[False] * 3, [True, True, False], [True] * 3]
    assert read(seen, direction="to").free.tolist() == np.transpose(seen.free).tolist()
    assert Attention.of(np.ones((1, 1, 1, 1)), ["a"], causal=True).free.all(), "where none has, all is shown"
