"""What commands share: their options, lists they read, and files that are written whole."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from embviz.errors import EmbvizError

RUN = Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder; with @400, what it kept after 400 steps.")]
JSON = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
HTML = Annotated[Path | None, typer.Option("--html", help="Write the figure as one page that works offline.")]
NPZ = Annotated[Path | None, typer.Option("--npz", help="Write the arrays for numpy.load.")]


def listed(path: Path, column: str, encoding: str) -> list[str]:
    """The lines of a file, or the cells of a table's column, stripped; empty ones are passed over."""
    from embviz.text.files import Files
    from embviz.text.packing import bare
    from embviz.text.tables import TABLES

    is_table = bare(path.name).endswith(TABLES)
    pieces = Files.at(path, column if is_table else None, encoding).pieces()
    found = pieces if is_table else "".join(pieces).splitlines()
    return [line.strip() for line in found if line.strip()]


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
