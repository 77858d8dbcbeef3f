"""Labelled data for a model: read, cut into its tokens, and shared out; and what a labeller says of it.

Letters: C labels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embviz.errors import EmbvizError
from embviz.models import AttentionModel
from embviz.models.labelled import cut_texts, first_tokens
from embviz.text.pairs import Pairs
from embviz.text.tagged import Tagged
from embviz.train.evaluation import Evaluation
from embviz.train.examples import Example, batches, covering, stratified
from embviz.train.spool import At

if TYPE_CHECKING:
    from embviz.models.head import Labeller


@dataclass(frozen=True, eq=False)
class Labelled:
    """Labelled data as a model reads it.

    Attributes:
        labels: C labels, sorted.
        examples: texts as tokens, with the numbers of their labels.
        cut: how many texts were longer than the context, and lost what is beyond.
    """

    labels: tuple[str, ...]
    examples: tuple[Example, ...]
    cut: int

    def known(self, labels: Sequence[str], name: str) -> Labelled:
        """The same with the numbers that a model's labels have.

        Raises:
            EmbvizError: a label is none of them.
        """
        for label in self.labels:
            if label not in labels:
                raise EmbvizError(
                    f"'{name}' has the label '{label}', which the model has not seen in training: it knows "
                    f"{listed(labels)}. Leave out what has it, or train on data with it."
                )
        numbers = [labels.index(label) for label in self.labels]
        examples = [Example(e.ids, tuple(numbers[i] for i in e.targets), e.places) for e in self.examples]
        return Labelled(tuple(labels), tuple(examples), self.cut)


def read_texts(data: Pairs, model: AttentionModel, at: At) -> Labelled:
    """Texts, each with one label.

    Raises:
        EmbvizError: there is none, or the table cannot be read.
    """
    texts, said = zip(*data.read(at), strict=True)
    labels = tuple(sorted(set(said)))
    number = {label: i for i, label in enumerate(labels)}
    cuts = cut_texts(model.tokenizer, texts, model.context)
    examples = tuple(Example(each.ids, (number[label],)) for each, label in zip(cuts, said, strict=True))
    return Labelled(labels, examples, sum(not each.whole for each in cuts))


def read_words(data: Tagged, model: AttentionModel, at: At) -> Labelled:
    """Sentences with a label for each word, which its first token has (Devlin et al. 2019, section 5.3).

    Raises:
        EmbvizError: there is none, or they cannot be read.
    """
    sentences = list(data.read(at))
    labels = tuple(sorted({label for _, said in sentences for label in said}))
    number = {label: i for i, label in enumerate(labels)}
    cuts = cut_texts(model.tokenizer, [" ".join(words) for words, _ in sentences], model.context)
    examples = []
    for (words, said), each in zip(sentences, cuts, strict=True):
        places = first_tokens(words, each.offsets)
        pairs = [(place, number[label]) for place, label in zip(places, said, strict=True) if place is not None]
        if pairs:
            examples.append(Example(each.ids, tuple(i for _, i in pairs), tuple(place for place, _ in pairs)))
    return Labelled(labels, tuple(examples), sum(not each.whole for each in cuts))


def share_out_texts(data: Labelled, held: float, seed: int, name: str) -> list[list[Example]]:
    """Texts to learn from, to choose the weights by, and to be evaluated on; every label is in all three.

    Raises:
        EmbvizError: there are too few labels, or too few texts with one of them.
    """
    if len(data.labels) < 2:
        raise EmbvizError(f"'{name}' has only the label '{data.labels[0]}': there must be two to tell apart.")
    counts = Counter(example.targets[0] for example in data.examples)
    rare = min(counts, key=lambda label: (counts[label], label))
    if counts[rare] < 3:
        raise EmbvizError(
            f"'{name}' has {counts[rare]} of the label '{data.labels[rare]}', and 3 are needed of each of its "
            f"{len(data.labels):,} labels: one to learn from, one to validate with, one to evaluate on. Give more."
        )
    parts = stratified([example.targets[0] for example in data.examples], held / 2, 2, seed)
    return [[data.examples[number] for number in part] for part in parts]


def share_out_words(data: Labelled, held: float, seed: int, name: str) -> list[list[Example]]:
    """Sentences likewise; every label is among those to learn from.

    Raises:
        EmbvizError: there are too few labels or sentences.
    """
    if len(data.labels) < 2:
        raise EmbvizError(f"'{name}' has only the label '{data.labels[0]}': there must be two to tell apart.")
    parts = covering([set(example.targets) for example in data.examples], held / 2, 2, seed)
    if not all(parts):
        raise EmbvizError(
            f"'{name}' has {len(data.examples):,} sentences, and once every label is learned from none is left to "
            "validate with and to evaluate on: give more."
        )
    return [[data.examples[number] for number in part] for part in parts]


def evaluated(module: Labeller, labels: Sequence[str], examples: Sequence[Example]) -> Evaluation:
    """What a labeller says of examples, against what is true."""
    import torch

    said: list[int] = []
    with torch.inference_mode():
        for batch in batches(examples):
            said += module(batch.ids, batch.places).argmax(-1).tolist()
    rest = iter(said)
    rows = [[next(rest) for _ in example.targets] for example in examples]
    return Evaluation.of(labels, [example.targets for example in examples], rows)


def commonest(labels: Sequence[str], learned: Sequence[Example], examples: Sequence[Example]) -> Evaluation:
    """The same for saying the label that is the most frequent where the model learns."""
    counts = Counter(target for example in learned for target in example.targets)
    most = min(counts, key=lambda label: (-counts[label], label))
    return Evaluation.of(labels, [e.targets for e in examples], [[most] * len(e.targets) for e in examples])


def listed(labels: Sequence[str]) -> str:
    """The first of many labels."""
    return ", ".join(labels[:12]) + (", …" if len(labels) > 12 else "")
