"""word2vec (Mikolov et al. 2013): a corpus in, a Space out, trained by gensim.

The corpus is read once, into a file of words that the epochs then read, so that tokenising is paid for once and a
corpus larger than memory works. With one worker and the same seed, the same corpus gives the same bytes.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from embviz.errors import EmbvizError
from embviz.progress import Report, silent

if TYPE_CHECKING:
    from embviz.space import Space
    from embviz.text import Corpus


@dataclass(frozen=True)
class Word2Vec:
    """Hyperparameters of word2vec; `fit` trains with them."""

    kind: ClassVar[str] = "word2vec"

    architecture: str = field(default="skip-gram", metadata={"help": "skip-gram or cbow"})
    dims: int = field(default=100, metadata={"help": "length of a vector"})
    window: int = field(default=5, metadata={"help": "words on each side that count as context, at most"})
    negative: int = field(default=5, metadata={"help": "noise words drawn for each pair (negative sampling)"})
    min_count: int = field(default=5, metadata={"help": "rarer words are left out"})
    vocab: int | None = field(default=None, metadata={"help": "keep this many words, the most frequent"})
    sample: float = field(default=1e-3, metadata={"help": "threshold above which frequent words are thinned out"})
    epochs: int = field(default=10, metadata={"help": "passes over the corpus"})
    rate: float = field(default=0.025, metadata={"help": "learning rate at the start; it falls to 0.0001"})
    seed: int = field(default=0, metadata={"help": "the same seed and one worker give the same vectors"})
    workers: int = field(default=1, metadata={"help": "threads; more than one is faster and not reproducible"})

    def fit(self, corpus: Corpus, report: Report = silent, folder: Path | None = None) -> Space:
        """Train on a corpus.

        Args:
            corpus: sentences of words.
            report: told the stage and its progress.
            folder: where to put `history.tsv` and, while training, the words of the corpus.

        Raises:
            EmbvizError: a hyperparameter that makes no sense, or too few words to train on.
        """
        self._check()
        if folder is None:
            with tempfile.TemporaryDirectory() as temporary:
                return self.fit(corpus, report, Path(temporary))
        spool = folder / "sentences.txt"
        try:
            counts, sentences = _spool(corpus, spool, report)
            return self._train(corpus.name, counts, sentences, spool, report)
        finally:
            spool.unlink(missing_ok=True)

    def _train(self, name: str, counts: Counter[str], sentences: int, spool: Path, report: Report) -> Space:
        from gensim.models import Word2Vec as Gensim

        from embviz.space import Space

        model = Gensim(
            vector_size=self.dims, window=self.window, negative=self.negative, min_count=self.min_count,
            sample=self.sample, alpha=self.rate, sg=self.architecture == "skip-gram", seed=self.seed,
            workers=self.workers,
        )  # fmt: skip
        self._check_vocabulary(name, counts)
        kept = dict(counts.most_common(self.vocab))  # gensim's own limit drops all words of a tie
        model.build_vocab_from_freq(kept, corpus_count=sentences)
        epochs = _Epochs(spool, counts.total(), self.epochs, report)
        try:
            model.train(epochs, total_examples=sentences, total_words=counts.total(), epochs=self.epochs)
        finally:
            epochs.stopped = True  # after Ctrl-C gensim's threads would read on
        epochs.check()
        _write_history(spool.parent / "history.tsv", epochs)
        words = model.wv.index_to_key
        return Space.of(words, model.wv.vectors, [counts[word] for word in words], name)

    def _check(self) -> None:
        if self.architecture not in ("skip-gram", "cbow"):
            raise EmbvizError(f"The architecture '{self.architecture}' is unknown: there are skip-gram and cbow.")
        for name in ("dims", "window", "negative", "min_count", "epochs", "workers"):
            if getattr(self, name) < 1:
                raise EmbvizError(f"{name.replace('_', '-')} is {getattr(self, name)} and must be at least 1.")
        if self.vocab is not None and self.vocab < 2:
            raise EmbvizError(f"vocab is {self.vocab} and must be at least 2.")
        if not 0 < self.rate <= 1:
            raise EmbvizError(f"rate is {self.rate} and must lie above 0, up to 1.")
        if not 0 <= self.sample < float("inf"):
            raise EmbvizError(f"sample is {self.sample} and must be 0 or more.")
        if not 0 <= self.seed < 2**32:
            raise EmbvizError(f"seed is {self.seed} and must lie between 0 and {2**32 - 1}.")

    def _check_vocabulary(self, name: str, counts: Counter[str]) -> None:
        kept = sum(count >= self.min_count for count in counts.values())
        if kept < 2:
            raise EmbvizError(
                f"'{name}' has {kept} words that occur {self.min_count} times or more, of "
                f"{len(counts):,} different ones, and 2 are needed: lower --min-count, or give more text."
            )
        if self.vocab is not None and kept < self.vocab:
            raise EmbvizError(
                f"{self.vocab:,} words were asked for, and '{name}' has {kept:,} that occur at least "
                f"{self.min_count} times: lower --vocab or --min-count."
            )


class _Epochs:
    """The sentences of the spool, once for each epoch; says how far it is, and ends early when told to stop.

    gensim reads it in a thread of its own, where an exception would leave the training waiting for ever: what the
    listener raises is kept, the sentences end, and `check` raises it in the thread that asked.
    """

    def __init__(self, spool: Path, words: int, epochs: int, report: Report) -> None:
        self.spool, self.words, self.epochs, self.report = spool, words, epochs, report
        self.read = 0
        self.stopped = False
        self.raised: BaseException | None = None
        self.started = time.monotonic()
        self.history: list[tuple[int, float]] = []

    def __iter__(self) -> Iterator[list[str]]:
        try:
            file = self.spool.open(encoding="utf-8")
        except FileNotFoundError:
            return  # the training was cancelled before gensim's thread began, and its folder is gone
        with file as lines:
            for number, line in enumerate(lines):
                if number % 1000 == 0:
                    self._say()
                if self.stopped:
                    return
                sentence = line.split()
                self.read += len(sentence)
                yield sentence
        self.history.append((self.read, time.monotonic() - self.started))

    def _say(self) -> None:
        try:
            rate = self.read / (time.monotonic() - self.started + 1e-9)
            self.report("training", self.read / (self.words * self.epochs), f"{rate:,.0f} words/s")
        except BaseException as error:
            self.raised, self.stopped = error, True

    def check(self) -> None:
        """Raise what the listener raised while gensim was reading."""
        if self.raised is not None:
            raise self.raised


def _spool(corpus: Corpus, spool: Path, report: Report) -> tuple[Counter[str], int]:
    """Write the words of a corpus, a sentence a line; gives how often each occurs, and the number of sentences."""
    counts: Counter[str] = Counter()
    sentences = 0
    with spool.open("w", encoding="utf-8") as lines:
        for words in corpus.words(lambda share: report("reading the corpus", share, f"{counts.total():,} words")):
            counts.update(words)
            lines.write(" ".join(words) + "\n")
            sentences += 1
    return counts, sentences


def _write_history(path: Path, epochs: _Epochs) -> None:
    """gensim's own loss is known to be wrong (its issues 2617 and 2735), so none is recorded."""
    lines = ["epoch\twords\tseconds"]
    lines += [f"{epoch}\t{words}\t{seconds:.3f}" for epoch, (words, seconds) in enumerate(epochs.history, 1)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
