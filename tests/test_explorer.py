"""The explorer without a browser: its URL, its texts, its states, and the functions that its callbacks call."""

from __future__ import annotations

import json
import re
import string
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pages import said

import embviz as ev
from embviz.apps.explorer import create_app, home, interface, interface_library, words
from embviz.apps.explorer.attention.picture import picture
from embviz.apps.explorer.examples import sentence_for
from embviz.apps.explorer.frame import changed_by, control_value, navigation, run_choices
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.selection import VIEWS, Selection
from embviz.errors import EmbvizError
from embviz.text import Corpus
from embviz.text.pairs import Pairs

texts = st.none() | st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(
    st.sampled_from(VIEWS),
    texts,
    texts,
    texts,
    st.integers(2, 3),
    st.none() | st.integers(1, 10**7),
    st.integers(0, 99),
)
def test_a_url_reproduces_the_selection(
    view: str, run: str | None, word: str | None, sentence: str | None, dims: int, n: int | None, head: int
) -> None:
    selection = Selection(view, run=run, word=word, sentence=sentence, dims=dims, words=n, head=head)
    path, _, search = selection.url.partition("?")
    assert Selection.of(path, "?" + search) == selection


@pytest.mark.parametrize("search", ["", "?", "?layer=x&head=-1&dims=", "?unknown=1", "?&&==", None])
def test_a_url_that_makes_no_sense_is_at_its_defaults(search: str | None) -> None:
    assert Selection.of("/nowhere", search) == Selection()


def test_controls_show_and_set_the_selection() -> None:
    selection = Selection(dims=3, word="king")
    assert control_value(selection, "dims") == "3"
    assert control_value(selection, "word") == "king"
    assert control_value(selection, "sentence") is None
    assert changed_by(selection, "dims", "2") == replace(selection, dims=2)
    fewer, all_of_them = replace(selection, words=5_000), replace(selection, dims=2, words=30_000)
    assert changed_by(fewer, "dims", "2") == replace(fewer, dims=2)
    assert changed_by(all_of_them, "dims", "3") == replace(all_of_them, dims=3, words=None)
    assert changed_by(selection, "word", "queen") == replace(selection, word="queen")


def test_links_between_views_keep_the_selection() -> None:
    selection = Selection("words", run="a", word="king - man + woman", sentence="Hi & <b>")
    links = navigation(selection, "zh")
    assert [said(link) for link in links] == ["地图", "词语", "注意力", "训练"]
    path, _, search = links[2].href.partition("?")
    assert Selection.of(path, "?" + search) == replace(selection, view="attention")


def test_a_link_says_what_it_changes_and_nothing_else() -> None:
    here = Selection("words", run="a", word="king", dims=3, pins="a\tb & c", off="0.1")
    assert here.way_to(here) == ""
    there = here.but(word="e=mc²", pins="b & c", off=None, layer=2, view="map")
    said = dict(parse_qsl(here.way_to(there), keep_blank_values=True))
    assert said == {"word": "e=mc²", "pins": "b & c", "off": "", "layer": "2", "view": "map"}


def test_every_text_is_there_in_both_languages_with_the_same_values() -> None:
    for key, versions in interface._TEXT.items():
        assert len(versions) == len(interface.LANGUAGES), key
        names = [{name for _, name, _, _ in string.Formatter().parse(version) if name} for version in versions]
        assert names[0] == names[1], key


def test_every_translated_error_is_one_that_is_raised() -> None:
    root = Path(ev.__file__).parent
    source = " ".join(
        path.read_text(encoding="utf-8") for path in [*root.rglob("*.py"), *root.parent.glob("apps/**/*.py")]
    )
    joined = re.sub(r'"\s*\n\s*f?"', "", source.replace(interface.__doc__ or "", ""))
    for sentence, chinese in interface._ERRORS.items():
        assert joined.count(sentence) >= 2, f"nothing raises: {sentence}"
        names = {name for _, name, _, _ in string.Formatter().parse(sentence) if name}
        assert names == {name for _, name, _, _ in string.Formatter().parse(chinese) if name}


