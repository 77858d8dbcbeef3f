"""Heads: what kind each head of a run is, scored over a corpus and kept in the run.

Knows how a run's own corpus is found again; what the scores are is known in `embviz.attention`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from embviz import arrays
from embviz.attention import HeadScores, head_scores
from embviz.attention.asking import kind_of
from embviz.corpora import entries, open_corpus, open_pairs
from embviz.errors import EmbvizError
from embviz.progress import Report, silent
from embviz.runs import Run
from embviz.text import Corpus
from embviz.text.pairs import Pairs

SENTENCES = 1_000


def scored(
    run: Run,
    corpus: Corpus | Pairs | None = None,
    sentences: int = SENTENCES,
    kind: str | None = None,
    report: Report = silent,
) -> HeadScores:
    """The scores of a run's heads: read if they are kept already, else computed and kept.

    Args:
        corpus: by default that of the run, see `own_corpus`.
        sentences: how many, at most.
        kind: of a seq2seq model: "cross" (the default), "encoder" or "decoder".
        report: told the stage and its progress; may cancel.

    Raises:
        EmbvizError: the run holds no attention; see `embviz.attention.head_scores`.
    """
    kind, corpus = kind_of(run.model, kind), corpus or own_corpus(run)
    path = scores_path(run, corpus.name, sentences, kind)
    if _sha256(path) == corpus.facts()["sha256"]:
        with suppress(EmbvizError):  # it is damaged: it is made again, and replaced
            return HeadScores.load(path, run.model)
    made = head_scores(run.model, corpus, sentences, kind, report)
    arrays.keep(made, path)
    return made


def scores_path(run: Run, corpus: str, sentences: int, kind: str) -> Path:
    """The file that keeps scores; letters and digits of any script are in its name as they are."""
    name = "".join(c if c.isalnum() or c in "-_. " else f"%{ord(c):02x}" for c in corpus[:80])
    return run.path / "head_scores" / f"{kind}-{sentences}-{name}.safetensors"


@dataclass(frozen=True)
class KeptScores:
    """Scores that a run keeps: of which attention, over what; or what is wrong with their file."""

    path: Path
    kind: str
    corpus: str
    sentences: int
    problem: str | None = None


def kept_scores(run: Run) -> list[KeptScores]:
    """The scores that a run keeps, those over the most sentences first; damaged ones last."""
    listed = [_kept(path) for path in sorted((run.path / "head_scores").glob("*.safetensors"))]
    return sorted(listed, key=lambda kept: -kept.sentences)


def own_corpus(run: Run) -> Corpus | Pairs:
    """The corpus that a run was trained on, if that is known and still as it was, else the registry's default.

    Raises:
        EmbvizError: not even that can be opened.
    """
    said = run.meta.get("corpus") or {}
    if said.get("name") in {entry.name for entry in entries() if entry.here}:
        return open_corpus(said["name"])
    with suppress(EmbvizError, KeyError, TypeError, OSError):
        path = Path(said["source"])
        found = open_pairs(path, *said["columns"]) if "columns" in said else _text(path.resolve(strict=True), said)
        if found.facts()["sha256"] == said["sha256"]:
            return found
    return open_corpus(entries()[0].name)


def _text(path: Path, said: Mapping[str, str]) -> Corpus:
    found = open_corpus(str(path), said.get("column"), said.get("encoding", "utf-8"))
    next(found.sentences())  # runs of earlier versions do not know the column of their table
    return found


def _kept(path: Path) -> KeptScores:
    try:
        about = arrays.about(path)
        return KeptScores(path, str(about["kind"]), str(about["corpus"]), int(about["sentences"]))
    except (ValueError, KeyError, TypeError):
        problem = f"The scores '{path.name}' are damaged: asked for, they are made again."
        return KeptScores(path, "", "", 0, problem)


def _sha256(path: Path) -> str | None:
    """Of the corpus of kept scores; None where there are none, or they are damaged."""
    try:
        return str(arrays.about(path).get("sha256"))
    except ValueError:
        return None
