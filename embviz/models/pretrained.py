"""Models that were trained elsewhere, through `transformers`: the same questions are asked of them as of one's own.

Its eager attention is asked for by name: under its default, `scaled_dot_product_attention`, no weights come out. What
is opened is what a run holds in its folder `pretrained`; no code of a model's folder is run, and nothing is fetched.

Letters: B sentences, T tokens, S tokens of the source, D dims, H heads, V tokens of the vocabulary.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from embviz.errors import EmbvizError
from embviz.models.model import PRETRAINED
from embviz.models.shape import Size
from embviz.models.tapped import blocks_of, instead, outward, states_of, tap, watched, ways_out
from embviz.models.tokens import Marks
from embviz.models.watching import Layer, Watch

MOST = 1_024
"""Tokens that are read at once, at most, even where a model could read more: its weights of attention are shown."""

_ROOM = 256  # rows beyond the vocabulary that are no sign of another tokenizer: they are often rounded up


@dataclass(frozen=True)
class Sides(Size):
    """The size of a model with marks of its own, whose encoder may have more layers than its decoder.

    Attributes:
        own: its marks.
        reader: layers of a seq2seq model's encoder.
    """

    own: Marks = field(default_factory=Marks)
    reader: int = 0

    @property
    def marks(self) -> Marks:
        return self.own

    def depth(self, kind: str) -> int:
        return self.reader if self.family == "seq2seq" and kind == "encoder" else self.layers


class Pretrained:
    """A model of `transformers`, asked as a `Transformer` is.

    Attributes:
        shape: its size.
        headed: whether it predicts tokens; some encoders are kept without the weights for it.
        parting: the id of what stands between two sentences that the model tells apart, as BERT does; else None.
        tapped: whether what passes through its attention can be watched.
    """

    def __init__(
        self, module: Any, headed: bool, family: str, context: int, marks: Marks, parting: int | None = None
    ) -> None:
        self.module, self.headed, self.parting, self.tapped = module.eval(), headed, parting, tap(module)
        self._ways_out: dict[Layer, nn.Module] = {}
        vocab, dims = self.embedding.shape
        self.shape = Sides(family, 1, 1, dims, context, vocab, marks)  # what the next line looks with
        seen = self._seen(torch.tensor([0]), torch.tensor([0]))
        kinds = ("decoder", "cross", "encoder") if family == "seq2seq" else (family,)
        if any(not seen[kind] or seen[kind][0] is None for kind in kinds):
            raise EmbvizError(f"A model of the kind '{self.kind}' gives no weights of attention.")
        shown, reader = seen[kinds[0]], seen[kinds[-1]]
        if len({weights.shape[1] for kind in kinds for weights in seen[kind]}) > 1:
            raise EmbvizError("The layers of this model have different numbers of heads, which embviz cannot show.")
        self.shape = Sides(family, len(shown), shown[0].shape[1], dims, context, vocab, marks, len(reader))

    def untrained(self, seed: int) -> Pretrained:
        """A model of the same configuration with random weights."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            fresh = type(self.module)(copy.deepcopy(self.module.config))
        return Pretrained(fresh, self.headed, self.shape.family, self.shape.context, self.shape.marks, self.parting)

    @property
    def kind(self) -> str:
        """What `transformers` calls it, such as "bert"."""
        return str(self.module.config.model_type)

    @property
    def embedding(self) -> Tensor:
        """(V, D): the vectors that stand for the tokens."""
        return self.module.get_input_embeddings().weight

    def __call__(self, ids: Tensor, source: Tensor | None = None, watch: Watch | None = None) -> Tensor:
        """(B, T) ids, and (B, S) of the source for a seq2seq model -> (B, T, V) scores of every token at each place:
        how they are made of vectors is known to the module alone.

        Args:
            watch: is told what passes through the attention, and may change it.

        Raises:
            EmbvizError: the model predicts no tokens, or cannot be watched.
        """
        if not self.headed:
            raise EmbvizError("This model predicts no tokens: its folder held no weights for that. Look at its "
                              "attention, or import one that was kept whole.")  # fmt: skip
        with self._watched(watch):
            return self._run(self.module, ids, source).logits.float()

    def states(self, ids: Tensor, source: Tensor | None = None, watch: Watch | None = None) -> list[Tensor]:
        """(B, T, D) vectors before each block and after the last one; see `Transformer.states`."""
        with self._watched(watch), states_of(self._blocks) as found:
            self._run(self.module.base_model, ids, source)
        return found

    def lens(self, ids: Tensor, source: Tensor | None = None) -> list[Tensor]:
        """(B, T, V) scores as if each of the `states` were the last; see `Transformer.lens`."""
        *before, _ = self.states(ids, source)
        found = []
        for state in before:
            with instead(self._blocks[-1], state):
                found.append(self(ids, source))
        return [*found, self(ids, source)]

    def outward(self, kind: str, layer: int) -> Tensor:
        """(H, E, D): what takes each head's mixture of values into the vectors; see `Transformer.outward`."""
        if not self._ways_out:
            one = torch.tensor([[0]])
            self._ways_out = ways_out(self.module, lambda watch: self.states(one, one, watch))
        return outward(self._ways_out[kind, layer], self.shape.heads)

    def logits(self, x: Tensor) -> Tensor:
        """(..., V) scores, as they come."""
        return x

    def attention(
        self, ids: Tensor, layers: Sequence[int], heads: Sequence[int], source: Tensor | None = None, kind: str = ""
    ) -> Tensor:
        """(T,) ids -> (layers, heads, T, T) weights; see `Transformer.attention`. Of grouped heads, each query's."""
        given = ids if kind != "encoder" or source is None else ids[:1]  # what is written does not matter to a reader
        if not self.tapped:
            seen = self._seen(given, source)[kind or self.shape.family]
            return torch.stack([seen[layer][0, list(heads)] for layer in layers]).float()
        kind = kind or self.shape.family
        watch = Watch([(kind, layer) for layer in layers], heads)
        with torch.inference_mode(), self._watched(watch):
            self._run(self.module.base_model, given[None], None if source is None else source[None])
        return watch.weights(kind, layers)

    @property
    def _blocks(self) -> nn.ModuleList:
        body = self.module.base_model
        return blocks_of(body.get_decoder() if self.shape.family == "seq2seq" else body, self.shape.layers)

    def _watched(self, watch: Watch | None) -> AbstractContextManager[None]:
        if watch is not None and not self.tapped:
            raise EmbvizError(f"A model of the kind '{self.kind}' shows its weights of attention, and no more of it.")
        return watched(watch, self.shape.family, self.shape.depth("encoder"))

    def _seen(self, ids: Tensor, source: Tensor | None) -> dict[str, Any]:
        """The weights of all layers (1, H, T, T), by kind."""
        with torch.inference_mode():
            out = self._run(
                self.module.base_model, ids[None], None if source is None else source[None], output_attentions=True
            )
        if self.shape.family != "seq2seq":
            return {self.shape.family: out.get("attentions")}
        return {kind: out.get(f"{kind}_attentions") for kind in ("encoder", "decoder", "cross")}

    def _run(self, module: nn.Module, ids: Tensor, source: Tensor | None, **more: Any) -> Any:
        """Masks are given: where none is, some models take a pad in the text for padding."""
        if self.shape.family == "seq2seq":
            assert source is not None
            return module(input_ids=source, attention_mask=torch.ones_like(source), decoder_input_ids=ids,
                          decoder_attention_mask=torch.ones_like(ids), use_cache=False, **more)  # fmt: skip
        if self.shape.family == "decoder":
            more["use_cache"] = False
        if self.parting is not None:
            parts = (ids == self.parting).int()
            more["token_type_ids"] = (parts.cumsum(-1) - parts).clamp(max=1)
        return module(input_ids=ids, attention_mask=torch.ones_like(ids), **more)


