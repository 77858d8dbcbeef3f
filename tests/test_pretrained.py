"""Models that were trained elsewhere: the same weights, scores and texts as transformers gives; folders that are no
model, refused in a sentence.

Small models with random weights, each made from its own kind's configuration.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import torch
from foreign import DECODERS, ENCODERS, KINDS, SENTENCE, SEQ2SEQ, V, letters
from safetensors.torch import load_file, save_file

from embviz import open_pairs, open_run
from embviz.attention import attend, read
from embviz.errors import EmbvizError
from embviz.generation import _Writer, fill
from embviz.pretrained import import_model
from embviz.stages import fine_tune
from embviz.train import FINE_TUNERS

transformers = pytest.importorskip("transformers")


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """For matrices this small more threads only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """The folder of a kind, as transformers saves it, and the run that was made of it."""

    @cache
    def made(kind: str) -> tuple[Path, Path]:
        folder = tmp_path_factory.mktemp(kind)
        torch.manual_seed(3)
        cls, config, tokens = KINDS[kind]()
        module = cls(config)
        with torch.no_grad():  # of some size, or all would look everywhere alike
            for weight in module.parameters():
                if weight.ndim > 1:
                    weight.normal_(0, 0.4)
        if kind == "bart":
            module.generation_config.forced_bos_token_id, module.generation_config.forced_eos_token_id = 0, None
        module.save_pretrained(folder / "hf")
        tokens.save_pretrained(folder / "hf")
        import_model(folder / "hf", folder / "run")
        return folder / "hf", folder / "run"

    return made


def theirs(folder: Path, kind: str) -> tuple[Any, Any]:
    cls = KINDS[kind]()[0]
    tokens = transformers.AutoTokenizer.from_pretrained(folder)
    return cls.from_pretrained(folder, attn_implementation="eager").eval(), tokens


@pytest.mark.parametrize("kind", ENCODERS + DECODERS)
def test_attention_and_scores_are_those_of_transformers(folders, kind):
    folder, run = folders(kind)
    module, tokens = theirs(folder, kind)
    model = open_run(run).model
    ids = tokens(SENTENCE, return_tensors="pt")
    with torch.no_grad():
        out = module(ids.input_ids, attention_mask=ids.attention_mask, output_attentions=True)
    seen = attend(model, SENTENCE)
    assert model.encode(SENTENCE).ids == tuple(ids.input_ids[0].tolist())
    assert seen.weights.shape == (model.layers, model.heads, len(seen.tokens), len(seen.tokens))
    assert np.abs(seen.weights - torch.stack(out.attentions)[:, 0].numpy()).max() < 1e-5
    assert seen.weights.max() > 0.5  # it is not the same everywhere
    assert torch.allclose(model.module(ids.input_ids), out.logits, atol=1e-5)
    some = attend(model, SENTENCE, layers=[1], heads=[1, 0])
    assert np.array_equal(some.weights, seen.weights[[1]][:, [1, 0]])


def test_the_second_of_two_sentences_is_told_apart_as_bert_was_taught(folders):
    folder, run = folders("bert")
    module, _ = theirs(folder, "bert")
    model = open_run(run).model
    seen = attend(model, "the kings sat [SEP] the cat .")
    begins, ids = seen.tokens.index("[SEP]") + 1, torch.tensor([model.encode(seen.sentence).ids])
    types = torch.tensor([[0] * begins + [1] * (len(seen.tokens) - begins)])
    assert seen.tokens[0] == "[CLS]" and seen.tokens[-1] == "[SEP]" and seen.tokens[begins] == "the"
    with torch.no_grad():
        out = module(ids, token_type_ids=types, output_attentions=True)
    weights = torch.stack(out.attentions)[:, 0].numpy()
    assert np.abs(seen.weights - weights).max() < 1e-5
    assert torch.allclose(model.module(ids), out.logits, atol=1e-5)
    assert np.abs(read(seen, pair="a-b").weights - weights[:, :, :begins, begins:]).max() < 1e-5


