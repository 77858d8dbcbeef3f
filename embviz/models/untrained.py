"""A model of the same shape that has learned nothing: what chance gives, to compare with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from embviz.models.architectures import module_of
from embviz.models.pretrained import Pretrained

if TYPE_CHECKING:
    from embviz.models.model import AttentionModel


def untrained(model: AttentionModel, seed: int) -> AttentionModel:
    """The same tokenizer and a module of the same shape with random weights; the same seed gives the same.

    They are drawn as they are before a training: of a model from elsewhere as `transformers` draws them for its
    configuration.
    """
    if isinstance(model.module, Pretrained):
        return replace(model, module=model.module.untrained(seed))
    return replace(model, module=module_of(model.module.shape, torch.Generator().manual_seed(seed)).eval())
