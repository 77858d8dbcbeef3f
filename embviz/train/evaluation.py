"""Evaluation: what a model says of texts that it has not seen, against what is true. Knows nothing of models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Evaluation:
    """How often which label was said where which is true.

    Attributes:
        labels: C labels.
        confusion: (C, C) int64; [i, j] is how often label j was said where i is true.
        entities: of BIO labels, how many entities there are, were said, and were said rightly; None for others.
    """

    labels: tuple[str, ...]
    confusion: np.ndarray
    entities: tuple[int, int, int] | None = None

    @classmethod
    def of(cls, labels: Sequence[str], true: Sequence[Sequence[int]], said: Sequence[Sequence[int]]) -> Evaluation:
        """Count; a row each of what was said together: a text, or the words of a sentence."""
        confusion = np.zeros((len(labels), len(labels)), np.int64)
        for one, other in zip(true, said, strict=True):
            np.add.at(confusion, (list(one), list(other)), 1)
        counted = None
        if is_bio(labels):
            spans = [[set(entities([labels[i] for i in row])) for row in rows] for rows in (true, said)]
            right = sum(len(one & other) for one, other in zip(*spans, strict=True))
            counted = (sum(map(len, spans[0])), sum(map(len, spans[1])), right)
        return cls(tuple(labels), confusion, counted)

    @property
    def size(self) -> int:
        """How many labels were said."""
        return int(self.confusion.sum())

    @property
    def accuracy(self) -> float:
        """Share of what was said that is true."""
        return float(np.trace(self.confusion) / max(1, self.size))

    @cached_property
    def f1(self) -> np.ndarray:
        """(C,) float64: the harmonic mean of precision and recall of each label, 2 TP / (2 TP + FP + FN); 0 where
        neither is defined.
        """
        both = self.confusion.sum(0) + self.confusion.sum(1)
        return 2 * np.diag(self.confusion) / np.maximum(both, 1)

    @property
    def macro_f1(self) -> float:
        """The mean F1 of the labels that are true or were said anywhere."""
        seen = (self.confusion.sum(0) + self.confusion.sum(1)) > 0
        return float(self.f1[seen].mean()) if seen.any() else 0.0

    @property
    def entity_f1(self) -> float | None:
        """F1 of whole entities, as CoNLL's scorer counts them: kind, start and end must all be right."""
        if self.entities is None:
            return None
        true, said, right = self.entities
        return 2 * right / (true + said) if true + said else 0.0

    def facts(self) -> dict[str, Any]:
        """All of it for JSON."""
        whole = {"accuracy": self.accuracy, "macro_f1": self.macro_f1}
        if self.entity_f1 is not None:
            whole["entity_f1"] = self.entity_f1
        return {name: round(value, 6) for name, value in whole.items()} | {
            "f1": [round(float(value), 6) for value in self.f1],
            "confusion": self.confusion.tolist(),
        }


def is_bio(labels: Sequence[str]) -> bool:
    """Whether labels say where entities begin (B-KIND), go on (I-KIND) and are not (O)."""
    return any(label.startswith("B-") for label in labels) and all(
        label == "O" or label.startswith(("B-", "I-")) for label in labels
    )


def entities(labels: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """The entities of a sentence by its BIO labels: kind, first word, and the one after the last.

    As in conlleval (Tjong Kim Sang and Buchholz 2000), an I- that follows nothing of its kind begins one too.
    """
    start, kind = 0, ""
    for place, label in enumerate([*labels, "O"]):
        mark, _, of = label.partition("-")
        if kind and (mark != "I" or of != kind):
            yield kind, start, place
            kind = ""
        if mark in ("B", "I") and not kind:
            start, kind = place, of
