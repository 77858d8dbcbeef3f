"""Helping: what every process of a training does but the first. Knows nothing of texts and files."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from embviz.models import Shape
from embviz.models.architectures import module_of
from embviz.train import processes
from embviz.train.checkpoints import synchronised
from embviz.train.devices import device_of
from embviz.train.learning import Learner
from embviz.train.loop import adamw, guess_loss, prepare

if TYPE_CHECKING:
    from embviz.train.attention import AttentionTrainer


def help_train(trainer: AttentionTrainer) -> None:
    """Learn from one's shares of the batches, and take each step as the first process takes it, until it has enough.

    Raises:
        ProcessLostError: another process ended before its time.
    """
    processes.leave_signals_to_the_first()
    device = device_of(trainer.device)
    with processes.together(), processes.noticed():
        module = module_of(Shape(**processes.told())).to(device)
        optimizer = adamw(module, trainer.rate, trainer.decay)
        synchronised(0, module, optimizer)
        learner = Learner(module, guess_loss, device, trainer.precision)
        while share := processes.received():
            whole = math.isfinite(learner.learn_from(share, trainer.accumulate))
            if whole and share.last:
                prepare(module, optimizer, share.step, trainer.steps)
                optimizer.step()
                optimizer.zero_grad()
