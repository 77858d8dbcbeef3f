"""`embviz train classifier` and `tagger`, `classify`, `tag` and `evaluate`: a pretrained run is taught to label."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from embviz.cli.terminal import brief, dump, progress, say, table
from embviz.cli.training import ENCODING, RESUMED, done, fields_of, with_options
from embviz.cli.written import JSON, RUN, listed
from embviz.errors import EmbvizError
from embviz.train import FINE_TUNERS

BEFORE = Annotated[Path, typer.Option("--from", metavar="RUN", help="The pretrained run that is trained on.")]
TEXTS = Annotated[str, typer.Argument(metavar="TABLE", help="A .csv, .tsv or .jsonl of texts and their labels.")]
WORDS = Annotated[
    Path, typer.Argument(metavar="FILE", help="A word and its label a line, an empty line between sentences.")
]
MANY = 8  # labels whose probabilities and confusion fit in a table


def add_to(app: typer.Typer, train: typer.Typer) -> None:
    """Add the commands, those that train to `embviz train`."""
    for kind, (what, columns, opened) in _KINDS.items():
        train.command(kind, help=inspect.getdoc(FINE_TUNERS[kind]))(_command(kind, what, columns, opened))
    app.command()(classify)
    app.command()(tag)
    app.command()(evaluate)


def _command(kind: str, what: Any, columns: dict[str, Any], opened: Callable[..., Any]) -> Any:
    """The command of one trainer: its fields, with their defaults and help, are the options."""

    def command(data: Any, before: Path, out: Path, encoding: str, as_json: bool, **given: Any) -> None:
        from embviz.runs import open_run
        from embviz.stages import evaluation, fine_tune

        where = [given.pop(name) for name in columns]
        run = open_run(before)
        with progress() as report:
            made = fine_tune(FINE_TUNERS[kind](**given), opened(data, *where, encoding), run, out, report)
        if as_json:
            dump({"run": str(made.path), "from": dict(made.meta["from"]), **evaluation(made)})
            return
        _show(evaluation(made))
        done(made)

    options = {"data": (what, inspect.Parameter.empty), "before": (BEFORE, inspect.Parameter.empty),
               "out": (RESUMED, inspect.Parameter.empty), **columns, "encoding": (ENCODING, "utf-8"),
               **fields_of(FINE_TUNERS[kind]), "as_json": (JSON, False)}  # fmt: skip
    return with_options(command, options)


def _open_texts(data: str, column: str, label: str, encoding: str) -> Any:
    from embviz.corpora import open_pairs

    return open_pairs(data, column, label, encoding)


def _open_words(data: Path, column: int, label: int, encoding: str) -> Any:
    from embviz.text.files import Files
    from embviz.text.tagged import Tagged

    return Tagged(data.name, Files.at(data, None, encoding), (column, label), data.name)


_KINDS: dict[str, tuple[Any, dict[str, Any], Callable[..., Any]]] = {
    "classifier": (
        TEXTS,
        {
            "column": (Annotated[str, typer.Option(help="The column that holds the texts.")], "text"),
            "label": (Annotated[str, typer.Option(help="The column that holds their labels.")], "label"),
        },
        _open_texts,
    ),
    "tagger": (
        WORDS,
        {
            "column": (Annotated[int, typer.Option(help="The column of the words: 1 is the first, -1 the last.")], 1),
            "label": (Annotated[int, typer.Option(help="The column of the labels, counted likewise.")], -1),
        },
        _open_words,
    ),
}


def classify(
    run: RUN,
    texts: Annotated[list[str] | None, typer.Argument(metavar="[TEXT]...", help="What is to be labelled.")] = None,
    file: Annotated[Path | None, typer.Option(help="A file of texts, one a line, or the column of a table.")] = None,
    column: Annotated[str, typer.Option(help="The column that holds the texts, in .csv, .tsv and .jsonl.")] = "text",
    encoding: ENCODING = "utf-8",
    as_json: JSON = False,
) -> None:
    """The label of a text, and how probable each label is."""
    from embviz import labelling
    from embviz.runs import open_run
    from embviz.stages import labelled

    asked = [*(texts or []), *(listed(file, column, encoding) if file else [])]
    if not asked:
        raise EmbvizError('There is no text to label: type some, as "a fine film", or name a --file of them.')
    model = labelled(open_run(run))
    found = labelling.classify(model, asked)
    if as_json:
        dump([{"text": each.text, "label": each.label, "whole": each.whole,
               "probabilities": dict(zip(model.labels, map(_rounded, each.probabilities), strict=True))}
              for each in found])  # fmt: skip
        return
    shown = model.labels if len(model.labels) <= MANY else ()
    rows = [
        [brief(each.text), each.label, *([f"{p:.3f}" for p in each.probabilities] if shown
                                         else [f"{each.probabilities.max():.3f}"])]
        for each in found
    ]  # fmt: skip
    table(["text", "label", *(map(brief, shown) if shown else ["probability"])], rows)
    if cut := sum(not each.whole for each in found):
        say(f"{cut:,} of {len(found):,} were longer than the {model.model.context:,} tokens that '{model.model.name}' "
            "reads, and were cut there.")  # fmt: skip


def tag(
    run: RUN,
    sentence: Annotated[str, typer.Argument(help="Whose words are to be labelled.")],
    spaced: Annotated[
        bool, typer.Option("--spaced", help="The words are as white space divides them; else marks stand alone, and "
                                            "each Chinese character.")
    ] = False,
    as_json: JSON = False,
) -> None:  # fmt: skip
    """The label of each word of a sentence."""
    from embviz import labelling
    from embviz.runs import open_run
    from embviz.stages import labelled

    model = labelled(open_run(run))
    found = labelling.tag(model, sentence, spaced)
    both = list(zip(found.words, found.labels, found.probabilities, strict=True))
    if as_json:
        dump([{"word": word, "label": label, "probability": None if p is None else _rounded(p)}
              for word, label, p in both])  # fmt: skip
        return
    table(["word", "label", "probability"], [[brief(word), label or "", "" if p is None else f"{p:.3f}"]
                                             for word, label, p in both])  # fmt: skip
    if cut := sum(label is None for label in found.labels):
        say(f"{cut:,} of {len(found.words):,} words have no label: '{model.model.name}' reads {model.model.context:,} "
            "tokens at most, and none that its tokenizer drops.")  # fmt: skip


def evaluate(
    run: RUN,
    data: Annotated[
        str | None,
        typer.Argument(metavar="[DATA]", help="Other data, as it was taught with; else what was held apart."),
    ] = None,
    column: Annotated[str | None, typer.Option(help="The column of the texts, or of the words.")] = None,
    label: Annotated[str | None, typer.Option(help="The column of the labels.")] = None,
    encoding: ENCODING = "utf-8",
    as_json: JSON = False,
) -> None:
    """How well a run that was taught to label does on what it has not seen."""
    from embviz import stages
    from embviz.runs import open_run

    opened = open_run(run)
    if data is None:
        kept = stages.evaluation(opened)
    else:
        given = _opened(stages.labelled(opened).task, data, column, label, encoding)
        with progress() as report:
            kept = stages.evaluate(opened, given, report)
    if as_json:
        dump(kept)
    else:
        _show(kept)


def _opened(task: str, data: str, column: str | None, label: str | None, encoding: str) -> Any:
    """Data as a labeller of a task reads it."""
    if task == "classifier":
        return _open_texts(data, column or "text", label or "label", encoding)
    try:
        return _open_words(Path(data), int(column or 1), int(label or -1), encoding)
    except ValueError:
        raise EmbvizError("The columns of a tagger's file have numbers: 1 is the first, -1 the last.") from None


def _show(kept: dict[str, Any]) -> None:
    """Accuracy and F1 beside from scratch and the commonest label; and what was taken for what."""
    stages = {"fine-tuned": "fine_tuned", "from scratch": "scratch", "commonest label": "majority"}
    there = {name: kept[key] for name, key in stages.items() if kept.get(key)}
    measures = [("accuracy", "accuracy"), ("macro_f1", "macro F1"), ("entity_f1", "entity F1")]
    some = [(key, title) for key, title in measures if key in kept["fine_tuned"]]
    table(["", *(title for _, title in some)],
          [[name, *(f"{each[key]:.3f}" for key, _ in some)] for name, each in there.items()])  # fmt: skip
    what = "texts" if kept["task"] == "classifier" else "sentences"
    cut = f"; {kept['cut']:,} were cut to the context" if kept["cut"] else ""
    apart = (
        f" held apart; learned from {kept['learned']:,}, validated with {kept['validated']:,}"
        if "learned" in kept
        else ""
    )
    say(f"on {kept['evaluated']:,} {what}{apart}{cut}.")
    _show_confusion(kept["labels"], kept["fine_tuned"])


def _show_confusion(labels: list[str], figures: dict[str, Any]) -> None:
    counts = figures["confusion"]
    if len(labels) <= MANY:
        rows = [[brief(label), *row, f"{f1:.3f}"] for label, row, f1 in zip(labels, counts, figures["f1"], strict=True)]
        table(["true \\ said", *map(brief, labels), "F1"], rows, "Confusion")
        return
    wrong = sorted(((counts[i][j], i, j) for i in range(len(labels)) for j in range(len(labels)) if i != j and
                    counts[i][j]), key=lambda one: (-one[0], one[1:]))[:MANY]  # fmt: skip
    table(["true", "said", "times"], [[brief(labels[i]), brief(labels[j]), n] for n, i, j in wrong], "Most confused")


def _rounded(value: float) -> float:
    return round(float(value), 6)
