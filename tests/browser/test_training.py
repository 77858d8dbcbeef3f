"""Training in a real browser: bring a text, start, watch the loss, queue, stop, go on, and look at what was made."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

import embviz as ev
from embviz.apps.explorer.training import Trainings
from embviz.apps.explorer.training.course import read_history


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder without runs; what is still being trained in it at the end is stopped."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # threads that wait for each other on a busy machine take seconds a step
    (tmp_path / "runs").mkdir()
    yield tmp_path / "runs"
    trainings = Trainings(tmp_path / "runs")
    for training in trainings.listed():
        trainings.stop(training.name)


@pytest.fixture
def story(tmp_path: Path) -> Path:
    """A small text."""
    draw = random.Random(0).choice
    people, verbs = ("king", "queen", "prince", "duke"), ("rules", "guards", "leads")
    lines = [f"the {draw(people)} {draw(verbs)} the {draw(people)}." for _ in range(600)]
    (tmp_path / "story.txt").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path / "story.txt"


def start(page: Page, name: str, steps: int) -> None:
    page.locator("#training-attention-steps").fill(str(steps))
    page.locator("#training-name").fill(name)
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator("#training-title")).to_have_text(name)


def test_training_from_a_text_to_what_it_looks_at(
    page: Page, serve: Callable[[Path], str], runs: Path, story: Path, shown: Callable[..., dict[str, Any]]
) -> None:
    page.goto(serve(runs) + "/")
    expect(page.get_by_text("Nothing has been trained here yet.")).to_be_visible()
    page.locator("#training-bring input").set_input_files(story)
    expect(page.locator("#training-text")).to_have_value("story.txt")
    page.locator("#view-training").get_by_text("Attention model", exact=True).click()
    page.locator("#view-training").get_by_text("decoder", exact=True).click()
    page.get_by_text("tiny", exact=True).click()
    page.get_by_text("All parameters").last.click()
    for field, value in {"layers": 1, "dims": 32, "context": 16, "checkpoint_every": 10_000}.items():
        page.locator(f"#training-attention-{field}").fill(str(value))
    expect(page.locator("#training-name")).to_have_attribute("placeholder", "story-decoder")

    # One is trained, the next waits; the loss is seen as it falls.
    start(page, "long", 20_000)
    start(page, "short", 12)
    expect(page.locator("#training-state")).to_have_text("Waiting: begins when 'long' has ended.")
    page.locator("#training-list").get_by_text("long").click()
    expect(page.locator("#training-state")).to_contain_text("left")
    assert len(shown("training-graph")["traces"][0]["x"]) > 0
    assert shown("training-graph")["range"] == [0, 20_000]

    # Stopped, it lets the next one begin, and keeps what it has.
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#training-state")).to_contain_text(re.compile(r"Stopped at step [\d,]+ of 20,000"))
    before = read_history(runs / ".long.partial" / "history.tsv")[0]
    page.locator("#training-list").get_by_text("short").click()
    ended = "Done: 12 of 12 steps. Kept are the weights of step"
    expect(page.locator("#training-state")).to_contain_text(ended, timeout=90_000)
    page.get_by_label("Begin with").fill("the king")
    page.get_by_role("button", name="Write a sample").click()
    expect(page.locator("#training-wrote")).to_contain_text(re.compile("the king."))

    # It goes on from where it was, whoever looks, and is gone when it is removed.
    page.locator("#training-list").get_by_text("long").click()
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#training-state")).to_contain_text("left")
    page.wait_for_function(
        "(n) => document.querySelector('#training-graph .js-plotly-plot')._fullData[0].x.length > n", arg=len(before)
    )
    assert read_history(runs / ".long.partial" / "history.tsv")[0][: len(before)] == before
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Remove from the list").click()
    expect(page.locator("#training-list .word")).to_have_text(["short"])
    assert sorted(path.name for path in runs.iterdir()) == [".texts", ".trainings", "short"]
    expect(page).not_to_have_url(re.compile("training=long"))
    page.wait_for_timeout(1_500)  # another tick, which looks for nothing that is gone
    expect(page.locator("#training-title")).to_have_text("short")

    # And from a run that is made to its views.
    assert json.loads((runs / "short" / "meta.json").read_text())["params"]["family"] == "decoder"
    page.get_by_text("See what it looks at").click()
    expect(page.get_by_label("Sentence")).not_to_have_value("")  # the example comes a moment after the view
    page.get_by_label("Sentence").fill("the queen")
    expect(page).to_have_url(re.compile("sentence=the\\+queen&"))
    page.get_by_role("button", name="Write on").click()
    expect(page).to_have_url(re.compile("sentence=the\\+queen[^&]"))
    model = ev.open_run(runs / "short").model
    tokens = list(ev.attend(model, page.get_by_label("Sentence").input_value()).tokens)
    page.wait_for_function(
        """(n) => document.querySelector("#attention-graph .js-plotly-plot")?.layout?.xaxis?.ticktext?.length === n""",
        arg=len(tokens),
    )
