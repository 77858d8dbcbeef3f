"""Compiling: the blocks of a transformer by torch.compile, while it is trained. Knows nothing of steps and batches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn
from torch._dynamo.exc import BackendCompilerFailed

from embviz.errors import EmbvizError
from embviz.models.blocks import Block


@contextmanager
def compiled(module: nn.Module, asked: bool) -> Iterator[None]:
    """Within, the blocks of a module compute as torch.compile has made them; they are alike, and made once.

    Raises:
        EmbvizError: there is no compiler that could do it.
    """
    blocks = [part for part in module.modules() if isinstance(part, Block)] if asked else []
    for block in blocks:
        block.compile(dynamic=False)
    try:
        yield
    except BackendCompilerFailed as error:
        why = str(error).strip().partition("\n")[0]
        raise EmbvizError(f"The model could not be compiled: train it without --compile. torch says: {why}") from error
    finally:
        for block in blocks:
            block._compiled_call_impl = None  # afterwards it reads sentences of any length, and is looked at
