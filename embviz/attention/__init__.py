"""Which tokens look at which? Records of arrays and the tokens that they are between; knows nothing of figures.

Beside the weights, evidence of what they do: value norms, rollout and flow, gradients, predictions without some heads.
"""

from embviz.attention.asking import attend as attend
from embviz.attention.flow import flow as flow
from embviz.attention.gradients import gradients as gradients
from embviz.attention.heads import HeadScores as HeadScores
from embviz.attention.measures import measured as measured
from embviz.attention.norms import value_norms as value_norms
from embviz.attention.predictions import Ablation as Ablation
from embviz.attention.predictions import Lens as Lens
from embviz.attention.predictions import ablate as ablate
from embviz.attention.predictions import lens as lens
from embviz.attention.predictions import predict as predict
from embviz.attention.products import Products as Products
from embviz.attention.products import products as products
from embviz.attention.reading import read as read
from embviz.attention.record import MEASURES as MEASURES
from embviz.attention.record import Attention as Attention
from embviz.attention.record import change as change
from embviz.attention.record import variation as variation
from embviz.attention.rollout import rollout as rollout
from embviz.attention.scoring import head_scores as head_scores
from embviz.attention.states import States as States
from embviz.attention.states import contexts as contexts
from embviz.attention.states import states as states
