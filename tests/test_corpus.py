"""The noun: sentences that can be read twice, and the facts that a run keeps of them."""

import json
from pathlib import Path

import pytest

from embviz.corpora import open_corpus
from embviz.errors import EmbvizError
from embviz.text import Corpus


def test_reading_twice_gives_the_same() -> None:
    corpus = Corpus.of(["One two. Three!", "我们"])
    assert list(corpus) == list(corpus) == [["one", "two"], ["three"], ["我们"]]
    assert list(corpus.sentences()) == list(corpus.sentences()) == ["One two.", "Three!", "我们"]


def test_one_text_is_not_taken_for_a_list_of_letters() -> None:
    assert list(Corpus.of("One two.")) == [["one", "two"]]


def test_two_readers_do_not_disturb_each_other(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one\ntwo\nthree")
    corpus = open_corpus(str(tmp_path / "a.txt"))
    first, second = iter(corpus), iter(corpus)
    assert [next(first), next(second), next(first), next(second)] == [["one"], ["one"], ["two"], ["two"]]


def test_no_list_is_empty_or_longer_than_a_thousand_words() -> None:
    corpus = Corpus.of(["w " * 999 + "\n...\n" + "字 " * 5 + "\n" + "a " * 1001])
    lengths = [len(words) for words in corpus]
    assert sum(lengths) == 999 + 5 + 1001
    assert 1 <= min(lengths) <= max(lengths) <= 1000


def test_segmented_text_keeps_its_words_and_joins_its_sentences() -> None:
    corpus = Corpus.of(["迈向 充满 希望 的 新 世纪 。 Ａ 股 from Wall Street ！"], segmented=True)
    assert list(corpus) == [["迈向", "充满", "希望", "的", "新", "世纪"], ["a", "股", "from", "wall", "street"]]
    assert list(corpus.sentences()) == ["迈向充满希望的新世纪。", "Ａ股from Wall Street！"]


def test_facts_go_into_json() -> None:
    facts = Corpus.of(["x"], name="mine", language="en").facts()
    assert json.loads(json.dumps(facts)) == facts
    assert facts["name"] == "mine"
    assert facts["language"] == "en"
    assert len(facts["sha256"]) == 64
    assert facts["sha256"] != Corpus.of(["y"]).sha256()


def test_nothing_to_read_is_an_error_not_an_empty_training() -> None:
    with pytest.raises(EmbvizError, match="'text' holds no text"):
        list(Corpus.of(["", " \n"]))
    with pytest.raises(EmbvizError, match="'text' holds not one word"):
        list(Corpus.of(["...", "?!"]))
    with pytest.raises(EmbvizError, match="holds no text"):
        list(Corpus.of([]).sentences())


def test_the_listener_hears_the_end() -> None:
    shares: list[float] = []
    list(Corpus.of(["a", "b"]).words(shares.append))
    assert shares == [0.5, 1.0]
