"""The training loop: steps of AdamW over stretches of text, with history, checkpoints, resume and a clean stop.

What a step sees is a pure function of (seed, step), and validation of the seed alone: nothing of a random number
generator's state has to be kept. Knows nothing of tokenizers.
"""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from embviz.errors import EmbvizError
from embviz.models import Shape
from embviz.models.architectures import Module, module_of
from embviz.progress import Report
from embviz.steps import kept_at
from embviz.train.batches import Batch, Batches
from embviz.train.checkpoints import Best, keep_weights, load_checkpoint, save_checkpoint, synchronised
from embviz.train.devices import device_of
from embviz.train.learning import Learner, Loss
from embviz.train.processes import ProcessLostError, count, dismiss, tell, together

if TYPE_CHECKING:
    from embviz.train.attention import AttentionTrainer

_MEASURED = 20  # times that the validation loss is measured in a training


class Trainer(Protocol):
    """What the loop has to know of who trains."""

    @property
    def steps(self) -> int: ...
    @property
    def accumulate(self) -> int: ...
    @property
    def rate(self) -> float: ...
    @property
    def decay(self) -> float: ...
    @property
    def patience(self) -> int: ...
    @property
    def checkpoint_every(self) -> int: ...
    @property
    def keep(self) -> int: ...


def train(trainer: AttentionTrainer, shape: Shape, batches: Batches, report: Report, folder: Path) -> Module:
    """Train a module, or go on from the newest checkpoint in the folder; see `descend`."""
    module = module_of(shape, torch.Generator().manual_seed(trainer.seed))
    with together():
        if count() > 1:
            tell(asdict(shape))
        descend(
            trainer, module, batches, guess_loss, report, folder, lambda name: 1.0, "training",
            trainer.device, trainer.precision,
        )  # fmt: skip
    return module.eval()


def descend(
    trainer: Trainer,
    module: nn.Module,
    batches: Batches,
    loss: Loss,
    report: Report,
    folder: Path,
    share: Callable[[str], float],
    stage: str,
    device: str,
    precise: str,
) -> None:
    """Take the steps that are left; the module ends with the weights of the lowest validation loss that was measured.

    Args:
        share: the part of the learning rate that a parameter of that name is given.
        stage: what the report calls it.
        device: where it computes; see `device_of`. The module comes back to the CPU.
        precise: how exactly; see `precision`.

    Raises:
        EmbvizError: the training diverges, there is no such device, or another process of it has ended.
    """
    where = device_of(device)
    _Training(trainer, module.to(where), batches, loss, report, folder, share, stage, where, precise).run()
    module.to("cpu")


