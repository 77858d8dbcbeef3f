"""Flow: how much can come from each input token through all the paths that the layers leave open.

Abnar and Zuidema 2020, section 3: tokens of each layer are nodes, the weights (heads averaged, the residual connection
half of what passes) are capacities of the edges between them, and the answer is a maximum flow.

Letters: L layers, H heads, T tokens, S tokens of the source.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from embviz.attention.asking import attend, question
from embviz.attention.record import Attention
from embviz.attention.rollout import halved, kinds_for
from embviz.errors import EmbvizError
from embviz.models import AttentionModel
from embviz.models.changes import Changes
from embviz.progress import Report, silent

_UNIT = 1_000_000  # capacities are whole numbers of millionths


def flow(
    model: AttentionModel,
    sentence: str,
    tokens: Sequence[int] | None = None,
    layer: int | None = None,
    target: str | None = None,
    kind: str | None = None,
    changes: Changes | None = None,
    report: Report = silent,
) -> Attention:
    """How much can flow to tokens after a layer from each input token.

    The arguments are those of `attend`, but for these. A flow is computed for each pair of tokens, so for a long
    sentence name the tokens that are wanted. Of a seq2seq model's cross attention: from the source's tokens, through
    its encoder and its decoder.

    Args:
        tokens: places of the tokens whose rows are wanted, from 0; the rest of the rows are 0. All by default.
        layer: after which; the last by default.
        report: told the progress; may cancel.

    Raises:
        EmbvizError: as `attend`; or there is no such token.
    """
    asked = question(model, sentence, target, kind)
    (layer,), _ = asked.chosen(model, [model.shape.depth(asked.kind) - 1 if layer is None else layer], None)
    weights = [attend(model, sentence, target=target, kind=each, changes=changes).weights
               for each in kinds_for(model, asked.kind)]  # fmt: skip
    depth = layer + 1
    if len(weights) == 3:
        network = Network.crossed(weights[0], weights[1][:depth], weights[2][:depth])
    else:
        network = Network.stacked(weights[0][:depth])
    found = np.zeros((1, 1, len(asked.queries), len(asked.keys)), np.float32)
    wanted = range(len(asked.queries)) if tokens is None else list(tokens)
    for done, token in enumerate(wanted):
        if not 0 <= token < len(asked.queries):
            raise EmbvizError(f"Token {token} was asked for, and there are tokens 0 to {len(asked.queries) - 1}.")
        report("attention flow", done / len(wanted), "")
        found[0, 0, token] = network.flows(token, len(asked.keys))
    return asked.record(model, found, (layer,), (0,), measure="flow")


class Network:
    """Capacities between the nodes of a model; the first nodes are its input, the last its output."""

    def __init__(self, edges: list[tuple[int, int, np.ndarray]], nodes: int, output: int) -> None:
        """Args:
        edges: for each of several blocks: the first node that is looked from, the first that is looked at, and
            (T, K) capacities.
        nodes: how many there are.
        output: the first of the nodes whose flow is asked for.
        """
        from scipy.sparse import coo_matrix

        rows, columns, values = [], [], []
        for start, end, capacity in edges:
            query, key = np.nonzero(capacity > 0)
            rows.append(start + query)
            columns.append(end + key)
            values.append(np.rint(capacity[query, key] * _UNIT))
        shape = (nodes, nodes)
        data = np.concatenate(values).astype(np.int32), (np.concatenate(rows), np.concatenate(columns))
        self.capacity: Any = coo_matrix(data, shape).tocsr()
        self.output = output

    @classmethod
    def stacked(cls, weights: np.ndarray) -> Network:
        """Of (L, H, T, T) weights of one stack."""
        layers, _, count, _ = weights.shape
        edges = [((i + 1) * count, i * count, halved(weights[i].mean(0))) for i in range(layers)]
        return cls(edges, (layers + 1) * count, layers * count)

    @classmethod
    def crossed(cls, encoder: np.ndarray, decoder: np.ndarray, cross: np.ndarray) -> Network:
        """Of a seq2seq model, see `rollout.crossed`; the first nodes are the source's tokens."""
        size, count = encoder.shape[-1], decoder.shape[-1]
        edges = [((i + 1) * size, i * size, halved(each.mean(0))) for i, each in enumerate(encoder)]
        memory = len(encoder) * size
        now = memory + size
        for own, over in zip(decoder, cross, strict=True):
            edges.append((now + count, now, halved(own.mean(0))))
            edges.append((now + 2 * count, now + count, np.eye(count) / 2))
            edges.append((now + 2 * count, memory, over.mean(0) / 2))
            now += 2 * count
        return cls(edges, now + count, now)

    def flows(self, token: int, inputs: int) -> np.ndarray:
        """(inputs,): the most that can flow to a token of the output from each of the first nodes."""
        from scipy.sparse.csgraph import maximum_flow

        start = self.output + token
        return np.array([maximum_flow(self.capacity, start, end).flow_value for end in range(inputs)]) / _UNIT
