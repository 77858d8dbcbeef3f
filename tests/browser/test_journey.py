"""The journey of a first reader, in a real browser, on runs of the real default corpus."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from embviz import attend, near, open_run

pytestmark = pytest.mark.slow
Shown = Callable[..., dict[str, Any]]
SENTENCE = "The king lived in a large city."
TOKENS = """(tokens) => {
    const axis = document.querySelector("#attention-graph .js-plotly-plot")?.layout?.xaxis;
    return JSON.stringify(axis?.ticktext) === JSON.stringify(tokens);
}"""


def test_from_the_map_over_the_words_to_attention(
    page: Page, serve: Callable[[Path], str], real_runs: Path, shown: Shown, sheet: Callable[[], dict[str, Any]]
) -> None:
    space = open_run(real_runs / "words").space
    page.goto(serve(real_runs) + "/")
    expect(page).to_have_url(re.compile(r"/map\?run=words"))
    whole = sheet()
    assert whole["n"] == len(space)

    # Select a word by typing its beginning; it is centred, and its true neighbours are marked and listed.
    page.get_by_role("textbox", name="Find a word").fill("musi")
    page.keyboard.press("Enter")
    expect(page.locator("#map-details h2")).to_have_text("music")
    expect(page).to_have_url(re.compile("word=music"))
    page.wait_for_function("(scale) => window.embviz.map.camera.scale > 2 * scale", arg=whole["scale"])
    seen = sheet()
    found = near(space, "music")
    places = open_run(real_runs / "words").projection("pca").sheet.places
    assert [seen["x"], seen["y"]] == pytest.approx((places[space.row("music")] / 65_536).tolist(), abs=1e-6)
    assert (seen["selected"], seen["near"]) == (space.row("music"), found.rows.tolist())
    expect(page.locator("#map-details .neighbors .word")).to_have_text(list(found.words))
    assert "music" in [label["word"] for label in seen["labels"]]

    # Walk to a neighbour.
    page.locator("#map-details .neighbors a").first.click()
    expect(page.locator("#map-details h2")).to_have_text(found.words[0])

    # Run an expression.
    page.locator("#to-words").click()
    expect(page.locator("#words-details h2")).to_have_text(found.words[0])  # what is typed before that is overwritten
    page.get_by_label("Word or expression").fill("king - man + woman")
    page.keyboard.press("Enter")
    answer = near(space, "king - man + woman", 15)
    expect(page.locator("#words-details tbody tr td:first-child")).to_have_text(list(answer.words))
    assert shown("words-graph")["traces"][0]["x"] == pytest.approx([float(s) for s in answer.scores], abs=1e-5)

    # Type a sentence, change the head.
    page.locator("#to-attention").click()
    expect(page.get_by_label("Sentence")).not_to_have_value("")  # the example comes a moment after the view
    page.get_by_label("Sentence").fill(SENTENCE)
    expect(page).to_have_url(re.compile("sentence=The\\+king\\+lived"))
    seen = attend(open_run(real_runs / "attention").model, SENTENCE)
    page.wait_for_function(TOKENS, arg=list(seen.tokens))
    first = shown("attention-graph")["traces"][0]["z"]
    assert [value for row in first for value in row] == pytest.approx(seen.head(0, 0).ravel().tolist(), abs=6e-4)
    page.get_by_role("textbox", name="Head").click()
    page.get_by_role("option", name="2", exact=True).click()
    expect(page).to_have_url(re.compile("head=2"))
    page.wait_for_function(
        "(before) => document.querySelector('#attention-graph .js-plotly-plot')._fullData[0].z[0][0] !== before",
        arg=first[0][0],
    )
    second = shown("attention-graph")["traces"][0]["z"]

    # The URL brings the same view back.
    page.goto(page.url)
    expect(page.get_by_label("Sentence")).to_have_value(SENTENCE)
    expect(page.get_by_role("textbox", name="Head")).to_have_value("2")
    page.wait_for_function(TOKENS, arg=list(seen.tokens))
    assert shown("attention-graph")["traces"][0]["z"][0] == pytest.approx(second[0])
    assert second[0] == pytest.approx(seen.head(0, 2)[0].tolist(), abs=6e-4)

    # Back leads through the views one came by.
    page.go_back()
    expect(page).to_have_url(re.compile("head=0"))
    expect(page.get_by_role("textbox", name="Head")).to_have_value("0")


def test_a_click_on_the_overview_picks_a_head(
    page: Page, serve: Callable[[Path], str], real_runs: Path, shown: Shown
) -> None:
    page.goto(serve(real_runs) + f"/attention?model=attention&sentence={SENTENCE.replace(' ', '+')}")
    shown("attention-overview")
    page.wait_for_function("document.querySelector('#attention-overview .js-plotly-plot').dataset.heard")
    box = page.evaluate(
        """() => {
            const plot = document.querySelector('#attention-overview .js-plotly-plot');
            const {xaxis, yaxis} = plot._fullLayout;
            const at = plot.getBoundingClientRect();
            return {x: at.x + xaxis._offset, y: at.y + yaxis._offset, width: xaxis._length, height: yaxis._length};
        }"""
    )
    # two layers of three heads: the middle of the lower right tile is layer 1, head 2
    page.mouse.click(box["x"] + box["width"] * 5 / 6, box["y"] + box["height"] * 3 / 4)
    expect(page).to_have_url(re.compile("layer=1&head=2"))
    expect(page.get_by_role("textbox", name="Layer")).to_have_value("1")


def test_a_long_projection_shows_progress_and_can_be_cancelled(
    page: Page, serve: Callable[[Path], str], real_runs: Path, sheet: Callable[[], dict[str, Any]]
) -> None:
    page.goto(serve(real_runs) + "/map?run=words&method=pca")
    sheet()
    page.get_by_text("t-SNE", exact=True).click()
    expect(page.locator("#map-stage")).to_contain_text("%")
    page.wait_for_function("window.embviz.live.drawn > 0")  # its points, while they move
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("The projection was cancelled.")).to_be_visible()
    expect(page.locator("#map-progress")).to_be_hidden()
    expect(page.locator("#map-about")).to_be_empty()
    blank = "c => !c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(Boolean)"
    assert page.locator("#map-sheet").evaluate(blank)
    page.locator("#map-dims").get_by_text("3", exact=True).click()
    page.wait_for_function("document.getElementById('map-picture').matches('.moving')")
    expect(page.locator("#map-sheet")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#map-sheet")).to_be_hidden()
    page.locator("#map-dims").get_by_text("2", exact=True).click()
    expect(page.locator("#map-stage")).to_contain_text("%")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Start again")).to_be_visible()
    assert not list((real_runs / "words" / "projections").glob("tsne*"))
    page.get_by_role("button", name="Start again").click()
    expect(page.locator("#map-stage")).to_contain_text("%")
    page.get_by_role("button", name="Cancel").click()
    page.goto(serve(real_runs) + "/map?run=words&method=tsne&words=1000")
    expect(page.locator("#map-about")).to_contain_text("1,000 of", timeout=60_000)
    expect(page.locator("#map-about")).to_contain_text("t-SNE")
    assert sheet()["n"] == 1000


def test_two_readers_do_not_see_each_other(browser: Any, serve: Callable[[Path], str], real_runs: Path) -> None:
    address = serve(real_runs)
    one, other = (browser.new_context(locale=locale).new_page() for locale in ("en-US", "zh-CN"))
    one.goto(address + "/words?run=words&word=music")
    other.goto(address + "/words?run=words&word=river")
    expect(one.locator("#words-details h2")).to_have_text("music")
    expect(other.locator("#words-details h2")).to_have_text("river")
    other.locator("#words-details tbody a").first.click()
    expect(other.locator("#words-details h2")).not_to_have_text("river")
    expect(one.locator("#words-details h2")).to_have_text("music")
    expect(one.locator("#to-words")).to_have_text("Words")
    expect(other.locator("#to-words")).to_have_text("词语")
