"""The view on the screen as a file of each kind, and as lines for a notebook."""

from __future__ import annotations

import re
import struct
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import numpy as np
import pytest
from playwright.sync_api import Page, expect

import embviz as ev
from embviz.apps.page import page as one_file
from embviz.figures.projection import LABELS

Sheet = Callable[[], dict[str, Any]]
ACCENT = (0xD6, 0x33, 0x6C)
IMAGE = "<img src=x onerror=alert(1)>"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def view(page: Page, serve: Callable[[Path], str], strange_runs: Path, sheet: Sheet) -> dict[str, Any]:
    """A view of the map, zoomed, with a word selected that looks like HTML."""
    page.goto(serve(strange_runs) + f"/map?run=strange&word={quote_plus(IMAGE)}")
    sheet()
    page.evaluate("(() => { const m = embviz.map; m.camera.set({...m.points.place(0), scale: 2000}); })()")
    return sheet()


def whole(labels: list[str], view: dict[str, Any]) -> list[str]:
    """Labels as they are written, those that were cut with their end again."""
    words = [label["word"] for label in view["labels"]]
    return sorted(
        next(word for word in words if word.startswith(text[:-1])) if text.endswith("…") else text for text in labels
    )


def saved(page: Page, form: str) -> bytes:
    page.locator("details.menu summary").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=form.upper(), exact=True).click()
    assert download.value.suggested_filename == f"strange-pca.{form}"
    expect(page.get_by_role("button", name=form.upper(), exact=True)).to_be_hidden()
    return download.value.path().read_bytes()


def test_a_png_has_three_pixels_for_each_of_the_screen(page: Page, view: dict[str, Any]) -> None:
    made = saved(page, "png")
    assert made[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", made[16:24]) == (3 * view["width"], 3 * view["height"])


def test_an_svg_has_every_label_and_mark_as_shapes(page: Page, view: dict[str, Any], sheet: Sheet) -> None:
    made = ET.fromstring(saved(page, "svg"))
    texts = [text for text in made.iter(f"{SVG}text") if text.get("aria-hidden") is None]
    assert whole([text.text for text in texts], view) == sorted(label["word"] for label in view["labels"])
    (word,) = [text for text in texts if text.text.startswith("<img src=x")]
    assert float(word.get("x")) == pytest.approx(view["width"] / 2, abs=0.1)
    assert word.get("fill") == "#d6336c" and float(word.get("font-size")) == 16
    circles = [(circle.get("fill"), circle.get("opacity")) for circle in made.iter(f"{SVG}circle")]
    near = page.evaluate("""embviz.map.spec.near.length""")
    assert circles.count(("#d6336c", None)) == 1 and circles.count(("#e8890c", None)) == near
    pixels = np.array(
        [page.evaluate("(i) => embviz.map.camera.pixel(embviz.map.points.place(i))", i) for i in range(50)]
    )
    in_sight = ((pixels >= 0) & (pixels <= [view["width"], view["height"]])).all(axis=1).sum()
    assert circles.count(("rgb(91,127,180)", "0.6")) == in_sight > 3
    assert sheet()["labels"] == view["labels"], "the screen stays as it was"


def test_the_svg_of_many_points_holds_them_as_a_picture(page: Page, view: dict[str, Any]) -> None:
    page.evaluate("embviz.save.circles = 3")
    (image,) = ET.fromstring(saved(page, "svg")).iter(f"{SVG}image")
    assert image.get("{http://www.w3.org/1999/xlink}href").startswith("data:image/png;base64,")


def test_a_pdf_holds_the_picture_and_its_words(page: Page, view: dict[str, Any]) -> None:
    made = saved(page, "pdf")
    begin = int(re.search(rb"startxref\n(\d+)\n%%EOF\n$", made)[1])
    starts = [int(start) for start in re.findall(rb"(\d{10}) 00000 n \n", made[begin:])]
    for number, start in enumerate(starts, 1):
        assert made[start:].startswith(b"%d 0 obj\n" % number)
    box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", made)
    assert float(box[1]) == pytest.approx(0.72 * view["width"])
    image = re.search(rb"/Width (\d+) /Height (\d+) .*?/Length (\d+) >>\nstream\n", made)
    width, height, length = map(int, image.groups())
    assert (width, height) == (3 * view["width"], 3 * view["height"])
    rows = np.frombuffer(zlib.decompress(made[image.end() :][:length]), np.uint8).reshape(height, 3 * width + 1)
    assert (rows[:, 0] == 2).all()
    pixels = np.cumsum(rows[:, 1:], axis=0, dtype=np.uint8).reshape(height, width, 3)
    assert tuple(pixels[height // 2, width // 2]) == ACCENT and tuple(pixels[0, 0]) == (255, 255, 255)
    held = [bytes.fromhex(text).decode("utf-16-be") for text in re.findall(r"<\w\w> <(\w+)>\n", made.decode("latin-1"))]
    assert whole(held, view) == sorted(label["word"] for label in view["labels"])


def test_the_page_without_a_server_saves_too(page: Page, strange_runs: Path, tmp_path: Path) -> None:
    run = ev.open_run(strange_runs / "strange")
    (tmp_path / "map.html").write_text(one_file(run, run.projection("pca")), encoding="utf-8")
    page.goto((tmp_path / "map.html").as_uri())
    page.wait_for_function("window.embviz.map.labels?.boxes.length > 5")
    for form in ("png", "svg", "pdf"):
        with page.expect_download() as download:
            page.get_by_role("button", name=form.upper(), exact=True).click()
        assert download.value.suggested_filename == f"strange.{form}"
        assert download.value.path().stat().st_size > 1000


def test_the_lines_for_a_notebook_draw_the_very_view(page: Page, view: dict[str, Any], strange_runs: Path) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Python").click()
    expect(page.locator("button.copied")).to_be_visible()
    lines = page.evaluate("navigator.clipboard.readText()")
    names: dict[str, Any] = {}
    exec(lines.replace("\nev.figure(", "\nfigure = ev.figure("), names)
    figure, coords = names["figure"], ev.open_run(strange_runs / "strange").projection("pca").coords
    assert (figure.layout.width, figure.layout.height) == (view["width"], view["height"])
    for row in (0, 30):
        x, y = page.evaluate("(row) => embviz.map.camera.pixel(embviz.map.points.place(row))", row)
        (x0, x1), (y0, y1) = figure.layout.xaxis.range, figure.layout.yaxis.range
        assert (coords[row, 0] - x0) / (x1 - x0) * view["width"] == pytest.approx(x, abs=0.1)
        assert (y1 - coords[row, 1]) / (y1 - y0) * view["height"] == pytest.approx(y, abs=0.1)
    assert IMAGE.replace("<", "&lt;").replace(">", "&gt;") in figure.data[LABELS].text


def test_a_link_says_that_its_file_is_being_made_until_it_has_come(page: Page, view: dict[str, Any]) -> None:
    forms = page.locator("#map-about .save a")
    expect(forms).to_have_text(["CSV", "Parquet", "HTML"])
    wanted = ((".csv", b'\xef\xbb\xbf"word","rank"'), (".parquet", b"PAR1"), (".html", b"<!doctype html>"))
    for place, (form, start) in enumerate(wanted):
        with page.expect_download() as download:
            assert forms.nth(place).evaluate("link => (link.click(), link.ariaBusy)") == "true"
        assert download.value.suggested_filename.endswith(form)
        assert download.value.path().read_bytes().startswith(start)
        expect(forms.nth(place)).to_have_attribute("aria-busy", "false")
