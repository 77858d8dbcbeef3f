"""Descent: points that move until neighbours lie together (the gradient of t-SNE, and the steps along it)."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numba import njit
from scipy.sparse import csr_matrix

from embviz.progress import Report
from embviz.projection.field import Field
from embviz.projection.live import Watch, unwatched
from embviz.search.threads import Threads

LONGEST = 5.0  # units of the map that a point moves in one step at most
_LEAST_RATE = 10.0  # of few points, which would else hardly move
_MANY = 10_000
_EVERY = 5  # steps, or so many
_SECONDS = 0.2  # before the listener is told again


@dataclass(frozen=True)
class Phase:
    """So many steps in which the attraction counts `pull` times, this share of the last step is taken again, and the
    repulsion is summed on a grid of this spacing: a coarser one is enough for what a later phase moves again.
    """

    steps: int
    pull: float
    momentum: float
    spacing: float


PLACING = Phase(40, 2.0, 0.8, 1.0), Phase(80, 1.0, 0.8, 1.0), Phase(40, 0.6, 0.9, 0.7)
"""Of words that are placed where most of their nearest are near: pulled together a little, and at last spread."""


def phases(n: int) -> tuple[Phase, ...]:
    """Exaggerated first (van der Maaten and Hinton 2008, section 3.4), then as it is.

    At last a little less than it is (Boehm et al. 2022 call it the repulsive side), which spreads dense places:
    measured on 20,000 words of GloVe, a word keeps 7 % more of its three nearest and as many of its 10 nearest. Not
    for fewer points, which would drift apart with nothing between them.
    """
    last = Phase(250, 0.7 if n >= _MANY else 1.0, 0.9, 0.5)
    return Phase(100, 12.0, 0.8, 0.7), Phase(200, 1.0, 0.8, 0.7), last


def descend(
    wanted: csr_matrix,
    start: np.ndarray,
    threads: Threads,
    report: Report,
    watch: Watch = unwatched,
    plan: tuple[Phase, ...] | None = None,
    moving: int | None = None,
) -> np.ndarray:
    """Move points from their start down the Kullback-Leibler divergence.

    Args:
        wanted: (N, N), affinities that sum to 1.
        start: (N, 2) float32.
        threads: to share the work; how many does not change the result.
        report: told every few steps; may cancel.
        watch: shown the points as often.
        plan: by default `phases(N)`.
        moving: so many points move, the first; the others stay where they are. By default all move.

    Returns:
        (N, 2) float32. The learning rate is N / pull (Belkina et al. 2019). Of 20,000 points a step is some 6 ms of
        one core: 3 for the transforms of the field, 1 for spreading and gathering, 1.5 for the attraction.
    """
    n, done, told = len(start), 0, 0.0
    plan, moving = plan or phases(n), n if moving is None else moving
    steps = sum(phase.steps for phase in plan)
    points, other = start.copy(), start.copy()
    speed, gain = np.zeros_like(start), np.ones_like(start)
    graph = (wanted.indptr, wanted.indices, wanted.data)
    for phase in plan:
        field = Field(threads, phase.spacing)
        rate = max(_LEAST_RATE, n / max(1.0, phase.pull))
        for _ in range(phase.steps):
            if done % _EVERY == 0 or time.monotonic() > told + _SECONDS:
                report("t-SNE", done / steps, f"step {done} of {steps}")
                watch(points)
                told = time.monotonic()
            around = field.at(points)
            push = 1 / max(float(around[:, 0].sum(dtype=np.float64)) - n, 1e-6)  # less what each sees of itself
            numbers = [np.float32(number) for number in (phase.pull, push, rate, phase.momentum)]
            threads.share(move, moving, points, *graph, around, *numbers, speed, gain, other)
            points, other, done = other, points, done + 1
    report("t-SNE", 1.0, f"{steps} steps")
    return points


@njit(cache=True, nogil=True, fastmath=True)
def move(
    start: int,
    stop: int,
    points: np.ndarray,
    indptr: np.ndarray,
    indices: np.ndarray,
    wanted: np.ndarray,
    field: np.ndarray,
    pull: float,
    push: float,
    rate: float,
    momentum: float,
    speed: np.ndarray,
    gain: np.ndarray,
    moved: np.ndarray,
) -> None:  # pragma: no cover
    """One step of points[start:stop] along the gradient of van der Maaten and Hinton 2008, equation 5, over 4:

        pull * sum_j p_ij w_ij (y_i - y_j)  +  push * grad phi_i / 2,   w_ij = 1 / (1 + |y_i - y_j|^2),   push = 1 / Z

    since grad phi_i = -2 sum_j w_ij^2 (y_i - y_j), with momentum, and with a gain for each coordinate (Jacobs 1988).

    Args:
        start: the first point.
        stop: where to end.
        points: (N, 2) float32.
        indptr: (N + 1,) where each row of affinities begins.
        indices: (E,) int32.
        wanted: (E,) float32, p_ij.
        field: (N, 3) float32, as `Field.at` gives it.
        pull: the exaggeration.
        push: 1 / Z, with Z the sum of all w_ij.
        rate: the learning rate.
        momentum: the share of the last step that is taken again.
        speed: (N, 2) float32, the last step. Changed.
        gain: (N, 2) float32. Changed.
        moved: (N, 2) float32, where the points are then. Changed.
    """
    for i in range(start, stop):
        x, y = points[i, 0], points[i, 1]
        fx, fy = np.float32(0), np.float32(0)
        for e in range(indptr[i], indptr[i + 1]):
            j = indices[e]
            dx, dy = x - points[j, 0], y - points[j, 1]
            p = wanted[e] / (np.float32(1) + dx * dx + dy * dy)
            fx += p * dx
            fy += p * dy
        gx = pull * fx + push * field[i, 1] * 0.5
        gy = pull * fy + push * field[i, 2] * 0.5
        gain[i, 0] = max(0.01, gain[i, 0] * 0.8 if gx * speed[i, 0] > 0 else gain[i, 0] + 0.2)
        gain[i, 1] = max(0.01, gain[i, 1] * 0.8 if gy * speed[i, 1] > 0 else gain[i, 1] + 0.2)
        sx = momentum * speed[i, 0] - rate * gain[i, 0] * gx
        sy = momentum * speed[i, 1] - rate * gain[i, 1] * gy
        length = np.sqrt(sx * sx + sy * sy)
        if length > LONGEST:
            sx *= LONGEST / length
            sy *= LONGEST / length
        speed[i, 0], speed[i, 1] = sx, sy
        moved[i, 0], moved[i, 1] = x + sx, y + sy
