"""What kind each head of a model is: its scores over a corpus beside those of chance, and the label they earn it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from embviz import arrays
from embviz.errors import EmbvizError
from embviz.models import AttentionModel

LABELS = ("previous", "next", "same", "first", "separator", "punctuation", "duplicate", "induction",
          "copied", "diagonal", "antidiagonal")  # fmt: skip
"""The scores that a head can be called by, all of them shares of its weight."""

LEAST = {**dict.fromkeys(LABELS, 0.3), "position": 0.8, "entropy_share": 0.9}
"""What a score must be at least for a label, whatever models have that learned nothing: a choice of ours."""

DEVIATIONS = 3.0
"""How many standard deviations of the random heads' scores a label is above their mean."""


@dataclass(frozen=True, eq=False)
class HeadScores:
    """What kind each head of a model is.

    Attributes:
        model: its name.
        family: `encoder`, `decoder` or `seq2seq`.
        kind: of the attention: `encoder`, `decoder` or `cross`.
        corpus: the name of the corpus.
        sha256: of the corpus.
        sentences: how many were looked at.
        scores: name -> (L, H) float32, see `embviz.attention.kinds.names`; without those that no token had a say in.
        chance: name -> (R, L, H) float32, the same of R models of the same shape with random weights.
        texts: the sentences that are examples, each with what a seq2seq model has written.
        examples: name -> (L, H, E) int64, the numbers of the texts with the largest score of each head; -1 for none.
        example_scores: name -> (L, H, E) float32, those scores.
    """

    model: str
    family: str
    kind: str
    corpus: str
    sha256: str
    sentences: int
    scores: Mapping[str, np.ndarray]
    chance: Mapping[str, np.ndarray]
    texts: tuple[tuple[str, str | None], ...]
    examples: Mapping[str, np.ndarray]
    example_scores: Mapping[str, np.ndarray]

    @property
    def shape(self) -> tuple[int, int]:
        """Layers and heads."""
        layers, heads = next(iter(self.scores.values())).shape
        return layers, heads

    def score(self, name: str) -> np.ndarray:
        """(L, H): one of the scores.

        Raises:
            EmbvizError: there is none of that name.
        """
        if name not in self.scores:
            raise EmbvizError(f"There is no score '{name}': there are {', '.join(self.scores)}.")
        return self.scores[name]

    def beats(self, name: str) -> np.ndarray:
        """(L, H) bool: whether a score is above that of every random head, above their mean by three of their standard
        deviations, and not small (`LEAST`).
        """
        score, chance = self.scores[name], self.chance[name]
        above = max(float(chance.max()), float(chance.mean() + DEVIATIONS * chance.std()), LEAST.get(name, 0.0))
        return score > above

    def label(self, layer: int, head: int) -> str | None:
        """What kind a head is: of the scores that earn a label the one that is farthest above the mean of random heads;
        else "even" for a head that spreads its weight, "position" for one that position alone explains.

        Raises:
            EmbvizError: there is no such head.
        """
        self.check(layer, head)
        if earned := self.earned(layer, head):
            return earned[0]
        others = {"even": "entropy_share", "position": "position"}
        return next((label for label, name in others.items() if self.beats(name)[layer, head]), None)

    def earned(self, layer: int, head: int) -> list[str]:
        """The scores that each alone would earn the head a label, the strongest in front."""
        return [name for name, *_ in self.strongest(layer, head) if self.beats(name)[layer, head]]

    @property
    def labels(self) -> list[list[str | None]]:
        """The label of each head of each layer; None where it has none."""
        layers, heads = self.shape
        return [[self.label(layer, head) for head in range(heads)] for layer in range(layers)]

    def strongest(self, layer: int, head: int) -> list[tuple[str, float, float]]:
        """The scores that a head could be called by, with the mean of random heads; farthest above that in front."""
        found = [(name, float(self.scores[name][layer, head]), float(self.chance[name].mean()))
                 for name in LABELS if name in self.scores]  # fmt: skip
        return sorted(found, key=lambda one: one[2] - one[1])

    def most(self, layer: int, head: int, name: str = "active") -> list[tuple[str, str | None, float]]:
        """The sentences on which a score of a head is largest, with what a seq2seq model has written, and the score.

        Raises:
            EmbvizError: there is no such head or score.
        """
        self.check(layer, head)
        self.score(name)
        pairs = zip(self.examples[name][layer, head], self.example_scores[name][layer, head], strict=True)
        return [(*self.texts[place], float(score)) for place, score in pairs if place >= 0]

    def check(self, layer: int, head: int) -> None:
        """Whether there is such a head.

        Raises:
            EmbvizError: there is not.
        """
        layers, heads = self.shape
        if not (0 <= layer < layers and 0 <= head < heads):
            raise EmbvizError(f"Layer {layer}, head {head} was asked for, and '{self.model}' has layers 0 to "
                              f"{layers - 1} and heads 0 to {heads - 1} of this attention.")  # fmt: skip

    def save(self, path: Path) -> None:
        """Keep it in a file."""
        parts = {"scores": self.scores, "chance": self.chance, "examples": self.examples,
                 "example_scores": self.example_scores}  # fmt: skip
        held = {f"{part}/{name}": np.ascontiguousarray(values) for part, of in parts.items()
                for name, values in of.items()}  # fmt: skip
        about = {name: getattr(self, name) for name in ("model", "family", "kind", "corpus", "sha256", "sentences")}
        arrays.write(path, held, {**about, "names": list(self.scores), "texts": self.texts})

    @classmethod
    def load(cls, path: Path, model: AttentionModel) -> HeadScores:
        """Read what was kept.

        Raises:
            EmbvizError: the file is damaged, or of a model of another shape.
        """
        try:
            held, about = arrays.read(path)
            said, kept = about.pop("names"), tuple((str(read), wrote) for read, wrote in about.pop("texts"))
            parts: dict[str, Any] = {part: {name: held[f"{part}/{name}"] for name in said}
                     for part in ("scores", "chance", "examples", "example_scores")}  # fmt: skip
            found = cls(**about, texts=kept, **parts)
            if found.shape != (model.shape.depth(found.kind), model.heads) or not found._whole():
                raise ValueError("it is of another shape")
        except (ValueError, KeyError, TypeError, StopIteration) as error:
            raise EmbvizError(f"The scores '{path.name}' are damaged: asked for, they are made again.") from error
        return found

    def _whole(self) -> bool:
        """Whether the arrays fit each other and the texts."""
        for name, score in self.scores.items():
            chance, examples, of_examples = self.chance[name], self.examples[name], self.example_scores[name]
            fits = score.shape == self.shape == chance.shape[1:] == examples.shape[:2]
            if not fits or examples.shape != of_examples.shape or examples.max(initial=-1) >= len(self.texts):
                return False
            if not (np.isfinite(score).all() and np.isfinite(chance).all()):
                return False
        return True
