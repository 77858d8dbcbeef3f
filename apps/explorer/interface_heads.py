"""What the page with the kinds of all heads says, in English and Chinese; `interface.py` shows it like every text."""

from __future__ import annotations

TEXT = {
    "heads_way": ("Kinds of heads", "头的类型"),
    "heads_back": ("← One head on a sentence", "← 一个头与一个句子"),
    "heads_across": ("Horizontal score", "横轴"),
    "heads_up": ("Vertical score", "纵轴"),
    "heads_over": (
        "All {heads} heads, over {sentences:,} sentences of {corpus}. Grey: heads of {random} models of the same shape with "
        "random weights; the table has their mean. A head has a label where a score is above every one of theirs, three "
        "standard deviations above their mean, and not small.",
        "全部 {heads} 个头，统计自 {corpus} 的 {sentences:,} 个句子。灰色：{random} 个同样结构、权重随机的模型的头。表中为其均值。得分超过所有随机头、高出其均值三个标准差且不太小时才有标签。",
    ),
    "heads_none": (
        "What kind is each head? All of them are scored over {sentences:,} sentences of the text at most, and so are those of random models. "
        "That takes seconds for a small model, minutes for a large one; the result is kept in the run.",
        "每个头属于哪种类型？将用文本中至多 {sentences:,} 个句子为所有头打分，并与随机模型比较。小模型需数秒，大模型需数分钟；结果保存在模型文件夹中。",
    ),
    "heads_compute": ("Score all heads", "为所有头打分"),
    "heads_cancelled": ("Cancelled. Nothing was kept.", "已取消，没有保存任何内容。"),
    "heads_random": ("random", "随机"),
    "heads_this": ("this head", "该头"),
    "heads_score": ("Score", "得分"),
    "heads_title": ("Layer {layer}, head {head}", "第 {layer} 层，第 {head} 头"),
    "heads_label": ("Label: {label}", "标签：{label}"),
    "heads_no_label": ("No label: no score beats chance clearly.", "没有标签：没有得分明显超过随机水平。"),
    "heads_see": ("See this head on the sentence", "在句子上查看该头"),
    "heads_active": ("Sentences where it is most active", "该头最活跃的句子"),
    "heads_active_means": (
        "By the share of weight that is on none of: marks, the first token, the token itself. Click one to see it.",
        "按权重中不落在标记、首个词元及自身上的比例排序。点击即可查看。",
    ),
    "heads_active_means_cross": (
        "By the share of weight that is on tokens of the sentence, and on no mark. Click one to see it.",
        "按权重中落在句子词元（而非标记）上的比例排序。点击即可查看。",
    ),
    "heads_most": ("Sentences with most {score}", "“{score}”最高的句子"),
    "layer_word": ("layer", "层"),
    "head_word": ("head", "头"),
    "random_word": ("random heads", "随机头"),
    "label_even": ("even", "均匀"),
    "score_previous": ("previous token", "前一个词元"),
    "score_next": ("next token", "后一个词元"),
    "score_same": ("same token", "自身"),
    "score_first": ("first token", "首个词元"),
    "score_separator": ("separator", "分隔标记"),
    "score_punctuation": ("punctuation", "标点"),
    "score_duplicate": ("duplicate token", "重复词元"),
    "score_induction": ("induction", "归纳"),
    "score_induction_text": ("induction in sentences", "句中归纳"),
    "score_position": ("position only", "仅位置"),
    "score_active": ("active", "活跃度"),
    "score_distance": ("distance", "距离"),
    "score_entropy": ("entropy", "熵"),
    "score_entropy_share": ("evenness", "均匀度"),
    "score_diagonal": ("diagonal", "对角线"),
    "score_antidiagonal": ("anti-diagonal", "反对角线"),
    "score_copied": ("copied token", "复制词元"),
    "means_previous": ("weight on the token before", "落在前一个词元上的权重"),
    "means_next": ("weight on the token after", "落在后一个词元上的权重"),
    "means_same": ("weight on the token itself", "落在词元自身上的权重"),
    "means_first": ("weight on the first token or the mark of a start", "落在首个词元或起始标记上的权重"),
    "means_separator": ("weight on other marks, such as [SEP]", "落在其他标记（如 [SEP]）上的权重"),
    "means_punctuation": ("weight on punctuation", "落在标点上的权重"),
    "means_duplicate": ("weight on other tokens that are the same", "落在其他相同词元上的权重"),
    "means_induction": (
        "on random tokens that come twice: weight on what followed the token the first time",
        "在重复两遍的随机词元上：落在该词元上次出现之后那个词元上的权重",
    ),
    "means_induction_text": (
        "in the sentences: weight on what followed the token when it came before",
        "在句子中：落在该词元之前出现时其后词元上的权重",
    ),
    "means_position": (
        "share of weight that the position alone tells, learned from half of the sentences and measured on the others",
        "仅凭位置就能预测的权重比例（在一半句子上学习，在另一半上测量）",
    ),
    "means_active": (
        "weight on anything but marks, and among the tokens of one text, the first and the token itself",
        "不落在标记上的权重；同一文本内也不计首个词元及自身",
    ),
    "means_distance": ("mean distance in tokens, by weight", "按权重平均的距离（词元数）"),
    "means_entropy": ("entropy of the weights, in nats", "权重的熵（奈特）"),
    "means_entropy_share": (
        "entropy as a share of the most there can be; 1 is even",
        "熵占最大可能值的比例；1 为完全均匀",
    ),
    "means_diagonal": (
        "weight where the source would be if both sides were spread evenly",
        "若两侧均匀对齐时源句位置上的权重",
    ),
    "means_antidiagonal": (
        "weight where the source would be if both sides were spread evenly, one of them backwards",
        "若两侧均匀对齐、其中一侧倒序时源句位置上的权重",
    ),
    "means_copied": (
        "weight on source tokens that are the one written next",
        "落在与即将写出的词元相同的源词元上的权重",
    ),
}
