"""The flat map in a real browser: labels at every zoom, the word under the pointer, the lasso, and the way back."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import embviz as ev
from embviz.apps.page import page as one_file

Sheet = Callable[[], dict[str, Any]]
Look = Callable[[float, float, float], None]
DEPTHS = (700, 1500, 4000, 20_000, 400_000)  # pixels of the map's side


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """5,000 words around 20 centres, among them long, Chinese and Arabic ones; and a small other run."""
    folder = tmp_path_factory.mktemp("map")
    random = np.random.default_rng(3)
    vectors = random.normal(size=(20, 12))[np.arange(5000) % 20] + 0.4 * random.normal(size=(5000, 12))
    kinds = ["word{}", "词语{}", "averyveryverylongwordthatnobodywouldwrite{}", "كلمة{}", "w{}", "Ж{}ж"]
    words = [kinds[i % len(kinds)].format(i) for i in range(5000)]
    for name, n in (("many", 5000), ("few", 30)):
        lines = [f"{word} {' '.join(f'{v:.4f}' for v in row)}" for word, row in zip(words[:n], vectors, strict=False)]
        (folder / f"{name}.vec").write_text("\n".join(lines) + "\n", encoding="utf-8")
        ev.import_vectors(folder / f"{name}.vec", folder / "runs" / name)
    return folder / "runs"


@pytest.fixture(scope="module")
def places(runs: Path) -> np.ndarray:
    """(5000, 2): where each word is, in map units."""
    made = ev.open_run(runs / "many").projection("pca").sheet
    return made.places / 65_536


def overlapping(labels: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [
        (a["word"], b["word"])
        for i, a in enumerate(labels)
        for b in labels[:i]
        if a["x0"] < b["x1"] and b["x0"] < a["x1"] and a["y0"] < b["y1"] and b["y0"] < a["y1"]
    ]


def test_labels_at_five_depths(
    page: Page, serve: Any, runs: Path, places: np.ndarray, sheet: Sheet, look: Look
) -> None:
    """No two overlap; every label is the word of its row, at its place; what was labelled stays so; the end is all."""
    page.goto(serve(runs) + "/map?run=many")
    words, middle = ev.open_run(runs / "many").space.words(), places[17]
    before: set[str] = set()
    for depth in DEPTHS:
        sheet()
        look(*middle, depth)
        seen = sheet()
        labels = seen["labels"]
        assert labels and not overlapping(labels)
        for label in labels:
            assert label["word"] == words[label["row"]]
            x = seen["width"] / 2 + (places[label["row"], 0] - seen["x"]) * seen["scale"]
            assert abs((label["x0"] + label["x1"]) / 2 - x) < 1
        half = np.array([seen["width"], seen["height"]]) / 2 / depth
        inside = {words[row] for row in np.flatnonzero((np.abs(places - middle) < half - 2 / depth).all(axis=1))}
        now = {label["word"] for label in labels}
        assert before & inside <= now, "a label blinked"
        before = now
        if depth == DEPTHS[-1]:
            assert inside <= now, "a word has no label at the end of the zoom"
    assert words[17] in before


def test_more_labels_show_as_one_zooms_in(
    page: Page, serve: Any, runs: Path, places: np.ndarray, sheet: Sheet, look: Look
) -> None:
    page.goto(serve(runs) + "/map?run=many")
    sheet()
    levels = [places[:, 0].mean(), places[:, 1].mean()]
    counts = []
    for depth in (700, 1000, 1400):
        look(*levels, depth)
        counts.append(len(sheet()["labels"]))
    assert all(more > less for less, more in pairwise(counts))


def test_the_pointer_and_a_click_mean_the_word_under_them(
    page: Page, serve: Any, runs: Path, places: np.ndarray, sheet: Sheet, look: Look
) -> None:
    space = ev.open_run(runs / "many").space
    page.goto(serve(runs) + "/map?run=many")
    for row, depth in ((8, 20_000), (1234, 60_000)):
        sheet()
        look(*places[row], depth)
        seen = sheet()
        page.mouse.move(seen["left"] + 5, seen["top"] + 5)
        page.mouse.move(seen["left"] + seen["width"] / 2, seen["top"] + seen["height"] / 2)
        expect(page.locator("#map-tooltip strong")).to_have_text(space.word(row))
        expect(page.locator("#map-tooltip")).to_contain_text(ev.near(space, space.word(row), 5).words[0])
        page.mouse.click(seen["left"] + seen["width"] / 2, seen["top"] + seen["height"] / 2)
        expect(page.locator("#map-details h2")).to_have_text(space.word(row))
        after = sheet()
        assert (after["selected"], after["near"]) == (row, ev.near(space, space.word(row)).rows.tolist())
        assert after["x"] == pytest.approx(seen["x"]), "a word that was clicked is not moved"


def test_wheel_and_drag(page: Page, serve: Any, runs: Path, sheet: Sheet) -> None:
    """What is under the pointer stays under it; the view goes into the URL."""
    page.goto(serve(runs) + "/map?run=many")
    seen = sheet()
    x, y = seen["left"] + 100, seen["top"] + 200
    at = "([x, y]) => window.embviz.map.camera.at(x, y)"
    held = page.evaluate(at, [100, 200])
    page.mouse.move(x, y)
    page.mouse.wheel(0, -600)
    page.wait_for_function("(scale) => window.embviz.map.camera.scale > 1.5 * scale", arg=seen["scale"])
    assert page.evaluate(at, [100, 200]) == pytest.approx(held, abs=1e-6)
    page.mouse.down()
    page.mouse.move(x + 60, y - 30, steps=3)
    page.mouse.up()
    assert page.evaluate(at, [160, 170]) == pytest.approx(held, abs=1e-6)
    expect(page).to_have_url(re.compile(r"#0\.\d+,0\.\d+,[\d.]+,\w+$"))


def test_views_come_back(page: Page, serve: Any, runs: Path, places: np.ndarray, sheet: Sheet) -> None:
    """A reload keeps the view, and going back finds the one from before."""
    space = ev.open_run(runs / "many").space
    page.goto(serve(runs) + "/map?run=many")
    whole = sheet()
    page.keyboard.press("Escape")
    page.get_by_role("textbox", name="Find a word").fill(space.word(4))
    page.keyboard.press("Enter")  # a list that is laid out anew under the pointer takes no click
    page.wait_for_function("(scale) => window.embviz.map.camera.scale > 2 * scale", arg=whole["scale"])
    seen = sheet()
    expect(page).to_have_url(re.compile("#"))
    page.reload()
    again = sheet()
    assert [again[k] for k in ("x", "y", "scale")] == pytest.approx([seen[k] for k in ("x", "y", "scale")], rel=1e-3)
    page.get_by_role("textbox", name="Find a word").fill(space.word(10))
    page.keyboard.press("Enter")
    page.wait_for_function("(x) => Math.abs(window.embviz.map.camera.x - x) < 1e-4", arg=places[10, 0])
    sheet()
    page.go_back()
    expect(page.locator("#map-details h2")).to_have_text(space.word(4))
    page.wait_for_function("(x) => Math.abs(window.embviz.map.camera.x - x) < 1e-3", arg=seen["x"])


def test_back_and_forward_through_several_views(
    page: Page, serve: Any, runs: Path, places: np.ndarray, sheet: Sheet
) -> None:
    """Each step brings back its word and where one looked, from another view too."""
    space = ev.open_run(runs / "many").space
    page.goto(serve(runs) + "/map?run=many")
    sheet()
    at = "(x) => Math.abs(window.embviz.map.camera.x - x) < 1e-4"

    def here(row: int) -> None:
        expect(page.locator("#map-details h2")).to_have_text(space.word(row))
        page.wait_for_function(at, arg=places[row, 0])

    for row in (4, 10, 16):
        page.get_by_role("textbox", name="Find a word").fill(space.word(row))
        page.keyboard.press("Enter")
        here(row)
        page.wait_for_timeout(400)  # the flight has ended, and is in the URL
    page.locator("#to-words").click()
    expect(page.locator("#words-details h2")).to_have_text(space.word(16))
    for row in (16, 10, 4):
        page.go_back()
        here(row)
    for row in (10, 16):
        page.go_forward()
        here(row)
    page.go_forward()
    expect(page.locator("#words-details h2")).to_have_text(space.word(16))


def test_what_is_chosen_after_a_zoom_is_in_the_url(page: Page, serve: Any, runs: Path, sheet: Sheet) -> None:
    """Dash's Location once undid a choice that followed a zoom."""
    space = ev.open_run(runs / "many").space
    page.goto(serve(runs) + "/map?run=many")
    seen = sheet()
    page.mouse.move(seen["left"] + 300, seen["top"] + 300)
    page.mouse.wheel(0, -500)
    expect(page).to_have_url(re.compile("#"))
    page.get_by_role("textbox", name="Find a word").fill(space.word(4))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("word=w4&"))
    page.wait_for_timeout(600)  # the flight to the word has ended and is written too
    expect(page).to_have_url(re.compile("word=w4&.*#"))
    seen = sheet()
    page.reload()
    expect(page.locator("#map-details h2")).to_have_text(space.word(4))
    again = sheet()
    assert [again[k] for k in ("x", "y", "scale")] == pytest.approx([seen[k] for k in ("x", "y", "scale")], rel=1e-3)
    page.get_by_text("Axes", exact=True).click()
    page.get_by_label("Across").fill("w4 <-> w10")
    page.keyboard.press("Enter")
    page.get_by_label("Up").fill("w16 <-> w22")
    page.keyboard.press("Enter")
    page.wait_for_function("window.embviz.map.spec?.axes.length === 2")
    assert sheet()["scale"] < 800, "a view of one map says nothing about another"


