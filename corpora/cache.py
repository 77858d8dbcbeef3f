"""The folder where fetched and prepared texts are kept, and how a file gets there: whole or not at all."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from embviz.errors import EmbvizError
from embviz.progress import Report, silent


def cache_folder() -> Path:
    """$EMBVIZ_CACHE, else the user's cache folder."""
    from platformdirs import user_cache_path

    chosen = os.environ.get("EMBVIZ_CACHE")
    return Path(chosen) if chosen else user_cache_path("embviz")


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A new, empty file that becomes `path` when the block ends well, and is removed when it does not.

    Raises:
        EmbvizError: the folder cannot be written.
    """
    part = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.touch()
    except OSError as error:
        raise EmbvizError(
            f"'{path.parent}' cannot be written ({error.strerror}). Name another folder in the "
            "environment variable EMBVIZ_CACHE."
        ) from error
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def sha256_of(path: Path, report: Report = silent) -> str:
    """The hash of a file in hexadecimal, streamed."""
    digest, done, size = hashlib.sha256(), 0, max(1, path.stat().st_size)
    with path.open("rb") as file:
        while block := file.read(1 << 22):
            digest.update(block)
            done += len(block)
            report("check", min(1.0, done / size), path.name)
    return digest.hexdigest()
