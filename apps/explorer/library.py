"""Library: the runs that one explorer shows, opened once and shared by all its readers, who can only read."""

from __future__ import annotations

import threading
from itertools import count
from pathlib import Path

import numpy as np

from embviz.cuts import cut_rows, is_cut_of
from embviz.errors import EmbvizError
from embviz.runs import Listed, Run, list_runs, open_run
from embviz.steps import on_the_way


class Library:
    """A folder of runs. A run is opened by its name, never by a path, and stays open until its folder changes."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self._open: dict[str, tuple[float, Run]] = {}
        self._lock = threading.Lock()

    def listed(self) -> list[Listed]:
        """All runs, newest first, the damaged ones with what is wrong."""
        return list_runs(self.folder)

    def open(self, name: str | None) -> Run:
        """The run of that name, or with `run@400` what it kept of its model after 400 steps.

        Raises:
            EmbvizError: there is none, or it is damaged; no weights of that step were kept.
        """
        there = [path.name for path in self.folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
        if name is None or not there:
            raise EmbvizError(
                "There is no run yet. Train one in the view Training, or: embviz train word2vec wikipedia --out "
                "{folder}/wikipedia", folder=str(self.folder),
            )  # fmt: skip
        path = self.folder / name if name in there else None
        if path is None and name.rpartition("@")[0] in there:
            path = on_the_way(self.folder / name)
        if path is None:
            raise EmbvizError("There is no run '{name}'. Choose another one above.", name=name)
        made = path.stat().st_mtime if not (path / "meta.json").is_file() else (path / "meta.json").stat().st_mtime
        with self._lock:
            if name not in self._open or self._open[name][0] != made:
                self._open[name] = (made, open_run(path))
            return self._open[name][1]

    def cut(self, run: Run, rows: np.ndarray) -> str:
        """The name of the run that holds only these rows of a run; it is made if there is none.

        Raises:
            EmbvizError: see `embviz.cuts.cut_rows`.
            OSError: the folder may only be read, or is full.
        """
        there = (entry.name for entry in self.listed() if entry.run and is_cut_of(entry.run.meta, run, rows))
        name = next(there, None)
        if name is None:
            name = self._free(f"{run.name[:60]}-{_bare(run.space.word(rows[0])) if len(rows) else ''}-{len(rows)}")
            cut_rows(run, self.folder / name, rows)
        return name

    def _free(self, name: str) -> str:
        """A name that no folder has, by a number behind it if need be."""
        names = (name if number == 1 else f"{name}-{number}" for number in count(1))
        return next(name for name in names if not (self.folder / name).exists())

    def default_run(self) -> str | None:
        """The newest run of word vectors, else the newest run; no cut of another."""
        good = [entry.run for entry in self.listed() if entry.run]
        good = [run for run in good if "cut" not in run.meta] or good
        return next((run.name for run in good if not run.has_attention), good[0].name if good else None)

    def default_model(self) -> str | None:
        """The newest run with an attention model."""
        return next((entry.name for entry in self.listed() if entry.run and entry.run.has_attention), None)


def _bare(word: str) -> str:
    """A word as it can stand in the name of a folder: its letters and digits."""
    return "".join(letter for letter in word[:20] if letter.isalnum()) or "words"
