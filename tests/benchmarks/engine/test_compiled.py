"""A compiled network in training: what is recorded, resumed and refused."""

from dataclasses import replace
from typing import ClassVar

import pytest
import quick
import tiny
import torch
from torch import nn

from benchmarks.declare.errors import UsageError
from benchmarks.declare.runs import Run, network
from benchmarks.engine import train as module
from benchmarks.engine.precision import CompileError, check_compiler
from benchmarks.engine.train import Trainee
from losses.l1 import L1
from losses.local_resources import LocalResources

COMPILED = replace(quick.TRAINING, compiled=True)
RUN = Run(network(tiny.TinyDenoiser), 1.0 * L1(), quick.TRAIN, COMPILED)


class Wavering(nn.Module):
    """Takes another course at each call."""

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred",)
    revision: ClassVar[int] = 1

    def __init__(self):
        super().__init__()
        self.body = nn.Conv2d(3, 3, 1)
        self.calls = 0

    def forward(self, image):
        self.calls += 1
        return self.body(image) + self.calls


@pytest.fixture
def compiled(monkeypatch):
    """What was compiled and called, by torch's compiler without its back end, which takes long."""
    calls, compile_ = [], torch.compile

    def kept(forward, **options):
        fast = compile_(forward, backend="eager", **options)
        return lambda *inputs: calls.append(forward.__self__) or fast(*inputs)

    monkeypatch.setattr(torch, "compile", kept)
    return calls


def entries():
    generator = torch.Generator().manual_seed(0)
    pair = torch.rand(2, 2, 3, 16, 16, generator=generator)
    return {"input": pair[0], "target": pair[1]}


def weights(state):
    return torch.cat([p.detach().flatten() for p in state.network.parameters()])


def test_steps_run_what_torch_compiled_and_looks_do_not(compiled):
    state = Trainee(RUN, LocalResources(), None)
    names = list(state.network.state_dict())
    for k in range(3):
        state.advance(entries())
        assert compiled == [state.network] * (k + 1)
        state.network(entries()["input"])  # as a probe does
    assert len(compiled) == 3
    assert list(state.network.state_dict()) == names == list(RUN.network.build().state_dict())


def test_the_compiled_network_can_be_in_bfloat16(compiled):
    run = replace(RUN, training=replace(COMPILED, precision="bf16"))
    state, given = Trainee(run, LocalResources(), None), []
    state.network.body[0].register_forward_hook(lambda layer, x, y: given.append(y.dtype))
    state.advance(entries())
    assert compiled == [state.network]
    assert given == [torch.bfloat16]


def test_taps_of_a_compiled_network_are_outputs(compiled):
    tapped = replace(RUN, network=RUN.network.tapped("body.0"))
    states = [
        Trainee(replace(tapped, training=training), LocalResources(), None)
        for training in (quick.TRAINING, COMPILED)
    ]
    for state in states:
        state.advance(entries())
    assert compiled == [states[1].network]
    assert weights(states[0]).equal(weights(states[1]))  # of one arithmetic, without the back end


def test_a_network_of_too_many_courses_is_refused_and_not_run_uncompiled(compiled):
    state = Trainee(replace(RUN, network=network(Wavering)), LocalResources(), None)
    for _ in range(8):
        state.advance(entries())
    with pytest.raises(CompileError, match="leave --compile out"):
        state.advance(entries())


def test_what_was_compiled_before_is_no_matter(compiled):
    """Each training begins with none: else the ninth of one network would be refused."""
    for _ in range(10):
        Trainee(RUN, LocalResources(), None).advance(entries())
    assert len(compiled) == 10


@pytest.mark.slow
def test_a_compiled_training_that_is_killed_ends_with_the_same_bits(tmp_path, monkeypatch):
    run = replace(RUN, training=replace(COMPILED, steps=4))
    straight = quick.quick_engine(tmp_path / "straight")
    straight.ensure(run)
    advance, kills = module.Trainee.advance, [2]

    def stopping(state, batch):
        if state.step in kills:
            kills.remove(state.step)
            raise KeyboardInterrupt
        return advance(state, batch)

    monkeypatch.setattr(module.Trainee, "advance", stopping)
    killed = quick.quick_engine(tmp_path / "killed", every=0.0)
    with pytest.raises(KeyboardInterrupt):
        killed.ensure(run)
    killed.ensure(run)
    folders = [engine.status.folder(run) for engine in (straight, killed)]
    assert folders[0].read("weights.safetensors") == folders[1].read("weights.safetensors")
    plain = replace(run, training=replace(run.training, compiled=False))
    straight.ensure(plain)
    record = [straight.status.run_record(each)["spec"]["training"] for each in (run, plain)]
    assert record[0] == record[1] | {"compiled": True}


@pytest.mark.slow
def test_the_trial_passes_where_there_is_a_compiler():
    check_compiler(torch.device("cpu"))


def test_the_trial_tells_what_is_missing_in_one_line(monkeypatch):
    def broken(values):
        raise RuntimeError("no C++ compiler\nwas found")

    monkeypatch.setattr(torch, "compile", lambda function: broken)
    with pytest.raises(UsageError, match=r"--compile: .*no C\+\+ compiler") as told:
        check_compiler(torch.device("cpu"))
    assert "\n" not in str(told.value)
