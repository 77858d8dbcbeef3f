"""Models of one's own, loaded by transformers: the same tokens, scores and texts."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from test_models import TEXT, shaken

from embviz import cli, open_run
from embviz.attention import attend
from embviz.cli.terminal import choose_progress
from embviz.drafts import draft, finish
from embviz.errors import EmbvizError
from embviz.generation import generate
from embviz.models import AttentionModel, Shape
from embviz.models.transformer import Transformer
from embviz.pretrained import export_model, import_model
from embviz.runs import Run
from embviz.train.vocabulary import dressed, learn

transformers = pytest.importorskip("transformers")

SENTENCE = "The CAT sat [MASK] on 天气<b>Käse</b> 🙂!"


def run(folder: Path, family: str, positions: str = "rotary", norm: str = "pre", tied: bool = True,
        tokens: str = "wordpiece") -> Run:  # fmt: skip
    text = folder / "text.txt"
    text.write_text("\n".join(TEXT), encoding="utf-8")
    tokenizer = dressed(learn(text, tokens, None, "text", lambda share: None), family, tokens)
    module = Transformer(Shape(family, 2, 2, 16, 64, tokenizer.get_vocab_size(), positions, norm, tied))
    model = AttentionModel(tokenizer, shaken(module, torch.Generator().manual_seed(1)).eval(), "made")
    with draft(folder / "run", {}) as made:
        model.save(made)
        model.token_table().save(made)
        finish(made, trainer="attention", params={})
    return open_run(folder / "run")


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("positions", ["rotary", "learned", "sinusoidal"])
@pytest.mark.parametrize("family", ["encoder", "decoder"])
def test_transformers_gives_the_same_scores(tmp_path, family, positions, tied):
    own = run(tmp_path, family, positions, tied=tied)
    folder = export_model(own, tmp_path / "out")
    kind = transformers.AutoModelForMaskedLM if family == "encoder" else transformers.AutoModelForCausalLM
    module, found = kind.from_pretrained(folder, output_loading_info=True)
    assert not any(found[what] for what in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    tokens = transformers.AutoTokenizer.from_pretrained(folder)
    ids = tokens(SENTENCE, return_tensors="pt").input_ids
    assert tuple(ids[0].tolist()) == own.model.encode(SENTENCE).ids
    with torch.no_grad():
        theirs, ours = module.eval()(ids).logits, own.model.module.logits(own.model.module(ids))
    assert ours.std() > 0.5 and (theirs - ours).abs().max() < 1e-4


@pytest.mark.parametrize("tied", [True, False])
def test_a_seq2seq_model_is_a_t5(tmp_path, tied):
    own = run(tmp_path, "seq2seq", "relative", tied=tied)
    folder = export_model(own, tmp_path / "out")
    module = transformers.AutoModelForSeq2SeqLM.from_pretrained(folder).eval()
    source, ids = torch.randint(5, 40, (2, 1, 50), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        theirs, ours = module(input_ids=source, decoder_input_ids=ids).logits, own.model.module(ids, source)
    assert (theirs - own.model.module.logits(ours)).abs().max() < 1e-4
    back = import_model(folder, tmp_path / "back")
    for kind in ("cross", "encoder", "decoder"):
        one, other = (attend(each.model, "The cat sat", target="on the mat", kind=kind) for each in (own, back))
        assert one.tokens == other.tokens and np.abs(one.weights - other.weights).max() < 1e-5
    said = ["".join(generate(each.model, "The cat sat", 8, temperature=0)) for each in (own, back)]
    assert said[0] == said[1]


def test_an_exported_model_comes_back_with_the_same_attention(tmp_path):
    own = run(tmp_path, "encoder")
    back = import_model(export_model(own, tmp_path / "out"), tmp_path / "back")
    assert np.abs(attend(back.model, SENTENCE).weights - attend(own.model, SENTENCE).weights).max() < 1e-5
    assert back.model.context == own.model.context and back.model.mask == "[MASK]"
    assert back.space.words() == own.space.words()
    with pytest.raises(EmbvizError, match="was not trained here"):
        export_model(back, tmp_path / "again")


@pytest.mark.parametrize("tokens", ["bpe", "characters"])
def test_a_decoder_writes_the_same_there(tmp_path, tokens):
    own = run(tmp_path, "decoder", tokens=tokens)
    folder = export_model(own, tmp_path / "out")
    module = transformers.AutoModelForCausalLM.from_pretrained(folder)
    names = transformers.AutoTokenizer.from_pretrained(folder)
    ids = names("The cat", return_tensors="pt").input_ids
    assert tuple(ids[0].tolist()) == own.model.encode("The cat").ids
    wrote = module.generate(ids, do_sample=False, max_new_tokens=8)
    said = names.decode(wrote[0], skip_special_tokens=True)
    assert said == "The cat" + "".join(generate(own.model, "The cat", 8, temperature=0))
    assert len(said) > len("The cat")


def test_what_has_no_equal_is_refused_and_nothing_is_overwritten(tmp_path):
    for family, positions, norm in (("encoder", "relative", "pre"), ("decoder", "rotary", "post"),
                                    ("seq2seq", "rotary", "pre")):  # fmt: skip
        (tmp_path / family).mkdir()
        own = run(tmp_path / family, family, positions, norm)
        said = f"({family}, positions {positions}, norm {norm}): encoders and decoders with norm pre"
        with pytest.raises(EmbvizError, match=re.escape(said)):
            export_model(own, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    (tmp_path / "out").mkdir()
    with pytest.raises(EmbvizError, match="exists, and nothing is overwritten"):
        export_model(own, tmp_path / "out")


def test_the_shell_writes_a_folder_and_opens_it(tmp_path, monkeypatch, capsys):
    run(tmp_path, "encoder")
    monkeypatch.chdir(tmp_path)
    for typed, told in (
        (["export", "run", "out"], "Written: out"),
        (["import", "out", "--out", "back"], "tokens and an attention model, 16 dimensions"),
        (["fill", "back", "the [MASK] sat", "-k", "2"], "by back, of"),
        (["import", "out", "--out", "other", "--limit", "5"], "are for a file of vectors, and 'out' is a folder."),
    ):
        monkeypatch.setattr(sys, "argv", ["embviz", "--progress", "json", *typed])
        assert cli.status() == (1 if "--limit" in typed else 0)
        out, err = capsys.readouterr()
        assert told in out + err
    choose_progress("bar")
