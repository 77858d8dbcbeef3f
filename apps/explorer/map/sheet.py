"""What the flat map sends to the browser: the numbers of all words once, as bytes; then words and colours as asked for.

The page draws and looks around by itself (assets/map.js). A colour never sends the places again, and a word is sent
when it is first labelled.
"""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import dash
import numpy as np
from flask import Response, abort, request

from embviz.apps.explorer.examples import EXAMPLES
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.map import colors
from embviz.apps.explorer.map.pins import pinned_on, rows_of
from embviz.apps.explorer.map.trail import told as trail_told
from embviz.apps.explorer.selection import SOLID, Selection
from embviz.errors import EmbvizError
from embviz.figures.projection import size_in_space
from embviz.figures.theme import PALETTES
from embviz.projection import Projection
from embviz.projection.given import is_given
from embviz.projection.live import ACROSS, live_path
from embviz.runs import Run
from embviz.similarity import near
from embviz.space import Space

_MOST_ROWS = 1_000  # words in one answer
_BYTES = "application/octet-stream"


def spec(projection: Projection, run: Run, selection: Selection, theme: str, language: str) -> dict[str, Any]:
    """All that the page must know to draw a flat map: where its numbers are, colours, and what is marked."""
    palette = PALETTES[theme]
    row, near_rows = marked(run, selection.word)
    n = len(projection.coords)
    shown = [int(other) for other in near_rows if other < n]
    selected = row if row is not None and row < n else None
    pins = pinned_on(run, selection, n, theme)
    rows = list(dict.fromkeys([*([] if selected is None else [selected]), *shown, *rows_of(pins)]))
    made = {"of": run.meta.get("created"), "dims": 2, **which(projection)}
    return {
        "points": f"/sheet/{quote(run.name)}/points?{urlencode(made)}",
        "words": f"/sheet/{quote(run.name)}/words?{urlencode({'of': made['of']})}",
        "colors": colors.told(run, projection, selection, made, theme),
        "regions": colors.named(run, projection, selection),
        "run": run.name,
        "file": file_name(run, projection),
        "axes": [[pole.strip() for pole in axis.split("<->")] for axis in projection.params.get("axes", ())],
        "selected": selected,
        "near": shown,
        "pins": pins,
        "trail": trail_told(run, projection, selection.word),
        "marked": list(zip(rows, run.space.words(np.array(rows, np.int64)), strict=True)),
        "theme": {name: getattr(palette, name) for name in ("paper", "text", "quiet", "point", "accent", "near")},
    }


def file_name(run: Run, projection: Projection) -> str:
    """What a picture of a map is called as a file, without its ending."""
    return f"{run.name}-{projection.method}".replace(":", "-")


def marked(run: Run, word: str | None) -> tuple[int | None, np.ndarray]:
    """The row of the selected word, and those of its true neighbours; an unknown word marks nothing."""
    if not word:
        return None, np.empty(0, np.int64)
    try:
        found = near(run.space, word)
    except EmbvizError:
        return None, np.empty(0, np.int64)
    return (run.space.row(found.terms[0].word) if len(found.terms) == 1 else None), found.rows


def connect(app: dash.Dash, library: Library) -> None:
    """Add the addresses that the page fetches from."""

    @app.server.get("/sheet/<name>/points")
    def _points(name: str) -> Response:
        return _bytes(points(requested(library, name)[1]))

    @app.server.get("/sheet/<name>/live")
    def _live(name: str) -> Response:
        return Response(*moving(library, name), headers={"Cache-Control": "no-store"}, mimetype=_BYTES)

    @app.server.get("/sheet/<name>/colors")
    def _of_colors(name: str) -> Response:
        run, projection = requested(library, name)
        try:
            return _bytes(colors.paint(run, projection, request.args.get("by", ""), asked()))
        except EmbvizError as error:
            abort(400, str(error))

    @app.server.get("/sheet/<name>/words")
    def _words(name: str) -> Response:
        space = _run(library, name).space
        try:
            rows = np.array(request.args.get("rows", "").split(","), np.int64)
        except (ValueError, OverflowError):
            abort(400, "rows must be whole numbers")
        if len(rows) > _MOST_ROWS or rows.min() < 0 or rows.max() >= len(space):
            abort(400, f"rows must be at most {_MOST_ROWS:,}, from 0 to {len(space) - 1}")
        answer = app.server.json.response(space.words(rows))
        answer.headers["Cache-Control"] = "private, max-age=86400"
        return answer


def points(projection: Projection) -> bytes:
    """N × uint16 x, N × uint16 y, N × uint8 level: 5 bytes a word, in the order of the rows."""
    sheet = projection.sheet
    assert sheet is not None, "a map in 3 dimensions has no sheet"
    return b"".join([np.ascontiguousarray(sheet.places.T, "<u2").tobytes(), sheet.levels.tobytes()])


