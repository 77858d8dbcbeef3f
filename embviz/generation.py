"""What does a model write? Sampling, greedy and beam search, token by token; and what an encoder puts in a gap.

Knows nothing of figures and of training.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from embviz.errors import EmbvizError
from embviz.models import AttentionModel
from embviz.models.tokens import MASK, Tokens

if TYPE_CHECKING:
    from torch import Tensor


def generate(
    model: AttentionModel,
    prompt: str,
    most: int = 100,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    beams: int = 1,
    seed: int = 0,
) -> Iterator[str]:
    """What a decoder writes after a prompt, or what a seq2seq model makes of one; piece by piece, as it is written.

    A decoder that has written more than its context sees the last of it. Writing ends with the text, as the model
    has learned texts to end, or after `most` tokens.

    Args:
        prompt: what the model reads first.
        most: tokens to write, at most.
        temperature: what the scores are divided by: below 1 likely tokens become likelier; 0 takes the likeliest.
        top_k: only so many of the likeliest tokens (Fan et al. 2018).
        top_p: only the likeliest tokens whose probabilities add up to so much (Holtzman et al. 2020, section 3.1).
        beams: with more than one, beam search: as many beginnings are kept, by their mean log-probability a token.
        seed: the same seed gives the same text.

    Raises:
        EmbvizError: an encoder, which writes nothing; a prompt that the model cannot read; a setting out of range.
    """
    _check(model, most, temperature, top_k, top_p, beams)
    writer = _Writer.of(model, prompt)
    if beams > 1:
        return iter([writer.text(writer.search(beams, most))])
    return writer.pieces(writer.steps(most, temperature, top_k, top_p, seed))


def few_shot(examples: Iterable[tuple[str, str]], prompt: str) -> str:
    """A prompt with examples of what is wanted before it, a line each (Brown et al. 2020, section 2):
    `source -> target`; the last line is the prompt and an arrow.
    """
    lines = [f"{source} -> {target}" for source, target in examples]
    return "\n".join([*lines, f"{prompt} ->"])


def written(model: AttentionModel, source: str, most: int | None = None) -> Tokens:
    """What a seq2seq model makes of a source, the likeliest token each time, as far as its context goes, or `most`."""
    writer, room = _Writer.of(model, source), model.context - len(model.marks.start)
    *_, ids = writer.steps(room if most is None else min(most, room), 0, None, None, 0)
    text, spans = model.tokenizer.decode(ids), _spans(model, ids)
    names = (text[start:end].strip() or str(model.tokenizer.id_to_token(token))
             for token, (start, end) in zip(ids, spans, strict=True))  # fmt: skip
    return Tokens(tuple(ids), tuple(names), spans)


def _spans(model: AttentionModel, ids: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Where each token stands in the text of all: what it adds to the text of those before it. Of several tokens that
    are a character together each stands where that does; a mark stands nowhere.
    """
    marks = {i for i, token in model.tokenizer.get_added_tokens_decoder().items() if token.special}
    texts = [model.tokenizer.decode(list(ids[: n + 1])) for n in range(len(ids))]
    ends = list(accumulate((_shared(text, texts[-1]) for text in texts), max))
    spans = [(start, end) for start, end in pairwise([0, *ends])]
    for i in reversed(range(len(ids) - 1)):
        if ids[i] not in marks and spans[i][0] == spans[i][1]:
            spans[i] = (spans[i][0], spans[i + 1][1])
    return tuple(spans)


