"""Shape: the numbers that fix every tensor of a model. Knows nothing of torch and of training."""

from __future__ import annotations

from dataclasses import dataclass

from embviz.errors import EmbvizError
from embviz.models.tokens import Marks, own_marks

FAMILIES = ("encoder", "decoder", "seq2seq")
KINDS = {"encoder": ("encoder",), "decoder": ("decoder",), "seq2seq": ("cross", "encoder", "decoder")}
"""The kinds of attention that each family has, the one that is shown first in front."""

ARCHITECTURES = ("transformer", "lstm", "convolution")
POSITIONS = ("rotary", "learned", "sinusoidal", "relative")
NORMS = ("pre", "post")


@dataclass(frozen=True)
class Size:
    """How large a model is, trained here or elsewhere.

    Attributes:
        family: `encoder` (every token sees every other; BERT), `decoder` (only those before it; GPT) or `seq2seq` (an
            encoder reads the source, and a decoder that sees it writes the target; T5 and BART).
        layers: L, blocks of attention and MLP.
        heads: H, attention heads in each block.
        dims: D, the length of a token's vector.
        context: tokens that are read at once, at most.
        vocab: V, different tokens.
    """

    family: str
    layers: int
    heads: int
    dims: int
    context: int
    vocab: int

    @property
    def marks(self) -> Marks:
        """Which tokens start and end what is written, and which is a gap: those of models that are trained here."""
        return own_marks(self.family)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of attention that there are to see, the one that is shown first in front; none in some."""
        return KINDS[self.family]

    def depth(self, kind: str) -> int:
        """How many layers have a kind of attention: "encoder", "decoder" or "cross"."""
        return self.layers


@dataclass(frozen=True)
class Shape(Size):
    """What a transformer that is trained here looks like, or what was there before it: each head works in D / H of a
    vector, and a seq2seq model has as many layers in its encoder as in its decoder.

    Attributes:
        family, layers, heads, dims, context, vocab: as of any model.
        positions: how the model knows the order of the tokens: `rotary`, `learned`, `sinusoidal` or `relative`.
        norm: layer norm `pre` (before attention and MLP) or `post` (after what they add, as in 2017).
        tied: whether the matrix that predicts tokens is the one that embeds them.
        architecture: `transformer`; `lstm`, of any family; or `convolution`, an encoder. The last two have one head.

    Raises:
        EmbvizError: numbers that make no model.
    """

    positions: str = "rotary"
    norm: str = "pre"
    tied: bool = True
    architecture: str = "transformer"

    def __post_init__(self) -> None:
        for name, there in (("family", FAMILIES), ("positions", POSITIONS), ("norm", NORMS),
                            ("architecture", ARCHITECTURES)):  # fmt: skip
            if getattr(self, name) not in there:
                asked = getattr(self, name)
                raise EmbvizError(f"{name} is '{asked}', and there are {', '.join(there[:-1])} and {there[-1]}.")
        for name, least in (("layers", 1), ("heads", 1), ("dims", 2), ("context", 8), ("vocab", 5)):
            value = getattr(self, name)
            if not isinstance(value, int) or value < least:
                raise EmbvizError(f"{name} is {value!r} and must be a whole number, {least} or more.")
        if not isinstance(self.tied, bool):
            raise EmbvizError(f"tied is {self.tied!r} and must be true or false.")
        if self.architecture != "transformer":
            self._check_no_transformer()
        if self.dims % (2 * self.heads):
            raise EmbvizError(
                f"{self.dims} dims cannot be shared out among {self.heads} heads, each an even number: "
                f"make dims a multiple of {2 * self.heads}."
            )

    def _check_no_transformer(self) -> None:
        if self.architecture == "convolution" and self.family != "encoder":
            raise EmbvizError(f"A convolution is an encoder, and no {self.family}: choose an lstm or a transformer.")
        for name, only in (("heads", 1), ("positions", "rotary"), ("norm", "pre")):
            if getattr(self, name) != only:
                raise EmbvizError(
                    f"{name} is {getattr(self, name)}, and only a transformer has a choice there: leave it out, or "
                    f"choose the architecture transformer in place of {self.architecture}."
                )

    @property
    def kinds(self) -> tuple[str, ...]:
        if self.architecture == "transformer":
            return super().kinds
        return ("cross",) if (self.architecture, self.family) == ("lstm", "seq2seq") else ()

    def depth(self, kind: str) -> int:
        return self.layers if self.architecture == "transformer" else 1

    @property
    def causal(self) -> bool:
        """Whether a token that is predicted from sees only itself and those before it."""
        return self.family != "encoder"

    @property
    def head_dims(self) -> int:
        """The part of a token's vector that one head works in."""
        return self.dims // self.heads
