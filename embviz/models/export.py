"""One's own models as `transformers` has them: a configuration and weights under the names of an architecture there.

Nothing is retrained and nothing approximated: an architecture is taken that can compute the same, and what it has
besides is set so that it does nothing. Four fit:

- GPT-NeoX, its parallel residual off, for a decoder with rotary positions;
- GPT-2, for a decoder whose positions are added, learned or sinusoidal;
- ESM, an encoder for proteins and for any other text, with norms before its blocks and none on its embeddings; its
  head has a layer more than ours, which is made to pass on what it gets (`_esm`);
- T5, for a seq2seq model with relative positions; it takes no mean off in its norms, so that it is taken off before.

Letters: V tokens, D dims, H heads, E = D / H dims of a head, F = 4 D.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from embviz.errors import EmbvizError
from embviz.models.positions import BUCKETS, FARTHEST
from embviz.models.shape import Shape
from embviz.models.tokens import CLS, MASK, PAD, SEP, SPECIALS, UNK
from embviz.models.transformer import Transformer

BASE, EPSILON = 1_000.0, 1e-5  # of rotary positions, and of layer norms
_SURE = 6.0  # where GELU gives what it is given, to the last digit that matters

Exported = tuple[dict[str, Any], dict[str, Tensor]]


def exported(module: Transformer) -> Exported:
    """config.json, and the weights by their names there.

    Raises:
        EmbvizError: no architecture of `transformers` computes what a model of this shape does.
    """
    shape = module.shape
    make = _CAN.get((shape.family, shape.positions, shape.norm))
    if make is None:
        raise EmbvizError(
            f"Nothing in transformers computes what this model does ({shape.family}, positions {shape.positions}, norm "
            f"{shape.norm}): encoders and decoders with norm pre and rotary, learned or sinusoidal positions can be "
            "exported, and seq2seq models with norm pre and relative positions."
        )
    config, weights = make(module, {name: tensor.detach() for name, tensor in module.state_dict().items()})
    ids = {name: SPECIALS.index(mark) for name, mark in marks(shape.family).items()}
    config |= {f"{name}_id": number for name, number in ids.items() if name != "unk_token"}
    tied = shape.tied and make is not _t5
    config |= {"vocab_size": shape.vocab, "tie_word_embeddings": tied, "dtype": "float32"}
    return config, {name: tensor.clone().contiguous() for name, tensor in weights.items()}


def generation_config(shape: Shape) -> dict[str, Any]:
    """generation_config.json: what starts and ends what is written, and which marks are never written; none for an
    encoder.
    """
    own = shape.marks
    if not own.ends:
        return {}
    starts = {"decoder_start_token_id": own.start[0]} if own.start else {"bos_token_id": own.ends[0]}
    pad = SPECIALS.index(PAD)
    return {"eos_token_id": own.ends[0], "pad_token_id": pad, "suppress_tokens": list(own.never), **starts}


def tokenizer_config(shape: Shape) -> dict[str, Any]:
    """tokenizer_config.json: what it does not know from tokenizer.json."""
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": shape.context,
        "model_input_names": ["input_ids", "attention_mask"],
        "clean_up_tokenization_spaces": False,
        **marks(shape.family),
    }


def marks(family: str) -> dict[str, str]:
    """What transformers calls our marks; a decoder's texts begin and end with [CLS]."""
    common = {"pad_token": PAD, "unk_token": UNK}
    if family == "decoder":
        return {**common, "bos_token": CLS, "eos_token": CLS}
    return {**common, "cls_token": CLS, "sep_token": SEP, "mask_token": MASK}


def _neox(module: Transformer, own: dict[str, Tensor]) -> Exported:
    shape, weights = module.shape, {"gpt_neox.embed_in.weight": own["embedding"]}
    config = {
        "architectures": ["GPTNeoXForCausalLM"], "model_type": "gpt_neox", "hidden_size": shape.dims,
        "num_hidden_layers": shape.layers, "num_attention_heads": shape.heads, "intermediate_size": 4 * shape.dims,
        "max_position_embeddings": shape.context, "hidden_act": "gelu", "layer_norm_eps": EPSILON,
        "use_parallel_residual": False, "attention_bias": False, "rotary_pct": 1.0, "rotary_emb_base": BASE,
        "rope_parameters": {"rope_type": "default", "rope_theta": BASE, "partial_rotary_factor": 1.0},
    }  # fmt: skip
    for i in range(shape.layers):
        ours, name = f"blocks.{i}.", f"gpt_neox.layers.{i}."
        by_head = own[f"{ours}queries_keys_values"].unflatten(0, (3, shape.heads, -1)).transpose(0, 1)
        weights |= _with_bias(f"{name}input_layernorm", own[f"{ours}norm_attention"])
        weights[f"{name}attention.query_key_value.weight"] = by_head.flatten(0, 2)
        weights[f"{name}attention.dense.weight"] = own[f"{ours}out"]
        weights |= _with_bias(f"{name}post_attention_layernorm", own[f"{ours}norm_mlp"])
        weights |= _with_bias(f"{name}mlp.dense_h_to_4h", own[f"{ours}up"])
        weights |= _with_bias(f"{name}mlp.dense_4h_to_h", own[f"{ours}down"])
    weights |= _with_bias("gpt_neox.final_layer_norm", own["norm"])
    return config, weights | _head("embed_out", own)


