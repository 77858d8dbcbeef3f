"""The shell: `embviz COMMAND`. Each command calls the function that the notebook calls, and prints its record.

Only what `--help` needs is imported here; a command imports what it needs when it runs.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from types import FrameType
from typing import Annotated

import typer

from embviz.cli import annotate, corpora, cut, finetuning, heads, look, predict, project, serve, training, write
from embviz.cli.terminal import STYLES, choose_progress, complain, open_streams
from embviz.errors import EmbvizError

app = typer.Typer(
    help="See what words become inside a model: train, explore, and look at attention.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
finetuning.add_to(app, training.add_to(app))
corpora.add_to(app)
look.add_to(app)
predict.add_to(app)
heads.add_to(app)
project.add_to(app)
cut.add_to(app)
annotate.add_to(app)
write.add_to(app)
serve.add_to(app)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(version("embviz"))
        raise typer.Exit


@app.callback()
def _options(
    progress: Annotated[
        str, typer.Option(help="How long work is shown: bar, lines, or json on standard error.")
    ] = "bar",
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    if progress not in STYLES:
        raise EmbvizError(f"--progress {progress} is unknown: there are {', '.join(STYLES)}.")
    choose_progress(progress)
    _check_arguments(sys.argv[1:])


def main() -> None:
    """Run the command that was typed, and end the process."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as a shell has it for what runs behind it
            signal.signal(number, _interrupt)
    open_streams()
    ended = status()
    try:
        sys.stdout.flush()
    except OSError:  # told already; so that Python does not complain of it again at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(ended)


def status() -> int:
    """Run the command that was typed; gives the exit status: 0; 1 and one sentence for an error that is the user's to
    mend; 2 for a command that does not exist so; 130 when cancelled.
    """
    try:
        ended = _run()
        sys.stdout.flush()  # here, where a full disk can still be told
        return ended
    except EmbvizError as error:
        complain(str(error))
    except KeyboardInterrupt:
        complain(f"Cancelled.{_goes_on(sys.argv[1:])}")
        return 130
    except BrokenPipeError:
        pass  # the reader of our output has gone, as `head` does
    except OSError as error:
        complain(_sentence(error))
    except (MemoryError, RuntimeError) as error:
        if not isinstance(error, MemoryError) and "can't allocate memory" not in str(error):  # torch's way to say it
            raise
        complain("There is not enough memory for this. Try fewer words or a smaller model.")
    return 1


def _goes_on(command: list[str]) -> str:
    """What to do after a training that keeps checkpoints was cancelled."""
    trains = "train" in command and "word2vec" not in command
    return " The same command goes on from where it was." if trains else ""


def _run() -> int:
    """The commands; typer ends by SystemExit, and makes 130 of Ctrl-C without a word. A library that is interrupted
    while it is loaded may say something else: whatever it is, the command was cancelled.
    """
    try:
        app()
    except SystemExit as end:
        if end.code == 130 or (end.code and _interrupts):  # a server that was told to end has ended well
            raise KeyboardInterrupt from None
        return end.code if isinstance(end.code, int) else 0
    except Exception:
        if _interrupts:
            raise KeyboardInterrupt from None
        raise
    return 0


def _check_arguments(arguments: list[str]) -> None:
    """Names and texts go into JSON and Arrow, which hold nothing but text."""
    for argument in arguments:
        if any("\ud800" <= c <= "\udfff" for c in argument):
            raise EmbvizError(
                f"'{argument}' is not text in {sys.getfilesystemencoding()}. Rename the file, or set LANG=C.UTF-8 "
                "if this shell writes UTF-8."
            )


def _sentence(error: OSError) -> str:
    """numpy raises an OSError without a number when a file cannot be written whole."""
    where = f" ('{error.filename}')" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, None):
        return f"The disk is full ({error.strerror or error}){where}. Make room; nothing that was there before is lost."
    return f"{error.strerror}{where}. Nothing that was there before is lost."


_interrupts: list[int] = []  # the signals that have come, of which one is enough


def _interrupt(number: int, frame: FrameType | None) -> None:
    _interrupts.append(number)
    raise KeyboardInterrupt
