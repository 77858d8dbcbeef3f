"""What a model would predict after each of its layers, as a table of tokens in colours."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from embviz.attention.predictions import Lens, Predictions
from embviz.figures.attention.titles import AXIS, above_axis, brief, over, slanted
from embviz.figures.theme import PALETTES, colorscale, plain, template

_LONGEST = 10  # letters of a token in its cell
_WRITTEN = 40  # tokens up to which the predictions are written into the cells


def lens_figure(
    lens: Lens,
    title: str,
    theme: str = "light",
    names: tuple[str, str, str, str] = ("token", "after layer", "probability", "embedding"),
    columns: int = 96,
) -> go.Figure:
    """Draw a row for each layer, the last at the top, a column for each token, and in each cell the likeliest token.

    Args:
        lens: predictions after each layer.
        title: what stands over it.
        theme: "light" or "dark".
        names: what the axes, the colours, and the row before the first layer are called.
        columns: letters that fit across the picture.
    """
    best = np.stack([layer.probabilities[:, 0] for layer in lens.layers])
    tokens = lens.layers[0].tokens
    written = [[_brief(row[0]) for row in layer.texts] for layer in lens.layers] if len(tokens) <= _WRITTEN else None
    heatmap = go.Heatmap(
        z=np.round(best, 4), zmin=0, zmax=1, colorscale=colorscale(theme), xgap=1, ygap=1,
        text=written, texttemplate="%{text}" if written else None, textfont={"size": 11},
        customdata=[[_told(layer, token) for token in range(len(tokens))] for layer in lens.layers],
        hovertemplate="%{customdata}<extra></extra>",
        colorbar={"title": {"text": names[2], "side": "right", "font": {"size": 12}}, "thickness": 10, "len": 0.6,
                  "outlinewidth": 0, "tickfont": {"size": 11}},
    )  # fmt: skip
    figure = go.Figure(heatmap, layout={"template": template(theme), "uirevision": "lens"})
    font = {"font": {"color": PALETTES[theme].quiet, "size": 12}, "standoff": 6}
    layers = [names[3], *(str(layer) for layer in range(len(lens.layers) - 1))]
    figure.update_xaxes(
        tickvals=np.arange(len(tokens)), ticktext=[plain(_brief(token)) for token in tokens], tickangle=-60,
        showgrid=False, **AXIS,
    )  # fmt: skip
    below = slanted(map(_brief, tokens), 13)
    figure.add_annotation(above_axis(names[0], below + 6, theme, "bottom"))
    figure.update_yaxes(
        tickvals=np.arange(len(layers)), ticktext=layers, showgrid=False, title={"text": names[1], **font}
    )
    first, top = over(title, theme, columns)
    figure.update_layout(margin={"l": 12, "r": 12, "t": top, "b": below + 30}, title=first)
    return figure


def _told(layer: Predictions, token: int) -> str:
    """The likeliest tokens at a place, each with its probability, a line each."""
    pairs = zip(layer.texts[token], layer.probabilities[token], strict=True)
    return "<br>".join(f"{plain(text)}  {chance:.3f}" for text, chance in pairs)


def _brief(token: str) -> str:
    """A token that fits into a cell; a line break would make two of one."""
    return plain(brief(token.replace("\n", "⏎").strip(" ") or "␣", _LONGEST))
