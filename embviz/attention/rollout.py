"""Rollout: of which words of the input a vector is mixed, after several layers of attention.

Abnar and Zuidema 2020, "Quantifying attention flow in transformers", section 3. Heads are averaged, and the residual
connection is half of what passes: A = W/2 + I/2.

Letters: L layers, H heads, T tokens, S tokens of the source.
"""

from __future__ import annotations

import numpy as np

from embviz.attention.asking import attend, question
from embviz.attention.record import Attention
from embviz.errors import EmbvizError
from embviz.models import AttentionModel
from embviz.models.changes import Changes


def rollout(
    model: AttentionModel,
    sentence: str,
    target: str | None = None,
    kind: str | None = None,
    changes: Changes | None = None,
) -> Attention:
    """How much of each input token is in each token after each layer, by the product of the layers' weights.

    The arguments are those of `attend`. The record has one head, which stands for all. Of a seq2seq model's cross
    attention: how much of the source's tokens, through its encoder and the layers of its decoder; what is lacking to
    1 is the target's own.

    Raises:
        EmbvizError: as `attend`.
    """
    asked = question(model, sentence, target, kind)
    of_kind = {each: attend(model, sentence, target=target, kind=each, changes=changes).weights
               for each in kinds_for(model, asked.kind)}  # fmt: skip
    found = crossed(**of_kind)[..., -len(asked.keys) :] if len(of_kind) > 1 else rolled(of_kind[asked.kind])
    layers = tuple(range(len(found)))
    return asked.record(model, found[:, None].astype(np.float32), layers, (0,), measure="rollout")


def kinds_for(model: AttentionModel, kind: str) -> tuple[str, ...]:
    """The kinds of attention through which a kind of token is reached: for a source's, all of a seq2seq model.

    Raises:
        EmbvizError: the model has no layers of attention over one another.
    """
    if kind == "cross" and "encoder" not in model.shape.kinds:
        raise EmbvizError(f"'{model.name}' has one alignment, and no layers of attention over one another.")
    return ("encoder", "decoder", "cross") if kind == "cross" else (kind,)


def rolled(weights: np.ndarray) -> np.ndarray:
    """(L, H, T, T) weights of attention -> (L, T, T): after layer l, A_l ... A_1 (their equation 1)."""
    found = [halved(weights[0].mean(0))]
    for layer in weights[1:]:
        found.append(halved(layer.mean(0)) @ found[-1])
    return np.stack(found)


def crossed(encoder: np.ndarray, decoder: np.ndarray, cross: np.ndarray) -> np.ndarray:
    """The same through a seq2seq model: each of a decoder's two attentions adds to what is there, half and half.

    Args:
        encoder: (L', H, S, S) weights.
        decoder: (L, H, T, T).
        cross: (L, H, T, S).

    Returns:
        (L, T, T + S): how much of each token of the target, and of the source, is in each token of the target.
    """
    source, count = rolled(encoder)[-1], decoder.shape[-1]
    now = np.concatenate([np.eye(count), np.zeros((count, len(source)))], 1)
    from_source = np.concatenate([np.zeros((len(source), count)), source], 1)
    found = []
    for own, over in zip(decoder, cross, strict=True):
        now = halved(own.mean(0)) @ now
        now = now / 2 + over.mean(0) @ from_source / 2
        found.append(now)
    return np.stack(found)


def halved(weights: np.ndarray) -> np.ndarray:
    """(T, T) weights and the residual connection, half and half."""
    return weights / 2 + np.eye(len(weights)) / 2
