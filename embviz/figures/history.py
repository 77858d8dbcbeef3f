"""The course of a training as a picture: the loss of each step, and of the text that was kept for validation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from embviz.figures.theme import PALETTES, template

_MOST = 1_500  # points of a curve: more than a screen has columns


def history_figure(
    steps: Sequence[int],
    losses: Sequence[float],
    validation: Sequence[tuple[int, float]],
    last: int | None = None,
    theme: str = "light",
    names: tuple[str, str, str, str] = ("step", "loss, nats per token", "training", "validation"),
) -> go.Figure:
    """Draw the losses of a training.

    Args:
        steps: N numbers of steps, rising.
        losses: N losses of the training, in nats.
        validation: steps and their losses of validation.
        last: the step at which it will end; the axis leads up to there.
        theme: "light" or "dark".
        names: what the two axes and the two curves are called.
    """
    palette = PALETTES[theme]
    x, y = _thinned(np.asarray(steps), np.asarray(losses, float))
    hover = "%{x:,}: %{y:.3f}<extra>%{fullData.name}</extra>"
    figure = go.Figure(
        [
            go.Scatter(x=x, y=y, mode="lines" if len(x) > 1 else "markers", name=names[2], hovertemplate=hover,
                       line={"width": 1.2, "color": palette.point}),
            go.Scatter(x=[step for step, _ in validation], y=[loss for _, loss in validation],
                       mode="lines+markers", name=names[3], hovertemplate=hover,
                       line={"width": 2, "color": palette.accent}, marker={"size": 6}),
        ],
        layout={"template": template(theme), "uirevision": "history", "showlegend": True, "hovermode": "x"},
    )  # fmt: skip
    title = {"font": {"color": palette.quiet, "size": 12}, "standoff": 8}
    end = max([last or 1, *steps[-1:]])
    figure.update_xaxes(title={"text": names[0], **title}, range=[0, end], tickformat=",d")
    figure.update_yaxes(title={"text": names[1], **title})
    figure.update_layout(
        margin={"l": 12, "r": 20, "t": 12, "b": 12},
        legend={"x": 1, "xanchor": "right", "y": 1, "bgcolor": "rgba(0,0,0,0)"},
    )
    return figure


def _thinned(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """At most so many points, each the mean of as many neighbours."""
    each = -(-len(x) // _MOST)
    if each <= 1:
        return x, y
    edges = np.arange(0, len(x), each)
    return x[np.minimum(edges + each - 1, len(x) - 1)], np.add.reduceat(y, edges) / np.diff([*edges, len(x)])
