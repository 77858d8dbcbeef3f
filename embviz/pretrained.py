"""Models that were trained elsewhere become runs, and one's own become folders that `transformers` opens."""

from __future__ import annotations

import json
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from embviz.drafts import draft, finish
from embviz.errors import EmbvizError
from embviz.progress import Report, silent
from embviz.runs import Run, open_run


def import_model(folder: Path | str, out: Path | str, trust_pickle: bool = False, report: Report = silent) -> Run:
    """Keep a folder of Hugging Face's `transformers` as a run: its tokens with their vectors, and the model.

    The files of the folder are copied; nothing is downloaded and none of its code is run.

    Args:
        folder: with config.json, a tokenizer and weights: an encoder (BERT, RoBERTa, DistilBERT), a decoder (GPT-2,
            Llama) or a seq2seq model (T5, BART).
        out: the run's folder; must not exist.
        trust_pickle: whether weights that are only there as a pickle may be read.
        report: told the stage.

    Raises:
        EmbvizError: see `draft`, `embviz.models.folders.gathered` and `embviz.models.pretrained.adopted`.
    """
    from embviz.models import PRETRAINED, AttentionModel, folders, pretrained

    pretrained.library()
    folder, started = Path(folder), time.monotonic()
    params = {"folder": folder.resolve().name}
    with draft(out, {"trainer": "import", "params": params}) as run:
        report("copying", 0.0, "")
        folders.gathered(folder, run / PRETRAINED, trust_pickle)
        report("opening", 0.5, "")
        tokenizer, module = pretrained.adopted(run)
        AttentionModel(tokenizer, module, folder.name).token_table().save(run)
        report("opening", 1.0, "")
        seconds = round(time.monotonic() - started, 1)
        finish(run, trainer="import", params=params, seconds=seconds, model=module.kind, family=module.shape.family)
    return open_run(out)


def export_model(run: Run, out: Path | str) -> Path:
    """Write the model of a run as a folder that `transformers` loads, with the same tokens and equal scores.

    Args:
        run: with a transformer that was trained here.
        out: the folder; must not exist. Its config.json says which architecture it is.

    Raises:
        EmbvizError: the run holds no such model, nothing in `transformers` computes the same, or `out` exists.
    """
    out, model = Path(out), run.model
    if out.exists() or out.is_symlink():
        raise EmbvizError(f"'{out}' exists, and nothing is overwritten: name another folder, or remove it.")
    from safetensors.torch import save

    from embviz.models.export import exported, generation_config, tokenizer_config
    from embviz.models.transformer import Transformer

    if not isinstance(model.module, Transformer):
        raise EmbvizError(f"'{run.name}' was not trained here as a transformer: only such models are exported.")
    config, weights = exported(model.module)
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as temporary:
        folder = Path(temporary) / "whole"
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")
        (folder / "model.safetensors").write_bytes(save(weights, {"format": "pt"}))
        (folder / "tokenizer.json").write_text(model.tokenizer.to_str(pretty=True), encoding="utf-8")
        shape = model.module.shape
        besides = {"tokenizer_config.json": tokenizer_config(shape), "generation_config.json": generation_config(shape)}
        for name, said in besides.items():
            if said:
                (folder / name).write_text(json.dumps(said, indent=1), encoding="utf-8")
        folder.rename(out)
    return out
