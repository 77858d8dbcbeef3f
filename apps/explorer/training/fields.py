"""The hyperparameters of a training: which there are, and what a reader typed into them as arguments of the command.

Which there are, their defaults and what each of them means is taken from the trainers themselves.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from embviz.errors import EmbvizError
from embviz.models import FAMILIES
from embviz.models.shape import ARCHITECTURES, NORMS, POSITIONS
from embviz.train import TRAINERS
from embviz.train.attention import DEVICES, PRECISIONS, SIZES

KINDS = ("word2vec", "attention")
FIRST = {"word2vec": ("dims", "window", "epochs", "min_count"), "attention": ("family", "size", "tokens", "steps")}
"""The fields that are seen at once; the rest is behind a word."""

CHOICES: dict[str, dict[str, tuple[str, ...]]] = {
    "word2vec": {"architecture": ("skip-gram", "cbow")},
    "attention": {
        "family": FAMILIES,
        "architecture": ARCHITECTURES,
        "size": tuple(SIZES),
        "tokens": ("wordpiece", "bpe", "unigram", "words", "characters"),
        "positions": POSITIONS,
        "norm": NORMS,
        "device": DEVICES,
        "precision": PRECISIONS,
    },
}
"""Fields of which there are only so many values."""


@dataclass(frozen=True)
class Field:
    """One hyperparameter.

    Attributes:
        name: as the trainer has it.
        form: int, float, str or bool.
        default: as it is typed; empty where the size or the text decides.
        help: a line in English.
        choices: all values, if there are only so many.
    """

    name: str
    form: type
    default: str
    help: str
    choices: tuple[str, ...] = ()

    @property
    def option(self) -> str:
        """As the shell has it."""
        return self.name.replace("_", "-")


@cache
def fields_of(kind: str) -> tuple[Field, ...]:
    """All hyperparameters of a kind of training."""
    trainer: Any = TRAINERS[kind]
    hints = get_type_hints(trainer)
    return tuple(
        _field(each, _form(hints[each.name]), CHOICES[kind].get(each.name, ())) for each in dataclasses.fields(trainer)
    )


def typed(value: Any) -> str:
    """A value as it stands in its control."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def given(kind: str, values: Mapping[str, str | None]) -> dict[str, Any]:
    """The hyperparameters that are not at their defaults, from what stands in the controls.

    Raises:
        EmbvizError: something that is no number stands where one should, or a choice that there is not.
    """
    changed = {}
    for field in fields_of(kind):
        value = str(values.get(field.name) or "").strip()
        if value and value != field.default:
            changed[field.name] = _read(field, value)
    return changed


def arguments(
    kind: str, text: str, params: Mapping[str, Any], column: str | None, target: str | None, encoding: str | None
) -> list[str]:
    """The arguments of `embviz train KIND`, but for where the run goes.

    Args:
        text: a name of the registry, or a path.
        params: what is not at its default.
        column, target: of a table.
        encoding: of a file, if it is not UTF-8.
    """
    told = {"column": column, "target": target, "encoding": encoding if encoding != "utf-8" else None}
    options = [f"--{name}={value}" for name, value in told.items() if value]
    for field in fields_of(kind):
        if field.name in params:
            value = params[field.name]
            no = "no-" if value is False else ""
            options.append(f"--{no}{field.option}" if field.form is bool else f"--{field.option}={value}")
    return [*options, "--", text]


def steps(kind: str, params: Mapping[str, Any]) -> int | None:
    """How many steps a training will take, where that is known."""
    try:
        return getattr(TRAINERS[kind](**params), "steps", None)
    except (EmbvizError, KeyError, TypeError):
        return None


def _read(field: Field, value: str) -> Any:
    if field.choices and value not in field.choices:
        raise EmbvizError("{name} is '{value}', and there are {choices}.",
                          name=field.option, value=value[:40], choices=", ".join(field.choices))  # fmt: skip
    try:
        return value == "yes" if field.form is bool else field.form(value)
    except ValueError:
        raise EmbvizError("{name} is '{value}' and must be a number.", name=field.option, value=value[:40]) from None


def _form(hint: Any) -> type:
    """The type of a field; of one that may be None, the other."""
    if get_origin(hint) in (Union, types.UnionType):
        return next(each for each in get_args(hint) if each is not type(None))
    return hint


def _field(of: dataclasses.Field, form: type, choices: tuple[str, ...]) -> Field:
    return Field(of.name, form, typed(of.default), of.metadata["help"], ("yes", "no") if form is bool else choices)
