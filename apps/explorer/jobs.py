"""Jobs: projections and scores of heads, which take long; each is computed by a child process of the same shell command
a person would type.

A child can be killed at any moment without harm, and leaves its result in the run. Readers who ask for the same result
share one job; it is stopped when the last of them cancels.
"""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from embviz.projection.faithfulness import FEWEST
from embviz.projection.live import live_path, remove
from embviz.runs import Run

_AWAY = 5.0  # seconds after which a reader who stopped asking no longer counts


@dataclass
class Job:
    """One child process, the file that it is to leave, and what it last said."""

    process: subprocess.Popen[str]
    path: Path
    stage: str = ""
    done: float = 0.0
    note: str = ""
    error: str | None = None
    over: bool = False
    readers: dict[str, float] = field(default_factory=dict)

    @property
    def running(self) -> bool:
        """Whether the child is at work."""
        return self.process.poll() is None

    def stop(self) -> None:
        """Kill the child, and remove what it would have removed itself."""
        self.process.kill()
        self.process.wait()
        remove(live_path(self.path), self.process.pid)

    def listen(self) -> None:
        """Read the child's progress until it ends."""
        assert self.process.stderr is not None
        with self.process.stderr as lines:
            for line in lines:
                self._hear(line)
        code = self.process.wait()
        if code and self.error is None:
            self.error = f"The computation ended unexpectedly (exit status {code}). Start it again."
        if code == 0 and not self.path.is_file():
            self.error = (
                f"'{self.path.parent.parent.name}' may only be read, so nothing can be kept in it. Copy the run."
            )
        self.over = True

    def _hear(self, line: str) -> None:
        try:
            said = json.loads(line)
        except ValueError:
            return  # a library's own warning
        self.error = said.get("error", self.error)
        self.stage, self.done = said.get("stage", self.stage), said.get("done", self.done)
        self.note = said.get("note", self.note)


class Jobs:
    """The projections that are being computed now, by the file that each will leave."""

    def __init__(self) -> None:
        self._jobs: dict[Path, Job] = {}
        self._lock = threading.Lock()
        atexit.register(self.stop_all)

    def ask(self, run: Run, method: str, dims: int, words: int | None, reader: str) -> Job | None:
        """The job that computes a projection, started if need be; None when the projection is there."""
        path = run.projection_path(method, dims, words)
        return None if path.is_file() else self._job(path, run, method, dims, words, reader, "--no-measure")

    def knows(self, run: Run, method: str, dims: int, words: int | None) -> bool:
        """Whether a projection is there, or was asked for and not cancelled."""
        path = run.projection_path(method, dims, words)
        with self._lock:
            return path in self._jobs or path.is_file()

    def ask_how_true(self, run: Run, method: str, dims: int, words: int | None, reader: str) -> Job | None:
        """The job that measures a projection and finds clusters, started if need be; None when both are there."""
        path = run.faithfulness_path(run.projection_path(method, dims, words))
        if (path.is_file() and run.clusters_path.is_file()) or (words or len(run.space)) < FEWEST:
            return None
        return self._job(path, run, method, dims, words, reader, "--measure")

    def _job(self, path: Path, run: Run, method: str, dims: int, words: int | None, reader: str, how: str) -> Job:
        command = ["project", str(run.path.resolve()), "--method", method, "--dims", str(dims), how]
        command += ["--words", str(words)] if words else []
        return self.at_work(path, command + (["--live"] if how == "--no-measure" else []), reader)

    def at_work(self, path: Path, command: list[str], reader: str, leaves: Path | None = None) -> Job:
        """The job of a command, started if need be; it is known by a path, and leaves a file there or elsewhere."""
        with self._lock:
            job = self._jobs.get(path)
            if job is None or (job.over and job.error is None):  # what it left is gone: it is made again
                job = self._jobs[path] = _start(leaves or path, command)
            job.readers[reader] = time.monotonic()
            return job

    def job(self, path: Path) -> Job | None:
        """The job that leaves a file, if there is one; over or not."""
        with self._lock:
            return self._jobs.get(path)

    def cancel(self, run: Run, method: str, dims: int, words: int | None, reader: str) -> None:
        """A reader wants a projection no longer: stop it, unless another reader waits for it."""
        self.stop(run.projection_path(method, dims, words), reader)

    def stop(self, path: Path, reader: str) -> None:
        """A reader wants what a job leaves no longer: stop it, unless another reader waits for it."""
        with self._lock:
            job = self._jobs.get(path)
            if job is None:
                return
            job.readers.pop(reader, None)
            if not any(time.monotonic() - seen < _AWAY for seen in job.readers.values()):
                job.stop()
                del self._jobs[path]

    def forget(self, run: Run, method: str, dims: int, words: int | None) -> None:
        """Drop a job that has failed, so that it can be asked for again."""
        self.drop(run.projection_path(method, dims, words))

    def drop(self, path: Path) -> None:
        """Drop the job that was to leave a file, so that it can be asked for again; not one that is still at work."""
        with self._lock:
            job = self._jobs.get(path)
            if job is not None and job.over:
                del self._jobs[path]

    def stop_all(self) -> None:
        """Kill every child; their results so far are of no use to anybody."""
        for job in self._jobs.values():
            job.stop()


def _start(path: Path, asked: list[str]) -> Job:
    command = [sys.executable, "-m", "embviz", "--progress", "json", *asked]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    job = Job(process, path)
    threading.Thread(target=job.listen, daemon=True).start()
    return job
