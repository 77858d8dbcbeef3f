"""Looking around on the flat map, in a real browser: the box and a map of what is in it; pinned words; trails."""

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

Sheet = Callable[[], dict[str, Any]]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A king, a queen and 100 other words; the map is measured, so that no page starts a process for it."""
    folder = tmp_path_factory.mktemp("around")
    vectors = np.random.default_rng(8).normal(size=(102, 8))
    words = ["king", "man", "woman", "queen", *[f"word{i}" for i in range(98)]]
    vectors[3] = sum(sign * vectors[row] / np.linalg.norm(vectors[row]) for row, sign in ((0, 1), (1, -1), (2, 1)))
    lines = [f"{word} {' '.join(f'{v:.5f}' for v in row)}" for word, row in zip(words, vectors, strict=True)]
    (folder / "v.vec").write_text("\n".join(lines), encoding="utf-8")
    made = ev.import_vectors(folder / "v.vec", folder / "runs" / "whole")
    made.faithfulness("pca"), made.clusters()
    return folder / "runs"


def test_a_box_and_a_map_of_its_words(page: Page, serve: Any, runs: Path, sheet: Sheet) -> None:
    page.goto(serve(runs) + "/map?run=whole&word=king")
    seen, tool = sheet(), page.locator("[data-map=box]")
    places = ev.open_run(runs / "whole").projection("pca").sheet.places / 65_536
    tool.click()
    expect(tool).to_have_attribute("aria-pressed", "true")
    page.mouse.move(seen["left"] + 250, seen["top"] + 250)
    page.mouse.down()
    page.mouse.move(seen["left"] + 480, seen["top"] + 450, steps=3)
    page.mouse.up()
    middle = np.array([seen["x"], seen["y"]])
    x = middle[0] + (np.array([250, 480]) - seen["width"] / 2) / seen["scale"]
    y = middle[1] - (np.array([450, 250]) - seen["height"] / 2) / seen["scale"]
    inside = np.flatnonzero(((places > [x[0], y[0]]) & (places < [x[1], y[1]])).all(axis=1))
    assert 8 < len(inside) < 50
    assert page.evaluate("window.embviz.map.chosen") == inside.tolist()
    words = ev.open_run(runs / "whole").space.words(inside)
    expect(page.locator("#map-listed .chip")).to_have_text(words)
    page.get_by_label("Sort by").first.click()
    page.get_by_role("option", name="alphabet").click()
    expect(page.locator("#map-listed .chip")).to_have_text(sorted(words))
    page.get_by_role("button", name=f"Map these {len(words)} words alone").click()
    page.wait_for_function("(n) => window.embviz.map.points.n === n", arg=len(words))
    expect(page).to_have_url(re.compile(f"run=whole-{words[0]}-{len(words)}&.*method=pca"))
    expect(page.locator(".chosen")).to_be_hidden()
    expect(page.locator("#map-about")).to_contain_text(f"{len(words)} of 102 words by themselves")
    page.locator("#map-about").get_by_role("link", name="whole", exact=True).click()
    page.wait_for_function("window.embviz.map.points.n === 102")


def test_an_address_brings_the_surrounded_words_back(page: Page, serve: Any, runs: Path, sheet: Sheet) -> None:
    """In another tab, and when one goes back; what is let go is gone from it, and a shape that is none is not there."""
    page.goto(serve(runs) + "/map?run=whole&word=king")
    sheet()
    seen = page.locator("#map-sheet").bounding_box()
    assert seen is not None
    page.locator("[data-map=lasso]").click()
    for i, (x, y) in enumerate([(200, 200), (500, 220), (480, 450), (220, 430)]):
        page.mouse.move(seen["x"] + x, seen["y"] + y, steps=4)
        if i == 0:
            page.mouse.down()
    page.mouse.up()
    chosen = page.evaluate("window.embviz.map.chosen")
    assert len(chosen) > 5
    expect(page.locator("#map-listed .chip")).to_have_count(len(chosen))
    words, surrounded = page.locator("#map-listed .chip").all_text_contents(), page.url
    tab = page.context.new_page()
    tab.goto(surrounded)
    expect(tab.locator("#map-listed .chip")).to_have_text(words)
    assert tab.evaluate("window.embviz.map.chosen") == chosen
    tab.keyboard.press("Escape")
    expect(tab.locator(".chosen")).to_be_hidden()
    tab.goto("about:blank")
    tab.go_back()
    expect(tab.locator("#map-about")).to_contain_text("102 words")
    expect(tab.locator(".chosen")).to_be_hidden()
    tab.goto(surrounded.rpartition(",")[0] + ",1.2.<b>")
    tab.reload()
    expect(tab.locator("#map-about")).to_contain_text("102 words")
    assert tab.evaluate("window.embviz.map.chosen") is None
    tab.close()
    page.locator("#map-listed .chip").last.click()
    expect(page.locator("#map-details h2")).to_have_text(words[-1])
    assert page.evaluate("window.embviz.map.chosen") == chosen, "another word lets them be"
    page.reload()
    expect(page.locator("#map-listed .chip")).to_have_text(words)


def test_a_link_changes_what_is_seen_when_it_is_clicked(page: Page, serve: Any, runs: Path, sheet: Sheet) -> None:
    """Two clicks in one breath: the second link was drawn before the first had changed anything, and undoes nothing."""
    near = ev.near(ev.open_run(runs / "whole").space, "king").words[1]
    page.goto(serve(runs) + "/map?run=whole&word=king&color=rank")
    expect(page.locator("#map-details .neighbors a").nth(1)).to_be_visible()
    page.evaluate("""() => {
        const links = [...document.querySelectorAll("#map-details a")];
        links.find((link) => link.textContent === "Pin").click();
        document.querySelectorAll("#map-details .neighbors a")[1].click();
        document.getElementById("to-words").click();
    }""")
    expect(page).to_have_url(re.compile(f"/words.*word={near}.*"))
    asked = Selection.of("/words", page.url.partition("?")[2])
    assert (asked.pins, asked.word, asked.color) == ("king", near, "rank")
    page.go_back()
    expect(page.locator("#map-details h2")).to_have_text(near)
    page.go_back()
    expect(page.locator("#map-details h2")).to_have_text("king")
    expect(page.locator("#map-pins .pinned .word")).to_have_text(["king"])
    page.go_back()
    expect(page.locator("#map-pins .pinned .word")).to_have_count(0)


def test_words_stay_pinned(page: Page, serve: Any, runs: Path, sheet: Sheet) -> None:
    """Their labels show wherever another word is selected, and after a reload; each is let go by its ×."""
    space = ev.open_run(runs / "whole").space
    page.goto(serve(runs) + "/map?run=whole&word=king")
    page.locator("#map-details").get_by_role("link", name="Pin", exact=True).click()
    page.locator("#map-details .neighbors a").first.click()
    near = ev.near(space, "king").words[0]
    expect(page.locator("#map-details h2")).to_have_text(near)
    page.locator("#map-details").get_by_role("link", name="Pin", exact=True).click()
    expect(page.locator("#map-pins .pinned .word")).to_have_text(["king", near])
    page.reload()
    sheet()
    page.locator("[data-map=whole]").click()
    page.wait_for_function("window.embviz.map.camera.x === 0.5")
    seen = sheet()
    assert {"king", near} <= {label["word"] for label in seen["labels"]}
    rows = [space.row("king"), space.row(near)]
    assert page.evaluate("window.embviz.map.spec.pins.map((pin) => pin.row)") == rows
    expect(page.locator("#map-details .apart td.number").first).to_have_text(
        f"{ev.cosine(space, 'king', near):.2f}".replace("0.", ".")
    )
    page.locator("#map-pins").get_by_title("Unpin king").click()
    expect(page.locator("#map-pins .pinned .word")).to_have_text([near])
    page.wait_for_function("window.embviz.map.spec.pins.length === 1")


def test_the_trail_of_an_expression(page: Page, serve: Any, runs: Path, sheet: Sheet) -> None:
    """Its sums are labelled, nothing overlaps, its end is accented, and it is brought into sight."""
    page.goto(serve(runs) + "/map?run=whole&word=king%20-%20man%20%2B%20woman")
    labels = sheet()["labels"]
    assert {"king", "king - man", "king - man + woman", "queen"} <= {label["word"] for label in labels}
    assert [
        (a["word"], b["word"])
        for i, a in enumerate(labels)
        for b in labels[:i]
        if a["x0"] < b["x1"] and b["x0"] < a["x1"] and a["y0"] < b["y1"] and b["y0"] < a["y1"]
    ] == []
    expect(page.locator("#map-details")).to_contain_text("The places of sums are estimates")
    hollow = """() => {
        const { map } = window.embviz, dpr = window.devicePixelRatio, ctx = map.canvas.getContext("2d");
        return map.spec.trail.steps.map((step) => {
            const [x, y] = map.camera.pixel(step);
            return [...ctx.getImageData(x * dpr, y * dpr, 1, 1).data.slice(0, 3)];
        });
    }"""
    assert page.evaluate(hollow) == [[214, 51, 108], [255, 255, 255], [255, 255, 255]]
    page.evaluate("window.embviz.map.camera.set({ x: 0.1, y: 0.1, scale: 200000 })")
    page.get_by_role("textbox", name="Find a word").fill("man + woman")  # part of the one before
    page.keyboard.press("Enter")
    page.wait_for_function("window.embviz.map.spec.trail?.steps.length === 2")
    sheet()
    seen = page.evaluate("window.embviz.map.spec.trail.steps.map((step) => window.embviz.map.camera.pixel(step))")
    size = page.evaluate("window.embviz.map.camera.size")
    assert all(0 < x < size["width"] and 0 < y < size["height"] for x, y in seen)
