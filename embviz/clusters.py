"""Clusters: which words go together, found on the full vectors and not on a picture of them; each named by its words.

Spherical k-means: every word belongs to the centre of the largest cosine, and every centre is the direction of the sum
of its words (Dhillon and Modha, "Concept Decompositions for Large Sparse Text Data Using Clustering", Machine Learning
42, 2001, section 3). The words' mean is taken off first, since word vectors share a direction that says nothing of
their meaning (Mu and Viswanath, "All-but-the-Top", ICLR 2018, section 2); without it one cluster collects rare words.
The loop is here, not scikit-learn's, so that it can be cancelled and its centres stay on the sphere.

Why not HDBSCAN: on 20,000 words of GloVe (10 principal components) it left 78% of the words in no cluster and put two
thirds of the others into one; on word2vec of the demo it put all but 35 into one. On a t-SNE map of the same words it
finds good groups and leaves 29% out, but those are groups of a picture, which change with its seed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from embviz import arrays
from embviz.errors import EmbvizError
from embviz.progress import Report, silent
from embviz.search import unit_vectors
from embviz.space import Space

FIT = 20_000  # how many words the clusters are found on; the others go to the nearest centre
NAMED_BY = 3  # words in a name
_STARTS = 4
_ROUNDS = 60
_SETTLED = 1e-5  # a round that betters the mean cosine by less is the last
_KNOWN = 50  # a word weighs by one over the logarithm of its rank, in which the first so many are much alike
_CANDIDATES = 30  # of a name
_BLOCK = 65_536


@dataclass(frozen=True, eq=False)
class Clusters:
    """The first N words of a space, each in one cluster; the largest cluster is number 0.

    Attributes:
        labels: (N,) int16, the cluster of each word; -1 for a word whose vector is zero.
        names: of each cluster its most typical words, at most 3, the most typical first. No word names two clusters.
        sizes: how many words each cluster has.
        method: "spherical k-means".
        params: n (how many clusters were asked for; there are fewer where words coincide), words, fit (how many of
            them, the most frequent, the clusters were found on) and seed.
        facts: what was found: seconds, and the mean cosine of the fitted words with their centres, their mean taken
            off.
        space: the space's name.
    """

    labels: np.ndarray
    names: tuple[tuple[str, ...], ...]
    sizes: tuple[int, ...]
    method: str
    params: Mapping[str, Any]
    facts: Mapping[str, Any]
    space: str

    def __len__(self) -> int:
        return len(self.names)

    def save(self, path: Path) -> None:
        """Keep the labels and names in one file, whole or not at all."""
        about = {"method": self.method, "names": self.names, "params": dict(self.params), "facts": dict(self.facts)}
        arrays.write(path, {"labels": self.labels}, about)

    @classmethod
    def load(cls, path: Path, space: Space) -> Clusters:
        """Read clusters that were kept for a space.

        Raises:
            EmbvizError: the file is damaged.
        """
        try:
            kept, about = arrays.read(path)
            labels, method = kept["labels"], about["method"]
            names = tuple(tuple(name) for name in about["names"])
            if labels.dtype != np.int16 or labels.shape != (about["params"]["words"],) or len(labels) > len(space):
                raise ValueError(f"an array of shape {labels.shape} of {labels.dtype}")
            if labels.min() < -1 or labels.max() >= len(names):
                raise ValueError("a label without a name")
        except (KeyError, TypeError, ValueError) as error:
            raise EmbvizError(f"The clusters '{path}' are damaged: remove them; they are computed again.") from error
        return cls(labels, names, _sizes(labels, len(names)), method, about["params"], about["facts"], space.name)


def settings(space: Space, n: int | None = None, words: int | None = None, seed: int = 0) -> dict[str, int]:
    """All parameters of clusters, defaults filled in; equal settings give equal clusters.

    Raises:
        EmbvizError: more words than the space has, fewer than 2 clusters or more than words that have a direction, or
            a seed out of range.
    """
    of = len(space) if words is None else words
    if not 0 < of <= len(space):
        raise EmbvizError(f"Clusters of {of:,} words were asked for, and '{space.name}' has {len(space):,}.")
    if not 0 <= seed < 2**32:
        raise EmbvizError(f"The seed is {seed} and must lie between 0 and {2**32 - 1}.")
    fit = min(FIT, of)
    directed = int(np.count_nonzero(space.norms[:fit]))
    n = min(max(8, min(60, round(fit**0.5 / 4))), max(2, directed // 3)) if n is None else n
    if not 2 <= n <= min(directed, 32_767):
        raise EmbvizError(
            f"{n:,} clusters of {directed:,} words were asked for; ask for 2 at least and as many as words at most."
        )
    return {"n": n, "words": of, "fit": fit, "seed": seed}


def clusters(
    space: Space, n: int | None = None, words: int | None = None, report: Report = silent, seed: int = 0
) -> Clusters:
    """Put words into clusters.

    Args:
        space: V words.
        n: how many clusters; by default a quarter of the square root of the words they are found on, from 8 to 60.
        words: how many words, the most frequent; by default all. The clusters are found on the first 20,000.
        report: told the stage and its progress; can cancel from it.
        seed: the same seed gives the same clusters.

    Raises:
        EmbvizError: see `settings`.
    """
    params = settings(space, n, words, seed)
    started = time.monotonic()
    fitted = np.flatnonzero(space.norms[: params["fit"]])
    units = unit_vectors(space, params["fit"])[fitted]
    mean = units.mean(axis=0)
    units = _of_length_one(units - mean)
    labels, centres, cosine = _best(units, params, report)
    whole = _assign(space, params["words"], mean, centres, report)
    order = np.argsort([-size for size in _sizes(whole, len(centres))], kind="stable")
    whole = np.append(np.argsort(order), -1).astype(np.int16)[whole]
    own = np.einsum("ij,ij->i", units, centres[labels])
    names = tuple(_name(space, fitted[labels == one], own[labels == one]) for one in order)
    facts = {"seconds": round(time.monotonic() - started, 2), "cosine": round(cosine, 4)}
    return Clusters(whole, names, _sizes(whole, len(names)), "spherical k-means", params, facts, space.name)


def _best(units: np.ndarray, params: Mapping[str, Any], report: Report) -> tuple[np.ndarray, np.ndarray, float]:
    """Of several starts the clusters of the largest mean cosine: labels (N,), centres (n', D), and that mean."""
    report("finding clusters", 0.0, "")
    from sklearn.cluster import kmeans_plusplus

    found = []
    for start in range(_STARTS):
        report("finding clusters", start / _STARTS, "")
        centres, _ = kmeans_plusplus(units, params["n"], random_state=(params["seed"] + start) % 2**32)
        found.append(_settle(units, centres, partial(_tell, report, start)))
    return max(found, key=lambda one: one[2])


def _tell(report: Report, start: int, share: float) -> None:
    report("finding clusters", (start + share) / _STARTS, "")


def _settle(
    units: np.ndarray, centres: np.ndarray, at: Callable[[float], None]
) -> tuple[np.ndarray, np.ndarray, float]:
    """Words to their nearest centres, centres amid their words, until that changes little.

    A centre without words goes.
    """
    before = -np.inf
    for turn in range(_ROUNDS):
        at(turn / _ROUNDS)
        scores = units @ centres.T
        labels, cosine = scores.argmax(axis=1), float(scores.max(axis=1).mean())
        if cosine < before + _SETTLED:
            break
        before = cosine
        if turn < _ROUNDS - 1:
            centres = _amid(units, labels)
    used, labels = np.unique(labels, return_inverse=True)
    return labels, centres[used], cosine


def _amid(units: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(n', D): the directions of the sums of the words of each label that occurs."""
    order = np.argsort(labels, kind="stable")
    begins = np.flatnonzero(np.diff(labels[order], prepend=-1))
    return _of_length_one(np.add.reduceat(units[order], begins, axis=0))


def _assign(space: Space, n: int, mean: np.ndarray, centres: np.ndarray, report: Report) -> np.ndarray:
    """(n,) int16: the nearest centre of each of the first words, -1 for a vector of zeros."""
    labels = np.empty(n, np.int16)
    for start in range(0, n, _BLOCK):
        report("putting words into clusters", start / n, "")
        stop = min(start + _BLOCK, n)
        labels[start:stop] = ((unit_vectors(space, stop, start) - mean) @ centres.T).argmax(axis=1)
    labels[space.norms[:n] == 0] = -1
    return labels


def _name(space: Space, rows: np.ndarray, cosines: np.ndarray) -> tuple[str, ...]:
    """The words that say what a cluster is about: near its centre, but a known word rather than a rare one.

    Left out, unless there is nothing else: signs, and what is the same as a word before but for its ending.

    Args:
        space: for the words.
        rows: (M,) of the cluster's words.
        cosines: (M,) with its centre.
    """
    weights = np.where(cosines > 0, cosines / np.log2(rows + _KNOWN), cosines)
    best = space.words(rows[np.argsort(-weights, kind="stable")[:_CANDIDATES]])
    good: list[str] = []
    for word in best:
        if any(map(str.isalnum, word)) and not any(_alike(word, other) for other in good):
            good.append(word)
    rest = [word for word in best if word not in good]
    return tuple([*good, *rest][:NAMED_BY])


def _alike(one: str, other: str) -> bool:
    """Whether two words are spelt the same, in most of their letters from the first on: company and companies."""
    one, other = one.casefold(), other.casefold()
    apart = [a != b for a, b in zip(one, other, strict=False)]
    shared = apart.index(True) if True in apart else len(apart)
    return one == other or (shared >= 4 and shared >= 0.7 * min(len(one), len(other)))


def _of_length_one(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, lengths, out=np.zeros(vectors.shape, np.float32), where=lengths > 0)


def _sizes(labels: np.ndarray, n: int) -> tuple[int, ...]:
    return tuple(np.bincount(labels[labels >= 0], minlength=n).tolist())
