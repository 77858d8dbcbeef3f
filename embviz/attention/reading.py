"""Reading attention: words in place of their pieces, marks and sinks left out, the largest weights, from or to.

Each function takes a record and gives another. What was done stands in its `changes`, which the titles of figures
name, so that a picture of it is not misread. Letters: L layers, H heads, T tokens that look, K keys.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from embviz.attention.record import Attention
from embviz.errors import EmbvizError
from embviz.text.tokenizer import word_spans

HOW = ("hide", "zero")
"""What can be done with marks and with the sink."""

PAIRS = ("a-a", "a-b", "b-a", "b-b")
"""Of two texts, which can look at which."""

_MARKS = {
    "[CLS]", "[SEP]", "[PAD]", "<s>", "</s>", "<pad>", "<bos>", "<eos>", "<cls>", "<sep>", "<|endoftext|>",
    "<|begin_of_text|>", "<|end_of_text|>",
}  # fmt: skip
_BEGINS = ("Ġ", "▁")  # a token that begins a word, where tokens have such signs

Spans = tuple[tuple[int, int], ...] | None


def read(
    attention: Attention,
    words: bool = False,
    marks: str | None = None,
    sink: str | None = None,
    top_share: float | None = None,
    renormalise: bool = False,
    rows: int | None = None,
    direction: str = "from",
    pair: str | None = None,
) -> Attention:
    """All of this module's readings that are asked for, in the one order in which each finds what it needs.

    Args:
        words: pieces of words merged, see `merge_words`.
        marks: "hide" or "zero", see `without_marks`.
        sink: "hide" or "zero", see `without_sink`.
        top_share: above 0 and below 1, see `keep_top`.
        renormalise: rows sum to 1 again, see `renormalised`.
        rows: only so many of the first rows, see `first_rows`.
        direction: "from", what each token looks at, or "to", by whom it is looked at; see `turn`.
        pair: of two texts in one, which looks at which, such as "a-b"; see `between`.

    Raises:
        EmbvizError: a value that is none of these, or nothing is left.
    """
    if direction not in ("from", "to"):
        raise EmbvizError("The direction '{direction}' was asked for: there are from and to.", direction=direction)
    read = merge_words(attention) if words else attention
    read = between(read, pair) if pair else read
    read = without_marks(read, marks) if marks else read
    read = without_sink(read, sink) if sink else read
    read = read if top_share is None else keep_top(read, top_share)
    read = renormalised(read) if renormalise else read
    read = read if rows is None else first_rows(read, rows)
    return turn(read) if direction == "to" else read


def merge_words(attention: Attention) -> Attention:
    """Words in place of their pieces: what their tokens look at is averaged, how much each is looked at is summed, so
    that rows that summed to 1 still do (Clark et al., "What Does BERT Look At?", 2019, section 4.1).

    Words are those of `embviz.text`, found in the text; Chinese is cut by its dictionary. Where it is not known where
    tokens stand in a text, `##`, `Ġ` and `▁` say which tokens are pieces.

    Raises:
        EmbvizError: neither is there.
    """
    texts = attention.texts
    rows = _starts(attention.tokens, attention.token_spans, texts[0])
    columns = _starts(attention.keys, attention.key_spans, texts[1])
    weights = np.add.reduceat(np.add.reduceat(attention.weights, columns, axis=3), rows, axis=2)
    weights /= np.diff([*rows, len(attention.tokens)])[:, None]
    seen = np.maximum.reduceat(np.maximum.reduceat(attention.seen, columns, axis=1), rows, axis=0)
    tokens, token_spans = _merged(attention.tokens, attention.token_spans, texts[0], rows)
    keys, key_spans = _merged(attention.keys, attention.key_spans, texts[1], columns)
    return _changed(
        attention, "words", tokens=tokens, keys=keys, weights=weights, mask=seen, token_spans=token_spans,
        key_spans=key_spans,
    )  # fmt: skip


def between(attention: Attention, pair: str) -> Attention:
    """Of two texts in one, only what the tokens of one look at in one. The second begins after the first mark, such as
    [SEP], that has text before and behind it.

    Args:
        pair: "a-a", "a-b" (what the first's tokens look at in the second), "b-a" or "b-b".

    Raises:
        EmbvizError: another pair, or there are no two texts.
    """
    if pair not in PAIRS:
        raise EmbvizError("The pair '{pair}' was asked for: there are {pairs}.", pair=pair, pairs=", ".join(PAIRS))
    rows, columns = second(attention.tokens, attention.token_spans), second(attention.keys, attention.key_spans)
    if rows is None or columns is None:
        raise EmbvizError("There is one sentence only, and a pair was asked for: write [SEP] or </s>, as the model has "
                          "it, between two.")  # fmt: skip
    left_out = (np.arange(len(attention.tokens)) < rows) == (pair[0] == "b")
    not_seen = (np.arange(len(attention.keys)) < columns) == (pair[2] == "b")
    return _without(attention, left_out, not_seen, "hide", f"pair {pair}")


def second(tokens: Sequence[str], spans: Spans) -> int | None:
    """Which token the second of two texts begins with; None where there is one text."""
    marks = _are_marks(tokens, spans)
    texts = np.flatnonzero(~marks)
    parting = np.flatnonzero(marks)
    parting = parting[(parting > texts.min(initial=len(tokens))) & (parting < texts.max(initial=-1))]
    return int(parting[0]) + 1 if len(parting) else None


def without_marks(attention: Attention, how: str = "hide") -> Attention:
    """Without what is no text, such as [CLS] and [SEP].

    Args:
        how: "hide" takes them away from both sides; "zero" only makes nothing of how much they are looked at.

    Raises:
        EmbvizError: there is nothing else.
    """
    sides = _are_marks(attention.tokens, attention.token_spans), _are_marks(attention.keys, attention.key_spans)
    return _without(attention, *sides, how, f"marks {how}")


def without_sink(attention: Attention, how: str = "hide") -> Attention:
    """Without the key that most of the weight goes to, all layers and heads of the record together: often one that
    has little to say, such as the first token (Xiao et al., "Efficient Streaming Language Models with Attention
    Sinks", 2024, section 3.1).

    Args:
        how: "hide" takes it away, and where a text looks at itself its row too; "zero" makes nothing of its weights.
    """
    place = sink(attention)
    columns = np.arange(len(attention.keys)) == place
    rows = np.zeros(len(attention.tokens), bool) if attention.crosses else columns
    return _without(attention, rows, columns, how, f"sink {how} {attention.keys[place]}")


def sink(attention: Attention) -> int:
    """The key that is looked at most, the weights of all layers, heads and queries summed."""
    return int(attention.weights.sum(axis=(0, 1, 2)).argmax())


def keep_top(attention: Attention, share: float) -> Attention:
    """Of each row only its largest weights, as few as together have this share of the row; the others become 0. Of
    equal ones the first is kept.

    Raises:
        EmbvizError: a share that is not above 0 and below 1.
    """
    if not 0 < share < 1:
        raise EmbvizError(
            "A share of {share} was asked for: it must lie above 0 and below 1, such as 0.9.", share=f"{share:g}"
        )
    size = np.abs(attention.weights)
    order = np.argsort(-size, axis=-1, kind="stable")
    ranked = np.take_along_axis(size, order, -1).astype(np.float64)
    before = np.cumsum(ranked, axis=-1) - ranked
    kept = np.empty(size.shape, bool)
    np.put_along_axis(kept, order, before < share * ranked.sum(-1, keepdims=True) - 1e-9, -1)
    return _changed(attention, f"top {share:g}", weights=np.where(kept, attention.weights, np.float32(0)))


def renormalised(attention: Attention) -> Attention:
    """Each row divided by its sum, so that it sums to 1; a row of nothing stays so."""
    sums = attention.weights.sum(-1, keepdims=True)
    weights = np.divide(attention.weights, sums, out=np.zeros_like(attention.weights), where=sums > 0)
    return _changed(attention, "renormalise", weights=weights)


def first_rows(attention: Attention, n: int) -> Attention:
    """As it was when the first n tokens were there: later rows are absent. The weights stay, so that scales do too.

    Raises:
        EmbvizError: n is none of the rows.
    """
    there = len(attention.tokens)
    if not 1 <= n <= there:
        raise EmbvizError(f"The first {n:,} rows were asked for, and there are {there:,}.")
    seen = attention.seen & (np.arange(there) < n)[:, None]
    return _changed(attention, f"rows {n}/{there}", mask=seen)


def turn(attention: Attention) -> Attention:
    """By whom each token is looked at: rows are what was looked at, and columns what looks. Rows need not sum to 1."""
    return _changed(
        attention, "direction to", tokens=attention.keys, keys=attention.tokens, mask=attention.seen.T,
        weights=attention.weights.transpose(0, 1, 3, 2), token_spans=attention.key_spans,
        key_spans=attention.token_spans,
    )  # fmt: skip


def _changed(attention: Attention, change: str, **fields: Any) -> Attention:
    return replace(attention, changes=(*attention.changes, change), **fields)


def _without(attention: Attention, rows: np.ndarray, columns: np.ndarray, how: str, change: str) -> Attention:
    """(T,) and (K,) bool: which tokens and keys are left out, and how."""
    if how not in HOW:
        raise EmbvizError("'{how}' was asked for: there are hide and zero.", how=how)
    if rows.all() or columns.all():
        raise EmbvizError("Nothing would be left to look at: keep the special tokens, or type more words.")
    if how == "zero":
        return _changed(attention, change, weights=np.where(columns, np.float32(0), attention.weights))
    return _changed(
        attention, change,
        tokens=_kept(attention.tokens, rows), keys=_kept(attention.keys, columns),
        token_spans=attention.token_spans and _kept(attention.token_spans, rows),
        key_spans=attention.key_spans and _kept(attention.key_spans, columns),
        weights=attention.weights[:, :, ~rows][..., ~columns], mask=attention.seen[~rows][:, ~columns],
    )  # fmt: skip


def _kept(values: Sequence[Any], left_out: np.ndarray) -> tuple[Any, ...]:
    return tuple(value for value, out in zip(values, left_out, strict=True) if not out)


def _are_marks(tokens: Sequence[str], spans: Spans) -> np.ndarray:
    named = np.array([token in _MARKS for token in tokens], bool)  # a typed one too
    return named if spans is None else named | [start == end for start, end in spans]


def _starts(tokens: Sequence[str], spans: Spans, text: str) -> np.ndarray:
    """Where each word begins among the tokens; what is no part of a word is one of its own."""
    goes_on = _by_text(spans, text) if spans is not None else _by_signs(tokens)
    return np.flatnonzero(~np.array([False, *goes_on[1:]]))


def _by_text(spans: Sequence[tuple[int, int]], text: str) -> list[bool]:
    """Whether each token is of the same word as the one before it, or of the same character."""
    words = word_spans(text)
    begins = [start for start, _ in words]
    goes_on, last, reached = [], -1, 0
    for start, end in spans:
        first = start + len(text[start:end]) - len(text[start:end].lstrip())
        word = bisect_right(begins, first) - 1
        inside = word >= 0 and first < end and first < words[word][1]
        goes_on.append((inside and word == last) or (first < end and first < reached))
        last, reached = (word if inside else -1), max(reached, end)
    return goes_on


def _by_signs(tokens: Sequence[str]) -> list[bool]:
    """The same, by the signs that tokenizers put before pieces that end or begin a word."""
    if any(token.startswith("##") for token in tokens):
        return [token.startswith("##") for token in tokens]
    if any(token.startswith(_BEGINS) for token in tokens):
        return [
            token[:1].isalnum() and before[-1:].isalnum() and not token.startswith(_BEGINS)
            for before, token in zip(("", *tokens[:-1]), tokens, strict=True)
        ]
    raise EmbvizError(
        "Where these tokens stand in their text is not known, so which are pieces of one word is not either: look at "
        "the tokens."
    )


def _merged(tokens: Sequence[str], spans: Spans, text: str, starts: np.ndarray) -> tuple[tuple[str, ...], Spans]:
    groups = [range(start, end) for start, end in zip(starts, [*starts[1:], len(tokens)], strict=True)]
    if spans is None:
        joined = ["".join(tokens[i].removeprefix("##") if i > group[0] else tokens[i] for i in group)
                  for group in groups]  # fmt: skip
        return tuple(word.lstrip("".join(_BEGINS)) or word for word in joined), None
    merged = tuple((spans[group[0]][0], max(spans[i][1] for i in group)) for group in groups)
    named = [
        tokens[group[0]] if len(group) == 1 else text[start:end].strip()
        for group, (start, end) in zip(groups, merged, strict=True)
    ]
    return tuple(named), merged
