"""Projection: words on a map. Pairs coordinates with words, and keeps the coordinates in a file of the run."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from embviz.errors import EmbvizError
from embviz.projection.sheet import Sheet
from embviz.space import Space


@dataclass(frozen=True, eq=False)
class Projection:
    """The first N words of a space on a map.

    Attributes:
        coords: (N, 2 or 3) float32; row i belongs to row i of the space.
        words: the N words, read from the space when they are asked for.
        method: "pca", "tsne" or "umap".
        params: dims, words, fit (how many of them, the most frequent, the method saw; the others were placed by the
            fit), seed, and the method's own parameters.
        facts: what was found: seconds, and for PCA the share of the variance that each axis holds.
        space: the space's name.
        sheet: how a flat map is drawn; None in 3 dimensions.
    """

    coords: np.ndarray
    words: Sequence[str]
    method: str
    params: Mapping[str, Any]
    facts: Mapping[str, Any]
    space: str
    sheet: Sheet | None = None

    @property
    def dims(self) -> int:
        """2 or 3."""
        return int(self.coords.shape[1])

    def first(self, n: int) -> Projection:
        """The map of its first n words, which stay where they are; the map itself if it has no more."""
        if n >= len(self.coords):
            return self
        return replace(self, coords=self.coords[:n], words=self.words[:n], sheet=None)

    def save(self, path: Path) -> None:
        """Keep the coordinates in one file, whole or not at all; the words stay with their space."""
        from safetensors.numpy import save

        made = {"method": self.method, "params": json.dumps(dict(self.params)), "facts": json.dumps(dict(self.facts))}
        temporary = path.with_suffix(f".{os.getpid()}.tmp")
        try:
            temporary.write_bytes(save({"coords": self.coords, **_arrays(self.sheet)}, metadata=made))
            temporary.rename(path)
        finally:
            temporary.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: Path, space: Space) -> Projection:
        """Read coordinates that were kept for a space.

        Raises:
            EmbvizError: the file is damaged.
        """
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(str(path), framework="np") as file:
                made, arrays = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            coords = arrays["coords"]
            method, params, facts = made["method"], json.loads(made["params"]), json.loads(made["facts"])
            words = space.first(params["words"])
            if coords.shape != (len(words), params["dims"]) or not np.isfinite(coords).all():
                raise ValueError(f"an array of shape {coords.shape}")
            sheet = Sheet(arrays["places"], arrays["levels"]) if coords.shape[1] == 2 else None
            if sheet and (sheet.places.shape != coords.shape or sheet.levels.shape != coords.shape[:1]):
                raise ValueError("places or levels of another map")
        except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
            raise EmbvizError(f"The projection '{path}' is damaged: remove it, and it is computed again.") from error
        return cls(coords, words, method, params, facts, space.name, sheet)


def _arrays(sheet: Sheet | None) -> dict[str, np.ndarray]:
    return {"places": sheet.places, "levels": sheet.levels} if sheet else {}
