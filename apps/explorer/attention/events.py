"""What clicks in the attention view make of the selection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from embviz.apps.explorer.attention.looking import look
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.selection import Selection
from embviz.errors import EmbvizError
from embviz.figures.attention import overview_tile
from embviz.generation import generate

_DRAWS = 6  # texts that are tried before a decoder is taken to be at the end of its text
_WRITTEN = 20  # tokens that a decoder writes on at a time


def written_on(library: Library, selection: Selection) -> Selection:
    """The selection with what a decoder writes after the sentence.

    Raises:
        EmbvizError: there is no room for more, or the model ends the text there.
    """
    model, sentence = library.open(selection.model).model, selection.sentence or ""
    read = len(model.encode(sentence))
    room = min(_WRITTEN, model.context - read - 1)
    if room < 1:
        raise EmbvizError("The sentence has {read:,} tokens and the model reads at most {context:,}: shorten it first.",
                          read=read, context=model.context)  # fmt: skip
    drawn = ("".join(generate(model, sentence, room, temperature=0.8, seed=read + i)) for i in range(_DRAWS))
    more = next(filter(None, drawn), "")
    if not more:
        raise EmbvizError("The model writes nothing after this: it takes the text to be at its end.")
    return selection.but(sentence=sentence + more)


def clicked(library: Library, selection: Selection, click: Mapping[str, Any]) -> Selection:
    """The selection after a click on a tile of the overview."""
    height, width = overview_tile(look(library, selection))
    point = click["points"][0]
    return selection.but(layer=int(point["y"]) // height, head=int(point["x"]) // width)
