"""How every figure looks: one palette, light and dark, and words that are never markup. Knows no record."""

from __future__ import annotations

import html
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import plotly.graph_objects as go

FONT = (
    "Inter, system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', "
    "'Noto Color Emoji', sans-serif"
)

# Plotly's own button would upload the chart to a host of theirs; nothing here leaves the machine.
CONFIG: Any = {
    "displaylogo": False,
    "scrollZoom": True,
    "responsive": True,
    "modeBarButtonsToRemove": [
        "sendChartToCloud", "select2d", "lasso2d", "zoom2d", "pan2d", "autoScale2d", "tableRotation",
    ],
}  # fmt: skip


@dataclass(frozen=True)
class Palette:
    """The colours of one theme; the explorer's style sheet uses the same."""

    paper: str
    text: str
    quiet: str
    faint: str
    grid: str
    point: str
    accent: str
    near: str
    scale: tuple[str, ...]


PALETTES = {
    "light": Palette(
        paper="#ffffff", text="#1c2430", quiet="#5d6878", faint="#ccd2db", grid="#e7eaf0", point="#5b7fb4",
        accent="#d6336c", near="#e8890c", scale=("#f6f8fc", "#c9dbf2", "#8fb5e3", "#4c86c6", "#1f5a9e", "#0b2f61"),
    ),
    "dark": Palette(
        paper="#14181f", text="#e6eaf1", quiet="#98a3b5", faint="#3a4351", grid="#262d39", point="#6f95cc",
        accent="#ff6b9d", near="#ffb454", scale=("#181d26", "#1b3554", "#23568b", "#3f82c4", "#7fb4e8", "#dceeff"),
    ),
}  # fmt: skip


# Of words that are pinned: apart from each other, and from the colours of the selected word and of its neighbours.
PINS = {
    "light": ("#6d3bd1", "#00857a", "#a34d00", "#1565c0", "#5d7a00", "#a01fa0", "#c02626", "#4a5a6a"),
    "dark": ("#b49bff", "#2fd0bd", "#d59a5e", "#5fb4ff", "#b4d64a", "#e88af0", "#ff7b6e", "#a9b8c8"),
}


@cache
def template(theme: str) -> go.layout.Template:
    """The layout that every figure starts from."""
    palette = PALETTES[theme]
    overflow = {"ticklabeloverflow": "allow"}  # to hide what is over the edge Plotly measures each label, 20 ms each
    axis = {"gridcolor": palette.grid, "zeroline": False, "linecolor": palette.grid, "automargin": True, **overflow}
    bar = {"colorbar": overflow}
    return go.layout.Template(
        data={"heatmap": [bar], "scatter": [{"marker": bar}]},
        layout={
            "paper_bgcolor": palette.paper,
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": FONT, "size": 13, "color": palette.text},
            "colorway": [palette.point, palette.accent, palette.near],
            "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
            "xaxis": axis,
            "yaxis": axis,
            "showlegend": False,
            "hoverlabel": {"font": {"family": FONT, "size": 13}},
        },
    )


def plain(text: str) -> str:
    """A word as Plotly shows it to the letter: its labels would otherwise read <b> and &amp; as markup."""
    return html.escape(text, quote=False)


def hues(n: int, theme: str) -> list[str]:
    """n colours that differ in hue, neighbours in the list the most; of one lightness, so that none stands out."""
    from colorsys import hls_to_rgb

    lightness = (0.45, 0.38) if theme == "light" else (0.66, 0.56)
    wheel = [hls_to_rgb((i * 0.61803) % 1, lightness[i % 2], 0.55 if i % 3 else 0.75) for i in range(n)]
    return ["#" + "".join(f"{round(255 * channel):02x}" for channel in color) for color in wheel]


def shades(values: np.ndarray, theme: str) -> list[str]:
    """The colours of values from 0 to 1 (NaN is quiet), or of the numbers of groups (-1 is quiet); of texts they are
    those themselves.
    """
    palette = PALETTES[theme]
    if values.dtype.kind == "U":
        return values.tolist()
    if np.issubdtype(values.dtype, np.integer):
        table, places = hues(int(values.max(initial=-1)) + 1, theme), values
    else:
        table = between(palette.scale[1:], 254)
        places = np.where(np.isnan(values), -1, np.rint(np.clip(np.nan_to_num(values), 0, 1) * 253)).astype(int)
    colors = np.array([*table, palette.quiet])
    return colors[np.where(places < 0, len(table), places)].tolist()


def between(stops: tuple[str, ...], n: int) -> list[str]:
    """n colours from the first to the last stop."""
    channels = np.array([[int(stop[at : at + 2], 16) for at in (1, 3, 5)] for stop in stops])
    places = np.linspace(0, len(stops) - 1, n)
    mixed = np.stack([np.interp(places, np.arange(len(stops)), channel) for channel in channels.T], axis=1)
    return ["#" + "".join(f"{round(value):02x}" for value in color) for color in mixed]


def colorscale(theme: str, signed: bool = False) -> list[tuple[float, str]]:
    """The scale from none to most; or, signed, from less than nothing to more."""
    colors = diverging(theme) if signed else PALETTES[theme].scale
    return [(i / (len(colors) - 1), color) for i, color in enumerate(colors)]


def diverging(theme: str) -> tuple[str, ...]:
    """From less than nothing over nothing to more: orange, the paper, blue."""
    palette = PALETTES[theme]
    return (palette.near, palette.scale[0], palette.scale[-2] if theme == "light" else palette.scale[-3])
