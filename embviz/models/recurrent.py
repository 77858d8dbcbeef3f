"""LSTMs (Hochreiter and Schmidhuber 1997): token after token, in one direction or in both.

Knows nothing of tokenizers, files and training.

Letters: B sentences, T tokens, D dims.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from embviz.models.blocks import drawn, normed
from embviz.models.embedded import Embedded
from embviz.models.shape import Shape
from embviz.models.transformer import present


class Recurrent(Embedded):
    """An LSTM language model (Mikolov et al. 2010; Sundermeyer et al. 2012), or, as an encoder, an LSTM in both
    directions (Graves and Schmidhuber 2005) that guesses hidden tokens, layer over layer as in ELMo (Peters et al.
    2018, section 3.1).
    """

    def __init__(self, shape: Shape, generator: torch.Generator | None = None) -> None:
        super().__init__(shape, generator)
        self.layers = Layers(shape.layers, shape.dims, not shape.causal, generator)

    def forward(self, ids: Tensor, source: Tensor | None = None) -> Tensor:
        """(B, T) ids -> (B, T, D) vectors, ready for `logits`."""
        return normed(self.layers(self.embedded(ids), present(ids)), self.norm)


class Layers(nn.Module):
    """LSTMs one over another; each adds to what it was given, at first nothing, as a transformer's blocks do."""

    def __init__(self, count: int, dims: int, both: bool, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.both = both
        self.norms = nn.ParameterList(nn.Parameter(torch.ones(dims)) for _ in range(count))
        self.lstms = nn.ModuleList(_lstm(dims, both, generator) for _ in range(count))
        wide = 2 * dims if both else dims
        self.outs = nn.ParameterList(nn.Parameter(torch.zeros(dims, wide)) for _ in range(count))

    def forward(self, x: Tensor, there: Tensor | None = None) -> Tensor:
        """(B, T, D) -> (B, T, D); `there` (B, T) bool says which are tokens and not the padding behind them.

        Padding is of no account where what comes later is not seen.
        """
        lengths = None if there is None or not self.both else there.sum(1).clamp(min=1).cpu()
        for gain, lstm, out in zip(self.norms, self.lstms, self.outs, strict=True):
            x = x + F.linear(_run(lstm, normed(x, gain), lengths), out)
        return x


def _run(lstm: nn.Module, x: Tensor, lengths: Tensor | None) -> Tensor:
    """(B, T, D) -> (B, T, D or 2 D); with lengths, the way back begins at each sentence's own end."""
    if lengths is None:
        return lstm(x)[0]
    packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    return pad_packed_sequence(lstm(packed)[0], batch_first=True, total_length=x.shape[1])[0]


def _lstm(dims: int, both: bool, generator: torch.Generator | None) -> nn.LSTM:
    """Its matrices drawn by the generator; it forgets little at first (Jozefowicz et al. 2015, section 2.3)."""
    lstm = nn.LSTM(dims, dims, batch_first=True, bidirectional=both)
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if name.startswith("weight"):
                parameter.copy_(drawn((4 * dims, dims), dims**-0.5, generator))
            else:
                parameter.zero_()
                if name.startswith("bias_ih"):
                    parameter[dims : 2 * dims] = 1.0
    return lstm
