"""`embviz list`, `near` and `attend`: questions about runs, answered as a table, JSON, a page or arrays."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from embviz.cli.predict import OFF, TEMPERATURE, changes_of
from embviz.cli.terminal import brief, dump, say, table
from embviz.cli.written import HTML, JSON, NPZ, RUN, write_arrays, write_page
from embviz.errors import EmbvizError

if TYPE_CHECKING:
    from embviz.attention import Attention
    from embviz.runs import Listed


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("list")(list_)
    app.command()(near)
    app.command()(attend)


def list_(
    runs: Annotated[Path, typer.Argument(metavar="RUNS", help="A folder of runs.")] = Path("runs"),
    maps: Annotated[
        bool, typer.Option("--maps", help="List the maps that one run keeps; RUNS is then its folder.")
    ] = False,
    as_json: JSON = False,
) -> None:
    """List the runs of a folder, or the maps of a run."""
    from embviz.runs import list_runs

    if maps:
        _list_maps(runs, as_json)
        return

    listed = list_runs(runs)
    if as_json:
        dump([_listed(entry) for entry in listed])
        return
    good = [_listed(entry) for entry in listed if entry.run]
    if good:
        columns = {"name": "name", "trainer": "trainer", "from": "from", "corpus": "corpus", "words": "words",
                   "dims": "dimensions", "created": "made"}  # fmt: skip
        if not any(each["from"] for each in good):
            del columns["from"]
        table(list(columns.values()),
              [["" if each[fact] is None else each[fact] for fact in columns] for each in good])  # fmt: skip
    for entry in listed:
        if entry.problem:
            say(entry.problem)
    if not listed:
        say(f"'{runs}' holds no runs. Train one: embviz train word2vec wikipedia --out {runs / 'wikipedia'}")


def _list_maps(path: Path, as_json: bool) -> None:
    """How each map was made, and what that cost."""
    from embviz.runs import list_runs, open_run

    if not (path / "meta.json").is_file() and path.is_dir():
        names = [entry.name for entry in list_runs(path) if entry.run]
        if names:
            raise EmbvizError(
                f"'{path}' is a folder of runs, and --maps lists the maps of one. Name it, such as: embviz list "
                f"{path / names[0]} --maps"
            )
    run = open_run(path)
    listed = run.maps()
    if as_json:
        dump([{"file": kept.path.name, "problem": kept.problem} if kept.problem else
              {"file": kept.path.name, "method": kept.method, "params": kept.params, "facts": kept.facts,
               "measured": run.faithfulness_path(kept.path).is_file()} for kept in listed])  # fmt: skip
        return
    good = [kept for kept in listed if not kept.problem]
    if good:
        rows = [
            [
                kept.method,
                kept.params.get("dims", 0),
                kept.params.get("words", 0),
                " ".join(f"{name}={value}" for name, value in kept.own_params().items()),
                f"{kept.facts.get('seconds', 0):.2f}",
                "yes" if run.faithfulness_path(kept.path).is_file() else "no",
            ]
            for kept in good
        ]
        table(["method", "dimensions", "words", "parameters", "seconds", "measured"], rows)
    for kept in listed:
        if kept.problem:
            say(kept.problem)
    if not listed:
        say(f"'{run.name}' keeps no maps. Make one: embviz project {path} --method tsne")


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


def attend(
    run: RUN,
    sentence: Annotated[str, typer.Argument(help="What the model reads.")],
    layer: Annotated[int | None, typer.Option(help="One layer, counted from 0; all by default.")] = None,
    head: Annotated[int | None, typer.Option(help="One head, counted from 0; all by default.")] = None,
    target: Annotated[
        str | None, typer.Option(help="What a seq2seq model is to have written; by default what it writes.")
    ] = None,
    kind: Annotated[str | None, typer.Option(help="Of a seq2seq model: cross, encoder or decoder.")] = None,
    compare: Annotated[
        Path | None, typer.Option(help="Another run, such as the one before fine-tuning: which heads changed most?")
    ] = None,
    words: Annotated[bool, typer.Option("--words", help="Merge pieces of words into words.")] = False,
    pair: Annotated[
        str | None, typer.Option(help="Of two sentences with [SEP] between: a-a, a-b (what A looks at in B), b-a, b-b.")
    ] = None,
    marks: Annotated[
        str | None, typer.Option(help="Special tokens such as [CLS]: hide them, or zero what they get.")
    ] = None,
    sink: Annotated[str | None, typer.Option(help="The token that most weight goes to: hide or zero.")] = None,
    top_share: Annotated[
        float | None, typer.Option(help="Only the largest weights that make up this share of each row, such as 0.9.")
    ] = None,
    renormalise: Annotated[bool, typer.Option("--renormalise", help="Let rows sum to 1 again.")] = False,
    direction: Annotated[
        str, typer.Option(help="from: what each token looks at; to: by whom it is looked at.")
    ] = "from",
    measure: Annotated[
        str, typer.Option(help="weights, norms (times the values' norms), gradient (times it), rollout or flow.")
    ] = "weights",
    off: OFF = None,
    temperature: TEMPERATURE = None,
    show: Annotated[
        str | None, typer.Option(help="What --html draws: heatmap, lines, text or overview; of many heads the last.")
    ] = None,
    as_json: JSON = False,
    html: HTML = None,
    npz: NPZ = None,
) -> None:
    """Which tokens of a sentence each head looks at."""
    from embviz import attention
    from embviz.runs import open_run

    layers, heads = (None if layer is None else [layer]), (None if head is None else [head])
    reading: dict[str, Any] = {"words": words, "pair": pair, "marks": marks, "sink": sink, "top_share": top_share,
                               "renormalise": renormalise, "direction": direction}  # fmt: skip
    asked: dict[str, Any] = {"measure": measure, "layers": layers, "heads": heads, "target": target, "kind": kind}
    model = open_run(run).model
    changes = changes_of(off, temperature, model.shape.kinds)
    seen = attention.read(attention.measured(model, sentence, changes=changes, **asked), **reading)
    if compare:
        if html or npz:
            raise EmbvizError("--compare prints a table or JSON: ask for --html and --npz without it.")
        other = attention.read(attention.measured(open_run(compare).model, sentence, **asked), **reading)
        _changes(seen, other, attention.change(seen, other), as_json)
        return
    _answer(seen, show, as_json, html, npz)


def _answer(seen: Attention, show: str | None, as_json: bool, html: Path | None, npz: Path | None) -> None:
    """What was seen, as it was asked for."""
    if html:
        write_page(_figure(seen, show), html)
    if npz:
        write_arrays(npz, tokens=list(seen.tokens), keys=list(seen.keys), weights=seen.weights,
                     changes=list(seen.changes))  # fmt: skip
    if as_json:
        dump({"model": seen.model, "family": seen.family, "kind": seen.kind, "sentence": seen.sentence,
              "measure": seen.measure, "target": seen.target, "changes": seen.changes,
              "tokens": seen.tokens, "keys": seen.keys, "layers": seen.layers, "heads": seen.heads,
              "weights": seen.weights.astype(float).round(6).tolist()})  # fmt: skip
    else:
        _strongest(seen)
        for path in filter(None, (html, npz)):
            say(f"Written: {path}")


def _figure(seen: Attention, show: str | None) -> Any:
    """One head, or all; as lines all heads that were asked for, each in its colour."""
    from embviz.figures import figure

    heads: dict[str, Any] = (
        {"heads": [(layer, head) for layer in seen.layers for head in seen.heads]} if show == "lines" else {}
    )
    return figure(seen, show=show, **heads)


def _strongest(seen: Attention) -> None:
    """For one head, what each token looks at most; for many, each head's strongest link."""
    tokens, keys = ([brief(token) for token in side] for side in (seen.tokens, seen.keys))
    if len(seen.layers) == len(seen.heads) == 1:
        weights = seen.weights[0, 0]
        rows = [
            [token, "  ".join(f"{keys[key]} {weights[query, key]:.2f}" for key in (-weights[query]).argsort()[:3])]
            for query, token in enumerate(tokens)
        ]
        table(["query", "looks at"], rows, f"layer {seen.layers[0]}, head {seen.heads[0]} of {seen.model}")
        return
    links: list[list[Any]] = []
    for layer in seen.layers:
        for head in seen.heads:
            weights = seen.head(layer, head)
            query, key = divmod(int((weights * seen.free).argmax()), weights.shape[1])
            links.append([layer, head, tokens[query], keys[key], f"{weights[query, key]:.2f}"])
    table(
        ["layer", "head", "query", "looks most at", "weight"], links, f"The strongest link of each head of {seen.model}"
    )


