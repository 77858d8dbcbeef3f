"""The queue of trainings: child processes of the same shell command that a person would type, one at a time.

All that is known of them lies in a hidden folder beside the runs, and nothing in memory: `NAME.json` says what was
asked and what became of it, `NAME.log` is what the child says, and is locked for as long as the child lives. So a page
that is closed or a server that ends loses none, and any server of the folder can go on with the queue.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from embviz.drafts import discard, draft_folder
from embviz.errors import EmbvizError

FOLDER = ".trainings"
_NAME = re.compile(r"\w[\w.-]{0,59}")
_TAIL = 16_384  # bytes of a log's end that are looked at for what was said last
_PAUSE = 0.5  # seconds between two looks at whether the next one can begin


@dataclass(frozen=True)
class Training:
    """One training that was asked for.

    Attributes:
        name: of the run that it makes.
        kind: of the trainer.
        arguments: of `embviz train KIND`, but for `--out`.
        params: the hyperparameters that are not at their defaults.
        asked: when, in seconds since 1970.
        wanted: queued, started, or stopped: what was last asked of it.
        pid: of the child that was started last.
    """

    name: str
    kind: str
    arguments: tuple[str, ...]
    params: Mapping[str, Any] = field(default_factory=dict)
    asked: float = 0.0
    wanted: str = "queued"
    pid: int | None = None


@dataclass(frozen=True)
class Progress:
    """How a training stands.

    Attributes:
        state: queued, running, stopping, stopped, failed or done.
        stage: what the child does.
        done: share of that stage, 0 to 1.
        note: such as the loss.
        left: seconds that the stage will still take, where that is known.
        error: the sentence that it failed with; None where it ended without one.
    """

    state: str
    stage: str = ""
    done: float = 0.0
    note: str = ""
    left: float | None = None
    error: str | None = None


class Trainings:
    """The trainings of a folder of runs. A training goes by the name of its run, and never by a path."""

    def __init__(self, runs: Path | str) -> None:
        self.runs = Path(runs).resolve()
        self.folder = self.runs / FOLDER
        self._children: list[subprocess.Popen[bytes]] = []
        self._guard = threading.Lock()
        self._watching = False
        if any(training.wanted == "queued" for training in self.listed()):
            self._watch()

    def listed(self) -> list[Training]:
        """All of them, the one that was asked for last in front."""
        found = [_read(path) for path in self.folder.glob("[!.]*.json")]
        return sorted((training for training in found if training), key=lambda training: -training.asked)

    def get(self, name: str | None) -> Training | None:
        """The training of a name."""
        return next((training for training in self.listed() if training.name == name), None)

    def progress(self, training: Training) -> Progress:
        """How a training stands, from what lies on the disk."""
        said = _last_said(self._log(training.name))
        state = self._state(training, said.get("error"))
        error = said.get("error") if state == "failed" else None
        return Progress(
            state, said.get("stage", ""), said.get("done", 0.0), said.get("note", ""), said.get("left"), error
        )

    def add(self, name: str, kind: str, arguments: Sequence[str], params: Mapping[str, Any]) -> None:
        """Put a training in the queue; it begins at once if none is running.

        Raises:
            EmbvizError: there is a run or a training of that name, or it can be the name of none.
            OSError: the folder may only be read, or is full.
        """
        if not _NAME.fullmatch(name):
            raise EmbvizError("'{name}' cannot name a run: use letters, digits and - . _, {most} at most.",
                              name=name[:80], most=60)  # fmt: skip
        if (self.runs / name).exists() or self.get(name):
            raise EmbvizError("There is a run or a training '{name}' already: choose another name.", name=name)
        self.folder.mkdir(exist_ok=True)
        self._write(Training(name, kind, tuple(arguments), dict(params), time.time()))
        self._watch()

    def stop(self, name: str) -> None:
        """Let a training save what it has and end; or take it out of the queue."""
        with self._alone():
            training = self.get(name)
            if training is None:
                return
            self._write(replace(training, wanted="stopped"))
            if training.pid and _is_locked(self._log(name)):
                with suppress(ProcessLookupError):
                    os.kill(training.pid, signal.SIGTERM)  # as Ctrl-C; a server in the background ignores that one

    def go_on(self, name: str) -> None:
        """Put a training that was stopped, or that failed, in the queue again."""
        with self._alone():
            training = self.get(name)
            if training and not _is_locked(self._log(name)):
                self._write(replace(training, wanted="queued", pid=None, asked=time.time()))
        self._watch()

    def remove(self, name: str) -> None:
        """Forget a training that does not run, with what it left, but for a run that is whole.

        Raises:
            EmbvizError: it runs, here or in a shell.
        """
        with self._alone():
            if self.get(name) is None:
                return
            if _is_locked(self._log(name)):
                raise EmbvizError("'{name}' is still being trained: stop it first.", name=name)
            discard(self.runs / name)
            for path in (self._log(name), self.folder / f"{name}.json"):
                path.unlink(missing_ok=True)

    def advance(self) -> None:
        """Start the training that has waited longest, if none is running."""
        self._children = [child for child in self._children if child.poll() is None]
        with self._alone():
            waiting = [training for training in reversed(self.listed()) if training.wanted == "queued"]
            if waiting and not any(_is_locked(path) for path in self.folder.glob("*.log")):
                self._start(waiting[0])

    def history(self, name: str) -> Path:
        """The file that tells the course of a training, under way or done."""
        whole = self.runs / name
        return (whole if whole.is_dir() else draft_folder(whole)) / "history.tsv"

    def can_go_on(self, name: str) -> bool:
        """Whether there are checkpoints to go on from."""
        return any(draft_folder(self.runs / name).glob("checkpoints/step-*.safetensors"))

    def _state(self, training: Training, error: str | None) -> str:
        if _is_locked(self._log(training.name)):
            return "stopping" if training.wanted == "stopped" else "running"
        if (self.runs / training.name / "meta.json").is_file():
            return "done"
        if training.wanted == "started":
            return "stopped" if (error or "").startswith("Cancelled.") else "failed"
        return training.wanted

    def _start(self, training: Training) -> None:
        command = [sys.executable, "-m", "embviz", "--progress", "json", "train", training.kind]
        with self._log(training.name).open("ab") as log:
            fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the child's from here on, as it is its standard error
            log.truncate(0)
            child = subprocess.Popen(
                [*command, f"--out={self.runs / training.name}", *training.arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the server's terminal is not meant for it
            )
            self._children.append(child)
            self._write(replace(training, wanted="started", pid=child.pid))

    def _watch(self) -> None:
        """Look after the queue until it is empty, in a thread."""
        with self._guard:
            if not self._watching:
                self._watching = True
                threading.Thread(target=self._look_after, daemon=True).start()

    def _look_after(self) -> None:
        while True:
            with suppress(OSError):  # a folder that is gone or full for the moment
                self.advance()
            with self._guard:
                if not any(training.wanted == "queued" for training in self.listed()):
                    self._watching = False
                    return
            time.sleep(_PAUSE)

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _write(self, training: Training) -> None:
        path = self.folder / f"{training.name}.json"
        temporary = self.folder / f".{training.name}.tmp"
        temporary.write_text(json.dumps(asdict(training), ensure_ascii=False), encoding="utf-8")
        temporary.replace(path)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other thread or server changes anything meanwhile."""
        self.folder.mkdir(exist_ok=True)
        with (self.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _read(path: Path) -> Training | None:
    """A training from its file; None if the file is damaged or gone, or is another's."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        training = Training(**{**told, "arguments": tuple(told["arguments"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return training if training.name == path.stem else None


def _is_locked(log: Path) -> bool:
    """Whether the process that writes a log lives."""
    try:
        with log.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _last_said(log: Path) -> dict[str, Any]:
    """The last progress that a log tells of, and the error if there is one."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return {}
    said: dict[str, Any] = {}
    for line in lines:
        with suppress(ValueError):  # a library's own warning
            told = json.loads(line)
            if isinstance(told, dict):
                said = {**said, **({"left": None, **told} if "stage" in told else told)}
    return said
