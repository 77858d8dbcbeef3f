"""Training on a Ray cluster: the losses of one process, Ctrl-C at a checkpoint, and nothing that is left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from test_train_attention import Stopping, history, one_thread, story, told
from test_train_processes import EXACT, _same_losses

import embviz as ev
from embviz.train.attention import AttentionTrainer

__all__ = ["one_thread"]


@pytest.fixture
def ray_left(tmp_path, monkeypatch):
    """A folder with a text; and at the end there is neither a process of Ray's nor a file."""
    pytest.importorskip("ray.train")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    Path("told.txt").write_text("\n".join(story()), encoding="utf-8")
    before = _left()
    yield
    until = time.monotonic() + 15
    while _left() - before and time.monotonic() < until:
        time.sleep(0.2)
    assert not _left() - before


def _left() -> set[str]:
    """What Ray is, where it writes, and what it would leave at home."""
    found = {str(path) for path in (*Path("/tmp").glob("embviz-ray-*"), *Path("/tmp/ray").glob("session_*"))}
    listed = subprocess.run(["ps", "-eo", "pid,stat,args"], capture_output=True, text=True, check=True).stdout
    for line in listed.splitlines()[1:]:
        number, state, words = line.split(None, 2)
        if not state.startswith("Z") and any(name in words for name in ("ray::", "raylet", "gcs_server")):
            found.add(number)
    return found | {str(path) for path in Path.home().glob("ray_results*")}


def _command(out: str, options: dict[str, object]) -> list[str]:
    given = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    return [sys.executable, "-m", "embviz", "--progress", "json", "train", "attention", "told.txt", "--out", out,
            "--workers", "2", *given]  # fmt: skip


@pytest.mark.slow
def test_two_workers_go_on_as_one_process_would(ray_left):
    options = EXACT | {"batch": 9, "accumulate": 2, "steps": 20}
    with pytest.raises(KeyboardInterrupt):
        ev.make_run(AttentionTrainer(**options), ev.open_corpus("told.txt"), "two", Stopping(4, 20))
    ended = subprocess.run(_command("two", options), capture_output=True, text=True, timeout=200, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("two: ") and len(ended.stdout.splitlines()) == 3, "nothing of Ray's"
    stages = {json.loads(line)["stage"] for line in ended.stderr.splitlines()}
    assert {"workers", "training"} <= stages
    assert {path.name for path in Path().iterdir()} == {"told.txt", "two"}
    Path("one").mkdir()
    AttentionTrainer(**options).fit(told(story()), folder=Path("one"))
    _same_losses(Path("two"), Path("one"), 20)


@pytest.mark.slow
def test_ctrl_c_stops_all_at_a_checkpoint(ray_left):
    """As a terminal has it, which tells all processes that were started there; one process then goes on."""
    options = EXACT | {"steps": 10**5, "checkpoint_every": 5}
    child = subprocess.Popen(_command("run", options), start_new_session=True, stderr=subprocess.PIPE, text=True)
    folder, until = Path(".run.partial"), time.monotonic() + 120
    while not list(folder.glob("checkpoints/step-*.safetensors")):
        assert child.poll() is None and time.monotonic() < until
        time.sleep(0.1)
    os.killpg(child.pid, signal.SIGINT)
    said = child.communicate(timeout=60)[1].splitlines()
    assert child.returncode == 130 and json.loads(said[-1]) == {
        "error": "Cancelled. The same command goes on from where it was."
    }
    (kept,) = folder.glob("checkpoints/step-*.safetensors")
    reached = int(kept.stem.removeprefix("step-"))
    assert len(history(folder)) == reached >= 5
    with pytest.raises(KeyboardInterrupt):
        ev.make_run(AttentionTrainer(**options), ev.open_corpus("told.txt"), "run", Stopping(reached + 2))
    assert len(history(folder)) == reached + 2, "it went on"


def test_without_ray_one_sentence_says_what_to_install(said_here, place, monkeypatch):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setitem(sys.modules, "ray", None)  # as where it is not installed
    said = said_here(["train", "attention", "text.txt", "--out", "none", "--workers", "2"], place)
    assert said.endswith("which is not installed here (ray is missing). Get it with: pip install 'embviz[ray]'.")
    assert not (place / "none").exists()


@pytest.mark.parametrize("count", ["0", "-2"])
def test_fewer_workers_than_one_are_refused(said_here, place, count):
    said = said_here(["train", "attention", "text.txt", "--out", "none", "--workers", count], place)
    assert said == f"workers is {count} and must be at least 1."


def test_torchrun_and_workers_are_not_given_together(said_here, place, monkeypatch):
    monkeypatch.setenv("RANK", "0")
    said = said_here(["train", "attention", "text.txt", "--out", "none", "--workers", "2"], place)
    assert said == "Ray starts the processes itself: give --workers without torchrun."
