"""The training loop: steps of AdamW over stretches of text, with history, checkpoints, resume and a clean stop.

What a step sees is a pure function of (seed, step), and validation of the seed alone: nothing of a random number
generator's state has to be kept. Knows nothing of tokenizers.
"""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

from embviz.errors import EmbvizError
from embviz.models import Shape
from embviz.models.transformer import Transformer
from embviz.progress import Report
from embviz.train.checkpoints import load_checkpoint, save_checkpoint
from embviz.train.windows import Batch, Windows

if TYPE_CHECKING:
    from embviz.train.attention import AttentionTrainer
    from embviz.train.subwords import Stream

_MEASURED = 20  # times that the validation loss is measured in a training


def train(
    trainer: AttentionTrainer, shape: Shape, stream: Stream, name: str, report: Report, folder: Path
) -> Transformer:
    """Train a transformer on a stream of tokens, or go on from the newest checkpoint in the folder.

    Raises:
        EmbvizError: the stream is too short, or the training diverges.
    """
    windows = Windows.of(stream, shape, trainer.batch, trainer.mask, trainer.seed, name)
    module = Transformer(shape, torch.Generator().manual_seed(trainer.seed))
    training = _Training(trainer, module, windows, report, folder)
    training.run()
    return module.eval()


class _Training:
    """One training under way: the module, its optimizer, and the number of steps that are done."""

    def __init__(
        self, trainer: AttentionTrainer, module: Transformer, windows: Windows, report: Report, folder: Path
    ) -> None:
        self.trainer, self.module, self.windows, self.report = trainer, module, windows, report
        self.checkpoints = folder / "checkpoints"
        self.optimizer = _adamw(module, trainer.rate)
        self.step = load_checkpoint(self.checkpoints, module, self.optimizer)
        self.history = History(folder / "history.tsv", self.step)

    def run(self) -> None:
        """Take all steps that are left. Interrupted, save first; the same training then goes on from there."""
        try:
            while self.step < self.trainer.steps:
                self._advance()
        except KeyboardInterrupt:
            self._save()
            raise
        finally:
            self.history.close()

    def _advance(self) -> None:
        step, steps = self.step + 1, self.trainer.steps
        loss = guess_loss(self.module, self.windows.batch(step))
        value = loss.item()
        if not math.isfinite(value):
            raise EmbvizError(
                f"The training diverged at step {step:,} of {steps:,}: the loss is no longer a number. "
                f"Lower --rate, which is {self.trainer.rate:g}."
            )
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.module.parameters(), 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = self.trainer.rate * schedule(step, steps)
        with _undisturbed():
            self.optimizer.step()
            self.step = step
            measure = step % max(1, steps // _MEASURED) == 0 or step == steps
            self.history.add(step, value, self._validation() if measure else None)
        self.optimizer.zero_grad()
        if step % self.trainer.checkpoint_every == 0:
            self._save()
        self.report("training", step / steps, f"loss {value:.2f}")

    @torch.no_grad()
    def _validation(self) -> float:
        batches = self.windows.validation()
        sums = [(guess_loss(self.module, batch).item(), len(batch.targets)) for batch in batches]
        return sum(loss * count for loss, count in sums) / sum(count for _, count in sums)

    def _save(self) -> None:
        self.history.flush()
        save_checkpoint(self.checkpoints, self.step, self.module, self.optimizer)


class History:
    """`history.tsv`: step, loss in nats per guessed token, validation loss where measured, seconds of training."""

    def __init__(self, path: Path, step: int) -> None:
        rows = path.read_text(encoding="utf-8").splitlines()[1:] if step and path.is_file() else []
        rows = [row for row in rows if row.count("\t") == 3 and int(row.split("\t")[0]) <= step]
        self.before = float(rows[-1].split("\t")[3]) if rows else 0.0
        self.started = time.monotonic()
        self.file = path.open("w", encoding="utf-8")
        self.file.write("\n".join(["step\tloss\tvalidation_loss\tseconds", *rows]) + "\n")

    def add(self, step: int, loss: float, validation: float | None) -> None:
        """A row; rows reach the disk with the next checkpoint, or at the end."""
        seconds = self.before + time.monotonic() - self.started
        measured = "" if validation is None else f"{validation:.5f}"
        self.file.write(f"{step}\t{loss:.5f}\t{measured}\t{seconds:.3f}\n")

    def flush(self) -> None:
        """Bring all rows to the disk."""
        self.file.flush()

    def close(self) -> None:
        """Bring all rows to the disk, and no more."""
        self.file.close()


def guess_loss(module: Transformer, batch: Batch) -> Tensor:
    """Mean cross-entropy in nats over the guessed positions; scores are computed for no others."""
    x = module(batch.ids).flatten(0, 1)
    return F.cross_entropy(module.logits(x if batch.places is None else x[batch.places]), batch.targets)


def schedule(step: int, steps: int) -> float:
    """Share of the learning rate: linear warm-up over a twentieth of the steps, then half a cosine down to a tenth."""
    warm = max(1, steps // 20)
    if step <= warm:
        return step / warm
    return 0.1 + 0.45 * (1 + math.cos(math.pi * (step - warm) / (steps - warm)))


def _adamw(module: Transformer, rate: float) -> torch.optim.AdamW:
    """Weight decay for matrices only (Loshchilov and Hutter 2019)."""
    parameters = list(module.parameters())
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": 0.1},
        {"params": [p for p in parameters if p.ndim == 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.98), eps=1e-8, fused=True)


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