def _gpt2(module: Transformer, own: dict[str, Tensor]) -> Exported:
    """Its matrices stand the other way round."""
    shape = module.shape
    config = {
        "architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "n_embd": shape.dims, "n_layer": shape.layers,
        "n_head": shape.heads, "n_inner": 4 * shape.dims, "n_positions": shape.context, "activation_function": "gelu",
        "layer_norm_epsilon": EPSILON, "attn_pdrop": 0.0, "embd_pdrop": 0.0, "resid_pdrop": 0.0,
    }  # fmt: skip
    weights = {"transformer.wte.weight": own["embedding"], "transformer.wpe.weight": _table(module)}
    for i in range(shape.layers):
        ours, name = f"blocks.{i}.", f"transformer.h.{i}."
        weights |= _with_bias(f"{name}ln_1", own[f"{ours}norm_attention"])
        weights |= _with_bias(f"{name}attn.c_attn", own[f"{ours}queries_keys_values"], turned=True)
        weights |= _with_bias(f"{name}attn.c_proj", own[f"{ours}out"], turned=True)
        weights |= _with_bias(f"{name}ln_2", own[f"{ours}norm_mlp"])
        weights |= _with_bias(f"{name}mlp.c_fc", own[f"{ours}up"], turned=True)
        weights |= _with_bias(f"{name}mlp.c_proj", own[f"{ours}down"], turned=True)
    weights |= _with_bias("transformer.ln_f", own["norm"])
    return config, weights | _head("lm_head", own)


def _esm(module: Transformer, own: dict[str, Tensor]) -> Exported:
    """ESM's head is norm, dense, GELU, norm, where ours is a norm.

    The first norm is left without gain: it gives y. The dense layer makes a y + b of it, with b so large that GELU
    passes on all of it; the second norm takes b off again and has our gain. It divides by the deviation a second time,
    which is 1 but for epsilon; a is what the deviation usually is before the first norm, so that epsilon weighs as much
    as it did there.
    """
    shape, rotary = module.shape, module.shape.positions == "rotary"
    config = {
        "architectures": ["EsmForMaskedLM"], "model_type": "esm", "hidden_size": shape.dims,
        "num_hidden_layers": shape.layers, "num_attention_heads": shape.heads, "intermediate_size": 4 * shape.dims,
        "max_position_embeddings": shape.context + 1, "position_embedding_type": "rotary" if rotary else "absolute",
        "rope_theta": BASE, "layer_norm_eps": EPSILON, "emb_layer_norm_before": False, "token_dropout": False,
        "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0,
    }  # fmt: skip
    weights = {"esm.embeddings.word_embeddings.weight": own["embedding"]}
    if rotary:
        half = torch.arange(0, shape.head_dims, 2, dtype=torch.float64)
        weights["esm.rotary_embeddings.inv_freq"] = (BASE ** (-half / shape.head_dims)).float()
    else:  # the first place is after that of padding
        table = torch.nn.functional.pad(_table(module), (0, 0, 1, 0))
        weights["esm.embeddings.position_embeddings.weight"] = table
    for i in range(shape.layers):
        ours, name = f"blocks.{i}.", f"esm.encoder.layer.{i}."
        weights |= _with_bias(f"{name}attention.LayerNorm", own[f"{ours}norm_attention"])
        for what, matrix in zip(("query", "key", "value"), own[f"{ours}queries_keys_values"].chunk(3), strict=True):
            weights |= _with_bias(f"{name}attention.self.{what}", matrix)
        weights |= _with_bias(f"{name}attention.output.dense", own[f"{ours}out"])
        weights |= _with_bias(f"{name}LayerNorm", own[f"{ours}norm_mlp"])
        weights |= _with_bias(f"{name}intermediate.dense", own[f"{ours}up"])
        weights |= _with_bias(f"{name}output.dense", own[f"{ours}down"])
    weights |= _with_bias("esm.encoder.emb_layer_norm_after", torch.ones_like(own["norm"]))
    weights |= _with_bias("esm.contact_head.regression", torch.zeros(1, shape.layers * shape.heads))  # of proteins
    usual = _usual_deviation(module)
    weights |= _with_bias("lm_head.dense", usual * torch.eye(shape.dims))
    weights["lm_head.dense.bias"] += usual * math.sqrt(shape.dims) + _SURE  # no value of a norm is larger than sqrt(D)
    weights |= _with_bias("lm_head.layer_norm", own["norm"])
    weights["lm_head.bias"] = torch.zeros(shape.vocab)
    return config, weights | _head("lm_head.decoder", own)


