"""The map as a table to take away: word, rank, count, place, cluster, how many true neighbours are near, columns."""

from __future__ import annotations

import io
import json
import re
from typing import Any
from urllib.parse import quote, urlencode

import dash
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from flask import Response, abort, request

from embviz.apps.explorer.interface import language, text, theme
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.map.colors import measured_already
from embviz.apps.explorer.map.columns import column_of
from embviz.apps.explorer.map.filters import given, matching
from embviz.apps.explorer.map.neighbors import most, neighbor_words
from embviz.apps.explorer.map.shape import Shape, inside, read
from embviz.apps.explorer.map.sheet import asked, requested, which
from embviz.apps.explorer.selection import Selection
from embviz.errors import EmbvizError
from embviz.projection import Projection
from embviz.runs import Run


def connect(app: dash.Dash, library: Library) -> None:
    """Add the addresses that tables and the page are fetched from."""

    @app.server.get("/sheet/<name>/page.html")
    def _page(name: str) -> Response:
        from embviz.apps.page import page  # which stands on the explorer

        run, projection = requested(library, name)
        made = page(run, projection, theme(), seen=asked(), language=language())
        return _attached(made.encode("utf-8"), "text/html", run, projection, "html")

    @app.server.get("/sheet/<name>/table.<form>")
    def _table(name: str, form: str) -> Response:
        run, projection = requested(library, name, asked().dims)
        try:
            shape = read(request.args["shape"]) if "shape" in request.args else None
            rows = shown_rows(run, projection, asked(), shape)
            made = table(run, projection, rows)
        except (ValueError, EmbvizError) as error:
            abort(400, str(error))
        if form not in ("csv", "parquet"):
            abort(404, "there are table.csv and table.parquet")
        if form == "csv":
            return _attached(as_csv(made), "text/csv", run, projection, form, len(rows))
        body = as_parquet(made, parameters(run, projection))
        return _attached(body, "application/vnd.apache.parquet", run, projection, form, len(rows))


def _attached(
    body: bytes, kind: str, run: Run, projection: Projection, form: str, words: int | None = None
) -> Response:
    file = quote(f"{file_name(run, projection, words)}.{form}")
    return Response(body, mimetype=kind, headers={"Content-Disposition": f"attachment; filename*=UTF-8''{file}"})


def file_name(run: Run, projection: Projection, words: int | None = None) -> str:
    """What a file with a map is called: the run, the method and its parameters, since a CSV can hold them nowhere; and
    how many words it has, where these are not all.
    """
    params = {name: value for name, value in projection.params.items() if name != "dims"}
    told = [f"{name}{'-'.join(value) if isinstance(value, list) else value}" for name, value in params.items()]
    part = [] if words is None or words == len(projection.coords) else [f"{words}-words"]
    return re.sub(r"[^\w.-]+", "_", "-".join([run.name, projection.method, *told, *part]))


def parameters(run: Run, projection: Projection) -> dict[str, Any]:
    """How the run and its map were made."""
    made = {name: run.meta[name] for name in ("trainer", "params", "corpus", "versions") if name in run.meta}
    map_made = {"method": projection.method, "params": dict(projection.params), "facts": dict(projection.facts)}
    return {"run": run.name, **made, "map": map_made}


def links(run: Run, projection: Projection, selection: Selection, shape: str | None = None) -> list[tuple[str, str]]:
    """The name and the address of each form in which a map can be taken away, or those of its words that are shown."""
    of = {**which(projection), **given(selection), **({"shape": shape} if shape else {})}
    of = {name: value for name, value in of.items() if value}
    seen = {"color": selection.color, **({"word": selection.word} if selection.word else {})}
    forms = [("CSV", "table.csv", of), ("Parquet", "table.parquet", of)]
    forms += [] if shape or projection.dims == 3 else [("HTML", "page.html", {**of, **seen})]
    return [(name, f"/sheet/{quote(run.name)}/{file}?{urlencode(told)}") for name, file, told in forms]


def without_neighbors(run: Run, n: int, language: str) -> str | None:
    """The sentence that says why a table of n words has no neighbours; None where it has."""
    return text("table_without", language, most=most(run)) if n > most(run) else None


def shown_rows(run: Run, projection: Projection, selection: Selection, shape: Shape | None) -> np.ndarray:
    """The rows of a map that a selection shows and that lie in a shape; all where there is neither.

    Raises:
        EmbvizError: see `filters.matching`.
    """
    flat = shape is not None and projection.sheet is not None
    rows = inside(projection.sheet.places, shape) if flat else np.arange(len(projection.coords))  # type: ignore
    shown = matching(run, selection)
    return rows if shown is None else rows[shown[rows]]


def table(run: Run, projection: Projection, rows: np.ndarray) -> pa.Table:
    """Those rows of a map: word, rank, count, x, y, in space z, cluster and kept where they are known, the neighbours
    where there are not too many to search, and the run's columns.
    """
    space, at = run.space, pa.array(rows, pa.int64())
    columns = {
        "word": space.table["word"].take(at),
        "rank": pa.array(rows + 1),
        "count": space.table["count"].take(at),
        "x": projection.coords[rows, 0],
        "y": projection.coords[rows, 1],
        **({"z": projection.coords[rows, 2]} if projection.dims == 3 else {}),
    }
    if measured_already(run, projection):
        columns["kept"] = run.faithfulness(projection.method, projection.dims, len(projection.coords)).kept[rows]
    if run.clusters_path.is_file():
        found = run.clusters()
        names = pa.array([" ".join(name) for name in found.names])
        labels = found.labels[rows].astype(np.int64)
        columns["cluster"] = names.take(pa.array(labels, mask=labels < 0))
    if len(rows) <= most(run):
        columns["neighbors"] = neighbor_words(run, rows)
    columns |= {name: column_of(run, name).values.take(at) for name in run.column_names}
    return pa.table(columns)


def as_csv(made: pa.Table) -> bytes:
    """UTF-8 with a mark at the start, for spreadsheets. A word that one would take for a formula gets an apostrophe."""
    from pyarrow import csv

    for place, name in enumerate(made.column_names):
        if pa.types.is_list(made.schema.field(name).type):
            made = made.set_column(place, name, pc.binary_join(made[name], " "))
        if pa.types.is_dictionary(made.schema.field(name).type):
            made = made.set_column(place, name, made[name].cast(pa.string()))
        if pa.types.is_string(made.schema.field(name).type):
            safe = pc.replace_substring_regex(made[name], r"^([=+\-@\t\r])", r"'\1")
            made = made.set_column(place, name, safe)
    out = io.BytesIO()
    out.write(b"\xef\xbb\xbf")
    csv.write_csv(made, out)
    return out.getvalue()


def as_parquet(made: pa.Table, parameters: dict[str, Any]) -> bytes:
    """The table as it is, with the parameters as JSON under "embviz" in the metadata of its schema."""
    from pyarrow import parquet

    out = io.BytesIO()
    parquet.write_table(made.replace_schema_metadata({"embviz": json.dumps(parameters, ensure_ascii=False)}), out)
    return out.getvalue()
