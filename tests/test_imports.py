"""Which way imports point, and what a quick start must not load.

From low to high; a module imports only from rooms below its own, and from its own room:

    errors
    progress
    text
    space, drafts, arrays, steps
    models, search
    generation
    train, projection, similarity, clusters, columns, attention, labelling, formats, corpora
                                                                    siblings, which do not import each other
    trails
    figures, runs                                                   siblings likewise
    cuts, heads, making, pretrained, stages                         siblings likewise
    workers
    apps
    cli                                                             `serve` starts the explorer
    embviz itself                                                   the notebook's names, each taken where it lives

Imports in functions and under TYPE_CHECKING count: the direction is about what a reader has to know. Each heavy
library has its homes, and outside of `apps` and the modules that are reached only when it is needed, it is imported
in the function that needs it.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = [
    {"errors"},
    {"progress"},
    {"text"},
    {"space", "drafts", "arrays", "steps"},
    {"models", "search"},
    {"generation"},
    {"train", "projection", "similarity", "clusters", "columns", "attention", "labelling", "formats", "corpora"},
    {"trails"},
    {"figures", "runs"},
    {"cuts", "heads", "making", "pretrained", "stages"},
    {"workers"},
    {"apps"},
    {"cli"},
    {"", "__main__"},
]
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}
HOMES = {
    "dash": {"apps"},
    "dash_mantine_components": {"apps"},
    "waitress": {"apps", "cli"},
    "plotly": {"figures", "apps"},
    "torch": {"models", "train", "attention", "generation", "labelling"},
    "gensim": {"train", "formats", "corpora"},
    "numba": {"search", "projection"},
    "scipy": {"projection", "attention"},
    "sklearn": {"projection", "clusters"},
    "openTSNE": {"projection"},
    "umap": {"projection"},
    "pooch": {"corpora"},
    "rjieba": {"text"},
    "tokenizers": {"models", "train"},
    "transformers": {"models"},
    "ray": {"workers"},
    "typer": {"cli"},
    "rich": {"cli"},
}
AT_ONCE = {"dash", "dash_mantine_components", "plotly", "typer", "rich"}
"""Libraries that all of a home stands on; the rooms themselves are imported late."""

LATE = {
    "embviz.models.transformer",
    "embviz.models.blocks",
    "embviz.models.positions",
    "embviz.models.pretrained",
    "embviz.models.untrained",
    "embviz.models.embedded",
    "embviz.models.recurrent",
    "embviz.models.aligned",
    "embviz.models.convolution",
    "embviz.models.architectures",
    "embviz.models.export",
    "embviz.models.watching",
    "embviz.models.tapped",
    "embviz.models.head",
    "embviz.train.examples",
    "embviz.train.labelling",
    "embviz.train.loop",
    "embviz.train.batches",
    "embviz.train.checkpoints",
    "embviz.train.devices",
    "embviz.train.helping",
    "embviz.train.learning",
    "embviz.train.processes",
    "embviz.train.sharing",
    "embviz.search.nearest",
    "embviz.projection.affinity",
    "embviz.projection.field",
    "embviz.projection.descent",
    "embviz.projection.settling",
    "embviz.projection.watched",
}
"""Modules that import torch or numba at their top, and are themselves imported in functions."""


def modules() -> dict[str, ast.Module]:
    found = {}
    for folder, package in (("embviz", "embviz"), ("apps", "embviz.apps"), ("corpora", "embviz.corpora")):
        for path in sorted((ROOT / folder).rglob("*.py")):
            inside = [part for part in path.relative_to(ROOT / folder).with_suffix("").parts if part != "__init__"]
            found[".".join([package, *inside])] = ast.parse(path.read_text(encoding="utf-8"))
    return found


MODULES = modules()


def imported(node: ast.AST, known: set[str] | frozenset[str] = frozenset()) -> Iterator[str]:
    """The modules of one import statement; `from embviz import runs` is embviz.runs where that is known."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert not node.level, f"line {node.lineno}: a relative import"
        inner = [f"{node.module}.{alias.name}" for alias in node.names]
        yield from (name if name in known else str(node.module) for name in inner)


def everywhere(tree: ast.AST) -> set[str]:
    return {name for node in ast.walk(tree) for name in imported(node, set(MODULES))}


def at_the_top(node: ast.AST) -> set[str]:
    """What is imported when the module is: not in a function, not for the types alone."""
    found = set(imported(node, set(MODULES)))
    for child in ast.iter_child_nodes(node):
        typing = isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING")
        if not typing and not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            found |= at_the_top(child)
    return found


def room(module: str) -> str:
    return [*module.split("."), ""][1]


def wrong_ways(trees: dict[str, ast.Module]) -> list[str]:
    return [
        f"{module} imports {name}"
        for module, tree in trees.items()
        for name in sorted(everywhere(tree))
        if name.split(".")[0] == "embviz" and room(name) != room(module) and LEVEL[room(name)] >= LEVEL[room(module)]
    ]


