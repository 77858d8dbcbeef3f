"""Before transformers: LSTMs, convolutions, and the first attention, against the formulas of the papers."""

import re

import numpy as np
import pytest
import torch
from test_models import shaken
from test_train_attention import TINY, entropy, history, one_thread, story, told
from torch import nn
from torch.nn import functional as F

from embviz.attention import attend
from embviz.errors import EmbvizError
from embviz.generation import fill, generate
from embviz.models import AttentionModel, Shape
from embviz.models.architectures import module_of
from embviz.models.blocks import normed
from embviz.space import Space
from embviz.train.attention import AttentionTrainer

__all__ = ["one_thread"]
KINDS = [("lstm", "encoder"), ("lstm", "decoder"), ("lstm", "seq2seq"), ("convolution", "encoder")]


def module(architecture, family, layers=2):
    return shaken(module_of(Shape(family, layers, 1, 8, 16, 20, architecture=architecture)))


def draw(*size, seed=3):
    return torch.randint(1, 20, size, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("architecture", "family"), KINDS)
def test_padding_changes_nothing(architecture, family):
    one = module(architecture, family, layers=3)
    ids, source = draw(2, 6), draw(2, 7, seed=4)
    alone = one(ids[:1], source[:1])
    longer = [torch.cat((each[:1], torch.zeros(1, 3, dtype=torch.long)), 1) for each in (ids, source)]
    both = [torch.cat((each, draw(1, each.shape[1], seed=5))) for each in longer]
    assert torch.allclose(one(*both)[:1, :6], alone, atol=1e-5)
    assert not torch.allclose(one(ids[1:], source[:1]), alone, atol=1e-3)


@pytest.mark.parametrize(("architecture", "family"), KINDS)
def test_who_sees_what(architecture, family):
    """An encoder sees both sides, what writes only what it has written, and of a source all."""
    one, ids, source = module(architecture, family), draw(1, 6), draw(1, 6, seed=4)
    other = ids.clone()
    other[0, 4] = other[0, 4] % 19 + 1
    same = torch.isclose(one(ids, source), one(other, source), atol=1e-6).all(-1)[0].tolist()
    assert same[:4] == [family != "encoder"] * 4
    assert not same[4]
    if family == "seq2seq":
        changed = source.clone()
        changed[0, 5] = changed[0, 5] % 19 + 1
        assert not torch.isclose(one(ids, source), one(ids, changed), atol=1e-6).all(-1).any()


