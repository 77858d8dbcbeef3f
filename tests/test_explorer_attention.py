"""The attention view of each family of models: seq2seq with a target of its own, decoders that write on, gaps."""

from __future__ import annotations

import pytest
from pages import said

import embviz as ev
from embviz.apps.explorer.attention.events import clicked, written_on
from embviz.apps.explorer.attention.looking import with_kind
from embviz.apps.explorer.attention.picture import picture
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.selection import Selection
from embviz.errors import EmbvizError
from embviz.text import Corpus
from embviz.text.pairs import Pairs

HIDDEN = {"display": "none"}
TEXT = ["the king rules the land", "the queen guards the king", "a prince leads the duke"] * 30


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """A model of each family, trained for a moment."""
    folder = tmp_path_factory.mktemp("families")
    small = {"layers": 2, "heads": 1, "dims": 8, "context": 16, "batch": 2, "steps": 2, "tokens": "words"}
    pairs = Pairs.of([(line, line.replace("the", "le")) for line in TEXT])
    for family in ("encoder", "decoder", "seq2seq"):
        corpus = pairs if family == "seq2seq" else Corpus.of(TEXT)
        ev.make_run(ev.AttentionTrainer(family=family, **small), corpus, folder / family)
    return Library(folder)


def test_a_seq2seq_model_shows_what_it_writes_and_three_kinds_of_attention(models: Library) -> None:
    asked = Selection("attention", model="seq2seq", sentence="the king rules", target="le king guards le land")
    source, target = ["[CLS]", "the", "king", "rules", "[SEP]"], ["[CLS]", "le", "king", "guards", "le", "land"]
    for kind, keys, queries in (("cross", source, target), ("encoder", source, source), ("decoder", target, target)):
        seen = picture(models, asked.but(kind=kind), "light", "en")
        assert list(seen["figure"].layout.xaxis.ticktext) == keys
        assert list(seen["figure"].layout.yaxis.ticktext) == queries
        assert seen["seq2seq"] == {} and seen["write"] == HIDDEN and "It writes" not in said(seen["about"])
    cross = picture(models, asked.but(kind=None), "light", "zh")
    assert cross["figure"].layout.xaxis.title.text == "输入句（被关注）"
    assert cross["overview"].data[0].z.shape == (2 * len(target), len(source))
    lower = {"points": [{"x": len(source) - 1, "y": 2 * len(target) - 1}]}
    assert clicked(models, asked, lower) == asked.but(layer=1, head=0)
    own = picture(models, asked.but(target=" "), "light", "en")
    assert "It writes" in said(own["about"])
    assert with_kind(models, asked).kind == "cross"
    assert with_kind(models, asked.but(kind="decoder")).kind == "decoder"


def test_kinds_and_targets_of_another_model_are_no_error(models: Library) -> None:
    other = Selection("attention", model="encoder", sentence="the king", kind="cross", target="le king")
    assert picture(models, other, "light", "en")["message"] is None
    assert with_kind(models, other.but(kind=None)).kind is None
    assert with_kind(models, other.but(model="gone", kind=None)).kind is None


def test_a_decoder_writes_on_until_its_context_is_full(models: Library) -> None:
    asked = Selection("attention", model="decoder", sentence="the king")
    assert picture(models, asked, "light", "en")["write"] == {}
    longer = written_on(models, asked)
    assert longer.sentence and longer.sentence.startswith("the king ") and longer == asked.but(sentence=longer.sentence)
    with pytest.raises(EmbvizError, match="has 16 tokens and the model reads at most 16"):
        written_on(models, asked.but(sentence=" ".join(["king"] * 15)))


def test_an_encoder_fills_each_gap(models: Library) -> None:
    asked = Selection("attention", model="encoder", sentence="the [MASK] rules [MASK] land")
    seen = picture(models, asked, "light", "en")
    assert len(seen["filled"]) == 2 and said(seen["filled"][1]).startswith("[MASK] 2 of 2")
    gap, _ = ev.fill(models.open("encoder").model, "the [MASK] rules [MASK] land")
    assert f"{gap.tokens[0]} " in said(seen["filled"][0])
    assert picture(models, asked.but(sentence="the king"), "light", "en")["filled"] == []
    assert picture(models, asked.but(model="decoder"), "light", "en")["filled"] == []
