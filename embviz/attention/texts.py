"""The texts of a corpus that heads are scored on: cut into tokens, chosen by chance, with the masks of their scores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import numpy as np

from embviz.attention.kinds import Side, asked, is_punctuation, masks, names, repeated, seen
from embviz.errors import EmbvizError
from embviz.models import AttentionModel, Tokens
from embviz.progress import Report, silent
from embviz.text import Corpus
from embviz.text.pairs import Pairs

FEWEST = 4
"""Tokens of the text that a sentence needs, without marks, to say anything of a head."""

_REACH = 50  # as many sentences are read as are wanted, times this, and some of them chosen
_LONGER = 2  # times as long as what it reads is what a seq2seq model writes, at most
_REPEATS, _HALF = 16, 24  # texts of random tokens that come twice, and how many come


@dataclass(frozen=True, eq=False)
class Text:
    """What a model is asked about once.

    Attributes:
        sentence: what it reads; empty where it is made of random tokens.
        target: what a seq2seq model has written.
        ids: (T,) of what is attended from, or (T,) of what is written.
        source: (S,) ids of what a seq2seq model reads; None for others.
        queries: the tokens that look.
        keys: those that are looked at.
        kind: of the attention.
        half: of random tokens that come twice, how many come; 0 for a sentence.
    """

    sentence: str
    target: str | None
    ids: np.ndarray
    source: np.ndarray | None
    queries: Side
    keys: Side
    kind: str
    half: int = 0

    @cached_property
    def masks(self) -> np.ndarray:
        """(M, T × K) float32: the masks of the scores that are sums of weights, by `names`; 0 for the others."""
        if self.half:
            found = {"induction": repeated(self.half, int(np.argmax(self.queries.text)), len(self.queries))}
        else:
            found = masks(self.queries, self.keys, self.kind)
        nothing = np.zeros((len(self.queries), len(self.keys)), np.float32)
        return np.stack([found.get(name, nothing) for name in names(self.kind)]).reshape(len(names(self.kind)), -1)

    @cached_property
    def counts(self) -> np.ndarray:
        """(M,) how many queries have something to look at, by score."""
        return self.masks.reshape(len(self.masks), len(self.queries), -1).any(2).sum(1).astype(np.float64)

    @cached_property
    def can(self) -> np.ndarray:
        """(T, K) bool: the keys that are seen, of the queries that are asked."""
        return seen(self.queries, self.keys, self.kind) & asked(self.queries, self.kind)[:, None]


def texts(
    model: AttentionModel, corpus: Corpus | Pairs, sentences: int, kind: str, report: Report = silent
) -> list[Text]:
    """Sentences of a corpus, chosen by chance from its first part (50 times as many), none twice.

    Those that have fewer than four tokens, or more than the model reads, are passed over. A seq2seq model that is given
    no pairs is asked what it writes.

    Args:
        sentences: how many, at most.
        kind: of the attention.

    Raises:
        EmbvizError: none fits.
    """
    some = list(dict.fromkeys(_read(model, corpus, sentences, report)))
    order = np.random.default_rng(0).permutation(len(some))
    found: list[Text] = []
    for place in order:
        report("choosing sentences", len(found) / sentences, "")
        sentence, target = some[place]
        text = _text(model, sentence, target, kind)
        if text is not None:
            found.append(text)
        if len(found) == sentences:
            break
    if not found:
        writes = ", or is one of which it writes too few" if model.family == "seq2seq" and kind != "encoder" else ""
        raise EmbvizError(
            f"No sentence of '{corpus.name}' can be used: each has fewer than {FEWEST} tokens, or more than the "
            f"{model.context:,} that '{model.name}' reads{writes}. Name another corpus."
        )
    report("choosing sentences", 1.0, "")
    return found


def repeats(model: AttentionModel, like: Text) -> list[Text]:
    """Texts of random tokens that come twice, with the marks that a text wears; the first half is the source of a
    seq2seq model's decoder.
    """
    before, after = _marks(like.queries)
    half = min(_HALF, (model.context - len(before) - len(after)) // 2)
    fit = np.setdiff1d(np.arange(model.shape.vocab), sorted(_special(model)))
    if like.kind == "cross" or half < 2 or len(fit) < 2:
        return []
    draw, found = np.random.default_rng(0), []
    for _ in range(_REPEATS):
        once = draw.choice(fit, half, replace=len(fit) < half)
        ids = np.concatenate([before, once, once, after])
        text = np.isin(np.arange(len(ids)), np.arange(len(before), len(before) + 2 * half))
        side = Side(ids, text, np.zeros(len(ids), bool))
        source = None if like.source is None else ids if like.kind == "encoder" else once
        found.append(Text("", None, ids, source, side, side, like.kind, half))
    return found


def _read(
    model: AttentionModel, corpus: Corpus | Pairs, sentences: int, report: Report
) -> Iterator[tuple[str, str | None]]:
    """Sentences, or pairs; a model that writes nothing reads the sources of pairs."""
    at = lambda share: report("reading the corpus", share, "")  # noqa: E731
    if isinstance(corpus, Pairs):
        pairs = islice(corpus.read(at), _REACH * sentences)
        yield from (pair if model.family == "seq2seq" else (pair[0], None) for pair in pairs)
    else:
        yield from ((sentence, None) for sentence in islice(corpus.sentences(at), _REACH * sentences))


def _text(model: AttentionModel, sentence: str, target: str | None, kind: str) -> Text | None:
    try:
        read = model.encode(sentence)
        writes = model.family == "seq2seq" and kind != "encoder"
        wrote = _written(model, sentence, target, _LONGER * len(read)) if writes else None
    except EmbvizError:  # it is too long, or has no token
        return None
    queries, keys = side(model, wrote or read), side(model, wrote if wrote and kind == "decoder" else read)
    if min(queries.text.sum(), keys.text.sum()) < FEWEST:
        return None
    source = np.array(read.ids) if model.family == "seq2seq" else None
    said = target if wrote is None or target is not None else model.tokenizer.decode(list(wrote.ids))
    return Text(sentence, said, queries.ids, source, queries, keys, kind)


def _written(model: AttentionModel, sentence: str, target: str | None, most: int) -> Tokens:
    if target is not None:
        return model.encode_target(target)
    from embviz.generation import written

    return written(model, sentence, most)


def side(model: AttentionModel, tokens: Tokens) -> Side:
    """Tokens as the scores know them. Where no places in a text are known, as of what a model wrote, marks are told by
    their ids.
    """
    special = _special(model)
    placed = any(end > start for start, end in tokens.offsets)
    text = [end > start if placed else token not in special
            for token, (start, end) in zip(tokens.ids, tokens.offsets, strict=True)]  # fmt: skip
    said = tokens.texts if placed else [model.tokenizer.decode([token]) for token in tokens.ids]
    points = [of_text and is_punctuation(one) for of_text, one in zip(text, said, strict=True)]
    return Side(np.array(tokens.ids), np.array(text), np.array(points))


def _special(model: AttentionModel) -> set[int]:
    special = {i for i, token in model.tokenizer.get_added_tokens_decoder().items() if token.special}
    return special | set(model.marks.start) | set(model.marks.ends)


def _marks(of: Side) -> tuple[np.ndarray, np.ndarray]:
    """The ids of the marks before a text, and of those after it."""
    inside = np.flatnonzero(of.text)
    return of.ids[: inside[0]], of.ids[inside[-1] + 1 :]


def longest(of: Sequence[Text]) -> int:
    """The most tokens that a side has."""
    return max(max(text.can.shape) for text in of)
