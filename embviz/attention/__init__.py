"""Which tokens look at which? Records of arrays and the tokens that they are between; knows nothing of figures."""

from embviz.attention.asking import attend as attend
from embviz.attention.reading import read as read
from embviz.attention.record import Attention as Attention
from embviz.attention.record import change as change
