"""Takes the marks of corpus makers off: part-of-speech tags, and what WikiText did to its tokens."""

import regex

_TAG = regex.compile(r"/[A-Za-z]+(?=[\s\]]|$)")


def untagged(text: str) -> str:
    """Lines of `word/tag` as words apart: `迈向/v  充满/v` is `迈向  充满`."""
    return _TAG.sub("", text)


_HEADING = regex.compile(r"(?m)^ *=.*= *$")
_JOINED = regex.compile(r" @([-,.])@ ")


def unwikitext(text: str) -> str:
    """WikiText without headings, and with `well @-@ known` and `1 @,@ 000` joined again."""
    return _JOINED.sub(r"\1", _HEADING.sub("", text))
