"""One query of a head against all keys, down to the dimensions."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from embviz.attention.products import Products
from embviz.figures.attention.titles import AXIS, brief, pixels
from embviz.figures.theme import PALETTES, colorscale, over, plain, template

_LONGEST = 16  # letters of a token at a side
_NAMED = 64  # keys up to which all are named


def products_figure(
    products: Products,
    token: int,
    title: str,
    theme: str = "light",
    names: tuple[str, str, str, str, str] = ("query", "key", "query × key, by dimension", "score", "weight"),
) -> go.Figure:
    """Draw a query, every key, their products dimension by dimension, and what comes of these: scores and weights.

    Args:
        products: of one head.
        token: the query's place.
        title: what stands over it.
        theme: "light" or "dark".
        names: what the pictures are called: the query, the keys, the products, their sum, the weights.
    """
    seen = products.attention
    tokens = [plain(brief(each, _LONGEST)) for each in seen.keys]
    each = products.of(token)
    scores = each.sum(1) / np.sqrt(each.shape[1])
    weights = np.where(seen.seen[token], seen.weights[0, 0, token], np.nan)
    figure = make_subplots(
        2, 4, column_widths=[0.4, 0.4, 0.1, 0.1], row_heights=[0.1, 0.9], horizontal_spacing=0.015,
        vertical_spacing=0.1, shared_yaxes=True, specs=[[{}, None, None, None], [{}, {}, {}, {}]],
        subplot_titles=[f"{plain(names[0])}: {plain(brief(seen.tokens[token], _LONGEST))}", *map(plain, names[1:])],
    )  # fmt: skip
    both = colorscale(theme, signed=True)
    parts = (
        (products.queries[token][None], 1, 1, both), (products.keys, 2, 1, both), (each, 2, 2, both),
        (scores[:, None], 2, 3, both), (weights[:, None], 2, 4, colorscale(theme)),
    )  # fmt: skip
    for values, row, column, scale in parts:
        most = float(np.nanmax(np.abs(values), initial=0)) or 1.0
        low = 0.0 if column == 4 else -most
        where = "%{y}: " if row == 2 else ""
        dims = "" if column > 2 else " · %{x}"
        figure.add_trace(
            go.Heatmap(z=np.round(values, 4), zmin=low, zmax=most, colorscale=scale, showscale=False, hoverongaps=False,
                       hovertemplate=f"{where}%{{z:.3f}}{dims}<extra></extra>"),
            row=row, col=column,
        )  # fmt: skip
    step = max(1, -(-len(tokens) // _NAMED))
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_yaxes(showticklabels=False, row=1, col=1)
    figure.update_yaxes(tickvals=np.arange(len(tokens))[::step], ticktext=tokens[::step], row=2, col=1)
    figure.update_yaxes(**AXIS)
    figure.update_xaxes(showgrid=False, showticklabels=False)
    figure.update_annotations(font={"size": 12, "color": PALETTES[theme].quiet})
    figure.update_layout(
        template=template(theme), margin={"l": 12 + pixels(tokens, 13), "r": 12, "t": 70, "b": 12},
        uirevision="products", title=over(title),
    )  # fmt: skip
    return figure
