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
Sheet = Callable[[], dict[str, Any]]


def test_words_that_look_like_html_or_formulas_are_text_everywhere(
    page: Page, serve: Callable[[Path], str], strange_runs: Path, sheet: Sheet
) -> None:
    alerts: list[str] = []
    page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    image = "<img src=x onerror=alert(1)>"
    page.goto(serve(strange_runs) + f"/map?run=strange&word={quote_plus(image)}")
    expect(page.locator("#map-details h2")).to_have_text(image)
    for row, word in enumerate([image, "=1+1", "<b>bold</b>"]):
        sheet()
        page.evaluate(
            "(row) => { const m = window.embviz.map; m.camera.set({...m.points.place(row), scale: 1e6}); }", row
        )
        assert [label["word"] for label in sheet()["labels"]] == [word]
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
    page: Page, serve: Callable[[Path], str], strange_runs: Path, sheet: Sheet
) -> None:
    page.goto(serve(strange_runs) + "/map?run=strange&word=word1")
    expect(page.locator("#map-details h2")).to_have_text("word1")
    page.get_by_role("button", name="Language: 中文").click()
    expect(page.locator("#to-map")).to_have_text("地图")
    expect(page.locator("#map-details h2")).to_have_text("word1")
    page.locator("#theme").click()
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
    sheet()
    corner = page.evaluate("Array.from(window.embviz.map.ctx.getImageData(2, 2, 1, 1).data)")
    assert corner == [0x14, 0x18, 0x1F, 255]


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
    page: Page, serve: Callable[[Path], str], strange_runs: Path, sheet: Sheet
) -> None:
    page.goto(serve(strange_runs) + "/map?run=strange")
    sheet()
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


def test_three_dimensions_and_back(
    page: Page, serve: Callable[[Path], str], strange_runs: Path, sheet: Sheet, shown: Shown
) -> None:
    page.goto(serve(strange_runs) + "/map?run=strange&word=word3&dims=3")
    page.wait_for_function("document.querySelector('#map-graph .js-plotly-plot')?._fullData?.[0]?.type === 'scatter3d'")
    expect(page.locator("#map-graph")).to_be_visible()
    expect(page.locator("#map-sheet")).to_be_hidden()
    page.get_by_text("2", exact=True).click()
    expect(page.locator("#map-sheet")).to_be_visible()
    assert sheet()["n"] == 50
    expect(page.locator("#map-graph")).to_be_hidden()
    page.go_back()
    expect(page.locator("#map-graph")).to_be_visible()
    assert len(shown("map-graph")["traces"][0]["x"]) == 50


@pytest.mark.parametrize("url", ["/map?run=nowhere", "/attention?model=strange&sentence=x"])
def test_a_page_at_rest_asks_for_nothing(
    page: Page, serve: Callable[[Path], str], strange_runs: Path, url: str
) -> None:
    """A run that the list of runs has not once made the page ask for it for ever."""
    page.goto(serve(strange_runs) + url)
    expect(page.locator(".notice:visible").first).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for _ in range(20):  # a busy machine takes its time until there is nothing left to ask
        asked.clear()
        page.wait_for_timeout(700)
        if not asked:
            return
    raise AssertionError(f"still asking: {asked}")


def test_turning_a_map_in_space_selects_nothing(
    page: Page, serve: Callable[[Path], str], strange_runs: Path, shown: Shown
) -> None:
    page.goto(serve(strange_runs) + "/map?run=strange&word=word3&dims=3")
    shown("map-graph")
    box = page.locator("#map-graph").bounding_box()
    assert box
    for place in range(9):  # somewhere in the cloud there is a point under the pointer
        x = box["x"] + box["width"] * (0.42 + 0.08 * (place % 3))
        y = box["y"] + box["height"] * (0.42 + 0.08 * (place // 3))
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 40, y + 12, steps=4)
        page.mouse.up()
    page.wait_for_timeout(300)
    expect(page.locator("#map-details h2")).to_have_text("word3")


@pytest.mark.parametrize("view", ["map", "words"])
def test_a_view_without_a_run_shows_the_one_a_reader_sees_first(
    page: Page, serve: Callable[[Path], str], strange_runs: Path, view: str
) -> None:
    page.goto(serve(strange_runs) + f"/{view}?word=word1")
    expect(page).to_have_url(re.compile("run=strange"))
    expect(page.locator(f"#{view}-details h2")).to_have_text("word1")


def test_the_card_of_a_word_is_readable(
    page: Page, serve: Callable[[Path], str], strange_runs: Path, sheet: Sheet
) -> None:
    page.goto(serve(strange_runs) + "/map?run=strange")
    seen = sheet()
    x, y = page.evaluate("embviz.map.camera.pixel(embviz.map.points.place(14))")
    page.mouse.move(seen["left"] + x, seen["top"] + y)
    expect(page.locator("#map-tooltip strong")).to_be_visible()
    card = page.locator("#map-tooltip strong").locator("..").bounding_box()
    assert card and card["width"] > 100 and card["height"] < 150