def opened(run: Path) -> tuple[Tokenizer, Pretrained]:
    """The model that a run holds, and its tokenizer.

    Raises:
        EmbvizError: a file is missing or damaged, or `transformers` is not there.
    """
    try:
        kept = json.loads((run / "model.json").read_text(encoding="utf-8"))
        said = kept["marks"]
        marks = Marks(tuple(said["start"]), tuple(said["ends"]), said["mask"], tuple(said["never"]))
        family, context, tokenizer = str(kept["family"]), int(kept["context"]), _tokenizer(run / PRETRAINED)
    except Exception as error:  # tokenizers raises a bare Exception for a damaged file
        raise EmbvizError(f"The model in '{run}' is damaged ({_brief(error)}). Import it again.") from error
    module, headed = loaded(run / PRETRAINED, family)
    return tokenizer, Pretrained(module, headed, family, context, marks, _parting(module, tokenizer, family))


def adopted(run: Path) -> tuple[Tokenizer, Pretrained]:
    """A model as it is first opened, its files in place (`folders.gathered`); writes what `opened` needs besides.

    Raises:
        EmbvizError: it is of no known kind, its parts do not fit each other, or it shows no attention.
    """
    folder, transformers = run / PRETRAINED, library()
    family = family_of(folder)
    module, headed = loaded(folder, family)
    with _said("The tokenizer cannot be used"), _quietly(transformers):
        tokens = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        tokens.save_pretrained(folder)
        tokenizer = _tokenizer(folder)
    _check_values(module, tokenizer)
    with _said(f"A model of the kind '{module.config.model_type}' cannot be asked for its attention"):
        marks, parting = _marks(module, headed, tokens, family), _parting(module, tokenizer, family)
        model = Pretrained(module, headed, family, _context(module, tokens), marks, parting)
    kept = {"family": family, "context": model.shape.context, "marks": asdict(model.shape.marks)}
    (run / "model.json").write_text(json.dumps(kept, indent=1), encoding="utf-8")
    return tokenizer, model


