"""Which words are near? Exact search by cosine over a whole space, expressions of words, close spellings.

Vectors in, records out; knows nothing of pages or plots.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from embviz.errors import EmbvizError
from embviz.search import cosines, top
from embviz.space import Space

_OPERATORS = r"+＋\-−－–"
_SPACED = re.compile(rf"(?:(?<=\s)|^)([{_OPERATORS}])(?=\s|$)")  # so that well-known and C++ stay words
_TIGHT = re.compile(rf"([{_OPERATORS}])")
_POLES = re.compile("<->|↔")
_LEAST = 1e-6  # a shorter sum has no direction: its words cancel out
_MOST_TIGHT = 50  # so many operators without spaces are an expression; more are a text that was pasted


@dataclass(frozen=True)
class Term:
    """One word of an expression: added (sign 1) or subtracted (sign -1)."""

    sign: int
    word: str


@dataclass(frozen=True, eq=False)
class Neighbors:
    """The k words nearest to an expression.

    Attributes:
        query: the expression as typed.
        terms: its words as they stand in the space.
        words: k words, nearest first, none of them in the expression.
        scores: (k,) float32, the cosine of each with the expression's vector.
        rows: (k,) their rows in the space.
        over: how many words were searched: all of the space.
        metric: "cosine".
        exact: True: every word was compared.
    """

    query: str
    terms: tuple[Term, ...]
    words: tuple[str, ...]
    scores: np.ndarray
    rows: np.ndarray
    over: int
    metric: str = "cosine"
    exact: bool = True


def near(space: Space, expression: str, k: int = 10) -> Neighbors:
    """The k words whose vectors have the largest cosine with an expression such as `king - man + woman`.

    The expression's vector is the sum of the signed unit vectors of its words: 3CosAdd, equation 3 of Levy and
    Goldberg, "Linguistic Regularities in Sparse and Explicit Word Representations" (CoNLL 2014), as gensim's
    `most_similar`. Its own words are left out of the answer; words whose vector is zero have no direction and
    are left out too.

    Raises:
        EmbvizError: k is below 1, a word is not in the space, or the expression's words cancel out.
    """
    if k < 1:
        raise EmbvizError(f"{k} neighbours were asked for; ask for at least 1.")
    terms = parse(space, expression)
    return _nearest(space, expression, terms, _sum(space, expression, terms), k)


def steps(space: Space, expression: str, k: int = 10, among: int | None = None) -> list[Neighbors]:
    """The sums that an expression passes through as its words come one by one, and what is near to each: for
    `king - man + woman` of `king`, `king - man` and the whole. A sum in which words cancel out is passed over.

    Args:
        space: where the words are.
        expression: as `near` takes it.
        k: how many words are near.
        among: they are found among so many words, the most frequent; by default all.

    Raises:
        EmbvizError: a word is not in the space.
    """
    terms = parse(space, expression)
    parts = [terms[: n + 1] for n in range(len(terms))]
    sums = [(part, _total(space, part)) for part in parts]
    return [
        _nearest(space, written(part), part, total, k, among) for part, total in sums if np.linalg.norm(total) >= _LEAST
    ]


def written(terms: Sequence[Term]) -> str:
    """Signed words as an expression."""
    first, *others = terms
    rest = [f" {'+' if term.sign > 0 else '-'} {term.word}" for term in others]
    return "".join([first.word if first.sign > 0 else f"- {first.word}", *rest])


def cosine(space: Space, one: str, other: str) -> float:
    """The cosine of two words, or of two expressions: from -1 (opposite) over 0 (unrelated) to 1 (the same direction).

    Raises:
        EmbvizError: a word is not in the space, or the words of an expression cancel out.
    """
    a, b = vector(space, one), vector(space, other)
    return float(np.clip(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)), -1, 1))


def vector(space: Space, expression: str) -> np.ndarray:
    """(D,) float64: the sum of the signed unit vectors of an expression's words, as `near` takes it.

    Raises:
        EmbvizError: a word is not in the space, or the expression's words cancel out.
    """
    return _sum(space, expression, parse(space, expression))


def direction(space: Space, axis: str) -> np.ndarray:
    """(D,) float64: where an axis such as `man <-> woman` points: from its left pole to its right.

    A pole is an expression. Both are taken at length 1, so that one of two words weighs as much as one of one.

    Raises:
        EmbvizError: there is not one `<->`, a pole is empty or no expression, or both point the same way.
    """
    poles = [pole.strip() for pole in _POLES.split(axis)]
    if len(poles) < 2:
        raise EmbvizError("'{text}' has no <->. Write an axis like man <-> woman.", text=_cut(axis))
    if len(poles) > 2:
        raise EmbvizError("'{text}' has more than one <->. Write an axis like man <-> woman.", text=_cut(axis))
    if not all(poles):
        raise EmbvizError("'{text}' has a pole without a word. Write an axis like man <-> woman.", text=_cut(axis))
    left, right = (total / np.linalg.norm(total) for total in (vector(space, pole) for pole in poles))
    if np.linalg.norm(right - left) < 1e-6:
        raise EmbvizError("The poles of '{text}' point the same way. Choose two that differ.", text=_cut(axis))
    return right - left


def parse(space: Space, expression: str) -> tuple[Term, ...]:
    """The signed words of an expression.

    Operators stand between spaces, since words hold hyphens; where a piece is no word of the space, operators
    without spaces (`巴黎-法国+日本`) are tried too, the longest words first (`king-well-known` has two). A text that
    is itself a word of the space is that word.

    Raises:
        EmbvizError: nothing was typed, an operator has no word after it, or a word is not in the space.
    """
    text = expression.strip()
    if not text:
        raise EmbvizError("Nothing was typed. Type a word, or an expression such as king - man + woman.")
    if space.row(text) is not None:
        return (Term(1, space.word(locate(space, text))),)
    spaced = _signed(_SPACED.split(text))
    terms = [term for piece in spaced[not spaced[0].word :] for term in _tight(space, piece)]
    if not all(term.word for term in terms):
        raise EmbvizError(
            "'{text}' has an operator without a word after it. Write it like king - man + woman.", text=_cut(text)
        )
    return tuple(Term(term.sign, space.word(locate(space, term.word))) for term in terms)


def locate(space: Space, word: str) -> int:
    """The row of a word.

    Raises:
        EmbvizError: it is not there; the sentence names close spellings.
    """
    row = space.row(word)
    if row is not None:
        return row
    close = spellings(space, word)
    if close:
        raise EmbvizError(
            "'{word}' is not in '{space}' ({count:,} words). Did you mean: {close}?",
            word=_cut(word),
            space=space.name,
            count=len(space),
            close=", ".join(close),
        )
    raise EmbvizError(
        "'{word}' is not in '{space}' ({count:,} words). Try another spelling or another word.",
        word=_cut(word),
        space=space.name,
        count=len(space),
    )


def spellings(space: Space, word: str, k: int = 3) -> list[str]:
    """Up to k words of the space that are spelt most like a word, the most like first, by edit distance (OSA)."""
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    if not 0 < len(word) <= 50:
        return []
    found = process.extract(word.lower(), list(space.rows), scorer=OSA.normalized_similarity, score_cutoff=0.5, limit=k)
    return [match for match, _, _ in found]


def complete(space: Space, text: str, k: int = 12) -> list[str]:
    """Up to k words that begin with a text, the most frequent first; then words that hold it elsewhere."""
    text = text.strip()
    if not text:
        return space.words(slice(0, k))
    begins = _matching(space, pc.starts_with, text)[:k]
    holds = _matching(space, pc.match_substring, text)[: 2 * k] if len(begins) < k else np.empty(0, np.int64)
    rows = list(dict.fromkeys([*begins, *holds]))[:k]
    exact = space.row(text)
    if exact is not None:
        rows = [exact, *[row for row in rows if row != exact]][:k]
    return space.words(np.asarray(rows, np.int64))


def matches(space: Space, pattern: str) -> np.ndarray:
    """(V,): which words a regular expression finds something in (RE2's, which takes no longer for an evil one).

    Raises:
        EmbvizError: it is no regular expression.
    """
    try:
        found = pc.match_substring_regex(space.table["word"], pattern)
    except pa.ArrowInvalid:
        raise EmbvizError("'{text}' is no regular expression. Write one like ^un or ing$ or [0-9].",
                          text=_cut(pattern)) from None  # fmt: skip
    return found.combine_chunks().to_numpy(zero_copy_only=False)


def _signed(parts: Sequence[str], first: int = 1) -> list[Term]:
    """The terms of word, operator, word, operator, word."""
    signs = [first, *(1 if operator in "+＋" else -1 for operator in parts[1::2])]
    return [Term(sign, word.strip()) for sign, word in zip(signs, parts[::2], strict=True)]


def _tight(space: Space, piece: Term) -> list[Term]:
    """The words of a piece that holds operators without spaces; the piece itself if it is a word, or none that way."""
    rest = _TIGHT.split(piece.word)
    if space.row(piece.word) is not None or len(rest) > 2 * _MOST_TIGHT:
        return [piece]
    sign, parts = piece.sign, []
    if len(rest) > 1 and not rest[0]:  # -king
        sign, rest = sign * _signed(rest)[1].sign, rest[2:]
    while rest:
        ends = range(len(rest), 0, -2)
        end = next((end for end in ends if space.row("".join(rest[:end]).strip()) is not None), None)
        if end is None:
            return [piece]
        parts += ["".join(rest[:end]), *rest[end : end + 1]]
        rest = rest[end + 1 :]
    return _signed(parts, sign)


def _nearest(
    space: Space, query: str, terms: tuple[Term, ...], total: np.ndarray, k: int, among: int | None = None
) -> Neighbors:
    scores = cosines(space, total)[:among]
    own = [locate(space, term.word) for term in terms]
    scores[[row for row in own if row < len(scores)]] = -np.inf
    rows = top(scores, k)
    return Neighbors(query, terms, tuple(space.words(rows)), scores[rows], rows, len(scores))


def _total(space: Space, terms: tuple[Term, ...]) -> np.ndarray:
    total = np.zeros(space.dims, np.float64)
    for term in terms:
        row = locate(space, term.word)
        if space.norms[row]:
            total += term.sign * space.vectors[row].astype(np.float64) / space.norms[row]
    return total


def _sum(space: Space, expression: str, terms: tuple[Term, ...]) -> np.ndarray:
    total = _total(space, terms)
    if np.linalg.norm(total) < _LEAST:
        raise EmbvizError(
            "The words of '{text}' cancel out: nothing is left to be near to. Change the expression.",
            text=_cut(expression),
        )
    return total


def _matching(space: Space, match: Callable[..., object], text: str) -> np.ndarray:
    found = match(space.table["word"], pattern=text, ignore_case=True)
    return np.flatnonzero(found.combine_chunks().to_numpy(zero_copy_only=False))  # type: ignore[attr-defined]


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:60] + "…"
