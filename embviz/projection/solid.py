"""Solid: looking at a map in 3 dimensions as Plotly does: where its points are first seen, before anybody turns it, and
from where some places are seen well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

_FIRST = np.full(3, 1.25)  # Plotly's own eye
_HALF = np.tan(np.pi / 8)  # of its angle of 45 degrees
_NEAREST, _FILLED = 0.4, 0.6  # how near an eye comes, in sides of the scene; how much of the picture a trail takes
_STEEPEST = 0.9  # the z of a direction of length 1: from straight above the map could not be turned


@dataclass(frozen=True, eq=False)
class Camera:
    """Where one looks from and at, as Plotly has it: in the sides of a box around the points whose volume is 1."""

    eye: np.ndarray
    center: np.ndarray

    @property
    def far(self) -> float:
        """How far away is what is looked at."""
        return float(np.linalg.norm(self.eye - self.center))

    def plotly(self) -> dict[str, Any]:
        """The camera of a scene's layout."""
        return {
            name: dict(zip("xyz", place.round(5).tolist(), strict=True))
            for name, place in (("eye", self.eye), ("center", self.center))
        }


FIRST = Camera(_FIRST, np.zeros(3))
"""Where a map is first seen from: z is up, and all of it is seen."""


def unit(coords: np.ndarray) -> float:
    """How long the side of a scene is among the coords (N, 3) of its points, which leave a 32nd free at each end."""
    sides = np.maximum(coords.max(axis=0).astype(float) - coords.min(axis=0), 1e-9)
    return float(np.prod(sides) ** (1 / 3) * (1 + 2 / 32))


def height(coords: np.ndarray, camera: Camera = FIRST) -> float:
    """How long the height of a picture is among the coords (N, 3), where the camera looks at."""
    return 2 * unit(coords) * _HALF * camera.far


def in_scene(places: np.ndarray, coords: np.ndarray) -> np.ndarray:
    """Places (..., 3) among the coords (N, 3) of a map as a camera has them."""
    low, high = coords.min(axis=0).astype(float), coords.max(axis=0).astype(float)
    return (places - (low + high) / 2) / unit(coords)


def seen_at(places: np.ndarray, coords: np.ndarray, camera: Camera = FIRST) -> np.ndarray:
    """(M, 2): where places (M, 3) among the coords of a map are seen, from the middle of a picture, x right and y up; 1
    is its height.
    """
    scene = in_scene(places, coords) - camera.eye
    ahead = (camera.center - camera.eye) / camera.far
    right = np.cross(ahead, [0, 0, 1])
    right /= np.linalg.norm(right)
    depth = np.maximum(scene @ ahead, 1e-3)
    return np.stack([scene @ right, scene @ np.cross(right, ahead)], axis=1) / depth[:, None] / _HALF / 2


def first_seen(coords: np.ndarray) -> np.ndarray:
    """(N, 2): where the points of a map (N, 3) are first seen, as `seen_at` has it."""
    return seen_at(coords, coords)


def facing(places: np.ndarray, coords: np.ndarray) -> Camera:
    """From where places (M, 3) are seen whole and apart: before the plane in which they mostly lie."""
    scene = in_scene(places, coords)
    middle = (scene.min(axis=0) + scene.max(axis=0)) / 2
    reach = float(np.linalg.norm(scene - middle, axis=1).max())
    far = min(FIRST.far, max(_NEAREST, reach / _HALF / _FILLED))
    return Camera(middle + far * _before(scene - middle), middle)


def _before(scene: np.ndarray) -> np.ndarray:
    """(3,): the direction at a right angle to the plane of places (M, 3), on the side where maps are seen from."""
    first = _FIRST / np.linalg.norm(_FIRST)
    _, long, axes = np.linalg.svd(scene - scene.mean(axis=0), full_matrices=True)
    flat = len(long) > 1 and long[1] > 0.1 * long[0]
    normal = axes[2] if flat else first - axes[0] * (first @ axes[0])
    normal = first if np.linalg.norm(normal) < 1e-6 else normal / np.linalg.norm(normal)
    normal = normal if normal @ first >= 0 else -normal
    if abs(normal[2]) <= _STEEPEST:
        return normal
    across = normal[:2] if np.linalg.norm(normal[:2]) > 1e-6 else first[:2]
    across = across / np.linalg.norm(across) * np.sqrt(1 - _STEEPEST**2)
    return np.append(across, np.copysign(_STEEPEST, normal[2]))
