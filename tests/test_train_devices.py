"""Where a training computes, as far as a machine without a GPU can tell: on the `meta` device, whose tensors hold no
numbers, forward and back again must find all they need there; a tensor that was left on the CPU is an error.
"""

from __future__ import annotations

from itertools import product

import pytest
import torch
from torch import Tensor, nn

from embviz.models import Shape, aligned, convolution, head, recurrent, transformer
from embviz.models.architectures import module_of
from embviz.models.head import Labeller
from embviz.models.shape import NORMS, POSITIONS
from embviz.train.batches import Batch
from embviz.train.devices import device_of
from embviz.train.learning import Learner, Loss
from embviz.train.loop import guess_loss, label_loss

FAMILIES = ("encoder", "decoder", "seq2seq")
MODELS = [
    *[("transformer", *each) for each in product(FAMILIES, POSITIONS, NORMS)],
    *[("lstm", family, "rotary", "pre") for family in FAMILIES],
    ("convolution", "encoder", "rotary", "pre"),
]
THERE = torch.device("meta")


@pytest.fixture(params=[True, False], ids=["padded", "whole"])
def filled(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Batches with padding or without: which it is cannot be asked of tensors without numbers."""
    for module in (transformer, recurrent, aligned, convolution, head):
        monkeypatch.setattr(module, "present", lambda ids: ids != 0 if request.param else None)
    return bool(request.param)


def shape(architecture: str, family: str, positions: str, norm: str) -> Shape:
    return Shape(
        family=family, architecture=architecture, positions=positions, norm=norm, vocab=40, layers=2,
        heads=2 if architecture == "transformer" else 1, dims=16, context=16, tied=True,
    )  # fmt: skip


def numbers(*size: int) -> Tensor:
    return torch.ones(*size, dtype=torch.long)


def learn(module: nn.Module, loss: Loss, batch: Batch) -> None:
    """What a step does with a batch from the CPU, but for asking what the loss is: there is no number."""
    module = module.to(THERE)
    held = [*module.parameters(), *module.buffers()]
    assert torch.float64 not in {tensor.dtype for tensor in held}, "MPS has none"
    found = Learner(module, loss, THERE, "float32").module(batch)
    found.backward()
    assert found.device == THERE
    assert {parameter.grad.device for parameter in module.parameters() if parameter.grad is not None} == {THERE}


@pytest.mark.parametrize("model", MODELS, ids="-".join)
def test_a_step_finds_all_it_needs_on_the_device(filled: bool, model: tuple[str, ...]) -> None:
    if filled and model[0] == "lstm":
        pytest.skip("how long each row is has to be known as a number")
    guesses = 24 if model[1] == "decoder" else 3
    places = None if model[1] == "decoder" else torch.tensor([1, 5, 9])
    source = numbers(3, 6) if model[1] == "seq2seq" else None
    learn(module_of(shape(*model)), guess_loss, Batch(numbers(3, 8), numbers(guesses), places, source))


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(("family", "of_words"), product(("encoder", "decoder"), (False, True)))
def test_a_step_of_fine_tuning_does_too(family: str, of_words: bool) -> None:
    module = Labeller(module_of(shape("transformer", family, "rotary", "pre")), 4)
    learn(module, label_loss, Batch(numbers(3, 8), numbers(3), torch.tensor([1, 5, 9]) if of_words else None))


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("positions", POSITIONS)
def test_what_was_left_elsewhere_would_be_found(positions: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = module_of(shape("transformer", "decoder", positions, "pre")).to(THERE)
    module.embedding = nn.Parameter(torch.ones(40, 16))
    with pytest.raises((RuntimeError, NotImplementedError), match=r"device|meta"):
        module(numbers(3, 8).to(THERE))


@pytest.mark.parametrize(
    ("cuda", "mps", "chosen"), [(True, True, "cuda:1"), (False, True, "mps"), (False, False, "cpu")]
)
def test_by_itself_the_best_device_that_is_there_is_chosen(
    monkeypatch: pytest.MonkeyPatch, cuda: bool, mps: bool, chosen: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    monkeypatch.setenv("LOCAL_RANK", "1")  # which of several GPUs, of a process that torchrun has started
    assert str(device_of("auto")) == chosen