def test_two_choices_in_a_breath_are_two_choices(page: Page, serve: Any, runs: Path, sheet: Sheet) -> None:
    """Where a server is slow Dash drops its answer to the first choice when the second is made."""
    page.goto(serve(runs) + "/map?run=many")
    sheet()
    page.evaluate(
        """() => {
            const {fetch} = window, later = (ms) => new Promise((done) => setTimeout(done, ms));
            window.fetch = async (...asked) => { await later(600); return fetch(...asked); };
        }"""
    )
    page.get_by_label("Only words with").fill("w")
    page.keyboard.press("Enter")
    page.get_by_role("textbox", name="Find a word").fill("w4")
    page.get_by_role("option", name="w4", exact=True).click()
    page.get_by_text("3", exact=True).click()
    expect(page).to_have_url(re.compile("word=w4&.*pattern=w.*dims=3"))


def test_a_wrong_pattern_does_not_cost_the_map(page: Page, serve: Any, runs: Path, sheet: Sheet, look: Look) -> None:
    page.goto(serve(runs) + "/map?run=many")
    sheet()
    look(0.5, 0.5, 2000)
    page.get_by_label("Only words with").fill("[")
    page.keyboard.press("Enter")
    expect(page.get_by_text("is no regular expression")).to_be_visible()
    seen = sheet()
    assert seen["n"] == 5000 and seen["scale"] == pytest.approx(2000) and seen["labels"]
    page.get_by_label("Only words with").fill("^w")
    page.keyboard.press("Enter")
    expect(page.get_by_text("of 5,000 words match")).to_be_visible()
    seen = sheet()
    assert seen["scale"] == pytest.approx(2000) and all(label["word"][0] == "w" for label in seen["labels"])
    corners = [(100, 100), (600, 100), (600, 600), (100, 600)]
    page.locator("[data-map=lasso]").click()
    page.mouse.move(seen["left"] + 100, seen["top"] + 100)
    page.mouse.down()
    for x, y in corners[1:]:
        page.mouse.move(seen["left"] + x, seen["top"] + y)
    page.mouse.up()
    n = page.evaluate("window.embviz.map.chosen.length")
    expect(page.locator("#map-chosen h2")).to_have_text(f"{n:,} words")


