"""AttentionModel: a tokenizer and the module that it belongs to. Saves and loads both; knows no training."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from embviz.errors import EmbvizError
from embviz.models.shape import Shape, Size
from embviz.models.tokens import Marks, Tokens, tokens_of
from embviz.space import Space

if TYPE_CHECKING:
    import numpy as np
    from tokenizers import Tokenizer
    from torch import Tensor

    from embviz.models.architectures import Module
    from embviz.models.pretrained import Pretrained

PRETRAINED = "pretrained"
"""The folder of a run that holds a model that was trained elsewhere, as `transformers` wants it."""


@dataclass(frozen=True, eq=False)
class AttentionModel:
    """A small transformer, or what was there before it, that can be asked what it looks at.

    Attributes:
        tokenizer: text to token ids, as trained with the weights.
        module: the torch module; one that was trained elsewhere answers the same questions.
        name: what to call it in messages and titles.
    """

    tokenizer: Tokenizer
    module: Module | Pretrained
    name: str = "model"

    @property
    def shape(self) -> Size:
        """Family, layers, heads, dims, context and vocabulary."""
        return self.module.shape

    @property
    def marks(self) -> Marks:
        """Which tokens start and end what is written, and which is a gap."""
        return self.shape.marks

    @property
    def mask(self) -> str | None:
        """How a gap is typed: "[MASK]", or as the vocabulary of a pretrained model has it."""
        return None if self.marks.mask is None else str(self.tokenizer.id_to_token(self.marks.mask))

    @property
    def family(self) -> str:
        """`encoder`, `decoder` or `seq2seq`."""
        return self.shape.family

    @property
    def layers(self) -> int:
        """How many layers there are; they are counted from 0."""
        return self.shape.layers

    @property
    def heads(self) -> int:
        """How many heads each layer has; they are counted from 0."""
        return self.shape.heads

    @property
    def dims(self) -> int:
        """D, the length of a token's vector."""
        return self.shape.dims

    @property
    def context(self) -> int:
        """How many tokens are read at once, at most."""
        return self.shape.context

    def encode(self, sentence: str) -> Tokens:
        """The tokens of a sentence, with the marks that the model has learned to see around it.

        Raises:
            EmbvizError: there is nothing to read, or more than the context holds.
        """
        tokens = tokens_of(self.tokenizer, sentence)
        if len(tokens) > self.context:
            raise EmbvizError(
                f"The sentence has {len(tokens):,} tokens and '{self.name}' reads at most {self.context:,}: shorten it."
            )
        if all(start == end for start, end in tokens.offsets):
            raise EmbvizError("The sentence is empty: type a few words.")
        return tokens

    def encode_target(self, sentence: str) -> Tokens:
        """The tokens of what a seq2seq model is to have written: the mark of a start first, and none at the end.

        Raises:
            EmbvizError: it is more than the context holds.
        """
        tokens, start = self.encode(sentence), self.marks.start
        text = [i for i, (begin, end) in enumerate(tokens.offsets) if end > begin]
        return Tokens(
            (*start, *(tokens.ids[i] for i in text)),
            (*(str(self.tokenizer.id_to_token(mark)) for mark in start), *(tokens.texts[i] for i in text)),
            (*((0, 0) for _ in start), *(tokens.offsets[i] for i in text)),
        )

    def token_table(self, counts: Sequence[int] | np.ndarray | None = None) -> Space:
        """The tokens that occur, most frequent first, with their input embeddings; marks such as [CLS] are left out.

        Args:
            counts: (V,) how often each token id occurs in the corpus; where that is not known, all tokens are there,
                in the order of the vocabulary.
        """
        marks = {i for i, token in self.tokenizer.get_added_tokens_decoder().items() if token.special}
        words = {i: self.tokenizer.id_to_token(i) for i in range(self.shape.vocab) if i not in marks}
        ids = [i for i, word in words.items() if word is not None and (counts is None or counts[i])]
        if counts is not None:
            ids.sort(key=lambda i: (-int(counts[i]), i))
        vectors = self.module.embedding.detach()[ids].float().numpy()
        known = None if counts is None else [int(counts[i]) for i in ids]
        return Space.of([str(words[i]) for i in ids], vectors, known, self.name)

    def save(self, folder: Path) -> None:
        """Write `weights.safetensors`, `model.json` and `tokenizer.json` into a folder; not of a pretrained model."""
        from safetensors.torch import save

        describe(self.tokenizer, cast("Shape", self.shape), folder)
        (folder / "weights.safetensors").write_bytes(save(cast("Module", self.module).state_dict()))

    @classmethod
    def load(cls, folder: Path, name: str | None = None, weights: str = "weights.safetensors") -> AttentionModel:
        """Open the three files of a folder, or what a run holds of a model that was trained elsewhere.

        Args:
            weights: where the weights are; a training under way has some in its checkpoints.

        Raises:
            EmbvizError: a file is missing, damaged, or does not fit the others.
        """
        if (folder / PRETRAINED).is_dir():
            from embviz.models.pretrained import opened

            return cls(*opened(folder), name or folder.name)
        shape, tokenizer = _shape(folder / "model.json"), _tokenizer(folder / "tokenizer.json")
        if tokenizer.get_vocab_size() != shape.vocab:
            raise EmbvizError(
                f"'{folder}' is damaged: tokenizer.json has {tokenizer.get_vocab_size():,} tokens and "
                f"model.json says {shape.vocab:,}. Train it again."
            )
        return cls(tokenizer, _module(folder / weights, shape), name or folder.name)


def describe(tokenizer: Tokenizer, shape: Shape, folder: Path) -> None:
    """Write all of a model but its weights: `model.json` and `tokenizer.json`."""
    (folder / "tokenizer.json").write_text(tokenizer.to_str(pretty=True), encoding="utf-8")
    (folder / "model.json").write_text(json.dumps(asdict(shape), indent=1), encoding="utf-8")


def _shape(path: Path) -> Shape:
    try:
        return Shape(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, EmbvizError) as error:
        raise _damaged(path, error) from error


def _tokenizer(path: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_str(path.read_text(encoding="utf-8"))
    except Exception as error:  # tokenizers raises a bare Exception for a damaged file
        raise _damaged(path, error) from error


def _module(path: Path, shape: Shape) -> Module:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from embviz.models.architectures import module_of

    try:
        weights = load_file(path)
    except (OSError, SafetensorError) as error:
        raise _damaged(path, error) from error
    module = module_of(shape)
    _check_fit(path, weights, module.state_dict())
    module.load_state_dict(weights)
    return module.eval()


def _check_fit(path: Path, weights: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> None:
    """Names and shapes of all weights are those of the model, and every value is finite."""
    for name in sorted(wanted.keys() | weights.keys()):
        there = tuple(weights[name].shape) if name in weights else "absent"
        should = tuple(wanted[name].shape) if name in wanted else "absent"
        if there != should:
            raise _damaged(path, f"'{name}' is {there} and should be {should}")
        if not weights[name].isfinite().all():
            raise _damaged(path, f"'{name}' holds a value that is not finite")


def _damaged(path: Path, why: object) -> EmbvizError:
    return EmbvizError(f"The model in '{path.parent}' is damaged: {path.name} cannot be used ({why}). Train it again.")
