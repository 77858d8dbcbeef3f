"""Devices: where a training computes, and how exactly. Knows nothing of models and batches.

Weights and checkpoints on disk know no device, and every model is opened on the CPU.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext

import torch

from embviz.errors import EmbvizError


def device_of(name: str) -> torch.device:
    """The device of a name; "auto" is CUDA where there is one, else Apple's MPS, else the CPU.

    Raises:
        EmbvizError: this machine, or this torch, does not have it.
    """
    mps = torch.backends.mps.is_available() and "RANK" not in os.environ  # gradients of several cannot meet there
    there = {"cuda": torch.cuda.is_available(), "mps": mps, "cpu": True}
    if name == "auto":
        name = next(each for each, here in there.items() if here)
    if not there[name]:
        here = " and ".join(each for each in there if there[each])
        raise EmbvizError(f"device is '{name}', and torch finds only {here} here: choose that, or auto.")
    if name == "cuda":
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    return torch.device(name)


def precision(device: torch.device, name: str) -> AbstractContextManager[object]:
    """How exactly matrix products are computed: in "float32", or in "bfloat16", with all weights and sums in float32
    (Micikevicius et al. 2018; with its range no loss need be scaled); "auto" is bfloat16 where that is quicker.
    """
    mixed = _has_bfloat16(device) if name == "auto" else name == "bfloat16"
    return torch.autocast(device.type, torch.bfloat16) if mixed else nullcontext()


def _has_bfloat16(device: torch.device) -> bool:
    """Whether a device multiplies it by itself: others imitate it, and are slower than in float32."""
    if device.type == "cpu":
        there = torch.cpu.get_capabilities()
        return bool(there.get("avx512_bf16") or there.get("amx_bf16"))
    return device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
