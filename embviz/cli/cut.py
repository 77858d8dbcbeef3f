"""`embviz cut`: some words of a run become a run of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from embviz.cli.look import RUN
from embviz.cli.terminal import say
from embviz.cli.training import ENCODING, OUT
from embviz.cli.written import listed
from embviz.errors import EmbvizError


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(cut)


def cut(
    run: RUN,
    out: OUT,
    words_file: Annotated[
        Path | None, typer.Option(help="Only the words of this file, one a line, or the column of a table.")
    ] = None,
    column: Annotated[str, typer.Option(help="The column that holds the words, in .csv, .tsv and .jsonl.")] = "word",
    encoding: ENCODING = "utf-8",
    pattern: Annotated[str | None, typer.Option(help="Only words that this regular expression is found in.")] = None,
    first: Annotated[int | None, typer.Option(min=1, help="Of those, only so many, the most frequent.")] = None,
) -> None:
    """Keep some words of a run as a run of their own, to map and search them by themselves."""
    from embviz import cuts
    from embviz.runs import open_run

    opened = open_run(run)
    words = None if words_file is None else _listed(words_file, column, encoding)
    if words is not None:
        known = sum(opened.space.row(word) is not None for word in words)
        there = f"{known:,} of the {len(words):,} words of '{words_file}' are in '{opened.name}'"
        if known < cuts.FEWEST:
            raise EmbvizError(f"{there}, and a cut needs at least {cuts.FEWEST}. Is it a file of one word a line?")
        say(f"{there}.")
    made = cuts.cut(opened, out, words, pattern, first)
    say(f"{made.path}: {len(made.space):,} of the {len(opened.space):,} words of '{opened.name}'.")
    say(f"Explore it: embviz serve {made.path.parent}")


def _listed(path: Path, column: str, encoding: str) -> list[str]:
    """The words of a file, each once."""
    return list(dict.fromkeys(listed(path, column, encoding)))
