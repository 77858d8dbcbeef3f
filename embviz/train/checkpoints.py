"""Checkpoints of a training: weights and what AdamW remembers, in one safetensors file each, of any device.

Written under another name and renamed, so that a file that is there is whole; only the newest is kept, the weights of
the lowest validation loss, and those of the steps that are to be looked at later.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.optim import AdamW

_MEMORIES = ("exp_avg", "exp_avg_sq")


def save_checkpoint(folder: Path, step: int, module: nn.Module, optimizer: AdamW) -> None:
    """Write `step-000500.safetensors` into a folder and remove the older ones."""
    tensors: dict[str, Tensor] = {f"weights.{name}": tensor for name, tensor in module.named_parameters()}
    for name, parameter in module.named_parameters():
        state = optimizer.state.get(parameter, {})
        tensors |= {f"{memory}.{name}": state[memory] for memory in _MEMORIES if memory in state}
    path = folder / f"step-{step:06}.safetensors"
    _write(path, tensors)
    for other in folder.glob("step-*"):
        if other != path:
            other.unlink()


def load_checkpoint(folder: Path, module: nn.Module, optimizer: AdamW) -> int:
    """Put the newest checkpoint of a folder into the module and its optimizer; gives its step, 0 when there is none."""
    import torch
    from safetensors.torch import load_file

    found = max(folder.glob("step-*.safetensors"), key=_step, default=None)
    if found is None:
        return 0
    tensors = load_file(found)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            parameter.copy_(tensors[f"weights.{name}"])
            memories = {memory: tensors[f"{memory}.{name}"] for memory in _MEMORIES if f"{memory}.{name}" in tensors}
            if memories:
                _remember(optimizer, parameter, _step(found), memories)
    return _step(found)


def synchronised(step: int, module: nn.Module, optimizer: AdamW) -> None:
    """Let AdamW remember in all processes what it remembers in the first, after so many steps there."""
    import torch

    from embviz.train.processes import number, spread, tell, told

    if number() == 0:
        tell(step)
    else:
        step = told()
    for parameter in module.parameters() if step else ():
        if number():
            _remember(optimizer, parameter, step, {memory: torch.zeros_like(parameter) for memory in _MEMORIES})
        spread(optimizer.state[parameter][memory] for memory in _MEMORIES)


def _remember(optimizer: AdamW, parameter: nn.Parameter, step: int, memories: dict[str, Tensor]) -> None:
    """What AdamW knows of a parameter after so many steps, on the parameter's device."""
    import torch

    device = parameter.device
    optimizer.state[parameter] = {
        "step": torch.tensor(float(step), device=device),
        **{name: memory.to(device) for name, memory in memories.items()},
    }


class Best:
    """The weights of the lowest validation loss, in a file, and how many measurements ago that was.

    Args:
        before: the losses that were measured before, if the training goes on from a checkpoint.
    """

    def __init__(self, path: Path, before: Sequence[float]) -> None:
        self.path = path
        self.loss = min(before, default=math.inf)
        self.since = len(before) - 1 - before.index(self.loss) if before else 0

    def look(self, loss: float, module: nn.Module) -> None:
        """A measurement: the weights are kept if none was as low."""
        self.since += 1
        if loss < self.loss:
            self.loss, self.since = loss, 0
            _write(self.path, dict(module.named_parameters()))

    def into(self, module: nn.Module) -> None:
        """Give a module the best weights."""
        put_weights(self.path, module)


def keep_weights(folder: Path, step: int, module: nn.Module) -> None:
    """Write `kept-000400.safetensors`: the weights alone, as they are after a step."""
    _write(folder / f"kept-{step:06}.safetensors", dict(module.named_parameters()))


def kept_weights(folder: Path) -> dict[int, Path]:
    """The files that `keep_weights` wrote, each by its step."""
    return {_step(path): path for path in sorted(folder.glob("kept-*.safetensors"))}


def put_weights(path: Path, module: nn.Module) -> None:
    """Give a module the weights of a file."""
    import torch
    from safetensors.torch import load_file

    with torch.no_grad():
        for name, tensor in load_file(path).items():
            module.get_parameter(name).copy_(tensor)


def _write(path: Path, tensors: dict[str, Tensor]) -> None:
    from safetensors.torch import save

    path.parent.mkdir(exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(save(tensors))  # on a full disk an OSError, which safetensors' own writing hides
    temporary.replace(path)


def _step(path: Path) -> int:
    return int(path.stem.rpartition("-")[2])
