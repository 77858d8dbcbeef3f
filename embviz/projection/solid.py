"""Solid: a map in 3 dimensions as it is first seen, before anybody turns it."""

from __future__ import annotations

import numpy as np


def first_seen(coords: np.ndarray) -> np.ndarray:
    """(N, 2): where points (N, 3) are first seen, from the middle of a picture, x right and y up; 1 is its height.

    That is Plotly's own camera: at 1.25 on each axis of a box whose sides are as the data's and whose volume is 1, a
    32nd of the data wider at each end; it looks at the middle with an angle of 45 degrees, z up.
    """
    low, high = coords.min(axis=0).astype(float), coords.max(axis=0).astype(float)
    sides = np.maximum(high - low, 1e-9)
    scene = (coords - (low + high) / 2) / (np.prod(sides) ** (1 / 3) * (1 + 2 / 32))
    eye, right = np.full(3, 1.25), np.array([-1, 1, 0]) / np.sqrt(2)
    ahead = -eye / np.linalg.norm(eye)
    depth = np.maximum((scene - eye) @ ahead, 1e-3)
    seen = np.stack([scene @ right, scene @ np.cross(right, ahead)], axis=1)
    return seen / depth[:, None] / np.tan(np.pi / 8) / 2
