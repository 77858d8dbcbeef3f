"""`embviz corpora`: what there is to train on, and fetching it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from embviz.cli.terminal import dump, progress, say, table


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    corpora = typer.Typer(help="List the texts to train on, or fetch one.", invoke_without_command=True)
    corpora.callback()(list_)
    corpora.command("fetch")(fetch)
    app.add_typer(corpora, name="corpora")


def list_(context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """List the texts to train on, with their language and licence."""
    if context.invoked_subcommand:
        return
    from embviz.corpora import entries

    if as_json:
        facts = ("name", "language", "licence", "source", "description", "here")
        dump([{fact: getattr(entry, fact) for fact in facts} for entry in entries()])
        return
    table(
        ["name", "language", "here", "licence", "what"],
        [[e.name, e.language, "yes" if e.here else "to fetch", e.licence, e.description] for e in entries()],
    )
    say("Train on one by its name: embviz train word2vec wikipedia --out runs/wikipedia")


def fetch(
    name: Annotated[str, typer.Argument(help="A name that `embviz corpora` lists.")],
    file: Annotated[Path | None, typer.Option(help="Take this file instead of downloading it.")] = None,
) -> None:
    """Bring a text to this machine."""
    from embviz import corpora

    with progress() as report:
        path = corpora.fetch(name, report, file)
    say(f"{name}: {path}")
