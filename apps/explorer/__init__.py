"""The explorer: a Dash app over a folder of runs. `create_app` makes as many as one likes in one process.

The URL is the state (`selection.py`); each view is one module that lays itself out and connects its callbacks to pure
functions; every word of the interface stands in `interface.py`, every id in `ids.py`.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path

import dash
from flask import redirect

from embviz.apps.explorer import attention, compressed, frame, map, training, words
from embviz.apps.explorer.examples import sentence_for
from embviz.apps.explorer.interface import language
from embviz.apps.explorer.jobs import Jobs
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.selection import VIEWS, Selection
from embviz.errors import EmbvizError

_log = logging.getLogger(__name__)


def create_app(runs: Path | str) -> dash.Dash:
    """The explorer of a folder of runs.

    Args:
        runs: the folder; runs that appear in it later are shown too.

    Returns:
        an app that shares nothing with another one, and of which many readers can share the server.
    """
    library, jobs, trainings = Library(runs), Jobs(), training.Trainings(runs)
    app = dash.Dash(
        __name__,
        title="embviz",
        update_title="",
        serve_locally=True,
        suppress_callback_exceptions=True,  # a view's parts are on the page only while the view is shown
        add_log_handler=False,
        on_error=frame.on_error,
    )
    views = {
        "map": map.layout,
        "words": words.layout,
        "attention": attention.layout,
        "training": lambda language: training.layout(trainings.runs, language),
    }
    app.layout = lambda: frame.layout(views)
    frame.connect(app, library)
    map.connect(app, library, jobs)
    words.connect(app, library)
    attention.connect(app, library, jobs)
    training.connect(app, trainings)
    compressed.connect(app)

    @app.server.before_request
    def _home():  # type: ignore[no-untyped-def]
        from flask import request

        asked = Selection.of(request.path, request.query_string.decode("utf-8", "replace"))
        if request.path == "/":
            return redirect(home(library, language()).url)
        whole = with_defaults(library, asked) if lacks_run(asked, request.path) else asked
        return redirect(whole.url) if whole != asked else None

    return app


def lacks_run(selection: Selection, path: str) -> bool:
    """Whether a view's own address names nothing to look at."""
    if path.strip("/") not in VIEWS or selection.view == "training":
        return False
    return not (selection.model if selection.view == "attention" else selection.run)


def with_defaults(library: Library, selection: Selection) -> Selection:
    """The selection with the run and the model that a reader sees first, where it names none; of a run that has
    attention that one.
    """
    first = home(library, language())
    with suppress(EmbvizError):
        if library.open(selection.run).has_attention:
            first = first.but(model=selection.run)
    return selection.but(run=selection.run or first.run, model=selection.model or first.model)


def home(library: Library, language: str) -> Selection:
    """What a reader sees first: the map of the newest word vectors, by the best method that is computed already; where
    there is no run, how to train one.
    """
    run, model = library.default_run(), library.default_model()
    selection = Selection(run=run, model=model, sentence=sentence_for(library.open(model) if model else None, language))
    return selection.but(method=map.ready_method(library, run)) if run else selection.but(view="training")
