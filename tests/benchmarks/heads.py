"""Scores of heads, measured: how long those of a model of 6 x 6 heads take over 1,000 sentences, and what they say.

    python tests/benchmarks/heads.py

The models are of the sizes small (4 x 4) and medium (6 x 6) on the default corpus, after one step: what the weights
are costs no time. With the scores come those of three random models, over 200 of the sentences each.
"""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

import embviz as ev
from embviz.attention import head_scores


def main() -> None:
    table = Table("what", "embviz", "to reach")
    corpus = ev.open_corpus("wikipedia")
    for size, least in (("small", ""), ("medium", "60 s")):
        with TemporaryDirectory() as home:
            model = ev.AttentionTrainer(size=size, steps=1).fit(corpus, folder=Path(home))
        told: list[float] = []
        begun, spent = time.perf_counter(), time.process_time()
        found = head_scores(model, corpus, 1_000, report=lambda stage, done, note, told=told: told.append(done))
        seconds, processor = time.perf_counter() - begun, time.process_time() - spent
        layers, heads = found.shape
        table.add_row(
            f"scores of {layers} x {heads} heads, {model.dims} dims, over {found.sentences:,} sentences",
            f"{seconds:.1f} s, {processor:.1f} s of processors", least,
        )  # fmt: skip
        table.add_row("... told how far it is, times", f"{len(told):,}", "")
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
