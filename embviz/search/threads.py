"""Threads: a range shared out in parts to the processor's cores. For kernels that let go of Python's lock.

Not numba's own threads: its portable layer ends the process when two threads of a server use it at a time, and loops
made parallel by it take several times as long to compile.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

_LEAST = 256  # rows: fewer are done sooner than handed to a thread


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Threads:
    """As many threads as there are cores, for as long as a `with` lasts."""

    def __init__(self, count: int | None = None) -> None:
        self.count = count or cores()
        self._pool = ThreadPoolExecutor(self.count) if self.count > 1 else None

    def __enter__(self) -> Threads:
        return self

    def __exit__(self, *error: object) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def share(self, kernel: Callable[..., Any], n: int, *arguments: Any) -> None:
        """kernel(start, stop, *arguments) for parts of range(n) that begin with an even number.

        How many parts there are depends on the machine: a kernel writes to its own rows and sums nothing across them.
        Sums over parts are for `each`.
        """
        parts = max(1, min(self.count, n // _LEAST))
        bounds = [n * part // parts // 2 * 2 for part in range(parts)] + [n]
        self.each(kernel, [(bounds[part], bounds[part + 1], *arguments) for part in range(parts)])

    def each(self, kernel: Callable[..., Any], calls: list[tuple[Any, ...]]) -> list[Any]:
        """What the kernel gives for each of these calls, in their order, on any machine."""
        if self._pool is None or len(calls) == 1:
            return [kernel(*call) for call in calls]
        later = [self._pool.submit(kernel, *call) for call in calls[1:]]  # the first is done here
        return [kernel(*calls[0]), *(one.result() for one in later)]
