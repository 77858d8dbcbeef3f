"""Every word that the explorer itself says, in English and Chinese, and which of the two a reader wants.

Sentences of errors are looked up as the library raises them; one that is not here is shown in English.
"""

from __future__ import annotations

import re

from flask import request

from embviz.apps.explorer import interface_attention, interface_heads, interface_library, interface_training
from embviz.errors import EmbvizError

LANGUAGES = {"en": "English", "zh": "中文"}
THEMES = ("light", "dark")

_TEXT = {
    "map": ("Map", "地图"),
    "words": ("Words", "词语"),
    "attention": ("Attention", "注意力"),
    "run": ("Run", "模型"),
    "theme": ("Light or dark", "浅色或深色"),
    "language": ("Language", "语言"),
    "damaged": ("damaged", "已损坏"),
    # map
    "find": ("Find a word", "查找词语"),
    "find_hint": ("or king - man + woman", "或 巴黎 - 法国 + 日本"),
    "nothing_found": (
        "No such word. Enter reads an expression, such as king - man + woman.",
        "没有这样的词。算式（例如 巴黎 - 法国 + 日本）按回车即可。",
    ),
    "projection": ("Projection", "降维方法"),
    "pca": ("PCA", "PCA"),
    "tsne": ("t-SNE", "t-SNE"),
    "umap": ("UMAP", "UMAP"),
    "axes": ("Axes", "坐标轴"),
    "across": ("Across", "横轴"),
    "up": ("Up", "纵轴"),
    "through": ("Through", "深度轴"),
    "given": ("Maps that were given", "导入的地图"),
    "given_hint": ("Choose one", "请选择"),
    "onto": ("{method} of {run}", "{run} 的 {method}"),
    "about_file": (
        "{shown:,} of {all:,} words. {given:,} are where the file '{file}' has them; {placed:,} others are placed among "
        "those that are near to them, and less exactly.",
        "共 {all:,} 个词，显示 {shown:,} 个。{given:,} 个词按文件“{file}”放置；其余 {placed:,} 个词放在与其相近的词之间，精度较低。",
    ),
    "about_onto": (
        "{shown:,} of {all:,} words. {given:,} keep the place that the map of '{onto}' gives them; {placed:,} others "
        "are placed among those that are near to them, and less exactly.",
        "共 {all:,} 个词，显示 {shown:,} 个。{given:,} 个词保持在“{onto}”的地图上的位置；其余 {placed:,} 个词放在与其相近的词之间，精度较低。",
    ),
    "about_unknown": (
        "Words of the file that this run has not, left out: {unknown:,}.",
        "文件中有 {unknown:,} 个词不在此模型中，已略去。",
    ),
    "cost": ("Computed in {seconds:.1f} s{params}.", "计算用时 {seconds:.1f} 秒{params}。"),
    "about_axes": (
        "{shown:,} of {all:,} words, each at its cosine with the axes. Words in one place agree in these "
        "respects, and may differ in all others.",
        "共 {all:,} 个词，显示 {shown:,} 个，各按与各轴的余弦放置。位置相同的词只在这些方面一致，其他方面可能不同。",
    ),
    "degrees": ("The axes stand at {degrees} to each other.", "各轴之间的夹角为 {degrees}。"),
    "dimensions": ("Dimensions", "维数"),
    "shown": ("Words shown, most frequent first", "显示的词数（按词频）"),
    "all_words": ("all {n:,}", "全部 {n:,}"),
    "pattern": ("Only words with (regular expression)", "只显示匹配的词（正则表达式）"),
    "matched": ("{matched:,} of {shown:,} words match.", "{shown:,} 个词中有 {matched:,} 个匹配。"),
    "column": ("Filter by column or list", "按列或列表筛选"),
    "every_word": ("no filter", "不筛选"),
    "among": ("Which values", "哪些值"),
    "any_value": ("any value", "任意值"),
    "least": ("At least", "至少"),
    "most": ("At most", "至多"),
    "in_list": ("in the list", "在列表中"),
    "not_in": ("not in the list", "不在列表中"),
    "no_value": ("no value", "无值"),
    "keep_list": ("Keep as a list", "存为列表"),
    "keep": ("Keep", "保存"),
    "list_name": ("Name of the list", "列表名称"),
    "list_words": ("Words, one a line or parted by commas", "词语，每行一个，或以逗号分隔"),
    "paste_list": ("Paste a list of words", "粘贴词语列表"),
    "list_kept": (
        "“{name}” is kept in the run, which has {here:,} of its {of:,} words.",
        "“{name}”已存入此模型：{of:,} 个词中有 {here:,} 个在模型中。",
    ),
    "others": ("{n:,} others", "其他 {n:,} 类"),
    "color": ("Colour", "颜色"),
    "color_one": ("none", "无"),
    "color_cluster": ("cluster", "聚类"),
    "color_kept": ("true neighbours near", "附近的真实近邻"),
    "kept_low": ("none near", "都不在附近"),
    "kept_high": ("all near", "都在附近"),
    "rank_low": ("rare", "低频"),
    "rank_high": ("frequent", "高频"),
    "similarity_low": ("unrelated", "无关"),
    "similarity_high": ("alike", "相似"),
    "placed": (
        "Fitted on the {fit:,} most frequent; {placed:,} others are placed by that fit, and less exactly.",
        "以最常见的 {fit:,} 个词拟合；其余 {placed:,} 个词按拟合结果放置，精度较低。",
    ),
    "measuring": ("Measuring how true this map is … {stage} {done:.0%}", "正在测量地图的可信度…… {stage} {done:.0%}"),
    "of_map": ("this map", "此图"),
    "of_pca": ("PCA", "PCA"),
    "of_random": ("random", "随机"),
    "kept": ("kept", "保留"),
    "kept_means": ("Share of a word's true neighbours that are its nearest in the picture", "真实近邻在图上仍为近邻的比例"),
    "trust": ("trust", "可信度"),
    "trust_means": (
        "Trustworthiness: 1 when what is near in the picture is truly near",
        "可信度（trustworthiness）：图上的近邻都是真实近邻时为 1",
    ),
    "continuity": ("contin.", "连续性"),
    "continuity_means": (
        "Continuity: 1 when what is truly near is near in the picture",
        "连续性（continuity）：真实近邻在图上都相近时为 1",
    ),
    "over_all": (
        "Of each word's {k} nearest, over all {words:,} words, exactly.",
        "按每个词最近的 {k} 个词计算，全部 {words:,} 个词，精确。",
    ),
    "over_some": (
        "Of each word's {k} nearest; the mean of {measured:,} words drawn from {words:,}, each compared with all.",
        "按每个词最近的 {k} 个词计算；从 {words:,} 个词中抽取 {measured:,} 个取平均，各与所有词比较。",
    ),
    "near_here": ("{many} of {k} true neighbours are near here.", "{k} 个真实近邻中有 {many} 个在附近。"),
    "color_rank": ("frequency rank", "词频排名"),
    "color_similarity": ("similarity to the selected word", "与所选词的相似度"),
    "sheet": (
        "Map of words. Drag to move, scroll to zoom, click a word to select it; arrow keys, plus and minus work too.",
        "词语地图。拖动以移动，滚动以缩放，点击以选择；也可用方向键和加减键。",
    ),
    "chosen_none": ("No words that are shown lie in there.", "其中没有显示的词。"),
    "chosen": ("{n:,} words", "{n:,} 个词"),
    "let_go": ("Let go of these words (Esc)", "取消选择（Esc）"),
    "more_chosen": ("… and {more:,} more, in the table.", "……还有 {more:,} 个，见表格。"),
    "pin": ("Pin", "固定"),
    "pin_means": ("Keep this word marked while others are selected", "选择其他词时仍标出此词"),
    "unpin": ("Unpin", "取消固定"),
    "unpin_word": ("Unpin {word}", "取消固定“{word}”"),
    "pins_full": ("{most} words are pinned already", "已固定 {most} 个词"),
    "pinned": ("Pinned words", "已固定的词"),
    "pinned_absent": ("Not on this map", "不在此图上"),
    "pinned_apart": ("Pinned words, cosine of each two", "已固定的词：两两之间的余弦"),
    "by_themselves": ("Map these {n:,} words alone", "只用这 {n:,} 个词重新作图"),
    "not_cut": (
        "These words cannot be kept as a run of their own: {reason}. Check the folder of runs.",
        "无法把这些词另存为模型：{reason}。请检查模型文件夹。",
    ),
    "cut_from": (
        "{n:,} of {all:,} words by themselves; neighbours are found among them. Cut from",
        "从 {all:,} 个词中取出的 {n:,} 个，近邻只在其中查找。取自",
    ),
    "sort": ("Sort by", "排序"),
    "sort_frequency": ("frequency", "词频"),
    "sort_alphabet": ("alphabet", "字母顺序"),
    "sort_kept": ("true neighbours kept", "保留的真实近邻"),
    "sort_similarity": ("similarity to the selected word", "与所选词的相似度"),
    "sort_unmeasured": ("This map is not measured, so they are in order of frequency.", "此图尚未测量，按词频排列。"),
    "sort_no_word": (
        "No word of this run is selected, so they are in order of frequency.",
        "没有选中此模型中的词，按词频排列。",
    ),
    "copy": ("Copy the lines that draw this map in a notebook", "复制在笔记本中绘制此图的代码"),
    "table_without": (
        "A table has each word's true neighbours where it has up to {most:,} words: surround fewer for them.",
        "表格不超过 {most:,} 个词时才包含每个词的真实近邻：圈选较少的词即可得到。",
    ),
    "save_as": ("Save as", "另存为"),
    "page_title": ("{run}: {n:,} words by {method}", "{run}：{n:,} 个词，{method}"),
    "page_near": (
        "The nearest of the {n:,} words on this page, by cosine, exact.",
        "本页 {n:,} 个词中按余弦最近的词，精确计算。",
    ),
    "page_nothing": ("No word on this page has this in it.", "本页没有含此内容的词。"),
    "page_save": ("Save the view as", "将视图存为"),
    "not_fetched": (
        "The map could not be fetched from the server ({reason}). Is it still running? Reload the page to try again.",
        "无法从服务器获取地图（{reason}）。服务器是否仍在运行？请重新加载页面。",
    ),
    "no_webgl": (
        "This browser has no WebGL, which a map in 3 dimensions needs. The map in 2 dimensions does without it.",
        "此浏览器没有 WebGL，无法显示三维地图。二维地图不需要 WebGL。",
    ),
    "flat_map": ("Show it in 2 dimensions", "显示二维地图"),
    "no_words": ("No words here. Press 0 for the whole map.", "这里没有词。按 0 显示整张地图。"),
    "tool_in": ("Zoom in (+)", "放大（+）"),
    "tool_out": ("Zoom out (-)", "缩小（-）"),
    "tool_whole": ("The whole map (0)", "整张地图（0）"),
    "tool_lasso": ("Surround words (or hold Shift and drag)", "圈选词语（或按住 Shift 拖动）"),
    "tool_box": ("Surround words with a box (or hold Shift and Alt and drag)", "框选词语（或按住 Shift 和 Alt 拖动）"),
    "tool_picture": ("Save the picture", "保存图片"),
    "about_pca": (
        "{shown:,} of {all:,} words. PCA is linear: these axes keep {share:.0%} of the variance, so words may look "
        "nearer than they are.",
        "共 {all:,} 个词，显示 {shown:,} 个。PCA 是线性的：这些坐标轴只保留了 {share:.0%} 的方差，图上的距离可能比实际更近。",
    ),
    "about_tsne": (
        "{shown:,} of {all:,} words. t-SNE keeps close neighbours together; distances between far groups and the sizes "
        "of groups mean little.",
        "共 {all:,} 个词，显示 {shown:,} 个。t-SNE 让近邻相聚；远处各群之间的距离和群的大小没有多少意义。",
    ),
    "about_umap": (
        "{shown:,} of {all:,} words. UMAP keeps close neighbours together; distances between far groups and the sizes "
        "of groups mean little.",
        "共 {all:,} 个词，显示 {shown:,} 个。UMAP 让近邻相聚；远处各群之间的距离和群的大小没有多少意义。",
    ),
    "cancel": ("Cancel", "取消"),
    "again": ("Start again", "重新开始"),
    "cancelled": ("The projection was cancelled. Choose another one, or start again.", "已取消。请选择另一种方法，或重新开始。"),
    "starting": ("Starting", "正在启动"),
    "off_map": (
        "'{word}' is number {rank:,} by frequency, and this map shows the first {shown:,}: show more words to see it.",
        "“{word}”的词频排名是第 {rank:,} 位，地图只显示前 {shown:,} 个：增加显示的词数即可看到。",
    ),
    "pick": (
        "Click a word on the map, or find one, to see its nearest words.",
        "点击地图上的词，或查找一个词，即可看到与它最近的词。",
    ),
    "count": ("{count:,} occurrences", "出现 {count:,} 次"),
    "count_short": ("count", "次数"),
    "rank": ("number {rank:,} by frequency", "词频第 {rank:,} 位"),
    "place": ("number {rank:,} in the file", "文件中第 {rank:,} 个"),
    "nearest": ("Nearest words", "最近的词"),
    "on_map": (
        "{here} of its {k} nearest words are on this map; lines lead to them.",
        "{k} 个最近的词中有 {here} 个在图上，以线相连。",
    ),
    "on_map_marked": (
        "{here} of its {k} nearest words are on this map, and are marked.",
        "{k} 个最近的词中有 {here} 个在图上，已标出。",
    ),
    "how": ("Cosine, exact, over all {over:,} words", "余弦相似度，精确计算，共 {over:,} 个词"),
    # words
    "expression": ("Word or expression", "词或算式"),
    "expression_hint": ("king - man + woman", "巴黎 - 法国 + 日本"),
    "examples": ("Try", "试试"),
    "compare": ("Compare with", "比较"),
    "compare_hint": ("another word", "另一个词"),
    "similarity": ("Cosine of {one} and {other}", "{one} 与 {other} 的余弦相似度"),
    "similarity_means": ("1 is the same direction, 0 unrelated, -1 opposite", "1 为同向，0 为无关，-1 为反向"),
    "word": ("Word", "词"),
    "cosine": ("cosine", "余弦"),
    "show_on_map": ("Show on the map", "在地图上显示"),
    "ask_word": (
        "Type a word, or an expression such as king - man + woman, to see what is near.",
        "输入一个词，或算式（例如 巴黎 - 法国 + 日本），即可看到与它相近的词。",
    ),
    "no_sum": ("An expression has no place of its own on the map; its nearest words are marked.", "算式本身不在图上；与它最近的词已标出。"),
    "trail": (
        "An expression has no point of its own: arrows lead through its sums to the nearest word. The places of sums "
        "are estimates: where their nearest words are.",
        "算式本身不在图上：箭头依次经过各步之和，指向最近的词。各步的位置是估计的：取其最近的词所在之处。",
    ),
    "unexpected": (
        "Something went wrong on the server, and its log says what. Reload the page to go on.",
        "服务器出错，详情见服务器日志。请重新加载页面。",
    ),
}  # fmt: skip

