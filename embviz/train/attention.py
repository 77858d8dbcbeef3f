"""A small transformer from a text: an encoder, a decoder or a seq2seq model; or a seq2seq model from pairs.

The encoder is BERT's masked language model (Devlin et al. 2019, section 3.1), the decoder GPT's next-token model, the
seq2seq model BART's (Lewis et al. 2020, section 2.2), or it learns what each source becomes. What a step sees follows
from the seed and the step alone, so that a training that was stopped goes on as if it had not been. Knows nothing of
runs, the shell and figures.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from embviz.errors import EmbvizError
from embviz.progress import Report, silent
from embviz.steps import STEPS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np

    from embviz.models import AttentionModel, Shape
    from embviz.models.architectures import Module
    from embviz.text import Corpus
    from embviz.text.pairs import Pairs

SIZES: dict[str, dict[str, int]] = {
    "tiny": {"layers": 2, "heads": 2, "dims": 64, "context": 64, "steps": 400, "batch": 8},
    "small": {"layers": 4, "heads": 4, "dims": 128, "context": 64, "steps": 1_600, "batch": 8},
    "medium": {"layers": 6, "heads": 6, "dims": 384, "context": 256, "steps": 4_000, "batch": 16},
}
"""What the dial sets, unless it is given: on a laptop some 10 seconds, a minute, some hours."""

DEVICES = ("auto", "cpu", "cuda", "mps")
PRECISIONS = ("auto", "float32", "bfloat16")


WHERE, HOW = (
    "cpu, cuda, mps (Apple's), or auto: what there is",
    ("of matrix products: float32, bfloat16, or auto: bfloat16 where that is quicker"),
)


def check_where(device: str, precision: str) -> None:
    """Whether there is such a device here, and such a precision anywhere: before a long text is read.

    Raises:
        EmbvizError: there is not.
    """
    from embviz.train.devices import device_of

    for name, value, there in (("device", device, DEVICES), ("precision", precision, PRECISIONS)):
        if value not in there:
            raise EmbvizError(f"{name} is '{value}', and there are {', '.join(there[:-1])} and {there[-1]}.")
    device_of(device)


def _of(default: Any, help: str) -> Any:
    """A hyperparameter: its default, and a line that says what it is."""
    return field(default=default, metadata={"help": help})


@dataclass(frozen=True)
class AttentionTrainer:
    """Hyperparameters of a small attention model; `fit` trains with them. What is None is set by the size."""

    kind: ClassVar[str] = "attention"

    family: str = _of("encoder", "encoder (sees both sides), decoder (sees what was before), or seq2seq (both)")
    architecture: str = _of("transformer", "transformer, lstm, or convolution (an encoder)")
    size: str = _of("small", "tiny, small or medium: sets what is not given of layers, heads, dims, context, "
                                 "steps and batch")  # fmt: skip
    tokens: str = _of("wordpiece", "wordpiece, bpe, unigram, words or characters")
    vocab: int | None = _of(None, "different tokens; by default what fits")
    layers: int = _of(None, "blocks of attention and MLP")
    heads: int = _of(None, "attention heads in each layer")
    dims: int = _of(None, "length of a token's vector")
    context: int = _of(None, "tokens read at once, at most")
    positions: str = _of("rotary", "how order is told: rotary, learned, sinusoidal or relative")
    norm: str = _of("pre", "layer norm before (pre) attention and MLP, or after (post)")
    tied: bool = _of(True, "predict tokens by the matrix that embeds them")
    steps: int = _of(None, "updates of the weights")
    batch: int = _of(None, "stretches of text, or pairs, in one step")
    accumulate: int = _of(1, "batches whose gradients are added up for one step")
    rate: float = _of(3e-3, "learning rate at its highest")
    decay: float = _of(0.1, "weight decay of matrices")
    mask: float = _of(0.4, "share of the tokens that are hidden from an encoder or a seq2seq model")
    held: float = _of(0.05, "share of the text, its end, that is kept for validation")
    patience: int = _of(0, "stop after so many measurements of the validation loss, of 20, without a better one; "
                               "0 for never")  # fmt: skip
    device: str = _of("auto", WHERE)
    precision: str = _of("auto", HOW)
    seed: int = _of(0, "the same seed gives the same model on the same machine")
    checkpoint_every: int = _of(200, "steps between two checkpoints")
    keep: int = _of(4, "sets of weights kept on the way, at equal distances, to compare with; 0 for none")

    def __post_init__(self) -> None:
        if self.size not in SIZES:
            raise EmbvizError(f"size is '{self.size}', and there are {', '.join(SIZES)}.")
        sizes = SIZES[self.size] | ({} if self.architecture == "transformer" else {"heads": 1})
        for name, value in sizes.items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, value)

    def fit(self, corpus: Corpus | Pairs, report: Report = silent, folder: Path | None = None) -> AttentionModel:
        """Train on a corpus, or go on from the newest checkpoint in the folder.

        Args:
            corpus: sentences; or pairs, for a seq2seq model.
            report: told the stage and its progress; may raise KeyboardInterrupt to stop at a checkpoint.
            folder: where all that a run needs is written, but for its `meta.json`; None keeps nothing.

        Raises:
            EmbvizError: a hyperparameter that makes no sense, too little text, or a training that diverges.
        """
        from embviz.text.pairs import Pairs

        self._check()
        if isinstance(corpus, Pairs) and self.family != "seq2seq":
            raise EmbvizError(f"Pairs are for a model that reads one text and writes another: say --family seq2seq, "
                              f"not {self.family}.")  # fmt: skip
        if folder is None:
            with tempfile.TemporaryDirectory() as temporary:
                return self.fit(corpus, report, Path(temporary))
        from embviz.models import AttentionModel
        from embviz.models.model import describe
        from embviz.train.loop import train
        from embviz.train.reading import read

        with read(self, corpus, report, folder) as reading:
            shape = self.shape(reading.tokenizer.get_vocab_size())
            describe(reading.tokenizer, shape, folder)  # with the checkpoints it can be asked before it is done
            module = train(self, shape, reading.batches, report, folder)
            model = AttentionModel(reading.tokenizer, module, corpus.name)
            _write(model, reading.counts, folder)
            (folder / "examples.json").write_text(json.dumps(reading.examples, ensure_ascii=False), encoding="utf-8")
            for step, module in self._on_the_way(shape, folder):
                on_the_way = AttentionModel(reading.tokenizer, module, corpus.name)
                _write(on_the_way, reading.counts, folder / STEPS / str(step))
        shutil.rmtree(folder / "checkpoints", ignore_errors=True)
        return model

    def _on_the_way(self, shape: Shape, folder: Path) -> Iterator[tuple[int, Module]]:
        """The steps whose weights were kept, each with a module that has them."""
        from embviz.models.architectures import module_of
        from embviz.train.checkpoints import kept_weights, put_weights

        for step, path in kept_weights(folder / "checkpoints").items():
            module = module_of(shape).eval()
            put_weights(path, module)
            yield step, module

    def help(self) -> None:
        """Do what the first process of several does not do itself: learn from shares of its batches until it ends.

        Raises:
            EmbvizError: a hyperparameter that makes no sense, or the first ended before its time.
        """
        from embviz.train.helping import help_train

        self._check()
        help_train(self)

    def shape(self, vocab: int) -> Shape:
        """The shape of the model with so many tokens."""
        from embviz.models import Shape

        given = {each.name: getattr(self, each.name) for each in fields(Shape) if each.name != "vocab"}
        return Shape(**given, vocab=vocab)

    def _check(self) -> None:
        from embviz.train.vocabulary import KINDS, LEAST

        self.shape(self.vocab or LEAST)
        if self.tokens not in KINDS:
            raise EmbvizError(f"tokens is '{self.tokens}', and there are {', '.join(KINDS)}.")
        check_where(self.device, self.precision)
        least = {"steps": 1, "batch": 1, "accumulate": 1, "checkpoint_every": 1, "vocab": LEAST, "patience": 0,
                 "keep": 0}  # fmt: skip
        for name, smallest in least.items():
            value = getattr(self, name)
            if value is not None and value < smallest:
                raise EmbvizError(f"{name.replace('_', '-')} is {value} and must be at least {smallest}.")
        if not 0 < self.rate <= 1:
            raise EmbvizError(f"rate is {self.rate} and must lie above 0, up to 1.")
        if not 0 <= self.decay <= 1:
            raise EmbvizError(f"decay is {self.decay} and must lie between 0 and 1.")
        for name in ("mask", "held"):
            if not 0 < getattr(self, name) < 1:
                raise EmbvizError(f"{name} is {getattr(self, name)} and must lie between 0 and 1.")
        if not 0 <= self.seed < 2**32:
            raise EmbvizError(f"seed is {self.seed} and must lie between 0 and {2**32 - 1}.")


def _write(model: AttentionModel, counts: Sequence[int] | np.ndarray, folder: Path) -> None:
    """All that a run needs of a model but for its `meta.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder)
    model.token_table(counts).save(folder)
