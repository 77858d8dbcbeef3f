"""Words of any letters, written and read again: nothing is lost, split or joined."""

from __future__ import annotations

import re

import numpy as np
import pytest
from test_formats import check, lines, read, records

pytest.importorskip("hypothesis")
from hypothesis import given, settings
from hypothesis import strategies as st


def whole(word: str) -> bool:
    """Whether a word can stand in a line: it ends in no gap, and its last part is not like one number more."""
    parts = re.split("[ \t]", word)
    return parts[-1] != "" and not any(part[:1] in "+-.0123456789" for part in parts[1:])


_WORD = st.text(st.characters(codec="utf-8", exclude_characters="\n\ufeff"), min_size=1, max_size=12).filter(whole)
_FLOAT = st.floats(width=32, allow_nan=False, allow_infinity=False)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), dims=st.integers(2, 5))
def test_any_words_round_trip(tmp_path_factory, data, dims):
    words = data.draw(st.lists(_WORD, min_size=1, max_size=8, unique=True))
    vectors = np.array([[data.draw(_FLOAT) for _ in range(dims)] for _ in words], np.float32)
    folder = tmp_path_factory.mktemp("v")
    check(read(folder, f"{len(words)} {dims}\n" + lines(words, vectors)), words, vectors)
    words = list(dict.fromkeys(word.replace(" ", "_") for word in words))
    check(read(folder, records(words, vectors[: len(words)])), words, vectors[: len(words)])
