"""A map in 3 dimensions: labels apart as it is first seen, and what is shown where the browser has no WebGL."""

from __future__ import annotations

import struct
from base64 import b64encode
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

import embviz as ev
from embviz.figures import figure
from embviz.figures.projection import PINNED, SUMS
from embviz.projection.live import ACROSS, places
from embviz.projection.solid import first_seen

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


EYE = "document.querySelector('#map-graph .js-plotly-plot')._fullLayout.scene._scene.getCamera().eye"


def test_a_selection_is_shown_in_space_as_on_the_flat_map(
    page: Page, serve: Callable[[Path], str], tmp_path: Path, shown: Shown
) -> None:
    """A pin, a trail, a column's colours; what changes comes without the points, and the map stays as it is turned."""
    places = np.random.default_rng(0).normal(size=(60, 5))
    (tmp_path / "v.vec").write_text("".join(f"w{i} {' '.join(map(str, row))}\n" for i, row in enumerate(places)))
    (tmp_path / "kind.csv").write_text("kind\n" + "".join(f"{'abc'[i % 3]}\n" for i in range(60)))
    ev.import_vectors(tmp_path / "v.vec", tmp_path / "runs" / "own", columns=tmp_path / "kind.csv").faithfulness(
        "pca", 3
    )
    page.goto(serve(tmp_path / "runs") + "/map?run=own&dims=3&word=w1+-+w2+%2B+w3&pins=w5&color=column:kind")
    traces = shown("map-graph")["traces"]
    assert len(traces[PINNED[0]]["x"]) == 31 and len(traces[SUMS]["x"]) == 3
    expect(page.locator("#map-about .legend .row")).to_have_text(["a20", "b20", "c20"])
    colors = page.evaluate("document.querySelector('#map-graph .js-plotly-plot').data[0].marker.color")
    swatches = page.locator("#map-about .swatch").evaluate_all("(all) => all.map((one) => one.style.background)")
    assert [f"rgb({int(c[1:3], 16)}, {int(c[3:5], 16)}, {int(c[5:], 16)})" for c in colors[:3]] == swatches
    facing_it = page.evaluate(EYE)
    assert facing_it != pytest.approx({"x": 1.25, "y": 1.25, "z": 1.25}), "the trail is looked at"

    box = page.locator("#map-graph").bounding_box()
    assert box
    page.mouse.move(box["x"] + 60, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 230, steps=4)
    page.mouse.up()
    page.wait_for_function(f"Math.abs({EYE}.x - {facing_it['x']}) > 0.01")
    turned = page.evaluate(EYE)
    answers: list[str] = []
    page.on("response", lambda answer: "_dash-update" in answer.url and answers.append(answer.text()))
    page.locator("#map-details .neighbors a").first.click()
    page.get_by_role("link", name="Pin", exact=True).click()
    page.wait_for_function(
        "(place) => document.querySelector('#map-graph .js-plotly-plot').data[place].marker.size.length", arg=PINNED[1]
    )
    assert page.evaluate(EYE) == pytest.approx(turned)
    (told, *_) = [answer for answer in answers if '"map-graph"' in answer and '"operations"' in answer]
    assert f'"location":["data",{SUMS}]' in told.replace(" ", "") and '["data",0' not in told.replace(" ", "")

    page.locator("details.menu summary").click()
    expect(page.get_by_role("button", name="PDF", exact=True)).to_be_hidden()
    with page.expect_download() as download:
        page.get_by_role("button", name="PNG", exact=True).click()
    assert download.value.suggested_filename == "own-pca.png"
    made = download.value.path().read_bytes()
    assert struct.unpack(">II", made[16:24]) == (3 * box["width"], 3 * box["height"])


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
    reckoned = first_seen(projection.coords)[[space.row(word) for word, *_ in boxes]] * 600
    np.testing.assert_allclose(middle, reckoned, atol=2)


def test_points_that_move_lie_where_the_map_will_show_them_and_give_way_to_it(
    page: Page, serve: Callable[[Path], str], strange_runs: Path, shown: Shown
) -> None:
    run = ev.open_run(strange_runs / "strange")
    run.faithfulness("pca", 3)  # so that the page asks for no more
    page.goto(serve(strange_runs) + "/map?run=strange&dims=3")
    shown("map-graph")
    page.wait_for_load_state("networkidle")
    canvas, coords = page.locator("#map-sheet"), run.projection("pca", 3).coords
    expect(canvas).to_be_hidden()
    url = f"data:application/octet-stream;base64,{b64encode(places(coords).T.astype('<u2').tobytes()).decode()}"
    told = {"url": url, "solid": {"across": ACROSS, "radius": 3}, "theme": {"paper": "#ffffff", "point": "#ff0000"}}
    page.evaluate("(told) => embviz.showLive(told)", told)
    expect(canvas).to_be_visible()
    height, width = (canvas.evaluate(f"(canvas) => canvas.{side}") for side in ("height", "width"))
    assert height == canvas.evaluate("(canvas) => canvas.clientHeight"), "a pixel of the screen is one of the canvas"
    at = first_seen(coords) * [1, -1] * (height - 16) + [width / 2, height / 2]
    read = "(canvas, at) => at.map(([x, y]) => canvas.getContext('2d').getImageData(x, y, 1, 1).data[1])"
    assert max(canvas.evaluate(read, np.floor(at).tolist())) < 200, "each is drawn, red on white"
    page.evaluate("embviz.showLive(null)")
    expect(canvas).to_be_hidden()
    expect(page.locator("#map-graph")).to_be_visible()
