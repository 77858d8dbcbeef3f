"""The attention view in a real browser: its pictures, what is pointed at and clicked, rows one by one, every file."""

from __future__ import annotations

import csv
import io
import re
import struct
import xml.etree.ElementTree as ET
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import Page, TimeoutError, expect

import embviz as ev
from embviz.attention import attend
from embviz.text import Corpus

SENTENCES = {
    "english": "The unbelievable king rules.",
    "chinese": "天气很好，国王来了。",
    "arabic": "مرحبا بكم في العالم",
    "emoji": "hi 👨‍👩‍👧‍👦 and 😀!",
    "html": "<img src=x onerror=alert(1)> &amp; <b>x</b>",
}
SVG = "{http://www.w3.org/2000/svg}"
PATIENCE = 120_000  # milliseconds: a first page loads all that later ones have
GRAPH = "#attention-graph .js-plotly-plot"

DRAWS = f"""(show) => {{
    const data = document.querySelector("{GRAPH}")?.data || [], text = data[1]?.mode === "text";
    const of = text ? "text" : data[0]?.type === "heatmap" ? "heatmap" : data.length > 2 ? "lines" : "";
    return of === show && document.querySelector("{GRAPH}").calcdata;
}}"""
"""Whether the browser draws such a picture."""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encoder and a decoder, trained for a moment on a few lines of every script."""
    folder = tmp_path_factory.mktemp("attending")
    text = ["the king rules the land", "天气很好", "a queen <b> &amp; 😀", "مرحبا بكم"] * 60
    small = {"layers": 2, "heads": 2, "dims": 16, "context": 48, "batch": 2, "steps": 2, "vocab": 80}
    for family in ("encoder", "decoder"):
        ev.make_run(ev.AttentionTrainer(family=family, **small), Corpus.of(text), folder / family)
    return folder


@pytest.fixture
def view(page: Page, serve: Callable[[Path], str], runs: Path) -> Callable[..., Page]:
    """Opens the attention view and waits until its picture and its controls are there."""

    def go(**asked: Any) -> Page:
        asked = {"model": "encoder", "sentence": SENTENCES["english"], "layer": 1, "head": 1, **asked}
        page.set_default_timeout(PATIENCE)
        page.goto(f"{serve(runs)}/attention?{urlencode(asked)}")
        expect(page.locator("#attention-saving summary")).to_be_visible(timeout=PATIENCE)
        expect(page.get_by_label("Sentence")).to_have_value(asked["sentence"], timeout=PATIENCE)
        page.wait_for_function(f"document.querySelector('{GRAPH}')?.dataset.heard")
        return page

    return go


def figure(page: Page) -> dict[str, Any]:
    """What the browser draws."""
    return page.evaluate(f"""() => {{
        const plot = document.querySelector("{GRAPH}"), flat = (v) => ArrayBuffer.isView(v) ? Array.from(v) : v;
        const data = plot.data.map((t) => ({{...t, x: flat(t.x), y: flat(t.y), z: t.z && Array.from(t.z, flat)}}));
        return {{data: JSON.parse(JSON.stringify(data)), title: plot.layout.title.text,
                 ticks: plot.layout.xaxis.ticktext, shapes: (plot.layout.shapes || []).length}};
    }}""")


def point(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a place of the picture's axes is on the screen."""
    found = page.evaluate(
        f"""([x, y]) => {{
            const plot = document.querySelector("{GRAPH}"), {{xaxis, yaxis}} = plot._fullLayout;
            const at = plot.getBoundingClientRect();
            return [at.x + xaxis._offset + xaxis.d2p(x), at.y + yaxis._offset + yaxis.d2p(y)];
        }}""",
        [x, y],
    )
    return found[0], found[1]


def point_at(page: Page, x: float, y: float, seen: str) -> None:
    """Point at a place until the picture knows it: Plotly clicks on what it last pointed at, and a picture that is
    still being drawn hears nothing.
    """
    for _ in range(40):
        page.mouse.move(*point(page, x, y))
        with suppress(TimeoutError):
            page.wait_for_function(f"document.querySelector('{GRAPH}').{seen}", timeout=3_000)
            return
        page.mouse.move(5, 5)
    raise AssertionError(f"the picture does not see a pointer at ({x}, {y})")


