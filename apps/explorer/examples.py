"""What there is to begin with, to click or to change, in both languages."""

from __future__ import annotations

from embviz.corpora import entries
from embviz.runs import Run

EXAMPLES: dict[str, dict[str, tuple]] = {
    "axes": {
        "en": (
            ("man <-> woman", "poor <-> rich"),
            ("past <-> future", "small <-> large"),
            ("he <-> she", "bad <-> good"),
        ),
        "zh": (("农村 <-> 城市", "小 <-> 大"), ("男 <-> 女", "穷 <-> 富"), ("过去 <-> 未来", "坏 <-> 好")),
    },
    "begin": {"en": ("The",), "zh": ("中国",)},
    "words": {"en": ("river", "music", "king - man + woman"), "zh": ("经济", "北京", "巴黎 - 法国 + 日本")},
    "sentence": {
        "en": ("The king of the country lived in a city, and the queen lived in the king's city.",),
        "zh": ("中国的经济发展很快，人民的生活也越来越好。",),
    },
}


def sentence_for(run: Run | None, language: str) -> str:
    """A sentence to begin with: for a model of a text of the registry ours, in that text's language; for another one
    that stands in the text that it learned from, where the run has kept some.
    """
    learned = (run.meta.get("corpus") or {}).get("name", "") if run else ""
    ours = {entry.name: entry.language for entry in entries()}
    own = run.examples if run and learned not in ours else []
    return own[0] if own else EXAMPLES["sentence"][ours.get(learned, language)][0]
