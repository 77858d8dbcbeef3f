"""Runs: folders on disk that each hold one finished result. Opens and lists them.

A run is immutable but for `projections/`, `faithfulness/`, `clusters/` and `head_scores/`, which keep what was computed
from it, and `columns/`, which keeps what was said of its words later. `making.py` makes them, and
`drafts.py` writes one whole or not at all, with the size of every file in `meta.json`, so that a half-written or
damaged run is told from a good one. Nothing here is pickled.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from embviz import arrays
from embviz.clusters import Clusters, clusters
from embviz.columns import Column, changing, is_column
from embviz.drafts import checked_meta
from embviz.errors import EmbvizError
from embviz.progress import Report, silent
from embviz.projection import Projection, project, settings
from embviz.projection.axes import axes
from embviz.projection.faithfulness import Faithfulness, faithfulness
from embviz.projection.given import from_file, is_given, onto
from embviz.projection.kept import KeptMap, command, file_name, kept_maps
from embviz.projection.live import Watch, unwatched
from embviz.similarity import direction
from embviz.space import Space
from embviz.steps import STEPS, on_the_way, steps_of

if TYPE_CHECKING:
    from embviz.models import AttentionModel


@dataclass(frozen=True, eq=False)
class Run:
    """One run folder, checked; its space and its model are opened when first asked for.

    Attributes:
        path: the folder.
        meta: what `meta.json` says: format, trainer, params, corpus, seconds, words, dims, versions.
    """

    path: Path
    meta: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The folder's name; `run@400` for what a run kept of its model after 400 steps."""
        if "step" in self.meta and self.path.parent.name == STEPS:
            return f"{self.path.parent.parent.name}@{self.path.name}"
        return self.path.name

    @property
    def on_the_way(self) -> list[str]:
        """What `open_run` opens of the weights that the training kept on its way: `run@400`, and so on."""
        return [f"{self.name}@{step}" for step in steps_of(self.path)]

    @property
    def has_attention(self) -> bool:
        """Whether the run holds the weights of an attention model."""
        return not {"weights.safetensors", "pretrained/config.json"}.isdisjoint(self.meta["files"])

    @cached_property
    def examples(self) -> list[str]:
        """Some lines of the text that an attention model learned from, to begin with; none of most other runs."""
        try:
            found = json.loads((self.path / "examples.json").read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return []
        return [line for line in found if isinstance(line, str)] if isinstance(found, list) else []

    @cached_property
    def space(self) -> Space:
        """The words and vectors; for an attention model, its tokens and their embeddings."""
        return Space.load(self.path, self.name, self.meta)

    @cached_property
    def model(self) -> AttentionModel:
        """The attention model.

        Raises:
            EmbvizError: the run holds word vectors only.
        """
        if not self.has_attention:
            raise EmbvizError(
                f"'{self.name}' holds word vectors and no attention model. Train one with "
                "`embviz train attention CORPUS --out RUN`."
            )
        from embviz.models import AttentionModel

        return AttentionModel.load(self.path, self.name)

    def projection_path(
        self, method: str, dims: int = 2, words: int | None = None, seed: int = 0, fit: int | None = None
    ) -> Path:
        """The file that keeps a projection; its name says the method, the parameters and the seed, of a map that was
        given whose it is.

        Raises:
            EmbvizError: see `embviz.projection.settings`.
        """
        params = {} if is_given(method) else settings(self.space, method, dims, words, seed, fit)
        return self.path / "projections" / file_name(method, dims, params)

    def projection(
        self,
        method: str = "pca",
        dims: int = 2,
        words: int | None = None,
        seed: int = 0,
        fit: int | None = None,
        report: Report = silent,
        watch: Watch = unwatched,
    ) -> Projection:
        """A map of the run: read if it is kept already, else computed and kept. A map that was given (`map_from`,
        `map_onto`) is asked for by its name, and read.

        Raises:
            EmbvizError: see `embviz.projection.project`; there is no such given map, or it is damaged.
        """
        path = self.projection_path(method, dims, words, seed, fit)
        if is_given(method):
            return self._given(path, method, dims)
        return arrays.kept(
            path,
            lambda: Projection.load(path, self.space),
            lambda: project(self.space, method, dims, words, seed, fit, report, watch),
        )

    def map_from(self, path: Path | str, words: int | None = None, report: Report = silent) -> Projection:
        """A map whose places are in a file, kept under "file:" and the file's name in place of an earlier one.

        Raises:
            EmbvizError: see `embviz.projection.given.from_file`.
        """
        return self._keep(from_file(self.space, path, words, report))

    def map_onto(
        self,
        other: Run,
        method: str = "tsne",
        dims: int = 2,
        words: int | None = None,
        seed: int = 0,
        fit: int | None = None,
        report: Report = silent,
    ) -> Projection:
        """A map on which the words that another run's map has too keep their places; kept likewise.

        Args:
            other: whose map it is; it is not made here, as that takes long and writes into the other run.
            method, dims, seed, fit: of that map.
            words: how many of this run's words are on the map, the most frequent; by default all.
            report: told the stage and its progress; may cancel.

        Raises:
            EmbvizError: the other run keeps no such map; see `projection` and `embviz.projection.given.onto`.
        """
        if not other.projection_path(method, dims, None, seed, fit).is_file():
            raise EmbvizError(f"'{other.name}' keeps no map by {method} in {dims} dimensions of all its words. Make it "
                              f"first: {command(other.path, method, dims, seed, fit)}")  # fmt: skip
        old = other.projection(method, dims, None, seed, fit, report)
        return self._keep(onto(self.space, old, words, report))

    def axes_map(self, *names: str, words: int | None = None) -> Projection:
        """A map along 2 or 3 axes such as "man <-> woman"; it takes no time worth keeping it.

        Raises:
            EmbvizError: see `embviz.similarity.direction` and `embviz.projection.axes.axes`.
        """
        directions = [direction(self.space, name) for name in names]
        return axes(self.space, np.stack(directions) if directions else np.empty((0, 0)), names, words)

    def maps(self) -> list[KeptMap]:
        """The maps that the run keeps, with their parameters and their cost; damaged ones too."""
        return kept_maps(self.path / "projections")

    def _given(self, path: Path, method: str, dims: int) -> Projection:
        if not path.is_file():
            raise EmbvizError(f"'{self.name}' keeps no map '{method}' in {dims} dimensions. Give it with `embviz "
                              "project --from` or `--onto`.")  # fmt: skip
        return Projection.load(path, self.space)

    def _keep(self, made: Projection) -> Projection:
        path = self.projection_path(made.method, made.dims)
        with suppress(OSError):
            self.faithfulness_path(path).unlink(missing_ok=True)  # of an earlier map of this name
        arrays.keep(made, path)
        return made

    def faithfulness_path(self, projection: Path) -> Path:
        """The file that keeps how true the projection of a file is."""
        return self.path / "faithfulness" / projection.name

    def faithfulness(
        self,
        method: str = "pca",
        dims: int = 2,
        words: int | None = None,
        seed: int = 0,
        fit: int | None = None,
        report: Report = silent,
    ) -> Faithfulness:
        """How true a map of the run is: read if it is kept already, else measured and kept.

        Raises:
            EmbvizError: see `embviz.projection.project` and `embviz.projection.faithfulness.faithfulness`.
        """
        path = self.faithfulness_path(self.projection_path(method, dims, words, seed, fit))
        made = self.projection(method, dims, words, seed, fit, report)
        return arrays.kept(path, lambda: Faithfulness.load(path, made), lambda: faithfulness(self.space, made, report))

    @property
    def clusters_path(self) -> Path:
        """The file that keeps the clusters of the run."""
        return self.path / "clusters" / "kmeans.safetensors"

    def clusters(self, report: Report = silent) -> Clusters:
        """The clusters of all words: read if they are kept already, else found and kept.

        Raises:
            EmbvizError: see `embviz.clusters.settings`.
        """
        path = self.clusters_path
        return arrays.kept(path, lambda: Clusters.load(path, self.space), lambda: clusters(self.space, report=report))

    @property
    def column_names(self) -> list[str]:
        """The columns of the words: those that came with them, then those that were added, each by its name."""
        table = self.space.table
        own = [name for name in table.column_names if name not in ("word", "count") and is_column(table[name].type)]
        return own + sorted(path.stem for path in self.path.glob("columns/[!.]*.arrow"))

    def column(self, name: str) -> Column:
        """One column of the words.

        Raises:
            EmbvizError: there is none of that name, or it is damaged.
        """
        names = self.column_names
        if name not in names:
            if not names:
                raise EmbvizError("'{run}' has no columns. `embviz annotate` adds some.", run=self.name)
            raise EmbvizError("'{run}' has no column '{name}'. It has: {names}.",
                              run=self.name, name=name[:60], names=", ".join(names))  # fmt: skip
        if name in self.space.table.column_names:
            return Column(name, self.space.table[name].combine_chunks())
        return Column.load(self.path / "columns" / f"{name}.arrow", self.space)

    @property
    def table(self) -> pa.Table:
        """All that is known of the words: the space's table, and the columns that were added.

        Raises:
            EmbvizError: one of them is damaged.
        """
        table = self.space.table
        for name in self.column_names:
            if name not in self.space.table.column_names:
                table = table.append_column(name, self.column(name).values)
        return table

    def annotate(self, columns: Iterable[Column]) -> None:
        """Keep columns of the words in the run.

        Raises:
            EmbvizError: one of the names is taken; then none is kept. Or the run may only be read.
        """
        taken = {name.casefold() for name in self.column_names}
        columns = list(columns)
        for column in columns:
            if column.name.casefold() in taken:
                raise EmbvizError("'{run}' has a column '{name}' already, and none is overwritten. Choose another "
                                  "name.", run=self.name, name=column.name)  # fmt: skip
        with changing(self.name):
            (self.path / "columns").mkdir(exist_ok=True)
            for column in columns:
                column.save(self.path / "columns" / f"{column.name}.arrow")

    def remove_column(self, name: str) -> None:
        """Remove a column that was added, a damaged one too.

        Raises:
            EmbvizError: there is none of that name, it came with the words, or the run may only be read.
        """
        if name not in self.column_names:
            self.column(name)  # which says what there is
        if name in self.space.table.column_names:
            raise EmbvizError("The column '{name}' came with the words of '{run}', which stay as they are: only a "
                              "column that was added later can be removed.", run=self.name, name=name)  # fmt: skip
        with changing(self.name):
            (self.path / "columns" / f"{name}.arrow").unlink(missing_ok=True)


def open_run(path: Path | str) -> Run:
    """Open one run folder, or with `run@400` the model that the run kept after 400 steps of its training.

    Raises:
        EmbvizError: it is not there, not complete, damaged, or of a newer format; no weights of that step were kept.
    """
    path = Path(path)
    if not path.is_dir():
        path = on_the_way(path) or path
    if not path.is_dir():
        raise EmbvizError(f"There is no run '{path}'. {_what_there_is(path.parent)}")
    return Run(path, checked_meta(path))


@dataclass(frozen=True)
class Listed:
    """One folder of a list of runs: a run, or the sentence that says why it is none."""

    name: str
    run: Run | None
    problem: str | None


def list_runs(folder: Path | str) -> list[Listed]:
    """Every run of a folder, newest first; damaged ones are listed with what is wrong with them.

    Raises:
        EmbvizError: the folder is not there.
    """
    folder = Path(folder)
    if not folder.is_dir():
        if folder.exists():
            raise EmbvizError(f"'{folder}' is a file, and no folder of runs.")
        raise EmbvizError(
            f"There is no folder '{folder}'. Train a first run into it with "
            f"`embviz train word2vec wikipedia --out {folder / 'wikipedia'}`."
        )
    listed = [_listed(path) for path in sorted(folder.iterdir()) if path.is_dir() and not path.name.startswith(".")]
    return sorted(listed, key=lambda entry: -entry.run.meta.get("created", 0) if entry.run else 0)


def _listed(path: Path) -> Listed:
    try:
        return Listed(path.name, open_run(path), None)
    except EmbvizError as error:
        return Listed(path.name, None, str(error))


def _what_there_is(folder: Path) -> str:
    names = [entry.name for entry in list_runs(folder) if entry.run] if folder.is_dir() else []
    return f"Runs in '{folder}': {', '.join(names)}." if names else "`embviz train` and `embviz import` make runs."
