"""Scores every head of a model over a corpus, and those of models of the same shape that have learned nothing.

Letters: L layers, H heads, N texts, M scores, T queries, K keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from embviz.attention.asking import kind_of
from embviz.attention.heads import HeadScores
from embviz.attention.kinds import names
from embviz.attention.positional import Positional
from embviz.attention.texts import Text, longest, repeats, texts
from embviz.errors import EmbvizError
from embviz.models import AttentionModel
from embviz.progress import Report, silent
from embviz.text import Corpus
from embviz.text.pairs import Pairs

SEEDS = 3
"""Models with random weights that are scored beside, unless told otherwise."""

_CHANCE = 200  # of the sentences, the first, are enough to know what random heads have
_TOKENS = 1_024  # of a batch, at most
_LONG = 8  # tokens of a sentence that can be an example, if there are such: of short ones means say little
_EXAMPLES = 6  # sentences that are kept for each score of each head


def head_scores(
    model: AttentionModel,
    corpus: Corpus | Pairs,
    sentences: int = 1_000,
    kind: str | None = None,
    report: Report = silent,
    seeds: int = SEEDS,
) -> HeadScores:
    """The scores of every head over sentences of a corpus, and of models of the same shape with random weights over the
    same sentences; of those each layer and head of each is a case of what chance gives.

    Args:
        corpus: sentences; for a seq2seq model better pairs, as it is else asked what it writes.
        sentences: how many, at most.
        kind: of a seq2seq model: "cross" (the default), "encoder" or "decoder".
        report: told the stage and its progress; may cancel.
        seeds: how many random models, 1 or more.

    Raises:
        EmbvizError: the model has no such attention; no sentence fits; too few were asked for.
    """
    from embviz.models.untrained import untrained

    kind = kind_of(model, kind)
    if sentences < 2 or seeds < 1:
        raise EmbvizError(f"{sentences} sentences and {seeds} random models were asked for: there must be 2 sentences "
                          "at least, and 1 random model.")  # fmt: skip
    chosen = texts(model, corpus, sentences, kind, report)
    again = repeats(model, chosen[0])
    chosen, fewer = chosen + again, chosen[:_CHANCE] + again
    own = _measured(model, chosen, kind, lambda share: report("scoring heads", share, ""))
    count, chance = sum(not text.half for text in chosen), []
    for seed in range(seeds):
        at = lambda share, seed=seed: report("scoring random heads", (seed + share) / seeds, "")  # noqa: E731
        chance.append(_measured(untrained(model, seed), fewer, kind, at).means())
    known = [name for name, mean in own.means().items() if np.isfinite(mean).all()]
    long = [number for number, text in enumerate(chosen[:count]) if text.can.any(1).sum() >= _LONG]
    told = long if len(long) >= _EXAMPLES else range(count)
    best = {name: own.largest(name, told) for name in known}
    used = {int(place): None for places, _ in best.values() for place in places.ravel() if place >= 0}
    number = {place: new for new, place in enumerate(used)} | {-1: -1}
    return HeadScores(
        model.name, model.family, kind, corpus.name, str(corpus.facts()["sha256"]), count,
        {name: own.means()[name] for name in known},
        {name: np.stack([means[name] for means in chance]) for name in known},
        tuple((chosen[place].sentence, chosen[place].target) for place in used),
        {name: np.vectorize(number.__getitem__, otypes=[np.int64])(places) for name, (places, _) in best.items()},
        {name: scores for name, (_, scores) in best.items()},
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Measured:
    """Sums (N, M, L, H) of M scores over the queries of N texts, and (N, M), how many queries they are over."""

    names: Sequence[str]
    sums: np.ndarray
    counts: np.ndarray

    def means(self) -> dict[str, np.ndarray]:
        """(L, H) float32 by name, over all queries of all texts; NaN where there are none."""
        with np.errstate(invalid="ignore"):
            means = self.sums.sum(0, dtype=np.float64) / self.counts.sum(0)[:, None, None]
        return dict(zip(self.names, means.astype(np.float32), strict=True))

    def largest(self, name: str, among: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """(L, H, E) of some texts those on which a score is largest, and (L, H, E) the scores; -1 where none is."""
        place, some = self.names.index(name), np.array(among)
        there = some[self.counts[some, place] > 0]
        means = self.sums[there, place] / self.counts[there, place][:, None, None]
        order = np.argsort(-means, axis=0, kind="stable")[:_EXAMPLES]
        places, scores = there[order], np.take_along_axis(means, order, 0)
        room = ((0, _EXAMPLES - len(order)), (0, 0), (0, 0))
        return (np.ascontiguousarray(np.pad(places, room, constant_values=-1).transpose(1, 2, 0), np.int64),
                np.ascontiguousarray(np.pad(scores, room).transpose(1, 2, 0), np.float32))  # fmt: skip


def _measured(model: AttentionModel, chosen: Sequence[Text], kind: str, at: Callable[[float], None]) -> _Measured:
    """All scores of all heads of a model on some texts, those that position is learned from before the others."""
    known, heads = names(kind), model.shape.depth(kind) * model.heads
    sums, counts = np.zeros((len(chosen), len(known), heads), np.float32), np.zeros((len(chosen), len(known)))
    positional, guessed = Positional(heads, longest(chosen)), dict[int, np.ndarray]()
    learned, done = sum(not text.half for text in chosen) // 2, 0
    for numbers in (*_batches(chosen, range(learned)), *_batches(chosen, range(learned, len(chosen)))):
        at(done / len(chosen))
        done += len(numbers)
        some = [chosen[number] for number in numbers]
        weights = _weights(model, some, kind)
        sums[numbers], counts[numbers] = _sums(weights, some, known)
        for number, text, of_text in zip(numbers, some, weights, strict=True):
            if number < learned:
                positional.learn(of_text, text.can)
            elif not text.half:
                guessed[number] = positional.explained(of_text, text.can)
    at(1.0)
    if guessed:
        place, better = known.index("position"), np.sum(list(guessed.values()), axis=0).argmax(0)
        for number, both in guessed.items():
            sums[number, place] = np.take_along_axis(both, better[None], 0)[0]
            counts[number, place] = chosen[number].can.any(1).sum()
    return _Measured(known, sums.reshape(len(chosen), len(known), -1, model.heads), counts)


def _batches(chosen: Sequence[Text], numbers: Iterable[int]) -> Iterator[list[int]]:
    """Numbers of texts of equal lengths, so many that a batch has some thousand tokens at most."""
    alike: dict[tuple[int, int], list[int]] = {}
    for number in numbers:
        text = chosen[number]
        alike.setdefault((len(text.ids), 0 if text.source is None else len(text.source)), []).append(number)
    for (length, _), group in alike.items():
        most = max(1, _TOKENS // length)
        yield from (group[first : first + most] for first in range(0, len(group), most))


def _weights(model: AttentionModel, some: Sequence[Text], kind: str) -> np.ndarray:
    """(B, L × H, T, K): the weights of all heads on texts of equal lengths; together where the model can be watched."""
    import torch

    from embviz.models.watching import Watch

    layers, module = range(model.shape.depth(kind)), cast(Any, model.module)
    ids = torch.from_numpy(np.stack([text.ids for text in some]))
    sources = [text.source for text in some if text.source is not None]
    source = torch.from_numpy(np.stack(sources)) if sources else None
    with torch.inference_mode():
        if hasattr(module, "states") and getattr(module, "tapped", True):
            watch = Watch([(kind, layer) for layer in layers])
            module.states(ids if kind != "encoder" or source is None else ids[:, :1], source, watch)
            found = torch.stack([watch.passed[kind, layer].weights for layer in layers], 1)
        else:
            found = torch.stack([
                module.attention(one, layers, range(model.heads), None if source is None else source[i], kind)
                for i, one in enumerate(ids)
            ])  # fmt: skip
    return found.float().flatten(1, 2).numpy()


def _sums(weights: np.ndarray, some: Sequence[Text], known: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Of (B, N, T, K) weights the sums (B, M, N) of all scores but position's, and (B, M), over how many queries."""
    import torch

    of_heads = torch.from_numpy(weights)
    masks = torch.from_numpy(np.stack([text.masks for text in some]))
    sums = (masks @ of_heads.flatten(2).transpose(1, 2)).numpy()
    counts = np.stack([text.counts for text in some])
    entropy = torch.special.entr(of_heads).sum(-1).numpy()
    for i, text in enumerate(some):
        if not text.half:
            several = np.flatnonzero(text.can.sum(1) > 1)
            most = np.log(text.can.sum(1)[several])
            for name, total in (("entropy", 1.0), ("entropy_share", most)):
                sums[i, known.index(name)] = (entropy[i, :, several].T / total).sum(-1)
                counts[i, known.index(name)] = len(several)
    return sums, counts
