"""Arrays and what they are about, in one file: written whole or not at all, read without running anything."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np


def write(path: Path, arrays: Mapping[str, np.ndarray], about: Mapping[str, Any]) -> None:
    """Keep arrays, and what is about them as JSON, in a safetensors file; an old file stays until the new is whole."""
    from safetensors.numpy import save

    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        temporary.write_bytes(save(dict(arrays), metadata={"about": json.dumps(dict(about), ensure_ascii=False)}))
        temporary.rename(path)
    finally:
        temporary.unlink(missing_ok=True)


def read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays of a file, and what is about them.

    Raises:
        ValueError: the file is damaged, or none of this kind.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="np") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  it is no mapping
            about = json.loads((file.metadata() or {})["about"])
    except (OSError, SafetensorError, KeyError) as error:
        raise ValueError(str(error)) from error
    if not isinstance(about, dict):
        raise ValueError("what is about the arrays is no mapping")
    return arrays, about
