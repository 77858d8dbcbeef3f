"""Field: the potential that N points of the plane make together, and its slope at each of them.

The t-SNE kernel w(r) = 1 / (1 + r^2) is summed on a grid, as Linderman et al. 2019 (FIt-SNE) do. Two things differ.
The grid's functions are cubic B-splines, as in the smooth particle-mesh Ewald sum (Essmann et al. 1995, section 2),
whose slope is continuous: the repulsion is -grad phi / 2, so one kernel and one transform there and back give all
that is needed, where interpolating each component takes four. And the spacing is fixed, so the transformed kernel is
kept until the map outgrows its grid. Few points are summed directly.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from scipy import fft

from embviz.search.threads import Threads

_PARTS = 2  # grids that are filled on their own and then summed in order, so that the sum is the same on every machine
_FEW = 1_000  # points up to which all pairs are summed: as quick, and exact where little is left of Z but rounding
_EDGE = 4  # a cubic spline reaches over four places
_LEAST = 32
_MOST = 2_048  # places along a side; a wider map has a coarser grid


class Field:
    """phi(y) = sum_j w(|y - y_j|) at N points, within the spacing's accuracy.

    Args:
        threads: to share the work.
        spacing: of the grid, in units of the map. At 0.5, the error of phi is below 0.3 % of its largest value.
    """

    def __init__(self, threads: Threads, spacing: float = 0.5) -> None:
        self.threads, self.spacing = threads, spacing
        self._size, self._step, self._kernel = 0, 0.0, np.empty(0, np.float32)

    def at(self, points: np.ndarray) -> np.ndarray:
        """(N, 2) float32 points; gives (N, 3) float32: phi with the point's own share w(0) = 1, d phi/dx, d phi/dy."""
        out = np.empty((len(points), 3), np.float32)
        if len(points) <= _FEW:
            self.threads.share(direct, len(points), points, out)
            return out
        low = points.min(axis=0)
        self._fit(float((points.max(axis=0) - low).max()))
        grids = np.zeros((_PARTS, self._size, self._size), np.float32)
        bounds = [len(points) * part // _PARTS for part in range(_PARTS + 1)]
        scale = np.float32(1 / self._step)
        self.threads.each(_spread, [(bounds[i], bounds[i + 1], points, low, scale, grids[i]) for i in range(_PARTS)])
        self.threads.share(_gather, len(points), points, low, scale, self._convolved(grids.sum(axis=0)), out)
        return out

    def _fit(self, span: float) -> None:
        """A grid that holds the span, and its kernel; the old ones where those do and are not much too large."""
        if self._size:
            places = span / self._step + _EDGE
            if places <= self._size < 1.5 * places + 2 * _LEAST:
                return
        places = 1.1 * (span / self.spacing + _EDGE)  # with room to grow into
        size = fft.next_fast_len(max(_LEAST, min(_MOST, int(places) + 1)), real=True)
        self._size, self._step = size, max(self.spacing, 1.1 * span / (size - _EDGE))
        self._kernel = _kernel(size, self._step)

    def _convolved(self, grid: np.ndarray) -> np.ndarray:
        """(M, M) charges to (M, M) potentials, on a grid of twice the size so that nothing comes around."""
        size, workers = self._size, self.threads.count
        across = fft.rfft(grid, 2 * size, axis=1, workers=workers)
        whole = fft.fft(across, 2 * size, axis=0, overwrite_x=True, workers=workers)
        whole *= self._kernel
        back = fft.ifft(whole, axis=0, overwrite_x=True, workers=workers)[:size]
        return np.ascontiguousarray(fft.irfft(back, 2 * size, axis=1, workers=workers)[:, :size])


def _kernel(size: int, step: float) -> np.ndarray:
    """(2M, M + 1) float32: the transform of w, over that of the spline for spreading and again for gathering."""
    ring = np.minimum(np.arange(2 * size), 2 * size - np.arange(2 * size)) * step
    squared = ring[:, None] ** 2 + ring[None] ** 2
    spline = (4 + 2 * np.cos(np.pi * np.arange(2 * size) / size)) / 6  # of the values 1/6, 4/6, 1/6
    transformed = fft.rfft2(1 / (1 + squared)).real
    return (transformed / (spline[:, None] * spline[None, : size + 1]) ** 2).astype(np.float32)


@njit(cache=True, nogil=True, fastmath=True)
def direct(start: int, stop: int, points: np.ndarray, out: np.ndarray) -> None:  # pragma: no cover
    """out[i] as `_gather` gives it, by the sum over all points."""
    for i in range(start, stop):
        phi, gx, gy = np.float32(0), np.float32(0), np.float32(0)
        for j in range(len(points)):
            x, y = points[i, 0] - points[j, 0], points[i, 1] - points[j, 1]
            w = np.float32(1) / (np.float32(1) + x * x + y * y)
            phi += w
            gx -= w * w * x
            gy -= w * w * y
        out[i, 0], out[i, 1], out[i, 2] = phi, 2 * gx, 2 * gy


@njit(cache=True, nogil=True)
def _spread(
    start: int, stop: int, points: np.ndarray, low: np.ndarray, scale: float, grid: np.ndarray
) -> None:  # pragma: no cover
    """Add a charge of 1 at each point to the grid, by cubic B-splines."""
    sixth = np.float32(1 / 6)
    one, two, three, four = np.float32(1), np.float32(2), np.float32(3), np.float32(4)
    for i in range(start, stop):
        x = (points[i, 0] - low[0]) * scale
        y = (points[i, 1] - low[1]) * scale
        row, column = int(x), int(y)
        x -= np.float32(row)
        y -= np.float32(column)
        v = one - y
        y0, y1 = v * v * v * sixth, (four + y * y * (three * y - two * three)) * sixth
        y2, y3 = (four + v * v * (three * v - two * three)) * sixth, y * y * y * sixth
        u = one - x
        x0, x1 = u * u * u * sixth, (four + x * x * (three * x - two * three)) * sixth
        x2, x3 = (four + u * u * (three * u - two * three)) * sixth, x * x * x * sixth
        for offset, weight in ((0, x0), (1, x1), (2, x2), (3, x3)):
            grid[row + offset, column] += weight * y0
            grid[row + offset, column + 1] += weight * y1
            grid[row + offset, column + 2] += weight * y2
            grid[row + offset, column + 3] += weight * y3


@njit(cache=True, nogil=True)
def _gather(
    start: int, stop: int, points: np.ndarray, low: np.ndarray, scale: float, grid: np.ndarray, out: np.ndarray
) -> None:  # pragma: no cover
    """out[i]: the potential at a point and its slope along both axes, by the splines and by their derivatives."""
    sixth, half = np.float32(1 / 6), np.float32(0.5)
    one, two, three, four = np.float32(1), np.float32(2), np.float32(3), np.float32(4)
    for i in range(start, stop):
        x = (points[i, 0] - low[0]) * scale
        y = (points[i, 1] - low[1]) * scale
        row, column = int(x), int(y)
        x -= np.float32(row)
        y -= np.float32(column)
        v = one - y
        y0, y1 = v * v * v * sixth, (four + y * y * (three * y - two * three)) * sixth
        y2, y3 = (four + v * v * (three * v - two * three)) * sixth, y * y * y * sixth
        e0, e1, e2, e3 = -v * v * half, y * (three * y - four) * half, -v * (three * v - four) * half, y * y * half
        u = one - x
        x0, x1 = u * u * u * sixth, (four + x * x * (three * x - two * three)) * sixth
        x2, x3 = (four + u * u * (three * u - two * three)) * sixth, x * x * x * sixth
        d0, d1, d2, d3 = -u * u * half, x * (three * x - four) * half, -u * (three * u - four) * half, x * x * half
        phi, dx, dy = np.float32(0), np.float32(0), np.float32(0)
        for offset, weight, slope in ((0, x0, d0), (1, x1, d1), (2, x2, d2), (3, x3, d3)):
            g0, g1 = grid[row + offset, column], grid[row + offset, column + 1]
            g2, g3 = grid[row + offset, column + 2], grid[row + offset, column + 3]
            along = y0 * g0 + y1 * g1 + y2 * g2 + y3 * g3
            phi += weight * along
            dx += slope * along
            dy += weight * (e0 * g0 + e1 * g1 + e2 * g2 + e3 * g3)
        out[i, 0], out[i, 1], out[i, 2] = phi, dx * scale, dy * scale
