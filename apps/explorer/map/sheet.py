"""What the flat map sends to the browser: the numbers of all words once, as bytes; then words and colours as asked for.

The page draws and looks around by itself (assets/map.js). A colour never sends the places again, and a word is sent
when it is first labelled.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

import dash
import numpy as np
from flask import Response, abort, request

from embviz.apps.explorer.interface import EXAMPLES
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.selection import Selection
from embviz.clusters import Clusters
from embviz.errors import EmbvizError
from embviz.figures.theme import PALETTES, hues
from embviz.projection import Projection
from embviz.projection.axes import axes
from embviz.runs import Run
from embviz.search import cosines
from embviz.similarity import direction, near, vector
from embviz.space import Space

COLORS = ("one", "cluster", "kept", "rank", "similarity")
_SOLID = 10_000  # words of a map in 3 dimensions, unless more are asked for
_MOST_ROWS = 1_000  # words in one answer
_NONE = 254  # the colour of a word of which nothing is known


def spec(projection: Projection, run: Run, selection: Selection, theme: str, language: str) -> dict[str, Any]:
    """All that the page must know to draw a flat map: where its numbers are, colours, and what is marked."""
    palette = PALETTES[theme]
    row, near_rows = marked(run, selection.word)
    n = len(projection.coords)
    shown = [int(other) for other in near_rows if other < n]
    selected = row if row is not None and row < n else None
    rows = [*([] if selected is None else [selected]), *shown]
    made = {"of": run.meta.get("created"), "dims": 2, **which(projection)}
    return {
        "points": f"/sheet/{run.name}/points?{urlencode(made)}",
        "words": f"/sheet/{run.name}/words?{urlencode({'of': made['of']})}",
        "colors": _colors(run, projection, selection, made, theme),
        "regions": _regions(run, projection) if _color(run, projection, selection) == "cluster" else [],
        "file": f"{run.name}-{projection.method}.png",
        "axes": [[pole.strip() for pole in axis.split("<->")] for axis in projection.params.get("axes", ())],
        "selected": selected,
        "near": shown,
        "marked": list(zip(rows, run.space.words(np.array(rows, np.int64)), strict=True)),
        "theme": {name: getattr(palette, name) for name in ("paper", "text", "quiet", "point", "accent", "near")},
    }


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

    @app.server.get("/sheet/<name>/colors")
    def _of_colors(name: str) -> Response:
        given, (run, projection) = request.args, requested(library, name)
        try:
            return _bytes(colors(run, given.get("by", ""), given.get("word"), projection))
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


def colors(run: Run, by: str, word: str | None, projection: Projection) -> bytes:
    """A byte for each word of a map: its place on a scale, from 0 to 253, or its cluster; 254 where it has none.

    Raises:
        EmbvizError: the word is not in the space, or there is no such colouring.
    """
    n = len(projection.coords)
    if by == "rank":
        share = 1 - np.log1p(np.arange(n)) / np.log1p(n)
    elif by == "similarity":
        share = np.clip(_similar(run, word or "")[:n], 0, 1)
    elif by == "kept":
        share = run.faithfulness(projection.method, 2, projection.params["words"]).kept[:n]
    elif by == "cluster":
        labels = _clusters(run).labels[:n]
        return np.where(labels < 0, _NONE, labels).astype(np.uint8).tobytes()
    else:
        raise EmbvizError(f"There is no colouring by '{by}': there are {', '.join(COLORS)}.")
    return np.where(np.isnan(share), _NONE, np.rint(np.nan_to_num(share) * 253)).astype(np.uint8).tobytes()


@lru_cache(maxsize=4)
def _clusters(run: Run) -> Clusters:
    return run.clusters()


def _regions(run: Run, projection: Projection) -> list[dict[str, Any]]:
    """The name of each cluster and where most of it lies: the middle of its words, if they are not all over the map."""
    assert projection.sheet is not None
    found, places = _clusters(run), projection.sheet.places / 65_536
    labels = found.labels[: len(places)]
    regions = []
    for number, name in enumerate(found.names):
        mine = places[labels == number]
        if len(mine):
            x, y = np.median(mine, axis=0)
            regions.append({"name": " · ".join(name), "x": float(x), "y": float(y), "color": number, "size": len(mine)})
    return sorted(regions, key=lambda region: -region["size"])


def _similar(run: Run, word: str) -> np.ndarray:
    """(V,): the cosine of every word with an expression's vector."""
    return cosines(run.space, vector(run.space, word))


