"""Evidence beside the weights: each measure against a direct reading of its formula, on every family of models."""

import math

import networkx
import numpy as np
import pytest
import torch
from test_models import made
from torch.nn import functional as F

from embviz.attention import ablate, attend, flow, gradients, lens, predict, rollout, value_norms
from embviz.attention.flow import Network
from embviz.attention.rollout import crossed, rolled
from embviz.errors import EmbvizError
from embviz.models.changes import Changes, heads_of, temperatures_of, typed
from embviz.models.watching import tempered

SENTENCE = "The cat [MASK] on the mat."


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    families = ("encoder", "decoder", "seq2seq")
    return {family: made(tmp_path_factory.mktemp(family), family, layers=3) for family in families}


@pytest.fixture(params=["encoder", "decoder", "seq2seq"])
def model(request, models):
    return models[request.param]


def given(model):
    """The ids that a model's own stack reads, and those of a source."""
    from embviz.attention.asking import question

    asked = question(model, SENTENCE, "cat mat" if model.family == "seq2seq" else None)
    return asked.ids[None], None if asked.source is None else asked.source[None]


def target(model):
    return {"target": "cat mat"} if model.family == "seq2seq" else {}


def random_weights(layers, heads, queries, keys, seed=0, causal=False):
    scores = torch.randn(layers, heads, queries, keys, generator=torch.Generator().manual_seed(seed))
    if causal:
        scores = scores.masked_fill(torch.ones(queries, keys).triu(1).bool(), -math.inf)
    return scores.softmax(-1).numpy()


def switched_off(model, kind, layer, head):
    """The same module with a head's rows of the matrix that carries its mixture outward set to zero."""
    import copy

    module = copy.deepcopy(model.module)
    stack = module.reader if kind == "encoder" and module.reader is not None else module
    block, size = stack.blocks[layer], model.shape.head_dims
    with torch.no_grad():
        (block.cross_out if kind == "cross" else block.out)[:, head * size : (head + 1) * size] = 0
    return module


def test_switching_a_head_off_is_setting_its_output_to_zero(model):
    ids, source = given(model)
    for kind in model.shape.kinds:
        for layer, head in ((0, 1), (2, 0)):
            found = ablate(model, SENTENCE, Changes(heads_of([f"{layer}.{head}"], kind)), **target(model), k=1000)
            with torch.no_grad():
                module = switched_off(model, kind, layer, head)
                after = module.logits(module(ids, source))[0].log_softmax(-1)
                before = model.module.logits(model.module(ids, source))[0].log_softmax(-1)
            assert np.allclose(found.after.probabilities, after.exp().sort(descending=True).values, atol=1e-6)
            assert np.allclose(found.before.probabilities, before.exp().sort(descending=True).values, atol=1e-6)
            by_torch = F.kl_div(after, before, log_target=True, reduction="none").sum(-1)
            assert np.allclose(found.divergence, by_torch, atol=1e-5) and found.divergence.max() > 1e-4


def test_all_heads_of_a_layer_off_and_none_changed(model):
    kind = model.shape.kinds[0]
    everyone = Changes(heads_of([f"1.{head}" for head in range(model.heads)], kind))
    found = ablate(model, SENTENCE, everyone, **target(model))
    assert found.divergence.max() > 0
    nothing = ablate(model, SENTENCE, Changes(), **target(model))
    assert not nothing.divergence.any() and np.array_equal(nothing.before.ids, nothing.after.ids)


def test_what_later_layers_look_at_changes_and_what_earlier_ones_do_not(model):
    kind = model.shape.kinds[-1]
    plain = attend(model, SENTENCE, kind=kind, **target(model)).weights
    found = attend(model, SENTENCE, kind=kind, changes=Changes(heads_of(["1.0"], kind)), **target(model)).weights
    assert np.allclose(found[:2], plain[:2], atol=1e-6) and not np.allclose(found[2], plain[2], atol=1e-4)
    assert np.allclose(found.sum(-1), 1, atol=1e-5)


