"""`embviz list`, `near`, `project` and `attend`: questions about runs, answered as a table, JSON, a page or arrays."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from embviz.cli.terminal import brief, dump, progress, say, table
from embviz.errors import EmbvizError

if TYPE_CHECKING:
    from embviz.attention import Attention
    from embviz.projection import Projection
    from embviz.projection.faithfulness import Faithfulness
    from embviz.runs import Listed, Run

RUN = Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder.")]
JSON = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
HTML = Annotated[Path | None, typer.Option("--html", help="Write the figure as one page that works offline.")]
NPZ = Annotated[Path | None, typer.Option("--npz", help="Write the arrays for numpy.load.")]

_IN_SPACE = 20_000  # words of a page in 3 dimensions; more are heavy in any browser


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("list")(list_)
    app.command()(near)
    app.command()(project)
    app.command()(attend)


def list_(
    runs: Annotated[Path, typer.Argument(metavar="RUNS", help="A folder of runs.")] = Path("runs"),
    as_json: JSON = False,
) -> None:
    """List the runs of a folder."""
    from embviz.runs import list_runs

    listed = list_runs(runs)
    if as_json:
        dump([_listed(entry) for entry in listed])
        return
    good = [_listed(entry) for entry in listed if entry.run]
    if good:
        table(
            ["name", "trainer", "corpus", "words", "dimensions", "made"],
            [[e["name"], e["trainer"], e["corpus"] or "", e["words"], e["dims"], e["created"]] for e in good],
        )
    for entry in listed:
        if entry.problem:
            say(entry.problem)
    if not listed:
        say(f"'{runs}' holds no runs. Train one: embviz train word2vec wikipedia --out {runs / 'wikipedia'}")


def near(
    run: RUN,
    expression: Annotated[str, typer.Argument(help='A word, or an expression such as "king - man + woman".')],
    k: Annotated[int, typer.Option("-k", help="How many words.")] = 10,
    as_json: JSON = False,
) -> None:
    """The words nearest to a word or an expression."""
    from embviz import similarity
    from embviz.runs import open_run

    found = similarity.near(open_run(run).space, expression, k)
    scored = list(zip(found.words, map(float, found.scores), strict=True))
    if as_json:
        dump({"query": found.query, "metric": found.metric, "exact": found.exact, "over": found.over,
              "neighbors": [{"word": word, "score": round(score, 6)} for word, score in scored]})  # fmt: skip
        return
    table(["word", "cosine"], [[brief(word), f"{score:.4f}"] for word, score in scored])
    say(f"{found.metric}, exact, over all {found.over:,} words")


def project(
    run: RUN,
    method: Annotated[str, typer.Option(help="pca, tsne or umap.")] = "pca",
    dims: Annotated[int, typer.Option(help="2 or 3.")] = 2,
    words: Annotated[int | None, typer.Option(help="How many, the most frequent; by default all.")] = None,
    fit: Annotated[
        int | None,
        typer.Option(help="How many of them the method sees, the rest is placed; by default 50,000."),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same map.")] = 0,
    measure: Annotated[
        bool, typer.Option(help="Measure how true the map is, and find clusters; both are kept in the run.")
    ] = True,
    as_json: JSON = False,
    html: HTML = None,
    npz: NPZ = None,
) -> None:
    """Bring the words of a run down to 2 or 3 dimensions; the result is kept in the run."""
    from embviz.projection.faithfulness import FEWEST
    from embviz.runs import open_run

    opened = open_run(run)
    with progress() as report:
        made = opened.projection(method, dims, words, seed, fit, report)
        true = None
        if measure and len(made.coords) >= FEWEST:
            true = opened.faithfulness(method, dims, words, seed, fit, report)
            opened.clusters(report)
    if html:
        _map_page(opened, made, html)
    if npz:
        _arrays(npz, words=list(made.words), coords=made.coords)
    if as_json:
        dump({"run": opened.name, "method": made.method, "params": made.params, "facts": made.facts,
              "faithfulness": true and _measures(true),
              "words": list(made.words), "coords": made.coords.astype(float).round(5).tolist()})  # fmt: skip
    else:
        kept = opened.projection_path(method, dims, words, seed, fit).is_file()
        how = "kept in the run" if kept else "not kept: the run may only be read"
        say(f"{len(made.words):,} words by {method} in {dims} dimensions: {made.facts['seconds']} s, {how}.")
        if true:
            _say_how_true(true)
        for path in filter(None, (html, npz)):
            say(f"Written: {path}")


def attend(
    run: RUN,
    sentence: Annotated[str, typer.Argument(help="What the model reads.")],
    layer: Annotated[int | None, typer.Option(help="One layer, counted from 0; all by default.")] = None,
    head: Annotated[int | None, typer.Option(help="One head, counted from 0; all by default.")] = None,
    as_json: JSON = False,
    html: HTML = None,
    npz: NPZ = None,
) -> None:
    """Which tokens of a sentence each head looks at."""
    from embviz import attention
    from embviz.runs import open_run

    layers, heads = (None if layer is None else [layer]), (None if head is None else [head])
    seen = attention.attend(open_run(run).model, sentence, layers, heads)
    if html:
        from embviz.figures.attention import head_figure, overview_figure

        one = len(seen.layers) == len(seen.heads) == 1
        _page(head_figure(seen, seen.layers[0], seen.heads[0]) if one else overview_figure(seen), html)
    if npz:
        _arrays(npz, tokens=list(seen.tokens), weights=seen.weights)
    if as_json:
        dump({"model": seen.model, "family": seen.family, "sentence": seen.sentence, "tokens": seen.tokens,
              "layers": seen.layers, "heads": seen.heads,
              "weights": seen.weights.astype(float).round(6).tolist()})  # fmt: skip
    else:
        _strongest(seen)
        for path in filter(None, (html, npz)):
            say(f"Written: {path}")


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


def _strongest(seen: Attention) -> None:
    """For one head, what each token looks at most; for many, each head's strongest link."""
    tokens = [brief(token) for token in seen.tokens]
    if len(seen.layers) == len(seen.heads) == 1:
        weights = seen.weights[0, 0]
        rows = [
            [token, "  ".join(f"{tokens[key]} {weights[query, key]:.2f}" for key in (-weights[query]).argsort()[:3])]
            for query, token in enumerate(tokens)
        ]
        table(["query", "looks at"], rows, f"layer {seen.layers[0]}, head {seen.heads[0]} of {seen.model}")
        return
    links: list[list[Any]] = []
    for layer in seen.layers:
        for head in seen.heads:
            weights = seen.head(layer, head)
            query, key = divmod(int(weights.argmax()), weights.shape[1])
            links.append([layer, head, tokens[query], tokens[key], f"{weights[query, key]:.2f}"])
    table(
        ["layer", "head", "query", "looks most at", "weight"], links, f"The strongest link of each head of {seen.model}"
    )


