"""Several processes train one model: the same losses, the same weights, and an end when one of them ends."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from test_train_attention import TINY, Stopping, _wait_for, history, one_thread, story, told
from test_train_batches import pairs, windows

import embviz as ev
from embviz.errors import EmbvizError
from embviz.models import Shape
from embviz.models.architectures import module_of
from embviz.train.attention import AttentionTrainer
from embviz.train.batches import Batch
from embviz.train.devices import device_of
from embviz.train.loop import guess_loss
from embviz.train.sharing import Share, shared

__all__ = ["one_thread"]
EXACT = TINY | {"precision": "float32"}  # rounded to bfloat16 a half of a batch is not the half of a batch
TRAINER = AttentionTrainer(steps=10**5, checkpoint_every=5, **EXACT)


def made(family):
    return pairs().batch(1) if family == "seq2seq" else windows(family).batch(1)


@pytest.mark.parametrize("count", [2, 3, 7])
@pytest.mark.parametrize("family", ["encoder", "decoder", "seq2seq"])
def test_shares_learn_what_the_whole_batch_does(family, count):
    """Also where there are more processes than rows, and where nothing of a row is to be guessed."""
    batch = made(family)
    if family == "encoder":
        batch = Batch(batch.ids, batch.targets[:5], batch.places[:5])
    module = module_of(Shape(family, 1, 1, 8, 16, 99), torch.Generator().manual_seed(0))
    shares = [Share.unpacked(*each.packed()) for each in shared(batch, count, step=3, last=True)]
    assert {(share.step, share.last, share.total) for share in shares} == {(3, True, len(batch.targets))}
    assert sum(share.guessed for share in shares) == len(batch.targets)
    parts = sum(guess_loss(module, share.batch) * share.weight for share in shares)
    parts.backward()
    found = [parameter.grad.clone() for parameter in module.parameters()]
    module.zero_grad()
    whole = guess_loss(module, batch)
    whole.backward()
    assert torch.isclose(parts, whole, atol=1e-6)
    for one, other in zip(found, (parameter.grad for parameter in module.parameters()), strict=True):
        assert torch.allclose(one, other, atol=1e-6)


def _port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def test_torchrun_with_two_processes_goes_on_as_one_would(tmp_path, monkeypatch):
    """What one process has begun, with what its optimizer remembers."""
    monkeypatch.chdir(tmp_path)
    Path("told.txt").write_text("\n".join(story()), encoding="utf-8")
    options = EXACT | {"batch": 9, "accumulate": 2, "steps": 20}
    with pytest.raises(KeyboardInterrupt):
        ev.make_run(AttentionTrainer(**options), ev.open_corpus("told.txt"), "two", Stopping(4, 20))
    given = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", _port(), "-m",
               "embviz", "--progress", "json", "train", "attention", "told.txt", "--out", "two", *given]  # fmt: skip
    ended = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("an attention model") == 1, "one process tells"
    assert {path.name for path in tmp_path.iterdir()} == {"told.txt", "two"}
    Path("one").mkdir()
    model = AttentionTrainer(**options).fit(told(story()), folder=Path("one"))
    _same_losses(Path("two"), Path("one"), 20)
    for name, tensor in load_file("two/weights.safetensors").items():
        assert torch.allclose(tensor, model.module.state_dict()[name], atol=1e-4), name


def _same_losses(folder: Path, other: Path, steps: int) -> None:
    for name in ("loss", "validation_loss"):
        one, two = ([row[name] for row in history(each)[:steps]] for each in (folder, other))
        assert len(one) == len(two) == steps and [bool(each) for each in one] == [bool(each) for each in two]
        assert np.allclose([float(each or 0) for each in one], [float(each or 0) for each in two], atol=1e-4)


CHILD = """
import os, sys
from pathlib import Path
sys.path.insert(0, {here!r})
from test_train_processes import TRAINER, story, told
try:
    if os.environ["RANK"] == "0":
        TRAINER.fit(told(story()), folder=Path({folder!r}))
    else:
        TRAINER.help()
except Exception as error:
    sys.exit(str(error))
"""


def _children(folder: Path) -> list[subprocess.Popen]:
    """Two processes that train until they are stopped."""
    code = CHILD.format(here=str(Path(__file__).parent), folder=str(folder))
    known = os.environ | {"OMP_NUM_THREADS": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": _port()}
    return [
        subprocess.Popen([sys.executable, "-c", code], env=known | {"RANK": rank}, stderr=subprocess.PIPE, text=True)
        for rank in "01"
    ]


def test_when_one_is_killed_the_other_keeps_what_there_is_and_ends(tmp_path):
    two, one = tmp_path / "two", tmp_path / "one"
    two.mkdir(), one.mkdir()
    children = _children(two)
    _wait_for(lambda: list(two.glob("checkpoints/step-*.safetensors")), children[0])
    children[1].send_signal(signal.SIGKILL)
    said = children[0].communicate(timeout=60)[1]
    children[1].communicate()
    assert "Process 1 of 2 has lost another one, which ended before its time. Give the same command again" in said
    (kept,) = two.glob("checkpoints/step-*.safetensors")
    reached = int(kept.stem.removeprefix("step-"))
    assert len(history(two)) == reached >= 5
    with pytest.raises(KeyboardInterrupt):
        TRAINER.fit(told(story()), Stopping(5), one)
    _same_losses(two, one, 5)


def test_when_the_first_is_stopped_the_other_ends(tmp_path):
    children = _children(tmp_path)
    _wait_for(lambda: list(tmp_path.glob("checkpoints/step-*.safetensors")), children[0])
    for child in children:
        child.send_signal(signal.SIGINT)
    errors = [child.communicate(timeout=60)[1] for child in children]
    assert "KeyboardInterrupt" in errors[0] and "Process 2 of 2 has lost another one" in errors[1]


def test_word_vectors_are_trained_by_one_process(said_here, place, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "0")
    said = said_here(["train", "word2vec", "text.txt", "--out", "none"], place)
    assert said == "word2vec trains in one process: start it without torchrun."


def test_a_device_that_is_not_there_is_refused():
    absent = "mps" if not torch.backends.mps.is_available() else "cuda"
    with pytest.raises(EmbvizError, match=re.escape(f"device is '{absent}', and torch finds only")):
        AttentionTrainer(device=absent, steps=1, **TINY).fit(told(story()))
    with pytest.raises(EmbvizError, match=re.escape("device is 'tpu', and there are auto, cpu, cuda and mps.")):
        AttentionTrainer(device="tpu", steps=1, **TINY).fit(told(story()))
    assert device_of("cpu").type == "cpu"
