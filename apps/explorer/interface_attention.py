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
    "evidence": ("The same head by other measures: click one", "用其他度量看同一个头：点击选择"),
    "measure_weights": ("weights", "权重"),
    "measure_norms": ("× value norms", "× 值向量的范数"),
    "measure_gradient": ("× gradient", "× 梯度"),
    "measure_rollout": ("rollout, all heads", "展开（所有头）"),
    "measure_flow": ("flow, all heads", "注意力流（所有头）"),
    "means_weights": ("How much each token looks at each other.", "每个词元看其他词元多少。"),
    "means_norms": (
        "The weight times the length of what the head takes of the key (Kobayashi et al. 2020): a large weight on a short "
        "vector does little.",
        "权重乘以该头从键取走的向量的长度（Kobayashi 等，2020）：权重大而向量短，作用也小。",
    ),
    "means_gradient": (
        "The weight times the slope of the prediction's log-probability (to first order, what the weight adds to it): blue "
        "makes the prediction likelier, orange less likely.",
        "权重乘以预测对数概率的梯度（一阶近似下该权重的贡献）：蓝色使预测更可能，橙色更不可能。",
    ),
    "means_rollout": (
        "How much of each input token is in each token after this layer, if heads are averaged and half passes by "
        "(Abnar and Zuidema 2020).",
        "经过这一层后，每个词元中含有各输入词元多少：各头取平均，一半由残差通过（Abnar 与 Zuidema，2020）。",
    ),
    "means_flow": (
        "How much could come from each input token through all paths of the layers up to this one (Abnar and Zuidema "
        "2020); of long sentences, to the chosen token.",
        "经由到这一层为止的所有路径，最多能从各输入词元流来多少（Abnar 与 Zuidema，2020）；长句只算所选词元。",
    ),
    "compute": ("compute", "计算"),
    "choose_token": ("A token: its prediction, or change it", "选一个词元：看其预测，或改动它"),
    "choose_place": ("What is predicted after", "预测其后的词元"),
    "edit": ("Compare with the sentence where it is", "与改动后的句子比较："),
    "edit_mask": ("masked", "遮盖"),
    "edit_delete": ("deleted", "删除"),
    "edit_replace": ("another one…", "换成别的……"),
    "predicts": ("What the model predicts at “{token}”", "模型在“{token}”处的预测"),
    "as_it_is": ("as it is", "原样"),
    "without_this": ("without this head", "关闭该头"),
    "with_changes": ("with all changes", "全部改动"),
    "divergence": ("KL {here:.3f} nats; mean of all tokens {mean:.3f}", "KL {here:.3f} 奈特；所有词元平均 {mean:.3f}"),
    "divergence_means": (
        "How far the predictions move: the Kullback-Leibler divergence from the model as it is; 0 is nothing.",
        "预测变动多少：与原模型的 KL 散度；0 表示没有变化。",
    ),
    "switch_off": ("Switch this head off", "关闭该头"),
    "switch_on": ("Switch this head on again", "重新打开该头"),
    "off_head": ("off: layer {layer}, head {head}", "已关闭：第 {layer} 层第 {head} 头"),
    "all_on": ("all on again", "全部打开"),
    "compare": ("Compare with…", "与……比较"),
    "other_sentence": ("Another sentence", "另一个句子"),
    "other_model": ("Another model", "另一个模型"),
    "the_same": ("the same", "相同"),
    "stop_comparing": ("Stop comparing", "结束比较"),
    "difference": ("the second minus the first", "第二个减第一个"),
    "of_head": ("layer {layer}, head {head}", "第 {layer} 层第 {head} 头"),
    "changed_sentence": ("the other sentence", "另一个句子"),
    "heads_off": ("heads switched off: {count}", "已关闭的头：{count}"),
    "of_temperature": (
        "layer {layer}, head {head}: temperature {value}",
        "第 {layer} 层第 {head} 头：温度 {value}",
    ),
    "temperature_here": ("Temperature of this head", "该头的温度"),
    "lens_title": ("{model}: what it would predict after each layer", "{model}：每一层之后会预测什么"),
    "lens_token": ("token", "词元"),
    "lens_layer": ("after layer", "层之后"),
    "lens_probability": ("probability", "概率"),
    "lens_embedding": ("embedding", "嵌入"),
    "lens_means": (
        "The last norm and the matrix that predicts tokens, on the vectors there (the logit lens): the model was not "
        "trained to predict there.",
        "对各层的向量直接用最后的归一化和预测矩阵（logit lens）；模型并未为在此处预测而训练。",
    ),
    "near_token": ("Near to “{token}”", "与“{token}”相近"),
    "near_table": ("among the model's tokens", "在模型的词元中"),
    "near_run": ("among the words of {run}", "在 {run} 的词语中"),
    "products_title": (
        "{model}: layer {layer}, head {head}: from queries and keys to weights",
        "{model}：第 {layer} 层第 {head} 头：从查询和键到权重",
    ),
    "products_query": ("query", "查询"),
    "products_key": ("key", "键"),
    "products_each": ("query × key, by dimension", "查询 × 键（逐维）"),
    "products_score": ("score", "分数"),
    "products_weight": ("weight", "权重"),
    "path_title": (
        "{model}: each token from its embedding (ring) through the layers, by PCA of their directions",
        "{model}：每个词元从嵌入（圆环）起经过各层的路径（方向的 PCA）",
    ),
    "path_after": ("after layer {layer}", "第 {layer} 层之后"),
    "caveat": (
        "Weights say from where a head reads in one layer, not what the model uses: a head can look and change nothing. "
        "What switching it off does is the stronger evidence, of this sentence.",
        "权重只说明某一层的一个头从哪里读取，并不说明模型用了什么：看了也可能毫无作用。关闭该头后的变化才是更强的证据，且只针对这个句子。",
    ),
}