class _Training:
    """One training under way: the module, its optimizer, and the number of steps that are done."""

    def __init__(
        self,
        trainer: Trainer,
        module: nn.Module,
        batches: Batches,
        loss: Loss,
        report: Report,
        folder: Path,
        share: Callable[[str], float],
        stage: str,
        device: torch.device,
        precise: str,
    ) -> None:
        self.trainer, self.module, self.batches, self.report = trainer, module, batches, report
        self.stage = stage
        self.checkpoints = folder / "checkpoints"
        self.optimizer = adamw(module, trainer.rate, trainer.decay, share)
        self.step = load_checkpoint(self.checkpoints, module, self.optimizer)
        if count() > 1:
            synchronised(self.step, module, self.optimizer)
        self.learner = Learner(module, loss, device, precise)
        self.history = History(folder / "history.tsv", self.step)
        self.best = Best(self.checkpoints / "best.safetensors", self.history.measured)
        self.kept = kept_at(trainer.steps, trainer.keep)

    def run(self) -> None:
        """Take all steps that are left. Interrupted, save first; the same training then goes on from there."""
        try:
            while self.step < self.trainer.steps and not self._is_enough():
                self._advance()
        except (KeyboardInterrupt, ProcessLostError):
            with _undisturbed():
                self._save()
            raise
        finally:
            self.history.close()
        dismiss()
        self.best.into(self.module)

    def _is_enough(self) -> bool:
        """Whether the validation loss has not become better for as many measurements as there is patience."""
        patience = self.trainer.patience
        return bool(patience) and self.best.since >= patience

    def _advance(self) -> None:
        step, steps = self.step + 1, self.trainer.steps
        value = self._learn(step)
        if not math.isfinite(value):
            dismiss()
            raise EmbvizError(
                f"The training diverged at step {step:,} of {steps:,}: the loss is no longer a number. "
                f"Lower --rate, which is {self.trainer.rate:g}."
            )
        prepare(self.module, self.optimizer, step, steps)
        with _undisturbed():
            self.optimizer.step()
            self.step = step
            measure = step % max(1, steps // _MEASURED) == 0 or step == steps
            found = self._validation() if measure else None
            self.history.add(step, value, found)
            if found is not None:
                self.best.look(found, self.module)
            if step in self.kept:
                keep_weights(self.checkpoints, step, self.module)
        self.optimizer.zero_grad()
        if step % self.trainer.checkpoint_every == 0:
            self._save()
        self.report(self.stage, step / steps, f"loss {value:.2f}")

    def _learn(self, step: int) -> float:
        """Add up the gradients of a step's batches; gives their mean loss, or the first that is no number."""
        parts, total = self.trainer.accumulate, 0.0
        for part in range(1, parts + 1):
            total += self.learner.learn(self.batches.batch((step - 1) * parts + part), step, parts, part == parts)
            if not math.isfinite(total):
                break
        return total

    def _validation(self) -> float:
        batches = self.batches.validation()
        sums = [(self.learner.measured(batch), len(batch.targets)) for batch in batches]
        return sum(loss * count for loss, count in sums) / sum(count for _, count in sums)

    def _save(self) -> None:
        save_checkpoint(self.checkpoints, self.step, self.module, self.optimizer)


class History:
    """`history.tsv`: step, loss in nats per guessed token, validation loss where measured, seconds of training.

    `measured` holds the validation losses of the steps before those that are taken now.
    """

    def __init__(self, path: Path, step: int) -> None:
        rows = path.read_text(encoding="utf-8").splitlines()[1:] if step and path.is_file() else []
        rows = [row for row in rows if row.count("\t") == 3 and int(row.split("\t")[0]) <= step]
        self.before = float(rows[-1].split("\t")[3]) if rows else 0.0
        self.measured = [float(row.split("\t")[2]) for row in rows if row.split("\t")[2]]
        self.started = time.monotonic()
        self.file = path.open("w", encoding="utf-8", buffering=1)  # a line at a time: others follow it
        self.file.write("\n".join(["step\tloss\tvalidation_loss\tseconds", *rows]) + "\n")

    def add(self, step: int, loss: float, validation: float | None) -> None:
        """A row."""
        seconds = self.before + time.monotonic() - self.started
        measured = "" if validation is None else f"{validation:.5f}"
        self.file.write(f"{step}\t{loss:.5f}\t{measured}\t{seconds:.3f}\n")

    def close(self) -> None:
        """No more rows."""
        self.file.close()


def guess_loss(module: Module, batch: Batch) -> Tensor:
    """Mean cross-entropy in nats over the guessed positions; scores are computed for no others."""
    x = module(batch.ids, batch.source).flatten(0, 1)
    return F.cross_entropy(module.logits(x if batch.places is None else x[batch.places]), batch.targets)


def label_loss(module: nn.Module, batch: Batch) -> Tensor:
    """Mean cross-entropy in nats over the labels of texts, or of words."""
    return F.cross_entropy(module(batch.ids, batch.places), batch.targets)


def schedule(step: int, steps: int) -> float:
    """Share of the learning rate: linear warm-up over a twentieth of the steps, then half a cosine down to a tenth."""
    warm = max(1, steps // 20)
    if step <= warm:
        return step / warm
    return 0.1 + 0.45 * (1 + math.cos(math.pi * (step - warm) / (steps - warm)))


def prepare(module: nn.Module, optimizer: torch.optim.AdamW, step: int, steps: int) -> None:
    """Clip the gradients (Pascanu et al. 2013) and set the learning rates of a step."""
    torch.nn.utils.clip_grad_norm_(module.parameters(), 1.0)
    for group in optimizer.param_groups:
        group["lr"] = group["highest"] * schedule(step, steps)


def adamw(
    module: nn.Module, rate: float, decay: float, share: Callable[[str], float] = lambda name: 1.0
) -> torch.optim.AdamW:
    """Weight decay for matrices only (Loshchilov and Hutter 2019); each share of the rate has groups of its own."""
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in module.named_parameters():
        groups.setdefault((rate * share(name), decay if parameter.ndim > 1 else 0.0), []).append(parameter)
    return torch.optim.AdamW(
        [{"params": some, "highest": highest, "weight_decay": part} for (highest, part), some in groups.items()],
        lr=rate, betas=(0.9, 0.98), eps=1e-8, fused=True,
    )  # fmt: skip


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Ctrl-C and SIGTERM wait for the end of the block: weights half updated are no state to go on from."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    if threading.current_thread() is not threading.main_thread() or None in before.values():
        yield  # both are raised in the main thread only
        return
    came: list[int] = []
    for number in before:
        signal.signal(number, lambda which, frame: came.append(which))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for which in came:
        signal.raise_signal(which)
