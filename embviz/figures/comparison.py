"""Two heads side by side, and what the one has more than the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from embviz.attention import Attention
from embviz.figures.attention.heatmap import row_frame
from embviz.figures.attention.numbers import darkest, digits, most, rounded, scaled, shown
from embviz.figures.attention.titles import (
    AXIS,
    above_axis,
    beside_axis,
    brief,
    done,
    heading,
    of_head,
    pixels,
    say,
    sides,
    slanted,
)
from embviz.figures.theme import colorscale, plain, template

_LONGEST = 16  # letters of a token at a side: three pictures share the width
_NAMED = 48  # tokens up to which all are named
_NARROW = 48  # letters across: on a page that holds fewer the pictures stand under each other
_LETTER = 10  # pixels that a letter across stands for
_NAME = 34  # pixels that what an axis is called takes, or what stands over a picture
_KEYS = 18  # pixels that what the keys are called takes
_BAR = 60  # pixels that the scale of colours takes

Look = dict[str, Any]


def comparison_figure(
    left: Attention,
    right: Attention,
    left_head: tuple[int, int],
    right_head: tuple[int, int],
    other: str | None = None,
    theme: str = "light",
    language: str = "en",
    scale: str = "head",
    chosen: Sequence[int] = (),
    columns: int = 96,
) -> go.Figure:
    """Draw one head, another, and the signed difference where both are of as many tokens.

    Args:
        left: a record.
        right: another; of another sentence, model, or with changed heads.
        left_head: layer and head of the left one.
        right_head: of the right one.
        other: what the second is, as its title says it; by default its head.
        theme: "light" or "dark".
        language: "en" or "zh", of the titles and the axes.
        scale: what is darkest in both: "one", the weight 1; "row", each row's largest; "head", the largest of the two.
        chosen: rows that are framed.
        columns: how many letters fit across; where few do, the pictures stand under each other.

    Raises:
        EmbvizError: a record does not hold its head, or there is no such scale.
    """
    one, two = shown(left, *left_head), shown(right, *right_head)
    largest = max(most(left, *left_head), most(right, *right_head))
    told = of_head(right, *right_head, language) if other is None else plain(other)
    parts = _parts((left, one), (right, two), told, scale, largest, theme, language)
    ends = "both" if left.measure == "gradient" and scale == "head" else scale
    said = [*done(left, language), say(f"scale {ends}", language, most=f"{largest:.{digits(largest)}f}")]
    title, above = heading(of_head(left, *left_head, language), said, theme, columns, _NAME)
    beside = pixels([plain(brief(token, _LONGEST)) for token in left.tokens], _size(left.tokens))
    places, height = _places(parts, columns)
    below = _below(parts[-1][0]) + 8 + (_KEYS if height is None else 0)
    layout: dict[str, Any] = {
        "template": template(theme), "uirevision": "comparison", "title": title, "shapes": [],
        "annotations": [beside_axis(sides(left, language)[0], beside + 8, theme)],
        "margin": {"l": beside + _NAME, "r": 8, "t": above, "b": below},
        **({} if height is None else {"height": above + height}),
    }  # fmt: skip
    traces = []
    for at, ((seen, trace, name), place) in enumerate(zip(parts, places, strict=True)):
        repeated = at > 0 and columns >= _NARROW and seen.tokens == left.tokens
        axes = {"xaxis": f"x{at + 1 if at else ''}", "yaxis": f"y{at + 1 if at else ''}"}
        if "colorbar" in trace:
            low, high = place["y"]
            trace["colorbar"] |= {"y": (low + high) / 2, "len": 0.6 * (high - low)}
        traces.append(trace | axes)
        layout |= _axes(seen, at, place, named=not repeated)
        layout["annotations"].append(_over(name, axes))
        layout["shapes"] += _frames(seen, chosen, axes, theme)
    if height is None:  # else the name over the next picture stands there
        layout["annotations"].append(above_axis(sides(left, language)[1], _below(left), theme, "bottom"))
    return go.Figure([go.Heatmap(trace) for trace in traces], layout)


def _parts(
    left: tuple[Attention, np.ndarray],
    right: tuple[Attention, np.ndarray],
    told: str,
    scale: str,
    largest: float,
    theme: str,
    language: str,
) -> list[tuple[Attention, Look, str]]:
    """Each picture: whose tokens are at its sides, its heatmap, and what stands over it; the difference last, where
    both are of as many tokens.
    """
    (one, values), (two, others) = left, right
    first = say("first", language) if one.model == two.model else \
        say("first_of", language, what=plain(brief(one.model)))  # fmt: skip
    parts = [
        (one, _pair(values, scale, largest, one.measure, theme), first),
        (two, _pair(others, scale, largest, one.measure, theme), say("second", language, what=told)),
    ]
    if values.shape == others.shape:
        parts.append((two, _difference(others - values, theme), say("less", language)))
    return parts


def _pair(values: np.ndarray, scale: str, largest: float, measure: str, theme: str) -> Look:
    """A heatmap of one of the two, on colours that both have."""
    decimals, signed, top = digits(largest), measure == "gradient", darkest(scale, largest)
    z = scaled(values, scale, largest) if scale == "row" else values
    weight = "customdata" if scale == "row" else "z"
    return {
        "z": rounded(z, 2 if scale == "row" else decimals), "zmin": -top if signed else 0.0, "zmax": top,
        "colorscale": colorscale(theme, signed), "showscale": False, "hoverongaps": False,
        "hovertemplate": f"%{{y}} → %{{x}}: %{{{weight}:.{decimals}f}}<extra></extra>",
        **({"customdata": rounded(values, decimals)} if scale == "row" else {}),
    }  # fmt: skip


def _difference(values: np.ndarray, theme: str) -> Look:
    """A heatmap of what the second has more, in one colour, and less, in another."""
    far = float(np.nanmax(np.abs(values), initial=0)) or 1.0
    return {
        "z": rounded(values, digits(far)), "zmin": -far, "zmax": far, "colorscale": colorscale(theme, signed=True),
        "hoverongaps": False,
        "colorbar": {"thickness": 8, "outlinewidth": 0, "tickfont": {"size": 10}},
        "hovertemplate": f"%{{y}} → %{{x}}: %{{z:+.{digits(far)}f}}<extra></extra>",
    }  # fmt: skip


def _places(parts: Sequence[Any], columns: int) -> tuple[list[dict[str, list[float]]], float | None]:
    """Where each picture stands, as shares of both axes, beside each other or under; and the height if that is set."""
    count, first = len(parts), parts[0][0]
    if columns >= _NARROW:
        gap = 0.07 if first.tokens == parts[1][0].tokens else 0.14  # room for the tokens of the second
        wide = (1 - gap * (count - 1)) / count
        return [{"x": [at * (wide + gap), at * (wide + gap) + wide], "y": [0.0, 1.0]} for at in range(count)], None
    beside = max(pixels(map(brief, seen.tokens), _size(seen.tokens)) for seen, *_ in parts)
    across = max(120.0, columns * _LETTER + 60 - beside - _NAME - _BAR)
    tall = [across * min(3.0, len(seen.tokens) / len(seen.keys)) for seen, *_ in parts]
    gaps = [_below(seen) + _NAME for seen, *_ in parts[:-1]]
    whole = sum(tall) + sum(gaps)
    ends = [1 - (sum(tall[:at]) + sum(gaps[:at])) / whole for at in range(count)]
    places = [{"x": [0.0, 1.0], "y": [max(0.0, end - high / whole), end]} for end, high in zip(ends, tall, strict=True)]
    return places, whole + _below(parts[-1][0]) + 8


def _axes(seen: Attention, at: int, place: dict[str, list[float]], named: bool) -> dict[str, Any]:
    """The tokens below a picture, and beside it where its neighbour has others."""
    number = at + 1 if at else ""
    across, down = _tokens(seen.keys), _tokens(seen.tokens)
    square = {"scaleanchor": f"x{number}"} if len(seen.keys) == len(seen.tokens) else {}
    return {
        f"xaxis{number}": {**across, "tickangle": -60, "side": "bottom", "anchor": f"y{number}", "domain": place["x"]},
        f"yaxis{number}": {**down, "autorange": "reversed", "constraintoward": "top", "anchor": f"x{number}",
                           "showticklabels": named, "ticks": "outside" if named else "",
                           "domain": place["y"], **square},
    }  # fmt: skip


def _tokens(side: Sequence[str]) -> dict[str, Any]:
    """The tokens at a side, every so manieth where there are many."""
    step = max(1, -(-len(side) // _NAMED))
    return {
        "tickvals": list(range(0, len(side), step)), "tickfont": {"size": _size(side)},
        "ticktext": [plain(brief(token, _LONGEST)) for token in side[::step]],
        "showgrid": False, "constrain": "domain", **AXIS,
    }  # fmt: skip


def _over(name: str, axes: dict[str, str]) -> dict[str, Any]:
    """What stands over a picture."""
    return {
        "text": name, "showarrow": False, "font": {"size": 13}, "xref": f"{axes['xaxis']} domain", "x": 0.5,
        "yref": f"{axes['yaxis']} domain", "y": 1, "yanchor": "bottom", "yshift": 6,
    }  # fmt: skip


def _frames(seen: Attention, chosen: Sequence[int], axes: dict[str, str], theme: str) -> list[dict[str, Any]]:
    """A frame around each chosen row of a picture."""
    where = {"xref": axes["xaxis"], "yref": axes["yaxis"]}
    return [{**row_frame(row, len(seen.keys), theme), **where} for row in chosen if 0 <= row < len(seen.tokens)]


def _size(tokens: Sequence[str]) -> int:
    return 11 if len(tokens) <= 24 else 8


def _below(seen: Attention) -> float:
    """Pixels that the tokens below a picture take."""
    return slanted([brief(token, _LONGEST) for token in seen.keys], _size(seen.keys))
