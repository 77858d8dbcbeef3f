"""The attention models: the formula against fused attention, tokens against what was typed, files against damage."""

import json
import math
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from embviz.errors import EmbvizError
from embviz.models import AttentionModel, Shape
from embviz.models.blocks import Sight, normed
from embviz.models.positions import KINDS, buckets, rotary, rotated, sinusoidal
from embviz.models.shape import FAMILIES, NORMS, POSITIONS
from embviz.models.transformer import Transformer
from embviz.train.vocabulary import dressed, learn

TEXT = ["The cat sat on the mat.", "Der Käse, les élèves.", "今天天气很好。", "天气很好，很好。", "<b>sat</b>"] * 3


def made(folder: Path, family: str = "encoder", layers: int = 2, context: int = 32) -> AttentionModel:
    text = folder / "text.txt"
    text.write_text("\n".join(TEXT), encoding="utf-8")
    tokenizer = dressed(learn(text, "wordpiece", None, "text", lambda share: None), family)
    shape = Shape(family, layers, 2, 16, context, tokenizer.get_vocab_size())
    module, generator = Transformer(shape), torch.Generator().manual_seed(1)
    return AttentionModel(tokenizer, shaken(module, generator).eval(), "made")


def shaken(module: Transformer, generator: torch.Generator | None = None) -> Transformer:
    """With weights of some size: before training a block adds nothing, and attention could be anything."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_(1.0 if parameter.ndim == 1 else 0.0, 0.3, generator=generator)
    return module


@pytest.fixture(params=["encoder", "decoder"])
def model(request, tmp_path):
    return made(tmp_path, request.param)


def test_importing_models_loads_no_torch():
    code = "import embviz.models, embviz.attention, embviz.train.attention, sys; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("positions", POSITIONS)
def test_the_formula_gives_what_fused_attention_gives(positions, causal, padded):
    shape, random = Shape("encoder", 1, 2, 16, 32, 9, positions), torch.Generator().manual_seed(2)
    q, k, v = torch.randn(3, 3, 2, 9, 8, generator=random)
    there = torch.arange(9) < torch.tensor([[9], [5], [1]]) if padded else None
    sight = Sight(causal, there, KINDS[positions](shape, causal, random).bias(9))
    weights = sight.weights(q, k, range(2))
    assert torch.allclose(weights @ v, sight.mix(q, k, v), atol=1e-5)
    assert torch.allclose(weights.sum(-1), torch.ones(()))
    if padded:
        assert (weights[1, :, :, 5:] == 0).all()
    one = sight.weights(q, k, [1])
    assert torch.equal(one, weights[:, [1]])


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("family", FAMILIES)
def test_padding_changes_nothing(family, positions, norm):
    module = shaken(Transformer(Shape(family, 2, 2, 16, 32, 20, positions, norm)))
    random = torch.Generator().manual_seed(3)
    ids, source = (torch.randint(1, 20, (1, 6), generator=random) for _ in range(2))
    alone = module(ids, source)
    longer = [torch.cat((each, torch.zeros(1, 3, dtype=torch.long)), 1) for each in (ids, source)]
    assert torch.allclose(module(*longer)[:, :6], alone, atol=1e-5)
    if family == "seq2seq":
        assert torch.allclose(module(longer[0], source)[:, :6], module(ids, longer[1]), atol=1e-5)
        assert not torch.allclose(module(ids, source.flip(1)), alone, atol=1e-3)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("positions", POSITIONS)
def test_what_is_looked_at_is_what_the_model_computes_with(positions, norm):
    """A model built from its own weights of attention, as the formulas say, gives what the fused one gives."""
    module = shaken(Transformer(Shape("seq2seq", 2, 2, 16, 32, 20, positions, norm)))
    ids, source = torch.randint(1, 20, (2, 1, 7), generator=torch.Generator().manual_seed(3))

    def part(x, gain, make):
        return x + make(normed(x, gain)) if norm == "pre" else normed(x + make(x), gain)

    def mixed(weights, matrix, out, y):
        values = F.linear(y, matrix).unflatten(-1, (2, 8)).transpose(1, 2)
        return F.linear((weights @ values).transpose(1, 2).flatten(2), out)

    def mlp(block, y):
        return F.linear(F.gelu(F.linear(y, block.up)), block.down)

    def through(stack, x, kind, memory=None):
        x = stack.positions.added(x)
        for layer, block in enumerate(stack.blocks):
            seen = module.attention(ids[0], [layer], [0, 1], source[0], kind)
            x = part(x, block.norm_attention, partial(mixed, seen, block.queries_keys_values[32:], block.out))
            if memory is not None:
                over = module.attention(ids[0], [layer], [0, 1], source[0], "cross")
                from_source = mixed(over, block.cross_keys_values[16:], block.cross_out, memory)
                x = part(x, block.norm_cross, lambda y, found=from_source: found)
            x = part(x, block.norm_mlp, partial(mlp, block))
        return normed(x, stack.norm)

    memory = through(module.reader, module.embedding[source], "encoder")
    found = through(module, module.embedding[ids], "decoder", memory)
    assert torch.allclose(found, module(ids, source), atol=1e-5)


def test_sinusoids_are_those_of_the_paper():
    table = sinusoidal(50, 16)
    assert table[7, 6] == pytest.approx(math.sin(7 / 10_000 ** (6 / 16)), abs=1e-6)
    assert table[7, 7] == pytest.approx(math.cos(7 / 10_000 ** (6 / 16)), abs=1e-6)


def test_near_distances_have_a_bias_of_their_own_and_far_ones_share():
    both, back = buckets(300, causal=False), buckets(300, causal=True)
    assert both[20, [20, 19, 13, 12, 21, 28]].tolist() == [0, 1, 7, 8, 17, 24]  # keys behind the query, then ahead
    assert both[299, 0] == both[150, 0] == 15 and both[0, 299] == 31
    assert back[20, [20, 19, 5, 25]].tolist() == [0, 1, 15, 0]
    assert back[299, 0] == 31
    assert len(set(back[299].tolist())) == 32


def test_rows_sum_to_one_and_the_decoder_never_looks_ahead(model):
    weights = model.module.attention(torch.arange(5, 17), [0, 1], [0, 1]).detach()
    assert weights.shape == (2, 2, 12, 12)
    assert torch.allclose(weights.sum(-1), torch.ones(2, 2, 12), atol=1e-6)
    ahead = weights[:, :, *np.triu_indices(12, 1)]
    assert (ahead == 0).all() if model.family == "decoder" else (ahead > 0).all()


def test_without_queries_and_keys_attention_is_uniform(model):
    with torch.no_grad():
        model.module.blocks[0].queries_keys_values[:32].zero_()
    weights = model.module.attention(torch.arange(5, 9), [0], [1]).detach()[0, 0]
    seen = torch.ones(4, 4).tril() if model.family == "decoder" else torch.ones(4, 4)
    assert torch.allclose(weights, seen / seen.sum(1, keepdim=True))


def test_a_decoder_predicts_from_what_came_before_only(tmp_path):
    module = made(tmp_path, "decoder").module
    ids = torch.arange(5, 17)[None]
    other = ids.clone()
    other[0, 7:] = 5
    assert torch.allclose(module(ids)[0, :7], module(other)[0, :7], atol=1e-6)
    assert not torch.allclose(module(ids)[0, 7], module(other)[0, 7], atol=1e-3)


def test_rotary_positions_depend_on_the_distance_alone():
    cos, sin = rotary(20, 8)
    q, k = torch.randn(2, 1, 1, 1, 8, generator=torch.Generator().manual_seed(0))
    turned_q, turned_k = (rotated(each.expand(1, 1, 20, 8), cos, sin)[0, 0] for each in (q, k))
    products = turned_q @ turned_k.T
    assert torch.allclose(products[3, 1], products[15, 13], atol=1e-5)
    assert not torch.allclose(products[3, 1], products[3, 2], atol=1e-3)
    assert torch.allclose(turned_q.norm(dim=1), q.norm().expand(20), atol=1e-5)


def test_the_same_seed_gives_the_same_weights():
    shape = Shape("encoder", 1, 1, 8, 8, 16)
    one, two, three = (Transformer(shape, torch.Generator().manual_seed(seed)).embedding for seed in (4, 4, 5))
    assert torch.equal(one, two)
    assert not torch.equal(one, three)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"family": "mamba"}, "family is 'mamba', and there are encoder, decoder and seq2seq."),
        ({"positions": "alibi"}, "positions is 'alibi', and there are rotary, learned, sinusoidal and relative."),
        ({"heads": 3}, "16 dims cannot be shared out among 3 heads, each an even number: make dims a multiple of 6."),
        ({"layers": 0}, "layers is 0 and must be a whole number, 1 or more."),
        ({"context": 2.5}, "context is 2.5 and must be a whole number, 8 or more."),
    ],
)
def test_shapes_that_make_no_model_are_refused(change, said):
    shape = {"family": "encoder", "layers": 2, "heads": 2, "dims": 16, "context": 32, "vocab": 99}
    with pytest.raises(EmbvizError, match=re.escape(said)):
        Shape(**(shape | change))


def test_tokens_are_what_was_typed(tmp_path):
    model = made(tmp_path)
    sentence = "The CAT sat [MASK] 天气<b>Käse</b> 🙂!"
    tokens = model.encode(sentence)
    assert tokens.texts[0] == "[CLS]"
    assert tokens.texts[-1] == "[SEP]"
    inside = list(zip(tokens.texts, tokens.offsets, strict=True))[1:-1]
    assert all(sentence[start:end] == text for text, (start, end) in inside)
    assert "".join(tokens.texts[1:-1]) == sentence.replace(" ", "")
    assert tokens.ids[tokens.texts.index("[MASK]")] == model.tokenizer.token_to_id("[MASK]")
    assert tokens.ids[tokens.texts.index("🙂")] == model.tokenizer.token_to_id("[UNK]")
    assert {"CAT", "天", "气", "<", "b", ">"} <= set(tokens.texts)


def test_a_chinese_sentence_is_its_characters(tmp_path):
    tokens = made(tmp_path, "decoder").encode("今天天气很好。")
    assert tokens.texts == ("[CLS]", *"今天天气很好。")
    assert tokens.offsets == ((0, 0), *((i, i + 1) for i in range(7)))
    assert 1 not in tokens.ids


def test_accents_are_kept_and_may_be_typed_in_either_form(tmp_path):
    model = made(tmp_path)
    composed, apart = model.encode("élèves"), model.encode("e\u0301le\u0300ves")
    assert composed.ids == apart.ids != model.encode("eleves").ids
    assert "".join(apart.texts[1:-1]) == "e\u0301le\u0300ves"


@pytest.mark.parametrize("sentence", ["", "   ", "\n\t", "\u200b", "\x00"])
def test_an_empty_sentence_is_refused(tmp_path, sentence):
    with pytest.raises(EmbvizError, match="The sentence is empty"):
        made(tmp_path).encode(sentence)


def test_a_long_sentence_is_refused_with_both_numbers(tmp_path):
    model = made(tmp_path)
    assert len(model.encode("a " * 30)) == 32
    with pytest.raises(EmbvizError, match=r"The sentence has 33 tokens and 'made' reads at most 32: shorten it\."):
        model.encode("a " * 31)
    with pytest.raises(EmbvizError, match="The sentence has 50,002 tokens"):
        model.encode("a " * 50_000)


def test_a_saved_model_comes_back_the_same(model, tmp_path):
    folder = tmp_path / "saved"
    folder.mkdir()
    model.save(folder)
    back = AttentionModel.load(folder)
    assert (back.name, back.shape) == ("saved", model.shape)
    assert AttentionModel.load(folder, "other").name == "other"
    assert back.encode("The cat 天气") == model.encode("The cat 天气")
    for name, tensor in model.module.state_dict().items():
        assert torch.equal(tensor, back.module.state_dict()[name])


def _shape_with(folder, **change):
    path = folder / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda folder: (folder / "weights.safetensors").write_bytes(b"?"), "weights.safetensors cannot be used"),
        (lambda folder: (folder / "weights.safetensors").unlink(), "weights.safetensors cannot be used"),
        (lambda folder: (folder / "tokenizer.json").write_text("{}"), "tokenizer.json cannot be used"),
        (lambda folder: (folder / "model.json").write_text("{"), "model.json cannot be used"),
        (lambda folder: (folder / "model.json").write_text("[]"), "model.json cannot be used"),
        (lambda folder: _shape_with(folder, extra=1), "model.json cannot be used"),
        (lambda folder: _shape_with(folder, layers=3), "'blocks.2.down' is absent and should be (16, 64)"),
        (lambda folder: _shape_with(folder, layers=1), "'blocks.1.down' is (16, 64) and should be absent"),
        (lambda folder: _shape_with(folder, dims=32), "and should be (32, 128)"),
        (lambda folder: _shape_with(folder, vocab=4000), "tokens and model.json says 4,000"),
    ],
)
def test_damaged_files_are_named(tmp_path, damage, said):
    made(tmp_path).save(tmp_path)
    damage(tmp_path)
    with pytest.raises(EmbvizError, match=re.escape(said)):
        AttentionModel.load(tmp_path)


def test_weights_that_are_not_finite_are_refused(tmp_path):
    model = made(tmp_path)
    with torch.no_grad():
        model.module.norm[3] = float("nan")
    model.save(tmp_path)
    with pytest.raises(EmbvizError, match="'norm' holds a value that is not finite"):
        AttentionModel.load(tmp_path)


def test_the_token_table_is_ordered_by_count_and_leaves_marks_and_absent_tokens_out(tmp_path):
    model = made(tmp_path)
    counts = np.zeros(model.shape.vocab, np.int64)
    counts[[1, 3, 7, 9, 8]] = [50, 60, 2, 5, 2]
    space = model.token_table(counts)
    assert space.words() == [model.tokenizer.id_to_token(i) for i in (9, 7, 8)]
    assert [space.count(row) for row in range(3)] == [5, 2, 2]
    assert np.array_equal(space.vectors, model.module.embedding.detach().numpy()[[9, 7, 8]])
