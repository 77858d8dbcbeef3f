"""Answers made smaller on their way: figures are text full of digits, of which gzip takes most away."""

from __future__ import annotations

import gzip

import dash
from flask import Response, request

_LEAST = 2_000  # bytes; smaller answers gain nothing
_LEVEL = 6


def connect(app: dash.Dash) -> None:
    """Squeeze JSON for browsers that say they can take it."""

    @app.server.after_request
    def _squeezed(answer: Response) -> Response:
        wanted = answer.mimetype == "application/json" and "gzip" in request.headers.get("Accept-Encoding", "")
        if not wanted or answer.direct_passthrough or "Content-Encoding" in answer.headers:
            return answer
        body = answer.get_data()
        if len(body) >= _LEAST:
            answer.set_data(gzip.compress(body, _LEVEL))
            answer.headers["Content-Encoding"] = "gzip"
            answer.vary.add("Accept-Encoding")
        return answer
