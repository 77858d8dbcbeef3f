"""The way of a sentence's tokens through the layers, on one map."""

from __future__ import annotations

import plotly.graph_objects as go

from embviz.attention.states import States, path
from embviz.figures.theme import PALETTES, hues, over, plain, template

_MOST = 40  # tokens whose names are written: of more there would be a tangle


def states_figure(
    found: States, title: str, theme: str = "light", names: tuple[str, str] = ("embedding", "after layer {layer}"),
    chosen: int | None = None,
) -> go.Figure:  # fmt: skip
    """Draw a line for each token, from its embedding (a ring) to what the last layer gives (a point, named).

    Args:
        found: the vectors after each layer.
        title: what stands over it.
        theme: "light" or "dark".
        names: what the places on the way are called.
        chosen: the token that stands out; the others are fainter then.
    """
    palette, places = PALETTES[theme], path(found)
    layers, count, _ = places.shape
    where = [names[0], *(names[1].format(layer=layer) for layer in range(layers - 1))]
    figure = go.Figure(layout={"template": template(theme), "uirevision": "states"})
    for token, color in enumerate(hues(count, theme)):
        faint = chosen is not None and token != chosen
        name = plain(found.tokens[token])
        written = count <= _MOST or token == chosen
        figure.add_scatter(
            x=places[:, token, 0], y=places[:, token, 1], mode="lines+markers+text", opacity=0.3 if faint else 1,
            line={"color": color, "width": 1.5 if token != chosen else 3},
            marker={"size": [9, *[5] * (layers - 2), 9][:layers], "color": color,
                    "symbol": ["circle-open", *["circle"] * (layers - 1)]},
            text=[""] * (layers - 1) + [name if written else ""], textposition="top center",
            textfont={"color": palette.text, "size": 12},
            customdata=[f"{name}<br>{place}" for place in where], hovertemplate="%{customdata}<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(showticklabels=False, zeroline=False)
    figure.update_yaxes(showticklabels=False, zeroline=False, scaleanchor="x")
    figure.update_layout(
        margin={"l": 12, "r": 12, "t": 46, "b": 12},
        title=over(title),
    )  # fmt: skip
    return figure
