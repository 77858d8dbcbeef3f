"""Projection: words on a map. Pairs coordinates with words, and keeps the coordinates in a file of the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from embviz import arrays
from embviz.errors import EmbvizError
from embviz.projection.sheet import Sheet
from embviz.space import Space


@dataclass(frozen=True, eq=False)
class Projection:
    """The first N words of a space on a map.

    Attributes:
        coords: (N, 2 or 3) float32; row i belongs to row i of the space.
        words: the N words, read from the space when they are asked for.
        method: "pca", "tsne" or "umap"; "axes"; "file:NAME" or "onto:RUN:METHOD" for a map that was given.
        params: dims, words, and for what was computed fit (how many of them, the most frequent, the method saw; the
            others were placed by the fit), seed, and the method's own parameters.
        facts: what was found: seconds; for PCA the share of the variance that each axis holds; for a map that was
            given how many places were, how many words were placed among them, and how many words of a file are unknown.
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
        made = {"method": self.method, "params": dict(self.params), "facts": dict(self.facts)}
        drawn = {"places": self.sheet.places, "levels": self.sheet.levels} if self.sheet else {}
        arrays.write(path, {"coords": self.coords, **drawn}, made)

    @classmethod
    def load(cls, path: Path, space: Space) -> Projection:
        """Read coordinates that were kept for a space.

        Raises:
            EmbvizError: the file is damaged.
        """
        try:
            kept, made = arrays.read(path)
            coords, method, params, facts = kept["coords"], made["method"], made["params"], made["facts"]
            words = space.first(params["words"])
            if coords.shape != (len(words), params["dims"]) or not np.isfinite(coords).all():
                raise ValueError(f"an array of shape {coords.shape}")
            sheet = Sheet(kept["places"], kept["levels"]) if coords.shape[1] == 2 else None
            if sheet and (sheet.places.shape != coords.shape or sheet.levels.shape != coords.shape[:1]):
                raise ValueError("places or levels of another map")
        except (KeyError, TypeError, ValueError) as error:
            raise EmbvizError(
                f"The projection '{path.name}' is damaged: remove it, and it is computed again."
            ) from error
        return cls(coords, words, method, params, facts, space.name, sheet)