@pytest.mark.parametrize("script", SENTENCES)
def test_tokens_of_every_script_are_shown_to_the_letter(view: Callable[..., Page], runs: Path, script: str) -> None:
    tokens = attend(ev.open_run(runs / "encoder").model, SENTENCES[script]).tokens
    page = view(sentence=SENTENCES[script])
    for show in ("heatmap", "lines", "text"):
        page.locator("#attention-show").get_by_text(show, exact=True).click()
        where = {"heatmap": ".xtick text", "lines": ".ytick text", "text": ".textpoint text"}[show]
        page.wait_for_function(DRAWS, arg=show)
        drawn = page.locator(f"{GRAPH} {where}").all_text_contents()
        assert [text.strip() for text in drawn][: len(tokens)] == [token.strip() for token in tokens]
    assert page.locator("img[src=x]").count() == 0


def test_five_thousand_letters_are_an_answer_in_a_sentence(
    page: Page, serve: Callable[[Path], str], runs: Path
) -> None:
    page.set_default_timeout(PATIENCE)
    page.goto(f"{serve(runs)}/attention?{urlencode({'model': 'encoder', 'sentence': 'king ' * 1000})}")
    expect(page.get_by_text("reads at most 48: shorten it.")).to_be_visible(timeout=PATIENCE)
    bar, message = (page.locator(name).bounding_box() for name in (".choosing", "#attention-message"))
    assert bar and message and message["y"] >= bar["y"] + bar["height"] - 8, "it lies over no control"


def test_the_title_is_whole_and_over_nothing(view: Callable[..., Page]) -> None:
    every = {"reading": "words\trenormalise", "marks": "hide", "sink": "zero", "top": "0.9", "direction": "to"}
    page = view(**every)
    for show in ("heatmap", "lines", "text"):
        page.locator("#attention-show").get_by_text(show, exact=True).click()
        page.wait_for_function(DRAWS, arg=show)
        title = page.locator(f"{GRAPH} .gtitle")
        expect(title).to_contain_text("special tokens hidden")
        expect(title).to_contain_text("by whom a token is looked at")
        below = ".xtick text" if show != "text" else ".textpoint text"
        page.wait_for_function(
            """([graph, below]) => {
                const box = (name) => document.querySelector(name)?.getBoundingClientRect();
                const title = box(`${graph} .gtitle`), stage = box("#view-attention .stage");
                const labels = [...document.querySelectorAll(`${graph} ${below}`)]
                    .map((node) => node.getBoundingClientRect());
                return labels.length && title.top >= stage.top - 3 && title.right <= stage.right &&
                    labels.every((label) => label.top >= title.bottom - 3);
            }""",
            arg=[GRAPH, below],
        )


def test_pointing_at_a_token_of_the_text_shows_what_it_looks_at(view: Callable[..., Page], runs: Path) -> None:
    page = view(show="text")
    weights = attend(ev.open_run(runs / "encoder").model, SENTENCES["english"]).head(1, 1)
    before = figure(page)
    x, y = before["data"][1]["x"][2], before["data"][1]["y"][2]
    point_at(page, x, y, "pointed === 2")
    shown = figure(page)["data"][0]
    values = [shown["z"][int(b)][round(a)] for a, b in zip(before["data"][1]["x"], before["data"][1]["y"], strict=True)]
    np.testing.assert_allclose(values, weights[2], atol=1e-3)
    page.mouse.click(*point(page, x, y))
    expect(page).to_have_url(re.compile("tokens=2"))
    page.wait_for_function(f"document.querySelector('{GRAPH}').layout.shapes?.length === 1")
    x, y = before["data"][1]["x"][4], before["data"][1]["y"][4]
    point_at(page, x, y, "pointed === 4")
    page.mouse.click(*point(page, x, y))
    expect(page).to_have_url(re.compile("tokens=2%2C4"))
    page.wait_for_function(f"document.querySelector('{GRAPH}').layout.shapes?.length === 2")
    page.mouse.move(5, 5)
    assert "summed" in figure(page)["title"]
    page.reload()
    page.wait_for_function(f"document.querySelector('{GRAPH}')?.layout.shapes?.length === 2")


def test_a_click_in_a_heatmap_frames_a_row_and_another_lets_it_go(view: Callable[..., Page]) -> None:
    page = view()
    for wanted in (1, 0):
        framed = f"(document.querySelector('{GRAPH}').layout.shapes || []).length === {wanted}"
        for _ in range(3):  # Plotly sees no click that comes while it draws: the reader clicks again
            page.mouse.move(5, 5)
            point_at(page, 1, 3, "_hoverdata?.length")
            page.mouse.click(*point(page, 1, 3))
            with suppress(TimeoutError):
                page.wait_for_function(framed, timeout=15_000)
                break
        assert page.evaluate(framed)


