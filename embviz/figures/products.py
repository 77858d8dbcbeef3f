"""One query of a head against all keys, down to the dimensions."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from embviz.attention.products import Products
from embviz.figures.attention.titles import AXIS, brief, in_lines, over, pixels
from embviz.figures.theme import PALETTES, colorscale, plain, template

_LONGEST = 16  # letters of a token at a side
_NAMED = 64  # keys up to which all are named
_NARROW = 48  # letters across: on a page that holds fewer, scores and weights need a larger share
_SHARES = [0.4, 0.4, 0.1, 0.1], [0.34, 0.34, 0.16, 0.16]
_LETTERS = 1.6  # of what stands over a part, to a column of its share
_HIGH = 240  # pixels that all keys have beside each other, about


def products_figure(
    products: Products,
    token: int,
    title: str,
    theme: str = "light",
    names: tuple[str, str, str, str, str] = ("query", "key", "query × key, by dimension", "score", "weight"),
    columns: int = 96,
) -> go.Figure:
    """Draw a query, every key, their products dimension by dimension, and what comes of these: scores and weights.

    Args:
        products: of one head.
        token: the query's place.
        title: what stands over it.
        theme: "light" or "dark".
        names: what the pictures are called: the query, the keys, the products, their sum, the weights.
        columns: letters that fit across the picture.
    """
    seen = products.attention
    tokens = [plain(brief(each, _LONGEST)) for each in seen.keys]
    shares = _SHARES[columns < _NARROW]
    figure = make_subplots(
        2, 4, column_widths=shares, row_heights=[0.1, 0.9], horizontal_spacing=0.015, vertical_spacing=0.1,
        shared_yaxes=True, specs=[[{}, None, None, None], [{}, {}, {}, {}]],
        subplot_titles=[f"{names[0]}: {brief(seen.tokens[token], _LONGEST)}", *names[1:]],
    )  # fmt: skip
    titles = figure.layout.annotations
    for at, (values, row, column, scale) in enumerate(_parts(products, token, theme)):
        most = float(np.nanmax(np.abs(values), initial=0)) or 1.0
        low = 0.0 if column == 4 else -most
        darkest = f"{'≤' if column == 4 else '±'}{most:.2g}"
        titles[at].text = in_lines(f"{titles[at].text} {darkest}", _LETTERS * shares[column - 1] * columns)
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
    figure.update_yaxes(ticks="", **AXIS)
    figure.update_yaxes(
        tickvals=np.arange(len(tokens))[::step], ticktext=tokens[::step], ticks="outside",
        tickfont={"size": max(8, min(13, round(_HIGH / len(tokens))))}, row=2, col=1,
    )  # fmt: skip
    figure.update_xaxes(showgrid=False, showticklabels=False, ticks="")
    figure.update_annotations(font={"size": 10 if columns < _NARROW else 12, "color": PALETTES[theme].quiet})
    first, top = over(title, theme, columns, 32)
    figure.update_layout(
        template=template(theme), margin={"l": 12 + pixels(tokens, 13), "r": 12, "t": top, "b": 12},
        uirevision="products", title=first,
    )  # fmt: skip
    return figure


def _parts(products: Products, token: int, theme: str) -> tuple[tuple[np.ndarray, int, int, Any], ...]:
    """The numbers of each picture, its row and its column, and its colours: the query, the keys, their products by
    dimension, the scores and the weights."""
    each, seen, both = products.of(token), products.attention, colorscale(theme, signed=True)
    scores = each.sum(1) / np.sqrt(each.shape[1])
    weights = np.where(seen.seen[token], seen.weights[0, 0, token], np.nan)
    return (
        (products.queries[token][None], 1, 1, both), (products.keys, 2, 1, both), (each, 2, 2, both),
        (scores[:, None], 2, 3, both), (weights[:, None], 2, 4, colorscale(theme)),
    )  # fmt: skip