def _color(run: Run, projection: Projection, selection: Selection) -> str:
    """The colouring that is asked for, if it can be had now: similarity needs a word, others must be measured first."""
    by = selection.color if selection.color in COLORS else "one"
    there = {
        "similarity": lambda: _known(run, selection.word),
        "kept": lambda: run.faithfulness_path(
            run.projection_path(projection.method, 2, len(projection.coords))
        ).is_file(),
        "cluster": lambda: run.clusters_path.is_file(),
    }
    return by if there.get(by, lambda: True)() else "one"


def _colors(run: Run, projection: Projection, selection: Selection, made: dict[str, Any], theme: str) -> dict[str, Any]:
    palette, by = PALETTES[theme], _color(run, projection, selection)
    if by == "one":
        return {"url": None, "kind": "set", "stops": [palette.point]}
    word = {"word": selection.word} if by == "similarity" else {}
    url = f"/sheet/{run.name}/colors?{urlencode({'by': by, **word, **made})}"
    if by == "cluster":
        return {"url": url, "kind": "set", "stops": hues(len(_clusters(run)), theme), "none": palette.quiet}
    return {"url": url, "kind": "scale", "stops": list(palette.scale[1:]), "none": palette.quiet}


def _known(run: Run, word: str | None) -> bool:
    return len(marked(run, word)[1]) > 0


def which(projection: Projection) -> dict[str, Any]:
    named = dict(zip(("across", "up"), projection.params.get("axes", ()), strict=False))
    return {"method": projection.method, "words": projection.params["words"], **named}


def _run(library: Library, name: str) -> Run:
    try:
        return library.open(name)
    except EmbvizError as error:
        abort(404, str(error))


def requested(library: Library, name: str) -> tuple[Run, Projection]:
    """The run and the projection that a request names, if it is kept: it is computed elsewhere."""
    run, given = _run(library, name), request.args
    try:
        asked = Selection.of("/map", request.query_string.decode("utf-8", "replace"))
        return run, shown_of(run, asked.but(run=name, method=given.get("method", ""), dims=2))
    except EmbvizError as error:
        abort(404, str(error))


def words_on_map(run: Run, selection: Selection) -> int:
    """How many words the map shows: all of them on a flat one, which a browser draws by the million."""
    return min(selection.words or (len(run.space) if selection.dims == 2 else _SOLID), len(run.space))


def shown_of(run: Run, selection: Selection) -> Projection:
    """The map that a selection shows, if it is kept; one by axes is made, which takes no time worth keeping it.

    Raises:
        EmbvizError: it is not there, or damaged; an axis makes no sense.
    """
    if selection.method == "axes":
        across, up = axes_of(run.space, selection)
        return _by_axes(run, across, up, min(selection.words or len(run.space), len(run.space)))
    return kept(run, selection.method, selection.dims, words_on_map(run, selection))


def axes_of(space: Space, selection: Selection) -> tuple[str, str]:
    """The two axes of a selection; where it names none, the first of the examples whose words the space has."""
    for across, up in ((selection.across, selection.up), *EXAMPLES["axes"]["en"], *EXAMPLES["axes"]["zh"]):
        across, up = selection.across or across, selection.up or up
        if across and up and (selection.across or _has(space, across)) and (selection.up or _has(space, up)):
            return across, up
    raise EmbvizError("A map by axes needs two, such as man <-> woman and poor <-> rich. Type them at the left.")


def _has(space: Space, axis: str) -> bool:
    return all(space.row(word.strip()) is not None for word in axis.split("<->"))


@lru_cache(maxsize=8)
def _by_axes(run: Run, across: str, up: str, words: int) -> Projection:
    directions = np.stack([direction(run.space, across), direction(run.space, up)])
    return axes(run.space, directions, (across, up), words)


def kept(run: Run, method: str, dims: int, words: int | None) -> Projection:
    """A projection that the run keeps, read once for all readers.

    Raises:
        EmbvizError: it is not there, or damaged.
    """
    path = run.projection_path(method, dims, words)
    if not path.is_file():
        raise EmbvizError(f"'{run.name}' keeps no such map. Ask for it with `embviz project`.")
    return _read(run, method, dims, words, path.stat().st_mtime_ns)


def measured_already(run: Run, projection: Projection) -> bool:
    """Whether the run keeps how true a map is; a map by axes does not mean to keep neighbours, and is not measured."""
    if projection.method == "axes":
        return False
    path = run.projection_path(projection.method, projection.dims, len(projection.coords))
    return run.faithfulness_path(path).is_file()


@lru_cache(maxsize=8)
def _read(run: Run, method: str, dims: int, words: int | None, changed: int) -> Projection:
    return run.projection(method, dims, words)


def _bytes(body: bytes) -> Response:
    return Response(body, mimetype="application/octet-stream", headers={"Cache-Control": "private, max-age=86400"})
