"""Training attention models: it learns, it repeats itself, it goes on after being killed, and it says what is wrong."""

import csv
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from embviz.attention import attend
from embviz.errors import EmbvizError
from embviz.models import AttentionModel
from embviz.space import Space
from embviz.text import Corpus
from embviz.train.attention import AttentionTrainer
from embviz.train.loop import schedule


@pytest.fixture(autouse=True)
def one_thread():
    """Models this small are slower with two, and much slower beside other work."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def told(sentences, name="told"):
    """A corpus in memory."""
    return Corpus.of(sentences, name)


def story(lines=400, seed=3):
    """Sentences whose every second word follows from the one before it."""
    random = np.random.default_rng(seed)
    pairs = ["red apple", "blue sky", "green leaf", "cold snow", "dark night", "old stone"]
    return [" ".join(random.choice(pairs, 4)) for _ in range(lines)]


TINY = {"layers": 2, "heads": 2, "dims": 32, "context": 16, "batch": 8, "rate": 5e-3}


def history(folder: Path) -> list[dict[str, str]]:
    with (folder / "history.tsv").open() as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def entropy(space: Space) -> float:
    counts = np.array([space.count(row) for row in range(len(space))])
    return float(-(counts / counts.sum() * np.log(counts / counts.sum())).sum())


@pytest.mark.parametrize("family", ["encoder", "decoder", "seq2seq"])
def test_training_learns_far_more_than_how_frequent_each_word_is(tmp_path, family):
    model = AttentionTrainer(family=family, steps=150, **TINY).fit(told(story()), folder=tmp_path)
    rows, space = history(tmp_path), Space.load(tmp_path)
    assert [int(row["step"]) for row in rows] == list(range(1, 151))
    assert float(rows[-1]["validation_loss"]) < 0.75 * entropy(space)
    seconds = [float(row["seconds"]) for row in rows]
    assert seconds == sorted(seconds)
    tokens = ["[CLS]", "red", "apple"] + (["[SEP]"] if family != "decoder" else [])
    found = attend(model, "red apple")
    assert list(found.keys) == tokens
    assert found.weights.shape == (2, 2, len(found.tokens), len(tokens))


def test_the_folder_holds_a_run_but_for_its_meta(tmp_path):
    model = AttentionTrainer(steps=3, checkpoint_every=1, **TINY).fit(told(story()), folder=tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    kept = {"words.arrow", "vectors.npy", "weights.safetensors", "model.json", "tokenizer.json"}
    assert (
        names == kept | {"history.tsv", "examples.json", "steps"}
        and {path.name for path in tmp_path.glob("steps/2/*")} == kept
    )
    back, space = AttentionModel.load(tmp_path), Space.load(tmp_path)
    assert np.array_equal(attend(back, "cold snow").weights, attend(model, "cold snow").weights)
    counts = [space.count(row) for row in range(len(space))]
    assert counts == sorted(counts, reverse=True)
    assert space.count(space.row("apple")) == sum(line.split().count("apple") for line in story())
    row = model.tokenizer.token_to_id("apple")
    assert np.array_equal(space.vectors[space.row("apple")], model.module.embedding[row].detach().numpy())


def weights(model):
    return torch.cat([parameter.detach().flatten() for parameter in model.module.parameters()])


def test_the_seed_decides(tmp_path):
    one, same, other = (AttentionTrainer(steps=4, seed=seed, **TINY).fit(told(story())) for seed in (1, 1, 2))
    assert torch.equal(weights(one), weights(same))
    assert not torch.equal(weights(one), weights(other))


CHILD = """
import sys
from pathlib import Path
sys.path.insert(0, {here!r})
from test_train_attention import TINY, story, told
from embviz.train.attention import AttentionTrainer
AttentionTrainer(family={family!r}, steps=10**5, checkpoint_every=5, **TINY).fit(told(story()), folder=Path({folder!r}))
"""


@pytest.mark.parametrize("family", ["encoder", "decoder"])
def test_a_killed_training_goes_on_as_if_nothing_had_happened(tmp_path, family):
    trainer = AttentionTrainer(family=family, steps=10**5, checkpoint_every=5, **TINY)
    broken, whole = tmp_path / "broken", tmp_path / "whole"
    broken.mkdir()
    whole.mkdir()
    code = CHILD.format(here=str(Path(__file__).parent), family=family, folder=str(broken))
    child = subprocess.Popen([sys.executable, "-c", code], env=os.environ | {"OMP_NUM_THREADS": "1"})
    try:
        _wait_for(lambda: list(broken.glob("checkpoints/step-*.safetensors")), child)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    (reached,) = (int(path.stem.removeprefix("step-")) for path in broken.glob("checkpoints/step-*.safetensors"))
    last = reached + 7
    stop = Stopping(last)
    for folder in (broken, whole):
        with pytest.raises(KeyboardInterrupt):
            trainer.fit(told(story()), stop, folder)
    one, other = (folder / "checkpoints" / f"step-{last:06}.safetensors" for folder in (broken, whole))
    assert one.read_bytes() == other.read_bytes()
    one, other = ([row | {"seconds": ""} for row in history(folder)] for folder in (broken, whole))
    assert one == other


class Stopping:
    """A listener that stops a training after a step."""

    def __init__(self, step, steps=10**5):
        self.share = step / steps

    def __call__(self, stage, done, note=""):
        if stage == "training" and done >= self.share:
            raise KeyboardInterrupt


def _wait_for(happened, child):
    for _ in range(600):
        if happened():
            return
        assert child.poll() is None, "the child ended by itself"
        time.sleep(0.05)
    raise AssertionError("waited in vain")


def test_stopped_and_taken_up_again_it_is_the_same_model(tmp_path):
    trainer = AttentionTrainer(steps=12, **TINY)
    folder = tmp_path / "stopped"
    folder.mkdir()
    with pytest.raises(KeyboardInterrupt):
        trainer.fit(told(story()), Stopping(5, 12), folder)
    assert [path.name for path in (folder / "checkpoints").glob("step-*")] == ["step-000005.safetensors"]
    assert not (folder / "sentences.txt").exists()
    assert torch.equal(weights(trainer.fit(told(story()), folder=folder)), weights(trainer.fit(told(story()))))
    assert [int(row["step"]) for row in history(folder)] == list(range(1, 13))


def test_ctrl_c_waits_for_the_update_to_be_whole(tmp_path, monkeypatch):
    trainer = AttentionTrainer(steps=6, **TINY)
    step = torch.optim.AdamW.step

    def pressed(self, *arguments):
        if not self.state:
            os.kill(os.getpid(), signal.SIGINT)
        return step(self, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(torch.optim.AdamW, "step", pressed)
        with pytest.raises(KeyboardInterrupt):
            trainer.fit(told(story()), folder=tmp_path)
    assert (tmp_path / "checkpoints" / "step-000001.safetensors").is_file()
    assert torch.equal(weights(trainer.fit(told(story()), folder=tmp_path)), weights(trainer.fit(told(story()))))
    assert [int(row["step"]) for row in history(tmp_path)] == list(range(1, 7))


def test_a_training_that_diverges_says_where_and_keeps_the_last_checkpoint(tmp_path, monkeypatch):
    trainer = AttentionTrainer(steps=9, checkpoint_every=2, **TINY)

    def spoil(stage, done, note=""):
        if stage == "training" and done == 5 / 9:
            monkeypatch.setattr("torch.nn.functional.cross_entropy", lambda *_: torch.tensor(float("nan")))

    said = "The training diverged at step 6 of 9: the loss is no longer a number. Lower --rate, which is 0.005."
    with pytest.raises(EmbvizError, match=re.escape(said)):
        trainer.fit(told(story()), spoil, tmp_path)
    assert [path.name for path in (tmp_path / "checkpoints").glob("step-*")] == ["step-000004.safetensors"]


@pytest.mark.parametrize("text", [["word"], ["a b c ."] * 20])
def test_too_short_a_text_is_refused_with_both_numbers(text):
    tokens = sum(len(line.split()) + 1 for line in text)
    said = f"'told' has {tokens} tokens, and 340 are needed to train with a context of 16"
    with pytest.raises(EmbvizError, match=said):
        AttentionTrainer(steps=2, **TINY).fit(told(text))


def test_a_text_of_one_word_or_one_endless_sentence_can_be_trained_on():
    for text in (["word word"] * 200, ["all in one sentence " * 100]):
        AttentionTrainer(steps=2, **TINY).fit(told(text))


def test_more_subwords_than_the_text_yields_are_refused_with_both_numbers():
    with pytest.raises(EmbvizError, match=r"5,000 tokens were asked for, and 'told' yields \d+: lower --vocab"):
        AttentionTrainer(vocab=5000, steps=2, **TINY).fit(told(story()))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"family": "rnn"}, "family is 'rnn', and there are encoder, decoder and seq2seq."),
        ({"heads": 5}, "32 dims cannot be shared out among 5 heads"),
        ({"steps": 0}, "steps is 0 and must be at least 1."),
        ({"batch": 0}, "batch is 0 and must be at least 1."),
        ({"checkpoint_every": 0}, "checkpoint-every is 0 and must be at least 1."),
        ({"vocab": 3}, "vocab is 3 and must be"),
        ({"rate": 0.0}, "rate is 0.0 and must lie above 0, up to 1."),
        ({"rate": float("nan")}, "rate is nan and must lie above 0, up to 1."),
        ({"mask": 1.0}, "mask is 1.0 and must lie between 0 and 1."),
        ({"seed": -1}, "seed is -1 and must lie between 0 and 4294967295."),
    ],
)
def test_hyperparameters_that_make_no_sense_are_refused(change, said):
    with pytest.raises(EmbvizError, match=re.escape(said)):
        AttentionTrainer(**(TINY | {"steps": 2} | change)).fit(told(story()))


def test_the_learning_rate_rises_then_falls():
    rates = [schedule(step, 100) for step in range(1, 101)]
    assert rates[4] == max(rates) == 1
    assert rates[:5] == sorted(rates[:5])
    assert rates[4:] == sorted(rates[4:], reverse=True)
    assert rates[-1] == pytest.approx(0.1)
    assert schedule(1, 1) == 1
