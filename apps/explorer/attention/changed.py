"""What is changed to see what follows: heads that are switched off or sharpened, and a token of the sentence."""

from __future__ import annotations

from embviz.apps.explorer.selection import Selection, many
from embviz.errors import EmbvizError
from embviz.models import AttentionModel, Tokens
from embviz.models.changes import Changes, Head, heads_of, temperatures_of, typed


def off_heads(selection: Selection, kind: str) -> list[Head]:
    """The heads that are switched off, in the order of the layers."""
    return sorted(heads_of(many(selection.off), kind))


def changes_of(selection: Selection, kind: str) -> Changes:
    """What a selection says of the heads.

    Raises:
        EmbvizError: it names heads or temperatures in a way that is none.
    """
    values: dict[str, float] = {}
    try:
        for each in many(selection.temperature):
            head, value = each.rsplit("=", 1)
            values[head] = float(value)
    except ValueError:
        raise EmbvizError(f"'{selection.temperature}' is no temperature of a head: say layer.head=0.5.") from None
    return Changes(frozenset(off_heads(selection, kind)), temperatures_of(values, kind))


def with_off(selection: Selection, head: Head, kind: str) -> Selection:
    """The selection with a head switched off; on again where it was off."""
    off = set(off_heads(selection, kind)) ^ {head}
    return selection.but(off="\t".join(typed(each, kind) for each in sorted(off)) or None)


def with_temperature(selection: Selection, head: Head, kind: str, temperature: float) -> Selection:
    """The selection with the temperature of a head; 1 is as the model has it."""
    there = dict(changes_of(selection, kind).temperature) | {head: temperature}
    said = [f"{typed(each, kind)}={value:g}" for each, value in sorted(there.items()) if value != 1]
    return selection.but(temperature="\t".join(said) or None)


def edits(model: AttentionModel, sentence: str, read: Tokens, token: int) -> list[tuple[str, str]]:
    """What can be made of a sentence at one of its tokens, by name: masked, without it, or to be typed over."""
    start, end = read.offsets[token]
    if start == end:
        return []  # a mark that the model puts around the text
    without = sentence[:start].rstrip() + sentence[end:] if start else sentence[end:].lstrip()
    made = [("delete", without), ("replace", sentence)]
    if model.mask:
        made.insert(0, ("mask", f"{sentence[:start]}{model.mask}{sentence[end:]}"))
    return [(name, changed) for name, changed in made if changed.strip()]
