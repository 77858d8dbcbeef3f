"""What a model writes: by hand-made probabilities, against enumeration, and with the words of the user's errors."""

import re
from itertools import product

import pytest
import torch
from test_models import made

from embviz.errors import EmbvizError
from embviz.generation import _Writer, draw, few_shot, fill, generate


@pytest.fixture(scope="module")
def decoder(tmp_path_factory):
    return made(tmp_path_factory.mktemp("decoder"), "decoder")


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    return made(tmp_path_factory.mktemp("reader"), "seq2seq")


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return made(tmp_path_factory.mktemp("encoder"), "encoder")


def test_only_the_likeliest_are_drawn():
    scores, random = torch.tensor([0.1, 0.4, 0.3, 0.2]).log(), torch.Generator().manual_seed(0)

    def drawn(**how):
        return {draw(scores, how.get("k"), how.get("p"), random) for _ in range(300)}

    assert drawn() == {0, 1, 2, 3}
    assert drawn(k=1) == {1}
    assert drawn(k=2) == {1, 2}
    assert drawn(p=0.4) == {1}  # 0.4 are enough
    assert drawn(p=0.41) == {1, 2}
    assert drawn(p=1.0) == {0, 1, 2, 3}
    assert drawn(k=3, p=0.9) == {1, 2, 3}


def test_examples_stand_before_the_prompt_a_line_each():
    assert few_shot([("one", "eins"), ("two", "zwei")], "three") == "one -> eins\ntwo -> zwei\nthree ->"
    assert few_shot([], "three") == "three ->"


def test_draws_follow_the_probabilities():
    random = torch.Generator().manual_seed(0)
    scores = torch.tensor([0.1, 0.7, 0.2]).log()
    counts = torch.bincount(torch.tensor([draw(scores, None, None, random) for _ in range(4000)]))
    assert torch.allclose(counts / 4000, torch.tensor([0.1, 0.7, 0.2]), atol=0.03)


@pytest.mark.parametrize("name", ["decoder", "reader"])
def test_greedy_takes_the_likeliest_each_time(name, request):
    model = request.getfixturevalue(name)
    writer = _Writer.of(model, "The cat")
    ids = list(writer.start)
    for _ in range(12):
        token = int(writer.scores([ids])[0].argmax())
        if token in model.marks.ends:
            break
        ids.append(token)
    assert "".join(generate(model, "The cat", 12, temperature=0)) == writer.text(ids)


def test_the_seed_decides(decoder):
    one, same, other = ("".join(generate(decoder, "The cat", 20, seed=seed)) for seed in (1, 1, 2))
    assert one == same != other


def test_wide_enough_a_beam_finds_the_best_of_all(reader):
    writer = _Writer.of(reader, "The cat")
    count = 3
    tokens = [*reader.marks.ends, *writer.scores([writer.start])[0].topk(reader.shape.vocab).indices.tolist()]
    best = max(
        (list(one) for one in product(set(tokens), repeat=1)),
        key=lambda one: float(writer.scores([writer.start])[0].log_softmax(-1)[one[0]]),
    )
    found = writer.search(reader.shape.vocab, 1)
    assert found[len(writer.start) :] == [token for token in best if token not in reader.marks.ends]
    greedy = list(writer.start)
    for _ in range(count):
        greedy.append(int(writer.scores([greedy])[0].argmax()))
    assert mean(writer, writer.search(8, count)) >= mean(writer, greedy) - 1e-6


def mean(writer, ids):
    """The mean log-probability of the tokens after the prompt, the end among them if the text stops early."""
    total, rows = 0.0, ids[len(writer.start) :]
    for place, token in enumerate(rows):
        total += float(writer.scores([ids[: len(writer.start) + place]])[0].log_softmax(-1)[token])
    return total / max(1, len(rows))


def test_what_outgrows_the_context_goes_on_from_its_last_part(decoder):
    writer = _Writer.of(decoder, "The cat")
    long = list(range(5, 60))
    assert torch.equal(writer.scores([long]), writer.scores([long[-decoder.context :]]))
    assert not torch.equal(writer.scores([long]), writer.scores([long[-decoder.context + 1 :]]))


def test_the_prompt_is_not_repeated(decoder):
    pieces = list(generate(decoder, "The cat sat", 5, seed=1))
    assert not "".join(pieces).startswith("The cat")
    assert all(pieces)


def test_gaps_are_filled_by_probability(encoder):
    one, two = fill(encoder, "The [MASK] sat on [MASK]", k=4)
    assert len(one.tokens) == len(two.tokens) == 4
    assert list(one.probabilities) == sorted(one.probabilities, reverse=True)
    assert not {"[CLS]", "[MASK]", "[PAD]"} & {*one.tokens, *two.tokens}
    ids = torch.tensor([encoder.encode("The [MASK] sat on [MASK]").ids])
    chances = encoder.module.logits(encoder.module(ids))[0, 2].softmax(-1)
    assert one.probabilities[0] == pytest.approx(float(chances[encoder.tokenizer.token_to_id(one.tokens[0])]))


def test_what_makes_no_sense_is_refused(encoder, decoder):
    for ask, said in (
        (
            lambda: generate(encoder, "x"),
            "'made' is an encoder and writes nothing: let it fill a gap",
        ),
        (
            lambda: fill(decoder, "[MASK]"),
            "'made' is a decoder and fills no gaps: let it write",
        ),
        (lambda: fill(encoder, "The cat"), "There is no [MASK] in the text"),
        (lambda: generate(decoder, "x", temperature=-1), "temperature is -1 and must be 0 or more."),
        (lambda: generate(decoder, "x", top_p=0), "top-p is 0 and must lie above 0, up to 1."),
        (lambda: generate(decoder, "x", top_k=0), "top-k 0 were asked for"),
        (lambda: generate(decoder, "cat " * 40), "tokens and 'made' reads at most 32"),
    ):
        with pytest.raises(EmbvizError, match=re.escape(said)):
            ask()
