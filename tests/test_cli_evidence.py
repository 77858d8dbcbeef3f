"""The shell's `embviz predict`: a model as it is, with heads switched off, and after each layer."""

import json
import re
import sys

import numpy as np
import pytest
from test_cli_finetuning import one_thread as one_thread
from test_cli_finetuning import told as told

from embviz import cli
from embviz.attention import ablate, lens
from embviz.models.changes import Changes, heads_of
from embviz.runs import open_run

SENTENCE = "the king rules the castle"


def test_what_a_model_predicts_as_the_library_says_it(told, place):
    model = open_run(place / "runs/model").model
    kind = model.shape.kinds[0]
    found = json.loads(told("predict", "runs/model", SENTENCE, "--off", "0.0", "-k", "2", "--json"))
    direct = ablate(model, SENTENCE, Changes(heads_of(["0.0"], kind)), k=2)
    assert found["tokens"] == list(direct.before.tokens)
    assert found["kl"] == pytest.approx(direct.divergence.tolist(), abs=1e-5)
    assert [row[0][0] for row in found["after"]] == [row[0] for row in direct.after.texts]
    plain = json.loads(told("predict", "runs/model", SENTENCE, "--json"))
    assert set(plain) == {"tokens", "before"} and len(plain["before"][0]) == 3


def test_after_each_layer(told, place):
    model = open_run(place / "runs/model").model
    found = json.loads(told("predict", "runs/model", SENTENCE, "--layers", "--json"))
    direct = lens(model, SENTENCE, k=3)
    assert len(found["layers"]) == model.layers + 1
    assert [row[0][0] for row in found["layers"][0]] == [row[0] for row in direct.layers[0].texts]


def test_tables_for_people(told):
    said = told("predict", "runs/model", SENTENCE, "--off", "0.0", "--temperature", "0.1=2")
    assert "with the changes" in said and "KL: how far the prediction moves, in nats" in said
    assert "embedding" in told("predict", "runs/model", SENTENCE, "--layers")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--off", "9.9"], "Head 9 of layer 9"),
        (["--off", "x"], "'x' names no head: say layer.head"),
        (["--temperature", "0.0"], "'0.0' is no temperature of a head"),
        (["--temperature", "0.0=-1"], "must be above 0"),
        (["--layers", "--off", "0.0"], "--layers is of the model as it is"),
        (["-k", "0"], "0 predictions were asked for: ask for 1 or more"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(place, monkeypatch, capsys, options, sentence):
    monkeypatch.chdir(place)
    monkeypatch.setattr(sys, "argv", ["embviz", "predict", "runs/model", SENTENCE, *options])
    assert cli.status() == 1
    assert re.search(re.escape(sentence), " ".join(capsys.readouterr().err.split()))


@pytest.mark.parametrize("measure", ["norms", "gradient", "rollout", "flow"])
def test_attend_by_another_measure(told, place, measure):
    from embviz.attention import measured

    found = json.loads(told("attend", "runs/model", SENTENCE, "--measure", measure, "--json"))
    direct = measured(open_run(place / "runs/model").model, SENTENCE, measure)
    assert found["measure"] == measure and found["layers"] == list(direct.layers)
    assert np.allclose(found["weights"], direct.weights, atol=1e-5)


def test_attend_with_a_head_sharpened_is_what_the_library_says(told, place):
    from embviz.attention import attend
    from embviz.models.changes import temperatures_of

    model = open_run(place / "runs/model").model
    changes = Changes(temperature=temperatures_of({"0.0": 0.1}, model.shape.kinds[0]))
    found = json.loads(told("attend", "runs/model", SENTENCE, "--temperature", "0.0=0.1", "--json"))["weights"]
    assert np.allclose(found, attend(model, SENTENCE, changes=changes).weights, atol=1e-5)
    assert not np.allclose(found, attend(model, SENTENCE).weights, atol=1e-2)
