"""The one error that embviz raises on purpose: a sentence for the user.

The message says what was asked, what there is, and what to do. The shell prints it without a
traceback, the explorer shows it in place. Anything else that is raised is a bug.
"""

from typing import Any


class EmbvizError(Exception):
    """What was asked, what there is, what to do: in words that a user can act on.

    Attributes:
        sentence: the message; where the explorer shows it in other languages, with {names} in place of its values.
        values: the values.
    """

    def __init__(self, sentence: str, **values: Any) -> None:
        super().__init__(sentence.format(**values) if values else sentence)
        self.sentence = sentence
        self.values = values
