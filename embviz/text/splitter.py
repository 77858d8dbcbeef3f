"""Sentences of a text. Knows the marks that end one in many scripts; knows nothing of files and of words.

Rules, no model: a sentence ends at a line break, at 。！？… and their kin, and at . ! ? before white space. The full
stop of an initial (`J. Smith`) ends none; that of an abbreviation (`etc. and`) does, which costs little here.
"""

from collections.abc import Iterator

import regex

LONGEST = 2_000
"""Characters: a longer sentence is cut, at white space or a mark where there is some."""

_CLOSERS = r"""["'”’»」』）】》〉)\]]*"""
_END = regex.compile(
    r"[\n\r\v\f\x85\u2028\u2029]"
    rf"|[。！？…；｡।॥؟۔]+{_CLOSERS}"
    rf"|(?:[!?]|(?<!\b\p{{L}})\.)[.!?]*{_CLOSERS}(?=\s)"
)


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text in order, stripped, none empty, none longer than `LONGEST` characters."""
    start = 0
    for match in _END.finditer(text):
        yield from _bounded(text[start : match.end()].strip())
        start = match.end()
    yield from _bounded(text[start:].strip())


def _bounded(sentence: str) -> Iterator[str]:
    while len(sentence) > LONGEST:
        cut = last_break(sentence, LONGEST)
        yield sentence[:cut].rstrip()
        sentence = sentence[cut:].lstrip()
    if sentence:
        yield sentence


_BREAK_FROM_END = regex.compile(r"(?r)[\s。！？；，、]")


def last_break(text: str, end: int) -> int:
    """Where to cut text[:end]: after its last white space or Chinese mark, or at `end` where there is none."""
    match = _BREAK_FROM_END.search(text, 1, end)
    return match.end() if match else end