def _changes(seen: Attention, other: Attention, change: Any, as_json: bool) -> None:
    """The heads that changed most, and where each now looks most that it did not before."""
    places = [divmod(int(place), len(seen.heads)) for place in (-change.ravel()).argsort(kind="stable")]
    found = [(seen.layers[i], seen.heads[j], float(change[i, j]), seen.weights[i, j] - other.weights[i, j])
             for i, j in places]  # fmt: skip
    if as_json:
        dump({"model": seen.model, "other": other.model, "kind": seen.kind, "sentence": seen.sentence,
              "measure": "mean total variation distance",
              "heads": [{"layer": layer, "head": head, "change": round(value, 6)}
                        for layer, head, value, _ in found]})  # fmt: skip
        return
    rows: list[list[Any]] = []
    for layer, head, value, more in found:
        query, key = divmod(int(more.argmax()), more.shape[1])
        link = f"{brief(seen.tokens[query])} → {brief(seen.keys[key])}"
        rows.append([layer, head, f"{value:.3f}", link, f"{more[query, key]:+.2f}"])
    table(["layer", "head", "change", "looks more", "by"], rows)
    say(f"{seen.model} beside {other.model}, the heads that changed most in front.")
    say("Change: total variation distance of the weights, the mean of all tokens; 0 is none, 1 is all.")


def _listed(entry: Listed) -> dict[str, Any]:
    if entry.run is None:
        return {"name": entry.name, "problem": entry.problem}
    from embviz.stages import origin

    meta = entry.run.meta
    made = datetime.fromtimestamp(meta.get("created", 0)).isoformat(" ", "minutes")
    return {"name": entry.name, "trainer": meta.get("trainer"), "from": origin(entry.run).get("run"),
            "corpus": (meta.get("corpus") or {}).get("name"),
            "words": meta["words"], "dims": meta["dims"], "attention": entry.run.has_attention, "created": made,
            "projections": sorted(path.stem for path in entry.run.path.glob("projections/*.safetensors"))}  # fmt: skip
