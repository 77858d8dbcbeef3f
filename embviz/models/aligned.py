"""An LSTM that reads and one that writes, with additive attention between them: the first attention there was.

Bahdanau, Cho and Bengio 2015. Knows nothing of tokenizers, files and training.

Letters: B sentences, T tokens, S tokens of the source, D dims.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from embviz.models.blocks import drawn, normed
from embviz.models.embedded import Embedded
from embviz.models.recurrent import Layers
from embviz.models.shape import Shape
from embviz.models.transformer import present


class Aligned(Embedded):
    """Before each token it writes, the writer looks for it in what the reader made of the source.

    Equations 4 to 6 and 11 to 13 of the paper (section 3.1 and appendix A.1.2), with an LSTM in place of their gated
    unit, and the first token's state from the mean of what was read in place of its last state backwards. Layers
    beyond the first lie over the one that looks, as in GNMT (Wu et al. 2016, section 3).
    """

    def __init__(self, shape: Shape, generator: torch.Generator | None = None) -> None:
        super().__init__(shape, generator)
        dims = shape.dims
        self.reader = Layers(shape.layers, dims, True, generator)
        self.norm_reader = nn.Parameter(torch.ones(dims))
        self.first = drawn((dims, dims), dims**-0.5, generator)
        self.queries = drawn((dims, dims), dims**-0.5, generator)
        self.keys = drawn((dims, dims), dims**-0.5, generator)
        self.energy = nn.Parameter(drawn((1, dims), dims**-0.5, generator)[0].detach())
        self.norm_token = nn.Parameter(torch.ones(dims))
        self.gates = drawn((4 * dims, 3 * dims), dims**-0.5, generator)
        self.gates_bias = nn.Parameter(torch.cat([torch.full((dims,), float(i == 1)) for i in range(4)]))
        self.out = nn.Parameter(torch.zeros(dims, 2 * dims))
        self.writer = Layers(shape.layers - 1, dims, False, generator)

    def forward(self, ids: Tensor, source: Tensor | None = None) -> Tensor:
        """(B, T) ids and (B, S) of the source -> (B, T, D) vectors, ready for `logits`."""
        assert source is not None
        x = self.embedded(ids)
        found, _ = self.align(x, source)
        return normed(self.writer(x + F.linear(found, self.out)), self.norm)

    def align(self, x: Tensor, source: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T, D) embeddings of what was written, and (B, S) ids of the source -> (B, T, 2 D), state and context of
        each token, and (B, T, S), the alignment: what it looked at, of which each row sums to 1.
        """
        there = present(source)
        memory = normed(self.reader(self.embedded(source), there), self.norm_reader)
        keys, hidden = F.linear(memory, self.keys), torch.tanh(F.linear(_mean(memory, there), self.first))
        of_tokens = F.linear(normed(x, self.norm_token), self.gates[:, : x.shape[-1]], self.gates_bias)
        cell, states, weights = torch.zeros_like(hidden), [], []
        for each in of_tokens.unbind(1):
            weight = self.looked_at(hidden, keys, there)
            context = (weight[:, None] @ memory)[:, 0]
            hidden, cell = self.stepped(each, context, hidden, cell)
            states.append(torch.cat((hidden, context), -1))
            weights.append(weight)
        return torch.stack(states, 1), torch.stack(weights, 1)

    def looked_at(self, hidden: Tensor, keys: Tensor, there: Tensor | None) -> Tensor:
        """(B, S): softmax over j of v^T tanh(W s_(i-1) + U h_j), for the state before a token, (B, D), and keys
        U h (B, S, D); nothing where no token is.
        """
        energies = torch.tanh(F.linear(hidden, self.queries)[:, None] + keys) @ self.energy
        return (energies if there is None else energies.masked_fill(~there, -torch.inf)).softmax(-1)

    def stepped(self, token: Tensor, context: Tensor, hidden: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
        """The state and the cell (B, D) after a token, whose part in the gates is given, (B, 4 D), and its context."""
        gates = token + F.linear(torch.cat((context, hidden), -1), self.gates[:, hidden.shape[-1] :])
        put, keep, new, show = gates.chunk(4, -1)
        cell = keep.sigmoid() * cell + put.sigmoid() * new.tanh()
        return show.sigmoid() * cell.tanh(), cell

    def attention(
        self, ids: Tensor, layers: Sequence[int], heads: Sequence[int], source: Tensor | None = None, kind: str = ""
    ) -> Tensor:
        """(T,) ids and (S,) of the source -> (layers, heads, T, S), its one alignment; row i says where the model
        looked before it wrote what comes after token i, and sums to 1.
        """
        assert source is not None and set(layers) | set(heads) == {0}
        weights = self.align(self.embedded(ids[None]), source[None])[1]
        return weights.expand(len(layers), len(heads), -1, -1)


def _mean(x: Tensor, there: Tensor | None) -> Tensor:
    """(B, S, D) -> (B, D), the mean over what is there."""
    if there is None:
        return x.mean(1)
    return (x * there[..., None]).sum(1) / there.sum(1, keepdim=True).clamp(min=1)
