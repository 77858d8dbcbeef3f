"""Shape: the numbers that fix every tensor of an attention model. Knows nothing of torch and of training."""

from __future__ import annotations

from dataclasses import dataclass

from embviz.errors import EmbvizError

FAMILIES = ("encoder", "decoder")


@dataclass(frozen=True)
class Shape:
    """What a transformer looks like.

    Attributes:
        family: `encoder` (every token sees every other; BERT) or `decoder` (only those before it; GPT).
        layers: L, blocks of attention and MLP.
        heads: H, attention heads in each block.
        dims: D, the length of a token's vector; each head works in D / H of it.
        context: tokens that are read at once, at most.
        vocab: V, different tokens.

    Raises:
        EmbvizError: numbers that make no model.
    """

    family: str
    layers: int
    heads: int
    dims: int
    context: int
    vocab: int

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise EmbvizError(f"The family '{self.family}' is unknown: there are {' and '.join(FAMILIES)}.")
        for name, least in (("layers", 1), ("heads", 1), ("dims", 2), ("context", 8), ("vocab", 5)):
            value = getattr(self, name)
            if not isinstance(value, int) or value < least:
                raise EmbvizError(f"{name} is {value!r} and must be a whole number, {least} or more.")
        if self.dims % (2 * self.heads):
            raise EmbvizError(
                f"{self.dims} dims cannot be shared out among {self.heads} heads, each an even number: "
                f"make dims a multiple of {2 * self.heads}."
            )

    @property
    def causal(self) -> bool:
        """Whether a token sees only itself and those before it."""
        return self.family == "decoder"

    @property
    def head_dims(self) -> int:
        """The part of a token's vector that one head works in."""
        return self.dims // self.heads