_ERRORS = {
    "Nothing was typed. Type a word, or an expression such as king - man + woman.":
        "还没有输入。请输入一个词，或算式，例如 巴黎 - 法国 + 日本。",
    "'{word}' is not in '{space}' ({count:,} words). Did you mean: {close}?":
        "“{word}”不在“{space}”中（共 {count:,} 个词）。您是不是要找：{close}？",
    "'{word}' is not in '{space}' ({count:,} words). Try another spelling or another word.":
        "“{word}”不在“{space}”中（共 {count:,} 个词）。请换一种写法或换一个词。",
    "'{text}' has an operator without a word after it. Write it like king - man + woman.":
        "“{text}”的运算符后面缺少词语。写法如：巴黎 - 法国 + 日本。",
    "The words of '{text}' cancel out: nothing is left to be near to. Change the expression.":
        "“{text}”中的词互相抵消，什么也没有剩下。请修改算式。",
    "'{text}' has no <->. Write an axis like man <-> woman.": "“{text}”中没有 <->。写法如：男 <-> 女。",
    "'{text}' has more than one <->. Write an axis like man <-> woman.": "“{text}”中有多个 <->。写法如：男 <-> 女。",
    "'{text}' has a pole without a word. Write an axis like man <-> woman.": "“{text}”的一端没有词。写法如：男 <-> 女。",
    "The poles of '{text}' point the same way. Choose two that differ.": "“{text}”的两端方向相同。请选择两个不同的词。",
    "In 3 dimensions a map by axes needs three. Type the third at the left.":
        "三维时按坐标轴作图需要三个轴。请在左侧输入第三个。",
    "A map by axes needs two, such as man <-> woman and poor <-> rich. Type them at the left.":
        "按坐标轴作图需要两个轴，例如 男 <-> 女 和 穷 <-> 富。请在左侧输入。",
    "'{text}' is no regular expression. Write one like ^un or ing$ or [0-9].":
        "“{text}”不是正则表达式。写法如：^un、ing$ 或 [0-9]。",
    "A cut needs at least {fewest} words, and this one has {found} of the {all:,} of '{run}'. Ask for more.":
        "至少需要 {fewest} 个词；“{run}”的 {all:,} 个词中只选了 {found} 个。请多选一些。",
    "'{name}' cannot name a column: use letters, digits, spaces and - . ( ) + & ', 60 at most.":
        "“{name}”不能作为列名：请使用文字、数字、空格和 - . ( ) + & '，最多 60 个字符。",
    "'{name}' says something else of a word already: choose another name.": "“{name}”已有其他含义：请换一个名称。",
    "Type a name for the list.": "请输入列表名称。",
    "The list '{name}' has no words.": "列表“{name}”中没有词。",
    "Of the {count:,} words of '{name}' none is in '{space}', such as '{word}'.":
        "“{name}”的 {count:,} 个词都不在“{space}”中，例如“{word}”。",
    "'{run}' has a column '{name}' already, and none is overwritten. Choose another name.":
        "“{run}”已有名为“{name}”的列，不会覆盖。请换一个名称。",
    "'{run}' may only be read, so its columns stay as they are. Copy the run.":
        "“{run}”是只读的，无法更改列。请复制该模型。",
    "'{run}' has no columns. `embviz annotate` adds some.": "“{run}”没有列。可用 `embviz annotate` 添加。",
    "'{run}' has no column '{name}'. It has: {names}.": "“{run}”没有名为“{name}”的列。现有：{names}。",
    "'{text}' is no number. Write one like 0.5 or 1000, or leave the field empty.":
        "“{text}”不是数字。写法如：0.5 或 1000；也可留空。",
    "'{model}' has no attention to show: it is an LSTM or a convolution. Choose a transformer, or an LSTM of "
    "the family seq2seq; the words of this one have their map all the same.":
        "“{model}”没有注意力可看：它是 LSTM 或卷积模型。请选择 Transformer，或 seq2seq 的 LSTM；该模型的词仍可在地图上查看。",
    "There is no run yet. Train one in the view Training, or: embviz train word2vec wikipedia --out {folder}/wikipedia":
        "还没有模型。请在“训练”页面训练一个，或运行：embviz train word2vec wikipedia --out {folder}/wikipedia",
    "'{run}' keeps no such map. Ask for it with `embviz project`.":
        "“{run}”中没有这张地图。请用 `embviz project` 生成。",
    "The sentence has {read:,} tokens and the model reads at most {context:,}: shorten it first.":
        "句子有 {read:,} 个词元，模型最多读 {context:,} 个：请先缩短。",
    "The model writes nothing after this: it takes the text to be at its end.":
        "模型在此之后什么也没写：它认为文本到此结束。",
    "Nothing would be left to look at: keep the special tokens, or type more words.":
        "将没有可看的词元：请保留特殊词元，或多输入一些词。",
    "A share of {share} was asked for: it must lie above 0 and below 1, such as 0.9.":
        "比例 {share} 无效：必须大于 0 且小于 1，例如 0.9。",
    "There is no measure '{measure}': there are {measures}.": "没有度量“{measure}”：可选 {measures}。",
    "There is no picture '{show}': there are {shows}.": "没有图示“{show}”：可选 {shows}。",
    "'{name}' keeps no weights of its way. A training of an attention model does, with --keep.":
        "“{name}”没有保留途中的权重。训练注意力模型时用 --keep 即可保留。",
    "'{name}' keeps no weights of step {step}. It keeps those of {steps}.":
        "“{name}”没有保留第 {step} 步的权重。保留了：{steps}。",
    "There is no run '{name}'. Choose another one above.": "没有名为“{name}”的模型。请在上方选择另一个。",
}  # fmt: skip


