"""Arrays and what they are about, in one file: written whole or not at all, read without running anything."""

from __future__ import annotations

import errno
import json
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from embviz.errors import EmbvizError

READ_ONLY = (errno.EACCES, errno.EROFS, errno.EPERM)


def write(path: Path, arrays: Mapping[str, np.ndarray], about: Mapping[str, Any]) -> None:
    """Keep arrays, and what is about them as JSON, in a safetensors file; an old file stays until the new is whole."""
    from safetensors.numpy import save

    temporary = path.with_suffix(f".{threading.get_native_id()}.tmp")
    try:
        temporary.write_bytes(save(dict(arrays), metadata={"about": json.dumps(dict(about), ensure_ascii=False)}))
        temporary.rename(path)
    finally:
        temporary.unlink(missing_ok=True)


def about(path: Path) -> dict[str, Any]:
    """What is about the arrays of a file, without reading them.

    Raises:
        ValueError: the file is damaged, or none of this kind.
    """
    return _opened(path, lambda file: {})[1]


def read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays of a file, and what is about them.

    Raises:
        ValueError: the file is damaged, or none of this kind.
    """
    return _opened(path, lambda file: {name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118  no mapping


def _opened(path: Path, take: Callable[[Any], dict[str, np.ndarray]]) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="np") as file:
            arrays = take(file)
            about = json.loads((file.metadata() or {})["about"])
    except (OSError, SafetensorError, KeyError) as error:
        raise ValueError(str(error)) from error
    if not isinstance(about, dict):
        raise ValueError("what is about the arrays is no mapping")
    return arrays, about


def kept(path: Path, load: Callable[[], Any], make: Callable[[], Any]) -> Any:
    """What a file of the run keeps, else made and kept; a run that may only be read keeps nothing."""
    if path.is_file():
        with suppress(EmbvizError):  # it is damaged: it is made again, and replaced
            return load()
    made = make()
    keep(made, path)
    return made


def keep(made: Any, path: Path) -> None:
    """Keep it, unless the run may only be read."""
    try:
        path.parent.mkdir(exist_ok=True)
        made.save(path)
    except OSError as error:
        if error.errno not in READ_ONLY:
            raise
