"""Products: the queries and keys of one head, down to the dimensions whose products make a score.

Letters: T queries, K keys, E dims of a head.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embviz.attention.asking import question
from embviz.attention.record import Attention
from embviz.models import AttentionModel
from embviz.models.changes import Changes


@dataclass(frozen=True, eq=False)
class Products:
    """What the weights of one head are made of.

    Attributes:
        attention: the record of the head, with its weights.
        queries: (T, E) float32, turned by their positions where the model turns them.
        keys: (K, E) float32, likewise.
    """

    attention: Attention
    queries: np.ndarray
    keys: np.ndarray

    def of(self, token: int) -> np.ndarray:
        """(K, E): q_d k_d of a query and each key; summed over d, divided by sqrt(E) and with what the model adds for
        positions, these are the scores whose softmax are the weights (Vaswani et al. 2017, equation 1).
        """
        return self.queries[token] * self.keys


def products(
    model: AttentionModel,
    sentence: str,
    layer: int,
    head: int,
    target: str | None = None,
    kind: str | None = None,
    changes: Changes | None = None,
) -> Products:
    """The queries and keys of a head; the arguments are those of `attend`.

    Raises:
        EmbvizError: as `attend`; or the model is no transformer.
    """
    import torch

    asked = question(model, sentence, target, kind)
    chosen = asked.chosen(model, [layer], [head])
    with torch.inference_mode():
        passed = asked.watched(model, *chosen, changes).passed[asked.kind, layer]
    record = asked.record(model, passed.weights[0][None].float().numpy(), *chosen)
    return Products(record, *(each[0, head].float().numpy() for each in (passed.queries, passed.keys)))
