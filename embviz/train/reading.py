"""Reading: a corpus, or pairs, made ready for a training: its tokens learned, all of it cut into them, in files.

Knows what each family reads and how; knows nothing of models and steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from embviz.models.tokens import CLS, SEP
from embviz.progress import Report
from embviz.text import Corpus
from embviz.text.pairs import Pairs
from embviz.train.spool import At, lines, spool
from embviz.train.stream import tokenise
from embviz.train.vocabulary import dressed, is_verbatim, learn

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from embviz.train.attention import AttentionTrainer
    from embviz.train.batches import Batches

_EXAMPLES, _LOOKED_AT = 3, 2_000  # lines that are kept, and of how many
_FEWEST, _LETTERS = 4, 120  # tokens that one has at least, and characters at most


@dataclass(frozen=True, eq=False)
class Reading:
    """What a training reads.

    Attributes:
        tokenizer: text to token ids, with the marks that the family's texts wear.
        counts: (V,) int64, how often each token occurs in the text.
        batches: what each step sees.
        examples: some lines that the model reads whole, of pairs the first sides.
    """

    tokenizer: Tokenizer
    counts: np.ndarray
    batches: Batches
    examples: tuple[str, ...]


@contextmanager
def read(trainer: AttentionTrainer, corpus: Corpus | Pairs, report: Report, folder: Path) -> Iterator[Reading]:
    """Read a corpus or pairs; what that leaves in the folder is gone at the end.

    Raises:
        EmbvizError: there is too little text, or it yields too few tokens.
    """
    try:
        if isinstance(corpus, Pairs):
            yield _pairs(trainer, corpus, report, folder)
        else:
            yield _text(trainer, corpus, report, folder)
    finally:
        for pattern in ("*.txt", "*.bin"):
            for path in folder.glob(pattern):
                path.unlink(missing_ok=True)


def _text(trainer: AttentionTrainer, corpus: Corpus, report: Report, folder: Path) -> Reading:
    from embviz.train.batches import Windows

    text, verbatim = folder / "sentences.txt", is_verbatim(trainer.family, trainer.tokens)
    spool(corpus, text, _at(report, "reading the corpus"), verbatim)
    tokenizer = learn(text, trainer.tokens, trainer.vocab, corpus.name, _at(report, "learning tokens"))
    end = None if verbatim else CLS if trainer.family == "decoder" else SEP  # a decoder's texts begin with [CLS]
    stream = tokenise(tokenizer, lines(text, _at(report, "cutting into tokens"), verbatim), folder, end)
    tokenizer = dressed(tokenizer, trainer.family, trainer.tokens)
    shape = trainer.shape(tokenizer.get_vocab_size())
    batches = Windows.of(stream, shape, trainer.batch, trainer.mask, trainer.seed, corpus.name, trainer.held)
    return Reading(tokenizer, stream.counts, batches, _examples(text, tokenizer, trainer.context))


def _pairs(trainer: AttentionTrainer, pairs: Pairs, report: Report, folder: Path) -> Reading:
    from embviz.train.batches import PairBatches

    both, sides = folder / "sentences.txt", (folder / "sources.txt", folder / "targets.txt")
    with both.open("w", encoding="utf-8") as of_all, sides[0].open("w", encoding="utf-8") as of_sources, \
            sides[1].open("w", encoding="utf-8") as of_targets:  # fmt: skip
        for pair in pairs.read(_at(report, "reading the pairs")):
            for text, files in zip(pair, ((of_all, of_sources), (of_all, of_targets)), strict=True):
                for file in files:
                    file.write(" ".join(text.split()) + "\n")
    tokenizer = learn(both, trainer.tokens, trainer.vocab, pairs.name, _at(report, "learning tokens"))
    sources, targets = (
        tokenise(tokenizer, lines(side, _at(report, "cutting into tokens")), folder, None, side.stem) for side in sides
    )
    tokenizer, counts = dressed(tokenizer, trainer.family, trainer.tokens), sources.counts + targets.counts
    shape = trainer.shape(tokenizer.get_vocab_size())
    batches = PairBatches.of(sources, targets, shape, trainer.batch, trainer.seed, pairs.name, trainer.held)
    return Reading(tokenizer, counts, batches, _examples(sides[0], tokenizer, trainer.context))


def _examples(path: Path, tokenizer: Tokenizer, context: int) -> tuple[str, ...]:
    """The first lines of a file that are not too long for the model and for a page, nor a word or two, each once."""
    found: dict[str, None] = {}
    for line in islice(lines(path, lambda share: None), _LOOKED_AT):
        read = tokenizer.encode(line) if len(line) <= _LETTERS else None
        if read and sum(end > start for start, end in read.offsets) >= _FEWEST and len(read) <= context:
            found[line] = None
        if len(found) == _EXAMPLES:
            break
    return tuple(found)


def _at(report: Report, stage: str) -> At:
    return lambda share: report(stage, share, "")
