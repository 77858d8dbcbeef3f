"""`embviz serve`: the explorer, on an address of this machine."""

from __future__ import annotations

import errno
import logging
import socket
from pathlib import Path
from typing import Annotated

import typer

from embviz.cli.terminal import say
from embviz.errors import EmbvizError

_LONGEST_URL = 2**21  # bytes: a sentence of 100,000 Chinese characters, and more than browsers send


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(serve)


def serve(
    runs: Annotated[Path, typer.Argument(metavar="RUNS", help="A folder of runs.")] = Path("runs"),
    port: Annotated[int, typer.Option(help="The port; 0 takes a free one.")] = 8050,
    host: Annotated[
        str, typer.Option(help="The address to listen on; the default answers this machine only.")
    ] = "127.0.0.1",
) -> None:
    """Serve the explorer: the map, nearest words and attention of every run in a folder."""
    from embviz.runs import list_runs

    if (runs / "meta.json").is_file():
        raise EmbvizError(f"'{runs}' is one run; serve the folder that holds it: embviz serve {runs.parent}")
    list_runs(runs)  # says at once if the folder is not there
    listener = _listen(host, port)
    from waitress.server import create_server

    from embviz.apps.explorer import create_app

    server = create_server(create_app(runs).server, sockets=[listener], threads=8, max_request_header_size=_LONGEST_URL)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a short queue is no news
    named = f"[{host}]" if ":" in host else host
    say(f"embviz explorer: http://{named}:{listener.getsockname()[1]}/   (Ctrl-C stops it)")
    server.run()


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens: bound only, another server could still be given the same port."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()
    except (OSError, OverflowError) as error:
        listener.close()
        raise EmbvizError(_refused(host, port, error)) from None
    return listener


def _refused(host: str, port: int, error: Exception) -> str:
    reason = getattr(error, "strerror", None) or str(error)
    if isinstance(error, socket.gaierror):
        return f"The address '{host}' is unknown ({reason}). Choose another with --host."
    if getattr(error, "errno", None) == errno.EADDRNOTAVAIL:
        return f"The address '{host}' is none of this machine's ({reason}). Choose another with --host."
    return f"Port {port} of {host} cannot be had ({reason}). Choose another with --port."
