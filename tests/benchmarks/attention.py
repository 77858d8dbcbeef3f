"""Attention models, measured: quality and speed of the trainer beside a plain PyTorch loop, and what the models learn.

    python tests/benchmarks/attention.py [tinyshakespeare.txt]

The file is Karpathy's tiny Shakespeare, 1.1 MB (not in this project); the reference is nanoGPT's CPU setting for it
(4 layers, 4 heads, 128 dimensions, context 64, batch 12, 2,000 steps; published validation loss 1.88), for which a
plain loop of the same model stands in: learned positions, AdamW from 1e-3 to 1e-4, weight decay 0.1, gradients clipped
at 1. Both see the first 90% of the text and are measured on the same windows of the rest. Everything else is made here.
"""

from __future__ import annotations

import math
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import torch
import typer
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn
from torch.nn import functional as F

import embviz as ev
from embviz.attention import attend
from embviz.generation import generate
from embviz.models import AttentionModel, Shape
from embviz.models.transformer import Transformer
from embviz.text import Corpus
from embviz.text.pairs import Pairs
from embviz.train.batches import Batch, Windows
from embviz.train.loop import guess_loss
from embviz.train.reading import read

table = Table("what", "embviz", "reference", "to reach")
CONTEXT, SIZE, STEPS = 64, 12, 2_000


class Plain(nn.Module):
    """nanoGPT's model, as its description says, in plain PyTorch."""

    def __init__(self, vocab: int, layers: int = 4, heads: int = 4, dims: int = 128) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(vocab, dims), nn.Embedding(CONTEXT, dims)
        self.blocks = nn.ModuleList(PlainBlock(heads, dims) for _ in range(layers))
        self.norm = nn.LayerNorm(dims, bias=False)
        self.head = nn.Linear(dims, vocab, bias=False)
        self.head.weight = self.tokens.weight
        for name, p in self.named_parameters():
            if p.ndim == 2:
                nn.init.normal_(p, 0.0, 0.02 / (math.sqrt(2 * layers) if name.endswith("out.weight") else 1))

    def forward(self, ids: Tensor) -> Tensor:
        x = self.tokens(ids) + self.places(torch.arange(ids.shape[1]))
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


class PlainBlock(nn.Module):
    def __init__(self, heads: int, dims: int) -> None:
        super().__init__()
        self.heads = heads
        self.norms = nn.ModuleList(nn.LayerNorm(dims, bias=False) for _ in range(2))
        self.qkv, self.attention_out = nn.Linear(dims, 3 * dims, bias=False), nn.Linear(dims, dims, bias=False)
        self.up, self.mlp_out = nn.Linear(dims, 4 * dims, bias=False), nn.Linear(4 * dims, dims, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self.qkv(self.norms[0](x)).chunk(3, -1)
        )
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.attention_out(mixed.transpose(1, 2).flatten(2))
        return x + self.mlp_out(F.gelu(self.up(self.norms[1](x))))


