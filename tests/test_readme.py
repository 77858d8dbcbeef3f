"""Every command of the README, run as it is written, in an empty folder; `make` and its targets are there."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_make_has_the_targets_that_the_readme_names() -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    named = re.findall(r"^make (\w+)$", blocks("sh")[0], re.MULTILINE)
    assert named and set(named) <= set(targets)


@pytest.mark.slow
def test_every_command_of_the_shell(tmp_path: Path) -> None:
    commands = [shlex.split(line) for line in blocks("sh")[1].splitlines()]
    assert len(commands) >= 9
    for name, *arguments in commands:
        assert name == "embviz"
        run = subprocess.run([sys.executable, "-m", "embviz", *arguments], cwd=tmp_path, capture_output=True, text=True)
        assert run.returncode == 0, (arguments, run.stderr)
    assert {"map.html", "map.npz", "attention.npz"} <= {path.name for path in tmp_path.iterdir()}


@pytest.mark.slow
def test_the_notebook_lines(tmp_path: Path) -> None:
    run = subprocess.run([sys.executable, "-c", blocks("python")[0]], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert {"map.html", "near.html", "runs"} <= {path.name for path in tmp_path.iterdir()}