def test_a_temperature_divides_the_scores():
    scores = torch.randn(2, 5, 5, generator=torch.Generator().manual_seed(1))
    scores[:, 0, 3] = -math.inf
    for temperature in (0.25, 1.0, 4.0):
        assert torch.allclose(tempered(scores.softmax(-1), temperature), (scores / temperature).softmax(-1), atol=1e-6)


def test_a_head_is_flattened_and_sharpened(model):
    kind = model.shape.kinds[0]
    rows = {}
    for temperature in (0.01, 1.0, 1e6):
        changes = Changes(temperature=temperatures_of({"1.1": temperature}, kind))
        rows[temperature] = attend(model, SENTENCE, [1], [0, 1], changes=changes, **target(model))
    plain = attend(model, SENTENCE, [1], [0, 1], **target(model))
    assert np.allclose(rows[1.0].weights, plain.weights, atol=1e-6)
    assert np.allclose(rows[0.01].weights[0, 0], plain.weights[0, 0], atol=1e-6), "the other head is as it was"
    count = plain.seen.sum(-1, keepdims=True)
    assert np.allclose(rows[1e6].weights[0, 1], np.where(plain.seen, 1 / count, 0), atol=1e-3)
    assert (rows[0.01].weights[0, 1].max(-1) >= plain.weights[0, 1].max(-1) - 1e-6).all()


def test_value_norms_are_the_lengths_of_what_is_taken(models):
    """Kobayashi et al. 2020, read directly: f(x) = (x W_V) W_O of the head's own rows and columns."""
    model = models["encoder"]
    ids, _ = given(model)
    found = value_norms(model, SENTENCE)
    with torch.no_grad():
        states = model.module.states(ids)
        for layer, block in enumerate(model.module.blocks):
            x = F.layer_norm(states[layer], (16,), block.norm_attention)[0]
            weights = torch.tensor(attend(model, SENTENCE).weights[layer])
            for head in range(2):
                own = slice(32 + head * 8, 32 + head * 8 + 8)
                f = (x @ block.queries_keys_values[own].T) @ block.out[:, head * 8 : head * 8 + 8].T
                direct = torch.stack([(weights[head, i, :, None] * f).norm(dim=-1) for i in range(len(x))])
                assert np.allclose(found.weights[layer, head], direct, atol=1e-5)
    assert found.measure == "norms" and found.weights.min() >= 0


def test_what_the_heads_take_adds_up_to_what_the_layer_adds(model):
    """The transformed values, weighted and summed over keys and heads, are what attention adds to the vectors."""
    from embviz.attention.asking import question

    for kind in model.shape.kinds:
        asked = question(model, SENTENCE, kind=kind, **target(model))
        with torch.no_grad():
            passed = asked.watched(model, [1], None).passed[kind, 1]
            out = model.module.outward(kind, 1)
            added = torch.einsum("hqk,hke,hed->qd", passed.weights[0], passed.values[0], out)
            mixed = (passed.weights @ passed.values).transpose(1, 2).flatten(2)
            stack = model.module.reader if kind == "encoder" and model.module.reader is not None else model.module
            matrix = stack.blocks[1].cross_out if kind == "cross" else stack.blocks[1].out
            assert torch.allclose(added, F.linear(mixed, matrix)[0], atol=1e-5)


def test_rollout_is_the_papers_recursion():
    """Equation 1 of Abnar and Zuidema 2020: A~(l_i) = A(l_i) A~(l_(i-1)), with A = 0.5 W + 0.5 I."""
    weights = random_weights(4, 3, 6, 6)
    a = [0.5 * weights[i].mean(0) + 0.5 * np.eye(6) for i in range(4)]
    found = rolled(weights)
    for layer in range(4):
        direct = a[layer] if layer == 0 else a[layer] @ direct  # noqa: F821
        assert np.allclose(found[layer], direct, atol=1e-6)
    assert np.allclose(found.sum(-1), 1, atol=1e-6)
    assert (np.triu(rolled(random_weights(3, 2, 5, 5, causal=True)), 1) == 0).all()


