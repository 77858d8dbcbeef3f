"""torch.compile: the same training, goes on to the bit, leaves nothing compiled behind; and says where it cannot be."""

import shutil

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from test_train_attention import TINY, history, one_thread, story, told

from embviz.errors import EmbvizError
from embviz.train.attention import AttentionTrainer

__all__ = ["one_thread"]
EXACT = TINY | {"precision": "float32", "checkpoint_every": 2, "family": "decoder"}
HERE = shutil.which("g++") or shutil.which("clang++")


@pytest.mark.slow
@pytest.mark.skipif(not HERE, reason="no C++ compiler is here")
def test_a_compiled_training_is_the_same_one_and_goes_on_to_the_bit(tmp_path):
    def stop(stage, share, detail):
        if stage == "training" and share >= 0.5:
            raise KeyboardInterrupt

    for name in ("plain", "whole", "halves"):
        (tmp_path / name).mkdir(exist_ok=True)
    plain = AttentionTrainer(steps=4, **EXACT).fit(told(story()), folder=tmp_path / "plain")
    trainer = AttentionTrainer(steps=4, compile=True, **EXACT)
    whole = trainer.fit(told(story()), folder=tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        trainer.fit(told(story()), report=stop, folder=tmp_path / "halves")
    trainer.fit(told(story()), folder=tmp_path / "halves")
    losses = [[float(row["loss"]) for row in history(tmp_path / name)] for name in ("plain", "whole", "halves")]
    assert np.allclose(losses[0], losses[1], atol=1e-4) and losses[1] == losses[2]
    one, other = (load_file(tmp_path / name / "weights.safetensors") for name in ("whole", "halves"))
    assert all(np.array_equal(one[name], other[name]) for name in one)
    ids = torch.tensor([[7, 8, 9]])
    compiler = torch.compiler.set_stance("fail_on_recompile")
    with torch.no_grad(), compiler:
        assert torch.allclose(whole.module(ids), plain.module(ids), atol=1e-2), "of other lengths, and compiled no more"


def test_without_a_compiler_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(torch._inductor.config.cpp, "cxx", ("no-such-compiler",))
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "cache"))
    torch.compiler.reset()  # what was compiled before would do
    with pytest.raises(EmbvizError, match="could not be compiled: train it without --compile"):
        AttentionTrainer(steps=1, compile=True, **EXACT).fit(told(story()))


def test_only_a_transformer_is_compiled():
    with pytest.raises(EmbvizError, match="compile is for transformers, and this is a model of the kind lstm"):
        AttentionTrainer(architecture="lstm", compile=True).fit(told(story()))
