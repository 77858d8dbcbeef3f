"""Kept maps: the files of a folder that hold maps, and what each says of itself without being read whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embviz import arrays
from embviz.projection.given import is_given


@dataclass(frozen=True)
class KeptMap:
    """One map that is kept: how it was made and what that cost (see `Projection`), or what is wrong with its file."""

    path: Path
    method: str
    params: Mapping[str, Any]
    facts: Mapping[str, Any]
    problem: str | None = None

    def own_params(self) -> dict[str, Any]:
        """Its parameters but for what every map has: dims and words."""
        return own_params(self.params)


def own_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a map but for dims and words, which every map has; of one that was made onto an old map, what
    its name does not say already: how many words and which seed the old one has.
    """
    if "of" in params:
        return {f"its {name}": params["of"][name] for name in ("words", "seed") if name in params["of"]}
    return {name: value for name, value in params.items() if name not in ("dims", "words")}


def file_name(method: str, dims: int, params: Mapping[str, Any]) -> str:
    """The name of the file that keeps a map: by the method and its parameters, or by the name of a map that was given
    (letters and digits of any script as they are, all else but - _ . and spaces as its code).
    """
    if is_given(method):
        name = "".join(c if c.isalnum() or c in "-_. " else f"%{ord(c):02x}" for c in method.replace(":", "-", 1))
        return f"{name}-{dims}d.safetensors"
    tail = "-".join(f"{name}{_short(value)}" for name, value in params.items() if name != "dims")
    return f"{method}-{dims}d-{tail}.safetensors"


def command(run: Path, method: str, dims: int, seed: int = 0, fit: int | None = None) -> str:
    """What to type in the shell for a map to be made and kept."""
    more = [f"--dims {dims}"] * (dims != 2) + [f"--seed {seed}"] * bool(seed) + [f"--fit {fit}"] * bool(fit)
    return " ".join(["embviz project", str(run), f"--method {method}", *more])


def kept_maps(folder: Path) -> list[KeptMap]:
    """The maps of a folder, in the order of their files' names."""
    return [_kept_map(path) for path in sorted(folder.glob("*.safetensors"))]


def _kept_map(path: Path) -> KeptMap:
    try:
        about = arrays.about(path)
        return KeptMap(path, str(about["method"]), dict(about["params"]), dict(about["facts"]))
    except (ValueError, KeyError, TypeError):
        return KeptMap(path, "", {}, {}, f"The map '{path.name}' is damaged: asked for, it is made again.")


def _short(value: float) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)  # g would cut a seed to six digits
