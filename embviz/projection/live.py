"""Live: where the points of a map are while it is made, for whoever watches.

A method tells a watcher the coordinates so far; `Live` leaves them in a file that another process reads.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import numpy as np

from embviz.projection.sheet import SIDE, grid
from embviz.projection.solid import first_seen

Watch = Callable[[np.ndarray], None]
"""watch(coords): the points (N, 2) or (N, 3) as they are so far. Called often; the watcher decides when to look."""

_PAUSE = 0.2  # seconds between two pictures at least,
_SHARE = 30  # and so many times as long as one took: 3 % of the time at most
ACROSS = 2  # heights of the picture that the grid is wide and high, of a map in 3 dimensions


def unwatched(coords: np.ndarray) -> None:
    """The watcher that looks away."""


class Live:
    """Leaves the points in a file: N × uint16 x, N × uint16 y, on the grid of a sheet; of a map in 3 dimensions, where
    they would first be seen. Written whole, a few times a second; removed at the end. Where it cannot be written
    nobody watches, and the map is made all the same.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._next = 0.0

    def __call__(self, coords: np.ndarray) -> None:
        begun = time.monotonic()
        if begun < self._next:
            return
        temporary = temporary_of(self.path, os.getpid())
        try:
            self.path.parent.mkdir(exist_ok=True)
            temporary.write_bytes(places(coords).T.astype("<u2").tobytes())
            temporary.rename(self.path)
        except OSError:
            self._next = np.inf
            return
        now = time.monotonic()
        self._next = now + max(_PAUSE, _SHARE * (now - begun))

    def __enter__(self) -> Live:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        remove(self.path, os.getpid())


def places(coords: np.ndarray) -> np.ndarray:
    """(N, 2) int64: points (N, 2) on the grid of a sheet; points (N, 3) as they are first seen, the middle of the
    picture in the middle of the grid.
    """
    if coords.shape[1] == 2:
        return grid(coords)
    return np.clip(np.rint((first_seen(coords) / ACROSS + 0.5) * (SIDE - 1)), 0, SIDE - 1).astype(np.int64)


def live_path(path: Path) -> Path:
    """Beside the file that is to keep a map, the one that its points are left in while they move."""
    return path.with_suffix(".live")


def temporary_of(path: Path, process: int) -> Path:
    """The name under which a process writes a picture before it is whole."""
    return path.with_suffix(f".{process}.live")


def remove(path: Path, process: int) -> None:
    """Remove what a process left of its pictures, which it cannot do itself when it is killed."""
    for left in (path, temporary_of(path, process)):
        try:
            left.unlink(missing_ok=True)
        except OSError:
            return  # a run that may only be read
