"""Runs: folders on disk that each hold one finished result. Makes, opens and lists them.

A run is immutable but for `projections/`, `faithfulness/` and `clusters/`, which keep what was computed from it, and
`columns/`, which keeps what was said of its words later.
`drafts.py` writes one whole or not at all, with the size of every file in `meta.json`, so that a half-written or
damaged run is told from a good one. Nothing here is pickled.
"""

from __future__ import annotations

import errno
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from embviz.clusters import Clusters, clusters
from embviz.columns import Column, is_column, read_columns
from embviz.drafts import FORMAT, draft, finish
from embviz.errors import EmbvizError
from embviz.formats import read_vectors
from embviz.progress import Report, silent
from embviz.projection import Projection, project, settings
from embviz.projection.faithfulness import Faithfulness, faithfulness
from embviz.space import Space
from embviz.text import Corpus

if TYPE_CHECKING:
    from embviz.models import AttentionModel


_READ_ONLY = (errno.EACCES, errno.EROFS, errno.EPERM)


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
        """The folder's name."""
        return self.path.name

    @property
    def has_attention(self) -> bool:
        """Whether the run holds the weights of an attention model."""
        return "weights.safetensors" in self.meta["files"]

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

        return AttentionModel.load(self.path)

    def projection_path(
        self, method: str, dims: int = 2, words: int | None = None, seed: int = 0, fit: int | None = None
    ) -> Path:
        """The file that keeps a projection; its name says the method, the parameters and the seed.

        Raises:
            EmbvizError: see `embviz.projection.settings`.
        """
        params = settings(self.space, method, dims, words, seed, fit)
        tail = "-".join(f"{name}{_short(value)}" for name, value in params.items() if name != "dims")
        return self.path / "projections" / f"{method}-{dims}d-{tail}.safetensors"

    def projection(
        self,
        method: str = "pca",
        dims: int = 2,
        words: int | None = None,
        seed: int = 0,
        fit: int | None = None,
        report: Report = silent,
    ) -> Projection:
        """A map of the run: read if it is kept already, else computed and kept.

        Raises:
            EmbvizError: see `embviz.projection.project`.
        """
        path = self.projection_path(method, dims, words, seed, fit)
        return _kept(
            path,
            lambda: Projection.load(path, self.space),
            lambda: project(self.space, method, dims, words, seed, fit, report),
        )

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
        return _kept(path, lambda: Faithfulness.load(path, made), lambda: faithfulness(self.space, made, report))

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
        return _kept(path, lambda: Clusters.load(path, self.space), lambda: clusters(self.space, report=report))

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
            there = f"It has: {', '.join(names)}." if names else "`embviz annotate` adds columns."
            raise EmbvizError("'{run}' has no column '{name}'. {there}", run=self.name, name=name[:60], there=there)
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
                raise EmbvizError(
                    "'{run}' has a column '{name}' already, and none is overwritten: choose another name, or remove "
                    "columns/{name}.arrow.", run=self.name, name=column.name,
                )  # fmt: skip
        try:
            (self.path / "columns").mkdir(exist_ok=True)
            for column in columns:
                column.save(self.path / "columns" / f"{column.name}.arrow")
        except OSError as error:
            if error.errno not in _READ_ONLY:
                raise
            raise EmbvizError("'{run}' may only be read, so no column can be kept in it. Copy the run.",
                              run=self.name) from None  # fmt: skip


def open_run(path: Path | str) -> Run:
    """Open one run folder.

    Raises:
        EmbvizError: it is not there, not complete, damaged, or of a newer format.
    """
    path = Path(path)
    if not path.is_dir():
        raise EmbvizError(f"There is no run '{path}'. {_what_there_is(path.parent)}")
    return Run(path, _checked_meta(path))


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


def make_run(trainer: Any, corpus: Corpus, out: Path | str, report: Report = silent) -> Run:
    """Train on a corpus and keep the result as a run.

    Stopped on the way, a trainer that writes checkpoints goes on from the last one when called the same way again.

    Args:
        trainer: one of `embviz.train.TRAINERS`, with its hyperparameters.
        corpus: what to train on.
        out: the run's folder; must not exist.
        report: told the stage and its progress.

    Raises:
        EmbvizError: see `draft` and the trainer's `fit`.
    """
    kind, params, facts = trainer.kind, asdict(trainer), corpus.facts()
    started = time.monotonic()
    with draft(out, {"trainer": kind, "params": params, "corpus": facts}) as folder:
        made = trainer.fit(corpus, report, folder)
        if isinstance(made, Space):
            made.save(folder)
        finish(folder, trainer=kind, params=params, corpus=facts, seconds=round(time.monotonic() - started, 1))
    return open_run(out)


