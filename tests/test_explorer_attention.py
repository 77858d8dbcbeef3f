"""The attention view of each family of models: seq2seq with a target of its own, decoders that write on, gaps; its
pictures, what clicks do, and what is taken away.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from itertools import product
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from dash import Patch
from pages import fetch, said

import embviz as ev
from embviz.apps.explorer import create_app
from embviz.apps.explorer.attention.events import chosen, clicked, stepped, whole_layer, written_on
from embviz.apps.explorer.attention.looking import look, look_step, with_kind
from embviz.apps.explorer.attention.notebook import as_python
from embviz.apps.explorer.attention.picture import picture, zoomed
from embviz.apps.explorer.attention.recent import Recent
from embviz.apps.explorer.frame import changed_by, control_value
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.selection import Selection
from embviz.attention import Attention
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
    assert [each.text for each in cross["figure"].layout.annotations] == ["目标句（关注）", "输入句（被关注）"]
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


ASKED = Selection("attention", model="encoder", sentence="the king rules the land")


@pytest.mark.parametrize("show", ["heatmap", "lines", "text"])
@pytest.mark.parametrize("family", ["encoder", "decoder", "seq2seq"])
def test_every_picture_of_every_family(models: Library, family: str, show: str) -> None:
    seen = picture(models, ASKED.but(model=family, show=show), "dark", "zh")
    assert seen["message"] is None and len(seen["figure"].data)
    assert seen["figure"].layout.title.text.startswith(f"{family}：第 0 层，第 0 头")
    assert (seen["steps"] == HIDDEN) == (family == "encoder")
    assert (seen["lines"] == HIDDEN) == (show != "lines")
    assert bool(seen["tall"]) == (show == "text")


@pytest.mark.parametrize("show", ["products", "predictions", "paths"])
def test_rows_are_played_where_there_are_rows(models: Library, show: str) -> None:
    seen = picture(models, ASKED.but(model="decoder", show=show), "light", "en")
    assert seen["message"] is None and len(seen["figure"].data) and seen["steps"] == HIDDEN


def test_only_frames_are_sent_where_only_the_head_changes(models: Library) -> None:
    first = picture(models, ASKED, "light", "en")
    assert isinstance(first["overview"], go.Figure)
    other = picture(models, ASKED.but(layer=1, show="text", tokens="1", scale="row"), "light", "en", 64, first["drawn"])
    assert isinstance(other["overview"], Patch)
    sent = json.loads(json.dumps(other["overview"].to_plotly_json()["operations"]))
    assert [step["location"] for step in sent] == [["layout", "shapes"]]
    for changed in (ASKED.but(sentence="the king"), ASKED.but(marks="hide"), ASKED.but(direction="to")):
        assert isinstance(picture(models, changed, "light", "en", 64, first["drawn"])["overview"], go.Figure)


def test_what_is_asked_of_the_weights_is_done_and_said(models: Library) -> None:
    every = ASKED.but(reading="words\trenormalise", marks="hide", sink="zero", top="0.9", direction="to", scale="row")
    seen = picture(models, every, "light", "en")
    wanted = ev.attention.read(
        ev.attend(models.open("encoder").model, ASKED.sentence or ""), True, "hide", "zero", 0.9, True, direction="to"
    )
    assert look(models, every).changes == wanted.changes
    np.testing.assert_array_equal(look_step(models, every).weights, wanted.weights)
    assert "special tokens hidden" in seen["figure"].layout.title.text
    wrong = picture(models, ASKED.but(top="much"), "light", "zh")
    assert "比例 much 无效" in said(wrong["message"])
    assert "is none" not in said(picture(models, ASKED.but(show="pie"), "light", "en")["message"])
    assert "没有图示“pie”" in said(picture(models, ASKED.but(show="pie"), "light", "zh")["message"])


def test_controls_at_their_defaults_make_the_address_no_longer() -> None:
    assert control_value(ASKED, "marks") == "shown" and control_value(ASKED, "show") == "heatmap"
    assert changed_by(ASKED.but(marks="hide"), "marks", "shown") == ASKED
    both = changed_by(ASKED.but(tokens="1,2", step=3), "reading", ["words", "renormalise"])
    assert both == ASKED.but(reading="words\trenormalise"), "other tokens have other rows"
    assert control_value(both, "reading") == ["words", "renormalise"]
    assert changed_by(both, "reading", []) == ASKED
    assert Selection.of(f"/{both.view}", both.search) == both


def test_clicks_choose_tokens_and_heads(models: Library) -> None:
    one = chosen(ASKED, {"row": 2, "click": 1})
    two = chosen(one, {"row": 4, "click": 2})
    assert (one.tokens, two.tokens, chosen(two, {"row": 2, "click": 3}).tokens) == ("2", "2,4", "4")
    assert chosen(one, {"row": 2, "click": 3}).tokens is None
    lines = ASKED.but(show="lines")
    below = {"points": [{"x": 0, "y": 2 * len(look(models, ASKED).tokens) - 1}]}
    added = clicked(models, lines, below)
    assert (added.lines, added.layer, added.head) == ("0.0\t1.0", 1, 0)
    assert clicked(models, added, below).lines == "0.0"
    assert clicked(models, lines.but(lines="1.0"), below).lines == "1.0", "one head is always drawn"
    assert whole_layer(models, lines.but(layer=1)).lines == "1.0"


def test_rows_come_one_by_one(models: Library) -> None:
    asked = ASKED.but(model="decoder")
    there = len(look(models, asked).tokens)
    assert stepped(models, asked, 2).step == 2 and stepped(models, asked, there).step is None
    seen = picture(models, asked.but(step=2), "light", "en")
    assert seen["rows"] == {"max": there, "value": 2, "step": 2}
    z = np.array(seen["figure"].data[0].z, float)
    assert np.isfinite(z).sum() == 3 and f"rows up to 2 / {there}" in seen["figure"].layout.title.text
    turned = picture(models, asked.but(step=2, direction="to"), "light", "en")
    np.testing.assert_array_equal(np.array(turned["figure"].data[0].z, float), z.T)
    assert picture(models, asked.but(step=99), "light", "en")["rows"]["value"] == there


def test_a_heatmap_of_few_tokens_stays_when_one_zooms(models: Library) -> None:
    area = {"rows": [0, 2], "columns": [0, 2]}
    assert not isinstance(zoomed(models, ASKED, area), Patch)
    assert not isinstance(zoomed(models, ASKED, None), Patch)


@pytest.mark.parametrize(
    ("family", "changes"),
    [
        *product(["encoder"], [{}, {"show": "lines", "lines": "0.0\t1.0"}, {"show": "text", "tokens": "1,3"}]),
        ("encoder", {"reading": "words\trenormalise", "marks": "hide", "sink": "hide", "top": "0.8", "scale": "row"}),
        ("decoder", {"step": 3, "show": "text"}),
        ("decoder", {"sentence": "view=None, height=None)\n'\"\\ \ud83d", "direction": "to"}),
        ("seq2seq", {"target": "le king", "kind": "cross", "layer": 1}),
        ("seq2seq", {"kind": "encoder"}),
        ("encoder", {"measure": "norms"}),
        ("decoder", {"measure": "gradient", "token": 2, "show": "text"}),
        ("encoder", {"measure": "rollout"}),
        ("seq2seq", {"measure": "flow", "kind": "cross"}),
        ("encoder", {"other_layer": 0, "measure": "norms"}),
        ("decoder", {"off": "0.0", "other_sentence": "the queen rules"}),
        ("encoder", {"show": "products", "off": "0.0", "token": 1}),
        ("seq2seq", {"show": "predictions"}),
        ("decoder", {"show": "paths", "token": 1}),
    ],
)
def test_the_lines_for_a_notebook_draw_the_same(models: Library, family: str, changes: dict[str, Any]) -> None:
    asked = ASKED.but(model=family, **changes)
    lines = as_python(models, asked, "dark", "zh", 50)
    assert lines.endswith("figure.update_layout(width=None, height=None)\n")
    names: dict[str, Any] = {}
    exec(lines.removesuffix("figure.update_layout(width=None, height=None)\n"), names)
    drawn, shown = names["figure"], picture(models, asked, "dark", "zh", 50)["figure"]
    shown.layout.meta = None
    drawn.layout.height = None
    assert json.loads(drawn.to_json()) == json.loads(shown.to_json())


def test_numbers_are_taken_away_as_they_are_shown(models: Library) -> None:
    client = create_app(models.folder).server.test_client()
    asked = ASKED.but(model="decoder", sentence="=the king", step=2, show="lines", lines="0.0\t1.0")
    seen = look_step(models, asked)
    with np.load(io.BytesIO(fetch(client, f"/attention/decoder.npz{asked.search}")), allow_pickle=False) as arrays:
        assert arrays["tokens"].tolist() == list(seen.tokens) and arrays["layers"].tolist() == [0, 1]
        np.testing.assert_array_equal(np.isnan(arrays["weights"][1]), ~seen.seen)
        np.testing.assert_array_equal(arrays["weights"][1][seen.seen], seen.head(1, 0)[seen.seen])
        about = json.loads(str(arrays["about"]))
        assert about["changes"] == list(seen.changes) and about["sentence"] == "=the king"
    table = fetch(client, f"/attention/decoder.csv{asked.search}").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(table)))
    assert len(rows) == 2 * seen.seen.sum()
    for row in rows:
        assert float(row["weight"]) == pytest.approx(
            seen.head(int(row["layer"]), int(row["head"]))[int(row["row"]), int(row["column"])], rel=1e-5
        )
        assert not row["token"].startswith("=")
    assert client.get(f"/attention/decoder.exe{asked.search}").status_code == 404
    assert client.get("/attention/gone.csv?sentence=a").status_code == 400


def test_figures_travel_squeezed_to_browsers_that_can(models: Library) -> None:
    client = create_app(models.folder).server.test_client()
    layout = client.get("/_dash-layout", headers={"Accept-Encoding": "gzip"})
    plain = client.get("/_dash-layout")
    assert layout.headers["Content-Encoding"] == "gzip" and "Content-Encoding" not in plain.headers
    assert len(layout.data) < len(plain.data) / 3
    assert json.loads(gzip.decompress(layout.data)).keys() == plain.get_json().keys()


def test_what_was_looked_at_last_is_kept_within_a_bound() -> None:
    made: list[str] = []

    def record(name: str) -> Attention:
        made.append(name)
        return Attention.of(np.ones((1, 1, 10, 10)), ["a"] * 10)  # 400 bytes

    kept = Recent(1_000)
    for name in ("a", "b", "a", "c", "a", "b"):
        kept.get(name, lambda name=name: record(name))
    assert made == ["a", "b", "c", "b"], "b was not asked for the longest time when c came"
    small = Recent(10)
    assert small.get("a", lambda: record("a")) is small.get("a", lambda: record("a")), "the last one in any case"
