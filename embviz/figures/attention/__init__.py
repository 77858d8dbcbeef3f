"""Attention as pictures: one head as a heatmap, all heads as one image, lines between tokens, the text in colours."""

from embviz.figures.attention.heatmap import head_figure as head_figure
from embviz.figures.attention.lines import lines_figure as lines_figure
from embviz.figures.attention.overview import frames as frames
from embviz.figures.attention.overview import overview as overview
from embviz.figures.attention.overview import overview_figure as overview_figure
from embviz.figures.attention.overview import overview_tile as overview_tile
from embviz.figures.attention.text import text_figure as text_figure