def test_the_lasso_takes_the_words_inside(page: Page, serve: Any, runs: Path, places: np.ndarray, sheet: Sheet) -> None:
    page.goto(serve(runs) + "/map?run=many")
    seen = sheet()
    corners = [(200, 200), (520, 230), (400, 520), (300, 340)]
    page.locator("[data-map=lasso]").click()
    page.mouse.move(seen["left"] + corners[0][0], seen["top"] + corners[0][1])
    page.mouse.down()
    for x, y in corners[1:]:
        page.mouse.move(seen["left"] + x, seen["top"] + y)
    page.mouse.up()
    polygon = np.array([
        (seen["x"] + (x - seen["width"] / 2) / seen["scale"], seen["y"] - (y - seen["height"] / 2) / seen["scale"])
        for x, y in corners
    ])  # fmt: skip
    inside = np.zeros(len(places), bool)
    for (ax, ay), (bx, by) in zip(polygon, np.roll(polygon, 1, axis=0), strict=True):
        across = (ay > places[:, 1]) != (by > places[:, 1])
        with np.errstate(divide="ignore", invalid="ignore"):
            inside ^= across & (places[:, 0] < (bx - ax) * (places[:, 1] - ay) / (by - ay) + ax)
    assert 100 < inside.sum() < 4000
    assert page.evaluate("window.embviz.map.chosen") == np.flatnonzero(inside).tolist()


