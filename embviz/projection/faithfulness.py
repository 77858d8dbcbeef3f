"""How true is a map? Which of the nearest words are near in the picture, and which that look near are not.

True neighbours are those of the largest cosine, exact, among the words of the map. Beside every number stand the same
numbers for two other maps of the same words: one at random, which is what a picture says that knows nothing, and PCA.
A vector of zeros has no direction and no neighbours: such words are left out of everything here.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from embviz import arrays
from embviz.errors import EmbvizError
from embviz.progress import Report, silent
from embviz.projection import pca
from embviz.projection.ranks import Measures, kept, measure, seen_near
from embviz.projection.record import Projection
from embviz.search import cosines, top, unit_vectors
from embviz.space import Space

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

KS = (5, 10, 30)
NEAREST = 10  # the k of `kept`
_EVERY_WORD = 50_000  # up to so many words `kept` says something of each; the search grows with their square
_FIRST = 20_000  # beyond, it is about so many, the most frequent
FEWEST = 7  # words of a map of which it can be said how true it is
_PAIRS = 40_000_000  # so many pairs of words are ranked: every one of 6,000 words, 2,000 of 20,000
_LEAST = 500  # ranked even when that makes more pairs


@dataclass(frozen=True, eq=False)
class Faithfulness:
    """How true a map of N words is.

    Trustworthiness and continuity are those of Venna and Kaski, "Local multidimensional scaling" (Neural Networks 19,
    2006), section on trustworthiness and continuity; first in their "Neighborhood preservation in nonlinear projection
    methods" (ICANN 2001):

        trustworthiness(k) = 1 - A(k) sum over words i, and over words j that are among the k nearest of i in the
            picture and not truly, of r(i, j) - k, where r(i, j) is the rank of j by the true distance from i;
        continuity(k): the same with the picture and the truth exchanged;
        A(k) = 2 / (N k (2N - 3k - 1)) for k < N / 2, else 2 / (N (N - k) (N - k - 1)): 0 is the worst there can be.

    Attributes:
        ks: how many neighbours were looked at: 5, 10 and 30, those that there are.
        map, random, pca: of the map; of the same places dealt out at random; of the PCA map of the same words in as
            many dimensions.
        kept: (N,) float32, of each word the share of its nearest words that are among its nearest in the picture; NaN
            where that was not looked at (a map of more than 50,000 words: all but the first 20,000) or cannot be
            said (a vector of zeros).
        nearest: how many nearest words `kept` is about: 10, or all others when there are fewer.
        words: how many words could be near: those of the map that have a direction.
        measured: over how many of them the measures are means: all, or a sample drawn with the seed. Each of
            the sample is ranked against all words, exactly.
        seed: of the sample and of the random map.
    """

    ks: tuple[int, ...]
    map: Measures
    random: Measures
    pca: Measures
    kept: np.ndarray
    nearest: int
    words: int
    measured: int
    seed: int

    @property
    def exact(self) -> bool:
        """Whether the measures are means over all words, not over a sample."""
        return self.measured == self.words

    def save(self, path: Path) -> None:
        """Keep it in one file, whole or not at all."""
        arrays.write(path, {"kept": self.kept}, {name: value for name, value in asdict(self).items() if name != "kept"})

    @classmethod
    def load(cls, path: Path, projection: Projection) -> Faithfulness:
        """Read what was kept for a map.

        Raises:
            EmbvizError: the file is damaged, or is about a map of another size.
        """
        try:
            held, numbers = arrays.read(path)
            kept = held["kept"]
            measures = {name: _measures(numbers[name]) for name in ("map", "random", "pca")}
            found = cls(**{**numbers, **measures, "ks": tuple(numbers["ks"]), "kept": kept})
            if kept.shape != (len(projection.coords),) or kept.dtype != np.float32:
                raise ValueError(f"an array of shape {kept.shape} of {kept.dtype}")
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise EmbvizError(
                f"What '{path}' says of the map's faithfulness is damaged: remove it, and it is computed again."
            ) from error
        return found


@dataclass(frozen=True, eq=False)
class Picture:
    """The places of a map, ordered so that the nearest of one are found at once.

    Attributes:
        tree: of the words that have a direction.
        rows: their rows, ascending; place i of the tree is row rows[i].
    """

    tree: cKDTree
    rows: np.ndarray


def faithfulness(space: Space, projection: Projection, report: Report = silent, seed: int = 0) -> Faithfulness:
    """Measure a map against the space that it is of.

    Args:
        space: V words; the map is of the first N.
        projection: the map.
        report: told the stage and its progress; can cancel from it.
        seed: of the sample of words, where not all are ranked, and of the random map.

    Raises:
        EmbvizError: fewer than 7 words of the map have a direction.
    """
    n = len(projection.coords)
    rows = _directed(space, n)
    if len(rows) < FEWEST:
        raise EmbvizError(
            f"How true a map is cannot be said of {len(rows)} words: there must be 7 whose vectors are not zero."
        )
    units, coords = unit_vectors(space, n), projection.coords
    if len(rows) < n:
        units, coords = units[rows], coords[rows]
    rng = np.random.default_rng(seed)
    measured = min(len(rows), max(_LEAST, _PAIRS // len(rows)))
    sample = np.sort(rng.choice(len(rows), measured, replace=False))
    maps = [coords, rng.permutation(coords), _pca(space, projection, report)[rows]]
    ks = tuple(k for k in KS if k < len(rows))
    mine, random, linear = measure(units, maps, sample, ks, lambda share: report("neighbours ranked", share, ""))
    nearest = min(NEAREST, len(rows) - 1)
    of = len(rows) if n <= _EVERY_WORD else int(np.searchsorted(rows, _FIRST))
    shares = np.full(n, np.nan, np.float32)
    shares[rows[:of]] = kept(units, coords, of, nearest, lambda share: report("neighbours kept", share, ""))
    return Faithfulness(ks, mine, random, linear, shares, nearest, len(rows), measured, seed)


def picture(space: Space, projection: Projection) -> Picture:
    """What `kept_near` looks places up in; made once for a map."""
    from scipy.spatial import cKDTree

    rows = _directed(space, len(projection.coords))
    return Picture(cKDTree(projection.coords[rows]), rows)


def kept_near(
    space: Space, projection: Projection, row: int, k: int = 10, tree: Picture | None = None
) -> tuple[int, np.ndarray]:
    """How many of the k words nearest to one are among the k nearest to it in the picture.

    Args:
        space: V words; the map is of the first N.
        projection: the map, however large.
        row: the word's.
        k: how many; fewer when the map has fewer other words.
        tree: `picture(space, projection)`, made here unless it is given.

    Returns:
        how many, and the rows (k,) of the true neighbours on the map, nearest first. For a word whose vector is zero,
        0 and no rows.

    Raises:
        EmbvizError: the row is not on the map, or k is below 1.
    """
    n = len(projection.coords)
    if not 0 <= row < n:
        raise EmbvizError(f"Row {row:,} is not on the map, which has the first {n:,} words.")
    if k < 1:
        raise EmbvizError(f"{k} neighbours were asked for; ask for at least 1.")
    if not space.norms[row]:
        return 0, np.empty(0, np.int64)
    tree = picture(space, projection) if tree is None else tree
    k = min(k, len(tree.rows) - 1)
    scores = cosines(space, np.asarray(space.vectors[row]))[:n]
    scores[row] = -np.inf
    true = top(scores, k)
    if not k:
        return 0, true
    place = np.searchsorted(tree.rows, row)
    seen = tree.rows[seen_near(tree.tree, projection.coords[[row]], np.array([place]), k)[0]]
    return int(np.isin(true, seen).sum()), true


def _directed(space: Space, n: int) -> np.ndarray:
    return np.flatnonzero(space.norms[:n])


def _pca(space: Space, projection: Projection, report: Report) -> np.ndarray:
    """(N, dims): the PCA map of the same words, fitted on as many as the map was."""
    n = len(projection.coords)
    fitted = projection.params.get("fit", n)
    params = {"dims": min(projection.dims, space.dims), "seed": 0}
    coords, _, linear = pca.fit(unit_vectors(space, fitted), params, report)
    return np.concatenate([coords, linear(space, range(fitted, n))])


def _measures(numbers: dict[str, list[float]]) -> Measures:
    return Measures(**{name: tuple(values) for name, values in numbers.items()})
