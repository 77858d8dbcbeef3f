"""The module that a shape describes: a transformer, or what was there before it."""

from __future__ import annotations

import torch

from embviz.models.aligned import Aligned
from embviz.models.convolution import Convolutional
from embviz.models.recurrent import Recurrent
from embviz.models.shape import Shape
from embviz.models.transformer import Transformer

Module = Transformer | Recurrent | Aligned | Convolutional
"""All take token ids, and those of a source, give vectors and scores, and say what they looked at."""


def module_of(shape: Shape, generator: torch.Generator | None = None) -> Module:
    """A module of a shape; the same generator gives the same weights."""
    if shape.architecture == "convolution":
        return Convolutional(shape, generator)
    if shape.architecture == "lstm":
        return Aligned(shape, generator) if shape.family == "seq2seq" else Recurrent(shape, generator)
    return Transformer(shape, generator)
