"""WordPiece tokens (Schuster and Nakajima 2012; Devlin et al. 2019), learned from a text.

Lower case, accents kept, each Chinese character a token of its own. The same text gives the same tokens.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from embviz.models.tokens import SPECIALS, UNK
from embviz.train.spool import At, lines

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from tokenizers.decoders import Decoder

USUAL = 4_096
"""Tokens when nobody names a number; more only where single characters alone need them, as in Chinese."""

_WIDE = r"\p{Han}\p{Hiragana}\p{Katakana}ー"
_BEGIN, _END, _QUOTES_BEGIN, _QUOTES_END = "（《〈「『【", "，。！？；：、）》〉」』】", "“‘", "”’"
_SPARE = 1_024  # tokens left for longer pieces where the characters are many


def learn(text: Path, vocab: int | None, name: str, at: At) -> Tokenizer:
    """Learn subwords from a file of sentences.

    Args:
        vocab: how many tokens, marks included; None for as many as fit the text.
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
    learner.train_from_iterator(lines(text, at), trainer)
    found = learner.get_vocab()
    return _tokenizer(found)


def _tokenizer(vocabulary: dict[str, int]) -> Tokenizer:
    from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers

    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token=UNK))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFC(),
            normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=False, lowercase=True),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = joining()
    tokenizer.add_special_tokens([AddedToken(mark, normalized=False, special=True) for mark in SPECIALS])
    return tokenizer


def joining() -> Decoder:
    """How tokens become a text: pieces are put together, words have white space between them, Chinese has none."""
    from tokenizers import Regex, decoders

    bare = Regex(
        rf"(?<=[{_WIDE}{_BEGIN}{_END}]) (?=[{_WIDE}{_BEGIN}{_END}])"
        rf"| (?=[{_BEGIN}{_END}{_QUOTES_END}])|(?<=[{_BEGIN}{_QUOTES_BEGIN}{_END}]) "
    )
    return decoders.Sequence([decoders.WordPiece(), decoders.Fuse(), decoders.Replace(bare, "")])


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