def _map_page(run: Run, made: Projection, path: Path) -> None:
    """A flat map drawn as the explorer draws it; one in space, its most frequent words, in Plotly."""
    if made.dims == 3:
        from embviz.figures.projection import projection_figure

        _page(projection_figure(made.first(_IN_SPACE)), path)
        return
    from embviz.apps.page import page

    with progress() as report:
        text = page(run, made, report=report)
    _whole(path, lambda target: target.write_text(text, encoding="utf-8"))


def _page(figure: Any, path: Path) -> None:
    from embviz.figures.theme import CONFIG

    text = figure.to_html(include_plotlyjs=True, full_html=True, config=CONFIG)
    _whole(path, lambda target: target.write_text(text, encoding="utf-8"))


def _arrays(path: Path, **arrays: Any) -> None:
    import numpy as np

    def write(target: Path) -> None:
        with target.open("wb") as file:
            np.savez_compressed(
                file, allow_pickle=False, **{name: np.asarray(values) for name, values in arrays.items()}
            )

    _whole(path, write)


def _whole(path: Path, write: Any) -> None:
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


def _listed(entry: Listed) -> dict[str, Any]:
    if entry.run is None:
        return {"name": entry.name, "problem": entry.problem}
    meta = entry.run.meta
    made = datetime.fromtimestamp(meta.get("created", 0)).isoformat(" ", "minutes")
    return {"name": entry.name, "trainer": meta.get("trainer"), "corpus": (meta.get("corpus") or {}).get("name"),
            "words": meta["words"], "dims": meta["dims"], "attention": entry.run.has_attention, "created": made,
            "projections": sorted(path.stem for path in entry.run.path.glob("projections/*.safetensors"))}  # fmt: skip