def test_rollout_through_a_seq2seq_model_is_of_source_and_target():
    encoder, decoder = random_weights(2, 2, 5, 5), random_weights(3, 2, 4, 4, 1, causal=True)
    cross = random_weights(3, 2, 4, 5, 2)
    found = crossed(encoder, decoder, cross)
    assert found.shape == (3, 4, 9) and np.allclose(found.sum(-1), 1, atol=1e-6)
    one = crossed(encoder[:1], decoder[:1], cross[:1])[0]
    own, read = (0.5 * each[0].mean(0) + 0.5 * np.eye(each.shape[-1]) for each in (decoder, encoder))
    assert np.allclose(one[:, :4], own / 2, atol=1e-6)
    assert np.allclose(one[:, 4:], cross[0].mean(0) @ read / 2, atol=1e-6)


def test_rollout_of_a_model(model):
    for kind in model.shape.kinds:
        found = rollout(model, SENTENCE, kind=kind, **target(model))
        assert found.weights.shape == (3, 1, len(found.tokens), len(found.keys)) and found.measure == "rollout"
        if kind != "cross":
            assert np.allclose(found.weights[:, 0], rolled(attend(model, SENTENCE, kind=kind, **target(model)).weights))
            assert np.allclose(found.weights.sum(-1), 1, atol=1e-5)


def test_flow_is_networkx_maximum_flow():
    weights = random_weights(3, 2, 5, 5, causal=True)
    graph = networkx.DiGraph()
    for layer in range(3):
        a = 0.5 * weights[layer].mean(0) + 0.5 * np.eye(5)
        for i in range(5):
            for j in range(5):
                graph.add_edge((layer + 1, i), (layer, j), capacity=float(a[i, j]))
    network = Network.stacked(weights)
    for token in range(5):
        direct = [networkx.maximum_flow_value(graph, (3, token), (0, key)) for key in range(5)]
        assert np.allclose(network.flows(token, 5), direct, atol=1e-5)


def test_flow_through_a_seq2seq_model_is_networkx_maximum_flow():
    encoder, decoder = random_weights(2, 2, 4, 4), random_weights(2, 2, 3, 3, 1, causal=True)
    cross = random_weights(2, 2, 3, 4, 2)
    graph = networkx.DiGraph()

    def add(start, end, capacities):
        for i, j in np.ndindex(*capacities.shape):
            graph.add_edge((*start, i), (*end, j), capacity=float(capacities[i, j]))

    for layer in range(2):
        add(("e", layer + 1), ("e", layer), 0.5 * encoder[layer].mean(0) + 0.5 * np.eye(4))
        add(("d", 2 * layer + 1), ("d", 2 * layer), 0.5 * decoder[layer].mean(0) + 0.5 * np.eye(3))
        add(("d", 2 * layer + 2), ("d", 2 * layer + 1), 0.5 * np.eye(3))
        add(("d", 2 * layer + 2), ("e", 2), 0.5 * cross[layer].mean(0))
    network = Network.crossed(encoder, decoder, cross)
    for token in range(3):
        direct = [networkx.maximum_flow_value(graph, ("d", 4, token), ("e", 0, key)) for key in range(4)]
        assert np.allclose(network.flows(token, 4), direct, atol=1e-5)


def test_flow_of_a_model_in_the_rows_that_are_wanted(model):
    kind = model.shape.kinds[0]
    found = flow(model, SENTENCE, [1], layer=1, **target(model))
    assert (found.layers, found.heads, found.kind) == ((1,), (0,), kind) and found.measure == "flow"
    assert found.weights[0, 0, 1].max() > 0 and not np.delete(found.weights[0, 0], 1, 0).any()
    with pytest.raises(EmbvizError, match="Token 99 was asked for, and there are tokens 0 to"):
        flow(model, SENTENCE, [99], **target(model))


