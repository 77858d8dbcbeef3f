"""Words and sentences, in the scripts that people write."""

import pytest

from embviz.text import sentences, words
from embviz.text.splitter import LONGEST
from embviz.text.tokenizer import segmented_words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \t\n", []),
        ("?!... -- ()", []),
        ("The quick, brown FOX.", ["the", "quick", "brown", "fox"]),
        ("Don't stop: rock 'n' roll", ["don't", "stop", "rock", "n", "roll"]),
        ("don’t and l’Homme", ["don't", "and", "l'homme"]),
        ("well-known snake_case 3.5", ["well", "known", "snake", "case", "3", "5"]),
        ("naïve Café Straße", ["naïve", "café", "straße"]),
        ("cafe\u0301", ["caf\u00e9"]),
        ("co\u00adoperate", ["cooperate"]),
        ("我用Python写code", ["我", "用", "python", "写", "code"]),
        ("玄德很火", ["玄德", "很", "火"]),
        ("武汉市长江大桥。", ["武汉市", "长江大桥"]),
        ("ＡＢＣ１２３元", ["abc123", "元"]),
        ("私はカタカナとスーパーです", ["私", "は", "カタカナ", "と", "スーパー", "です"]),
        ("한국어 단어입니다.", ["한국어", "단어입니다"]),
        ("हिन्दी भाषा।", ["हिन्दी", "भाषा"]),
        ("اللغة العربيّة؟", ["اللغة", "العربيّة"]),
        ("می\u200cخواهم", ["می\u200cخواهم"]),
        ("ภาษาไทย", ["ภาษาไทย"]),
        ("Привет, мир", ["привет", "мир"]),
        ("I ❤️ it❤ 👍🏽👨\u200d👩\u200d👧🇨🇳© ™", ["i", "❤", "it", "❤", "👍🏽", "👨\u200d👩\u200d👧", "🇨🇳"]),
        ("𝄞 x̧ 1️⃣", ["x̧", "1"]),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_the_quick_way_for_ascii_gives_the_same_words() -> None:
    text = "It's 5 o'clock -- 'tis the rock'n'roll_time's end'; A.B.C. x' 'y"
    assert words(text) == words(text + " é")[:-1]


def test_han_words_cover_every_character() -> None:
    text = "滚滚长江东逝水浪花淘尽英雄是非成败转头空"
    assert "".join(words(text)) == text


def test_segmented_words_are_kept_as_they_are() -> None:
    found = segmented_words("长江大桥 的 well-known ， 。 ３月 <UNK> 👍")
    assert found == ["长江大桥", "的", "well-known", "3月", "<unk>", "👍"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n \r\n\t", []),
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("Line one\nline two\r\nline three\u2028four", ["Line one", "line two", "line three", "four"]),
        ('He said "Stop." Then (he left.) Why?!', ['He said "Stop."', "Then (he left.)", "Why?!"]),
        ("Version 3.5 of example.com is out", ["Version 3.5 of example.com is out"]),
        ("J. R. R. Tolkien wrote. I read", ["J. R. R. Tolkien wrote.", "I read"]),
        ("他说：“好！”他走了。真的？……是；不是", ["他说：“好！”", "他走了。", "真的？……", "是；", "不是"]),
        ("（完。）下一句", ["（完。）", "下一句"]),
        ("यह एक वाक्य है। दूसरा", ["यह एक वाक्य है।", "दूसरा"]),
        ("Wait... what", ["Wait...", "what"]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert list(sentences(text)) == expected


def test_long_sentences_are_cut_at_white_space() -> None:
    text = "abcdefg " * 1000
    found = list(sentences(text))
    assert max(map(len, found)) <= LONGEST < len(text)
    assert " ".join(found) == text.strip()


def test_long_sentences_without_white_space_are_cut_anyway() -> None:
    assert [len(found) for found in sentences("字" * 4500)] == [2000, 2000, 500]


def test_sentences_lose_no_word() -> None:
    text = "A first one. A second (with care!) 第三句。Fourth\n\nfifth... end"
    assert [word for sentence in sentences(text) for word in words(sentence)] == words(text)
