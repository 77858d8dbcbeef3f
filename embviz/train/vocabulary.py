"""Vocabulary: what a model's tokens are, learned from a text: characters, words, or pieces of words of three kinds.

Each by the `tokenizers` library, with the marks first; the same text gives the same tokens.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embviz.errors import EmbvizError
from embviz.models.tokens import CLS, SEP, SPECIALS, UNK
from embviz.train import wordpiece
from embviz.train.spool import At, lines

if TYPE_CHECKING:
    from tokenizers import Tokenizer

LEAST = 16
"""Tokens that any vocabulary must have room for: the marks and a few characters."""


def learn(text: Path, kind: str, vocab: int | None, name: str, at: At) -> Tokenizer:
    """Learn the tokens of a file of lines.

    Args:
        kind: one of `KINDS`.
        vocab: how many tokens, marks included; None for as many as fit the text.
        name: of the text, for messages.

    Raises:
        EmbvizError: the text does not yield that many.
    """
    tokenizer = KINDS[kind](text, vocab, name, at)
    found = tokenizer.get_vocab_size()
    if vocab and found < vocab and kind != "characters":
        raise EmbvizError(
            f"{vocab:,} tokens were asked for, and '{name}' yields {found:,}: lower --vocab, or give more text."
        )
    return tokenizer


def dressed(tokenizer: Tokenizer, family: str, kind: str = "wordpiece") -> Tokenizer:
    """The tokenizer with the marks that a family's texts wear: [CLS] before, and if they are read whole [SEP] after.

    A decoder of characters has learned from a text without marks, and is given none.
    """
    from tokenizers.processors import TemplateProcessing

    if is_verbatim(family, kind):
        return tokenizer
    marks = [(mark, tokenizer.token_to_id(mark)) for mark in (CLS, SEP)]
    tokenizer.post_processor = TemplateProcessing(
        single=f"{CLS} $A" if family == "decoder" else f"{CLS} $A {SEP}", special_tokens=marks
    )
    return tokenizer


def is_verbatim(family: str, kind: str) -> bool:
    """Whether a text is learned from as it is, white space and ends of lines too, and not as sentences."""
    return family == "decoder" and kind == "characters"


def _characters(text: Path, vocab: int | None, name: str, at: At) -> Tokenizer:
    """Each character a token, as it is."""
    from tokenizers import Regex, decoders, models, pre_tokenizers, trainers

    made = _made(models.WordLevel({}, unk_token=UNK))
    made.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    made.decoder = decoders.Fuse()
    return _trained(made, lines(text, at, ends=True), trainers.WordLevelTrainer, vocab or 65_536, least=1)


def _words(text: Path, vocab: int | None, name: str, at: At) -> Tokenizer:
    """Words in lower case, those that occur twice or more; a Chinese character, a number and a mark are words too."""
    from tokenizers import models, normalizers, pre_tokenizers, trainers

    made = _made(models.WordLevel({}, unk_token=UNK))
    made.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.BertNormalizer(strip_accents=False, lowercase=True)]
    )
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = wordpiece.joining()
    return _trained(made, lines(text, at), trainers.WordLevelTrainer, vocab or 8_192)


def _bpe(text: Path, vocab: int | None, name: str, at: At) -> Tokenizer:
    """Byte pairs (Sennrich et al. 2016; of bytes, as in GPT-2): nothing is unknown, and case and spaces are kept."""
    from tokenizers import decoders, models, pre_tokenizers, trainers

    made = _made(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    return _trained(made, lines(text, at), trainers.BpeTrainer, vocab or 4_096, initial_alphabet=alphabet)


def _unigram(text: Path, vocab: int | None, name: str, at: At) -> Tokenizer:
    """Pieces of a unigram model (Kudo 2018), white space as ▁, as in SentencePiece and T5."""
    from tokenizers import decoders, models, normalizers, pre_tokenizers, trainers

    made = _made(models.Unigram())
    made.normalizer = normalizers.NFKC()
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    with _in_one_thread():
        _trained(made, lines(text, at), trainers.UnigramTrainer, vocab or 4_096, least=None, unk_token=UNK)
    marks, pieces = len(SPECIALS), json.loads(made.to_str())["model"]["vocab"]
    found = sorted(((piece, round(score, 6)) for piece, score in pieces[marks:]), key=lambda one: (-one[1], one[0]))
    made.model = models.Unigram([*map(tuple, pieces[:marks]), *found], SPECIALS.index(UNK))
    return made


KINDS: dict[str, Callable[[Path, int | None, str, At], Tokenizer]] = {
    "wordpiece": wordpiece.learn,
    "characters": _characters,
    "words": _words,
    "bpe": _bpe,
    "unigram": _unigram,
}


@contextmanager
def _in_one_thread() -> Iterator[None]:
    """Sums over many threads come in any order, and the last digits would decide which pieces stay. (The library adds
    in an order of its own even so: scores are rounded.)
    """
    name = "TOKENIZERS_PARALLELISM"
    before = os.environ.get(name)
    os.environ[name] = "false"
    try:
        yield
    finally:
        os.environ.pop(name) if before is None else os.environ.update({name: before})


def _made(model: object) -> Tokenizer:
    from tokenizers import Tokenizer

    return Tokenizer(model)  # type: ignore[arg-type]


def _trained(made: Tokenizer, text: Iterable[str], trainer: Any, vocab: int, least: int | None = 2, **more: Any) -> Any:
    """The tokenizer after training, its marks known as such."""
    from tokenizers import AddedToken

    how = {"min_frequency": least} if least is not None else {}
    made.train_from_iterator(
        text, trainer(vocab_size=vocab, special_tokens=list(SPECIALS), show_progress=False, **how, **more)
    )
    made.add_special_tokens([AddedToken(mark, normalized=False, special=True) for mark in SPECIALS])
    return made
