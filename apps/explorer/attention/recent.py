"""What was computed last, as much of it as fits into a bound of memory: all heads of a long text take a gigabyte."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock

from embviz.attention import Attention

_MOST = 1_500_000_000  # bytes: 72 heads of 2,048 tokens, and a measure of a layer; the last one is kept in any case


class Recent:
    """Records by what they are asked by; those that were not asked for the longest time go first."""

    def __init__(self, most: int = _MOST) -> None:
        self._most, self._kept, self._lock = most, OrderedDict[Hashable, Attention](), Lock()

    def get(self, key: Hashable, make: Callable[[], Attention]) -> Attention:
        """The record of a key, made if it is not there."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = make()
        with self._lock:
            self._kept[key] = made
            self._kept.move_to_end(key)
            while len(self._kept) > 1 and sum(map(_bytes, self._kept.values())) > self._most:
                self._kept.popitem(last=False)
        return made


def _bytes(record: Attention) -> int:
    """What its weights take; those of one head that stand for all are there once."""
    base = record.weights.base
    return record.weights.nbytes if base is None else min(base.nbytes, record.weights.nbytes)
