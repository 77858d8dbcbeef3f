"""Predictions: what a model says at each place, with heads as they are and switched off, and after each layer.

Letters: T tokens, V tokens of the vocabulary, L layers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from embviz.attention.asking import Question, check_watched, question
from embviz.errors import EmbvizError
from embviz.models import AttentionModel
from embviz.models.changes import Changes

if TYPE_CHECKING:
    from torch import Tensor

    from embviz.models.watching import Watch


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a model predicts at each token: a decoder what comes next, an encoder what stands there.

    Attributes:
        tokens: T pieces of the sentence, or of what a seq2seq model has written.
        texts: T rows of K tokens, the likeliest first.
        probabilities: (T, K) float32.
        ids: (T, K) their rows in the vocabulary.
    """

    tokens: tuple[str, ...]
    texts: tuple[tuple[str, ...], ...]
    probabilities: np.ndarray
    ids: np.ndarray


@dataclass(frozen=True, eq=False)
class Ablation:
    """What changing heads does to the predictions.

    Attributes:
        changes: which heads, and how.
        before: the predictions of the model as it is.
        after: those with the changes.
        divergence: (T,) float32, how far: KL(before || after) in nats, 0 where nothing changes.
    """

    changes: Changes
    before: Predictions
    after: Predictions
    divergence: np.ndarray


@dataclass(frozen=True, eq=False)
class Lens:
    """What a model would predict if its layers ended earlier.

    Attributes:
        layers: L + 1 predictions: before the first layer, and after each.
        divergence: (L + 1, T) float32, KL(at the end || there) in nats; 0 in the last row.
        kept: (L + 1, T) float32, the probability there of what the model predicts at the end.
    """

    layers: tuple[Predictions, ...]
    divergence: np.ndarray
    kept: np.ndarray


def predict(
    model: AttentionModel, sentence: str, target: str | None = None, k: int = 5, changes: Changes | None = None
) -> Predictions:
    """The likeliest tokens at each place.

    Raises:
        EmbvizError: a sentence that the model cannot read, heads that it lacks, or it predicts no tokens.
    """
    asked = question(model, sentence, target)
    return _best(model, asked, _logs(model, asked, changes), k)


def ablate(model: AttentionModel, sentence: str, changes: Changes, target: str | None = None, k: int = 5) -> Ablation:
    """What the predictions are with some heads switched off or sharpened, beside what they are as the model is.

    A head is switched off by a zero in place of its mixture of values (Michel et al. 2019, section 2.3).

    Raises:
        EmbvizError: as `predict`.
    """
    asked = question(model, sentence, target)
    before, after = _logs(model, asked), _logs(model, asked, changes)
    return Ablation(
        changes, _best(model, asked, before, k), _best(model, asked, after, k), _divergence(before, after).numpy()
    )


def lens(model: AttentionModel, sentence: str, target: str | None = None, k: int = 5) -> Lens:
    """What the predictions would be after each layer: the last norm and the prediction's matrix on the vectors there.

    The logit lens (nostalgebraist 2020).

    Raises:
        EmbvizError: as `predict`; or the model's layers cannot be parted.
    """
    import torch

    check_watched(model)
    asked = question(model, sentence, target)
    module: Any = model.module
    source = None if asked.source is None else asked.source[None]
    with torch.inference_mode():
        logs = [scores[0].float().log_softmax(-1) for scores in module.lens(asked.ids[None], source)]
    best = logs[-1].argmax(-1, keepdim=True)
    return Lens(
        tuple(_best(model, asked, each, k) for each in logs),
        torch.stack([_divergence(logs[-1], each) for each in logs]).numpy(),
        torch.stack([each.gather(-1, best)[:, 0].exp() for each in logs]).numpy(),
    )


def log_probabilities(model: AttentionModel, asked: Question, watch: Watch | None = None) -> Tensor:
    """(T, V) log-probabilities at each place.

    Raises:
        EmbvizError: the model predicts no tokens.
    """
    module: Any = model.module
    source = None if asked.source is None else asked.source[None]
    given = (asked.ids[None], source) if watch is None else (asked.ids[None], source, watch)
    return module.logits(module(*given))[0].float().log_softmax(-1)


def word_of(model: AttentionModel, token: int) -> str:
    """A token of the vocabulary as it reads: decoded where that gives something, else by its name."""
    text = model.tokenizer.decode([token], skip_special_tokens=False)
    return text if text.strip() and "\ufffd" not in text else str(model.tokenizer.id_to_token(token))


def _logs(model: AttentionModel, asked: Question, changes: Changes | None = None) -> Tensor:
    import torch

    watch = None
    if changes:
        from embviz.models.watching import Watch

        check_watched(model, changes)
        watch = Watch(changes=changes)
    with torch.inference_mode():
        return log_probabilities(model, asked, watch)


def _divergence(of: Tensor, other: Tensor) -> Tensor:
    """(T,): KL(p || q) = sum_v p (log p - log q) in nats, from (T, V) log-probabilities; never below 0."""
    return (of.exp() * (of - other)).sum(-1).clamp(min=0)


def _best(model: AttentionModel, asked: Question, logs: Tensor, k: int) -> Predictions:
    if k < 1:
        raise EmbvizError(f"{k} predictions were asked for: ask for 1 or more.")
    found = logs.topk(min(k, logs.shape[-1]))
    texts = tuple(tuple(word_of(model, token) for token in row) for row in found.indices.tolist())
    tokens = (asked.wrote or asked.queries).texts
    return Predictions(tokens, texts, found.values.exp().numpy(), found.indices.numpy())
