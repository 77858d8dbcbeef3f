"""What a decoder writes before its training is done: by the best weights so far, when a reader asks."""

from __future__ import annotations

from embviz.apps.explorer.training.queue import Trainings
from embviz.drafts import draft_folder
from embviz.errors import EmbvizError
from embviz.generation import generate
from embviz.models import AttentionModel

_BEST = "checkpoints/best.safetensors"
_TOKENS = 40


def writes(trainings: Trainings, name: str) -> bool:
    """Whether a training makes a model that writes."""
    training = trainings.get(name)
    return training is not None and training.kind == "attention" and training.params.get("family") == "decoder"


def sample(trainings: Trainings, name: str, begin: str) -> str:
    """What a decoder that is being trained writes after a beginning, with that.

    Raises:
        EmbvizError: there are no weights yet, or the beginning cannot be read.
    """
    model = _model(trainings, name)
    return begin + "".join(generate(model, begin, min(_TOKENS, model.context), temperature=0.8))


def _model(trainings: Trainings, name: str) -> AttentionModel:
    whole = trainings.runs / name
    draft = draft_folder(whole)
    if (draft / _BEST).is_file():
        try:
            return AttentionModel.load(draft, name, _BEST)
        except EmbvizError:
            if not whole.is_dir():  # it has just become whole
                raise
    if not whole.is_dir():
        raise EmbvizError(
            "'{name}' has measured no validation loss yet, and its weights are kept when it does: try again in a "
            "moment.", name=name,
        )  # fmt: skip
    return AttentionModel.load(whole, name)
