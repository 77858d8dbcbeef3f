"""Models of transformers, watched: their attention goes through a function of ours, which asks the model's own first.

Knows nothing of folders and tokenizers.

Letters: B sentences, T queries, D dims, H heads, E dims of a head.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from torch import Tensor, nn

from embviz.errors import EmbvizError
from embviz.models.watching import Layer, Listener, Watch

_NAME = "embviz"
_now: ContextVar[Iterator[Listener] | None] = ContextVar("now", default=None)


def tap(module: Any) -> bool:
    """Let the attention of a model go through here; whether it can: a few kinds have their own way."""
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import eager_mask

    AttentionInterface.register(_NAME, _attention)
    AttentionMaskInterface.register(_NAME, eager_mask)
    if not module._can_set_attn_implementation():
        return False
    module.set_attn_implementation(_NAME)
    return True


@contextmanager
def watched(watch: Watch | None, family: str, reader: int) -> Iterator[None]:
    """Within, in this thread, a watch is told what passes through the attention of the model that is run.

    Args:
        family: of the model.
        reader: layers of a seq2seq model's encoder, which are run first.
    """
    token = _now.set(None if watch is None else _order(watch, family, reader))
    try:
        yield
    finally:
        _now.reset(token)


def ways_out(module: nn.Module, run: Callable[[Watch], object]) -> dict[Layer, nn.Module]:
    """Of each layer, what takes the mixtures of values into the vectors: the first matrix that is used after them.

    Args:
        run: runs the model once, watched.
    """
    finder, hooks = _Finder(), []
    for part in module.modules():
        if type(part).__name__ in ("Linear", "Conv1D"):
            hooks.append(part.register_forward_pre_hook(finder.used))
    try:
        run(finder)
    finally:
        for hook in hooks:
            hook.remove()
    return finder.found


def outward(way: nn.Module, heads: int) -> Tensor:
    """(H, E, D): what takes each head's mixture of values into the vectors, of a Linear or a Conv1D."""
    matrix: Any = way.weight
    return (matrix if type(way).__name__ == "Conv1D" else matrix.T).unflatten(0, (heads, -1))


def blocks_of(stack: nn.Module, layers: int) -> nn.ModuleList:
    """The blocks of an encoder or a decoder.

    Raises:
        EmbvizError: it has no list of as many.
    """
    for part in stack.modules():
        if isinstance(part, nn.ModuleList) and len(part) == layers:
            return part
    raise EmbvizError("The layers of this model are not one after another, so what is between them cannot be seen.")


@contextmanager
def states_of(blocks: nn.ModuleList) -> Iterator[list[Tensor]]:
    """Within, in this thread: the vectors (B, T, D) before each block and after the last one, as the model runs."""
    found: list[Tensor] = []

    def before(block: nn.Module, given: Any, named: Any) -> None:
        if threading.get_ident() == me:
            found.append(given[0] if given else named["hidden_states"])

    def after(block: nn.Module, given: Any, out: Any) -> None:
        if threading.get_ident() == me:
            found.append(out[0] if isinstance(out, tuple) else out)

    me = threading.get_ident()
    hooks = [block.register_forward_pre_hook(before, with_kwargs=True) for block in blocks]
    hooks.append(blocks[-1].register_forward_hook(after))
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()


@contextmanager
def instead(block: nn.Module, state: Tensor) -> Iterator[None]:
    """Within, in this thread, a block gives these vectors (B, T, D)."""

    def replace(block: nn.Module, given: Any, out: Any) -> Any:
        if threading.get_ident() != me:
            return out
        return (state, *out[1:]) if isinstance(out, tuple) else state

    me = threading.get_ident()
    hook = block.register_forward_hook(replace)
    try:
        yield
    finally:
        hook.remove()


def _attention(module: nn.Module, query: Tensor, key: Tensor, value: Tensor, mask: Any, **more: Any) -> Any:
    """The model's own eager attention: (B, T, H, E) and weights; changed where the watch wants it."""
    eager: Any = sys.modules[type(module).__module__].__dict__["eager_attention_forward"]
    mixed, weights = eager(module, query, key, value, mask, **more)
    listeners = _now.get()
    if listeners is None:
        return mixed, weights
    grouped = query.shape[1] // key.shape[1]
    k, v = (each.repeat_interleave(grouped, 1) for each in (key, value))
    changed = next(listeners)(query, k, v, lambda q, k, heads: weights[:, list(heads)])
    return (mixed, weights) if changed is None else (changed.transpose(1, 2).contiguous(), weights)


def _order(watch: Watch, family: str, reader: int) -> Iterator[Listener]:
    """Whose attention is computed, call by call: all of a reader's, then a decoder's own and its cross-attention."""
    listeners = {kind: Listener(watch, kind) for kind in ("encoder", "decoder", "cross")}
    if family != "seq2seq":
        while True:
            yield listeners[family]
    for _ in range(reader):
        yield listeners["encoder"]
    while True:
        yield listeners["decoder"]
        yield listeners["cross"]


class _Finder(Watch):
    """Notes which matrix is used first after each layer's attention."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: Layer | None = None
        self.found: dict[Layer, nn.Module] = {}

    def passing(self, layer: Layer, *passes: Any) -> None:
        self.waiting = layer

    def used(self, part: nn.Module, given: Any) -> None:
        if self.waiting is not None:
            self.found[self.waiting] = part
            self.waiting = None
