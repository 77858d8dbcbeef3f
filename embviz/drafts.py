"""Drafts: a run folder while it is being written. It becomes a run when it is whole, or it is not there.

Written under a temporary name beside its own and renamed at the end; `meta.json` is its last file. What a training
that was stopped leaves behind is kept when it has checkpoints, and found again by the same training.
"""

from __future__ import annotations

import fcntl
import json
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO, Any

import numpy as np

from embviz.errors import EmbvizError

FORMAT = 1
_LIBRARIES = ("embviz", "gensim", "numpy", "scikit-learn", "tokenizers", "torch", "transformers")


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
    folder = draft_folder(out)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        _hold(lock, out)
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


def draft_folder(out: Path) -> Path:
    """Where a run is built before it is at `out`."""
    return out.parent / f".{out.name}.partial"


def discard(out: Path) -> None:
    """Remove what a training that was stopped left of a run, checkpoints too.

    Raises:
        EmbvizError: another process is writing it.
    """
    folder = draft_folder(out)
    if not folder.is_dir():
        return
    with (folder / "lock").open("w") as lock:
        _hold(lock, out)
        shutil.rmtree(folder)


def finish(folder: Path, **meta: Any) -> None:
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


def _hold(lock: IO[str], out: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise EmbvizError(f"Another process is writing '{out}'. Wait for it, or choose another --out.") from None


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


def checked_meta(path: Path) -> dict[str, Any]:
    """What the meta.json of a run folder says, every file that it names being there and of its size.

    Raises:
        EmbvizError: the run is not complete, damaged, of a newer format, or may not be read.
    """
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