def plain_training(ids: np.ndarray, vocab: int, steps: int) -> tuple[Plain, list[float]]:
    """The plain loop; gives the model, and when each step was done, in seconds since the first began."""
    torch.manual_seed(0)
    model = Plain(vocab)
    groups = [
        {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": 0.1},
        {"params": [p for p in model.parameters() if p.ndim == 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.99))
    draw, text = np.random.default_rng(0), torch.from_numpy(ids.astype(np.int64))
    begun, done = time.perf_counter(), []
    for step in range(steps):
        rate = step / 100 if step < 100 else 0.1 + 0.45 * (1 + math.cos(math.pi * (step - 100) / (STEPS - 100)))
        for group in optimizer.param_groups:
            group["lr"] = 1e-3 * rate
        starts = draw.integers(len(ids) - CONTEXT - 1, size=SIZE)
        x, y = (torch.stack([text[i + by : i + by + CONTEXT] for i in starts]) for by in (0, 1))
        loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        loss.item()
        done.append(time.perf_counter() - begun)
    return model, done


@torch.no_grad()
def validation_loss(score: Callable[[Tensor], Tensor], ids: np.ndarray) -> float:
    """Nats a character over 4,096 windows of the part that nobody trained on."""
    starts = np.random.default_rng(1).integers(len(ids) - CONTEXT - 1, size=4_096)
    text, total = torch.from_numpy(ids.astype(np.int64)), 0.0
    for part in np.split(starts, 64):
        x, y = (torch.stack([text[i + by : i + by + CONTEXT] for i in part]) for by in (0, 1))
        total += F.cross_entropy(score(x).flatten(0, 1), y.flatten()).item()
    return total / 64


def flops(shape: Shape, tokens: int) -> float:
    """Of one step: 6 a weight and token, and 12 L D T a token for the attention itself (Kaplan et al. 2020, 2.1)."""
    weights = shape.layers * 12 * shape.dims**2 + shape.vocab * shape.dims
    return tokens * (6 * weights + 12 * shape.layers * shape.dims * shape.context / 2)


def peak() -> float:
    """What this machine's matrix product reaches, in flops a second, at the sizes of the model."""
    a, b = torch.randn(SIZE * CONTEXT, 128), torch.randn(128, 512)
    best = 0.0
    for _ in range(30):
        begun = time.perf_counter()
        for _ in range(20):
            a @ b
        best = max(best, 20 * 2 * a.shape[0] * 128 * 512 / (time.perf_counter() - begun))
    return best


def shakespeare(path: Path, folder: Path) -> None:
    """A decoder of characters: validation loss and speed, beside the plain loop."""
    trainer = ev.AttentionTrainer(
        family="decoder", tokens="characters", context=CONTEXT, batch=SIZE, steps=STEPS, held=0.1
    )
    corpus = ev.open_corpus(str(path))
    with read(trainer, corpus, lambda *_: None, folder) as reading:
        windows = reading.batches
        assert isinstance(windows, Windows)
        ids, vocab = np.array(windows.stream.ids), reading.tokenizer.get_vocab_size()
        cut = windows.cut
    begun = time.perf_counter()
    model = trainer.fit(corpus, folder=folder)
    whole = time.perf_counter() - begun
    plain, done = plain_training(ids[:cut], vocab, STEPS)
    ours = validation_loss(lambda x: model.module.logits(model.module(x)), ids[cut:])
    theirs = validation_loss(plain, ids[cut:])
    sizes = [sum(p.numel() for p in each.parameters()) for each in (model.module, plain)]
    table.add_row("validation loss, characters of tiny Shakespeare", f"{ours:.3f}", f"{theirs:.3f}", "1.75 or less")
    table.add_row("weights", f"{sizes[0]:,}", f"{sizes[1]:,}", "as many")
    table.add_row("all of the training, reading and validation too", f"{whole:.0f} s", f"{done[-1]:.0f} s", "")
    speeds(corpus, ids[:cut], vocab)


def speeds(corpus: Corpus, ids: np.ndarray, vocab: int) -> None:
    """The median step of both, in turns, so that both see the same machine; validation and reading are not in it."""
    ours, theirs = [], []
    for _ in range(5):
        with TemporaryDirectory() as home:
            trainer = ev.AttentionTrainer(family="decoder", tokens="characters", context=CONTEXT, batch=SIZE, steps=200)
            trainer.fit(corpus, folder=Path(home))
            rows = [line.split("\t") for line in (Path(home) / "history.tsv").read_text().splitlines()[1:]]
            ours.append(np.median(np.diff([float(row[3]) for row in rows])))
        theirs.append(np.median(np.diff(plain_training(ids, vocab, 200)[1])))
    one, other = np.median(ours), np.median(theirs)
    table.add_row("a step", f"{1000 * one:.1f} ms", f"{1000 * other:.1f} ms", "")
    table.add_row("characters a second", f"{CONTEXT * SIZE / one:,.0f}", f"{CONTEXT * SIZE / other:,.0f}", "")
    table.add_row("times as fast", f"{other / one:.2f}", "1", "1.3")
    shape = Shape("decoder", 4, 4, 128, CONTEXT, vocab)
    work, best = flops(shape, CONTEXT * SIZE), peak()
    table.add_row("the floor of a step: its flops at the speed of one matrix product",
                  f"{work / 1e9:.1f} GF, {1000 * work / best:.1f} ms", f"{best / 1e9:.0f} GF/s", "")  # fmt: skip


def hidden_words(folder: Path) -> None:
    """The encoder on the default corpus, beside what a unigram and a 5-gram model make of the same hidden tokens."""
    trainer, corpus = ev.AttentionTrainer(), ev.open_corpus("wikipedia")
    begun = time.perf_counter()
    model = trainer.fit(corpus, folder=folder)
    seconds = time.perf_counter() - begun
    with read(trainer, corpus, lambda *_: None, folder) as reading:
        windows = reading.batches
        assert isinstance(windows, Windows)
        train = np.array(windows.stream.ids[: windows.cut])
        batches = list(windows.validation())
        loss, right = score(model.module, batches)
        table.add_row("encoder on the default corpus, hidden tokens: nats, right", f"{loss:.2f}, {right:.1%}", "", "")
        for order in (1, 5):
            loss, right = ngram(train, batches, order, model.shape.vocab)
            table.add_row(f"... {order}-gram", "", f"{loss:.2f}, {right:.1%}", "far ahead")
    table.add_row("... from nothing, all of it", f"{seconds:.0f} s", "", "60 s")


@torch.no_grad()
def score(module: Transformer, batches: list[Batch]) -> tuple[float, float]:
    losses, right, count = 0.0, 0, 0
    for batch in batches:
        losses += guess_loss(module, batch).item() * len(batch.targets)
        found = module.logits(module(batch.ids).flatten(0, 1)[batch.places]).argmax(-1)
        right, count = right + int((found == batch.targets).sum()), count + len(batch.targets)
    return losses / count, right / count


def ngram(train: np.ndarray, batches: list[Batch], order: int, vocab: int) -> tuple[float, float]:
    """Absolute discounting (Ney et al. 1994) down to shorter contexts; hidden tokens are seen as hidden."""
    counts: list[dict[tuple[int, ...], Counter[int]]] = [defaultdict(Counter) for _ in range(order)]
    ids = train.tolist()
    for n in range(order):
        for i in range(n, len(ids)):
            counts[n][tuple(ids[i - n : i])][ids[i]] += 1
    losses, right, total = 0.0, 0, 0
    for batch in batches:
        flat, width = batch.ids.flatten().tolist(), batch.ids.shape[1]
        assert batch.places is not None
        for place, target in zip(batch.places.tolist(), batch.targets.tolist(), strict=True):
            chances = np.full(vocab, 1 / vocab)
            for n in range(min(order, place % width + 1)):
                seen = counts[n].get(tuple(flat[place - n : place]))
                if seen:
                    among, each = np.array(list(seen)), np.array(list(seen.values()), float)
                    chances *= 0.75 * len(among) / each.sum()
                    chances[among] += (each - 0.75) / each.sum()
            losses -= math.log(chances[target])
            right, total = right + int(chances.argmax() == target), total + 1
    return losses / total, right / total


def digits(task: str, folder: Path) -> None:
    """A seq2seq model that reverses or sorts strings of digits: exact, and where the cross-attention is."""
    draw = random.Random(0)
    strings = ["".join(draw.choice("0123456789") for _ in range(draw.randint(3, 10))) for _ in range(20_500)]
    known = reversed_ if task == "reversing" else sorted_
    trainer = ev.AttentionTrainer(
        family="seq2seq", tokens="characters", layers=2, heads=4, dims=64, context=16, batch=64, steps=1_500,
        positions="learned", held=0.02,
    )  # fmt: skip
    begun = time.perf_counter()
    model = trainer.fit(Pairs.of([(text, known(text)) for text in strings[:20_000]]), folder=folder)
    seconds = time.perf_counter() - begun
    fresh = [text for text in strings[20_000:] if text not in set(strings[:20_000])]
    exact = np.mean([written(model, text) == known(text) for text in fresh])
    table.add_row(f"{task} strings of digits, exact ({len(fresh)} new ones)", f"{exact:.1%}", "", "99%")
    if task == "reversing":
        table.add_row("... weight of the best head on the right digit", f"{aligned(model, fresh):.1%}", "", "90%")
    table.add_row("... seconds", f"{seconds:.0f}", "", "")


def reversed_(text: str) -> str:
    return text[::-1]


def sorted_(text: str) -> str:
    return "".join(sorted(text))


def written(model: AttentionModel, text: str) -> str:
    return "".join(generate(model, text, temperature=0))


def aligned(model: AttentionModel, texts: list[str]) -> float:
    """The mean weight that the best head puts on the digit that is written next."""
    total = []
    for text in texts[:100]:
        seen = attend(model, text, target=text[::-1])
        n = len(text)
        total.append(np.mean([seen.weights[:, :, i, n - i] for i in range(n)], axis=0))
    return float(np.mean(total, axis=0).max())


def induction(steps: int = 500) -> None:
    """A two-layer decoder on random tokens that come twice: how much a head looks at what followed the token before
    (Olsson et al. 2022: "induction heads"; the prefix-matching score).
    """
    half, vocab, draw = 24, 64, torch.Generator().manual_seed(0)
    shape = Shape("decoder", 2, 4, 64, 2 * half, vocab)
    module = Transformer(shape, torch.Generator().manual_seed(0))

    def texts(count: int) -> Tensor:
        return torch.randint(5, vocab, (count, half), generator=draw).repeat(1, 2)

    def found() -> float:
        ids = texts(1)[0]
        weights = module.attention(ids, [0, 1], range(4)).detach()
        rows = torch.arange(half, 2 * half - 1)
        return float(weights[:, :, rows, rows - half + 1].mean(-1).max())

    before = found()
    optimizer = torch.optim.AdamW(module.parameters(), lr=3e-3, betas=(0.9, 0.98))
    begun = time.perf_counter()
    for _ in range(steps):
        ids = texts(32)
        loss = F.cross_entropy(module.logits(module(ids[:, :-1])).flatten(0, 1), ids[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    after = found()
    table.add_row(f"an induction head after {steps} steps: its score", f"{after:.2f}", f"{before:.2f} at random",
                  f"far above ({time.perf_counter() - begun:.0f} s)")  # fmt: skip


def contexts() -> None:
    """A step of training as the context grows, beside how its flops grow, and what it keeps for the way back."""
    begun: dict[int, float] = {}
    for context in (64, 256, 1_024):
        shape = Shape("decoder", 4, 4, 128, context, 512)
        module = Transformer(shape, torch.Generator().manual_seed(0))
        ids = torch.randint(5, 512, (4_096 // context, context))
        spent = []
        for _ in range(6):
            start = time.perf_counter()
            F.cross_entropy(module.logits(module(ids)).flatten(0, 1), ids.flatten()).backward()
            spent.append(time.perf_counter() - start)
        begun[context] = float(np.median(spent))
        grow = flops(shape, 4_096) / flops(Shape("decoder", 4, 4, 128, 64, 512), 4_096)
        table.add_row(f"4,096 tokens in contexts of {context:,}: time, beside 64", f"{begun[context] / begun[64]:.2f}",
                      f"flops {grow:.2f}", "as the flops")  # fmt: skip
        table.add_row("... kept for the way back", f"{saved(module, ids) / 1e6:.0f} MB", "", "as at 64: linear")


def saved(module: Transformer, ids: Tensor) -> int:
    """Bytes that the forward pass keeps for the backward one, each once."""
    kept: dict[int, Tensor] = {}  # alive, so that no address is used twice

    def keep(x: Tensor) -> Tensor:
        kept[x.untyped_storage().data_ptr()] = x
        return x

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda x: x):
        module.logits(module(ids))
    weights = {p.untyped_storage().data_ptr() for p in module.parameters()}
    return sum(x.untyped_storage().nbytes() for address, x in kept.items() if address not in weights)


def main(text: Annotated[Path | None, typer.Argument(help="Tiny Shakespeare, as one file.")] = None) -> None:
    parts: list[Callable[[Path], None]] = [lambda home: shakespeare(text, home)] if text else []
    for part in (*parts, hidden_words, lambda home: digits("reversing", home),
                 lambda home: digits("sorting", home), lambda home: induction(), lambda home: contexts()):  # fmt: skip
        with TemporaryDirectory() as home:
            part(Path(home))
    Console(width=140).print(table)


if __name__ == "__main__":
    typer.run(main)
