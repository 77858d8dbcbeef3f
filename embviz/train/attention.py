"""A small transformer from a text: an encoder that guesses masked tokens, or a decoder that guesses the next one.

The encoder is BERT's masked language model (Devlin et al. 2019, section 3.1), the decoder GPT's next-token model.
Each step's sentences and masks follow from the seed and the step alone, so that a training that was stopped goes on
as if it had not been. Knows nothing of runs, the shell and figures.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from embviz.errors import EmbvizError
from embviz.progress import Report, silent

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from embviz.models import AttentionModel
    from embviz.text import Corpus
    from embviz.train.subwords import Stream


@dataclass(frozen=True)
class AttentionTrainer:
    """Hyperparameters of a small attention model; `fit` trains with them."""

    kind: ClassVar[str] = "attention"

    family: str = field(
        default="encoder", metadata={"help": "encoder (sees both sides) or decoder (sees what was before)"}
    )
    layers: int = field(default=4, metadata={"help": "blocks of attention and MLP"})
    heads: int = field(default=4, metadata={"help": "attention heads in each layer"})
    dims: int = field(default=128, metadata={"help": "length of a token's vector"})
    context: int = field(default=64, metadata={"help": "tokens read at once, at most"})
    vocab: int | None = field(default=None, metadata={"help": "subwords in the vocabulary; by default what fits"})
    steps: int = field(default=800, metadata={"help": "updates of the weights"})
    batch: int = field(default=8, metadata={"help": "stretches of text, each of a whole context, in one step"})
    rate: float = field(default=3e-3, metadata={"help": "learning rate at its highest"})
    mask: float = field(default=0.4, metadata={"help": "share of the tokens that an encoder has to guess"})
    seed: int = field(default=0, metadata={"help": "the same seed gives the same model on the same machine"})
    checkpoint_every: int = field(default=200, metadata={"help": "steps between two checkpoints"})

    def fit(self, corpus: Corpus, report: Report = silent, folder: Path | None = None) -> AttentionModel:
        """Train on a corpus, or go on from the newest checkpoint in the folder.

        Args:
            corpus: sentences.
            report: told the stage and its progress; may raise KeyboardInterrupt to stop at a checkpoint.
            folder: where all that a run needs is written, but for its `meta.json`; None keeps nothing.

        Raises:
            EmbvizError: a hyperparameter that makes no sense, too little text, or a training that diverges.
        """
        self._check()
        if folder is None:
            with tempfile.TemporaryDirectory() as temporary:
                return self.fit(corpus, report, Path(temporary))
        from embviz.models import AttentionModel, Shape
        from embviz.train.loop import train

        try:
            tokenizer, stream = self._read(corpus, report, folder)
            shape = Shape(self.family, self.layers, self.heads, self.dims, self.context, tokenizer.get_vocab_size())
            module = train(self, shape, stream, corpus.name, report, folder)
        finally:
            for name in ("sentences.txt", "tokens.bin", "starts.bin"):
                (folder / name).unlink(missing_ok=True)
        model = AttentionModel(tokenizer, module, corpus.name)
        model.save(folder)
        model.token_table(stream.counts).save(folder)
        shutil.rmtree(folder / "checkpoints", ignore_errors=True)
        return model

    def _read(self, corpus: Corpus, report: Report, folder: Path) -> tuple[Tokenizer, Stream]:
        """The subwords of a corpus and the corpus in subwords."""
        from embviz.train.subwords import dressed, learn, spool, tokenise

        text = folder / "sentences.txt"
        spool(corpus, text, lambda share: report("reading the corpus", share, ""))
        tokenizer = learn(text, self.vocab, corpus.name, lambda share: report("learning subwords", share, ""))
        stream = tokenise(tokenizer, text, folder, lambda share: report("cutting into subwords", share, ""))
        return dressed(tokenizer, self.family), stream

    def _check(self) -> None:
        from embviz.models import Shape
        from embviz.train.subwords import LEAST

        Shape(self.family, self.layers, self.heads, self.dims, self.context, self.vocab or LEAST)
        for name, least in (("steps", 1), ("batch", 1), ("checkpoint_every", 1), ("vocab", LEAST)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise EmbvizError(f"{name.replace('_', '-')} is {value} and must be at least {least}.")
        if not 0 < self.rate <= 1:
            raise EmbvizError(f"rate is {self.rate} and must lie above 0, up to 1.")
        if not 0 < self.mask < 1:
            raise EmbvizError(f"mask is {self.mask} and must lie between 0 and 1.")
        if not 0 <= self.seed < 2**32:
            raise EmbvizError(f"seed is {self.seed} and must lie between 0 and {2**32 - 1}.")
