"""What the training view says, in English and Chinese; `interface.py` shows it like every other text."""

from __future__ import annotations

TEXT = {
    "training": ("Training", "训练"),
    "kind": ("What to train", "训练什么"),
    "kind_word2vec": ("Word vectors", "词向量"),
    "kind_attention": ("Attention model", "注意力模型"),
    "kind_word2vec_means": (
        "One vector a word (word2vec): words with like neighbours come to lie near each other.",
        "每个词一个向量（word2vec）：上下文相似的词会彼此靠近。",
    ),
    "kind_attention_means": (
        "A small transformer: it learns to guess words, and shows what it looks at.",
        "小型 Transformer：学习猜词，并显示它关注哪里。",
    ),
    "of_text": ("Text", "文本"),
    "of_registry": ("Comes with embviz, or is fetched", "embviz 自带或可下载"),
    "of_readers": ("Your files", "您的文件"),
    "to_fetch": ("is fetched first", "需先下载"),
    "bring": ("Bring a text", "上传文本"),
    "bring_kinds": ("{kinds}, up to {most} MB; stays on this machine", "{kinds}，不超过 {most} MB；只保存在本机"),
    "too_large": (
        "This file has more than {most} MB. Train on it in the shell: embviz train … FILE",
        "此文件超过 {most} MB。请在命令行中训练：embviz train … FILE",
    ),
    "brought": ("“{name}” is kept beside the runs.", "“{name}”已保存在模型文件夹中。"),
    "text_column": ("Column that is read", "读取的列"),
    "target_column": ("Column that it learns to write", "学习写出的列"),
    "no_target": ("none: from the text alone", "无：只用文本本身"),
    "encoding": ("Encoding of your file", "文件的编码"),
    "size": ("Size", "规模"),
    "size_tiny": ("tiny", "微型"),
    "size_small": ("small", "小型"),
    "size_medium": ("medium", "中型"),
    "size_means": (
        "{layers} layers × {heads} heads, {dims} dimensions, {steps:,} steps.",
        "{layers} 层 × {heads} 头，{dims} 维，{steps:,} 步。",
    ),
    "size_takes": (" On a laptop {time}.", "在笔记本电脑上{time}。"),
    "time_tiny": ("some 10 seconds", "约 10 秒"),
    "time_small": ("about a minute", "约一分钟"),
    "time_medium": ("some hours", "数小时"),
    "more_fields": ("All parameters", "全部参数"),
    "by_size": ("set by the size", "由规模决定"),
    "yes": ("yes", "是"),
    "no": ("no", "否"),
    "name": ("Name", "名称"),
    "start": ("Start", "开始训练"),
    # how it stands
    "trainings": ("Trainings", "训练列表"),
    "no_training": (
        "Nothing has been trained here yet. Choose a text and press Start; it goes on when you "
        "close the page, and when the server ends.",
        "这里还没有训练。请选择文本并点击“开始训练”；关闭网页或服务器停止后，训练仍会继续。",
    ),
    "no_such_training": ("There is no training '{name}'.", "没有名为“{name}”的训练。"),
    "list_empty": ("None yet.", "暂无。"),
    "one_at_a_time": ("One at a time; the others wait in line.", "一次训练一个，其余依次等待。"),
    "is_queued": ("waiting", "等待中"),
    "is_running": ("running", "进行中"),
    "is_stopping": ("stopping", "正在停止"),
    "is_stopped": ("stopped", "已停止"),
    "is_failed": ("failed", "失败"),
    "is_done": ("done", "完成"),
    "queued": ("Waiting: begins in a moment.", "等待中：即将开始。"),
    "queued_behind": ("Waiting: begins when '{name}' has ended.", "等待中：“{name}”结束后开始。"),
    "stopping": ("Stopping; it saves first", "正在停止，先保存"),
    "stopped": ("Stopped; there is nothing to go on from.", "已停止；没有可以继续的检查点。"),
    "stopped_at": ("Stopped at step {step:,} of {of:,}.", "停在第 {step:,} 步（共 {of:,} 步）。"),
    "done": ("Done.", "训练完成。"),
    "done_at": ("Done: {step:,} of {of:,} steps.", "训练完成：{step:,} 步（共 {of:,} 步）。"),
    "kept_of": (
        "Kept are the weights of step {step:,}: validation loss {loss:.3f}, the lowest.",
        "保留第 {step:,} 步的权重：验证损失最低，为 {loss:.3f}。",
    ),
    "died": (
        "The training ended without a word: it was killed, or there was not enough memory. Its log is "
        ".trainings/{log} beside the runs.",
        "训练意外结束：进程被终止或内存不足。日志在模型文件夹的 .trainings/{log}。",
    ),
    "left_seconds": ("{n} s left", "还需 {n} 秒"),
    "left_minutes": ("{n} minutes left", "还需 {n} 分钟"),
    "left_hours": ("{n} hours left", "还需 {n} 小时"),
    "no_curve": (
        "word2vec tells no loss: what gensim counts is known to be wrong, so it is not shown.",
        "word2vec 不显示损失：gensim 统计的损失已知有误。",
    ),
    "stop": ("Stop", "停止"),
    "go_on": ("Go on", "继续"),
    "remove": ("Remove from the list", "从列表中移除"),
    "step": ("step", "步"),
    "loss": ("loss, nats per guessed token", "损失（每个所猜词元，nat）"),
    "of_training": ("training", "训练"),
    "of_validation": ("validation", "验证"),
    "to_map": ("See its map", "查看地图"),
    "to_words": ("Its nearest words", "查看最近的词"),
    "to_attention": ("See what it looks at", "查看注意力"),
    "begin_with": ("Begin with", "开头"),
    "write_sample": ("Write a sample", "写一段样例"),
    "sample_means": (
        "By the weights with the lowest validation loss so far, drawn at temperature 0.8.",
        "用目前验证损失最低的权重写出，温度 0.8。",
    ),
}

ERRORS = {
    "There is a run or a training '{name}' already: choose another name.":
        "已有名为“{name}”的模型或训练：请换一个名称。",
    "'{name}' cannot name a run: use letters, digits and - . _, {most} at most.":
        "“{name}”不能作为模型名称：请使用文字、数字和 - . _，最多 {most} 个字符。",
    "'{name}' is still being trained: stop it first.": "“{name}”仍在训练：请先停止。",
    "{name} is '{value}', and there are {choices}.": "{name} 是“{value}”，可选的有 {choices}。",
    "{name} is '{value}' and must be a number.": "{name} 是“{value}”，应为数字。",
    "'{name}' is none of {kinds}: save it as one of these.": "“{name}”不是 {kinds} 文件：请另存为其中一种。",
    "'{name}' has more than {most} MB. Train on it in the shell: embviz train … FILE":
        "“{name}”超过 {most} MB。请在命令行中训练：embviz train … FILE",
    "'{name}' is empty. Choose a file with text in it.": "“{name}”是空的。请选择有内容的文件。",
    "'{name}' has measured no validation loss yet, and its weights are kept when it does: try again in a moment.": "“{name}”尚未测过验证损失，测过后才会保存权重：请稍后再试。",
    "There is no text '{name}'. Choose one, or bring a file.": "没有文本“{name}”。请选择一个，或上传文件。",
    "Choose a column of '{name}': {columns}.": "请选择“{name}”的一列：{columns}。",
}  # fmt: skip