def test_controls_change_the_picture_its_title_and_the_address(view: Callable[..., Page]) -> None:
    page = view()
    page.locator("#attention-show").get_by_text("lines", exact=True).click()
    expect(page).to_have_url(re.compile("show=lines"))
    page.get_by_role("button", name="all of layer 1").click()
    expect(page).to_have_url(re.compile("lines=1.0%091.1"))
    page.wait_for_function(f"document.querySelector('{GRAPH}').layout.title.text.includes('2 heads')")
    page.get_by_label("Pieces merged into words").check()
    page.wait_for_function(f"document.querySelector('{GRAPH}').layout.title.text.includes('merged into words')")
    page.get_by_role("textbox", name="Special tokens").click()
    page.get_by_role("option", name="hidden").click()
    page.wait_for_function(f"document.querySelector('{GRAPH}').layout.title.text.includes('special tokens hidden')")
    page.reload()
    page.wait_for_function(f"document.querySelector('{GRAPH}')?.layout.title?.text.includes('special tokens hidden')")
    expect(page.get_by_label("Pieces merged into words")).to_be_checked()
    expect(page.get_by_role("textbox", name="Special tokens")).to_have_value("hidden")


def test_what_is_typed_is_drawn_and_is_one_step_back(view: Callable[..., Page], runs: Path) -> None:
    page = view()
    sentence, shows = (
        page.get_by_label("Sentence"),
        f"(n) => document.querySelector('{GRAPH}').layout.xaxis.ticktext.length === n",
    )
    model = ev.open_run(runs / "encoder").model
    for text in ("The king", "The king rules", "The king rules the queen"):
        sentence.fill(text)
        page.wait_for_function(shows, arg=len(attend(model, text).tokens))
        expect(page).to_have_url(re.compile(text.replace(" ", r"\+") + "&"))
    page.get_by_role("textbox", name="Head").click()
    page.get_by_role("option", name="0", exact=True).click()
    expect(page).to_have_url(re.compile("head=0"))
    for expected in ("The king rules the queen", SENTENCES["english"]):
        page.go_back()
        expect(sentence).to_have_value(expected)
        page.wait_for_function(shows, arg=len(attend(model, expected).tokens))
    page.go_forward()
    page.wait_for_function(shows, arg=len(attend(model, "The king rules the queen").tokens))


def test_of_two_sentences_one_looks_at_the_other(view: Callable[..., Page], runs: Path) -> None:
    page = view(sentence="The king rules. [SEP] A queen rules too.")
    page.get_by_role("textbox", name="Which looks at which").click()
    page.get_by_role("option", name="B at A").click()
    expect(page).to_have_url(re.compile("pair=b-a"))
    page.wait_for_function(f"document.querySelector('{GRAPH}').layout.title.text.includes('sentence B → sentence A')")
    shown = attend(ev.open_run(runs / "encoder").model, "The king rules. [SEP] A queen rules too.")
    begins, seen = shown.tokens.index("[SEP]") + 1, figure(page)["data"][0]["z"]
    np.testing.assert_allclose(np.array(seen, float), shown.head(1, 1)[begins:, :begins], atol=6e-4)
    page.get_by_label("Sentence").fill("The king rules.")
    page.wait_for_function(f"!document.querySelector('{GRAPH}').layout.title.text.includes('sentence B')")
    expect(page.get_by_role("textbox", name="Which looks at which")).to_be_hidden()