def test_two_tabs_do_not_disturb_each_other(browser: Browser, serve: Any, runs: Path) -> None:
    one, other = browser.new_context().new_page(), browser.new_context().new_page()
    one.goto(serve(runs) + "/map?run=many")
    other.goto(serve(runs) + "/map?run=few")
    drawn = "(n) => window.embviz?.map?.points?.n === n"
    one.wait_for_function(drawn, arg=5000)
    other.wait_for_function(drawn, arg=30)
    other.locator("#map-sheet").press("+")
    other.wait_for_function("window.embviz.map.moved")
    assert one.evaluate("Boolean(window.embviz.map.moved)") is False
    assert one.evaluate("window.embviz.map.points.n") == 5000


def test_keys_move_the_map(page: Page, serve: Any, runs: Path, sheet: Sheet) -> None:
    page.goto(serve(runs) + "/map?run=few")
    seen = sheet()
    page.locator("#map-sheet").press("+")
    page.wait_for_function("(scale) => window.embviz.map.camera.scale > 1.4 * scale", arg=seen["scale"])
    x = sheet()["x"]
    page.locator("#map-sheet").press("ArrowRight")
    page.wait_for_function("(x) => window.embviz.map.camera.x > x", arg=x)
    sheet()
    page.locator("#map-sheet").press("0")
    page.wait_for_function("(scale) => Math.abs(window.embviz.map.camera.scale - scale) < 1", arg=seen["scale"])


def test_the_map_as_one_file(page: Page, runs: Path, places: np.ndarray, tmp_path: Path) -> None:
    """Without a server it zooms, finds words and shows their true neighbours; words are text, whatever they hold."""
    run = ev.open_run(runs / "many")
    (tmp_path / "map.html").write_text(one_file(run, run.projection("pca")), encoding="utf-8")
    page.goto((tmp_path / "map.html").as_uri())
    page.wait_for_function("window.embviz.map.labels?.boxes.length > 20")
    word, near = run.space.word(30), ev.near(run.space, run.space.word(30))
    page.get_by_label("Find a word").fill(word)
    page.keyboard.press("Enter")
    expect(page.locator("#word")).to_have_text(word)
    expect(page.locator("#near button")).to_have_text(
        [f"{word}{score:.3f}" for word, score in zip(near.words, near.scores, strict=True)]
    )
    page.wait_for_function("(x) => Math.abs(window.embviz.map.camera.x - x) < 1e-4", arg=places[30, 0])
    assert page.evaluate("window.embviz.map.spec.near") == near.rows.tolist()
    page.locator("#near button").first.click()
    expect(page.locator("#word")).to_have_text(near.words[0])


def test_the_page_of_strange_words(page: Page, strange_runs: Path, tmp_path: Path) -> None:
    run, alerts = ev.open_run(strange_runs / "strange"), []
    page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    (tmp_path / "map.html").write_text(one_file(run, run.projection("pca"), "dark"), encoding="utf-8")
    page.goto((tmp_path / "map.html").as_uri())
    page.get_by_label("Find a word").fill("<img")
    page.locator("#found button").click()
    expect(page.locator("#word")).to_have_text("<img src=x onerror=alert(1)>")
    assert not alerts and page.locator("img").count() == 0
