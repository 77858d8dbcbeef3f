"""Reads a dump of a MediaWiki, such as Wikipedia: the articles as plain text, one paragraph a line.

Taking the markup off is slow (about 2 MB of text a second), so the plain text is kept in the cache, under the
hash of the dump, and the second pass reads that. Templates, tables and references are left out.
"""

from __future__ import annotations

import bz2
import gzip
import os
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

import regex

from embviz.corpora.cache import cache_folder, sha256_of, whole
from embviz.corpora.markup import plain
from embviz.errors import EmbvizError
from embviz.text.corpus import At
from embviz.text.files import Files

EDITION = 1
"""Of the plain text: raised when the same dump gives another, so that old ones in caches are left alone."""

_REDIRECT = regex.compile(r"\s*(?:#[^\s\[]+\s*:?\s*\[\[|$)")  # in any language; old dumps do not mark it otherwise


def is_dump(path: Path) -> bool:
    """Whether a file is a MediaWiki dump, packed or not: looks inside files that are named like XML."""
    if not path.name.lower().endswith((".xml", ".xml.bz2", ".xml.gz")):
        return False
    try:
        with path.open("rb") as raw:
            return b"<mediawiki" in _unpacked(path, raw).read(1000)
    except (OSError, EOFError):
        return False


@dataclass(frozen=True)
class Dump:
    """The articles of a dump, as a source of text for a corpus."""

    path: Path

    def pieces(self, at: At | None = None) -> Iterator[str]:
        """The text of each article; the first pass takes the markup off, later ones read what it kept.

        Raises:
            EmbvizError: the file is no dump, is cut short, or holds no article.
        """
        kept = cache_folder() / "text" / f"{self._digest}-{EDITION}.txt"
        if kept.is_file():
            yield from Files((kept,)).pieces(at)
            return
        articles = self._articles(at)
        yield from _keeping(articles, kept) if _can_keep(kept) else articles

    def sha256(self) -> str:
        """The hash of the dump, not of the text taken from it."""
        return self._digest

    @cached_property
    def _digest(self) -> str:
        return sha256_of(self.path)

    def _articles(self, at: At | None) -> Iterator[str]:
        size = max(1, self.path.stat().st_size)
        with self.path.open("rb") as raw:
            try:
                for wikitext in _pages(_unpacked(self.path, raw)):
                    yield plain(wikitext)
                    if at:
                        at(min(1.0, raw.tell() / size))
            except (OSError, EOFError, ElementTree.ParseError) as error:
                raise EmbvizError(f"'{self.path}' is damaged or cut short ({error}). Get it again.") from error
        if at:
            at(1.0)


def _unpacked(path: Path, raw: BinaryIO) -> BinaryIO:
    if path.name.lower().endswith(".bz2"):
        return bz2.BZ2File(raw)  # type: ignore[return-value]
    if path.name.lower().endswith(".gz"):
        return gzip.GzipFile(fileobj=raw)  # type: ignore[return-value]
    return raw


def _pages(stream: BinaryIO) -> Iterator[str]:
    """The markup of each article: no redirects, no talk, no templates."""
    events = ElementTree.iterparse(stream, events=("start", "end"))
    _, root = next(events)
    for event, page in events:
        if event == "end" and _tag(page) == "page":
            parts = {_tag(part): part.text or "" for part in page.iter()}
            text = parts.get("text", "")
            if parts.get("ns", "0") == "0" and "redirect" not in parts and not _REDIRECT.match(text):
                yield text
            root.clear()


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _can_keep(kept: Path) -> bool:
    """A cache saves time; where there can be none, a pass works without."""
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(kept.parent, os.W_OK)


def _keeping(articles: Iterator[str], kept: Path) -> Iterator[str]:
    """Hands the articles on, and keeps them in a file when all of them were asked for.

    Raises:
        EmbvizError: the cache cannot be written.
    """
    with whole(kept) as part, part.open("w", encoding="utf-8") as out:
        for article in articles:
            try:
                out.write(article)
            except OSError as error:
                raise EmbvizError(
                    f"'{kept.parent}' cannot be written ({error.strerror}). Name another folder in the "
                    "environment variable EMBVIZ_CACHE."
                ) from error
            yield article
