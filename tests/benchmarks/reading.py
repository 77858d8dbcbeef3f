"""The attention view in the browser, measured, and BertViz's model view of the same weights in the same run.

    PYTHONPATH=.venv/bench python tests/benchmarks/reading.py

Models of random weights, as speed does not depend on them: 6 layers of 12 heads and 12 of 12, 384 dimensions, context
2,048. Chromium is headless, with software GL; the server is a process of its own. Drawn is when Plotly says so after
the sentence was typed, the page's own wait for more letters included. BertViz (PyPI, with IPython, which it imports)
is measured where both are there and npm can fetch what it takes from a CDN: require.js, jQuery and d3.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from map import CHROMIUM, quantiles, resident, served
from playwright.sync_api import Page, Response, sync_playwright
from rich.console import Console
from rich.table import Table

from embviz.attention import attend
from embviz.making import make_run
from embviz.runs import Run
from embviz.text import Corpus
from embviz.train import AttentionTrainer

WORDS = [f"{a}{b}{c}" for a in "bdfgklmnprst" for b in "aeiou" for c in ("n", "r", "st", "l")]
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--enable-unsafe-swiftshader", "--disable-background-networking"]
CDN = "https://cdnjs.cloudflare.com/ajax/libs/"
table = Table("what", "measured", "to reach")


def note(what: str, measured: str, reach: str = "") -> None:
    table.add_row(what, measured, reach)


def sentence(tokens: int, seed: int) -> str:
    """So many tokens, two of which the model puts around it."""
    return " ".join(np.random.default_rng(seed).choice(WORDS, tokens - 2))


def made(folder: Path, layers: int) -> Run:
    lines = [sentence(40, seed) for seed in range(1_400)]
    trainer = AttentionTrainer(layers=layers, heads=12, dims=384, context=2_048, steps=1, batch=1, tokens="words")
    return make_run(trainer, Corpus.of(lines, "random words"), folder)


TYPE = """(text) => new Promise((done) => {
    const area = document.querySelector("textarea#attention-sentence");
    const graph = document.querySelector("#attention-graph .js-plotly-plot");
    const set = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set;
    const before = graph.layout?.uirevision, begun = performance.now();  // which is of the tokens
    const seen = () => {
        if (graph.layout?.uirevision !== before) {
            graph.removeListener("plotly_afterplot", seen);
            done(performance.now() - begun);
        }
    };
    graph.on("plotly_afterplot", seen);
    set.call(area, text);
    area.dispatchEvent(new Event("input", {bubbles: true}));
})"""


class Traffic:
    """What the page was sent, as it came over the wire, by what it updates."""

    def __init__(self, page: Page) -> None:
        self.sent: list[tuple[str, int, float]] = []
        page.on("response", self.note)

    def note(self, response: Response) -> None:
        if "_dash-update-component" not in response.url:
            return
        asked = json.loads(response.request.post_data or "{}")
        timing = response.request.timing
        size = int(response.headers.get("content-length", 0))
        self.sent.append((asked.get("output", ""), size, timing["responseStart"] - timing["requestStart"]))

    def of(self, part: str) -> tuple[int, float]:
        """Bytes and milliseconds of the last answer that updates a part of the page."""
        return next((size, spent) for output, size, spent in reversed(self.sent) if part in output)


def typed(page: Page, address: str, traffic: Traffic) -> None:
    """64 tokens typed, 25 times; then other heads of the same."""
    page.goto(f"{address}/attention?model=six&sentence=" + sentence(64, 1).replace(" ", "+"))
    page.wait_for_selector("#attention-graph .main-svg")
    page.wait_for_timeout(3_000)
    drawn, server = [], []
    for seed in range(2, 27):
        drawn.append(page.evaluate(TYPE, sentence(64, seed)) / 1000)
        page.wait_for_timeout(600)
        server.append(traffic.of("attention-graph.figure")[1] / 1000)
    note("64 tokens, 6 × 12 heads: from typed to drawn", quantiles(drawn[5:]), "p50 250 ms, p95 400 ms")
    note("... of that the server, first byte", quantiles(server[5:]), "80 ms")
    server, text = [], sentence(64, 26)
    for number in range(20):
        begun = len(traffic.sent)
        head = page.locator("#attention-overview .nsewdrag").bounding_box()
        assert head is not None
        x, y = head["x"] + head["width"] * (number % 12 + 0.5) / 12, head["y"] + head["height"] * (number % 6 + 0.5) / 6
        page.mouse.click(x, y)
        page.wait_for_timeout(700)
        server += [spent / 1000 for output, _, spent in traffic.sent[begun:] if "attention-graph.figure" in output]
    note(f"another head of the same {len(text.split()) + 2} tokens: the server", quantiles(server), "60 ms")


def bytes_of(page: Page, address: str, traffic: Traffic) -> None:
    """128 tokens: what one head, and all heads, weigh on the wire."""
    text = sentence(128, 50).replace(" ", "+")
    page.goto(f"{address}/attention?model=six&layer=2&head=3&sentence={text}")
    page.wait_for_selector("#attention-graph .main-svg")
    page.wait_for_timeout(5_000)
    page.locator("#attention-overview .nsewdrag").click(position={"x": 20, "y": 20})
    page.wait_for_timeout(3_000)
    note("one head at 128 tokens, to the browser", f"{traffic.of('attention-graph.figure')[0] / 1e3:.1f} kB", "30 kB")


def overview(page: Page, address: str, traffic: Traffic) -> tuple[float, float]:
    """12 × 12 heads at 128 tokens: kilobytes, and seconds from typed to drawn."""
    page.goto(f"{address}/attention?model=twelve&sentence=" + sentence(128, 60).replace(" ", "+"))
    page.wait_for_selector("#attention-overview .main-svg")
    page.wait_for_timeout(6_000)
    spent = []
    for seed in range(61, 69):
        spent.append(page.evaluate(TYPE, sentence(128, seed)) / 1000)
        page.wait_for_timeout(1_500)
    size = traffic.of("attention-overview.figure")[0] / 1e3
    note("all 12 × 12 heads at 128 tokens, and one in detail: to the browser", f"{size:.0f} kB", "1 MB")
    note("... from typed to drawn", quantiles(spent), "400 ms")
    return size, float(np.median(spent))


def long(page: Page, address: str, server: int) -> None:
    """2,048 tokens: to the first picture."""
    url = f"{address}/attention?model=six"
    page.goto(url)
    page.wait_for_selector("textarea#attention-sentence")
    page.wait_for_timeout(2_000)
    before = resident(server)
    page.locator("textarea#attention-sentence").fill(sentence(40, 70))
    page.wait_for_timeout(3_000)
    spent = page.evaluate(TYPE, sentence(2_048, 71)) / 1000
    note("2,048 tokens, 6 × 12 heads: from typed to the first picture", f"{spent:.1f} s", "5 s")
    note("... memory of the server, more than before", f"{(resident(server) - before) / 1e9:.2f} GB", "4 GB in all")


def bertviz(page: Page, run: Run, folder: Path) -> tuple[float, float] | None:
    """BertViz's model view of 12 × 12 heads at 128 tokens: kilobytes, and seconds from loading to all drawn."""
    if not (find_spec("bertviz") and find_spec("IPython")):
        note("BertViz", "is not installed")
        return None
    fetch = ["npm", "install", "--silent", "requirejs@2.3.6", "d3@5.7.0", "jquery@2.1.0"]  # the oldest 2.x that npm has
    if shutil.which("npm") is None or subprocess.run(fetch, cwd=folder, capture_output=True).returncode:
        note("BertViz", "needs require.js, jQuery and d3, which npm could not fetch")
        return None
    import torch
    from bertviz import model_view

    seen = attend(run.model, sentence(128, 61))
    layers = [torch.tensor(layer)[None] for layer in seen.weights]
    page_of: Any = model_view(attention=layers, tokens=list(seen.tokens), html_action="return")
    where = {f"{CDN}require.js/2.3.6/require.min.js": "requirejs/require.js", f"{CDN}d3/5.7.0/d3.min": "d3/dist/d3.min",
             f"{CDN}jquery/2.0.0/jquery.min": "jquery/dist/jquery.min"}  # fmt: skip
    text = page_of.data
    for there, here in where.items():
        text = text.replace(there, (folder / "node_modules" / here).as_uri())
    file = folder / "bertviz.html"
    file.write_text(f"<html><body>{text}</body></html>", encoding="utf-8")
    begun = time.perf_counter()
    page.goto(file.as_uri())
    try:
        page.wait_for_function("document.querySelectorAll('svg line').length >= 144 * 128 * 128", timeout=120_000)
    except Exception:  # Playwright's own kind of timeout
        note("BertViz: its lines after 120 s", f"{page.evaluate('document.querySelectorAll(`svg line`).length'):,}")
    spent = time.perf_counter() - begun
    size = len(text.encode()) / 1e3
    note("BertViz's model view of the same: to the browser", f"{size:,.0f} kB")
    note("... from loading to drawn", f"{spent:.1f} s")
    return size, spent


def main() -> None:
    with TemporaryDirectory() as home, sync_playwright() as playwright:
        runs = Path(home) / "runs"
        made(runs / "six", 6)
        twelve = made(runs / "twelve", 12)
        with served(runs) as (address, server):
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)

            def page() -> Page:
                return browser.new_page(viewport={"width": 1280, "height": 800})

            for measure in (typed, bytes_of):
                new = page()
                measure(new, address, Traffic(new))
                new.close()
            new = page()
            ours = overview(new, address, Traffic(new))
            new.close()
            long(page(), address, server)
        theirs = bertviz(page(), twelve, Path(home))
        if theirs:
            note(
                "ours to BertViz's: bytes, time",
                f"1 to {theirs[0] / ours[0]:.0f}, 1 to {theirs[1] / ours[1]:.0f}",
                "1 to 20",
            )
        browser.close()
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
