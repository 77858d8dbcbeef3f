"""Attention models: a tokenizer and the weights of a small transformer, loaded from a run and saved to one.

Importing this loads no torch: it comes with the first model that is made or opened.
"""

from embviz.models.model import PRETRAINED, AttentionModel
from embviz.models.shape import FAMILIES, KINDS, Shape
from embviz.models.tokens import Tokens

__all__ = ["FAMILIES", "KINDS", "PRETRAINED", "AttentionModel", "Shape", "Tokens"]
