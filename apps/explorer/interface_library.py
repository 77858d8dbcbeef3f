"""What the library says of its work and of its hyperparameters, in Chinese; `interface.py` shows it."""

from __future__ import annotations

CHINESE = {
    # how long work says what it does, and with what
    "PCA": "PCA",
    "t-SNE": "t-SNE",
    "UMAP": "UMAP",
    "searching neighbours": "查找近邻",
    "compiling, the first time on a machine": "首次在此机器上运行，正在编译",
    "loading openTSNE": "加载 openTSNE",
    "loading UMAP (its first start on a machine compiles for a minute)": "加载 UMAP（首次在此机器上运行需编译约一分钟）",
    "placing words": "放置词语",
    "neighbours ranked": "近邻排序",
    "neighbours kept": "统计保留的近邻",
    "finding clusters": "聚类",
    "putting words into clusters": "将词归入各类",
    "fit": "拟合词数",
    "seed": "随机种子",
    "perplexity": "困惑度",
    "neighbors": "近邻数",
    "min dist": "最小距离",
    # what is done
    "reading the corpus": "读取文本",
    "reading the pairs": "读取成对文本",
    "learning tokens": "学习词元",
    "cutting into tokens": "切分词元",
    "fetching": "下载",
    "training": "训练",
    "choosing sentences": "选取句子",
    "scoring heads": "计算各头得分",
    "scoring random heads": "计算随机头得分",
    # what the hyperparameters are
    "skip-gram or cbow": "skip-gram 或 cbow",
    "length of a vector": "向量的长度",
    "words on each side that count as context, at most": "上下文窗口：每侧最多几个词",
    "noise words drawn for each pair (negative sampling)": "负采样：每对词抽取的噪声词数",
    "rarer words are left out": "出现次数更少的词不计入",
    "keep this many words, the most frequent": "只保留最常见的这么多词",
    "threshold above which frequent words are thinned out": "高频词的下采样阈值",
    "passes over the corpus": "遍历文本的次数",
    "learning rate at the start; it falls to 0.0001": "初始学习率，逐渐降到 0.0001",
    "the same seed and one worker give the same vectors": "随机种子：同一种子加单线程，结果相同",
    "threads; more than one is faster and not reproducible": "线程数；多线程更快，但结果不可复现",
    "encoder (sees both sides), decoder (sees what was before), or seq2seq (both)":
        "encoder（看两侧）、decoder（只看前文）或 seq2seq（两者兼有）",
    "transformer, lstm, or convolution (an encoder)": "transformer、lstm 或 convolution（卷积，只作 encoder）",
    "cpu, cuda, mps (Apple's), or auto: what there is": "计算设备：cpu、cuda、mps（苹果），或 auto（自动选择）",
    "tiny, small or medium: sets what is not given of layers, heads, dims, context, steps and batch":
        "tiny、small 或 medium：决定未指定的层数、头数、维数、上下文、步数和批量",
    "wordpiece, bpe, unigram, words or characters": "词元：wordpiece、bpe、unigram、words（词）或 characters（字符）",
    "different tokens; by default what fits": "词元种类数；默认视文本而定",
    "blocks of attention and MLP": "层数（注意力与 MLP）",
    "attention heads in each layer": "每层的注意力头数",
    "length of a token's vector": "词元向量的长度",
    "tokens read at once, at most": "一次最多读入的词元数",
    "how order is told: rotary, learned, sinusoidal or relative": "位置编码：rotary、learned、sinusoidal 或 relative",
    "layer norm before (pre) attention and MLP, or after (post)": "层归一化在注意力与 MLP 之前（pre）或之后（post）",
    "predict tokens by the matrix that embeds them": "输出与嵌入共用同一矩阵",
    "updates of the weights": "权重更新次数",
    "stretches of text, or pairs, in one step": "每步的文本段数或句对数",
    "batches whose gradients are added up for one step": "梯度累积：每步累加的批数",
    "learning rate at its highest": "最大学习率",
    "weight decay of matrices": "矩阵的权重衰减",
    "share of the tokens that are hidden from an encoder or a seq2seq model": "对 encoder 或 seq2seq 遮住的词元比例",
    "share of the text, its end, that is kept for validation": "留作验证的文本比例（取末尾）",
    "stop after so many measurements of the validation loss, of 20, without a better one; 0 for never":
        "验证损失连续这么多次（共测 20 次）没有改善就停止；0 为不停",
    "of matrix products: float32, bfloat16, or auto: bfloat16 where that is quicker": "矩阵乘法的精度：float32、bfloat16，或 auto（更快时用 bfloat16）",
    "the same seed gives the same model on the same machine": "随机种子：同一机器上同一种子得到同一模型",
    "steps between two checkpoints": "每隔多少步保存一次检查点",
    "sets of weights kept on the way, at equal distances, to compare with; 0 for none":
        "途中等距保留几份权重，用于对比；0 为不保留",
}  # fmt: skip

NUMBERED = {r"step (\d+) of (\d+)": r"第 \1 步，共 \2 步", r"(\d+) steps": r"\1 步"}
