"""`embviz generate` and `embviz fill`: what a model writes after a prompt, or puts in a gap."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from embviz.cli.look import JSON, RUN
from embviz.cli.terminal import brief, dump, say, stream, table
from embviz.errors import EmbvizError

if TYPE_CHECKING:
    from embviz.models import AttentionModel


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(generate)
    app.command()(fill)


def generate(
    run: RUN,
    prompt: Annotated[str, typer.Argument(help="What a decoder goes on from, or a seq2seq model reads.")],
    tokens: Annotated[int, typer.Option(help="How many to write, at most.")] = 100,
    temperature: Annotated[
        float, typer.Option(help="Below 1 likely tokens become likelier; 0 takes the likeliest each time.")
    ] = 0.8,
    top_k: Annotated[int | None, typer.Option(help="Draw among so many of the likeliest tokens.")] = None,
    top_p: Annotated[
        float | None, typer.Option(help="Draw among the likeliest tokens that have so much of the probability.")
    ] = None,
    beams: Annotated[int, typer.Option(help="With more than one, beam search: as many beginnings are kept.")] = 1,
    seed: Annotated[int, typer.Option(help="The same seed gives the same text.")] = 0,
    shots: Annotated[
        Path | None,
        typer.Option(help="A table with the columns source and target: examples that a decoder reads first."),
    ] = None,
    as_json: JSON = False,
) -> None:
    """What a decoder writes after a prompt, or what a seq2seq model makes of one."""
    from embviz import generation
    from embviz.runs import open_run

    model = open_run(run).model
    if shots:
        prompt = _with_examples(model, shots, prompt)
    pieces = generation.generate(model, prompt, tokens, temperature, top_k, top_p, beams, seed)
    if as_json:
        dump({"model": model.name, "family": model.family, "prompt": prompt, "text": "".join(pieces)})
        return
    if model.family == "decoder":
        stream(prompt)
    for piece in pieces:
        stream(piece)
    stream("\n")


def _with_examples(model: AttentionModel, shots: Path, prompt: str) -> str:
    from embviz.corpora import open_pairs
    from embviz.generation import few_shot

    if model.family != "decoder":
        raise EmbvizError(
            f"--shots are for a decoder, which goes on from them, and '{model.name}' is a {model.family}."
        )
    return few_shot(open_pairs(str(shots), "source", "target"), prompt)


def fill(
    run: RUN,
    text: Annotated[str, typer.Argument(help='With [MASK] in it: "the [MASK] sat".')],
    k: Annotated[int, typer.Option("-k", help="How many tokens for each gap.")] = 5,
    as_json: JSON = False,
) -> None:
    """What an encoder puts in each [MASK] of a text."""
    from embviz import generation
    from embviz.runs import open_run

    model = open_run(run).model
    gaps = generation.fill(model, text, k)
    if as_json:
        dump({"model": model.name, "text": text,
              "gaps": [{"tokens": gap.tokens, "probabilities": [round(p, 6) for p in gap.probabilities]}
                       for gap in gaps]})  # fmt: skip
        return
    for number, gap in enumerate(gaps, 1):
        rows = [[brief(token), f"{chance:.3f}"] for token, chance in zip(gap.tokens, gap.probabilities, strict=True)]
        table(["token", "probability"], rows, f"[MASK] {number} of {len(gaps)}" if len(gaps) > 1 else None)
    say(f"by {model.name}, of {model.shape.vocab:,} tokens")
