"""Folders as Hugging Face's `transformers` keeps models: which of their files are taken, and what is wrong with them.

Nothing is opened that could run code: a pickle only where somebody vouches for it, and then by torch's own reader that
allows nothing but tensors.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from embviz.errors import EmbvizError

SAFE, PICKLED = "model.safetensors", "pytorch_model.bin"
_TOKENIZERS = (
    "tokenizer.json", "vocab.txt", "vocab.json", "merges.txt", "spiece.model", "sentencepiece.bpe.model",
    "tokenizer.model",
)  # fmt: skip
_BESIDES = ("generation_config.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
_POINTER = b"version https://git-lfs"


def gathered(folder: Path, into: Path, trust_pickle: bool = False) -> None:
    """Copy what is needed of a model's folder: configuration, tokenizer and weights, these as safetensors.

    Args:
        trust_pickle: whether weights that are only there as a pickle may be read.

    Raises:
        EmbvizError: a file is missing, was not downloaded whole, or is damaged.
    """
    if not (folder / "config.json").is_file():
        raise EmbvizError(f"'{folder}' is no folder of a model: it has no config.json.")
    if not any((folder / name).is_file() for name in _TOKENIZERS):
        raise EmbvizError(f"'{folder}' has no tokenizer: download tokenizer.json, or the vocabulary that it is made "
                          "from, into it.")  # fmt: skip
    into.mkdir()
    for name in ("config.json", *_TOKENIZERS, *_BESIDES):
        if (folder / name).is_file():
            shutil.copyfile(folder / name, into / name)
    if names := _shards(folder, SAFE):
        for name in names:
            _check_safe(folder / name)
            shutil.copyfile(folder / name, into / name)
        if (folder / f"{SAFE}.index.json").is_file() and names != [SAFE]:
            shutil.copyfile(folder / f"{SAFE}.index.json", into / f"{SAFE}.index.json")
    elif names := _shards(folder, PICKLED):
        if not trust_pickle:
            raise EmbvizError(
                f"'{folder}' holds its weights only as a pickle ({names[0]}), a format that can carry code: take the "
                "model as safetensors, or say --trust-pickle if you know who made it."
            )
        _convert([folder / name for name in names], into / SAFE)
    else:
        raise EmbvizError(f"'{folder}' has no weights: there is neither {SAFE} nor {PICKLED}. If it was downloaded, "
                          "download it again.")  # fmt: skip


def _shards(folder: Path, name: str) -> list[str]:
    """The files that hold the weights, one or those that an index names; none where there are none.

    Raises:
        EmbvizError: one of those that the index names is not there.
    """
    if (folder / name).is_file():
        return [name]
    index = folder / f"{name}.index.json"
    if not index.is_file():
        return []
    try:
        names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise EmbvizError(f"'{index}' cannot be read: download the model again.") from None
    for each in names:
        if not isinstance(each, str) or Path(each).name != each:
            raise EmbvizError(f"'{index}' names files outside of its folder ({each!r}), which are not read.")
        if not (folder / each).is_file():
            raise EmbvizError(f"'{folder}' was not downloaded whole: {each} is missing. Download it again.")
    return names


def _check_safe(path: Path) -> None:
    from safetensors import SafetensorError, safe_open

    _check_pointer(path)
    try:
        with safe_open(path, "pt") as file:
            file.keys()
    except SafetensorError as error:
        raise EmbvizError(f"'{path}' is damaged or was not downloaded whole ({error}). Download it again.") from None


def _check_pointer(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(len(_POINTER)) == _POINTER:
            raise EmbvizError(f"'{path}' only points to the weights, which were not downloaded: run `git lfs pull` in "
                              "its folder.")  # fmt: skip


def _convert(pickles: list[Path], path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    weights: dict[str, Any] = {}
    for pickled in pickles:
        _check_pointer(pickled)
        try:
            found = torch.load(pickled, map_location="cpu", weights_only=True)
            weights |= {str(name): tensor.detach().clone().contiguous() for name, tensor in found.items()}
        except Exception as error:  # of many kinds: it is a small language of its own
            raise EmbvizError(
                f"'{pickled}' cannot be read as weights and nothing else: it is damaged, or holds more than tensors."
            ) from error
    save_file(weights, path, metadata={"format": "pt"})