def test_rows_come_one_by_one(view: Callable[..., Page]) -> None:
    page = view(model="decoder", step=2)
    cells = f"(n) => document.querySelector('{GRAPH}').data[0].z.flat().filter((v) => v !== null).length === n"
    page.wait_for_function(cells, arg=1 + 2)
    page.get_by_role("button", name="One row more").click()
    page.wait_for_function(cells, arg=1 + 2 + 3)
    expect(page).to_have_url(re.compile("step=3"))
    page.get_by_role("button", name="One row less").click()
    page.wait_for_function(cells, arg=1 + 2)
    page.get_by_role("button", name="Play").click()
    tokens = len(figure(page)["ticks"])
    page.wait_for_function(cells, arg=tokens * (tokens + 1) // 2, timeout=60_000)
    expect(page).not_to_have_url(re.compile("step="))


def saved(page: Page, name: str) -> bytes:
    page.locator("#attention-saving summary").click()
    with page.expect_download() as download:
        page.locator("#attention-saving").get_by_text(name, exact=True).click()
    assert download.value.suggested_filename == f"encoder-layer-1-head-1-heatmap.{name.lower()}"
    return download.value.path().read_bytes()


def test_every_file_holds_what_is_on_the_screen(view: Callable[..., Page], runs: Path) -> None:
    page = view(sentence=SENTENCES["html"], scale="row", marks="hide")
    ticks, box = figure(page)["ticks"], page.locator(GRAPH).bounding_box()
    assert box
    size = round(box["width"]), round(box["height"])
    png = saved(page, "PNG")
    assert png[:8] == b"\x89PNG\r\n\x1a\n" and struct.unpack(">II", png[16:24]) == (3 * size[0], 3 * size[1])
    svg = ET.fromstring(saved(page, "SVG"))
    texts = ["".join(text.itertext()) for text in svg.iter(f"{SVG}text")]
    plain = [tick.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") for tick in ticks]
    assert texts[: len(plain)] == plain or set(plain) <= set(texts)
    assert any("special tokens hidden" in text for text in texts)
    pdf = saved(page, "PDF")
    held = [bytes.fromhex(text).decode("utf-16-be") for text in re.findall(r"<\w\w> <(\w+)>\n", pdf.decode("latin-1"))]
    assert pdf.startswith(b"%PDF-1.7") and set(plain) <= set(held)
    seen = attend(ev.open_run(runs / "encoder").model, SENTENCES["html"])
    with np.load(io.BytesIO(saved(page, "NPZ")), allow_pickle=False) as arrays:
        np.testing.assert_allclose(arrays["weights"][0], seen.head(1, 1)[1:-1, 1:-1], atol=1e-6)
        assert arrays["tokens"].tolist() == plain
    rows = list(csv.DictReader(io.StringIO(saved(page, "CSV").decode("utf-8-sig"))))
    assert len(rows) == len(plain) ** 2
    html = saved(page, "HTML").decode()
    assert "Plotly.newPlot" in html and not re.search(r"<script[^>]+src\s*=", html)


def test_a_page_of_the_text_works_without_a_server(view: Callable[..., Page], tmp_path: Path) -> None:
    page = view(show="text")
    page.locator("#attention-saving summary").click()
    with page.expect_download() as download:
        page.locator("#attention-saving").get_by_text("HTML", exact=True).click()
    file = tmp_path / "text.html"
    file.write_bytes(download.value.path().read_bytes())
    page.goto(file.as_uri())
    page.wait_for_function("document.querySelector('.js-plotly-plot')?._fullLayout")
    before = page.evaluate("JSON.stringify(document.querySelector('.js-plotly-plot').data[0].z)")
    page.locator(".textpoint text").nth(2).hover(force=True)
    page.wait_for_function("document.querySelector('.js-plotly-plot').pointed === 2")
    assert page.evaluate("JSON.stringify(document.querySelector('.js-plotly-plot').data[0].z)") != before


def test_the_lines_for_a_notebook_draw_the_very_picture(view: Callable[..., Page]) -> None:
    page = view(show="text", tokens="1,2", reading="words")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("#attention-saving summary").click()
    page.locator("#attention-saving").get_by_text("Python", exact=True).click()
    expect(page.locator("#attention-saving .copied")).to_be_visible()
    names: dict[str, Any] = {}
    exec(page.evaluate("navigator.clipboard.readText()"), names)
    drawn, shown = names["figure"].to_plotly_json(), figure(page)
    assert drawn["layout"]["title"]["text"] == shown["title"]
    assert drawn["data"][0]["z"].tolist() == shown["data"][0]["z"]
    box = page.locator(GRAPH).bounding_box()
    assert box and (drawn["layout"]["width"], drawn["layout"]["height"]) == (round(box["width"]), round(box["height"]))
    page.locator("#attention-saving").get_by_text("URL", exact=True).click()
    page.wait_for_function("async () => (await navigator.clipboard.readText()) === location.href")


@pytest.mark.parametrize("size", [(390, 844), (1280, 800)])
def test_nothing_scrolls_sideways(view: Callable[..., Page], page: Page, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    view(sentence="the king rules the land " * 4)
    for show in ("heatmap", "lines", "text"):
        page.locator("#attention-show").get_by_text(show, exact=True).click()
        page.wait_for_function(DRAWS, arg=show)
        assert page.evaluate("document.documentElement.scrollWidth") == size[0]
