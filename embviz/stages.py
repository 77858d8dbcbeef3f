"""Stages: one model before and after it was taught; each run says of which run it was made, and stays linked to it."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from embviz.drafts import draft, finish
from embviz.errors import EmbvizError
from embviz.models import PRETRAINED
from embviz.models.labelled import LabelledModel
from embviz.progress import Report, silent
from embviz.runs import Run, open_run
from embviz.space import Space


def fine_tune(trainer: Any, data: Any, before: Run, out: Path | str, report: Report = silent) -> Run:
    """Teach the model of a run to label, and keep the result as a run, linked to the one before.

    Stopped on the way, it goes on from the last checkpoint when called the same way again.

    Args:
        trainer: one of `embviz.train.FINE_TUNERS`, with its hyperparameters.
        data: labelled texts (`Pairs`) for a classifier, sentences with labels (`Tagged`) for a tagger.
        before: a run with an encoder or a decoder; it is left as it is.
        out: the run's folder; must not exist.
        report: told the stage and its progress.

    Raises:
        EmbvizError: the run holds no attention model; see `draft` and the trainer's `fit`.
    """
    model, kind, params, facts = before.model, trainer.kind, asdict(trainer), data.facts()
    source, started = identity(before), time.monotonic()
    with draft(out, {"trainer": kind, "params": params, "corpus": facts, "from": source}) as folder:
        made = trainer.fit(data, model, report, folder)
        _token_table(before.space, made).save(folder)
        seconds = round(time.monotonic() - started, 1)
        finish(folder, trainer=kind, params=params, corpus=facts, seconds=seconds, **{"from": source})
    return open_run(out)


def identity(run: Run) -> dict[str, Any]:
    """What a model's run is known by: its name, when it was made, and the sha256 of its weights."""
    digest = hashlib.sha256()
    for name in sorted(run.meta["files"]):
        if name == "weights.safetensors" or (name.startswith(f"{PRETRAINED}/") and name.endswith(".safetensors")):
            with (run.path / name).open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
    return {"run": run.name, "created": run.meta.get("created"), "sha256": digest.hexdigest()}


def origin(run: Run) -> Mapping[str, Any]:
    """The identity of the run that a run was made of; empty for one that was made from nothing before."""
    found = run.meta.get("from")
    return found if isinstance(found, Mapping) else {}


def came_from(run: Run, other: Run) -> bool:
    """Whether a run was made by teaching the model of another one, whatever that is called now."""
    created = other.meta.get("created")
    return other.has_attention and created is not None and origin(run).get("created") == created


def before(run: Run, others: Iterable[Run]) -> Run | None:
    """The stage before, if it is among the others."""
    return next((other for other in others if came_from(run, other)), None)


def after(run: Run, others: Iterable[Run]) -> list[Run]:
    """The stages that were made of a run, among the others."""
    return [other for other in others if came_from(other, run)]


def labelled(run: Run) -> LabelledModel:
    """The model of a run with its head.

    Raises:
        EmbvizError: the run's model has not been taught to label, or is damaged.
    """
    return LabelledModel.load(run.path, run.model)


def evaluation(run: Run) -> dict[str, Any]:
    """What is kept of how well a run's model labels what it has not seen, beside from scratch and the commonest label.

    Raises:
        EmbvizError: there is nothing, or it is damaged.
    """
    path = run.path / "evaluation.json"
    if not path.is_file():
        raise EmbvizError(f"'{run.name}' has not been taught to label, so nothing was evaluated.")
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(kept, dict) or not {"labels", "evaluated", "fine_tuned", "majority"} <= kept.keys():
            raise ValueError
    except (OSError, ValueError, RecursionError):
        raise EmbvizError(f"'{path}' is damaged. Train '{run.name}' again.") from None
    return kept


def evaluate(run: Run, data: Any, report: Report = silent) -> dict[str, Any]:
    """How well a run's model labels other data, by the same figures as `evaluation`.

    Args:
        run: one whose model was taught to label.
        data: labelled texts (`Pairs`) for a classifier, sentences with labels (`Tagged`) for a tagger.
        report: told how much of it is read.

    Raises:
        EmbvizError: it cannot be read, or has a label that the model has not seen in training.
    """
    from embviz.train.labelling import evaluated, read_texts, read_words

    model = labelled(run)
    read = read_texts if model.task == "classifier" else read_words
    found = read(data, model.model, lambda share: report("reading", share, "")).known(model.labels, data.name)
    facts = evaluated(model.module, model.labels, found.examples).facts()
    return {
        "task": model.task,
        "labels": list(model.labels),
        "evaluated": len(found.examples),
        "cut": found.cut,
        "fine_tuned": facts,
    }


def _token_table(space: Space, made: LabelledModel) -> Space:
    """The same tokens as before, in their order and with their counts, where the model has them now."""
    tokenizer, embedding = made.model.tokenizer, made.model.module.embedding.detach()
    rows = [row for row in range(len(space)) if tokenizer.token_to_id(space.word(row)) is not None]
    ids = [tokenizer.token_to_id(space.word(row)) for row in rows]
    return Space(space.table.take(rows), embedding[ids].numpy(), made.model.name)
