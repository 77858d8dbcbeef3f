"""The lines that draw the picture of attention in a notebook: as copied from the page, and as run by the tests."""

from __future__ import annotations

from typing import Any

from embviz.apps.explorer.attention import compared, inside
from embviz.apps.explorer.attention.asked import asked, kind_of
from embviz.apps.explorer.attention.changed import changes_of
from embviz.apps.explorer.attention.drawing import compares
from embviz.apps.explorer.attention.looking import heads_of, look, options, reading, rows_of
from embviz.apps.explorer.attention.measured import asked_of_flow, place_of
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.selection import Selection

_FUNCTIONS = {"norms": "value_norms", "gradient": "gradients", "rollout": "rollout", "flow": "flow"}


def as_python(library: Library, selection: Selection, theme: str, language: str, columns: int) -> str:
    """The lines. They end in width=None, height=None, in whose place the page puts what it shows
    (assets/attention.js).
    """
    end = "figure.update_layout(width=None, height=None)\n"
    if selection.show in inside.SHOWS:
        return inside.as_python(library, selection, theme, language, columns) + end
    if compares(selection):
        return _beside(library, selection, theme, language, columns) + end
    show, heads = selection.show or "heatmap", heads_of(selection)
    read = _read(library, selection)
    layer, head = heads[0][0], 0 if selection.measure in ("rollout", "flow") else heads[0][1]
    drawn = {
        "show": show, **({"heads": heads} if show == "lines" else {"layer": layer, "head": head}),
        **options(selection), **({"theme": theme} if theme != "light" else {}),
        **({"language": language} if language != "en" else {}), "columns": columns,
    }  # fmt: skip
    function = _FUNCTIONS.get(selection.measure or "")
    needs = [*(["read"] if read else []), *([function] if function else [])]
    imports = f"from embviz.attention import {', '.join(sorted(needs))}\n" if needs else ""
    reads = f"seen = read(seen{read})\n" if read else ""
    return (
        f"{imports}import embviz as ev\n\n{opened(library, selection)}"
        f"seen = {_seen(library, selection)}\n{reads}figure = ev.figure(seen{told(drawn)})\n{end}"
    )


def opened(library: Library, selection: Selection, name: str = "run") -> str:
    """The line that opens the run."""
    return f"{name} = ev.open_run({str(library.open(selection.model).path.resolve())!r})\n"


def told(options: dict[str, Any]) -> str:
    """Arguments as they are written, those left out that are None."""
    return "".join(f", {name}={value!r}" for name, value in options.items() if value is not None)


def _seen(library: Library, selection: Selection, run: str = "run", changes: str = "") -> str:
    """The call that gives the record."""
    model, sentence, target = asked(library, selection)
    kind = kind_of(model, selection) if len(model.shape.kinds) > 1 else None
    more: dict[str, Any] = {}
    if selection.measure == "gradient":
        more = {"place": place_of(library, selection)}
    if selection.measure == "flow":
        more = {"tokens": asked_of_flow(library, selection), "layer": selection.layer}
    function = _FUNCTIONS.get(selection.measure or "", "ev.attend")
    return f"{function}({run}.model, {sentence!r}{told({'target': target, 'kind': kind, **more})}{changes})"


def _beside(library: Library, selection: Selection, theme: str, language: str, columns: int) -> str:
    """Two heads and their difference."""
    other = compared.other(selection)
    changes = changes_of(selection, kind_of(library.open(selection.model).model, selection) or "")
    function = _FUNCTIONS.get(selection.measure or "")
    reads = [_read(library, each) for each in (selection, other)]
    needs = [*(["read"] if any(reads) else []), *([function] if function else [])]
    imports = f"from embviz.attention import {', '.join(sorted(needs))}\n" if needs else ""
    head = 0 if selection.measure in ("rollout", "flow") else None
    second = opened(library, other, "second") if other.model != selection.model else "second = run\n"
    ends = [(each.layer, each.head if head is None else head) for each in (selection, other)]
    one = _seen(library, selection)
    two = _seen(library, other, "second", f", changes={changes!r}" if changes else "")
    return (
        f"{imports}from embviz.figures.comparison import comparison_figure\n"
        f"{'from embviz.models.changes import Changes' + chr(10) if changes else ''}import embviz as ev\n\n"
        f"{opened(library, selection)}{second}"
        f"one = {f'read({one}{reads[0]})' if reads[0] else one}\n"
        f"other = {f'read({two}{reads[1]})' if reads[1] else two}\n"
        f"figure = comparison_figure(one, other, {ends[0]}, {ends[1]}"
        f"{told(compared.told(library, selection, theme, language, columns))})\n"
    )


def _read(library: Library, selection: Selection) -> str:
    """The arguments by which a record is read."""
    return told(
        {**reading(library, selection), "rows": rows_of(look(library, selection.but(direction=None)), selection)}
    )