def live(run: Run, selection: Selection, path: Path, theme: str) -> dict[str, Any] | None:
    """What the page must know to draw the points of a map that is being made; None while there are none.

    Args:
        path: the file that will keep the map.
    """
    try:
        at = live_path(path).stat().st_mtime_ns
    except OSError:
        return None
    palette, n = PALETTES[theme], words_on_map(run, selection)
    asked = {"method": selection.method, "dims": selection.dims, "words": n, "at": at}
    return {
        "url": f"/sheet/{quote(run.name)}/live?{urlencode(asked)}",
        "solid": {"across": ACROSS, "radius": size_in_space(n) / 2} if selection.dims == 3 else None,
        "theme": {"paper": palette.paper, "point": palette.point},
    }


def moving(library: Library, name: str) -> tuple[bytes, int]:
    """The points of a map that is being made, as `embviz.projection.live` has them, and 200; else 204."""
    run, asked = _run(library, name), Selection.of("/map", request.query_string.decode("utf-8", "replace"))
    try:
        return live_path(run.projection_path(asked.method, asked.dims, asked.words)).read_bytes(), 200
    except (OSError, EmbvizError):
        return b"", 204


def which(projection: Projection) -> dict[str, Any]:
    """What names a map in an address; one that was given can be replaced by another of its name."""
    named = dict(zip(("across", "up", "through"), projection.params.get("axes", ()), strict=False))
    named |= {"sha256": projection.facts["sha256"]} if is_given(projection.method) else {}
    named |= {"dims": 3} if projection.dims == 3 else {}
    return {"method": projection.method, "words": projection.params["words"], **named}


def _run(library: Library, name: str) -> Run:
    try:
        return library.open(name)
    except EmbvizError as error:
        abort(404, str(error))


def requested(library: Library, name: str, dims: int = 2) -> tuple[Run, Projection]:
    """The run and the projection that a request names, if it is kept: it is computed elsewhere."""
    run, method = _run(library, name), request.args.get("method", "")
    try:
        return run, shown_of(run, asked().but(run=name, method=method, dims=dims))
    except EmbvizError as error:
        abort(404, str(error))


def asked() -> Selection:
    """The selection that a request's address holds."""
    return Selection.of("/map", request.query_string.decode("utf-8", "replace"))


def words_on_map(run: Run, selection: Selection) -> int:
    """How many words the map shows: all of them on a flat one, which a browser draws by the million."""
    if is_given(selection.method):
        return len(shown_of(run, selection).coords)
    return min(selection.words or (len(run.space) if selection.dims == 2 else SOLID), len(run.space))


def shown_of(run: Run, selection: Selection) -> Projection:
    """The map that a selection shows, if it is kept; one by axes is made, which takes no time worth keeping it.

    Raises:
        EmbvizError: it is not there, or damaged; an axis makes no sense.
    """
    if selection.method == "axes":
        return _by_axes(run, axes_of(run.space, selection), words_on_map(run, selection))
    if is_given(selection.method):
        whole = kept(run, selection.method, selection.dims, None)
        return whole if selection.dims == 2 else whole.first(SOLID)
    return kept(run, selection.method, selection.dims, words_on_map(run, selection))


def axes_of(space: Space, selection: Selection) -> tuple[str, ...]:
    """The axes of a selection, one for each dimension; where it names none, the first of the examples whose words the
    space has.
    """
    examples = (*EXAMPLES["axes"]["en"], *EXAMPLES["axes"]["zh"])
    for across, up in ((selection.across, selection.up), *examples):
        across, up = selection.across or across, selection.up or up
        if across and up and (selection.across or _has(space, across)) and (selection.up or _has(space, up)):
            if selection.dims == 2:
                return across, up
            others = (axis for pair in examples for axis in pair if axis not in (across, up) and _has(space, axis))
            third = selection.through or next(others, None)
            if third:
                return across, up, third
            raise EmbvizError("In 3 dimensions a map by axes needs three. Type the third at the left.")
    raise EmbvizError("A map by axes needs two, such as man <-> woman and poor <-> rich. Type them at the left.")


def _has(space: Space, axis: str) -> bool:
    return all(space.row(word.strip()) is not None for word in axis.split("<->"))


@lru_cache(maxsize=8)
def _by_axes(run: Run, names: tuple[str, ...], words: int) -> Projection:
    return run.axes_map(*names, words=words)


def is_kept(run: Run, method: str, dims: int, words: int | None) -> bool:
    """Whether a run keeps a map; the file of one that is damaged is removed, so that it is computed again."""
    try:
        kept(run, method, dims, words)
    except EmbvizError:
        with suppress(OSError):  # of a run that may only be read
            run.projection_path(method, dims, words).unlink(missing_ok=True)
        return False
    return True


def kept(run: Run, method: str, dims: int, words: int | None) -> Projection:
    """A projection that the run keeps, read once for all readers.

    Raises:
        EmbvizError: it is not there, or damaged.
    """
    path = run.projection_path(method, dims, words)
    if not path.is_file():
        raise EmbvizError("'{run}' keeps no such map. Ask for it with `embviz project`.", run=run.name)
    return _read(run, path, path.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _read(run: Run, path: Path, changed: int) -> Projection:
    return Projection.load(path, run.space)


def _bytes(body: bytes) -> Response:
    return Response(body, mimetype=_BYTES, headers={"Cache-Control": "private, max-age=86400"})