@pytest.mark.parametrize("kind", SEQ2SEQ)
def test_all_three_kinds_of_attention_are_those_of_transformers(folders, kind):
    folder, run = folders(kind)
    module, tokens = theirs(folder, kind)
    model = open_run(run).model
    ids = tokens(SENTENCE, return_tensors="pt").input_ids
    target = model.encode_target("the cat")
    start = {"t5": ("<pad>",), "bart": ("</s>", "<s>")}[kind]
    assert target.texts[: len(start)] == start and [text.strip() for text in target.texts[len(start) :]] == [
        "the", "cat"
    ]  # fmt: skip
    with torch.no_grad():
        wrote = torch.tensor([target.ids])
        out = module(input_ids=ids, decoder_input_ids=wrote, output_attentions=True)
    for which in ("cross", "encoder", "decoder"):
        seen = attend(model, SENTENCE, target="the cat", kind=which)
        there = torch.stack(out[f"{which}_attentions"])[:, 0].numpy()
        assert np.abs(seen.weights - there).max() < 1e-5
        assert len(seen.layers) == (3 if (kind, which) == ("t5", "encoder") else 2)
    assert torch.allclose(model.module(wrote, ids), out.logits, atol=1e-5)


@pytest.mark.parametrize("kind", DECODERS + SEQ2SEQ)
def test_what_is_written_is_what_transformers_writes(folders, kind):
    folder, run = folders(kind)
    module, tokens = theirs(folder, kind)
    model = open_run(run).model
    ids = tokens(SENTENCE[:16], return_tensors="pt").input_ids
    out = module.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, num_beams=1, max_new_tokens=10)[0]
    *_, found = _Writer.of(model, SENTENCE[:16]).steps(10 + 1 - len(model.marks.start or [0]), 0, None, None, 0)
    out = [
        token for token in out.tolist() if token not in model.marks.ends or kind == "bart"
    ]  # BART starts with its end
    assert found == out and len(found) > 3 + len(ids[0]) * (kind in DECODERS)


@pytest.mark.parametrize("kind", ENCODERS)
def test_a_gap_is_filled_as_the_masked_model_says(folders, kind):
    folder, run = folders(kind)
    module, tokens = theirs(folder, kind)
    model = open_run(run).model
    assert model.mask == tokens.mask_token
    (gap,) = fill(model, f"the {tokens.mask_token} sat", k=V)
    ids = tokens(f"the {tokens.mask_token} sat", return_tensors="pt").input_ids
    with torch.no_grad():
        chances = module(ids).logits[0, 2].softmax(-1)
    best = chances.sort(descending=True)
    assert np.allclose(gap.probabilities, best.values.numpy(), atol=1e-6)
    assert gap.tokens[0] == str(tokens.convert_ids_to_tokens(int(best.indices[0])))
    assert fill(model, "the [MASK] sat", k=3)[0].tokens == gap.tokens[:3]  # may be typed as everywhere else


@pytest.mark.parametrize("kind", KINDS)
def test_tokens_are_pieces_of_what_was_typed_and_the_table_holds_their_vectors(folders, kind):
    folder, path = folders(kind)
    run = open_run(path)
    tokens = run.model.encode(SENTENCE)
    for text, (start, end) in zip(tokens.texts, tokens.offsets, strict=True):
        assert end == start == 0 or text == SENTENCE[start:end]
    typed = {i for start, end in tokens.offsets for i in range(start, end)}
    assert {i for i, letter in enumerate(SENTENCE) if letter != " "} <= typed
    module, theirs_tokens = theirs(folder, kind)
    matrix = module.get_input_embeddings().weight.detach().numpy()
    words = run.space.words()
    assert not {*words} & {*theirs_tokens.all_special_tokens} and run.space.count(0) is None
    assert np.array_equal(run.space.vectors, matrix[theirs_tokens.convert_tokens_to_ids(words)])
    assert run.has_attention and run.meta["family"] == run.model.family


