"""What the tests of the explorer share: a reader's page, what a page says, what an address answers."""

from __future__ import annotations

from typing import Any

import dash

from embviz.apps.explorer.map.picture import Page

PAGE = Page("reader", None, "light", "en")


def said(component: Any) -> str:
    """All text of a component tree."""
    if isinstance(component, list | tuple):
        return " ".join(map(said, component))
    if isinstance(component, dash.development.base_component.Component):
        return said(getattr(component, "children", None))
    return "" if component is None else str(component)


def fetch(client: Any, address: str) -> bytes:
    """The body that an address answers with."""
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return answer.data
