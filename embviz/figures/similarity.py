"""Neighbors as a bar chart: one bar a word, nearest on top, as long as its cosine."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from embviz.figures.theme import PALETTES, plain, template
from embviz.similarity import Neighbors


def neighbors_figure(neighbors: Neighbors, theme: str = "light", name: str = "cosine") -> go.Figure:
    """Draw the k nearest words of an expression.

    Args:
        neighbors: k words and their cosines.
        theme: "light" or "dark".
        name: what the axis is called.
    """
    palette = PALETTES[theme]
    places = np.arange(len(neighbors.words))
    bars = go.Bar(
        x=neighbors.scores, y=places, orientation="h", marker={"color": palette.point, "cornerradius": 4}, width=0.72,
        text=[f"{score:.3f}" for score in neighbors.scores], textposition="auto", hoverinfo="none",
        insidetextanchor="end", insidetextfont={"color": palette.paper}, constraintext="none", cliponaxis=False,
    )  # fmt: skip
    figure = go.Figure(bars, layout={"template": template(theme)})
    low = min(0.0, float(neighbors.scores.min(initial=0)))
    figure.update_xaxes(
        range=[low, 1], title={"text": name, "font": {"color": palette.quiet}}, fixedrange=True, side="bottom"
    )
    figure.update_yaxes(
        tickvals=places, ticktext=[plain(word) for word in neighbors.words], autorange="reversed", showgrid=False,
        fixedrange=True, tickfont={"size": 14}, ticksuffix="  ",
    )  # fmt: skip
    figure.update_layout(margin={"l": 16, "r": 24, "t": 12, "b": 12})
    return figure
