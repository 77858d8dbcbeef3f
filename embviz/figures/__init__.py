"""Records in, Plotly figures out. `figure` draws any record; each module draws one kind, with its own options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embviz.attention import Attention, HeadScores
from embviz.errors import EmbvizError
from embviz.projection import Projection
from embviz.similarity import Neighbors

if TYPE_CHECKING:
    import plotly.graph_objects as go


def figure(record: Projection | Neighbors | Attention | HeadScores, theme: str = "light", **options: Any) -> go.Figure:
    """Draw a record: a map, nearest words, one head if the record holds one, else all heads; the kinds of all heads.

    Args:
        record: what `project`, `near`, `attend` or `head_scores` gave, or `Attention.of(array, tokens)`.
        theme: "light" or "dark".
        options: of `projection_figure`, `neighbors_figure` or `heads_figure`. Of attention: `show`, one of "heatmap",
            "lines", "text" and "overview"; `layer` and `head`, or for lines `heads`, which choose among several; and
            those of `head_figure`, `lines_figure`, `text_figure` or `overview_figure`.

    Raises:
        TypeError: the record is none of these.
        EmbvizError: there is no such head, or no such picture.
    """
    if isinstance(record, Projection):
        from embviz.figures.projection import projection_figure

        return projection_figure(record, theme=theme, **options)
    if isinstance(record, Neighbors):
        from embviz.figures.similarity import neighbors_figure

        return neighbors_figure(record, theme=theme, **options)
    if isinstance(record, Attention):
        return _of_attention(record, theme, **options)
    if isinstance(record, HeadScores):
        from embviz.figures.heads import heads_figure

        return heads_figure(record, theme=theme, **options)
    raise TypeError(f"A figure is drawn from a Projection, Neighbors, Attention or HeadScores, not from a "
                    f"{type(record).__name__}.")  # fmt: skip


def _of_attention(
    record: Attention, theme: str, show: str | None = None, layer: int | None = None, head: int | None = None,
    **options: Any,
) -> go.Figure:  # fmt: skip
    """One head if one is named or there is only one, else all."""
    from embviz.figures.attention import head_figure, lines_figure, overview_figure, text_figure

    one = len(record.layers) == len(record.heads) == 1
    named = one or (layer is not None and head is not None)
    if show == "overview" or (show is None and not named):
        return overview_figure(record, theme=theme, **options)
    first = record.layers[0] if layer is None else layer, record.heads[0] if head is None else head
    if show == "lines":
        return lines_figure(record, options.pop("heads", None) or [first], theme=theme, **options)
    if show not in (None, "heatmap", "text"):
        raise EmbvizError(f"'{show}' was asked for: there are heatmap, lines, text and overview.")
    return (text_figure if show == "text" else head_figure)(record, *first, theme=theme, **options)
