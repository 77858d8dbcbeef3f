"""How long work says how far it is. Knows nothing of who is listening: a terminal, a page, or nobody."""

from collections.abc import Callable

Report = Callable[[str, float, str], None]
"""report(stage, done, note): a stage's name, the share of it that is done (0 to 1), and a few words
such as the loss. Called often; the listener decides how often to show it. To cancel, the listener
raises KeyboardInterrupt from it, as Ctrl-C does."""


def silent(stage: str, done: float, note: str = "") -> None:
    """The listener that shows nothing."""
