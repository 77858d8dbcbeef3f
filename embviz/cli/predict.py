"""`embviz predict`: what a model says at each token, as it is, with heads changed, or after each layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from embviz.cli.terminal import brief, dump, say, table
from embviz.cli.written import JSON, RUN
from embviz.errors import EmbvizError

if TYPE_CHECKING:
    from embviz.attention.predictions import Ablation, Lens, Predictions
    from embviz.models.changes import Changes

OFF = Annotated[
    list[str] | None, typer.Option("--off", help="A head to switch off, as layer.head, such as 2.5; again for more.")
]
TEMPERATURE = Annotated[
    list[str] | None,
    typer.Option("--temperature", help="What a head's scores are divided by, as layer.head=0.5; again for more."),
]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(predict)


def predict(
    run: RUN,
    sentence: Annotated[str, typer.Argument(help="What the model reads.")],
    off: OFF = None,
    temperature: TEMPERATURE = None,
    layers: Annotated[
        bool, typer.Option("--layers", help="What it would predict after each layer (the logit lens).")
    ] = False,
    target: Annotated[
        str | None, typer.Option(help="What a seq2seq model is to have written; by default what it writes.")
    ] = None,
    k: Annotated[int, typer.Option("-k", help="How many tokens.")] = 3,
    as_json: JSON = False,
) -> None:
    """What a model predicts at each token, and what switching heads off does to it."""
    from embviz import attention
    from embviz.runs import open_run

    model = open_run(run).model
    changes = changes_of(off, temperature, model.shape.kinds)
    if layers:
        if changes:
            raise EmbvizError("--layers is of the model as it is: leave --off and --temperature out.")
        _layers(attention.lens(model, sentence, target, k), as_json)
    else:
        _predicted(attention.ablate(model, sentence, changes, target, k), as_json)


def changes_of(off: list[str] | None, temperature: list[str] | None, kinds: tuple[str, ...]) -> Changes:
    """What the options say of heads; of a seq2seq model those of its cross-attention where no kind is named.

    Raises:
        EmbvizError: they name a head or a temperature in a way that is none.
    """
    from embviz.models.changes import Changes, heads_of, temperatures_of

    kind, values = next(iter(kinds), ""), {}
    for each in temperature or []:
        head, _, value = each.partition("=")
        try:
            values[head] = float(value)
        except ValueError:
            raise EmbvizError(f"'{each}' is no temperature of a head: say layer.head=0.5.") from None
    return Changes(heads_of(off or [], kind), temperatures_of(values, kind))


def _predicted(found: Ablation, as_json: bool) -> None:
    changed = bool(found.changes)
    if as_json:
        more = {"after": _rows(found.after), "kl": [round(float(each), 6) for each in found.divergence]}
        dump({"tokens": found.before.tokens, "before": _rows(found.before), **(more if changed else {})})
        return
    rows: list[list[Any]] = []
    for i, token in enumerate(found.before.tokens):
        after = [_told(found.after, i), f"{found.divergence[i]:.3f}"] if changed else []
        rows.append([brief(token), _told(found.before, i), *after])
    table(["token", "predicts", *(["with the changes", "KL"] if changed else [])], rows)
    if changed:
        say(f"KL: how far the prediction moves, in nats; the mean is {found.divergence.mean():.3f}.")


def _layers(found: Lens, as_json: bool) -> None:
    if as_json:
        dump({"tokens": found.layers[0].tokens, "layers": [_rows(each) for each in found.layers],
              "kl": found.divergence.astype(float).round(6).tolist()})  # fmt: skip
        return
    names = ["embedding", *(f"layer {layer}" for layer in range(len(found.layers) - 1))]
    rows = [
        [brief(token), *(f"{brief(each.texts[i][0])} {each.probabilities[i, 0]:.2f}" for each in found.layers)]
        for i, token in enumerate(found.layers[0].tokens)
    ]
    table(["token", *names], rows)


def _rows(predictions: Predictions) -> list[Any]:
    return [
        [[text, round(float(chance), 6)] for text, chance in zip(texts, chances, strict=True)]
        for texts, chances in zip(predictions.texts, predictions.probabilities, strict=True)
    ]


def _told(predictions: Predictions, place: int) -> str:
    pairs = zip(predictions.texts[place], predictions.probabilities[place], strict=True)
    return "  ".join(f"{brief(text)} {chance:.2f}" for text, chance in pairs)
