"""Models that were trained elsewhere become runs, and one's own become folders that `transformers` opens."""

from __future__ import annotations

import time
from pathlib import Path

from embviz.drafts import draft, finish
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