def _shared(one: str, other: str) -> int:
    """How many characters two texts begin with in common."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


@dataclass(frozen=True)
class Filled:
    """What an encoder puts in one gap.

    Attributes:
        token: K tokens, the likeliest first.
        probability: K probabilities.
    """

    tokens: tuple[str, ...]
    probabilities: tuple[float, ...]


def fill(model: AttentionModel, text: str, k: int = 5) -> list[Filled]:
    """The likeliest tokens for each [MASK] of a text.

    Raises:
        EmbvizError: the model is no encoder or predicts no tokens, or there is no [MASK] (which may also be typed as
            the model's own vocabulary has it).
    """
    import torch

    if model.family != "encoder":
        raise EmbvizError(
            f"'{model.name}' is a {model.family} and fills no gaps: let it write, with `embviz generate`."
        )
    mask, marks = model.mask, model.marks
    if mask is None:
        raise EmbvizError(f"'{model.name}' fills no gaps: it was kept without the weights that predict tokens, or its "
                          "vocabulary has no mark for a gap.")  # fmt: skip
    if MASK not in text and mask not in text:
        raise EmbvizError(f"There is no {mask} in the text: put one where a word is to be filled in.")
    ids = list(model.encode(text.replace(MASK, mask)).ids)
    with torch.no_grad():
        x = model.module(torch.tensor([ids]))[0]
        chances = model.module.logits(x[[i for i, token in enumerate(ids) if token == marks.mask]]).softmax(-1)
    chances[:, list(marks.never)] = 0
    best = chances.topk(min(k, chances.shape[-1] - len(marks.never)))
    return [
        Filled(tuple(str(model.tokenizer.id_to_token(token)) for token in tokens), tuple(values))
        for tokens, values in zip(best.indices.tolist(), best.values.tolist(), strict=True)
    ]


@dataclass(frozen=True, eq=False)
class _Writer:
    """A model that has read a prompt: what it goes on from, and the source that it looks at."""

    model: AttentionModel
    start: list[int]
    source: Tensor | None

    @classmethod
    def of(cls, model: AttentionModel, prompt: str) -> _Writer:
        import torch

        if model.family == "encoder":
            raise EmbvizError(
                f"'{model.name}' is an encoder and writes nothing: let it fill a gap, with `embviz fill`."
            )
        if model.family == "seq2seq":
            return cls(model, list(model.marks.start), torch.tensor([model.encode(prompt).ids]))
        return cls(model, list(model.encode(prompt).ids), None)

    def steps(
        self, most: int, temperature: float, top_k: int | None, top_p: float | None, seed: int
    ) -> Iterator[list[int]]:
        """The ids so far, at first and after each token."""
        import torch

        random, ids = torch.Generator().manual_seed(seed), list(self.start)
        yield ids
        for _ in range(most):
            scores = self.scores([ids])[0]
            token = int(scores.argmax()) if temperature == 0 else draw(scores / temperature, top_k, top_p, random)
            if token in self.model.marks.ends:
                return
            ids = [*ids, token]
            yield ids

    def pieces(self, steps: Iterator[list[int]]) -> Iterator[str]:
        """What each step adds to the text."""
        said = ""
        for ids in steps:
            text = self.text(ids)
            whole = text[:-1] if text.endswith("\ufffd") else text  # half a character waits for its other half
            if len(whole) > len(said):
                yield whole[len(said) :]
                said = whole

    def search(self, beams: int, most: int) -> list[int]:
        """The best text by beam search, as ids after the prompt's."""
        ends = self.model.marks.ends
        live, done = [(0.0, list(self.start))], list[tuple[float, list[int]]]()
        for _ in range(most):
            scores = self.scores([ids for _, ids in live]).log_softmax(-1)
            found = []
            for (total, ids), row in zip(live, scores, strict=True):
                best = row.topk(min(beams + 1, len(row)))
                found += [
                    (total + value, [*ids, token])
                    for value, token in zip(best.values.tolist(), best.indices.tolist(), strict=True)
                ]
            found.sort(key=lambda one: -one[0])
            done += [self._mean(total, ids) for total, ids in found[:beams] if ids[-1] in ends]
            live = [one for one in found if one[1][-1] not in ends][:beams]
            if len(done) >= beams:
                break
        done += [self._mean(total, ids) for total, ids in live]
        return max(done, key=lambda one: one[0])[1]

    def _mean(self, total: float, ids: list[int]) -> tuple[float, list[int]]:
        written = ids[:-1] if ids[-1] in self.model.marks.ends else ids
        return total / (len(ids) - len(self.start)), written

    def scores(self, rows: list[list[int]]) -> Tensor:
        """(B, V): what comes after each row, of the same length; marks that no text holds are out of the question."""
        import torch

        ids = torch.tensor(rows)[:, -self.model.context :]
        source = None if self.source is None else self.source.expand(len(rows), -1)
        with torch.no_grad():
            scores = self.model.module.logits(self.model.module(ids, source)[:, -1])
        scores[:, list(self.model.marks.never)] = -torch.inf
        return scores

    def text(self, ids: list[int]) -> str:
        """What was written, without the prompt."""
        decode = self.model.tokenizer.decode
        if self.source is not None:
            return decode(ids)
        before, whole = decode(self.start), decode(ids)
        return whole[len(before) :]


def draw(scores: Tensor, top_k: int | None, top_p: float | None, random: object) -> int:
    """One token of (V,) scores, by chance, among the likeliest."""
    import torch

    values, order = scores.softmax(-1).sort(descending=True)
    if top_k:
        values = values[:top_k]
    if top_p is not None:
        before = values.cumsum(0) - values
        values = values[before < top_p * values.sum()]
    return int(order[torch.multinomial(values, 1, generator=random)])  # type: ignore[arg-type]


def _check(
    model: AttentionModel, most: int, temperature: float, top_k: int | None, top_p: float | None, beams: int
) -> None:
    if most < 1 or beams < 1 or (top_k is not None and top_k < 1):
        raise EmbvizError(f"{most} tokens, {beams} beams and top-k {top_k} were asked for: each must be 1 or more.")
    if not 0 <= temperature < float("inf"):
        raise EmbvizError(f"temperature is {temperature} and must be 0 or more.")
    if top_p is not None and not 0 < top_p <= 1:
        raise EmbvizError(f"top-p is {top_p} and must lie above 0, up to 1.")
