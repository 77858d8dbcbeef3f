"""What kind of head is it? Masks: of each score, on which keys the weights of a query are added up.

A score of a head is the mean, over the queries for which it is defined, of the weight that they put on the keys of its
mask; a query for which there is no such key has no say in it. Knows nothing of models and of corpora.

Letters: L layers, H heads, T queries, K keys.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np

SELF = ("previous", "next", "same", "first", "separator", "punctuation", "duplicate", "induction_text")
CROSS = ("diagonal", "antidiagonal", "copied", "first", "separator", "punctuation")
OF_ALL = ("position", "active", "distance", "entropy", "entropy_share")


def names(kind: str) -> tuple[str, ...]:
    """The scores that heads of a kind of attention ("encoder", "decoder" or "cross") have.

    Shares of weight, from 0 to 1, the mean of all queries that can look there:

    - previous, next, same: on the token before, after, or itself; a decoder has no next (Clark et al. 2019, section
      3.1; Voita et al. 2019, section 5).
    - first: on the first key, the mark of a start where there is one ("attention sinks": Xiao et al. 2024).
    - separator: on other marks, such as [SEP] (Clark et al. 2019, section 3.2).
    - punctuation: on tokens all of whose characters are punctuation, Unicode's categories P.
    - duplicate: on other tokens that are the same as the query ("duplicate token heads": Wang et al. 2023).
    - induction: on what followed the query's token before, on random tokens that come twice (Olsson et al. 2022,
      "prefix matching"); induction_text: the same on the sentences of the corpus.
    - diagonal, antidiagonal: of cross-attention; on the source's tokens less than one place from where the token
      that is written next would be if both sides were spread evenly, forwards or backwards.
    - copied: of cross-attention; on tokens of the source that are the same as the one that is written next.
    - active: on anything but marks, the first key and the query itself.
    - position: what positions alone explain, see `embviz.attention.positional`.

    And: distance, the mean of |i - j| in tokens by weight; entropy of a row in nats, and as a share of the most that
    there can be, the logarithm of how many keys are seen.
    """
    if kind == "cross":
        return (*CROSS, *OF_ALL)
    own = tuple(name for name in SELF if name != "next" or kind != "decoder")
    return (*own, "induction", *OF_ALL)


@dataclass(frozen=True, eq=False)
class Side:
    """T tokens, as the scores know them.

    Attributes:
        ids: (T,) int64.
        text: (T,) bool, whether a token is of the text, and no mark around it.
        punctuation: (T,) bool, whether it is punctuation.
    """

    ids: np.ndarray
    text: np.ndarray
    punctuation: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)


def is_punctuation(text: str) -> bool:
    """Whether there is something, and all of it is of Unicode's categories P, white space aside."""
    letters = text.strip()
    return bool(letters) and all(unicodedata.category(letter).startswith("P") for letter in letters)


def asked(queries: Side, kind: str) -> np.ndarray:
    """(T,) bool: the queries that are asked: tokens of the text; of cross-attention those after which a token of the
    text is written, as that is what a model looks at its source for.
    """
    return np.append(queries.text[1:], False) if kind == "cross" else queries.text


def seen(queries: Side, keys: Side, kind: str) -> np.ndarray:
    """(T, K) bool: which keys a query can look at at all."""
    there = np.ones((len(queries), len(keys)), bool)
    return np.tril(there) if kind == "decoder" else there


def masks(queries: Side, keys: Side, kind: str) -> dict[str, np.ndarray]:
    """(T, K) float32 for each score that is a sum of weights; rows of queries that are not asked are 0."""
    found = _across(queries, keys) if kind == "cross" else _among(queries, kind)
    i, j = np.arange(len(queries))[:, None], np.arange(len(keys))[None]
    found["separator"] = ~keys.text & (j > 0) & (i >= 0)
    found["punctuation"] = keys.punctuation & (i >= 0)
    found["active"] = keys.text & (i >= 0) if kind == "cross" else keys.text & (j > 0) & (i != j)
    found["distance"] = np.abs(i - j)
    can = seen(queries, keys, kind) & asked(queries, kind)[:, None]
    return {name: (mask * can).astype(np.float32) for name, mask in found.items()}


def repeated(half: int, before: int, length: int) -> np.ndarray:
    """(T, T) float32: the mask of induction for `half` random tokens that come twice after `before` marks: from each of
    the second time on the one that followed it the first time. The last is not asked.
    """
    mask = np.zeros((length, length), np.float32)
    rows = np.arange(before + half, before + 2 * half - 1)
    mask[rows, rows - half + 1] = 1
    return mask


def _among(side: Side, kind: str) -> dict[str, np.ndarray]:
    """What the tokens of one text look at among themselves; a decoder's first token can look at nothing but itself."""
    i, j = np.arange(len(side))[:, None], np.arange(len(side))[None]
    alike = (side.ids[:, None] == side.ids) & side.text
    followed = np.pad((alike & (j < i))[:, :-1], ((0, 0), (1, 0)))
    found = {
        "previous": j == i - 1,
        "next": j == i + 1,
        "same": (j == i) & ((i > 0) | (kind != "decoder")),
        "first": (j == 0) & (i > 0),
        "duplicate": alike & (i != j),
        "induction_text": followed & (i != j),
    }
    return {name: mask for name, mask in found.items() if name in names(kind)}


def _across(queries: Side, keys: Side) -> dict[str, np.ndarray]:
    """What is looked at in the source before each token of the target is written."""
    following = np.append(queries.ids[1:], -1)
    forwards, backwards = _aligned(queries, keys)
    return {
        "diagonal": forwards,
        "antidiagonal": backwards,
        "copied": (following[:, None] == keys.ids) & keys.text,
        "first": (np.arange(len(keys)) == 0) & np.ones((len(queries), 1), bool),
    }


def _aligned(queries: Side, keys: Side) -> tuple[np.ndarray, np.ndarray]:
    """(T, K) bool each: where the source would be if its text and that of the target were spread evenly."""
    found = np.zeros((2, len(queries), len(keys)), bool)
    rows, places = np.flatnonzero(asked(queries, "cross")), np.flatnonzero(keys.text)
    if len(rows) > 1 and len(places) > 1:
        at = np.arange(len(rows))[:, None] * (len(places) - 1) / (len(rows) - 1)
        rank = np.arange(len(places))
        for which, wanted in enumerate((at, len(places) - 1 - at)):
            found[which][np.ix_(rows, places)] = np.abs(rank - wanted) < 1 - 1e-9
    return found[0], found[1]
