"""How a batch gets to a GPU, and how often a step waits for one, as far as a CPU can tell."""

from collections import Counter
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import pytest
import quick
import tiny
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from benchmarks.declare.runs import Run, network
from benchmarks.declare.training import SGD
from benchmarks.engine import train as module
from benchmarks.engine.train import Checkpoints, Trainee, train
from datasets import sampling
from losses.cross_entropy import CrossEntropy
from losses.d2sm import D2SM
from losses.l1 import L1
from losses.l2 import L2
from losses.local_resources import LocalResources
from losses.lpips import LPIPS
from losses.pdl import PDL
from losses.perceptual import Perceptual
from losses.ssim import SSIM

RUN = Run(network(tiny.TinyDenoiser), 1.0 * L1(), quick.TRAIN, quick.TRAINING)
SEGMENTER = CrossEntropy(partial(nn.Conv2d, 3, 19, 1))

# What a GPU must finish before the program goes on: it gives a number, or a shape.
WAITING = ("_local_scalar_dense", "nonzero", "masked_select", "_unique2", "unique_dim")


class EndedError(Exception):
    """The test has seen enough."""


@pytest.mark.parametrize(("device", "pinned"), [("cpu", False), ("cuda", True), ("cuda:1", True)])
def test_batches_are_pinned_for_a_gpu_only(monkeypatch, device, pinned):
    given = []

    def ended(*arguments):
        given.append(arguments[-1])
        raise EndedError

    monkeypatch.setattr(module, "batches", ended)
    monkeypatch.setattr(module, "Trainee", lambda *arguments: SimpleNamespace(step=0))
    nothing = Checkpoints(load=lambda: None, save=None, log=None, progress=None)
    with pytest.raises(EndedError):
        train(
            RUN, quick.TRAIN.data.open(None), SimpleNamespace(device=torch.device(device)), nothing
        )
    assert given == [pinned]


def test_the_loader_pins_when_it_is_asked(monkeypatch):
    seen = []

    def kept(*arguments, **options):
        seen.append(options["pin_memory"])
        return iter(())

    monkeypatch.setattr(sampling, "DataLoader", kept)
    for more in ((), (True,), (False,)):
        sampling.batches(None, 2, 0, 1, 0, *more)
    assert seen == [False, True, False]


def test_copies_do_not_wait(monkeypatch):
    seen = []
    tensor = SimpleNamespace(to=lambda device, **options: seen.append((device, options)))
    module.on_device({"input": tensor}, torch.device("cuda"))
    assert seen == [(torch.device("cuda"), {"non_blocking": True})]


class Waits(TorchDispatchMode):
    """Counts the operations whose result the program itself looks at."""

    def __init__(self):
        super().__init__()
        self.found = Counter()

    def __torch_dispatch__(self, operation, types, arguments=(), options=None):
        name = operation.overloadpacket.__name__
        masked = name == "index" and any(
            i is not None and i.dtype == torch.bool for i in arguments[1]
        )
        if name in WAITING or masked:
            self.found[name] += 1
        return operation(*arguments, **(options or {}))


@pytest.mark.parametrize(
    "objective",
    [
        L1() + L2(),
        L1() + SSIM(),
        L1() + Perceptual(tiny.FEATURES),
        L1() + LPIPS(weights="random"),
        L1() + PDL(tiny.FEATURES, projection="RSP"),
        L1() + D2SM(tiny.FEATURES, window=32, stride=16, queue=12),
        L1() + SEGMENTER,
    ],
)
def test_a_step_waits_once(objective):
    """For the loss, which must be finite; the terms' values are fetched when they are logged."""
    training = replace(quick.TRAINING, optimizer=SGD(1e-3))  # Adam's count of steps is on the CPU
    state = Trainee(replace(RUN, objective=objective, training=training), LocalResources(), None)
    generator = torch.Generator().manual_seed(0)
    pair = torch.rand(2, 2, 3, 64, 64, generator=generator)
    labels = torch.randint(19, (2, 64, 64), generator=generator)
    state.advance({"input": pair[0], "target": pair[1], "labels": labels})  # allocates
    with Waits() as waits:
        values = state.advance({"input": pair[0], "target": pair[1], "labels": labels})
    assert waits.found == {"_local_scalar_dense": 1}
    with waits:
        assert len(values()) == 2
    assert waits.found == {"_local_scalar_dense": 3}
