"""New runs: trained on a corpus, or read from a file of vectors."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from embviz.columns import read_columns
from embviz.drafts import draft, finish
from embviz.formats import read_vectors
from embviz.progress import Report, silent
from embviz.runs import Run, open_run
from embviz.space import Space
from embviz.steps import STEPS, steps_of
from embviz.text import Corpus
from embviz.text.pairs import Pairs


def make_run(trainer: Any, corpus: Corpus | Pairs, out: Path | str, report: Report = silent) -> Run:
    """Train on a corpus and keep the result as a run.

    Stopped on the way, a trainer that writes checkpoints goes on from the last one when called the same way again.

    Args:
        trainer: one of `embviz.train.TRAINERS`, with its hyperparameters.
        corpus: what to train on; pairs, for a seq2seq model.
        out: the run's folder; must not exist.
        report: told the stage and its progress.

    Raises:
        EmbvizError: see `draft` and the trainer's `fit`.
    """
    kind, params, facts = trainer.kind, asdict(trainer), corpus.facts()
    started = time.monotonic()
    with draft(out, {"trainer": kind, "params": params, "corpus": facts}) as folder:
        made = trainer.fit(corpus, report, folder)
        if isinstance(made, Space):
            made.save(folder)
        facts = {"trainer": kind, "params": params, "corpus": facts, "seconds": round(time.monotonic() - started, 1)}
        for step in steps_of(folder):
            finish(folder / STEPS / str(step), step=step, **facts)
        finish(folder, **facts)
    return open_run(out)


def import_vectors(
    path: Path | str,
    out: Path | str,
    encoding: str = "utf-8",
    limit: int | None = None,
    report: Report = silent,
    columns: Path | str | None = None,
) -> Run:
    """Keep a file of word vectors as a run.

    Args:
        path: word2vec text or binary, GloVe, fastText's .vec; plain or compressed.
        out: the run's folder; must not exist.
        encoding: of the words.
        limit: read only so many words, the first of the file.
        report: told the progress.
        columns: a file of columns of the words; meta says as `columns_left_out` which of them are none, and why.

    Raises:
        EmbvizError: see `draft`, `embviz.formats.read_vectors` and `embviz.columns.read_columns`.
    """
    params = {"file": Path(path).name, "encoding": encoding, "limit": limit}
    params |= {"columns": Path(columns).name} if columns else {}
    started = time.monotonic()
    with draft(out, {"trainer": "import", "params": params}) as folder:
        space = read_vectors(path, encoding, limit, report)
        meta = dict(space.meta)
        if columns:
            found = read_columns(columns, space, encoding=encoding)
            named = {column.name: column.values for column in found.columns}
            space = replace(space, table=pa.table({**dict(zip(("word", "count"), space.table, strict=True)), **named}))
            meta |= {"columns_left_out": dict(found.left_out)}
        space.save(folder)
        seconds = round(time.monotonic() - started, 1)
        finish(folder, trainer="import", params=params, seconds=seconds, **meta)
    return open_run(out)
