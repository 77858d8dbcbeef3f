"""Sheet: a flat map as it is drawn: every word on a grid place of its own, and the zoom from which its label shows.

Labels do not overlap at any zoom, and one that shows goes on showing while one zooms in: each word has a *level*, and
is labelled at all zooms from its level on (the active ranges of Been, Daiches and Yap, "Dynamic map labeling", 2006,
section 3, with ranges that are open towards the ground). Levels are given from coarse to fine: at each, in the order
of their priority, to those words whose labels are free of all given before. Two words never share a place, so in the
end every word has its label.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

SIDE = 65_536  # grid places on each side of a map
COARSEST = 256  # pixels on each side of a map at level 0
STEPS = 2  # levels per doubling of the map's size
LEVELS = 40  # by then neighbouring grid places are 1,000 pixels apart
LABEL_HEIGHT = 20.0
WIDEST = 170.0  # a longer word is cut when it is drawn
_RARE = 0.12  # the share of labels whose words are drawn from all words, whatever their rank


@dataclass(frozen=True, eq=False)
class Sheet:
    """N words as they are drawn.

    Attributes:
        places: (N, 2) uint16, x to the right and y up, on a grid of 65,536 × 65,536; no two rows are the same.
        levels: (N,) uint8: word i is labelled where the map's side is at least 256 × 2^(level / 2) pixels.
    """

    places: np.ndarray
    levels: np.ndarray

    @classmethod
    def of(cls, coords: np.ndarray, words: pa.ChunkedArray, seed: int = 0) -> Sheet:
        """Lay out coords (N, 2), most frequent first, with their words."""
        places = on_grid(coords)
        return cls(places, label_levels(places, label_widths(words), priorities(len(places), seed)))

    def levels_among(self, rows: np.ndarray, words: pa.ChunkedArray, first: np.ndarray) -> np.ndarray:
        """(N,) uint8: the levels of the words where only some are on the map, and some of those before all others.

        Args:
            rows: (M,) of those on it; the others get no label at any zoom.
            words: the M words.
            first: (M,) bool, which get their labels before the others.
        """
        place = np.argsort(priorities(len(self.places)))[rows]
        order = np.lexsort((place, ~first))
        levels = np.full(len(self.places), LEVELS, np.uint8)
        levels[rows] = label_levels(self.places[rows], label_widths(words), order)
        return levels


def on_grid(coords: np.ndarray) -> np.ndarray:
    """(N, 2) uint16: coords (N, 2) on the grid, both axes to the same scale, words of the same place moved apart."""
    places = grid(coords)
    random = np.random.default_rng(0)
    for reach in range(1, 1000):
        keys = places[:, 0] * SIDE + places[:, 1]
        again = np.ones(len(keys), bool)
        again[np.unique(keys, return_index=True)[1]] = False  # the first, most frequent word of a place keeps it
        if not again.any():
            break
        moved = places[again] + random.integers(-reach, reach + 1, (int(again.sum()), 2))
        places[again] = np.clip(moved, 0, SIDE - 1)
    return places.astype(np.uint16)


def grid(coords: np.ndarray) -> np.ndarray:
    """(N, 2) int64: coords (N, 2) on the grid, both axes to the same scale; words may share a place."""
    low, high = coords.min(axis=0).astype(float), coords.max(axis=0).astype(float)
    side = max(float((high - low).max()), 1e-12)
    places = np.rint((coords - (low + high) / 2) / side * (SIDE - 1) + (SIDE - 1) / 2)
    return np.clip(places, 0, SIDE - 1).astype(np.int64)


def on_sheet(coords: np.ndarray, of: np.ndarray) -> np.ndarray:
    """(..., 2): where places (..., 2) among the coords (N, 2) of a map lie on its sheet, whose sides are 1."""
    low, high = of.min(axis=0).astype(float), of.max(axis=0).astype(float)
    side = max(float((high - low).max()), 1e-12)
    return ((coords - (low + high) / 2) / side + 0.5) * (SIDE - 1) / SIDE


def label_widths(words: pa.ChunkedArray) -> np.ndarray:
    """(N,) float32: how wide each label is at most, in pixels, by its letters and their bytes (a Chinese character
    has three and is twice as wide as a Latin letter of one).
    """
    letters = pc.utf8_length(words).to_numpy().astype(np.float32)
    size = pc.binary_length(words).to_numpy().astype(np.float32)
    return np.minimum(7.7 * letters + 2.9 * (size - letters), WIDEST).astype(np.float32)


def priorities(n: int, seed: int = 0) -> np.ndarray:
    """(N,) int64: the rows in the order in which they get labels: by rank, one in eight drawn from all words."""
    random = np.random.default_rng(seed)
    order = np.arange(n, dtype=np.float64)
    lucky = random.random(n) < _RARE
    order[lucky] = random.random(int(lucky.sum())) * n
    return np.argsort(order, kind="stable")


def label_levels(places: np.ndarray, widths: np.ndarray, order: np.ndarray) -> np.ndarray:
    """(N,) uint8: the level of each word.

    Args:
        places: (N, 2) uint16, no two the same.
        widths: (N,) in pixels.
        order: (N,) the rows, those that come first get their label first.
    """
    return _kernel()(places.astype(np.int64), widths.astype(np.float64), order.astype(np.int64))


@cache
def _kernel() -> Any:
    """The loop, compiled: numba is loaded when the first map is laid out.

    The labels given so far lie in a table by the cell of their point, so that a word looks only at those around it.
    """
    from numba import njit

    height, column, gap = LABEL_HEIGHT, WIDEST / 2, 10.0  # the gap is between two labels on a line
    reach = int(np.ceil((WIDEST + gap) / column))

    @njit(cache=True)
    def slot(x: Any, y: Any, mask: Any) -> Any:
        return (x * 73_856_093 ^ y * 19_349_663) & mask

    @njit(cache=True)
    def is_free(x: Any, y: Any, width: Any, scale: Any, places: Any, widths: Any, first: Any, following: Any) -> Any:
        for step in range(2 * reach + 1):
            right = (step + 1) // 2 * (1 - step % 2 * 2)  # 0, -1, 1, -2, 2: what is in the way is mostly near
            for up in (0, 1, -1):
                other = first[slot(int(x / column) + right, int(y / height) + up, len(first) - 1)]
                while other >= 0:
                    level = abs(places[other, 1] * scale - y) < height
                    if level and abs(places[other, 0] * scale - x) < (widths[other] + width) / 2 + gap:
                        return False
                    other = following[other]
        return True

    @njit(cache=True)
    def levels(places: Any, widths: Any, order: Any) -> Any:
        given = np.full(len(order), LEVELS, np.uint8)
        following = np.empty(len(order), np.int64)  # the next label of the same slot
        waiting = order
        for level in range(LEVELS):
            scale = COARSEST * 2.0 ** (level / STEPS) / SIDE
            mask = 1024
            while mask < 8 * (len(order) - len(waiting)):
                mask *= 2
            first = np.full(mask, -1, np.int64)
            for row in range(len(order)):
                if given[row] < level:
                    at = slot(int(places[row, 0] * scale / column), int(places[row, 1] * scale / height), mask - 1)
                    following[row], first[at] = first[at], row
            still = np.ones(len(waiting), np.bool_)
            for i in range(len(waiting)):
                row = waiting[i]
                x, y = places[row, 0] * scale, places[row, 1] * scale
                if is_free(x, y, widths[row], scale, places, widths, first, following):
                    given[row], still[i] = level, False
                    at = slot(int(x / column), int(y / height), mask - 1)
                    following[row], first[at] = first[at], row
            waiting = waiting[still]
        return given

    return levels