def test_a_context_is_what_the_positions_allow(folders):
    contexts = {kind: open_run(folders(kind)[1]).model.context for kind in ("bert", "roberta", "gpt2", "t5", "bart")}
    assert contexts == {"bert": 30, "roberta": 28, "gpt2": 50, "t5": 1024, "bart": 30}
    for kind in ("roberta", "bart"):
        model = open_run(folders(kind)[1]).model
        attend(model, "a " * (model.context - 2), kind="encoder")
        with pytest.raises(EmbvizError, match="reads at most"):
            attend(model, "a " * (model.context - 1))


def test_nothing_is_asked_of_the_network(folders, tmp_path, monkeypatch):
    def refuse(*arguments):
        raise AssertionError("a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    import_model(folders("roberta")[0], tmp_path / "run")


def test_a_model_without_a_head_shows_attention_and_fills_nothing(folders, tmp_path):
    module = theirs(folders("bert")[0], "bert")[0].bert
    folder = shutil.copytree(folders("bert")[0], tmp_path / "hf")
    (folder / "model.safetensors").unlink()
    module.save_pretrained(folder)
    model = import_model(folder, tmp_path / "run").model
    assert np.array_equal(attend(model, SENTENCE).weights, attend(open_run(folders("bert")[1]).model, SENTENCE).weights)
    assert model.mask is None
    with pytest.raises(EmbvizError, match="fills no gaps: it was kept without the weights that predict tokens"):
        fill(model, "the [MASK]")
    with pytest.raises(EmbvizError, match="predicts no tokens"):
        model.module(torch.tensor([[1, 2]]))


def test_shards_and_a_trusted_pickle_give_the_same(folders, tmp_path):
    folder, run = folders("gpt2")
    whole = attend(open_run(run).model, SENTENCE).weights
    sharded, pickled = (shutil.copytree(folder, tmp_path / name) for name in ("sharded", "pickled"))
    (sharded / "model.safetensors").unlink()
    theirs(folder, "gpt2")[0].save_pretrained(sharded, max_shard_size="20KB")
    assert len([*sharded.glob("model-*.safetensors")]) > 1
    weights = load_file(pickled / "model.safetensors")
    (pickled / "model.safetensors").unlink()
    torch.save(weights, pickled / "pytorch_model.bin")
    for given, trust in ((sharded, False), (pickled, True)):
        made = import_model(given, tmp_path / f"run-{given.name}", trust_pickle=trust)
        assert np.array_equal(attend(made.model, SENTENCE).weights, whole)
        assert not [*made.path.rglob("*.bin")]
    with pytest.raises(EmbvizError, match=r"only as a pickle .*--trust-pickle"):
        import_model(pickled, tmp_path / "no")
    sorted(sharded.glob("model-*.safetensors"))[0].unlink()
    with pytest.raises(EmbvizError, match=r"was not downloaded whole: model-0\S+ is missing"):
        import_model(sharded, tmp_path / "no")


def _config(folder: Path, **change: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))


def _weights(folder: Path, change: Any) -> None:
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


class Evil:
    def __reduce__(self) -> Any:
        return exec, ("raise SystemExit('ran')",)


def _pickled(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    torch.save({"a": Evil()}, folder / "pytorch_model.bin")


def _cut(path: Path, share: float = 0.5) -> None:
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])


