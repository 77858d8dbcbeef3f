"""What to train on: the registry of texts, and a user's own. Knows where texts are, not what is done with them."""

from embviz.corpora.fetching import fetch
from embviz.corpora.opening import open_corpus, open_pairs
from embviz.corpora.registry import Entry, entries

__all__ = ["Entry", "entries", "fetch", "open_corpus", "open_pairs"]
