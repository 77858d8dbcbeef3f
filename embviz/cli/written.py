"""What commands share: their options, and files that are written whole."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from embviz.errors import EmbvizError

RUN = Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder.")]
JSON = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
HTML = Annotated[Path | None, typer.Option("--html", help="Write the figure as one page that works offline.")]
NPZ = Annotated[Path | None, typer.Option("--npz", help="Write the arrays for numpy.load.")]


def write_page(figure: Any, path: Path) -> None:
    """Write a figure as one page that works offline."""
    from embviz.figures.theme import CONFIG

    text = figure.to_html(include_plotlyjs=True, full_html=True, config=CONFIG)
    write_whole(path, lambda target: target.write_text(text, encoding="utf-8"))


def write_arrays(path: Path, **arrays: Any) -> None:
    """Write arrays for numpy.load."""
    import numpy as np

    def write(target: Path) -> None:
        with target.open("wb") as file:
            np.savez_compressed(
                file, allow_pickle=False, **{name: np.asarray(values) for name, values in arrays.items()}
            )

    write_whole(path, write)


def write_whole(path: Path, write: Any) -> None:
    """Write a file under a temporary name first, so that a full disk costs nothing that was there before.

    Raises:
        EmbvizError: it cannot be written.
    """
    try:
        if path.exists() and not path.is_file():
            write(path)  # a device or a pipe cannot be renamed over
            return
        with TemporaryDirectory(prefix=".", dir=path.parent) as folder:
            temporary = Path(folder) / "whole"
            write(temporary)
            temporary.replace(path)
    except OSError as error:
        reason = error.strerror or error
        raise EmbvizError(f"'{path}' cannot be written: {reason}. Name another file, or make room.") from None
