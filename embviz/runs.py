"""Runs: folders on disk that each hold one finished result. Writes them whole or not at all, opens and lists them.

A run is built under a temporary name beside its own and renamed when it is complete; `meta.json` is written
last, with the size of every other file, so that a half-written or damaged run is told from a good one. Runs are
immutable but for `projections/`, which keeps what was computed from them. Nothing here is pickled.
"""

from __future__ import annotations

import errno
import fcntl
import json
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from embviz.errors import EmbvizError
from embviz.formats import read_vectors
from embviz.progress import Report, silent
from embviz.projection import Projection, project, settings
from embviz.space import Space
from embviz.text import Corpus

if TYPE_CHECKING:
    from embviz.models import AttentionModel

FORMAT = 1
_LIBRARIES = ("embviz", "gensim", "numpy", "scikit-learn", "tokenizers", "torch")


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
        if path.is_file():
            return Projection.load(path, self.space)
        made = project(self.space, method, dims, words, seed, fit, report)
        try:
            path.parent.mkdir(exist_ok=True)
            made.save(path)
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EROFS, errno.EPERM):
                raise
        return made  # a run that may only be read keeps nothing


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
        _finish(folder, trainer=kind, params=params, corpus=facts, seconds=round(time.monotonic() - started, 1))
    return open_run(out)


def import_vectors(
    path: Path | str, out: Path | str, encoding: str = "utf-8", limit: int | None = None, report: Report = silent
) -> Run:
    """Keep a file of word vectors as a run.

    Args:
        path: word2vec text or binary, GloVe, fastText's .vec; plain or compressed.
        out: the run's folder; must not exist.
        encoding: of the words.
        limit: read only so many words, the first of the file.
        report: told the progress.

    Raises:
        EmbvizError: see `draft` and `embviz.formats.read_vectors`.
    """
    params = {"file": Path(path).name, "encoding": encoding, "limit": limit}
    started = time.monotonic()
    with draft(out, {"trainer": "import", "params": params}) as folder:
        space = read_vectors(path, encoding, limit, report)
        space.save(folder)
        seconds = round(time.monotonic() - started, 1)
        _finish(folder, trainer="import", params=params, seconds=seconds, **space.meta)
    return open_run(out)


@contextmanager
def draft(out: Path | str, recipe: Mapping[str, Any]) -> Iterator[Path]:
    """A folder to build a run in, renamed to `out` when the block ends well and the folder holds `meta.json`.

    When the block fails, what it built is removed, unless there are checkpoints: then it is kept, and the next
    draft of the same recipe finds it.

    Args:
        out: where the run goes; must not exist.
        recipe: what makes two trainings the same: trainer, params, corpus.

    Raises:
        EmbvizError: `out` exists, is being written by another process, or holds checkpoints of another recipe.
        ValueError: the block ended well without a `meta.json`.
    """
    out = Path(out)
    if out.exists() or out.is_symlink():
        raise EmbvizError(f"'{out}' exists, and runs are never overwritten: choose another --out, or remove it.")
    folder = out.parent / f".{out.name}.partial"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EmbvizError(f"Another process is writing '{out}'. Wait for it, or choose another --out.") from None
        try:
            _match_recipe(folder, out, recipe)
            yield folder
            if not (folder / "meta.json").is_file():
                raise ValueError(f"the draft of '{out}' has no meta.json")
            (folder / "lock").unlink()
            (folder / "recipe.json").unlink()
            folder.rename(out)
        except BaseException:
            if not _checkpoints(folder):
                shutil.rmtree(folder, ignore_errors=True)
            raise


def _finish(folder: Path, **meta: Any) -> None:
    """Write `meta.json`, the last file of a run: the given facts, the sizes of all files, versions and date."""
    files = {
        str(path.relative_to(folder)): path.stat().st_size
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in ("lock", "recipe.json")
    }
    words, dims = np.load(folder / "vectors.npy", mmap_mode="r", allow_pickle=False).shape
    whole = {
        "format": FORMAT,
        **meta,
        "words": words,
        "dims": dims,
        "created": time.time(),
        "versions": _versions(),
        "files": files,
    }
    temporary = folder / "meta.json.tmp"
    temporary.write_text(json.dumps(whole, ensure_ascii=False, indent=1), encoding="utf-8")
    temporary.rename(folder / "meta.json")


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


def _match_recipe(folder: Path, out: Path, recipe: Mapping[str, Any]) -> None:
    path = folder / "recipe.json"
    text = json.dumps(recipe, sort_keys=True, ensure_ascii=False)
    if not _checkpoints(folder):
        _empty(folder)
    elif path.is_file() and path.read_text(encoding="utf-8") != text:
        raise EmbvizError(
            f"'{folder}' holds an unfinished training for '{out}' with other parameters or another "
            "corpus. Give the same ones to go on with it, remove it, or choose another --out."
        )
    path.write_text(text, encoding="utf-8")


def _empty(folder: Path) -> None:
    """Remove what a killed process left behind, all but the lock that is held."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "lock":
            path.unlink()


def _checkpoints(folder: Path) -> list[Path]:
    return [path for path in folder.glob("checkpoints/*.safetensors") if path.is_file()]


def _versions() -> dict[str, str]:
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
