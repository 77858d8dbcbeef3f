"""What clicks in the attention view make of the selection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from embviz.apps.explorer.attention.looking import chosen_of, heads_of, look
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
    return selection.but(sentence=sentence + more, tokens=None, step=None)


def clicked(library: Library, selection: Selection, click: Mapping[str, Any]) -> Selection:
    """The selection after a click on a tile of the overview: that head, and of lines it is drawn, or no longer."""
    height, width = overview_tile(look(library, selection))
    point = click["points"][0]
    layer, head = int(point["y"]) // height, int(point["x"]) // width
    if selection.show != "lines":
        return selection.but(layer=layer, head=head)
    drawn = heads_of(selection)
    left = [each for each in drawn if each != (layer, head)]
    if len(left) < len(drawn):
        return _drawing(selection, left or drawn)
    return _drawing(selection, [*drawn, (layer, head)]).but(layer=layer, head=head)


def whole_layer(library: Library, selection: Selection) -> Selection:
    """The selection with the lines of all heads of its layer."""
    heads = library.open(selection.model).model.heads
    return _drawing(selection, [(selection.layer, head) for head in range(heads)])


def chosen(selection: Selection, click: Mapping[str, Any]) -> Selection:
    """The selection with one token more that is chosen, or less."""
    now, row = chosen_of(selection), int(click["row"])
    kept = [each for each in now if each != row]
    after = kept if len(kept) < len(now) else [*now, row]
    return selection.but(tokens=",".join(map(str, after)) or None)


def stepped(library: Library, selection: Selection, rows: int) -> Selection:
    """The selection with so many of the first rows; all of them are no step."""
    there = len(look(library, selection.but(direction=None)).tokens)
    return selection.but(step=int(rows) if rows < there else None)


def _drawing(selection: Selection, heads: list[tuple[int, int]]) -> Selection:
    return selection.but(lines="\t".join(f"{layer}.{head}" for layer, head in heads))
