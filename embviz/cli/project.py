"""`embviz project`: a map of a run: by a method, along axes, from a file, or onto the map of another run."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import asdict
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from embviz.cli.terminal import counted, dump, progress, say, table
from embviz.cli.written import HTML, JSON, NPZ, RUN, write_arrays, write_page, write_whole
from embviz.errors import EmbvizError

if TYPE_CHECKING:
    from embviz.progress import Report
    from embviz.projection import Projection
    from embviz.projection.faithfulness import Faithfulness
    from embviz.runs import Run

Asked = tuple[str, int, int | None, int, int | None]
"""method, dims, words, seed, fit: what a map of a run is asked for by."""

_IN_SPACE = 20_000  # words of a page in 3 dimensions; more are heavy in any browser


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(project)


def project(
    run: RUN,
    method: Annotated[str | None, typer.Option(help="pca, tsne or umap; by default pca.")] = None,
    dims: Annotated[int | None, typer.Option(help="2 or 3; by default 2.")] = None,
    words: Annotated[int | None, typer.Option(help="How many, the most frequent; by default all.")] = None,
    fit: Annotated[
        int | None,
        typer.Option(help="How many of them the method sees, the rest is placed; by default 50,000."),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same map.")] = 0,
    axis: Annotated[
        list[str] | None,
        typer.Option(help="An axis, such as 'man <-> woman', instead of a method; give 2 or 3. Not kept."),
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="Take the places from a file instead: .csv, .tsv or .parquet with word, x, y (and z), or .npy or .npz "
            "for the first words. The others are placed among them.",
        ),
    ] = None,
    onto: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN",
            help="The map of another run instead: words of both stay where it has them, others are placed.",
        ),
    ] = None,
    measure: Annotated[
        bool, typer.Option(help="Measure how true the map is, and find clusters; both are kept in the run.")
    ] = True,
    live: Annotated[bool, typer.Option("--live", hidden=True)] = False,
    as_json: JSON = False,
    html: HTML = None,
    npz: NPZ = None,
) -> None:
    """Bring the words of a run down to 2 or 3 dimensions; the result is kept in the run."""
    from embviz.projection.faithfulness import FEWEST
    from embviz.runs import open_run

    _check_together(method, dims, fit, seed, axis, source, onto)
    opened, true = open_run(run), None
    asked: Asked = (method or "pca", dims or 2, words, seed, fit)
    with progress() as report:
        if axis or source or onto:
            to = open_run(onto) if onto else None
            made = _instead(opened, axis, source, to, (method or "tsne", *asked[1:]), report)
            asked = (made.method, made.dims, None, 0, None)
        else:
            made = _computed(opened, asked, report, live)
        if measure and not axis and len(made.coords) >= FEWEST:
            true = opened.faithfulness(*asked, report=report)
            opened.clusters(report)
    kept = None if axis else opened.projection_path(*asked).is_file()
    _answer(opened, made, kept, true, as_json, html, npz)


def _answer(
    opened: Run,
    made: Projection,
    kept: bool | None,
    true: Faithfulness | None,
    as_json: bool,
    html: Path | None,
    npz: Path | None,
) -> None:
    """The map as it was asked for."""
    if html:
        _map_page(opened, made, html)
    if npz:
        write_arrays(npz, words=list(made.words), coords=made.coords)
    if as_json:
        dump(_facts(opened, made, true))
    else:
        _say(made, kept, true, (html, npz))


def _say(made: Projection, kept: bool | None, true: Faithfulness | None, files: tuple[Path | None, ...]) -> None:
    """What was made, how true it is, and the files that were written."""
    _say_what(made, kept)
    if true:
        _say_how_true(true)
    for path in filter(None, files):
        say(f"Written: {path}")


def _check_together(
    method: str | None,
    dims: int | None,
    fit: int | None,
    seed: int,
    axis: list[str] | None,
    source: Path | None,
    onto: Path | None,
) -> None:
    """Options that say each for itself where the words are cannot go together."""
    instead = [name for name, given in (("--axis", axis), ("--from", source), ("--onto", onto)) if given]
    computed = {"--method": method, "--dims": dims, "--fit": fit, "--seed": seed or None}
    others = instead[1:] + ([] if onto else [name for name, given in computed.items() if given is not None])
    if instead and others:
        raise EmbvizError(f"{instead[0]} and {others[0]} cannot go together: each says where the words are. Leave one.")


def _instead(
    opened: Run, axis: list[str] | None, source: Path | None, onto: Run | None, asked: Asked, report: Report
) -> Projection:
    """A map by axes, from a file, or onto the map of another run that `asked` names."""
    if axis:
        return opened.axes_map(*axis, words=asked[2])
    if source:
        return opened.map_from(source, asked[2], report)
    assert onto is not None
    return opened.map_onto(onto, *asked, report)


def _computed(opened: Run, asked: Asked, report: Report, live: bool) -> Projection:
    """A map by a method; with --live its points are left in a file beside it while they move."""
    from embviz.projection.live import Live, live_path, unwatched

    watching = Live(live_path(opened.projection_path(*asked))) if live else nullcontext(unwatched)
    with watching as watch:
        return opened.projection(*asked, report=report, watch=watch)


def _say_what(made: Projection, kept: bool | None) -> None:
    how = {True: "kept in the run", False: "not kept: the run may only be read", None: "not kept: it is quickly made"}
    where = f"{made.facts['given']:,} given, {made.facts['placed']:,} placed; " if "given" in made.facts else ""
    say(
        f"{len(made.words):,} words by {made.method} in {made.dims} dimensions: {where}{made.facts['seconds']} s, "
        f"{how[kept]}."
    )
    if unknown := made.facts.get("unknown"):
        say(f"Left out: {counted(unknown, 'word')} of '{made.params['file']}' that '{made.space}' has not.")
    for (one, other), degrees in zip(
        combinations(made.params.get("axes", ()), 2), made.facts.get("degrees", ()), strict=True
    ):
        say(f"{one} and {other} stand at {degrees:.0f}° to each other.")


def _facts(opened: Run, made: Projection, true: Faithfulness | None) -> dict[str, Any]:
    return {"run": opened.name, "method": made.method, "params": made.params, "facts": made.facts,
            "faithfulness": true and _measures(true),
            "words": list(made.words), "coords": made.coords.astype(float).round(5).tolist()}  # fmt: skip


def _measures(true: Faithfulness) -> dict[str, Any]:
    named = {"map": true.map, "pca": true.pca, "random": true.random}
    return {"k": true.ks, "words": true.words, "measured": true.measured, "exact": true.exact,
            **{name: asdict(measures) for name, measures in named.items()}}  # fmt: skip


def _say_how_true(true: Faithfulness) -> None:
    """What the map keeps, beside PCA and a random map."""
    rows = [
        [
            name,
            k,
            *[f"{getattr(measures, what)[place]:.3f}" for what in ("preservation", "trustworthiness", "continuity")],
        ]
        for place, k in enumerate(true.ks)
        for name, measures in (("this map", true.map), ("PCA", true.pca), ("random", true.random))
    ]
    table(["", "k", "neighbours kept", "trustworthiness", "continuity"], rows)
    over = "all" if true.exact else f"{true.measured:,} of"
    say(f"Means over {over} {true.words:,} words, each ranked against all, exactly.")


def _map_page(run: Run, made: Projection, path: Path) -> None:
    """A flat map drawn as the explorer draws it; one in space, its most frequent words, in Plotly."""
    if made.dims == 3:
        from embviz.figures.projection import projection_figure

        write_page(projection_figure(made.first(_IN_SPACE)), path)
        return
    from embviz.apps.page import page

    with progress() as report:
        text = page(run, made, report=report)
    write_whole(path, lambda target: target.write_text(text, encoding="utf-8"))
