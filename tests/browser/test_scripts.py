"""Labels in scripts whose letters are no letters of ours: whole where they fit, cut between letters where not."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

import embviz as ev

FAMILY = "👨‍👩‍👧‍👦"
ARABIC = "فسيكفيكهمالله" * 2  # narrower than 26 letters are reckoned
ACCENTS = "a" + "\u0301" * 60
CONTROL = "a\x01b\ufffe"
WORDS = [FAMILY * 12, ARABIC, ACCENTS, CONTROL, "x" * 200, "क्षत्रिय", "]]>&<"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scripts")
    lines = [f"{word} {i % 3} {i // 3} 1" for i, word in enumerate(WORDS)]
    (folder / "v.vec").write_text("\n".join(lines) + "\n", encoding="utf-8")
    ev.import_vectors(folder / "v.vec", folder / "runs" / "scripts").faithfulness("pca")
    return folder / "runs"


def test_labels_are_whole_or_cut_between_letters(
    page: Page, serve: Callable[[Path], str], runs: Path, sheet: Callable[[], dict[str, Any]]
) -> None:
    page.goto(serve(runs) + "/map?run=scripts")
    sheet()
    page.evaluate("embviz.map.camera.set({x: 0.5, y: 0.5, scale: 700})")
    assert sorted(label["word"] for label in sheet()["labels"]) == sorted(WORDS)
    page.locator("details.menu summary").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="SVG").click()
    texts = {text.text for text in ET.parse(download.value.path()).iter("{http://www.w3.org/2000/svg}text")}
    assert {ARABIC, ACCENTS, "क्षत्रिय", "]]>&<", "a\ufffdb\ufffd"} < texts
    (family,) = [text for text in texts if text.startswith(FAMILY)]
    assert set(family.removesuffix("…").split(FAMILY)) == {""}
    (long,) = [text for text in texts if text.startswith("xx")]
    assert long.endswith("…") and 10 < len(long) < 40
