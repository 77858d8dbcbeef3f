"""Files in, sentences and words out. Streams, never holds a corpus; knows nothing of models and of the registry."""

from embviz.text.corpus import Corpus
from embviz.text.splitter import sentences
from embviz.text.tokenizer import words

__all__ = ["Corpus", "sentences", "words"]