def _tokenizer(folder: Path) -> Tokenizer:
    """Of tokenizer.json, without what some add to make all texts of one length."""
    tokenizer = Tokenizer.from_str((folder / "tokenizer.json").read_text(encoding="utf-8"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _parting(module: Any, tokenizer: Tokenizer, family: str) -> int | None:
    """What ends a sentence, where the model knows the first of two from the second (Devlin et al. 2019, section 3)."""
    kinds, marks = getattr(module.config, "type_vocab_size", 0), tokenizer.encode("").ids
    return marks[-1] if family == "encoder" and kinds == 2 and marks else None


def _check_values(module: Any, tokenizer: Tokenizer) -> None:
    tokens, rows = 1 + max(tokenizer.get_vocab().values(), default=-1), len(module.get_input_embeddings().weight)
    if not rows * 0.9 - _ROOM <= tokens <= rows:
        raise EmbvizError(f"The tokenizer does not match the weights: it has {tokens:,} tokens, and they have rows for "
                          f"{rows:,}.")  # fmt: skip
    for name, weight in module.state_dict().items():
        if not weight.isfinite().all():
            raise EmbvizError(f"The weights are damaged: '{name}' holds a value that is not finite.")


def library() -> Any:
    """The `transformers` package.

    Raises:
        EmbvizError: it is not installed.
    """
    try:
        import transformers
    except ImportError:
        raise EmbvizError(
            "Pretrained models are opened through transformers, which is not installed: "
            "pip install 'embviz[pretrained]'"
        ) from None
    return transformers


def family_of(folder: Path) -> str:
    """`encoder`, `decoder` or `seq2seq`, by the configuration.

    Raises:
        EmbvizError: it cannot be read, or is of a kind that predicts no tokens of text.
    """
    transformers = library()
    from transformers.models.auto import modeling_auto

    with _said("config.json cannot be used"), _quietly(transformers):
        config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    causal = [name for name in config.architectures or [] if re.search("CausalLM|LMHead", name)]
    kind = config.model_type
    if config.is_encoder_decoder and kind in modeling_auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES:
        return "seq2seq"
    if kind in modeling_auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES and not causal:
        return "encoder"
    if kind in modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        return "decoder"
    raise EmbvizError(f"A model of the kind '{kind}' is no encoder, decoder or seq2seq model of text.")


def loaded(folder: Path, family: str) -> tuple[Any, bool]:
    """The module with its weights, and whether those that predict tokens are among them.

    Raises:
        EmbvizError: the weights cannot be read, or are of another shape than the configuration says.
    """
    transformers = library()
    kind = {"encoder": "AutoModelForMaskedLM", "decoder": "AutoModelForCausalLM", "seq2seq": "AutoModelForSeq2SeqLM"}
    with _said("The weights cannot be used"), _quietly(transformers):
        module, found = getattr(transformers, kind[family]).from_pretrained(
            folder, attn_implementation="eager", dtype=torch.float32, use_safetensors=True, local_files_only=True,
            trust_remote_code=False, ignore_mismatched_sizes=True, output_loading_info=True,
        )  # fmt: skip
    _check_fit(module, found)
    return module, not found["missing_keys"]


def _check_fit(module: Any, found: dict[str, Any]) -> None:
    """The layers are those of the configuration; a head may be absent, and heads for other tasks are passed over."""
    for name, there, should in sorted(found["mismatched_keys"]):
        raise _other_shape(f"'{name}' is {tuple(there)} and should be {tuple(should)}")
    for name in sorted(found["missing_keys"]):
        if name in _body(module):
            raise _other_shape(f"'{name}' is absent")
    prefix = f"{module.base_model_prefix}."
    there = {_numberless(name.removeprefix(prefix)) for name in module.state_dict()}
    for name in sorted(found["unexpected_keys"]):
        if re.search(r"\d", name) and _numberless(name.removeprefix(prefix)) in there:
            raise _other_shape(f"'{name}' is there and should not be")


def _body(module: Any) -> set[str]:
    """The names of all weights but those of the head that predicts tokens."""
    if module.base_model is module:
        return {name for name in module.state_dict() if not name.startswith("lm_head.")}
    return {f"{module.base_model_prefix}.{name}" for name in module.base_model.state_dict()}


def _numberless(name: str) -> str:
    return re.sub(r"\d+", "#", name)


def _other_shape(why: str) -> EmbvizError:
    return EmbvizError(f"The weights are of another shape than config.json says: {why}.")


def _context(module: Any, tokens: Any) -> int:
    """How many tokens are read at once: as many as there are positions, but for those that are kept for padding."""
    there = [MOST]
    positions = getattr(module.config, "max_position_embeddings", None)
    if isinstance(positions, int) and positions > 0:
        kept = [1 + each.padding_idx for name, each in module.named_modules() if name.endswith("position_embeddings")
                if isinstance(each, nn.Embedding) and each.padding_idx is not None]  # fmt: skip
        there.append(positions - max(kept, default=0))
    if 0 < tokens.model_max_length <= MOST:
        there.append(int(tokens.model_max_length))
    return min(there)


def _marks(module: Any, headed: bool, tokens: Any, family: str) -> Marks:
    """As the model's settings for generation say."""
    said = getattr(module, "generation_config", None)
    start = [said.decoder_start_token_id, said.forced_bos_token_id] if family == "seq2seq" and said else []
    ends = [] if family == "encoder" or not said else said.eos_token_id
    return Marks(
        tuple(mark for mark in start if mark is not None),
        tuple(ends if isinstance(ends, list) else [] if ends is None else [ends]),
        tokens.mask_token_id if family == "encoder" and headed else None,
        tuple(getattr(said, "suppress_tokens", None) or ()),
    )


def _brief(error: Exception) -> str:
    """The first line of what a library complains with."""
    return (str(error).strip().partition("\n")[0] or type(error).__name__)[:200].rstrip(". ")


@contextmanager
def _said(what: str) -> Iterator[None]:
    """What a library complains with, of whatever kind, as a sentence."""
    try:
        yield
    except (EmbvizError, MemoryError):
        raise
    except Exception as error:
        raise EmbvizError(f"{what} ({_brief(error)}).") from error


@contextmanager
def _quietly(transformers: Any) -> Iterator[None]:
    """Without its bars and its reports of what it loads, which are told in our own way."""
    logging = transformers.utils.logging
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity(logging.CRITICAL)
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
