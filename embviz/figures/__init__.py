"""Records in, Plotly figures out. `figure` draws any record; each module draws one kind, with its own options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embviz.attention import Attention, HeadScores
from embviz.projection import Projection
from embviz.similarity import Neighbors

if TYPE_CHECKING:
    import plotly.graph_objects as go


def figure(record: Projection | Neighbors | Attention | HeadScores, theme: str = "light", **options: Any) -> go.Figure:
    """Draw a record: a map, nearest words, one head if the record holds one, else all heads; the kinds of all heads.

    Args:
        record: what `project`, `near`, `attend` or `head_scores` gave.
        theme: "light" or "dark".
        options: of `projection_figure`, `neighbors_figure`, `head_figure`, `overview_figure` or `heads_figure`; for a
            record of all heads, `layer` and `head` choose one.

    Raises:
        TypeError: the record is none of these.
    """
    if isinstance(record, Projection):
        from embviz.figures.projection import projection_figure

        return projection_figure(record, theme=theme, **options)
    if isinstance(record, Neighbors):
        from embviz.figures.similarity import neighbors_figure

        return neighbors_figure(record, theme=theme, **options)
    if isinstance(record, Attention):
        from embviz.figures.attention import head_figure, overview_figure

        if "layer" in options and "head" in options:
            return head_figure(record, theme=theme, **options)
        if len(record.layers) == len(record.heads) == 1:
            return head_figure(record, record.layers[0], record.heads[0], theme=theme, **options)
        return overview_figure(record, theme=theme, **options)
    if isinstance(record, HeadScores):
        from embviz.figures.heads import heads_figure

        return heads_figure(record, theme=theme, **options)
    raise TypeError(f"A figure is drawn from a Projection, Neighbors, Attention or HeadScores, not from a "
                    f"{type(record).__name__}.")  # fmt: skip
