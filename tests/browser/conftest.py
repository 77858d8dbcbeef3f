"""A real Chromium on a real server; no page may load anything from another host.

Where there is no Chromium these tests are skipped, and say so; in CI they must run.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect
from waitress.server import create_server

from embviz.apps.explorer import create_app

expect.set_options(timeout=30_000)  # a busy machine is slow, and no less right

# Without its windows Chromium 156 takes a fifth of the processor time for a page.
_BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, _BROWSERS)), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(item.fspath).parent == Path(__file__).parent:
            item.add_marker("browser")
            if CHROMIUM is None and not os.environ.get("CI"):
                item.add_marker(pytest.mark.skip(reason="there is no Chromium here: apt-get install chromium"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    flags = [
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--enable-unsafe-swiftshader",
        "--disable-background-networking",
    ]
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": flags}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "viewport": {"width": 1280, "height": 800}, "locale": "en-US"}


@pytest.fixture(autouse=True)
def offline(context: BrowserContext) -> Iterator[None]:
    """Cut the network off, all but this machine, and fail if a page asks for more, or complains."""
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.abort()

    context.route(lambda url: not url.startswith(("http://127.0.0.1", "data:", "blob:", "file:")), refuse)
    complaints: list[str] = []
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    yield
    assert not asked, "pages must load nothing from another host"
    assert not complaints


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[[Path], str]]:
    """Serve a folder of runs as `embviz serve` does; gives its address. One server a folder."""
    servers: dict[Path, Any] = {}

    def start(runs: Path) -> str:
        if runs not in servers:
            servers[runs] = create_server(
                create_app(runs).server, host="127.0.0.1", port=0, threads=8, max_request_header_size=2**21
            )
            threading.Thread(target=servers[runs].run, daemon=True).start()
        return f"http://127.0.0.1:{servers[runs].effective_port}"

    yield start
    for server in servers.values():
        server.close()


@pytest.fixture
def shown(page: Page) -> Callable[..., dict[str, Any]]:
    """Wait until a graph shows a trace with data and hears clicks; gives its figure as the browser holds it."""

    def wait(graph: str, trace: int = 0) -> dict[str, Any]:
        page.wait_for_function(
            """([graph, trace]) => {
                const plot = document.querySelector(`#${graph} .js-plotly-plot`);
                return plot && plot.data && plot.data[trace] && plot._fullLayout && plot.calcdata
                    && plot._ev?._events.plotly_click;
            }""",
            arg=[graph, trace],
        )
        return page.evaluate(
            """(graph) => {
                const plot = document.querySelector(`#${graph} .js-plotly-plot`);
                const flat = (v) => ArrayBuffer.isView(v) ? Array.from(v) : v;
                return {
                    traces: plot._fullData.map((t) => ({
                        x: flat(t.x), y: flat(t.y), text: t.text, z: t.z && Array.from(t.z, flat),
                    })),
                    ticks: plot.layout.xaxis && plot.layout.xaxis.ticktext,
                    range: plot._fullLayout.xaxis && plot._fullLayout.xaxis.range,
                };
            }""",
            graph,
        )

    return wait


@pytest.fixture
def sheet(page: Page) -> Callable[[], dict[str, Any]]:
    """Wait until the flat map is drawn, at rest, and all its labels have their words; gives what it shows."""

    def wait() -> dict[str, Any]:
        page.wait_for_function(
            """() => {
                const m = window.embviz?.map, waiting = document.querySelector("#map-picture.waiting");
                const state = m?.points && `${m.camera.x} ${m.camera.y} ${m.camera.scale} ${m.frames}`;
                const rest = state && m.frames && state === window.__before && !waiting && !m.moving && !m.frame;
                window.__before = state;
                return rest && m.shown.every((row) => m.labels.words.has(row));
            }""",
            polling=150,
        )
        return page.evaluate(
            """() => {
                const m = window.embviz.map, at = m.canvas.getBoundingClientRect(), {x, y, scale} = m.camera;
                return {n: m.points.n, x, y, scale, left: at.left, top: at.top, width: at.width, height: at.height,
                        labels: m.labels.boxes, selected: m.spec.selected, near: m.spec.near};
            }"""
        )

    return wait


@pytest.fixture
def look(page: Page) -> Callable[..., None]:
    """Point the camera of the flat map: the middle in map units, and the pixels of the map's side."""

    def point(x: float, y: float, scale: float) -> None:
        page.evaluate("(view) => window.embviz.map.camera.set(view)", {"x": x, "y": y, "scale": scale})

    return point