def test_what_long_work_says_is_there_in_chinese() -> None:
    root = Path(ev.__file__).parent
    source = " ".join(p.read_text("utf-8") for p in [*root.glob("projection/*.py"), root / "clusters.py"])
    stages = set(re.findall(r'report\("([^"]+)"', source))
    assert {"searching neighbours", "neighbours ranked", "finding clusters"} <= stages <= set(interface_library.CHINESE)
    assert interface.worded("step 20 of 750", "zh") == "第 20 步，共 750 步"
    assert interface.worded("KL 1.234", "zh") == interface.worded("KL 1.234", "en") == "KL 1.234"


def test_an_error_is_explained_in_the_readers_language(library: Library) -> None:
    space = library.open("strange").space
    with pytest.raises(EmbvizError) as caught:
        ev.near(space, "wrod1")
    assert interface.explain(caught.value, "en").startswith(
        "'wrod1' is not in 'strange' (50 words). Did you mean: word1"
    )
    assert interface.explain(caught.value, "zh").startswith("“wrod1”不在“strange”中（共 50 个词）")


def test_the_words_view_answers_compares_and_explains(library: Library) -> None:
    figure, message, shown = words.picture(
        library, Selection("words", run="strange", word="巴黎 - 法国 + 日本"), "dark", "en"
    )
    assert figure.layout.yaxis.ticktext[0] == "东京" and message is None
    assert "over all 50 words" in said(shown)
    compared = words.comparison(library, Selection(run="strange", word="巴黎", other="巴黎"), "en")
    assert said(compared).startswith("1.000")
    assert words.comparison(library, Selection(run="strange", word="wrod1", other="巴黎"), "en") is None, "said once"
    unknown = words.comparison(library, Selection(run="strange", word="巴黎", other="wrod1"), "en")
    assert "Did you mean: word1" in said(unknown)
    _, message, _ = words.picture(library, Selection("words", run="strange"), "light", "en")
    assert "Type a word" in said(message)
    _, message, _ = words.picture(library, Selection("words", run="strange", word="巴黎 -"), "light", "zh")
    assert "运算符后面缺少词语" in said(message)
    assert "巴黎 - 法国 + 日本" in said(words.examples(library, Selection(run="strange"), "en"))
    first = ev.near(library.open("strange").space, "巴黎", 15).words[0]
    assert words.clicked(library, Selection(run="strange", word="巴黎"), {"points": [{"pointNumber": 0}]}).word == first


def test_runs_are_listed_with_the_damaged_ones_disabled(library: Library) -> None:
    assert run_choices(library, "map", "en", None) == [
        {"value": "strange", "label": "strange"},
        {"value": "broken", "label": "broken (damaged)", "disabled": True},
    ]
    assert home(library, "zh").run == "strange"
    assert [choice["value"] for choice in run_choices(library, "attention", "en", None)] == ["broken"]


def test_attention_without_a_model_says_what_to_do(library: Library) -> None:
    state = picture(library, Selection("attention", model="strange", sentence="x"), "light", "en")
    assert "no attention model" in said(state["message"])
    assert state["frame"] == {"visibility": "hidden"}, "no empty frame for heads that there are not"


def test_models_before_transformers_show_their_alignment_or_say_that_there_is_none(tmp_path: Path) -> None:
    small = {"architecture": "lstm", "layers": 2, "dims": 16, "context": 16, "steps": 1, "batch": 2}
    for family in ("encoder", "seq2seq"):
        ev.make_run(ev.AttentionTrainer(family=family, **small), Corpus.of(["a b c d"] * 99, "abc"), tmp_path / family)
    library = Library(tmp_path)
    state = picture(library, Selection("attention", model="seq2seq", sentence="a b"), "light", "en")
    assert (state["message"], state["layers"], state["heads"]) == (None, ["0"], ["0"])
    assert "additive attention" in said(state["about"]) and len(state["figure"].data[0].z[0]) == 4
    for sentence in ("a b", None):
        state = picture(library, Selection("attention", model="encoder", sentence=sentence), "light", "zh")
        assert "没有注意力可看" in said(state["message"])
        assert (state["layers"], state["heads"], state["frame"]) == ([], [], {"visibility": "hidden"})


