"""Trainers: a corpus in, a Space or an AttentionModel out; or labelled data and such a model in, a LabelledModel out.

A trainer is a frozen dataclass. Its fields are the hyperparameters, the Python keywords, the shell's options and
what `meta.json` records; each field's help is a line of its metadata. Importing this loads no heavy library.
"""

from embviz.train.attention import AttentionTrainer
from embviz.train.finetuning import Classifier, Tagger
from embviz.train.word2vec import Word2Vec

TRAINERS = {"word2vec": Word2Vec, "attention": AttentionTrainer}
FINE_TUNERS: dict[str, type[Classifier] | type[Tagger]] = {"classifier": Classifier, "tagger": Tagger}

__all__ = ["FINE_TUNERS", "TRAINERS", "AttentionTrainer", "Classifier", "Tagger", "Word2Vec"]
