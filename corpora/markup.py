"""Takes the markup of MediaWiki off a page. Leans on gensim's `filter_wiki`, before and after which it cleans up.

gensim keeps the cells of tables, galleries, the captions of pictures, headings, list marks, quotes that stand for
italics, and what is left of a bracket whose template is gone. Here all of that goes, in any language.
"""

from collections.abc import Callable

import regex

_Rules = list[tuple[regex.Pattern[str], str | Callable[[regex.Match[str]], str]]]
_PICTURES = r"(?:jpe?g|png|svg|gif|tiff?|webp|xcf|djvu|pdf|ogg|oga|ogv|webm|mp3|wav)"

_IS_PICTURE: regex.Pattern[str] = regex.compile(rf"(?i)\[\[[^\[\]|:]+:[^\[\]|]+\.{_PICTURES}\s*(?:\||\]\])")

_BEFORE: _Rules = [
    (regex.compile(r"(?s)<!--.*?-->"), ""),
    (regex.compile(r"(?is)<(gallery|timeline|imagemap|score|syntaxhighlight|source|pre)\b[^<>]*(?<!/)>.*?</\1>"), ""),
    (regex.compile(r"(?m)^[ :*#]*(\{\|(?:[^\n]*\n)(?:(?!\s*(?:\{\||\|\}))[^\n]*\n|\s*(?1))*+\s*\|\})"), ""),  # tables
    (
        regex.compile(r"(\[\[(?P<any>(?:[^\[\]]|\[(?!\[)|\](?!\])|\[\[(?P>any)\]\])*+)\]\])"),
        lambda match: "" if _IS_PICTURE.match(match[0]) else match[0],
    ),
    (regex.compile(r"(?m)^\s*(?:\[\[[^\[\]|]+:[^\[\]]*\]\]\s*)+$"), ""),  # categories and other languages
    (regex.compile(r"-\{(?:[^{}|]*\|)?([^{}]*)\}-"), lambda match: _variant(match[1])),
]

_AFTER: _Rules = [
    (regex.compile(r"'{2,}"), ""),
    (regex.compile(r"(?m)^ *=.*=[ \t]*$"), ""),  # headings
    (regex.compile(r"(?m)^[*#:;,， \t\xa0]+"), ""),
    (regex.compile(r"(?m)^.*\|.*$"), ""),  # what is left of pictures and tables
    (regex.compile(r"__\w+?__"), ""),
    (regex.compile(r"https?://\S+"), ""),
    (regex.compile(r"(?<=[(（])[\s,;:，；：、/]+|[\s,;:，；、/]+(?=[)）])"), ""),
    (regex.compile(r"\(\)|（）|\[\]"), ""),
    (regex.compile(r"[ \t\xa0]+(?=[,;.，。；、](?:\s|$))|(?<=[,;，；、])[ \t]*[,;，；、](?=\s)"), ""),
    (regex.compile(r"[ \t]{2,}"), " "),
    (regex.compile(r"(?m)^[^\p{L}\p{N}]+$\n?|\n{2,}"), "\n"),
]


def plain(wikitext: str) -> str:
    """The prose of a page, one paragraph or list item a line, with a line break at the end."""
    from gensim.corpora.wikicorpus import filter_wiki  # takes 1.5 s: only where there is a dump

    for pattern, instead in _BEFORE:
        wikitext = pattern.sub(instead, wikitext)
    text = filter_wiki(wikitext)
    for pattern, instead in _AFTER:
        text = pattern.sub(instead, text)
    return text.strip() + "\n"


def _variant(choices: str) -> str:
    """One of the ways to write a Chinese word that `-{zh-hans:计算机;zh-hant:電腦}-` offers: the simplified one."""
    ways = [choice.partition(":")[::2] for choice in choices.split(";") if ":" in choice]
    known = {tag.strip(): word for tag, word in ways}
    return known.get("zh-hans") or known.get("zh-cn") or (ways[0][1] if ways else choices)
