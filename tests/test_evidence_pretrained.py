"""Evidence on models of transformers: against their own layers, put together by hand, for every kind that is opened."""

import numpy as np
import pytest
import torch

foreign = pytest.importorskip("foreign")

from embviz.attention import ablate, attend, gradients, lens, rollout, value_norms  # noqa: E402
from embviz.attention.asking import question  # noqa: E402
from embviz.errors import EmbvizError  # noqa: E402
from embviz.models.changes import Changes, heads_of, temperatures_of  # noqa: E402
from embviz.models.watching import Watch  # noqa: E402
from embviz.pretrained import import_model  # noqa: E402

SENTENCE = "the cat sat on the mat ."


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Every kind, with random weights large enough that heads differ."""
    opened = {}
    for name, kind in foreign.KINDS.items():
        folder = tmp_path_factory.mktemp(name)
        made, config, tokens = kind()
        torch.manual_seed(3)
        module = made(config)
        with torch.no_grad():
            for parameter in module.parameters():
                if parameter.ndim > 1:
                    parameter.normal_(0, 0.4)
        module.save_pretrained(folder / "model")
        tokens.save_pretrained(folder / "model")
        opened[name] = import_model(folder / "model", folder / "run").model
    return opened


@pytest.fixture(params=list(foreign.KINDS))
def model(request, models):
    return models[request.param]


def target(model):
    """Given, as models of random weights do not end what they write."""
    return "the mat" if model.family == "seq2seq" else None


def test_watching_changes_nothing_and_sees_what_the_model_tells(model):
    asked = question(model, SENTENCE, target(model))
    source = None if asked.source is None else asked.source[None]
    with torch.inference_mode():
        plain = model.module(asked.ids[None], source)
        layers = [(kind, i) for kind in model.shape.kinds for i in range(model.shape.depth(kind))]
        watch = Watch(layers)
        assert torch.equal(model.module(asked.ids[None], source, watch), plain)
        assert set(watch.passed) == set(layers)
        own = model.module._seen(asked.ids, asked.source)
        for (kind, layer), passed in watch.passed.items():
            assert torch.allclose(passed.weights, own[kind][layer], atol=1e-6)
            assert passed.values.shape[1] == passed.queries.shape[1] == model.heads


def test_what_heads_take_adds_up_to_what_attention_gives(model):
    """For every kind of attention and layer: sum over heads and keys of weight, value and way out, but for the bias."""
    asked = question(model, SENTENCE, target(model))
    source = None if asked.source is None else asked.source[None]
    ways = {}

    def keep(layer):
        return lambda part, given, out: ways.__setitem__(layer, (out - (part.bias if part.bias is not None else 0))[0])

    model.module.outward(model.shape.kinds[0], 0)
    hooks = [part.register_forward_hook(keep(layer)) for layer, part in model.module._ways_out.items()]
    watch = Watch(model.module._ways_out)
    try:
        with torch.inference_mode():
            model.module.states(asked.ids[None], source, watch)
    finally:
        for hook in hooks:
            hook.remove()
    assert set(ways) == {(kind, i) for kind in model.shape.kinds for i in range(model.shape.depth(kind))}
    for (kind, layer), added in ways.items():
        passed = watch.passed[kind, layer]
        out = model.module.outward(kind, layer)
        direct = torch.einsum("hqk,hke,hed->qd", passed.weights[0], passed.values[0], out)
        assert torch.allclose(direct, added, atol=1e-4)


def test_switching_a_head_off_is_zeroing_its_columns(model):
    asked = question(model, SENTENCE, target(model))
    source = None if asked.source is None else asked.source[None]
    for kind in model.shape.kinds:
        found = ablate(model, SENTENCE, Changes(heads_of(["1.1"], kind)), k=1000, target=target(model))
        way = (
            model.module._ways_out.get((kind, 1)) or (model.module.outward(kind, 1), model.module._ways_out)[1][kind, 1]
        )
        kept, size = way.weight.detach().clone(), model.module.outward(kind, 1).shape[1]
        with torch.no_grad():
            (way.weight if type(way).__name__ == "Conv1D" else way.weight.T)[size : 2 * size] = 0
            direct = model.module(asked.ids[None], source)[0].log_softmax(-1)
            way.weight.copy_(kept)
        assert np.allclose(found.after.probabilities, direct.exp().sort(descending=True).values, atol=1e-5)
        assert found.divergence.max() > 1e-6


def test_the_lens_ends_with_what_the_model_says_and_begins_with_the_first_vectors(model):
    found = lens(model, SENTENCE, target(model), k=3)
    asked = question(model, SENTENCE, target(model))
    source = None if asked.source is None else asked.source[None]
    with torch.inference_mode():
        direct = model.module(asked.ids[None], source)[0].softmax(-1).topk(3)
    assert len(found.layers) == model.layers + 1
    assert np.allclose(found.layers[-1].probabilities, direct.values, atol=1e-6)
    assert not np.allclose(found.layers[0].probabilities, direct.values, atol=1e-3)


def test_the_other_measures_are_there_for_every_kind_of_attention(model):
    for kind in model.shape.kinds:
        plain = attend(model, SENTENCE, kind=kind, target=target(model))
        norms, slopes = (
            measure(model, SENTENCE, kind=kind, target=target(model)) for measure in (value_norms, gradients)
        )
        assert norms.weights.shape == slopes.weights.shape == plain.weights.shape
        assert ((norms.weights > 0) == (plain.weights > 0)).all() and slopes.weights.any()
        assert np.isfinite(rollout(model, SENTENCE, kind=kind, target=target(model)).weights).all()
        flat = Changes(temperature=temperatures_of({"0.0": 1e6}, kind))
        rows = attend(model, SENTENCE, [0], [0], kind=kind, changes=flat, target=target(model)).weights[0, 0]
        there = plain.weights[0, 0] > 0
        assert np.allclose(rows, np.where(there, 1 / there.sum(-1, keepdims=True), 0), atol=1e-3)


def test_a_kind_with_a_way_of_its_own_shows_its_weights_and_says_that_it_shows_no_more(models, monkeypatch):
    module = models["bert"].module
    monkeypatch.setattr(module, "tapped", False)
    assert np.allclose(attend(models["bert"], SENTENCE).weights.sum(-1), 1, atol=1e-5)
    with pytest.raises(EmbvizError, match="shows its weights of attention, and no more of it"):
        value_norms(models["bert"], SENTENCE)
