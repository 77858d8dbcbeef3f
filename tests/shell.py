"""What the tests of the shell share: the command, what it complains with, and whether it left anything behind."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

EMBVIZ = [sys.executable, "-m", "embviz", "--progress", "json"]
ATTENTION = ["--layers", "1", "--heads", "2", "--dims", "16", "--steps", "2", "--context", "16", "--batch", "2"]


def said(command: list[str], where: Path, status: int = 1, **options: object) -> str:
    """The one sentence that a command complains with."""
    result = subprocess.run(
        [*EMBVIZ, *command], cwd=where, capture_output=True, text=True, timeout=100, check=False, **options
    )
    assert result.returncode == status, result
    assert "Traceback" not in result.stderr and "Exception ignored" not in result.stderr, result.stderr
    told = [json.loads(line) for line in result.stderr.splitlines()]
    sentences = [line["error"] for line in told if "error" in line]
    assert len(sentences) == 1 and "\n" not in sentences[0], result.stderr
    return sentences[0]


def everything(folder: Path) -> dict[str, int]:
    """Every file of a folder, hidden ones too, and when it was changed."""
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
