"""Small models of other kinds, as transformers makes them: random weights, from each kind's own configuration."""

from __future__ import annotations

from typing import Any

import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

transformers = pytest.importorskip("transformers")

WORDS = ["the", "cat", "sat", "on", "mat", "king", "##s", "##ed", "天", "气", "käse", ".", "a", "b", "c"]
SENTENCE = "the kings sat on käse 天气 ."
V = 40
SMALL = {"vocab_size": V, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 24,
         "max_position_embeddings": 30}  # fmt: skip
BERT_MARKS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
ROBERTA_MARKS = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
IDS = {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2}


def wordpieces(marks: list[str], start: str, end: str, mask: str | None) -> Any:
    vocabulary = {token: i for i, token in enumerate([*marks, *WORDS])}
    unknown, pad = marks[1 if "[UNK]" in marks else 3], next(mark for mark in marks if "pad" in mark.lower())
    made = Tokenizer(models.WordPiece(vocabulary, unk_token=unknown))
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.WordPiece()
    template = f"{start}:0 $A:0 {end}:0"
    made.post_processor = processors.TemplateProcessing(
        single=template, special_tokens=[(mark, vocabulary[mark]) for mark in (start, end)]
    )
    more = {"mask_token": mask} if mask else {}
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token=pad, unk_token=unknown, bos_token=start, eos_token=end, **more
    )


def letters() -> Any:
    """Bytes, as GPT-2 has them: a letter a token."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = Tokenizer(models.BPE({token: i for i, token in enumerate([*alphabet, "<|end|>"])}, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    return transformers.PreTrainedTokenizerFast(tokenizer_object=made, eos_token="<|end|>")


def pieces() -> Any:
    """A unigram model, as T5 has it."""
    vocabulary = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    vocabulary += [(f"▁{word.removeprefix('##')}", -2.0) for word in WORDS] + [("▁", -3.0), ("s", -3.0), ("气", -3.0)]
    made = Tokenizer(models.Unigram(vocabulary, 2, byte_fallback=False))
    made.pre_tokenizer, made.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    made.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    )


def bert() -> tuple[Any, Any, Any]:
    tokens = wordpieces(BERT_MARKS, "[CLS]", "[SEP]", "[MASK]")
    return transformers.BertForMaskedLM, transformers.BertConfig(**SMALL), tokens


def distilbert() -> tuple[Any, Any, Any]:
    config = transformers.DistilBertConfig(
        vocab_size=V, dim=16, n_layers=3, n_heads=2, hidden_dim=24, max_position_embeddings=30
    )
    return transformers.DistilBertForMaskedLM, config, wordpieces(BERT_MARKS, "[CLS]", "[SEP]", "[MASK]")


def roberta() -> tuple[Any, Any, Any]:
    config = transformers.RobertaConfig(**SMALL, **IDS)
    return transformers.RobertaForMaskedLM, config, wordpieces(ROBERTA_MARKS, "<s>", "</s>", "<mask>")


def modernbert() -> tuple[Any, Any, Any]:
    config = transformers.ModernBertConfig(
        **SMALL, pad_token_id=0, cls_token_id=2, sep_token_id=3, bos_token_id=2, eos_token_id=3, local_attention=6
    )
    return transformers.ModernBertForMaskedLM, config, wordpieces(BERT_MARKS, "[CLS]", "[SEP]", "[MASK]")


def gpt2() -> tuple[Any, Any, Any]:
    config = transformers.GPT2Config(
        vocab_size=260, n_embd=16, n_layer=2, n_head=4, n_positions=50, bos_token_id=256, eos_token_id=256
    )
    return transformers.GPT2LMHeadModel, config, letters()


def llama() -> tuple[Any, Any, Any]:
    config = transformers.LlamaConfig(
        **SMALL | {"vocab_size": 260, "max_position_embeddings": 50},
        num_key_value_heads=2,
        bos_token_id=None,
        eos_token_id=256,
    )
    return transformers.LlamaForCausalLM, config, letters()


def t5() -> tuple[Any, Any, Any]:
    config = transformers.T5Config(
        vocab_size=V, d_model=16, d_kv=8, d_ff=24, num_layers=3, num_decoder_layers=2, num_heads=4,
        decoder_start_token_id=0, pad_token_id=0, eos_token_id=1,
    )  # fmt: skip
    return transformers.T5ForConditionalGeneration, config, pieces()


def bart() -> tuple[Any, Any, Any]:
    config = transformers.BartConfig(
        vocab_size=V, d_model=16, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4,
        decoder_attention_heads=4, encoder_ffn_dim=24, decoder_ffn_dim=24, max_position_embeddings=30,
        decoder_start_token_id=2, **IDS,
    )  # fmt: skip
    return transformers.BartForConditionalGeneration, config, wordpieces(ROBERTA_MARKS, "<s>", "</s>", "<mask>")


KINDS = {kind.__name__: kind for kind in (bert, distilbert, roberta, modernbert, gpt2, llama, t5, bart)}
ENCODERS, DECODERS, SEQ2SEQ = ("bert", "distilbert", "roberta", "modernbert"), ("gpt2", "llama"), ("t5", "bart")
