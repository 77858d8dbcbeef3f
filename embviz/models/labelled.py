"""LabelledModel: an attention model that was taught to label texts, or each word of a text. Saves and loads it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from embviz.errors import EmbvizError
from embviz.models.model import AttentionModel

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from embviz.models.head import Labeller

TASKS = ("classifier", "tagger")


@dataclass(frozen=True, eq=False)
class LabelledModel:
    """A model and the head on it.

    Attributes:
        model: the attention model, trained on with the head.
        task: `classifier` (a label for a text) or `tagger` (one for each word).
        labels: C labels; the head's scores are in this order.
        module: the model's own module and the head.
    """

    model: AttentionModel
    task: str
    labels: tuple[str, ...]
    module: Labeller

    def save(self, folder: Path) -> None:
        """Write the files of the attention model into a folder, and `head.safetensors` and `head.json`."""
        from safetensors.torch import save

        self.model.save(folder)
        facts = {"task": self.task, "labels": list(self.labels)}
        (folder / "head.json").write_text(json.dumps(facts, ensure_ascii=False, indent=1), encoding="utf-8")
        head = {"weight": self.module.weight.detach(), "bias": self.module.bias.detach()}
        (folder / "head.safetensors").write_bytes(save(head))

    @classmethod
    def load(cls, folder: Path, model: AttentionModel) -> LabelledModel:
        """Open the head in a folder, over the model in it.

        Raises:
            EmbvizError: there is none, it is damaged, or it does not fit the model.
        """
        import torch

        from embviz.models.architectures import Module
        from embviz.models.head import Labeller

        if not (folder / "head.json").is_file() or not isinstance(model.module, Module):
            raise EmbvizError(
                f"'{folder.name}' has not been taught to label. Teach it with `embviz train classifier` or "
                f"`embviz train tagger`, and --from {folder}."
            )
        task, labels = _facts(folder / "head.json")
        module = Labeller(model.module, len(labels))
        weights = _head(folder / "head.safetensors")
        with torch.no_grad():
            for name in ("weight", "bias"):
                there = tuple(weights[name].shape) if name in weights else "absent"
                should = tuple(module.get_parameter(name).shape)
                if there != should or not weights[name].isfinite().all():
                    raise _damaged(folder / "head.safetensors", f"'{name}' is {there} and should be {should}, finite")
                module.get_parameter(name).copy_(weights[name])
        return cls(model, task, labels, module.eval())


@dataclass(frozen=True)
class Cut:
    """A text as tokens, as far as the context goes.

    Attributes:
        ids: T rows of the vocabulary.
        offsets: T pairs (start, end) of characters in the text; (0, 0) for marks.
        whole: whether nothing was cut off.
    """

    ids: tuple[int, ...]
    offsets: tuple[tuple[int, int], ...]
    whole: bool


def cut_texts(tokenizer: Tokenizer, texts: Sequence[str], context: int) -> list[Cut]:
    """Texts as tokens with the model's marks, the longer ones cut; what looks like a mark in a text is text."""
    tokenizer.encode_special_tokens = True
    try:
        encodings = tokenizer.encode_batch([text.encode(errors="replace").decode() for text in texts])
    finally:
        tokenizer.encode_special_tokens = False
    found = []
    for encoding in encodings:
        ids, offsets, marks = list(encoding.ids), list(encoding.offsets), encoding.special_tokens_mask
        tail = next((n for n, mark in enumerate(reversed(marks)) if not mark), 0)
        if whole := len(ids) <= context:
            found.append(Cut(tuple(ids), tuple(offsets), whole))
            continue
        keep = [*range(context - tail), *range(len(ids) - tail, len(ids))]
        found.append(Cut(tuple(ids[i] for i in keep), tuple(offsets[i] for i in keep), whole))
    return found


def first_tokens(words: Sequence[str], offsets: Sequence[tuple[int, int]]) -> list[int | None]:
    """For each of the words, joined by single spaces, the first token of it; None where the text was cut before it, or
    the tokenizer has dropped it.
    """
    found: list[int | None] = []
    token = start = 0
    for word in words:
        end = start + len(word)
        while token < len(offsets) and (offsets[token][1] <= start or offsets[token][0] == offsets[token][1]):
            token += 1
        found.append(token if token < len(offsets) and offsets[token][0] < end else None)
        start = end + 1
    return found


def _facts(path: Path) -> tuple[str, tuple[str, ...]]:
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        task, labels = facts["task"], facts["labels"]
        if task not in TASKS or len(labels) < 2 or not all(isinstance(label, str) for label in labels):
            raise ValueError("it names no task and labels")
        return task, tuple(labels)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(path, error) from None


def _head(path: Path) -> dict:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, why: object) -> EmbvizError:
    return EmbvizError(f"The head in '{path.parent}' is damaged: {path.name} cannot be used ({why}). Train it again.")
