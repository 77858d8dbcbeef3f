"""What is looked at: the model, the kind of attention and the weights that a selection asks for; kept for a while."""

from __future__ import annotations

from typing import Any

from embviz.apps.explorer.attention.asked import kind_of
from embviz.apps.explorer.attention.measured import measured, measured_and
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.selection import Selection, many
from embviz.attention import Attention, read
from embviz.attention.reading import second
from embviz.errors import EmbvizError


def look(library: Library, selection: Selection, changed: bool = False) -> Attention:
    """All heads on the sentence, by the selection's measure, read as it says; kept for the heads that come next.

    Args:
        changed: with the heads that the selection changes.
    """
    asked = reading(library, selection)
    direction = asked.pop("direction", "from")
    if not asked:
        return read(measured(library, selection, changed), direction=direction)
    return read(measured_and(library, selection, asked, lambda seen: read(seen, **asked), changed), direction=direction)


def look_step(library: Library, selection: Selection, changed: bool = False) -> Attention:
    """The same, with only those rows that the selection's step has reached."""
    base = look(library, selection.but(direction=None), changed)
    return read(base, rows=rows_of(base, selection), direction=selection.direction or "from")


def rows_of(seen: Attention, selection: Selection) -> int | None:
    """How many rows the selection's step has reached; None for all."""
    return None if selection.step is None or selection.step >= len(seen.tokens) else max(1, selection.step)


def reading(library: Library, selection: Selection) -> dict[str, Any]:
    """What `embviz.attention.read` is asked to do, but for the step. Of one sentence there is no pair, though one may
    have been asked for while there were two.

    Raises:
        EmbvizError: the share is no number.
    """
    done = many(selection.reading)
    asked = {
        "words": "words" in done,
        "pair": selection.pair if selection.pair and of_two(measured(library, selection)) else None,
        "marks": selection.marks,
        "sink": selection.sink,
        "top_share": _share(selection.top),
        "renormalise": "renormalise" in done,
        "direction": selection.direction,
    }
    return {name: value for name, value in asked.items() if value}


def of_two(seen: Attention) -> bool:
    """Whether what looks and what is looked at are two sentences in one."""
    return None not in (second(seen.tokens, seen.token_spans), second(seen.keys, seen.key_spans))


def _share(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        raise EmbvizError(
            "A share of {share} was asked for: it must lie above 0 and below 1, such as 0.9.", share=text
        ) from None


def heads_of(selection: Selection) -> list[tuple[int, int]]:
    """The heads that are drawn: of lines those that are named, else the one."""
    named = [name.partition(".") for name in many(selection.lines) if selection.show == "lines"]
    found = [(int(layer), int(head)) for layer, _, head in named if layer.isdecimal() and head.isdecimal()]
    return found or [(selection.layer, selection.head)]


def chosen_of(selection: Selection) -> list[int]:
    """The numbers of the chosen tokens."""
    return [int(number) for number in (selection.tokens or "").split(",") if number.isdecimal()]


def options(selection: Selection) -> dict[str, Any]:
    """What all pictures are told."""
    told = {"scale": selection.scale, "chosen": chosen_of(selection)}
    return {name: value for name, value in told.items() if value}


def with_kind(library: Library, selection: Selection) -> Selection:
    """The selection with the kind of attention that is shown, where the model has several."""
    if selection.view != "attention":
        return selection
    try:
        model = library.open(selection.model).model
    except EmbvizError:
        return selection  # said in the picture
    return selection.but(kind=kind_of(model, selection)) if len(model.shape.kinds) > 1 else selection
