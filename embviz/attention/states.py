"""States: the vectors of a sentence's tokens on their way through the layers, and which of a corpus they are near to.

Letters: L layers, T tokens, D dims, N tokens of a corpus.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from embviz.attention.asking import check_watched, question
from embviz.errors import EmbvizError
from embviz.models import AttentionModel
from embviz.progress import Report, silent


@dataclass(frozen=True, eq=False)
class States:
    """A sentence's tokens, layer by layer.

    Attributes:
        sentence: as typed.
        tokens: T pieces of it; of a seq2seq model those that are written.
        vectors: (L + 1, T, D) float32, before the first layer and after each.
        model: its name.
    """

    sentence: str
    tokens: tuple[str, ...]
    vectors: np.ndarray
    model: str


@dataclass(frozen=True, eq=False)
class Contexts:
    """Tokens of a corpus where they stand, layer by layer.

    Attributes:
        sentences: what was read.
        tokens: N tokens, with the sentence and the place of each in `places`.
        places: (N, 2) int32.
        spans: (N, 2) int32, from which to before which character of its sentence each is.
        vectors: (L + 1, N, D) float32.
    """

    sentences: tuple[str, ...]
    tokens: tuple[str, ...]
    places: np.ndarray
    spans: np.ndarray
    vectors: np.ndarray

    def around(self, row: int, letters: int = 24) -> tuple[str, str, str]:
        """So many letters before a token, the token, and so many after it; … where the sentence goes on."""
        sentence, (start, end) = self.sentences[self.places[row, 0]], self.spans[row]
        before = f"…{sentence[start - letters : start]}" if start > letters else sentence[:start]
        after = f"{sentence[end : end + letters]}…" if len(sentence) > end + letters else sentence[end:]
        return before, sentence[start:end], after

    def near(self, vector: np.ndarray, layer: int, k: int = 10) -> list[tuple[int, float]]:
        """The k tokens of the corpus whose vectors after a layer have the highest cosine with one, exact, with it.

        Args:
            vector: (D,).
            layer: 0 for before the first, l for after the l-th.
        """
        there = self.vectors[layer]
        lengths = np.linalg.norm(there, axis=1) * np.linalg.norm(vector)
        cosine = there @ vector / np.maximum(lengths, 1e-12)
        best = np.argsort(-cosine, kind="stable")[:k]
        return [(int(row), float(cosine[row])) for row in best]


def states(model: AttentionModel, sentence: str, target: str | None = None) -> States:
    """The vectors of a sentence's tokens before the first layer and after each.

    Raises:
        EmbvizError: the model is no transformer, or cannot read the sentence.
    """
    check_watched(model)
    asked = question(model, sentence, target)
    return States(sentence, (asked.wrote or asked.queries).texts, _vectors(model, asked.ids, asked.source), model.name)


def contexts(model: AttentionModel, sentences: Iterable[str], most: int = 500, report: Report = silent) -> Contexts:
    """The vectors of all tokens of some sentences of a corpus; those that the model cannot read are left out.

    Args:
        most: sentences that are read.
        report: told the progress; may cancel.

    Raises:
        EmbvizError: the model is a seq2seq model or no transformer, or there is no sentence that it reads.
    """
    check_watched(model)
    if model.family == "seq2seq":
        raise EmbvizError(f"'{model.name}' reads one text and writes another: contexts are of encoders and decoders.")
    read, tokens, places, spans, vectors = list[str](), list[str](), list[tuple[int, int]](), [], []
    for done, sentence in enumerate(islice(sentences, most)):
        report("reading sentences", done / most, "")
        try:
            asked = question(model, sentence)
        except EmbvizError:
            continue
        found = _vectors(model, asked.ids, None)
        here = [i for i, (start, end) in enumerate(asked.queries.offsets) if end > start]
        tokens += [asked.queries.texts[i] for i in here]
        places += [(len(read), i) for i in here]
        spans += [asked.queries.offsets[i] for i in here]
        vectors.append(found[:, here])
        read.append(sentence)
    if not vectors:
        raise EmbvizError(f"'{model.name}' can read none of these sentences.")
    where = np.array(places, np.int32), np.array(spans, np.int32)
    return Contexts(tuple(read), tuple(tokens), *where, np.concatenate(vectors, 1))


def path(found: States) -> tuple[np.ndarray, tuple[float, float]]:
    """The tokens' way through the layers on one map, the first two principal components of all their vectors, each of
    length 1: with their lengths, which grow from layer to layer, they would lie on rays.

    Returns:
        (L + 1, T, 2) float32, the places; and which share of the vectors' variance either component keeps.
    """
    layers, count, dims = found.vectors.shape
    units = found.vectors / np.maximum(np.linalg.norm(found.vectors, axis=-1, keepdims=True), 1e-12)
    flat = units.reshape(-1, dims)
    centred = flat - flat.mean(0)
    _, lengths, axes = np.linalg.svd(centred, full_matrices=False)
    kept = np.zeros((2, dims), np.float32)
    kept[: min(2, len(axes))] = axes[:2]
    shares = [*(lengths**2 / max(float(lengths @ lengths), 1e-12)), 0.0][:2]
    return (centred @ kept.T).reshape(layers, count, 2).astype(np.float32), (float(shares[0]), float(shares[1]))


def _vectors(model: AttentionModel, ids: Any, source: Any) -> np.ndarray:
    import torch

    module: Any = model.module
    with torch.inference_mode():
        found = module.states(ids[None], None if source is None else source[None])
    return torch.stack([state[0] for state in found]).float().numpy()
