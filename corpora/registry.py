"""The registry: the texts that have a name. Reads registry.toml; fetches nothing and opens no text."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from embviz.corpora.cache import cache_folder
from embviz.errors import EmbvizError


@dataclass(frozen=True)
class Entry:
    """One text of the registry: facts about it, and where it lies.

    Attributes:
        name: what to ask for.
        language: such as `en` or `zh`.
        licence: what its owners allow.
        source: where it comes from, for a person.
        description: one line on what it is and how large.
        package: the installed package that carries it, or None.
        url: where to download it, or None.
        extra: the extra of embviz that installs the package, or None when embviz needs it anyway.
        bytes: the size of the file, where known.
        sha256: its hash, where known.
        read: how to read it: text, mediawiki, tagged or wikitext.
        segmented: whether white space separates its words already.
    """

    name: str
    language: str
    licence: str
    source: str
    description: str
    package: str | None = None
    file: str | list[str] = ""
    url: str | None = None
    extra: str | None = None
    bytes: int | None = None
    sha256: str | None = None
    read: str = "text"
    segmented: bool = False

    @property
    def paths(self) -> tuple[Path, ...]:
        """Where its files are, or would be once fetched; none when its package is not installed."""
        if self.url:
            return (cache_folder() / "corpora" / self.url.rpartition("/")[2],)
        folder = _package_folder(self.package or "")
        files = [self.file] if isinstance(self.file, str) else self.file
        return tuple(folder / file for file in files) if folder else ()

    @property
    def here(self) -> bool:
        """Whether it can be read now, without fetching."""
        return bool(self.paths) and all(path.is_file() for path in self.paths)


@cache
def _registry() -> dict[str, Entry]:
    text = Path(__file__).with_name("registry.toml").read_text(encoding="utf-8")
    return {name: Entry(name, **facts) for name, facts in tomllib.loads(text).items()}


def entries() -> list[Entry]:
    """Every text of the registry, the default first."""
    return list(_registry().values())


def entry(name: str) -> Entry:
    """The text of a name.

    Raises:
        EmbvizError: there is none.
    """
    if name not in _registry():
        asked = name if len(name) <= 80 else name[:79] + "…"
        raise EmbvizError(f"There is no corpus and no file {asked!r}. {_advice(name)}")
    return _registry()[name]


def _package_folder(package: str) -> Path | None:
    """Where a package lies, without importing it."""
    spec = find_spec(package)
    places = spec.submodule_search_locations if spec else None
    return Path(places[0]) if places else None


def _advice(name: str) -> str:
    near = get_close_matches(name, _registry(), n=1)
    return f"Did you mean: {near[0]}?" if near else f"Corpora: {', '.join(_registry())}. Or give a file or a folder."
