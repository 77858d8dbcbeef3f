"""Several processes that train one model, started by torchrun, or by anything that sets the same variables.

The first reads, shares out each batch, measures and writes. The others have neither the text nor a folder: they are
told what they need, learn from their shares, and end with the first. Knows nothing of models and files.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from embviz.errors import EmbvizError
from embviz.train.sharing import HEADER, Share

BACKENDS = ("gloo", "cpu:gloo,cuda:nccl")
"""How tensors travel: without GPUs, and with them."""

PATIENCE = timedelta(days=1)  # how long the others wait while the first reads a text; one that dies is noticed at once
_LOST = ("gloo", "NCCL", "Connection")  # what is in a RuntimeError of a transport


class ProcessLostError(EmbvizError):
    """A process of the training has ended before its time."""


def count() -> int:
    """How many processes train together; 1 for one alone."""
    return int(os.environ.get("WORLD_SIZE", "1")) if "RANK" in os.environ else 1


def number() -> int:
    """Which of them this one is, counted from 0."""
    return int(os.environ["RANK"]) if count() > 1 else 0


@contextmanager
def together() -> Iterator[None]:
    """Be one of them; nothing where there is one alone."""
    mine = count() > 1 and not dist.is_initialized()  # Ray Train has done it already
    if mine:
        with noticed():
            dist.init_process_group(BACKENDS[torch.cuda.is_available()], timeout=PATIENCE)
    try:
        yield
    finally:
        if mine:
            dist.destroy_process_group()


@contextmanager
def noticed() -> Iterator[None]:
    """Tell that another process has ended from all else that goes wrong.

    Raises:
        ProcessLostError: one ended before its time.
    """
    try:
        yield
    except RuntimeError as error:
        if not isinstance(error, dist.DistError) and not any(each in str(error) for each in _LOST):
            raise
        raise ProcessLostError(
            f"Process {number() + 1} of {count()} has lost another one, which ended before its time. Give the same "
            "command again: the training goes on from its last checkpoint."
        ) from error


def leave_signals_to_the_first() -> None:
    """Ctrl-C reaches all processes at once: the first saves what there is and ends, and the others with it."""
    if threading.current_thread() is not threading.main_thread():
        return  # a worker of Ray's, which Ctrl-C does not reach
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def tell(facts: Any) -> None:
    """Tell all the others some facts that JSON can hold."""
    text = torch.frombuffer(bytearray(json.dumps(facts).encode()), dtype=torch.uint8)
    dist.broadcast(torch.tensor([len(text)]), 0)
    dist.broadcast(text, 0)


def told() -> Any:
    """What the first tells."""
    size = torch.zeros(1, dtype=torch.long)
    dist.broadcast(size, 0)
    text = torch.zeros(int(size), dtype=torch.uint8)
    dist.broadcast(text, 0)
    return json.loads(text.numpy().tobytes())


def spread(tensors: Iterable[Tensor]) -> None:
    """Give all processes what the first has in these tensors."""
    for tensor in tensors:
        dist.broadcast(tensor, 0)


def send(shares: list[Share]) -> None:
    """Send all others their shares; the first of the list is one's own."""
    for to, share in enumerate(shares[1:], 1):
        header, body = share.packed()
        dist.send(header, to)
        dist.send(body, to)


def dismiss() -> None:
    """Let the others end."""
    for to in range(1, count()):
        dist.send(torch.zeros(HEADER, dtype=torch.long), to)


def received() -> Share | None:
    """One's share of the next batch; None when the first has had enough."""
    header = torch.zeros(HEADER, dtype=torch.long)
    dist.recv(header, 0)
    if not header[0]:
        return None
    body = torch.zeros(int(header[0]), dtype=torch.long)
    dist.recv(body, 0)
    return Share.unpacked(header, body)


def summed(value: Tensor) -> float:
    """The sum over all processes of one number."""
    value = value.detach().cpu().double()
    if count() > 1:
        dist.all_reduce(value)
    return float(value)
