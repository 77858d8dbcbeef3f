"""`embviz annotate`: columns and lists of words for a run that is there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from embviz.cli.terminal import counted, say
from embviz.errors import EmbvizError

if TYPE_CHECKING:
    from embviz.runs import Run


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(annotate)


def annotate(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder.")],
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            help="A table (.csv, .tsv) with a first line of names: a column `word` says which word a row is of, else "
            "the rows are in the order of the words. Any other file is a list, a word a line.",
        ),
    ] = None,
    name: Annotated[str | None, typer.Option(help="What to call a list; by default the file's name.")] = None,
    encoding: Annotated[str, typer.Option(help="The encoding of the file, if it is not UTF-8.")] = "utf-8",
    remove: Annotated[
        str | None, typer.Option(metavar="NAME", help="Remove a column or a list that was added; without FILE.")
    ] = None,
) -> None:
    """Add columns to the words of a run: categories, numbers, or a list of words; or remove one."""
    from embviz.runs import open_run

    if (file is None) == (remove is None):
        raise EmbvizError("Name either a FILE of columns or words to add, or with --remove a column to remove.")
    if remove is not None and name is not None:
        raise EmbvizError("--remove and --name cannot go together: --name is for a list that is added. Leave one.")
    opened = open_run(run)
    if remove is not None:
        opened.remove_column(remove)
        say(f"Removed from '{opened.name}': {remove}.")
    if file is not None:
        _add(opened, file, name, encoding)


def _add(run: Run, file: Path, name: str | None, encoding: str) -> None:
    from embviz.columns import read_columns

    found = read_columns(file, run.space, name, encoding)
    run.annotate(found.columns)
    for column in found.columns:
        say(f"{column.name}: {column.kind}, {counted(column.size, 'word')}.")
    if found.here is not None:
        say(f"{found.here:,} of {counted(found.of, 'word')} of '{file.name}' are in '{run.name}'.")
    if found.twice:
        say(f"{counted(found.twice, 'word')} came again with other values: the first of each was kept.")
    for title, reason in found.left_out.items():
        say(f"Left out: column '{title}': {reason}.")
