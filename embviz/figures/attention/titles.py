"""What a picture of attention says of itself: model, layer, head, and everything that was done to the weights.

In English and Chinese, so that a picture that is taken away says it too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from embviz.attention import Attention
from embviz.figures.theme import PALETTES, plain

_OVER = 1.45  # letters of a title that a column holds
_BREAKS = re.compile(r"(?<=\s)|(?<=[\u2e80-\u9fff\uff00-\uffef])(?=[\u2e80-\u9fff])")  # a line may end there

LANGUAGES = ("en", "zh")
LONGEST = 30  # letters of a token in a picture
_NAMED = 24  # heads that a title tells the colours of

_SAYS = {
    "head": ("{model}: layer {layer}, head {head}", "{model}：第 {layer} 层，第 {head} 头"),
    "heads": ("{model}: {heads} heads", "{model}：{heads} 个头"),
    "of_head": ("layer {layer}, head {head}", "第 {layer} 层第 {head} 头"),
    "all_heads": ("{model}: all {layers} × {heads} heads", "{model}：全部 {layers} × {heads} 个头"),
    "encoder": ("attention, both directions", "双向注意力"),
    "decoder": ("attention, causal", "因果注意力"),
    "cross": ("cross-attention", "交叉注意力"),
    "of_kind": ("{kind}: {measure}", "{kind}：{measure}"),
    "weights": ("weights", "权重"),
    "weight": ("weight", "权重"),
    "norms": ("weights × value norms", "权重 × 值向量的范数"),
    "gradient": ("weights × gradient of the prediction", "权重 × 预测的梯度"),
    "gradient_size": ("|weights × gradient of the prediction|", "|权重 × 预测的梯度|"),
    "rollout": ("rollout, all heads", "展开（所有头）"),
    "flow": ("attention flow, all heads", "注意力流（所有头）"),
    "words": ("pieces merged into words", "子词合并为词"),
    "pair a-a": ("sentence A → sentence A", "句子 A → 句子 A"),
    "pair a-b": ("sentence A → sentence B", "句子 A → 句子 B"),
    "pair b-a": ("sentence B → sentence A", "句子 B → 句子 A"),
    "pair b-b": ("sentence B → sentence B", "句子 B → 句子 B"),
    "marks hide": ("special tokens hidden", "隐藏特殊词元"),
    "marks zero": ("special tokens set to 0", "特殊词元置零"),
    "sink hide": ("sink {value} hidden", "隐藏汇聚词元 {value}"),
    "sink zero": ("sink {value} set to 0", "汇聚词元 {value} 置零"),
    "top": ("largest {value} of each row, the rest 0", "每行只保留最大的 {value}，其余为 0"),
    "renormalise": ("rows renormalised", "各行重新归一"),
    "rows": ("rows up to {value}", "只显示前 {value} 行"),
    "direction to": ("a row: by whom a token is looked at", "每行：谁在看该词元"),
    "scale one": ("colours from 0 to 1", "颜色从 0 到 1"),
    "scale row": ("each row to its own largest", "每行按各自最大值着色"),
    "scale head": ("colours from 0 to {most}", "颜色从 0 到 {most}"),
    "scale both": ("colours from −{most} to {most}", "颜色从 −{most} 到 {most}"),
    "thick one": ("thickest: 1", "最粗：1"),
    "thick row": ("thickest: the largest of each row", "最粗：每行最大值"),
    "thick head": ("thickest: the largest of each head", "最粗：每个头的最大值"),
    "strongest": ("the strongest {n:,} of {all:,} lines", "{all:,} 条联系中最强的 {n:,} 条"),
    "tiles": ("each head to its own largest", "各头按自身最大值着色"),
    "pooled": ("a cell: the largest of {block} × {block}; zoom in", "每格为 {block} × {block} 的最大值，可放大"),
    "of_chosen": ("what {tokens} look at, summed", "{tokens} 所关注的（求和）"),
    "of_one": ("what {tokens} looks at", "{tokens} 所关注的"),
    "to_chosen": ("who looks at {tokens}, summed", "谁在看 {tokens}（求和）"),
    "to_one": ("who looks at {tokens}", "谁在看 {tokens}"),
    "of_all": ("the mean of all rows", "所有行的平均"),
    "first": ("the first", "第一个"),
    "first_of": ("the first: {what}", "第一个：{what}"),
    "second": ("the second: {what}", "第二个：{what}"),
    "less": ("the second minus the first", "第二个减第一个"),
    "more": ("{n} more", "另外 {n} 个"),
    "query": ("query (looks)", "查询（关注）"),
    "key": ("key (is looked at)", "键（被关注）"),
    "query_cross": ("target (looks)", "目标句（关注）"),
    "key_cross": ("sentence (is looked at)", "输入句（被关注）"),
    "query_pair": ("sentence {which} (looks)", "句子 {which}（关注）"),
    "key_pair": ("sentence {which} (is looked at)", "句子 {which}（被关注）"),
    "layer": ("layer", "层"),
    "number": ("head", "头"),
}  # fmt: skip


def say(key: str, language: str, **values: Any) -> str:
    """A text of the table above."""
    words = _SAYS[key][LANGUAGES.index(language)]
    return words.format(**values) if values else words


def sides(attention: Attention, language: str) -> tuple[str, str]:
    """What rows and columns are called."""
    which = zip(("query", "key"), (attention.pair or "-").upper().split("-"), strict=True)
    kind = "_pair" if attention.pair else "_cross" if attention.crosses else ""
    names = [say(f"{side}{kind}", language, which=name) for side, name in which]
    return (names[1], names[0]) if attention.turned else (names[0], names[1])


def measure(attention: Attention, language: str) -> str:
    """What the numbers are."""
    return say(attention.measure, language) if attention.measure in _SAYS else attention.measure


def done(attention: Attention, language: str) -> list[str]:
    """Whose weights these are, and what reading made of them, in order."""
    return [
        say("of_kind", language, kind=say(attention.kind, language), measure=measure(attention, language)),
        *[_change(change, language) for change in attention.changes],
    ]


def _change(change: str, language: str) -> str:
    name, _, value = change.partition(" ")
    if change in _SAYS:
        return say(change, language)
    if name == "sink":
        how, _, value = value.partition(" ")
        return say(f"sink {how}", language, value=brief(value))
    if name == "top":
        return say("top", language, value=f"{float(value):.4g}" if float(value) > 1 else f"{100 * float(value):.4g}%")
    return say(name, language, value=value.replace("/", " / ")) if name in _SAYS else change


def of_head(attention: Attention, layer: int, head: int, language: str) -> str:
    """The first line of a title: the model and its head."""
    return plain(say("head", language, model=brief(attention.model), layer=layer, head=head))


def of_heads(
    attention: Attention, heads: Sequence[tuple[int, int]], colors: Sequence[str], language: str, columns: int
) -> str:
    """The first lines of a title of several heads, each after a dot of its colour."""
    if len(heads) == 1:
        return of_head(attention, *heads[0], language)
    first = plain(say("heads", language, model=brief(attention.model), heads=len(heads)))
    names = [
        f'<span style="color:{color}">●</span> {say("of_head", language, layer=layer, head=head)}'
        for (layer, head), color in zip(heads[:_NAMED], colors, strict=False)
    ]
    if len(heads) > _NAMED:
        names.append(say("more", language, n=len(heads) - _NAMED))
    a_line = max(1, columns // 14)
    rows = ["   ".join(names[i : i + a_line]) for i in range(0, len(names), a_line)]
    return first + "".join(f'<br><span style="font-size:12px">{row}</span>' for row in rows)


def heading(first: str, more: Iterable[str], theme: str, columns: int, above: float) -> tuple[dict[str, Any], float]:
    """A title for Plotly, and the margin that it and the axis under it take: what is shown, and in smaller lines of so
    many columns, how. As one value of a layout, since each later change of a figure costs milliseconds.

    Args:
        first: the first line, which may hold Plotly's tags.
        above: pixels that the axis at the top needs beside.
    """
    lines: list[str] = []
    for part in more:
        if lines and across(lines[-1]) + across(part) + 3 <= 1.7 * columns:
            lines[-1] += f" · {part}"
        else:
            lines.append(part)
    quiet = PALETTES[theme].quiet
    under = "".join(f'<br><span style="font-size:12px;color:{quiet}">{plain(line)}</span>' for line in lines)
    title = {
        "text": f"{first}{under}", "x": 0, "xref": "container", "xanchor": "left", "pad": {"l": 12, "t": 14},
        "y": 1, "yref": "container", "yanchor": "top", "font": {"size": 15},
    }  # fmt: skip
    return title, 18 + 20 * (1 + first.count("<br>") + len(lines)) + above


def over(title: str, theme: str, columns: int, above: float = 8) -> tuple[dict[str, Any], float]:
    """A title of one text for Plotly, in lines of so many columns, and the margin that it takes.

    Args:
        above: pixels that are to be free under it.
    """
    return heading(in_lines(title, _OVER * columns), (), theme, columns, above)


def in_lines(text: str, letters: float) -> str:
    """A text for Plotly in lines of at most so many letters, of which a Chinese one is two; a word is not broken."""
    lines = [""]
    for part in _BREAKS.split(text):
        if lines[-1] and across(lines[-1]) + across(part.rstrip()) > letters:
            lines.append("")
        lines[-1] += part
    return "<br>".join(plain(line.strip()) for line in lines)


def brief(token: str, longest: int = LONGEST) -> str:
    """A token that fits into a picture: a long one loses its middle."""
    return token if len(token) <= longest else f"{token[: longest // 2]}…{token[-(longest // 2) + 1 :]}"


AXIS = {"automargin": False}
"""Of axes with tokens: to make room for them, or for a title beside them, Plotly measures each, which takes 20 ms."""


def pixels(texts: Iterable[str], size: float) -> float:
    """About how wide the longest of some tokens is at the side of a picture, with its tick."""
    return 6 + 0.66 * size * max((across(text) for text in texts), default=0)


def slanted(texts: Iterable[str], size: float) -> float:
    """About how high they are where they stand at 60 degrees."""
    return 0.85 * pixels(texts, size)


def above_axis(name: str, up: float, theme: str, side: str = "top") -> dict[str, Any]:
    """What an axis is called, so many pixels above a picture, or below."""
    return {
        "text": name, "xref": "x domain", "x": 0.5, "yref": "y domain", "y": int(side == "top"), "showarrow": False,
        "yanchor": "bottom" if side == "top" else "top", "yshift": up if side == "top" else -up,
        "font": {"color": PALETTES[theme].quiet, "size": 12},
    }  # fmt: skip


def beside_axis(name: str, away: float, theme: str) -> dict[str, Any]:
    """What an axis is called, upright and so many pixels left of a picture."""
    return {
        "text": name, "xref": "x domain", "x": 0, "yref": "y domain", "y": 0.5, "showarrow": False, "textangle": -90,
        "xanchor": "right", "xshift": -away, "font": {"color": PALETTES[theme].quiet, "size": 12},
    }  # fmt: skip


def across(text: str) -> int:
    """How many columns a text takes: a Chinese character or an emoji two, a mark over a letter none."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    bare = sum(unicodedata.category(letter) in ("Mn", "Me", "Cf") for letter in text)
    return len(text) + wide - bare
