"""`embviz annotate`: columns and lists of words for a run that is there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from embviz.cli.terminal import say


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(annotate)


def annotate(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder.")],
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="A table (.csv, .tsv) with a first line of names: a column `word` says which word a row is of, else "
            "the rows are in the order of the words. Any other file is a list, a word a line.",
        ),
    ],
    name: Annotated[str | None, typer.Option(help="What to call a list; by default the file's name.")] = None,
    encoding: Annotated[str, typer.Option(help="The encoding of the file, if it is not UTF-8.")] = "utf-8",
) -> None:
    """Add columns to the words of a run: categories, numbers, or a list of words."""
    from embviz.columns import read_columns
    from embviz.runs import open_run

    opened = open_run(run)
    found = read_columns(file, opened.space, name, encoding)
    opened.annotate(found.columns)
    for column in found.columns:
        say(f"{column.name}: {column.kind}, {column.size:,} words.")
    if found.here is not None:
        say(f"{found.here:,} of {found.of:,} words of '{file.name}' are in '{opened.name}'.")
    for title, reason in found.left_out.items():
        say(f"Left out: column '{title}': {reason}.")