def homeless(trees: dict[str, ast.Module]) -> list[str]:
    return [
        f"{module} imports {name}"
        for module, tree in trees.items()
        for name in sorted(everywhere(tree))
        if room(module) not in HOMES.get(name.split(".")[0], {room(module)})
    ]


def too_early(trees: dict[str, ast.Module]) -> list[str]:
    heavy = set(HOMES) - AT_ONCE
    return [
        f"{module} imports {name}"
        for module, tree in trees.items()
        for name in sorted(at_the_top(tree))
        if module not in LATE and (name in LATE or name.split(".")[0] in heavy)
    ]


def test_every_module_has_a_room() -> None:
    assert len(MODULES) > 40
    assert {room(module) for module in MODULES} <= set(LEVEL)


def test_imports_point_down() -> None:
    assert wrong_ways(MODULES) == []


def test_heavy_libraries_stay_at_home() -> None:
    assert homeless(MODULES) == []


def test_heavy_libraries_come_late() -> None:
    assert too_early(MODULES) == []


@pytest.mark.parametrize(
    ("check", "module", "source"),
    [
        (wrong_ways, "embviz.space", "from embviz.similarity import near"),
        (wrong_ways, "embviz.space", "def f():\n    from embviz import runs"),
        (wrong_ways, "embviz.projection", "import embviz.similarity"),
        (wrong_ways, "embviz.text.corpus", "from embviz.space import Space"),
        (wrong_ways, "embviz.runs", "from embviz.figures.theme import plain"),
        (wrong_ways, "embviz.runs", "from embviz import open_run"),
        (homeless, "embviz.space", "def f():\n    import torch.nn"),
        (homeless, "embviz.runs", "from plotly import graph_objects"),
        (too_early, "embviz.projection", "from umap import UMAP"),
        (too_early, "embviz.attention", "try:\n    import torch\nexcept ImportError:\n    pass"),
        (too_early, "embviz.runs", "class A:\n    from embviz.models.transformer import Transformer"),
    ],
)
def test_the_checks_can_fail(check, module: str, source: str) -> None:
    assert len(check({module: ast.parse(source)})) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("embviz.similarity", "from embviz import search"),
        ("embviz.attention", "def f():\n    import torch"),
        ("embviz.train.loop", "import torch"),
        ("embviz.attention", "if TYPE_CHECKING:\n    import torch"),
        ("embviz.apps.explorer.map", "import dash"),
    ],
)
def test_the_checks_can_pass(module: str, source: str) -> None:
    tree = {module: ast.parse(source)}
    assert wrong_ways(tree) + homeless(tree) + too_early(tree) == []


def loaded(*arguments: str) -> set[str]:
    """The names at the top of every module that a fresh Python has imported."""
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments], capture_output=True, text=True, check=True, cwd=ROOT
    )
    lines = [line for line in ended.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


def test_import_embviz_loads_nothing() -> None:
    heavy = {*HOMES, "numpy", "pyarrow", "numba", "scipy", "regex"}
    found = loaded("-c", "import embviz")
    assert "embviz" in found and not heavy & found


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["train", "word2vec", "--help"], ["--version"]])
def test_help_loads_what_it_prints_with_and_no_more(arguments: list[str]) -> None:
    found = loaded("-m", "embviz", *arguments)
    assert "typer" in found
    assert not {*HOMES, "numpy", "pyarrow", "numba", "scipy", "regex"} & found - {"typer", "rich"}


@pytest.mark.parametrize(
    ("module", "light"),
    [
        ("embviz.runs", {"torch", "gensim", "numba", "dash", "plotly", "sklearn", "openTSNE", "umap", "tokenizers"}),
        ("embviz.similarity", {"torch", "gensim", "numba", "dash", "plotly", "sklearn", "scipy"}),
        ("embviz.projection", {"torch", "gensim", "numba", "dash", "plotly", "sklearn", "scipy"}),
        ("embviz.projection.faithfulness", {"torch", "gensim", "numba", "dash", "plotly", "sklearn", "scipy"}),
        ("embviz.clusters", {"torch", "gensim", "numba", "dash", "plotly", "sklearn", "scipy"}),
        ("embviz.models", {"torch", "gensim", "numba", "dash", "plotly", "sklearn", "tokenizers"}),
        ("embviz.attention", {"torch", "gensim", "numba", "dash", "plotly", "sklearn", "tokenizers"}),
        ("embviz.figures", {"torch", "gensim", "numba", "dash", "sklearn"}),
        ("embviz.corpora", {"torch", "gensim", "numba", "dash", "plotly", "sklearn", "pooch", "numpy"}),
        ("embviz.apps.explorer", {"torch", "gensim", "numba", "sklearn", "openTSNE", "umap"}),
    ],
)
def test_rooms_load_no_more_than_they_need(module: str, light: set[str]) -> None:
    assert not light & loaded("-c", f"import {module}")