def import_vectors(
    path: Path | str,
    out: Path | str,
    encoding: str = "utf-8",
    limit: int | None = None,
    report: Report = silent,
    columns: Path | str | None = None,
) -> Run:
    """Keep a file of word vectors as a run.

    Args:
        path: word2vec text or binary, GloVe, fastText's .vec; plain or compressed.
        out: the run's folder; must not exist.
        encoding: of the words.
        limit: read only so many words, the first of the file.
        report: told the progress.
        columns: a file of columns of the words; meta says as `columns_left_out` which of them are none, and why.

    Raises:
        EmbvizError: see `draft`, `embviz.formats.read_vectors` and `embviz.columns.read_columns`.
    """
    params = {"file": Path(path).name, "encoding": encoding, "limit": limit}
    params |= {"columns": Path(columns).name} if columns else {}
    started = time.monotonic()
    with draft(out, {"trainer": "import", "params": params}) as folder:
        space = read_vectors(path, encoding, limit, report)
        meta = dict(space.meta)
        if columns:
            found = read_columns(columns, space, encoding=encoding)
            named = {column.name: column.values for column in found.columns}
            space = replace(space, table=pa.table({**dict(zip(("word", "count"), space.table, strict=True)), **named}))
            meta |= {"columns_left_out": dict(found.left_out)}
        space.save(folder)
        seconds = round(time.monotonic() - started, 1)
        finish(folder, trainer="import", params=params, seconds=seconds, **meta)
    return open_run(out)


def _checked_meta(path: Path) -> dict[str, Any]:
    try:
        meta = json.loads((path / "meta.json").read_text(encoding="utf-8"))
        _check_format(path, meta["format"])
        files = meta["files"]
        sum([meta["words"], meta["dims"], meta.get("created", 0), *files.values()])  # fails unless all are numbers
        sizes = {name: (path / name).stat().st_size if (path / name).is_file() else None for name in files}
    except FileNotFoundError:
        raise EmbvizError(
            f"'{path}' is no complete run: it has no meta.json, which is written last. Train or import it again."
        ) from None
    except PermissionError:
        raise EmbvizError(f"'{path}' may not be read: change its permissions, or copy it.") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise EmbvizError(f"'{path}' is damaged: its meta.json cannot be read. Train or import it again.") from None
    for name, size in sizes.items():
        if size is None:
            raise EmbvizError(f"'{path}' is damaged: {name} is missing. Train or import it again.")
        if size != files[name]:
            raise EmbvizError(
                f"'{path}' is damaged: {name} has {size:,} bytes and should have {files[name]:,}. "
                "Train or import it again."
            )
    return meta


def _check_format(path: Path, form: Any) -> None:
    """Before anything else: a newer format may lack all that this one has."""
    if not isinstance(form, int) or form > FORMAT:
        raise EmbvizError(f"'{path}' has the format {form}, and this embviz reads up to {FORMAT}. Update embviz.")


def _kept(path: Path, load: Callable[[], Any], make: Callable[[], Any]) -> Any:
    """What a file of the run keeps, else made and kept; a run that may only be read keeps nothing."""
    if path.is_file():
        return load()
    made = make()
    try:
        path.parent.mkdir(exist_ok=True)
        made.save(path)
    except OSError as error:
        if error.errno not in _READ_ONLY:
            raise
    return made


def _short(value: float) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)  # g would cut a seed to six digits


def _listed(path: Path) -> Listed:
    try:
        return Listed(path.name, open_run(path), None)
    except EmbvizError as error:
        return Listed(path.name, None, str(error))


def _what_there_is(folder: Path) -> str:
    names = [entry.name for entry in list_runs(folder) if entry.run] if folder.is_dir() else []
    return f"Runs in '{folder}': {', '.join(names)}." if names else "`embviz train` and `embviz import` make runs."
