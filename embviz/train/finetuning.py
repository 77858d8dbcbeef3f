"""Fine-tuning: a pretrained model is trained on to label texts, or the words of a text, beside one from scratch.

As BERT is fine-tuned (Devlin et al. 2019, section 3.5): a linear head on the vectors, and all weights trained on, the
pretrained ones more slowly. What is held apart has two halves: one chooses the weights that are kept, the other is what
the figures are about, so that they do not flatter. Knows nothing of runs, the shell and figures.
"""

from __future__ import annotations

import copy
import json
import math
import shutil
import tempfile
from abc import abstractmethod
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from embviz.errors import EmbvizError
from embviz.progress import Report, silent
from embviz.train.attention import HOW, WHERE, check_where

if TYPE_CHECKING:
    from embviz.models import AttentionModel, Shape
    from embviz.models.head import Labeller
    from embviz.models.labelled import LabelledModel
    from embviz.text.pairs import Pairs
    from embviz.text.tagged import Tagged
    from embviz.train.examples import Example
    from embviz.train.labelling import Labelled
    from embviz.train.spool import At

PASSES, FEWEST = 3, 200
"""Passes over the examples, and steps at least, unless the steps are given."""


@dataclass(frozen=True)
class FineTuner:
    """Hyperparameters of fine-tuning; `fit` trains with them."""

    kind: ClassVar[str]
    keep: ClassVar[int] = 0  # of a model that is taught there is the one before to compare with

    steps: int = field(
        default=None, metadata={"help": f"updates of the weights; by default {PASSES} passes, {FEWEST} at least"}
    )  # type: ignore[assignment]
    batch: int = field(default=16, metadata={"help": "texts in one step"})
    accumulate: int = field(default=1, metadata={"help": "batches whose gradients are added up for one step"})
    rate: float = field(
        default=1e-3, metadata={"help": "learning rate at its highest, of the head and of a model from scratch"}
    )
    slower: float = field(default=0.5, metadata={"help": "the part of it that the pretrained weights are given"})
    decay: float = field(default=0.1, metadata={"help": "weight decay of matrices"})
    held: float = field(
        default=0.2, metadata={"help": "share that is held apart: half to choose the weights by, half to evaluate on"}
    )
    patience: int = field(
        default=0,
        metadata={
            "help": "stop after so many measurements of the validation loss, of 20, without a better one; 0 for never"
        },
    )
    device: str = field(default="auto", metadata={"help": WHERE})
    precision: str = field(default="auto", metadata={"help": HOW})
    scratch: bool = field(default=True, metadata={"help": "train the same model from scratch too, to compare with"})
    seed: int = field(default=0, metadata={"help": "the same seed gives the same model on the same machine"})
    checkpoint_every: int = field(default=200, metadata={"help": "steps between two checkpoints"})

    def fit(
        self, data: Any, before: AttentionModel, report: Report = silent, folder: Path | None = None
    ) -> LabelledModel:
        """Teach a pretrained model, or go on from the newest checkpoint in the folder.

        Args:
            data: labelled texts or sentences.
            before: the pretrained model; it is left as it is.
            report: told the stage and its progress; may raise KeyboardInterrupt to stop at a checkpoint.
            folder: where the model, `evaluation.json` and `history.tsv` are written; None keeps nothing.

        Raises:
            EmbvizError: a hyperparameter that makes no sense, too little data, a seq2seq model, or a training that
                diverges.
        """
        self._check()
        from embviz.models.architectures import Module

        if before.family == "seq2seq" or not isinstance(before.module, Module):
            raise EmbvizError(
                f"'{before.name}' is a {before.family} that cannot be taught labels: name the run of an encoder or a "
                "decoder that `embviz train attention` has made."
            )
        if folder is None:
            with tempfile.TemporaryDirectory() as temporary:
                return self.fit(data, before, report, Path(temporary))
        found = self._read(data, before, lambda share: report("reading", share, ""))
        parts = self._share_out(found, data.name)
        passes = math.ceil(len(parts[0]) * PASSES / (self.batch * self.accumulate))
        set_up = self if self.steps else replace(self, steps=max(FEWEST, passes))
        return set_up._fit(found, parts, before, report, folder)

    def _fit(
        self, found: Labelled, parts: list[list[Example]], before: AttentionModel, report: Report, folder: Path
    ) -> LabelledModel:
        from embviz.models import AttentionModel
        from embviz.models.labelled import LabelledModel
        from embviz.train.labelling import commonest, evaluated

        labels, (learned, checked, tested) = found.labels, parts
        module = self._taught(copy.deepcopy(before.module), len(labels), parts, self.slower, report, folder)
        figures = {"fine_tuned": evaluated(module, labels, tested), "majority": commonest(labels, learned, tested)}
        if self.scratch:
            bare = self._from_scratch(module.body.shape, len(labels), parts, report, folder / "scratch")
            figures["scratch"] = evaluated(bare, labels, tested)
        facts = {
            "task": self.kind,
            "labels": list(labels),
            "learned": len(learned),
            "validated": len(checked),
            "evaluated": len(tested),
            "cut": found.cut,
            **{name: each.facts() for name, each in figures.items()},
        }
        (folder / "evaluation.json").write_text(json.dumps(facts, ensure_ascii=False, indent=1), encoding="utf-8")
        made = LabelledModel(AttentionModel(before.tokenizer, module.body, before.name), self.kind, labels, module)
        made.save(folder)
        for done in (folder / "checkpoints", folder / "scratch" / "checkpoints"):
            shutil.rmtree(done, ignore_errors=True)
        return made

    def _from_scratch(
        self, shape: Shape, labels: int, parts: list[list[Example]], report: Report, folder: Path
    ) -> Labeller:
        """The same model, with weights drawn anew, taught the same."""
        import torch

        from embviz.models.architectures import module_of

        folder.mkdir(exist_ok=True)
        body = module_of(shape, torch.Generator().manual_seed(self.seed))
        return self._taught(body, labels, parts, 1.0, report, folder, "from scratch")

    def _taught(
        self, body: Any, labels: int, parts: list[list[Example]], slower: float, report: Report, folder: Path,
        stage: str = "fine-tuning",
    ) -> Labeller:  # fmt: skip
        import torch

        from embviz.models.head import Labeller
        from embviz.train.examples import Examples
        from embviz.train.loop import descend, label_loss

        module = Labeller(body.train(), labels, torch.Generator().manual_seed(self.seed))
        examples = Examples(parts[0], parts[1], self.batch, self.seed)
        descend(
            self, module, examples, label_loss, report, folder,
            lambda name: slower if name.startswith("body.") else 1.0, stage, self.device, self.precision,
        )  # fmt: skip
        return module.eval()

    @abstractmethod
    def _read(self, data: Any, before: AttentionModel, at: At) -> Labelled:
        """The data as the model's tokens and numbers of labels."""

    @abstractmethod
    def _share_out(self, found: Labelled, name: str) -> list[list[Example]]:
        """Those to learn from, to validate with, and to evaluate on."""

    def _check(self) -> None:
        least = {"steps": 1, "batch": 1, "accumulate": 1, "checkpoint_every": 1, "patience": 0}
        for name, smallest in least.items():
            value = getattr(self, name)
            if value is not None and value < smallest:
                raise EmbvizError(f"{name.replace('_', '-')} is {value} and must be at least {smallest}.")
        check_where(self.device, self.precision)
        for name in ("rate", "slower"):
            if not 0 < getattr(self, name) <= 1:
                raise EmbvizError(f"{name} is {getattr(self, name)} and must lie above 0, up to 1.")
        if not 0 <= self.decay <= 1:
            raise EmbvizError(f"decay is {self.decay} and must lie between 0 and 1.")
        if not 0 < self.held < 1:
            raise EmbvizError(f"held is {self.held} and must lie between 0 and 1: some is needed to validate with.")
        if not 0 <= self.seed < 2**32:
            raise EmbvizError(f"seed is {self.seed} and must lie between 0 and {2**32 - 1}.")


@dataclass(frozen=True)
class Classifier(FineTuner):
    """Teaches a model to label texts."""

    kind: ClassVar[str] = "classifier"

    def _read(self, data: Pairs, before: AttentionModel, at: At) -> Labelled:
        from embviz.train.labelling import read_texts

        return read_texts(data, before, at)

    def _share_out(self, found: Labelled, name: str) -> list[list[Example]]:
        from embviz.train.labelling import share_out_texts

        return share_out_texts(found, self.held, self.seed, name)


@dataclass(frozen=True)
class Tagger(FineTuner):
    """Teaches a model to label each word of a sentence."""

    kind: ClassVar[str] = "tagger"

    def _read(self, data: Tagged, before: AttentionModel, at: At) -> Labelled:
        from embviz.train.labelling import read_words

        return read_words(data, before, at)

    def _share_out(self, found: Labelled, name: str) -> list[list[Example]]:
        from embviz.train.labelling import share_out_words

        return share_out_words(found, self.held, self.seed, name)
