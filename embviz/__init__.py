"""embviz: see what words become inside a model.

The notebook's dozen names; each is loaded when it is first used, so that `import embviz` stays quick.

    import embviz as ev

    run = ev.open_run("runs/wikipedia")
    ev.near(run.space, "king - man + woman")
    ev.figure(run.projection("tsne"))
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from embviz.attention import Attention as Attention
    from embviz.attention import attend as attend
    from embviz.corpora import open_corpus as open_corpus
    from embviz.corpora import open_pairs as open_pairs
    from embviz.cuts import cut as cut
    from embviz.errors import EmbvizError as EmbvizError
    from embviz.figures import figure as figure
    from embviz.generation import fill as fill
    from embviz.generation import generate as generate
    from embviz.making import import_vectors as import_vectors
    from embviz.making import make_run as make_run
    from embviz.pretrained import export_model as export_model
    from embviz.pretrained import import_model as import_model
    from embviz.projection import project as project
    from embviz.runs import list_runs as list_runs
    from embviz.runs import open_run as open_run
    from embviz.similarity import cosine as cosine
    from embviz.similarity import near as near
    from embviz.space import Space as Space
    from embviz.train import AttentionTrainer as AttentionTrainer
    from embviz.train import Word2Vec as Word2Vec

_HOMES = {
    "Attention": "attention",
    "AttentionTrainer": "train",
    "EmbvizError": "errors",
    "Space": "space",
    "Word2Vec": "train",
    "attend": "attention",
    "cosine": "similarity",
    "cut": "cuts",
    "export_model": "pretrained",
    "figure": "figures",
    "fill": "generation",
    "generate": "generation",
    "import_model": "pretrained",
    "import_vectors": "making",
    "list_runs": "runs",
    "make_run": "making",
    "near": "similarity",
    "open_corpus": "corpora",
    "open_pairs": "corpora",
    "open_run": "runs",
    "project": "projection",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'embviz' has no attribute '{name}'")
    return getattr(import_module(f"embviz.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