def test_gradients_are_what_a_small_change_of_a_weight_does(models):
    """Against finite differences: the log-probability with one weight a little larger, all later layers following."""
    model = models["decoder"]
    ids, _ = given(model)
    found = gradients(model, SENTENCE, place=3)
    weights = attend(model, SENTENCE).weights
    best = int(predict(model, SENTENCE, k=1).ids[3, 0])

    def with_weight(layer, head, i, j, more):
        from embviz.models.watching import Watch

        class Nudged(Watch):
            def passing(self, where, q, k, v, weigh):
                if where != ("decoder", layer):
                    return None
                w = weigh(q, k, range(2)).clone()
                w[0, head, i, j] += more
                return w @ v

        with torch.no_grad():
            return float(model.module.logits(model.module(ids, None, Nudged()))[0, 3].log_softmax(-1)[best])

    for layer, head, i, j in ((0, 0, 3, 1), (1, 1, 2, 0), (2, 0, 3, 3)):
        slope = (with_weight(layer, head, i, j, 1e-2) - with_weight(layer, head, i, j, -1e-2)) / 2e-2
        assert abs(slope) > 1e-3
        assert found.weights[layer, head, i, j] == pytest.approx(weights[layer, head, i, j] * slope, rel=0.02, abs=1e-5)
    assert not found.weights[2, :, :3].any(), "in the last layer only the rows of the place itself count"


def test_gradients_are_there_for_every_kind(model):
    for kind in model.shape.kinds:
        found = gradients(model, SENTENCE, kind=kind, **target(model))
        assert found.measure == "gradient" and found.weights.shape == (3, 2, len(found.tokens), len(found.keys))
        assert np.isfinite(found.weights).all() and found.weights.any()


def test_an_encoder_is_asked_about_its_gap(models):
    at_gap = gradients(models["encoder"], SENTENCE)
    place = at_gap.tokens.index("[MASK]")
    assert np.array_equal(at_gap.weights, gradients(models["encoder"], SENTENCE, place=place).weights)


def test_the_lens_ends_with_what_the_model_says(model):
    found = lens(model, SENTENCE, **target(model))
    end = predict(model, SENTENCE, **target(model))
    assert len(found.layers) == 4 and np.array_equal(found.layers[-1].ids, end.ids)
    assert np.allclose(found.layers[-1].probabilities, end.probabilities, atol=1e-6)
    assert not found.divergence[-1].any() and found.divergence[0].max() > 0
    assert np.allclose(found.kept[-1], end.probabilities[:, 0], atol=1e-6)
    with torch.no_grad():
        ids, source = given(model)
        state = model.module.states(ids, source)[1]
        direct = model.module.logits(F.layer_norm(state, (16,), model.module.norm))[0].softmax(-1)
    assert np.allclose(found.layers[1].probabilities, direct.topk(5).values, atol=1e-6)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("9.0", "Head 0 of layer 9 (encoder) was to be changed, and 'made' does not have it."),
        ("0.7", "Head 7 of layer 0 (encoder) was to be changed"),
        ("cross.0.0", "Head 0 of layer 0 (cross) was to be changed"),
        ("zero", "'zero' names no head: say layer.head, such as 2.5, or cross.2.5."),
        ("a.b.c.d", "names no head"),
    ],
)
def test_heads_that_are_not_there_are_refused(models, said, sentence):
    import re

    with pytest.raises(EmbvizError, match=re.escape(sentence)):
        ablate(models["encoder"], SENTENCE, Changes(heads_of([said], "encoder")))


def test_heads_are_typed_as_they_are_read():
    heads = heads_of(["2.5", "cross.0.1", "10.11"], "decoder")
    assert heads == {("decoder", 2, 5), ("cross", 0, 1), ("decoder", 10, 11)}
    assert heads_of([typed(head, "decoder") for head in heads], "decoder") == heads