def _t5(module: Transformer, own: dict[str, Tensor]) -> Exported:
    """T5's norm is ours of vectors whose mean is 0: all that is added up to them is made so. It does not divide the
    scores of its attention by sqrt(E), so that the queries are.
    """
    shape = module.shape
    config = {
        "architectures": ["T5ForConditionalGeneration"], "model_type": "t5", "d_model": shape.dims,
        "d_kv": shape.head_dims, "d_ff": 4 * shape.dims, "num_layers": shape.layers, "num_decoder_layers": shape.layers,
        "num_heads": shape.heads, "n_positions": shape.context, "feed_forward_proj": "gelu", "dropout_rate": 0.0,
        "layer_norm_epsilon": EPSILON, "relative_attention_num_buckets": BUCKETS,
        "relative_attention_max_distance": FARTHEST, "is_encoder_decoder": True,
        "decoder_start_token_id": shape.marks.start[0], "eos_token_id": shape.marks.ends[0],
    }  # fmt: skip
    weights = {"shared.weight": own["embedding"] - own["embedding"].mean(1, keepdim=True)}
    for side, ours in (("encoder", "reader."), ("decoder", "")):
        weights[f"{side}.final_layer_norm.weight"] = own[f"{ours}norm"]
        for i in range(shape.layers):
            weights |= _t5_block(f"{side}.block.{i}.layer.", own, f"{ours}blocks.{i}.", shape.head_dims)
        bias = f"{side}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"
        weights[bias] = own[f"{ours}positions.table"]
    return config, weights | {"lm_head.weight": own.get("prediction", own["embedding"])}


def _t5_block(name: str, own: dict[str, Tensor], ours: str, dims: int) -> dict[str, Tensor]:
    """One block of an encoder, or of a decoder where it looks at the source too."""
    crossed = f"{ours}norm_cross" in own
    last = 2 if crossed else 1
    found = _t5_attention(f"{name}0.SelfAttention.", own[f"{ours}queries_keys_values"], own[f"{ours}out"], dims)
    found[f"{name}0.layer_norm.weight"] = own[f"{ours}norm_attention"]
    if crossed:
        matrix = torch.cat((own[f"{ours}cross_queries"], own[f"{ours}cross_keys_values"]))
        found |= _t5_attention(f"{name}1.EncDecAttention.", matrix, own[f"{ours}cross_out"], dims)
        found[f"{name}1.layer_norm.weight"] = own[f"{ours}norm_cross"]
    found[f"{name}{last}.layer_norm.weight"] = own[f"{ours}norm_mlp"]
    found[f"{name}{last}.DenseReluDense.wi.weight"] = own[f"{ours}up"]
    down = own[f"{ours}down"]
    found[f"{name}{last}.DenseReluDense.wo.weight"] = down - down.mean(0)
    return found


def _t5_attention(name: str, matrix: Tensor, out: Tensor, dims: int) -> dict[str, Tensor]:
    q, k, v = matrix.chunk(3)
    parts = {"q": q / math.sqrt(dims), "k": k, "v": v, "o": out - out.mean(0)}
    return {f"{name}{part}.weight": weight for part, weight in parts.items()}


_CAN: dict[tuple[str, str, str], Callable[[Transformer, dict[str, Tensor]], Exported]] = {
    ("decoder", "rotary", "pre"): _neox,
    ("decoder", "learned", "pre"): _gpt2,
    ("decoder", "sinusoidal", "pre"): _gpt2,
    ("seq2seq", "relative", "pre"): _t5,
    ("encoder", "rotary", "pre"): _esm,
    ("encoder", "learned", "pre"): _esm,
    ("encoder", "sinusoidal", "pre"): _esm,
}


def _with_bias(name: str, weight: Tensor, turned: bool = False) -> dict[str, Tensor]:
    """A weight, and the bias that we have not: zeros, one for each row."""
    return {f"{name}.weight": weight.T if turned else weight, f"{name}.bias": torch.zeros(weight.shape[0])}


def _head(name: str, own: dict[str, Tensor]) -> dict[str, Tensor]:
    """The matrix that predicts tokens, where it is not the one that embeds them."""
    return {f"{name}.weight": own["prediction"]} if "prediction" in own else {}


def _table(module: Transformer) -> Tensor:
    """(context, D): what is added for each position."""
    with torch.no_grad():
        return module.positions.added(torch.zeros(1, module.shape.context, module.shape.dims))[0]


def _usual_deviation(module: Transformer) -> float:
    """Of the vectors before the last norm, on texts of tokens drawn at random."""
    shape = module.shape
    ids = torch.randint(
        len(SPECIALS), shape.vocab, (8, min(shape.context, 64)), generator=torch.Generator().manual_seed(0)
    )
    with torch.no_grad():
        *_, last = module.states(ids)
    return float(last.var(-1, correction=0).mean().sqrt())
