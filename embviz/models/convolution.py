"""A convolutional encoder: what is seen grows from layer to layer. Knows nothing of tokenizers, files and training.

Letters: B sentences, T tokens, D dims, K width of a kernel.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from embviz.models.blocks import drawn, normed
from embviz.models.embedded import Embedded
from embviz.models.shape import Shape
from embviz.models.transformer import present

_WIDTH = 5  # tokens that a kernel sees; with it a layer has about as many weights as a transformer's
_FARTHEST = 8  # tokens between two that a kernel sees, at most


class Convolutional(Embedded):
    """Gated convolutions (Dauphin et al. 2017, section 2), each adding to what it was given, with gaps that double
    from layer to layer (Kalchbrenner et al. 2016, section 3.3: ByteNet); it guesses hidden tokens.
    """

    def __init__(self, shape: Shape, generator: torch.Generator | None = None) -> None:
        super().__init__(shape, generator)
        dims, wide = shape.dims, _WIDTH * shape.dims
        each = range(shape.layers)
        self.norms = nn.ParameterList(nn.Parameter(torch.ones(dims)) for _ in each)
        self.kernels = nn.ParameterList(
            nn.Parameter(drawn((2 * dims, wide), wide**-0.5, generator).detach().unflatten(1, (dims, _WIDTH)))
            for _ in each
        )
        self.outs = nn.ParameterList(nn.Parameter(torch.zeros(dims, dims)) for _ in each)

    def forward(self, ids: Tensor, source: Tensor | None = None) -> Tensor:
        """(B, T) ids -> (B, T, D) vectors, ready for `logits`."""
        x, there = self.embedded(ids), present(ids)
        for layer, (gain, kernel, out) in enumerate(zip(self.norms, self.kernels, self.outs, strict=True)):
            y = normed(x, gain)
            y = y if there is None else y * there[..., None]  # as nothing is there beyond the ends
            gap = min(2**layer, _FARTHEST)
            y = F.conv1d(y.transpose(1, 2), kernel, padding=gap * (_WIDTH // 2), dilation=gap)
            x = x + F.linear(F.glu(y, 1).transpose(1, 2), out)
        return normed(x, self.norm)