@pytest.mark.parametrize(("architecture", "family"), KINDS)
def test_at_first_a_layer_adds_nothing_and_the_seed_decides(architecture, family):
    shape = Shape(family, 2, 1, 8, 16, 20, architecture=architecture)
    one, same, other = (module_of(shape, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    for (name, tensor), again in zip(one.named_parameters(), same.parameters(), strict=True):
        assert torch.equal(tensor, again), name
    assert not torch.equal(one.embedding, other.embedding)
    ids = draw(2, 5)
    assert torch.allclose(one(ids, ids), normed(F.embedding(ids, one.embedding), one.norm), atol=1e-6)


def test_the_lstms_are_torchs_own_in_both_directions():
    one, ids = module("lstm", "encoder", layers=1), draw(1, 5)
    x, there = F.embedding(ids, one.embedding), one.layers
    lstm = there.lstms[0]
    ways = []
    for end, turn in (("", lambda y: y), ("_reverse", lambda y: y.flip(0))):
        cell = nn.LSTMCell(8, 8)
        cell.load_state_dict({name: getattr(lstm, f"{name}_l0{end}") for name in cell.state_dict()})
        state, found = (torch.zeros(1, 8), torch.zeros(1, 8)), []
        for token in turn(normed(x, there.norms[0])[0]):
            state = cell(token[None], state)
            found.append(state[0][0])
        ways.append(turn(torch.stack(found)))
    expected = normed(x[0] + torch.cat(ways, -1) @ there.outs[0].T, one.norm)
    assert torch.allclose(one(ids)[0], expected, atol=1e-5)


def test_the_alignment_is_that_of_the_paper_step_by_step():
    """Equations 4 to 6 of Bahdanau et al. 2015, each sum written out, with torch's own LSTM cell."""
    one, ids, source = module("lstm", "seq2seq", layers=1), draw(1, 4), draw(1, 6, seed=4)
    memory = normed(one.reader(F.embedding(source, one.embedding)), one.norm_reader)[0]
    cell = nn.LSTMCell(16, 8)
    cell.load_state_dict(
        {"weight_ih": one.gates[:, :16], "weight_hh": one.gates[:, 16:], "bias_ih": one.gates_bias,
         "bias_hh": torch.zeros(32)}
    )  # fmt: skip
    h = torch.tanh(one.first @ memory.mean(0))
    c, rows, vectors = torch.zeros(8), [], []
    for token in ids[0]:
        x = one.embedding[token]
        energies = [one.energy @ torch.tanh(one.queries @ h + one.keys @ each) for each in memory]
        total = sum(energy.exp() for energy in energies)
        weights = [energy.exp() / total for energy in energies]
        context = sum(weight * each for weight, each in zip(weights, memory, strict=True))
        h, c = (each[0] for each in cell(torch.cat((normed(x, one.norm_token), context))[None], (h[None], c[None])))
        rows.append(torch.stack(weights))
        vectors.append(normed(x + one.out @ torch.cat((h, context)), one.norm))
    assert torch.allclose(one.attention(ids[0], [0], [0], source[0], "cross")[0, 0], torch.stack(rows), atol=1e-5)
    assert torch.allclose(one(ids, source)[0], torch.stack(vectors), atol=1e-5)


def test_padding_is_not_looked_at():
    one, source = module("lstm", "seq2seq"), draw(1, 6)
    longer = torch.cat((source, torch.zeros(1, 3, dtype=torch.long)), 1)
    seen = one.attention(draw(5, seed=4), [0], [0], longer[0], "cross")[0, 0]
    assert (seen[:, 6:] == 0).all() and torch.allclose(seen.sum(-1), torch.ones(5))
    assert torch.allclose(seen[:, :6], one.attention(draw(5, seed=4), [0], [0], source[0], "cross")[0, 0], atol=1e-6)


def test_a_gated_convolution_by_its_formula():
    """(X * W + 0) ⊗ σ(X * V + 0), equation 1 of Dauphin et al. 2017, place by place; gaps of 1, then of 2."""
    one, ids = module("convolution", "encoder"), draw(1, 7)
    x = F.embedding(ids, one.embedding)[0]
    for gap, gain, kernel, out in zip((1, 2), one.norms, one.kernels, one.outs, strict=True):
        y, found = normed(x, gain), []
        for place in range(7):
            near = [(k, place + gap * (k - 2)) for k in range(5)]
            both = sum(kernel[:, :, k] @ y[where] for k, where in near if 0 <= where < 7)
            found.append(both[:8] * both[8:].sigmoid())
        x = x + torch.stack(found) @ out.T
    assert torch.allclose(one(ids)[0], normed(x, one.norm), atol=1e-5)


@pytest.mark.parametrize(("architecture", "family"), KINDS)
def test_they_learn_and_come_back_as_they_were_saved(tmp_path, architecture, family):
    trainer = AttentionTrainer(family=family, architecture=architecture, steps=100, **(TINY | {"heads": None}))
    model, space = trainer.fit(told(story()), folder=tmp_path), Space.load(tmp_path)
    assert float(history(tmp_path)[-1]["validation_loss"]) < 0.75 * entropy(space)
    back = AttentionModel.load(tmp_path)
    assert back.shape == model.shape and back.shape.architecture == architecture
    ids = draw(1, 5)
    assert torch.equal(back.module(ids, ids), model.module(ids, ids))
    if family == "encoder":
        (gap,) = fill(back, "red [MASK] blue sky", k=1)
        assert gap.tokens == ("apple",)
    else:
        prompt, wrote = ("red", " apple") if family == "decoder" else ("red apple", "red apple")
        assert "".join(generate(back, prompt, 4, temperature=0)).startswith(wrote)


def test_an_alignment_is_asked_for_like_any_head(tmp_path):
    trainer = AttentionTrainer(family="seq2seq", architecture="lstm", steps=2, **(TINY | {"heads": None}))
    model = trainer.fit(told(story()))
    seen = attend(model, "red apple", target="red apple")
    assert (seen.kind, seen.layers, seen.heads, seen.weights.shape) == ("cross", (0,), (0,), (1, 1, 3, 4))
    assert np.allclose(seen.weights.sum(-1), 1, atol=1e-6)
    with pytest.raises(EmbvizError, match="has no encoder attention: it has cross"):
        attend(model, "red apple", kind="encoder")
    with pytest.raises(EmbvizError, match=re.escape("Layer 1 was asked for, and 'told' has layers 0 to 0.")):
        attend(model, "red apple", layers=[1])


@pytest.mark.parametrize(("architecture", "family"), [("lstm", "encoder"), ("lstm", "decoder"), KINDS[3]])
def test_what_has_no_attention_says_so(architecture, family):
    trainer = AttentionTrainer(family=family, architecture=architecture, steps=1, **(TINY | {"heads": None}))
    said = "'told' has no attention to show: it is an LSTM or a convolution."
    with pytest.raises(EmbvizError, match=said):
        attend(trainer.fit(told(story())), "red apple")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"architecture": "rnn"}, "architecture is 'rnn', and there are transformer, lstm and convolution."),
        ({"architecture": "convolution", "family": "decoder"}, "A convolution is an encoder, and no decoder"),
        ({"architecture": "lstm"}, "heads is 2, and only a transformer has a choice there"),
        ({"architecture": "lstm", "heads": 1, "norm": "post"}, "norm is post, and only a transformer has a choice"),
        ({"architecture": "lstm", "heads": 1, "positions": "learned"}, "positions is learned, and only a transformer"),
    ],
)
def test_shapes_that_make_no_model_are_refused(change, said):
    shape = {"family": "encoder", "layers": 2, "heads": 2, "dims": 16, "context": 32, "vocab": 99}
    with pytest.raises(EmbvizError, match=re.escape(said)):
        Shape(**(shape | change))


def test_a_model_of_before_there_was_a_choice_is_a_transformer():
    assert Shape(family="encoder", layers=1, heads=1, dims=8, context=8, vocab=9).architecture == "transformer"
