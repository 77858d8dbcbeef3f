"""`embviz train` and `embviz import`: a corpus, a file of vectors or a pretrained model becomes a run."""

from __future__ import annotations

import dataclasses
import inspect
import os
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from embviz.cli.terminal import progress, say
from embviz.cli.written import RUN
from embviz.errors import EmbvizError
from embviz.progress import Report
from embviz.steps import steps_of
from embviz.train import TRAINERS

CORPUS = Annotated[
    str,
    typer.Argument(
        metavar="CORPUS", help="A name that `embviz corpora` lists, a file, a folder, or - for standard input."
    ),
]
OUT = Annotated[Path, typer.Option("--out", help="The run's folder; must not exist.")]
RESUMED = Annotated[
    Path, typer.Option("--out", help="The run's folder: a new one, or of this training, stopped, which then goes on.")
]
COLUMN = Annotated[str | None, typer.Option(help="The column that holds the text, in .csv, .tsv and .jsonl.")]
TARGET = Annotated[
    str | None,
    typer.Option(help="The column that a seq2seq model learns to write when it reads the other, in .csv and the like."),
]
WORKERS = Annotated[
    int | None,
    typer.Option(
        "--workers",
        help="Train in so many processes on a Ray cluster (embviz[ray]): the one that RAY_ADDRESS names, whose "
        "machines share the disk of the text and of --out, else one that is started here.",
    ),
]
ENCODING = Annotated[str, typer.Option(help="The encoding of the file, if it is not UTF-8.")]


def add_to(app: typer.Typer) -> typer.Typer:
    """Add the commands; gives `embviz train`, for others to be added."""
    train = typer.Typer(help="Train on a text: word vectors, or a small attention model.", no_args_is_help=True)
    trainer: Any
    for kind, trainer in TRAINERS.items():
        train.command(kind, help=(inspect.getdoc(trainer.fit) or "").partition("\n")[0])(_command(kind))
    app.add_typer(train, name="train")
    app.command("import")(import_)
    app.command()(export)
    return train


def import_(
    given: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="word2vec text or binary, GloVe, fastText .vec, plain or compressed; or the folder of a Hugging Face "
            "model, with its config.json.",
        ),
    ],
    out: OUT,
    encoding: ENCODING = "utf-8",
    limit: Annotated[int | None, typer.Option(help="Read only so many words, the first of the file.")] = None,
    columns: Annotated[Path | None, typer.Option(help="A .csv or .tsv of columns of the words.")] = None,
    trust_pickle: Annotated[
        bool, typer.Option("--trust-pickle", help="Read a model's weights even from a pickle; you know who made it.")
    ] = False,
) -> None:
    """Open a file of word vectors, or the folder of a pretrained model, as a run."""
    from embviz import making, pretrained

    with progress() as report:
        if given.is_dir():
            if (encoding, limit, columns) != ("utf-8", None, None):
                raise EmbvizError(f"--encoding, --limit and --columns are for a file of vectors, and '{given}' is a "
                                  "folder.")  # fmt: skip
            run = pretrained.import_model(given, out, trust_pickle, report)
        else:
            run = making.import_vectors(given, out, encoding, limit, report, columns)
    done(run)
    if dropped := run.meta.get("dropped"):
        lines = "1 line" if dropped == 1 else f"{dropped:,} lines"
        say(f"Left out: {lines} that repeated a word or had none.")
    for title, reason in run.meta.get("columns_left_out", {}).items():
        say(f"Left out: column '{title}': {reason}.")


def export(
    run: RUN, folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where it goes; must not exist.")]
) -> None:
    """Write an encoder, a decoder or a seq2seq model as a folder that transformers loads."""
    from embviz import pretrained, runs

    say(f"Written: {pretrained.export_model(runs.open_run(run), folder)}")


def _command(kind: str) -> Any:
    """The command of one trainer: its fields, with their defaults and help, are the options."""
    trainer = TRAINERS[kind]

    def command(corpus: str, out: Path, column: str | None, encoding: str, **given: Any) -> None:
        from embviz import making, workers

        target, several = given.pop("target", None), given.pop("several", None)
        if _is_helper(kind):
            trainer(**given).help()
            return
        with progress() as report:
            text = _opened(corpus, column, target, encoding, report)
            if several is None:
                run = making.make_run(trainer(**given), text, out, report)
            else:
                run = workers.make_run(trainer(**given), text, out, several, report)
        done(run)

    own = {"target": (TARGET, None), "several": (WORKERS, None)} if kind == "attention" else {}
    folder = RESUMED if kind == "attention" else OUT
    options = {"corpus": (CORPUS, inspect.Parameter.empty), "out": (folder, inspect.Parameter.empty),
               "column": (COLUMN, None), **own, "encoding": (ENCODING, "utf-8"), **fields_of(trainer)}  # fmt: skip
    return with_options(command, options)


def with_options(command: Any, options: dict[str, tuple[Any, Any]]) -> Any:
    """A command with these options, each a kind as typer reads it, and a default."""
    command.__signature__ = inspect.Signature(
        [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default)
            for name, (kind, default) in options.items()
        ]
    )
    command.__annotations__ = {name: kind for name, (kind, _) in options.items()}
    return command


def _is_helper(kind: str) -> bool:
    """Whether this is one of several processes and not the first: that one alone reads, writes and reports."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1 or "RANK" not in os.environ:
        return False
    if kind != "attention":
        raise EmbvizError(f"{kind} trains in one process: start it without torchrun.")
    return os.environ["RANK"] != "0"


def _opened(corpus: str, column: str | None, target: str | None, encoding: str, report: Report) -> Any:
    """A text; or pairs, if a target is named."""
    from embviz.corpora import open_corpus, open_pairs

    if target is None:
        return open_corpus(corpus, column, encoding, report)
    if column is None:
        raise EmbvizError(f"--target {target} names what is to be written: name what is read too, with --column.")
    return open_pairs(corpus, column, target, encoding)


def fields_of(trainer: Any) -> dict[str, tuple[Any, Any]]:
    """The fields of a trainer as options."""
    kinds = get_type_hints(trainer)
    return {
        field.name: (Annotated[kinds[field.name], typer.Option(help=field.metadata["help"])], field.default)
        for field in dataclasses.fields(trainer)
    }


def done(run: Any) -> None:
    """What was made, and what to do next."""
    what = "tokens and an attention model" if run.has_attention else "words"
    say(f"{run.path}: {run.meta['words']:,} {what}, {run.meta['dims']} dimensions, in {run.meta['seconds']:.0f} s.")
    if steps := steps_of(run.path):
        more = "".join(f", @{step}" for step in steps[1:5]) + (" …" if len(steps) > 5 else "")
        say(f"Kept on the way, to compare with: {run.path}@{steps[0]}{more}")
    say(f"Explore it: embviz serve {run.path.parent}")
