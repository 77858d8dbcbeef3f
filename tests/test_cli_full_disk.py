"""What cannot be written: a full disk, a folder that is locked; one sentence, and nothing half made."""

import json
import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from shell import ATTENTION, EMBVIZ, everything, said

import embviz as ev

WORD2VEC = ["--epochs", "1", "--dims", "16"]


def test_figures_and_arrays_that_cannot_be_written(place: Path, tmp_path: Path, said_here: Callable[..., str]) -> None:
    run = str(place / "runs" / "words")
    model = str(place / "runs" / "model")
    full = "'/dev/full' cannot be written: No space left on device"
    for command in (["project", run, "--npz"], ["attend", model, "king", "--html"]):
        assert full in said_here([*command, "/dev/full"], tmp_path)
    told = said_here(["project", run, "--npz", "gone/a.npz"], tmp_path)
    assert "'gone/a.npz' cannot be written: No such file" in told
    (tmp_path / "folder").mkdir()
    assert "'folder' cannot be written: Is a directory" in said_here(["project", run, "--html", "folder"], tmp_path)
    (tmp_path / "old.html").write_text("what was there")
    told = said(["project", run, "--html", "old.html"], tmp_path, preexec_fn=small_files)
    assert "'old.html' cannot be written: File too large" in told
    assert (tmp_path / "old.html").read_text() == "what was there"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "old.html"]


def test_standard_output_on_a_full_disk(place: Path) -> None:
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    for command in (["near", "runs/words", "king", "--json"], ["list", "runs"]):
        with Path("/dev/full").open("w") as full:
            result = subprocess.run(
                [*EMBVIZ, *command], cwd=place, stdout=full, stderr=-1, text=True, env=buffered, check=False
            )
        assert result.returncode == 1
        assert json.loads(result.stderr)["error"].startswith("The disk is full (No space left on device)")


def small_files() -> None:
    """In the child: no file may grow beyond 40 kB, and a write beyond fails as on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))


FULL = {
    "the spool": ["word2vec", "long.txt", *WORD2VEC],
    "vectors": ["word2vec", "text.txt", "--epochs", "1", "--dims", "4000"],
    "checkpoint": ["attention", "text.txt", *ATTENTION, "--dims", "64", "--checkpoint-every", "1"],
}


@pytest.mark.parametrize("command", FULL.values(), ids=FULL)
def test_training_on_a_full_disk_leaves_nothing_half_made(place: Path, tmp_path: Path, command: list[str]) -> None:
    text = (place / "text.txt").read_text()
    (tmp_path / "text.txt").write_text(text)
    (tmp_path / "long.txt").write_text(text * 2)
    shutil.copytree(place / "runs" / "words", tmp_path / "runs" / "words")
    before = everything(tmp_path)
    told = said(["train", *command, "--out", "runs/new"], tmp_path, preexec_fn=small_files)
    assert told.startswith("The disk is full (") and "Make room" in told
    assert everything(tmp_path) == before
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["words"]


def test_a_projection_on_a_full_disk_is_no_damaged_one(place: Path, tmp_path: Path) -> None:
    words = [f"word{i}" for i in range(6_000)]
    space = ev.Space.of(words, np.random.default_rng(0).normal(size=(6_000, 3)))
    (tmp_path / "vectors.vec").write_text(
        "\n".join(f"{word} {' '.join(map(str, vector))}" for word, vector in zip(words, space.vectors, strict=True))
    )
    ev.import_vectors(tmp_path / "vectors.vec", tmp_path / "run")
    assert said(["project", "run"], tmp_path, preexec_fn=small_files).startswith("The disk is full (")
    assert not list((tmp_path / "run").glob("projections/*"))
    assert len(ev.open_run(tmp_path / "run").projection().words) == 6_000


def tmpfs(folder: Path, size: str) -> bool:
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_disk_that_is_really_full(place: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    if not tmpfs(disk, "100k"):
        pytest.skip("no file system can be mounted here")
    try:
        shutil.copytree(place / "runs" / "words", disk / "words")
        before = everything(disk)
        command = ["train", "attention", *ATTENTION, "--dims", "128", "text.txt", "--out", str(disk / "new")]
        told = said(command, place)
        assert told.startswith("The disk is full (") and "Make room" in told
        assert everything(disk) == before and not list(disk.glob(".*"))
        assert ev.open_run(disk / "words").space.row("king") is not None
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)  # a test beside this one may be looking


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everything")
def test_permission_denied(place: Path, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("a text")
    (tmp_path / "text.txt").chmod(0)
    assert "may not be read" in said(["train", "word2vec", "text.txt", "--out", "run"], tmp_path)
    (tmp_path / "locked").mkdir(mode=0o500)
    text = str(place / "text.txt")
    assert "Permission denied" in said(["train", "word2vec", text, "--out", "locked/run"], tmp_path)
    run = shutil.copytree(place / "runs" / "words", tmp_path / "run")
    (run / "meta.json").chmod(0)
    assert "'run' may not be read" in said(["near", "run", "king"], tmp_path)
