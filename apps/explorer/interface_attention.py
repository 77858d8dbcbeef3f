"""What the attention view says, in English and Chinese; `interface.py` shows it like every other text."""

from __future__ import annotations

TEXT = {
    "sentence": ("Sentence", "句子"),
    "sentence_hint": ("Type a sentence", "输入一个句子"),
    "stage_before": ("The same head before fine-tuning:", "微调前的同一个头："),
    "stages_after": ("The same head after fine-tuning:", "微调后的同一个头："),
    "ask_sentence": ("Type a sentence to see which tokens look at which.", "输入一个句子，即可看到词元之间的注意力。"),
    "model": ("Attention model", "注意力模型"),
    "layer": ("Layer", "层"),
    "head": ("Head", "头"),
    "heads": ("All heads: click one", "所有头：点击选择"),
    "key": ("key (is looked at)", "键（被关注）"),
    "query": ("query (looks)", "查询（关注）"),
    "weight": ("weight", "权重"),
    "strongest": ("Strongest links of this head", "该头最强的联系"),
    "each_scaled": ("Each tile is scaled to its own largest weight.", "每个小图按各自的最大权重着色。"),
    "encoder": (
        "Encoder, {layers} layers × {heads} heads: each token looks at all tokens. Each row sums to 1.",
        "编码器，{layers} 层 × {heads} 头：每个词元可以看到所有词元。每行之和为 1。",
    ),
    "decoder": (
        "Decoder, {layers} layers × {heads} heads: each token looks at itself and those before it. Each row sums to 1.",
        "解码器，{layers} 层 × {heads} 头：每个词元只能看到自己和之前的词元。每行之和为 1。",
    ),
    "seq2seq": (
        "Encoder and decoder, {layers} layers × {heads} heads each: each token that was written looks at the sentence "
        "that was read. Each row sums to 1.",
        "编码器和解码器，各 {layers} 层 × {heads} 头：写出的每个词元都关注读入的句子。每行之和为 1。",
    ),
    "alignment": (
        "Two LSTMs and additive attention, from before transformers: one reads the sentence; the other writes, and before "
        "each next token looks at what was read. Each row sums to 1.",
        "带加性注意力的两个 LSTM（早于 Transformer）：一个读入句子，另一个负责写出，每写下一个词元之前先看读入的内容。每行之和为 1。",
    ),
    "nothing_seen": ("This model has no attention.", "该模型没有注意力。"),
    "target": ("Target", "目标句"),
    "target_hint": ("what the model writes", "模型写出的内容"),
    "it_writes": ("It writes: {text}", "模型写出：{text}"),
    "it_writes_nothing": ("It writes nothing: its text ends at once.", "模型没有写出内容：一开始就结束了。"),
    "attention_kind": ("Attention", "注意力类型"),
    "kind_cross": ("cross", "交叉"),
    "kind_encoder": ("encoder", "编码器"),
    "kind_decoder": ("decoder", "解码器"),
    "key_cross": ("sentence (is looked at)", "输入句（被关注）"),
    "query_cross": ("target (looks)", "目标句（关注）"),
    "write_on": ("Write on", "续写"),
    "gap": ("{mask} {number} of {of}", "{mask} {number}/{of}"),
    "gap_hint": (
        "Write {mask} for a word to see what the model puts there.",
        "用 {mask} 代替一个词，即可看到模型填什么。",
    ),
}