BAD = {
    "no config": (lambda f: (f / "config.json").unlink(), "is no folder of a model: it has no config.json"),
    "half a config": (lambda f: _cut(f / "config.json"), "config.json cannot be used ("),
    "an unknown kind": (lambda f: _config(f, model_type="mine", auto_map={"AutoConfig": "x.Y"}), "config.json cannot"),
    "no text": (lambda f: _config(f, model_type="vit"), "A model of the kind 'vit' is no encoder, decoder or seq2seq"),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "has no weights: there is neither model.safetensors"),
    "half of them": (lambda f: _cut(f / "model.safetensors"), "is damaged or was not downloaded whole"),
    "a pointer": (lambda f: (f / "model.safetensors").write_text("version https://git-lfs.github.com/spec/v1\n"),
                  "only points to the weights"),
    "an evil pickle": (_pickled, "cannot be read as weights and nothing else"),
    "fewer layers": (lambda f: _config(f, num_hidden_layers=1), "another shape than config.json says: "
                                                                "'bert.encoder.layer.1"),
    "more layers": (lambda f: _config(f, num_hidden_layers=3), "'bert.encoder.layer.2.attention.output.LayerNorm.bias' "
                                                               "is absent"),
    "other dims": (lambda f: _config(f, hidden_size=8), "' is (16,) and should be (8,)"),
    "heads that do not divide": (lambda f: _config(f, num_attention_heads=3), "The weights cannot be used ("),
    "not finite": (lambda f: _weights(f, lambda w: w["bert.embeddings.LayerNorm.weight"].fill_(float("nan"))),
                   "'bert.embeddings.LayerNorm.weight' holds a value that is not finite"),
    "no tokenizer": (lambda f: (f / "tokenizer.json").unlink(), "has no tokenizer"),
    "half a tokenizer": (lambda f: _cut(f / "tokenizer.json"), "The tokenizer cannot be used ("),
    "another tokenizer": (lambda f: letters().save_pretrained(f), "The tokenizer does not match the weights: it has "
                                                                  "257 tokens, and they have rows for 40."),
    "an index that leads out": (lambda f: (_cut(f / "model.safetensors"), (f / "model.safetensors").unlink(),
                                           (f / "model.safetensors.index.json").write_text(
                                               json.dumps({"weight_map": {"a": "../../secret"}}))),
                                "names files outside of its folder"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_a_bad_folder_is_refused_in_a_sentence_and_leaves_nothing(folders, tmp_path, what):
    damage, said = BAD[what]
    folder = shutil.copytree(folders("bert")[0], tmp_path / "hf")
    damage(folder)
    with pytest.raises(EmbvizError, match=re.escape(said)) as refused:
        import_model(folder, tmp_path / "run", trust_pickle=True)
    assert "\n" not in str(refused.value)
    assert [path.name for path in tmp_path.iterdir()] == ["hf"]


def test_without_transformers_one_sentence_says_so(folders, tmp_path, monkeypatch):
    folder, run = folders("bert")
    monkeypatch.setitem(sys.modules, "transformers", None)
    for ask in (lambda: import_model(folder, tmp_path / "run"), lambda: open_run(run).model):
        with pytest.raises(EmbvizError, match=r"pip install 'embviz\[pretrained\]'"):
            ask()


def test_a_damaged_run_says_so(folders):
    with TemporaryDirectory() as folder:
        run = shutil.copytree(folders("bert")[1], Path(folder) / "run")
        (run / "model.json").write_bytes(b"x" * (run / "model.json").stat().st_size)
        with pytest.raises(EmbvizError, match=r"The model in .* is damaged .* Import it again"):
            _ = open_run(run).model


def test_a_pretrained_model_is_not_taught_labels_and_a_sentence_says_so(folders, tmp_path):
    (tmp_path / "reviews.csv").write_text("text,label\nthe cat,good\nthe mat,bad\n", encoding="utf-8")
    pairs = open_pairs(str(tmp_path / "reviews.csv"), "text", "label")
    with pytest.raises(EmbvizError, match="cannot be taught labels"):
        fine_tune(FINE_TUNERS["classifier"](), pairs, open_run(folders("bert")[1]), tmp_path / "run")
    assert [path.name for path in tmp_path.iterdir()] == ["reviews.csv"]
