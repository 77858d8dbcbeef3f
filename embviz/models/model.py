"""AttentionModel: a tokenizer and the transformer that it belongs to. Saves and loads both; knows no training."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from embviz.errors import EmbvizError
from embviz.models.shape import Shape
from embviz.models.tokens import SPECIALS, Tokens, tokens_of
from embviz.space import Space

if TYPE_CHECKING:
    import numpy as np
    from tokenizers import Tokenizer
    from torch import Tensor

    from embviz.models.transformer import Transformer


@dataclass(frozen=True, eq=False)
class AttentionModel:
    """A small transformer that can be asked what it looks at.

    Attributes:
        tokenizer: text to token ids, as trained with the weights.
        module: the torch module.
        name: what to call it in messages and titles.
    """

    tokenizer: Tokenizer
    module: Transformer
    name: str = "model"

    @property
    def shape(self) -> Shape:
        """Family, layers, heads, dims, context and vocabulary."""
        return self.module.shape

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
        """The tokens of what a seq2seq model is to have written: [CLS] first, and no mark at the end.

        Raises:
            EmbvizError: it is more than the context holds.
        """
        tokens = self.encode(sentence)
        return Tokens(tokens.ids[:-1], tokens.texts[:-1], tokens.offsets[:-1])

    def token_table(self, counts: Sequence[int] | np.ndarray) -> Space:
        """The tokens that occur, most frequent first, with their input embeddings; marks such as [CLS] are left out.

        Args:
            counts: (V,) how often each token id occurs in the corpus.
        """
        ids = [i for i in range(len(SPECIALS), self.shape.vocab) if counts[i]]
        ids.sort(key=lambda i: (-int(counts[i]), i))
        vectors = self.module.embedding.detach()[ids].numpy()
        words = [str(self.tokenizer.id_to_token(i)) for i in ids]
        return Space.of(words, vectors, [int(counts[i]) for i in ids], self.name)

    def save(self, folder: Path) -> None:
        """Write `weights.safetensors`, `model.json` and `tokenizer.json` into a folder."""
        from safetensors.torch import save

        (folder / "tokenizer.json").write_text(self.tokenizer.to_str(pretty=True), encoding="utf-8")
        (folder / "model.json").write_text(json.dumps(asdict(self.shape), indent=1), encoding="utf-8")
        (folder / "weights.safetensors").write_bytes(save(self.module.state_dict()))

    @classmethod
    def load(cls, folder: Path, name: str | None = None) -> AttentionModel:
        """Open the three files of a folder.

        Raises:
            EmbvizError: a file is missing, damaged, or does not fit the others.
        """
        shape, tokenizer = _shape(folder / "model.json"), _tokenizer(folder / "tokenizer.json")
        if tokenizer.get_vocab_size() != shape.vocab:
            raise EmbvizError(
                f"'{folder}' is damaged: tokenizer.json has {tokenizer.get_vocab_size():,} tokens and "
                f"model.json says {shape.vocab:,}. Train it again."
            )
        return cls(tokenizer, _module(folder / "weights.safetensors", shape), name or folder.name)


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


def _module(path: Path, shape: Shape) -> Transformer:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from embviz.models.transformer import Transformer

    try:
        weights = load_file(path)
    except (OSError, SafetensorError) as error:
        raise _damaged(path, error) from error
    module = Transformer(shape)
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
