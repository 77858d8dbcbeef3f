"""A map in 3 dimensions: labels apart as it is first seen, and what is shown where the browser has no WebGL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

import embviz as ev
from embviz.figures import figure
from embviz.figures.projection import first_seen

Shown = Callable[..., dict[str, Any]]


@pytest.fixture
def without_webgl(browser_type: Any, browser_type_launch_args: dict[str, Any]) -> Iterator[Page]:
    flags = [flag for flag in browser_type_launch_args["args"] if "swiftshader" not in flag]
    given = {**browser_type_launch_args, "args": [*flags, "--disable-gpu", "--disable-3d-apis"]}
    with browser_type.launch(**given) as browser:
        yield browser.new_page(locale="zh-CN")


def test_without_webgl_it_says_so_and_leads_to_the_flat_map(
    without_webgl: Page, serve: Callable[[Path], str], strange_runs: Path
) -> None:
    page = without_webgl
    page.goto(serve(strange_runs) + "/map?run=strange&word=word3&dims=3")
    expect(page.get_by_text("此浏览器没有 WebGL")).to_be_visible()
    expect(page.locator("#map-graph")).to_be_hidden()
    page.get_by_role("link", name="显示二维地图").click()
    page.wait_for_function("embviz.map.points?.n === 50 && embviz.map.labels.boxes.length > 5")
    expect(page.locator("#map-sheet")).to_be_visible()
    expect(page.get_by_text("此浏览器没有 WebGL")).to_be_hidden()
    colors = page.evaluate("new Set(embviz.map.ctx.getImageData(0, 0, 400, 400).data).size")
    assert colors > 20, "points and labels are drawn"


def test_with_webgl_nothing_is_said_of_it(
    page: Page, serve: Callable[[Path], str], strange_runs: Path, shown: Shown
) -> None:
    page.goto(serve(strange_runs) + "/map?run=strange&dims=3")
    shown("map-graph")
    expect(page.get_by_text("no WebGL")).to_be_hidden()


def test_labels_in_space_stand_where_they_are_reckoned_and_apart(page: Page, tmp_path: Path) -> None:
    space = ev.Space.of([f"word{i}" for i in range(800)], np.random.default_rng(0).normal(size=(800, 3)) * [3, 2, 1])
    projection = ev.project(space, "pca", dims=3)
    drawn = figure(projection).update_layout(width=800, height=600, margin={"l": 0, "r": 0, "t": 0, "b": 0})
    drawn.write_html(tmp_path / "space.html", include_plotlyjs="directory")
    page.goto((tmp_path / "space.html").as_uri())
    expect(page.locator(".annotation-text-g")).to_have_count(len(drawn.layout.scene.annotations))
    page.wait_for_timeout(300)
    boxes = page.locator(".annotation-text-g").evaluate_all(
        """(all) => all.map((g) => [g.textContent, g.getBoundingClientRect()])
            .map(([word, box]) => [word, box.x, box.y, box.width, box.height])"""
    )
    assert len(boxes) > 15
    for (_, x, y, wide, high), (_, left, top, width, height) in combinations(boxes, 2):
        assert x + wide <= left or left + width <= x or y + high <= top + 2 or top + height <= y + 2
    middle = [
        (x + wide / 2 - 408, 308 - 11 - y - high / 2) for _, x, y, wide, high in boxes
    ]  # 8 pixels around the page
    np.testing.assert_allclose(middle, first_seen(projection.coords)[[space.row(word) for word, *_ in boxes]], atol=2)
