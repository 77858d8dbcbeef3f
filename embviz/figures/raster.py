"""Small pictures of arrays as PNG, a cell a pixel: for a row of pictures, where a chart each would be slow.

ISO/IEC 15948: a palette of 256 colours, rows unfiltered.
"""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np

from embviz.figures.theme import PALETTES, between, diverging


def heatmap_png(values: np.ndarray, theme: str, signed: bool = False) -> bytes:
    """(T, K) numbers, NaN where nothing can be, as the bytes of a PNG of as many pixels.

    Args:
        theme: "light" or "dark".
        signed: whether the colours go to both sides of 0; else from 0 to the largest.
    """
    largest = float(np.nanmax(np.abs(values), initial=0.0)) or 1.0
    shares = values / largest / 2 + 0.5 if signed else np.clip(values / largest, 0, 1)
    places = np.where(np.isnan(shares), 255, np.rint(np.nan_to_num(shares) * 254)).astype(np.uint8)
    stops = diverging(theme) if signed else PALETTES[theme].scale
    colors = [*between(stops, 255), PALETTES[theme].paper]
    return _png(places, bytes.fromhex("".join(color.removeprefix("#") for color in colors)))


def data_uri(png: bytes) -> str:
    """A PNG as the source of an image on a page."""
    return "data:image/png;base64," + base64.b64encode(png).decode()


def _png(places: np.ndarray, colors: bytes) -> bytes:
    height, width = places.shape
    rows = np.zeros((height, width + 1), np.uint8)  # before each row, how it is filtered: not at all
    rows[:, 1:] = places
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = (b"IHDR", head), (b"PLTE", colors), (b"IDAT", zlib.compress(rows.tobytes(), 6)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
