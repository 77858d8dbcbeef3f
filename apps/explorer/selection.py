"""Selection: what the reader looks at, and the URL that says so: the explorer's one state, kept by the browser."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

SOLID = 10_000  # words of a map in 3 dimensions, unless more are asked for
VIEWS = ("map", "words", "attention", "training")
DEFAULTS = {
    "show": "heatmap", "pair": "all", "marks": "shown", "sink": "shown", "top": "all", "scale": "head",
    "direction": "from",
}  # fmt: skip
"""What a control shows where the URL names nothing: these make no URL longer."""


@dataclass(frozen=True)
class Selection:
    """One state of the page.

    Attributes:
        view: map, words, attention or training.
        run: the run whose words are shown; beside attention, those that are near to a token.
        model: the run whose attention is shown.
        word: the selected word or expression.
        pins: words that stay marked whatever is selected, parted by tabs.
        other: a second word, to be compared with.
        method: pca, tsne, umap or axes; or the name of a map that was given, such as file:places.csv.
        across, up, through: the axes of a map by axes, such as man <-> woman; the last in 3 dimensions.
        dims: of the map, 2 or 3.
        words: how many are on the map; None for all of a flat one, for 10,000 in space.
        pattern: only words that this regular expression finds something in are shown.
        column: only words of which this column says something are shown; * for every word.
        among: of a column of categories, which; several are parted by tabs. Of a list, yes or no.
        least, most: of a column of numbers, from where and to where.
        color: what the colour of a word on the map says: one, cluster, kept, rank, similarity, or column:NAME.
        sentence: what the model reads.
        target: what a seq2seq model is to have written; None for what it writes.
        kind: of a seq2seq model's attention: cross, encoder or decoder.
        layer: counted from 0.
        head: counted from 0.
        show: how attention is shown: heatmap, lines, text, products, predictions or paths; or heads, the kinds of all.
        lines: of lines, the heads that are drawn, such as 0.1 for layer 0, head 1, parted by tabs; None for the one.
        tokens: the numbers of the chosen tokens, parted by commas.
        step: only so many of the first rows of attention; None for all.
        reading: what is done to attention: words, renormalise; parted by tabs.
        pair: of two sentences, which looks at which: a-a, a-b, b-a or b-b; or all.
        marks, sink: of special tokens and of the token that is looked at most: shown, hide or zero.
        top: only the largest weights that make up this share of a row, such as 0.9; or all.
        scale: what is darkest: one, row or head.
        direction: from, what a row's token looks at, or to, by whom it is looked at.
        measure: what the numbers are: weights, norms, gradient, rollout or flow.
        off: heads that are switched off, as layer.head or kind.layer.head, parted by tabs.
        temperature: of heads, as layer.head=temperature, parted by tabs.
        token: of the sentence, counted from 0; the one that is changed or asked about.
        contexts: yes where the token is compared with tokens of the corpus too.
        place: of what a seq2seq model writes, the token that is asked about.
        other_model, other_sentence, other_layer, other_head: what the picture is compared with, where it is another.
        score_x, score_y: the scores by which heads are points.
        training: the training that is watched.
    """

    view: str = "map"
    run: str | None = None
    model: str | None = None
    word: str | None = None
    pins: str | None = None
    other: str | None = None
    method: str = "pca"
    across: str | None = None
    up: str | None = None
    through: str | None = None
    dims: int = 2
    words: int | None = None
    color: str = "one"
    pattern: str | None = None
    column: str | None = None
    among: str | None = None
    least: str | None = None
    most: str | None = None
    sentence: str | None = None
    target: str | None = None
    kind: str | None = None
    layer: int = 0
    head: int = 0
    show: str | None = None
    lines: str | None = None
    tokens: str | None = None
    step: int | None = None
    reading: str | None = None
    pair: str | None = None
    marks: str | None = None
    sink: str | None = None
    top: str | None = None
    scale: str | None = None
    direction: str | None = None
    measure: str | None = None
    off: str | None = None
    temperature: str | None = None
    token: int | None = None
    contexts: str | None = None
    place: int | None = None
    other_model: str | None = None
    other_sentence: str | None = None
    other_layer: int | None = None
    other_head: int | None = None
    score_x: str | None = None
    score_y: str | None = None
    training: str | None = None

    @classmethod
    def of(cls, pathname: str | None, search: str | None) -> Selection:
        """Read a URL; what is missing or makes no sense is at its default."""
        view = (pathname or "").strip("/").partition("/")[0]
        given = dict(parse_qsl((search or "").removeprefix("?")))
        values: dict[str, Any] = {name: given[name] for name in _TEXTS if given.get(name)}
        values |= {name: int(given[name]) for name in _NUMBERS if given.get(name, "").isdecimal()}
        return cls(view=view if view in VIEWS else "map", **values)

    @property
    def search(self) -> str:
        """The part of the URL after the path."""
        given = {name: getattr(self, name) for name in _TEXTS + _NUMBERS}
        return "?" + urlencode(
            {name: value for name, value in given.items() if value not in (None, "")}, errors="replace"
        )  # fmt: skip  half an emoji is no text

    @property
    def url(self) -> str:
        """Path and search."""
        return f"/{self.view}{self.search}"

    def way_to(self, there: Selection) -> str:
        """What changes on the way to another selection, written as a URL writes it; what is to go has no value."""
        now = vars(self)
        changed = {name: "" if value is None else value for name, value in vars(there).items() if value != now[name]}
        return urlencode(changed, errors="replace")

    def but(self, **changes: Any) -> Selection:
        """The same selection with some values changed."""
        return replace(self, **changes)

    def turned(self, dims: int) -> Selection:
        """The same map in so many dimensions, with as many words as such a map has, unless few were chosen."""
        return self.but(dims=dims, words=self.words if self.words and self.words < SOLID else None)


def many(text: str | None) -> list[str]:
    """The values of a field that holds several."""
    return text.split("\t") if text else []


_NUMBERS = ("dims", "words", "layer", "head", "step", "token", "place", "other_layer", "other_head")
_TEXTS = tuple(field.name for field in fields(Selection) if field.name not in (*_NUMBERS, "view"))
