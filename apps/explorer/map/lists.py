"""Lists of words that a reader makes on the map: of surrounded words, or of words that were pasted; kept in the run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import dash
import dash_mantine_components as dmc
from dash import Input, Output, State, html, no_update

from embviz.apps.explorer import ids
from embviz.apps.explorer.cards import notice
from embviz.apps.explorer.interface import explain, language, text
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.map.columns import PREFIX
from embviz.apps.explorer.map.shape import Shape
from embviz.apps.explorer.map.sheet import shown_of
from embviz.apps.explorer.map.table import shown_rows
from embviz.apps.explorer.selection import Selection
from embviz.columns import checked_name, word_list
from embviz.errors import EmbvizError

_PARTED = re.compile("[\r\n,，、;；]+")


def connect(app: dash.Dash, library: Library) -> None:
    """Register the callbacks of both forms."""

    @app.callback(
        Output(ids.MAP_LIST_SAID, "children"),
        Output(ids.MAP_KEPT, "data", allow_duplicate=True),
        Input(ids.MAP_LIST_KEEP, "n_clicks"),
        State(ids.MAP_LIST_NAME, "value"),
        State(ids.MAP_SHAPE, "data"),
        State(ids.MAP_ASKED, "data"),
        prevent_initial_call=True,
    )
    def _surrounded(clicks: int | None, name: str | None, shape: Any, search: str) -> tuple[Any, Any]:
        return keep_surrounded(library, Selection.of("/map", search), name, shape, language()) if clicks else _NOTHING

    @app.callback(
        Output(ids.MAP_LIST_SAID, "children", allow_duplicate=True),
        Input(ids.MAP_SHAPE, "data"),
        State(ids.MAP_KEPT, "data"),
        prevent_initial_call=True,
    )
    def _again(shape: Any, kept: Any) -> Any:
        return told_again(shape, kept, language())

    @app.callback(
        Output(ids.MAP_PASTE_SAID, "children"),
        Output(ids.MAP_KEPT, "data"),
        Input(ids.MAP_PASTE_KEEP, "n_clicks"),
        State(ids.MAP_PASTE_NAME, "value"),
        State(ids.MAP_PASTE_WORDS, "value"),
        State(ids.MAP_ASKED, "data"),
        prevent_initial_call=True,
    )
    def _pasted(clicks: int | None, name: str | None, words: str | None, search: str) -> tuple[Any, Any]:
        return keep_pasted(library, Selection.of("/map", search), name, words, language()) if clicks else _NOTHING


_NOTHING = (no_update, no_update)


def keep_surrounded(
    library: Library, selection: Selection, name: str | None, shape: Shape | None, language: str
) -> tuple[Any, Any]:
    """What is said when the words inside a shape are kept as a list, and its name; or why they are not."""
    try:
        run = library.open(selection.run)
        rows = shown_rows(run, shown_of(run, selection), selection, shape)
        kept = _keep(library, selection, name, run.space.words(rows)) | {"shape": shape}
        return _told(kept, language), kept
    except EmbvizError as error:
        return notice(explain(error, language), "red"), no_update


def keep_pasted(
    library: Library, selection: Selection, name: str | None, words: str | None, language: str
) -> tuple[Any, Any]:
    """What is said when words that were pasted, parted by lines or commas, are kept as a list; or why they are not."""
    try:
        kept = _keep(library, selection, name, _PARTED.split(words or ""))
        return _told(kept, language), kept
    except EmbvizError as error:
        return notice(explain(error, language), "red"), no_update


def _keep(library: Library, selection: Selection, name: str | None, words: Iterable[str]) -> dict[str, Any]:
    if not (name or "").strip():
        raise EmbvizError("Type a name for the list.")
    run = library.open(selection.run)
    found = word_list(checked_name(name or ""), words, run.space)
    run.annotate(found.columns)
    return {"name": found.columns[0].name, "here": found.here, "of": found.of}


def told_again(shape: Shape | None, kept: Mapping[str, Any] | None, language: str) -> Any:
    """What was said of a list, while its words are still surrounded: the map tells its shape anew in other colours."""
    return _told(kept, language) if kept and shape and kept.get("shape") == shape else None


def _told(kept: Mapping[str, Any], language: str) -> Any:
    return notice(text("list_kept", language, name=kept["name"], here=kept["here"], of=kept["of"]))


def shown(selection: Selection, kept: Mapping[str, Any]) -> Selection:
    """The selection after a list was kept: the map is coloured by it."""
    return selection.but(color=PREFIX + kept["name"])


def surrounded_form(language: str) -> Any:
    """A name for the surrounded words, and the button that keeps them."""
    return html.Div(
        [
            _name(ids.MAP_LIST_NAME, language),
            dmc.Button(text("keep_list", language), id=ids.MAP_LIST_KEEP, size="xs", variant="default"),
            html.Div(id=ids.MAP_LIST_SAID, role="alert", className="wide"),
        ],
        className="keep",
    )


def pasted_form(language: str) -> Any:
    """Words to paste, their name, and the button that keeps them; folded until it is asked for."""
    label = {"aria-label": text("list_words", language)}
    return html.Details(
        [
            html.Summary(text("paste_list", language), className="quiet"),
            html.Div(id=ids.MAP_PASTE_SAID, role="alert"),
            html.Div(
                [
                    dmc.Textarea(
                        id=ids.MAP_PASTE_WORDS,
                        placeholder=text("list_words", language),
                        minRows=3,
                        maxRows=8,
                        autosize=True,
                        className="wide",
                        **label,
                    ),
                    _name(ids.MAP_PASTE_NAME, language),
                    dmc.Button(text("keep", language), id=ids.MAP_PASTE_KEEP, size="xs", variant="default"),
                ],
                className="keep",
            ),
        ],
        className="paste",
    )


def _name(component: str, language: str) -> Any:
    label = text("list_name", language)
    return dmc.TextInput(id=component, placeholder=label, size="xs", **{"aria-label": label})
