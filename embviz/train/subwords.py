"""Subwords: WordPiece tokens (Schuster and Nakajima 2012; Devlin et al. 2019) learned from a text.

Lower case, accents kept, each Chinese character a token of its own. The same text gives the same tokens. Streams:
what grows with the text lies in files. Knows nothing of models.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from embviz.errors import EmbvizError
from embviz.models.tokens import CLS, SEP, SPECIALS, UNK

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from embviz.text import Corpus

USUAL = 4_096
"""Tokens when nobody names a number; more only where single characters alone need them, as in Chinese."""

LEAST = 16
"""Tokens that any vocabulary must have room for: the marks and a few characters."""

_SPARE = 1_024  # tokens left for longer pieces where the characters are many
_BATCH = 1_000  # sentences tokenised at once, on all cores

At = Callable[[float], None]


def spool(corpus: Corpus, path: Path, at: At) -> None:
    """Write a corpus to a file, a sentence a line, so that it is read and cut into sentences once."""
    with path.open("w", encoding="utf-8") as lines:
        for sentence in corpus.sentences(at):
            lines.write(" ".join(sentence.split()) + "\n")


def learn(text: Path, vocab: int | None, name: str, at: At) -> Tokenizer:
    """Learn subwords from a file of sentences.

    Args:
        vocab: how many tokens, marks included; None for as many as fit the text.
        name: of the text, for messages.

    Raises:
        EmbvizError: the text does not yield that many.
    """
    from tokenizers import trainers

    characters = _characters(text)
    base = _base(characters, vocab)
    size = vocab or max(USUAL, len(base) + _SPARE)
    alphabet = [token for token in base if len(token) == 1]
    # Every piece of one character gets its number here: the library would number them by a random order, and
    # break ties between equally frequent pairs by these numbers.
    trainer = trainers.WordPieceTrainer(
        vocab_size=size, min_frequency=2, special_tokens=base, initial_alphabet=alphabet,
        limit_alphabet=len(alphabet), show_progress=False,
    )  # fmt: skip
    learner = _tokenizer({token: i for i, token in enumerate(base)})
    learner.train_from_iterator(_lines(text, at), trainer)
    found = learner.get_vocab()
    if vocab and len(found) < vocab:
        raise EmbvizError(
            f"{vocab:,} subwords were asked for, and '{name}' yields {len(found):,}: lower --vocab, or give more text."
        )
    return _tokenizer(found)


def dressed(tokenizer: Tokenizer, family: str) -> Tokenizer:
    """The tokenizer with the marks that a family's sentences wear: [CLS] before, and after an encoder's [SEP]."""
    from tokenizers.processors import TemplateProcessing

    marks = [(mark, tokenizer.token_to_id(mark)) for mark in (CLS, SEP)]
    tokenizer.post_processor = TemplateProcessing(
        single=f"{CLS} $A {SEP}" if family == "encoder" else f"{CLS} $A", special_tokens=marks
    )
    return tokenizer


@dataclass(frozen=True, eq=False)
class Stream:
    """A text as token ids, memory-mapped; every sentence ends with [SEP].

    Attributes:
        ids: (N,) uint16 or uint32.
        starts: (S,) int64, where each sentence starts.
        counts: (V,) int64, how often each token occurs.
    """

    ids: np.ndarray
    starts: np.ndarray
    counts: np.ndarray


def tokenise(tokenizer: Tokenizer, text: Path, folder: Path, at: At) -> Stream:
    """Write a file of sentences as `tokens.bin` and `starts.bin` into a folder, and open them."""
    vocab, end = tokenizer.get_vocab_size(), tokenizer.token_to_id(SEP)
    kind = np.uint16 if vocab <= 2**16 else np.uint32
    counts, written = np.zeros(vocab, np.int64), 0
    tokenizer.encode_special_tokens = True  # what looks like a mark in the text is text
    with (folder / "tokens.bin").open("wb") as ids_file, (folder / "starts.bin").open("wb") as starts_file:
        sentences = _lines(text, at)
        while lines := list(islice(sentences, _BATCH)):
            encoded = [[*each.ids, end] for each in tokenizer.encode_batch_fast(lines, add_special_tokens=False)]
            ids = np.fromiter((i for sentence in encoded for i in sentence), kind)
            lengths = np.array([len(sentence) for sentence in encoded], np.int64)
            (written + np.cumsum(lengths) - lengths).tofile(starts_file)
            ids.tofile(ids_file)
            counts += np.bincount(ids, minlength=vocab)
            written += len(ids)
    tokenizer.encode_special_tokens = False
    return Stream(np.memmap(folder / "tokens.bin", kind, "r"), np.memmap(folder / "starts.bin", np.int64, "r"), counts)


def _tokenizer(vocabulary: dict[str, int]) -> Tokenizer:
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers

    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token=UNK))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFC(),
            normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=False, lowercase=True),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.add_special_tokens([AddedToken(mark, normalized=False, special=True) for mark in SPECIALS])
    return tokenizer


def _characters(text: Path) -> list[str]:
    """The characters that occur twice or more once the text is normalised, most frequent first."""
    normalizer = _tokenizer({}).normalizer
    counts: Counter[str] = Counter()
    with text.open(encoding="utf-8") as file:
        while block := "".join(file.readlines(1 << 20)):
            counts.update(normalizer.normalize_str(block))
    often = [character for character, count in counts.items() if count > 1 and not character.isspace()]
    return sorted(often, key=lambda character: (-counts[character], character))


def _base(characters: list[str], vocab: int | None) -> list[str]:
    """The marks, then each character, and as it looks inside a word, while there is room."""
    tools = _tokenizer({})
    base = list(SPECIALS)
    for character in characters:
        word = tools.normalizer.normalize_str(f"a{character}a")  # puts white space around a Chinese character
        inside = len(tools.pre_tokenizer.pre_tokenize_str(word)) == 1
        forms = [character, f"##{character}"] if inside else [character]
        if vocab and len(base) + len(forms) > vocab:
            break
        base += forms
    return base


def _lines(path: Path, at: At) -> Iterator[str]:
    size, read = path.stat().st_size or 1, 0
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            read += len(line.encode())
            if number % _BATCH == 0:
                at(read / size)
            yield line.rstrip("\n")
