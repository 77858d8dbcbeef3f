"""The kinds of all heads, in a real browser: scored on the page, cancelled, points to click, sentences that lead on."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

import embviz as ev
from embviz import heads
from embviz.apps.explorer.attention.heads import kept
from embviz.text import Corpus

TEXT = ["the king rules the land, and the queen rules too", "the queen guards the king", "a prince leads the duke"] * 30
Shown = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model, trained on a file that is still there."""
    folder = tmp_path_factory.mktemp("heads")
    (folder / "text.txt").write_text("\n".join(f"{line} {i}" for i, line in enumerate(TEXT)), encoding="utf-8")
    trainer = ev.AttentionTrainer(layers=2, heads=2, dims=16, context=24, batch=2, steps=2, tokens="words")
    ev.make_run(trainer, ev.open_corpus(str(folder / "text.txt")), folder / "runs" / "small")
    return folder / "runs"


def test_all_heads_are_scored_and_lead_to_one_of_them(
    page: Page, serve: Callable[[Path], str], runs: Path, shown: Shown
) -> None:
    page.goto(serve(runs) + "/attention?model=small&sentence=the+king")
    page.get_by_role("link", name="Kinds of heads").click()
    expect(page).to_have_url(re.compile("show=heads"))
    expect(page.get_by_text("What kind is each head?")).to_be_visible()
    expect(page.get_by_label("Sentence", exact=True)).to_be_hidden()
    page.get_by_role("button", name="Score all heads").click()
    expect(page.locator("#attention-kinds-about")).to_contain_text("All 4 heads", timeout=120_000)  # of a process
    found = shown("attention-kinds-graph", 1)
    scores = kept(ev.open_run(runs / "small"), "encoder")
    assert scores is not None and scores.corpus == "text"
    assert found["traces"][1]["x"] == pytest.approx(scores.scores["previous"].ravel().tolist(), abs=1e-6)
    assert found["traces"][1]["y"] == pytest.approx(scores.scores["next"].ravel().tolist(), abs=1e-6)
    assert len(found["traces"][0]["x"]) == 3 * 4  # the heads of three random models

    page.get_by_role("textbox", name="Vertical score").click()
    page.get_by_role("option", name="punctuation", exact=True).click()
    expect(page).to_have_url(re.compile("score_y=punctuation"))
    page.wait_for_function(
        """(wanted) => Math.abs(document.querySelector("#attention-kinds-graph .js-plotly-plot")
            ._fullData[1].y[0] - wanted) < 1e-6""",
        arg=float(scores.scores["punctuation"][0, 0]),
    )

    click_on(page, 3)  # layer 1, head 1
    expect(page.locator("#attention-kinds-details h2")).to_have_text("Layer 1, head 1")
    expect(page).to_have_url(re.compile("layer=1&head=1"))
    told = [sentence for sentence, *_ in scores.most(1, 1)]
    shown_here = page.locator("#attention-kinds-details .sentences").first.locator(".sentence")
    expect(shown_here).to_have_text(told)
    shown_here.first.click()
    expect(page.get_by_label("Sentence", exact=True)).to_have_value(told[0])
    expect(page.locator("#attention-graph")).to_be_visible()
    expect(page.get_by_role("textbox", name="Layer").first).to_have_value("1")
    page.go_back()
    expect(page.locator("#attention-kinds-details h2")).to_have_text("Layer 1, head 1")


def click_on(page: Page, number: int) -> None:
    """Click on the point of a head."""
    at = page.evaluate(
        """(number) => {
            const plot = document.querySelector("#attention-kinds-graph .js-plotly-plot"), l = plot._fullLayout;
            const box = plot.getBoundingClientRect(), t = plot._fullData[1];
            return [box.left + l.xaxis._offset + l.xaxis.d2p(t.x[number]),
                    box.top + l.yaxis._offset + l.yaxis.d2p(t.y[number])];
        }""",
        number,
    )
    page.mouse.move(at[0] - 3, at[1])
    page.mouse.move(*at)
    page.mouse.click(*at)


def test_scoring_can_be_cancelled_and_begun_again(page: Page, serve: Callable[[Path], str], tmp_path: Path) -> None:
    trainer = ev.AttentionTrainer(layers=4, heads=4, dims=128, context=24, batch=2, steps=1, tokens="words")
    ev.make_run(trainer, Corpus.of(TEXT, "gone"), tmp_path / "runs" / "large")
    page.goto(serve(tmp_path / "runs") + "/attention?model=large&show=heads")
    page.get_by_role("button", name="Score all heads").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled. Nothing was kept.")).to_be_visible()
    expect(page.get_by_role("button", name="Score all heads")).to_be_visible()
    assert heads.kept_scores(ev.open_run(tmp_path / "runs" / "large")) == []


def test_a_seq2seq_model_has_three_kinds_and_a_phone_shows_all_of_them(
    page: Page, serve: Callable[[Path], str], tmp_path: Path, shown: Shown
) -> None:
    table = tmp_path / "pairs.csv"
    table.write_text("one,two\n" + "\n".join(f"a b c {i},c b a {i}" for i in range(60)), encoding="utf-8")
    trainer = ev.AttentionTrainer(family="seq2seq", layers=1, heads=2, dims=16, context=16, steps=1, batch=2)
    run = ev.make_run(trainer, ev.open_pairs(table, "one", "two"), tmp_path / "runs" / "pairs")
    for kind in ("cross", "decoder"):
        heads.scored(run, sentences=6, kind=kind)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(serve(tmp_path / "runs") + "/attention?model=pairs&show=heads")
    shown("attention-kinds-graph", 1)
    expect(page.get_by_role("textbox", name="Horizontal score")).to_have_value("diagonal")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("link", name="decoder", exact=True).click()
    expect(page.get_by_role("textbox", name="Horizontal score")).to_have_value("previous token")
    page.get_by_role("link", name="encoder", exact=True).click()
    expect(page.get_by_text("What kind is each head?")).to_be_visible()
    page.goto(serve(tmp_path / "runs") + "/attention?model=pairs&show=heads&score_x=nonsense&layer=7")
    shown("attention-kinds-graph", 1)
