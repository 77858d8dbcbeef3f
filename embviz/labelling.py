"""What does a model that was taught to label say of a text, or of each word? Knows nothing of runs and of training.

Letters: C labels, W words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from embviz.errors import EmbvizError
from embviz.models.labelled import LabelledModel, cut_texts, first_tokens

_BATCH = 64  # texts that are read at once


@dataclass(frozen=True, eq=False)
class Classified:
    """What was said of a text.

    Attributes:
        text: as it was given.
        label: the most probable one.
        probabilities: (C,) of the model's labels, which sum to 1.
        whole: whether the model has read all of the text, and not only as much as its context holds.
    """

    text: str
    label: str
    probabilities: np.ndarray
    whole: bool


@dataclass(frozen=True, eq=False)
class TaggedWords:
    """What was said of the words of a sentence.

    Attributes:
        words: W words.
        labels: the most probable label of each; None where the model has not read so far.
        probabilities: of each of these labels; None likewise.
    """

    words: tuple[str, ...]
    labels: tuple[str | None, ...]
    probabilities: tuple[float | None, ...]


def classify(model: LabelledModel, texts: Sequence[str]) -> list[Classified]:
    """The label of each text.

    Raises:
        EmbvizError: the model labels words, or a text is empty.
    """
    import torch

    from embviz.models.transformer import padded

    _check(model, "classifier", "embviz tag")
    if not all(text.strip() for text in texts):
        raise EmbvizError("A text is empty: there is nothing to label.")
    cuts = cut_texts(model.model.tokenizer, texts, model.model.context)
    chances: list[np.ndarray] = []
    with torch.inference_mode():
        for first in range(0, len(cuts), _BATCH):
            ids = padded([each.ids for each in cuts[first : first + _BATCH]])
            chances += list(model.module(ids).softmax(-1).numpy())
    return [
        Classified(text, model.labels[int(chance.argmax())], chance, each.whole)
        for text, chance, each in zip(texts, chances, cuts, strict=True)
    ]


def tag(model: LabelledModel, sentence: str, spaced: bool = False) -> TaggedWords:
    """The label of each word of a sentence.

    Args:
        spaced: whether the words are as white space divides them; else marks stand alone, and each Chinese character.

    Raises:
        EmbvizError: the model labels whole texts, or the sentence is empty.
    """
    import torch

    _check(model, "tagger", "embviz classify")
    words = sentence.split() if spaced else _words(sentence)
    if not words:
        raise EmbvizError("The sentence is empty: type a few words.")
    (read,) = cut_texts(model.model.tokenizer, [" ".join(words)], model.model.context)
    places = first_tokens(words, read.offsets)
    with torch.inference_mode():
        seen = [place for place in places if place is not None]
        best = model.module(torch.tensor([read.ids]), torch.tensor(seen, dtype=torch.long)).softmax(-1).max(-1)
    found = iter(zip(best.indices.tolist(), best.values.tolist(), strict=True))
    said = [next(found) if place is not None else None for place in places]
    return TaggedWords(
        tuple(words),
        tuple(None if one is None else model.labels[one[0]] for one in said),
        tuple(None if one is None else one[1] for one in said),
    )


def _words(sentence: str) -> list[str]:
    """The words of a typed sentence, as data for taggers usually has them."""
    import regex

    return regex.findall(r"\p{Han}|[[\p{L}\p{M}\p{N}]--[\p{Han}]]+(?:['’\-.][[\p{L}\p{M}\p{N}]--[\p{Han}]]+)*|\S",
                         sentence, regex.V1)  # fmt: skip


def _check(model: LabelledModel, task: str, other: str) -> None:
    if model.task != task:
        raise EmbvizError(f"'{model.model.name}' is a {model.task}, and no {task}: ask it with `{other}`.")