_TEXT |= interface_attention.TEXT | interface_heads.TEXT | interface_training.TEXT
_ERRORS |= interface_training.ERRORS


def worded(said: str, language: str) -> str:
    """What long work says of itself, a stage or a note, or the name of a parameter, in the reader's language."""
    if language == "en":
        return said
    return interface_library.CHINESE.get(said) or next(
        (
            re.sub(told, chinese, said)
            for told, chinese in interface_library.NUMBERED.items()
            if re.fullmatch(told, said)
        ),
        said,
    )


def text(key: str, language: str, **values: object) -> str:
    """A text of the interface, its values filled in."""
    words = _TEXT[key][list(LANGUAGES).index(language)]
    return words.format(**values) if values else words


def explain(error: Exception, language: str) -> str:
    """The sentence that tells a reader about an error."""
    if isinstance(error, EmbvizError) and language == "zh" and error.sentence in _ERRORS:
        return _ERRORS[error.sentence].format(**error.values)
    return str(error)


def language() -> str:
    """The reader's language: that of the page that asks, else the one chosen last with the switch, else the browser's,
    else English.
    """
    chosen = request.headers.get("X-Language") or request.cookies.get("embviz-language")
    return chosen if chosen in LANGUAGES else request.accept_languages.best_match(list(LANGUAGES)) or "en"


def theme() -> str:
    """The reader's theme: that of the page that asks, else the one chosen last with the switch, else the browser's,
    which a script puts in a cookie.
    """
    chosen = request.headers.get("X-Theme") or request.cookies.get("embviz-theme")
    return chosen if chosen in THEMES else "light"


def columns() -> int:
    """How many letters fit across a picture, by the width of the page that asks."""
    said = request.headers.get("X-Width", "")
    width = int(said) if said.isdecimal() else 1280
    beside = 0 if width <= 760 else 450 if width <= 1000 else 544  # the panels at both sides
    return min(96, max(26, (width - beside - 110) // 10))
