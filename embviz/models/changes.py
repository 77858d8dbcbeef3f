"""Changes: heads of a model that are switched off, or whose scores are divided. Knows nothing of torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from embviz.errors import EmbvizError
from embviz.models.shape import Size

Head = tuple[str, int, int]
"""A kind of attention (encoder, decoder or cross), a layer and a head, both counted from 0."""


@dataclass(frozen=True)
class Changes:
    """What is done to heads while a model runs.

    Attributes:
        off: heads whose mixture of values is zero.
        temperature: of some heads, what their scores are divided by before the softmax: below 1 sharper, above flatter.
    """

    off: frozenset[Head] = frozenset()
    temperature: tuple[tuple[Head, float], ...] = field(default=())

    def __bool__(self) -> bool:
        return bool(self.off or self.temperature)

    def check(self, size: Size, name: str) -> None:
        """Whether a model has these heads.

        Raises:
            EmbvizError: it has not, or a temperature is not above 0.
        """
        for kind, layer, head in (*self.off, *dict(self.temperature)):
            if kind not in size.kinds or layer >= size.depth(kind) or head >= size.heads:
                raise EmbvizError(
                    f"Head {head} of layer {layer} ({kind}) was to be changed, and '{name}' does not have it."
                )
        for (_, layer, head), temperature in self.temperature:
            if not 0 < temperature < float("inf"):
                raise EmbvizError(
                    f"The temperature of head {head} of layer {layer} is {temperature} and must be above 0."
                )


def heads_of(said: Iterable[str], kind: str) -> frozenset[Head]:
    """Heads as they are typed: `2.5` is head 5 of layer 2, `cross.0.1` names the kind of attention too.

    Raises:
        EmbvizError: one is typed in another way.
    """
    return frozenset(_head(each, kind) for each in said)


def temperatures_of(said: Mapping[str, float], kind: str) -> tuple[tuple[Head, float], ...]:
    """The temperatures of heads, which are typed as for `heads_of`."""
    return tuple((_head(each, kind), value) for each, value in said.items())


def typed(head: Head, kind: str) -> str:
    """A head as it is typed, where a kind goes without saying."""
    return f"{head[1]}.{head[2]}" if head[0] == kind else f"{head[0]}.{head[1]}.{head[2]}"


def _head(said: str, kind: str) -> Head:
    *named, layer, head = ["", *said.strip().split(".")] if said.count(".") else ["", "", ""]
    kinds = [each for each in named if each] or [kind]
    if len(kinds) > 1 or not (layer.isdecimal() and head.isdecimal()):
        raise EmbvizError(f"'{said}' names no head: say layer.head, such as 2.5, or cross.2.5.")
    return kinds[0], int(layer), int(head)
