"""`embviz heads`: what kind each head of a run is, over a corpus, beside heads with random weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from embviz.cli.terminal import brief, dump, progress, say, table
from embviz.cli.training import ENCODING
from embviz.cli.written import HTML, JSON, RUN, write_page
from embviz.errors import EmbvizError

if TYPE_CHECKING:
    from embviz.attention import HeadScores

_SHOWN = 3


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(heads)


def heads(
    run: RUN,
    corpus: Annotated[
        str | None,
        typer.Argument(
            metavar="[CORPUS]",
            help="A name that `embviz corpora` lists, a file or a folder; by default what the run was trained on.",
        ),
    ] = None,
    sentences: Annotated[int, typer.Option(help="How many, chosen by chance.")] = 1_000,
    kind: Annotated[str | None, typer.Option(help="Of a seq2seq model: cross, encoder or decoder.")] = None,
    layer: Annotated[int | None, typer.Option(help="With --head: all scores of one head, and its sentences.")] = None,
    head: Annotated[int | None, typer.Option(help="See --layer.")] = None,
    column: Annotated[str | None, typer.Option(help="The column of a table that is read.")] = None,
    target: Annotated[str | None, typer.Option(help="The column that a seq2seq model is to have written.")] = None,
    encoding: ENCODING = "utf-8",
    as_json: JSON = False,
    html: HTML = None,
) -> None:
    """Which kind of head each is: scores over a corpus, beside a model that has learned nothing; kept in the run."""
    from embviz.heads import scored
    from embviz.runs import open_run

    if (layer is None) != (head is None):
        raise EmbvizError("--layer and --head name one head together: give both, or neither for a table of all.")
    opened = open_run(run)
    with progress() as report:
        text = _text(corpus, column, target, encoding, report)
        found = scored(opened, text, sentences, kind, report)
    if layer is not None and head is not None:
        found.check(layer, head)
    if html:
        from embviz.figures.heads import heads_figure

        write_page(heads_figure(found, layer=layer, head=head), html)
    if as_json:
        dump(_all(found) if layer is None or head is None else _one(found, layer, head))
        return
    if layer is None or head is None:
        _table(found)
    else:
        _say_one(found, layer, head)
    if html:
        say(f"Written: {html}")


def _text(corpus: str | None, column: str | None, target: str | None, encoding: str, report: Any) -> Any:
    from embviz.corpora import open_corpus, open_pairs

    if corpus is None:
        if column or target:
            raise EmbvizError("--column and --target are of a table: name its file as CORPUS.")
        return None
    if target is None:
        return open_corpus(corpus, column, encoding, report)
    if column is None:
        raise EmbvizError(f"--target {target} names what is written: name what is read too, with --column.")
    return open_pairs(corpus, column, target, encoding)


def _table(found: HeadScores) -> None:
    """Each head, its label and where it is farthest above chance."""
    layers, heads = found.shape
    rows: list[list[Any]] = []
    for layer in range(layers):
        for head in range(heads):
            strongest = ", ".join(f"{name} {score:.2f} ({chance:.2f})"
                                  for name, score, chance in found.strongest(layer, head)[:_SHOWN])  # fmt: skip
            rows.append([layer, head, found.label(layer, head) or "", strongest])
    table(["layer", "head", "label", "farthest above chance: score (mean of random heads)"], rows,
          f"The {found.kind} heads of {found.model}")  # fmt: skip
    say(f"Over {found.sentences:,} sentences of {found.corpus}. A label is above every random head, and by three "
        "standard deviations above their mean.")  # fmt: skip


def _say_one(found: HeadScores, layer: int, head: int) -> None:
    """All scores of a head, and the sentences on which it is most active."""
    label = found.label(layer, head)
    rows = [[name, f"{values[layer, head]:.3f}", f"{found.chance[name].mean():.3f}", f"{found.chance[name].max():.3f}"]
            for name, values in found.scores.items()]  # fmt: skip
    table(["score", "this head", "mean of random heads", "largest"], rows,
          f"layer {layer}, head {head} of {found.model}: {label or 'no label'}")  # fmt: skip
    examples = found.most(layer, head)
    table(["most active on", "active"], [[brief(sentence), f"{score:.2f}"] for sentence, _, score in examples])
    say("Active is the share of weight that is on none of: marks, the first token, the token itself.")


def _all(found: HeadScores) -> dict[str, Any]:
    layers, heads = found.shape
    return {**_facts(found), "heads": [
        {"layer": layer, "head": head, "label": found.label(layer, head), "scores": _scores(found, layer, head)}
        for layer in range(layers) for head in range(heads)]}  # fmt: skip


def _one(found: HeadScores, layer: int, head: int) -> dict[str, Any]:
    examples = {name: [{"sentence": sentence, "target": target, "score": round(score, 6)}
                       for sentence, target, score in found.most(layer, head, name)]
                for name in found.scores}  # fmt: skip
    return {**_facts(found), "layer": layer, "head": head, "label": found.label(layer, head),
            "scores": _scores(found, layer, head), "sentences_with_most": examples}  # fmt: skip


def _facts(found: HeadScores) -> dict[str, Any]:
    chance = {name: {"mean": round(float(of.mean()), 6), "deviation": round(float(of.std()), 6),
                     "largest": round(float(of.max()), 6)} for name, of in found.chance.items()}  # fmt: skip
    return {"model": found.model, "family": found.family, "kind": found.kind, "corpus": found.corpus,
            "sentences": found.sentences, "chance": chance}  # fmt: skip


def _scores(found: HeadScores, layer: int, head: int) -> dict[str, float]:
    return {name: round(float(values[layer, head]), 6) for name, values in found.scores.items()}
