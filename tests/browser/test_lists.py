"""Columns on the map in a real browser: colours and filters that a reader chooses, and lists that a reader makes."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

import embviz as ev
from embviz.apps.explorer.selection import Selection
from embviz.apps.page import page as one_file

Sheet = Callable[[], dict[str, Any]]
N = 120


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """120 words, each with a colour (a third of them each) and a number; and a run without columns."""
    folder = tmp_path_factory.mktemp("columns")
    vectors = np.random.default_rng(5).normal(size=(N, 6))
    text = "".join(f"w{i} {' '.join(f'{v:.3f}' for v in row)}\n" for i, row in enumerate(vectors))
    (folder / "v.vec").write_text(text)
    rows = "".join(f"{('red', 'green', '<b>蓝</b>')[i % 3]}\t{i}\n" for i in range(N))
    (folder / "meta.tsv").write_text(f"hue\tsize\n{rows}", encoding="utf-8")
    for name, columns in (("with", folder / "meta.tsv"), ("without", None)):
        run = ev.import_vectors(folder / "v.vec", folder / "runs" / name, columns=columns)
        run.faithfulness("pca"), run.clusters()
    return folder / "runs"


def choose(page: Page, control: str, option: str) -> None:
    page.get_by_role("textbox", name=control).click()
    page.get_by_role("option", name=option, exact=True).click()


def colors(page: Page) -> list[int]:
    """Of each row its colour; 255 where it is left out."""
    return page.evaluate(
        "Array.from({length: 120}, (_, row) => window.embviz.map.points.color[window.embviz.map.points.index[row]])"
    )


def test_colours_and_filters_of_columns(page: Page, serve: Any, runs: Path, sheet: Sheet) -> None:
    page.goto(serve(runs) + "/map?run=with")
    sheet()
    choose(page, "Colour", "hue")
    expect(page.locator("#map-about .legend .row")).to_have_text(["red40", "green40", "<b>蓝</b>40"])
    page.wait_for_function("window.embviz.map.spec.colors.url?.includes('column')")
    sheet()
    assert sorted(set(colors(page))) == [0, 1, 2]
    choose(page, "Filter by column or list", "hue")
    choose(page, "Which values", "red")
    expect(page.get_by_text("40 of 120 words match.")).to_be_visible()
    choose(page, "Which values", "<b>蓝</b>")
    expect(page.get_by_text("80 of 120 words match.")).to_be_visible()
    expect(page.locator("#map-about .legend .row")).to_have_count(2)
    page.keyboard.press("Escape")
    choose(page, "Filter by column or list", "size")
    expect(page.get_by_text("120 of 120 words match.")).to_be_visible()
    page.get_by_label("At least").fill("100")
    page.keyboard.press("Enter")
    expect(page.get_by_text("20 of 120 words match.")).to_be_visible()
    page.wait_for_function("window.embviz.map.spec.colors.url.includes('least=100')")
    seen = sheet()
    assert {int(label["word"][1:]) for label in seen["labels"]} <= set(range(100, 120)) and seen["labels"]
    page.reload()
    expect(page.get_by_text("20 of 120 words match.")).to_be_visible()
    expect(page.locator("#map-color")).to_have_value("hue")
    expect(page.locator("#map-column")).to_have_value("size")
    expect(page.get_by_label("At least")).to_have_value("100")
    choose(page, "Run", "without")  # which has no columns: nothing is asked of one
    expect(page.locator("#map-color")).to_have_value("none")
    expect(page.locator("#map-column")).to_be_hidden()
    sheet()
    expect(page.locator(".message .notice")).to_have_count(0)


def test_lists_that_a_reader_makes(page: Page, serve: Any, runs: Path, sheet: Sheet) -> None:
    run = ev.open_run(runs / "without")
    page.goto(serve(runs) + "/map?run=without")
    seen = sheet()
    page.locator("[data-map=lasso]").click()
    corners = [(150, 150), (500, 150), (500, 600), (150, 600)]
    page.mouse.move(seen["left"] + corners[0][0], seen["top"] + corners[0][1])
    page.mouse.down()
    for x, y in corners[1:]:
        page.mouse.move(seen["left"] + x, seen["top"] + y)
    page.mouse.up()
    page.locator("#map-list-name").fill("../left")
    page.get_by_role("button", name="Keep as a list").click()
    expect(page.locator("#map-list-said")).to_contain_text("cannot name a column")
    page.locator("#map-list-name").fill("left")
    page.get_by_role("button", name="Keep as a list").click()
    expect(page.locator("#map-list-said")).to_contain_text("“left” is kept in the run")
    expect(page).to_have_url(re.compile("color=column%3Aleft"))
    rows = page.evaluate("window.embviz.map.chosen")
    assert 10 < len(rows) < N and np.flatnonzero(run.column("left").values).tolist() == rows
    expect(page.locator("#map-color")).to_have_value("left")
    expect(page.locator("#map-about .legend .row").first).to_have_text(f"in the list{len(rows)}")
    page.keyboard.press("Escape")
    page.get_by_text("Paste a list of words").click()
    page.get_by_label("Words, one a line").fill("w1, w2\nnowhere")
    page.locator("#map-paste-name").fill("动物")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.locator("#map-paste-said")).to_contain_text("which has 2 of its 3 words")
    page.wait_for_function("decodeURIComponent(window.embviz.map.spec.colors.url || '').includes('动物')")
    sheet()
    assert [row for row, color in enumerate(colors(page)) if color == 0] == [1, 2]
    choose(page, "Filter by column or list", "动物")
    expect(page.get_by_text("2 of 120 words match.")).to_be_visible()


def test_the_page_without_a_server_has_the_legend(page: Page, runs: Path, tmp_path: Path) -> None:
    run, file = ev.open_run(runs / "with"), tmp_path / "map.html"
    seen = Selection(color="column:hue", column="hue", among="red\t<b>蓝</b>")
    file.write_text(one_file(run, run.projection("pca"), "dark", seen=seen, language="zh"), encoding="utf-8")
    page.goto(file.as_uri())
    expect(page.locator(".legend .row")).to_have_text(["red40", "<b>蓝</b>40"])
    assert page.locator(".legend b").count() == 0
    swatch = page.locator(".legend .swatch").last.evaluate("(swatch) => getComputedStyle(swatch).backgroundColor")
    stops = page.evaluate("embviz.map.spec.colors.stops")
    assert swatch == "rgb({}, {}, {})".format(*bytes.fromhex(stops[2][1:]))
    expect(page.get_by_label("查找词语")).to_be_visible()
    file.write_text(one_file(run, run.projection("pca"), seen=Selection(color="rank")), encoding="utf-8")
    page.goto(file.as_uri())
    expect(page.locator(".legend .ends span")).to_have_text(["rare", "frequent"])
    file.write_text(one_file(run, run.projection("pca"), seen=Selection(color="one")), encoding="utf-8")
    page.goto(file.as_uri())
    expect(page.locator(".legend")).to_have_count(0)
