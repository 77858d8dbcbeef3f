"""What a reader sees when something is odd: strange words, damaged runs, empty and wrong input, phones, the dark."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest
from playwright.sync_api import Browser, Page, expect

Shown = Callable[..., dict[str, Any]]


def test_words_that_look_like_html_or_formulas_are_text_everywhere(
    page: Page, serve: Callable[[Path], str], strange_runs: Path, shown: Shown
) -> None:
    alerts: list[str] = []
    page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    image = "<img src=x onerror=alert(1)>"
    page.goto(serve(strange_runs) + f"/map?run=strange&word={quote_plus(image)}")
    expect(page.locator("#map-details h2")).to_have_text(image)
    shown("map-graph")
    expect(page.locator("#map-graph .textpoint text").filter(has_text=image)).to_have_count(1)
    expect(page.locator("#map-graph .textpoint text").filter(has_text="<b>bold</b>")).to_have_count(1)
    page.locator("#to-words").click()
    expect(page.locator("#words-details h2")).to_have_text(image)
    page.get_by_label("Word or expression").fill("=1+1")
    page.keyboard.press("Enter")
    expect(page.locator("#words-details h2")).to_have_text("=1+1")
    ticks = page.locator("#words-graph .ytick text").all_text_contents()
    table = page.locator("#words-details tbody td:first-child").all_text_contents()
    assert [tick.strip() for tick in ticks] == table
    assert not alerts and page.locator("img").count() == 0


def test_an_unknown_word_gets_close_spellings_and_costs_nothing(
    page: Page, serve: Callable[[Path], str], strange_runs: Path, shown: Shown
) -> None:
    page.goto(serve(strange_runs) + "/words?run=strange&word=word1")
    shown("words-graph")
    page.get_by_label("Word or expression").fill("wrod1")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Did you mean: word1")).to_be_visible()
    page.get_by_label("Word or expression").fill("巴黎 - 法国 + 日本")
    page.keyboard.press("Enter")
    expect(page.locator("#words-details tbody td").first).to_have_text("东京")
    expect(page.get_by_text("Did you mean")).to_have_count(0)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("/map?run=broken", "is damaged"),
        ("/map?run=nowhere", "There is no run 'nowhere'"),
        ("/map?run=strange&words=1000000", "A map of 1,000,000 words was asked for, and 'strange' has 50."),
        ("/map?run=strange&word=nowhere", "'nowhere' is not in 'strange'"),
        ("/words?run=strange", "Type a word"),
        ("/words?run=strange&word=word1+-+word1", "cancel out"),
        ("/attention?run=strange", "There is no run yet"),
        ("/attention?model=strange&sentence=x", "holds word vectors and no attention model"),
    ],
)
def test_wrong_input_gets_one_sentence_in_place(
    page: Page, serve: Callable[[Path], str], strange_runs: Path, url: str, sentence: str
) -> None:
    page.goto(serve(strange_runs) + url)
    expect(page.get_by_text(sentence)).to_be_visible()
    expect(page.locator("#problem")).to_be_empty()


def test_the_switches_change_language_and_theme_and_keep_the_view(
    page: Page, serve: Callable[[Path], str], strange_runs: Path, shown: Shown
) -> None:
    page.goto(serve(strange_runs) + "/map?run=strange&word=word1")
    expect(page.locator("#map-details h2")).to_have_text("word1")
    page.get_by_role("button", name="Language: 中文").click()
    expect(page.locator("#to-map")).to_have_text("地图")
    expect(page.locator("#map-details h2")).to_have_text("word1")
    page.locator("#theme").click()
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
    shown("map-graph")
    paper = page.evaluate("document.querySelector('#map-graph .js-plotly-plot')._fullLayout.paper_bgcolor")
    assert paper == "#14181f"


def test_a_reader_who_prefers_the_dark_gets_it_at_once(
    browser: Browser, serve: Callable[[Path], str], strange_runs: Path
) -> None:
    page = browser.new_context(color_scheme="dark").new_page()
    page.goto(serve(strange_runs) + "/words?run=strange&word=word1")
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")


@pytest.mark.parametrize("view", ["map", "words", "attention"])
@pytest.mark.parametrize("size", [(390, 844), (1280, 800)])
def test_nothing_scrolls_sideways(
    page: Page, serve: Callable[[Path], str], strange_runs: Path, view: str, size: tuple[int, int]
) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(serve(strange_runs) + f"/{view}?run=strange&model=strange&word={'x' * 300}&sentence={'y' * 300}")
    expect(page.locator(".notice:visible").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == size[0]


def test_the_keyboard_reaches_search_views_and_neighbours(
    page: Page, serve: Callable[[Path], str], strange_runs: Path, shown: Shown
) -> None:
    page.goto(serve(strange_runs) + "/map?run=strange")
    shown("map-graph")
    page.get_by_role("textbox", name="Find a word").focus()
    page.keyboard.type("word2")
    expect(page.get_by_role("option", name="word2", exact=True)).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("word=word2&"))
    page.get_by_role("textbox", name="Find a word").press("ControlOrMeta+a")
    page.keyboard.type("word1")
    expect(page.get_by_role("option", name="word10", exact=True)).to_be_visible()
    page.wait_for_timeout(300)  # the options may be sent once more
    for name in ("word1", "word10"):
        page.keyboard.press("ArrowDown")
        expect(page.get_by_role("option", name=name, exact=True)).to_have_attribute("data-combobox-selected", "true")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("word=word10&"))
    expect(page.locator("#map-details h2")).to_have_text("word10")
    page.locator("#map-details .neighbors a").first.focus()
    neighbor = page.locator("#map-details .neighbors .word").first.text_content()
    page.keyboard.press("Enter")
    expect(page.locator("#map-details h2")).to_have_text(str(neighbor))
    page.locator("#to-words").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#words-details h2")).to_have_text(str(neighbor))


def test_three_dimensions_and_back(page: Page, serve: Callable[[Path], str], strange_runs: Path) -> None:
    page.goto(serve(strange_runs) + "/map?run=strange&word=word3&dims=3")
    page.wait_for_function("document.querySelector('#map-graph .js-plotly-plot')?._fullData?.[0]?.type === 'scatter3d'")
    page.get_by_text("2", exact=True).click()
    page.wait_for_function("document.querySelector('#map-graph .js-plotly-plot')?._fullData?.[0]?.type === 'scattergl'")
    page.go_back()
    page.wait_for_function("document.querySelector('#map-graph .js-plotly-plot')?._fullData?.[0]?.type === 'scatter3d'")


def test_zooming_in_labels_more_words(
    page: Page, serve: Callable[[Path], str], strange_runs: Path, shown: Shown
) -> None:
    page.goto(serve(strange_runs) + "/map?run=strange")
    shown("map-graph")
    page.wait_for_load_state("networkidle")  # the graph listens to zooming once it is drawn to its end
    figure = shown("map-graph")
    x, y = figure["traces"][0]["x"][20], figure["traces"][0]["y"][20]
    page.evaluate(
        """([x, y]) => Plotly.relayout(document.querySelector('#map-graph .js-plotly-plot'), {
            'xaxis.range[0]': x - 1e-3, 'xaxis.range[1]': x + 1e-3,
            'yaxis.range[0]': y - 1e-3, 'yaxis.range[1]': y + 1e-3,
        })""",
        [x, y],
    )
    expect(page.locator("#map-graph .textpoint text")).to_have_text(["word10"])