def test_a_temperature_is_above_nothing(models):
    with pytest.raises(EmbvizError, match="The temperature of head 0 of layer 1 is 0 and must be above 0"):
        ablate(models["encoder"], SENTENCE, Changes(temperature=temperatures_of({"1.0": 0}, "encoder")))


def test_the_products_of_queries_and_keys_make_the_weights(model):
    from embviz.attention import products

    for kind in model.shape.kinds:
        found = products(model, SENTENCE, 1, 1, kind=kind, **target(model))
        seen = attend(model, SENTENCE, [1], [1], kind=kind, **target(model))
        scores = torch.tensor(np.stack([found.of(i).sum(-1) for i in range(len(seen.tokens))])) / math.sqrt(8)
        weights = scores.masked_fill(~torch.tensor(seen.seen), -math.inf).softmax(-1)
        assert np.allclose(weights, seen.weights[0, 0], atol=1e-6)
        assert np.allclose(found.attention.weights, seen.weights, atol=1e-6)


def test_states_are_the_vectors_between_the_layers(model):
    from embviz.attention import states

    found = states(model, SENTENCE, **target(model))
    ids, source = given(model)
    with torch.no_grad():
        module = model.module
        assert np.allclose(found.vectors[0], F.embedding(ids, module.embedding)[0], atol=1e-6), "rotary adds nothing"
        assert np.allclose(F.layer_norm(torch.tensor(found.vectors[-1]), (16,), module.norm), module(ids, source)[0],
                           atol=1e-5)  # fmt: skip
    assert found.vectors.shape == (4, len(found.tokens), 16)


def test_contexts_find_the_same_token_in_the_same_sentence_first(models):
    from embviz.attention import contexts, states

    corpus = ["The cat sat on the mat.", "Der Käse, les élèves.", "今天天气很好。", "", "word " * 500]
    found = contexts(models["encoder"], corpus)
    assert found.sentences == tuple(corpus[:3]) and found.vectors.shape[:2] == (4, len(found.tokens))
    assert "[CLS]" not in found.tokens
    there = found.tokens.index("sat")
    assert found.around(there, 6) == ("…e cat ", "sat", " on th…") and found.around(0, 9)[:2] == ("", "The")
    typed = states(models["encoder"], corpus[0])
    place = typed.tokens.index("cat")
    for layer in range(4):
        best = found.near(typed.vectors[layer, place], layer, 3)
        row, cosine = best[0]
        assert (found.tokens[row], tuple(found.places[row])) == ("cat", (0, place)) and cosine == pytest.approx(1)
        assert [score for _, score in best] == sorted((score for _, score in best), reverse=True)
    with pytest.raises(EmbvizError, match="contexts are of encoders and decoders"):
        contexts(models["seq2seq"], corpus)
    with pytest.raises(EmbvizError, match="can read none of these sentences"):
        contexts(models["encoder"], ["", " "])


def test_the_path_keeps_what_lies_in_a_plane():
    """Vectors of length 1 in a plane keep their distances: the first two components hold all of it."""
    from embviz.attention.states import States, path

    angles = np.random.default_rng(0).uniform(0, 6, (3, 4))
    vectors = np.zeros((3, 4, 8), np.float32)
    vectors[..., 2], vectors[..., 5] = np.cos(angles) * 7, np.sin(angles) * 7
    places, shares = path(States("", ("a", "b", "c", "d"), vectors, "x"))
    places = places.reshape(-1, 2)
    flat = vectors.reshape(-1, 8) / 7
    far = [np.linalg.norm(each[:, None] - each[None], axis=-1) for each in (places, flat)]
    assert np.allclose(*far, atol=1e-5) and np.isclose(sum(shares), 1)
    assert np.allclose(shares, places.var(0) / flat.var(0).sum(), atol=1e-6)
    alone, none = path(States("", ("a",), vectors[:1, :1], "x"))
    assert alone.shape == (1, 1, 2) and none == (0, 0)