def test_two_apps_in_one_process_answer_for_their_own_runs(strange_runs: Path, tmp_path: Path) -> None:
    vectors = np.eye(4, dtype=np.float32)
    (tmp_path / "v.txt").write_text(
        "\n".join(f"w{i} {' '.join(map(str, row))}" for i, row in enumerate(vectors)), encoding="utf-8"
    )
    ev.import_vectors(tmp_path / "v.txt", tmp_path / "runs" / "mine")
    apps = [create_app(folder).server.test_client() for folder in (strange_runs, tmp_path / "runs")]
    assert "run=strange" in apps[0].get("/").location
    assert "run=mine" in apps[1].get("/").location
    callbacks = [len(json.loads(app.get("/_dash-dependencies").data)) for app in apps]
    assert callbacks[0] == callbacks[1] > 5


@pytest.mark.parametrize(("header", "language"), [("zh-CN,zh;q=0.9", "zh"), ("en-GB", "en"), ("fr", "en"), ("", "en")])
def test_the_browser_chooses_the_language_and_the_switch_overrules(
    strange_runs: Path, header: str, language: str
) -> None:
    client = create_app(strange_runs).server.test_client()
    page = client.get("/_dash-layout", headers={"Accept-Language": header}).get_data(as_text=True)
    assert (json.dumps("查找词语") in page) == (language == "zh")
    client.set_cookie("embviz-language", "zh")
    page = client.get("/_dash-layout", headers={"Accept-Language": header}).get_data(as_text=True)
    assert json.dumps("查找词语") in page


def test_a_run_that_has_attention_is_the_model_where_none_is_named(tmp_path: Path) -> None:
    small = {"layers": 1, "heads": 1, "dims": 8, "context": 16, "steps": 1, "batch": 2, "keep": 0}
    for name in ("older", "newer"):
        ev.make_run(ev.AttentionTrainer(**small), Corpus.of(["a b c d"] * 99, "abc"), tmp_path / name)
    client = create_app(tmp_path).server.test_client()
    assert "model=older" in client.get("/attention?run=older").location
    assert "model=newer" in client.get("/attention?run=nobody").location
    assert client.get("/attention?run=older&model=newer").status_code == 200


def test_a_model_of_ones_own_text_begins_with_a_line_of_it(tmp_path: Path) -> None:
    small = {"layers": 1, "heads": 1, "dims": 8, "context": 12, "steps": 1, "batch": 2, "tokens": "characters"}
    digits = ["12", "314159265358979", "2718281828", "1618033988", "2718281828"] * 40
    pairs = Pairs.of([(line, line[::-1]) for line in digits], "digits")
    ev.make_run(ev.AttentionTrainer(family="seq2seq", **small), pairs, tmp_path / "digits")
    library = Library(tmp_path)
    run = library.open("digits")
    assert run.examples == ["2718281828", "1618033988"], "12 is too short, the other too long to be read whole"
    assert home(library, "zh").sentence == "2718281828"
    asked = said(picture(library, Selection("attention", model="digits"), "light", "en")["message"])
    assert "2718281828" in asked
    assert "国" in sentence_for(None, "zh") and "king" in sentence_for(None, "en")
    ours = replace(run, meta={**run.meta, "corpus": {"name": "peoples-daily"}})
    assert "国" in sentence_for(ours, "en"), "in the language of the text that it learned from"
    (run.path / "examples.json").write_text("{", encoding="utf-8")
    assert replace(run).examples == [] and "king" in sentence_for(replace(run), "en")
