"""Training steps in pieces: the plain step in less memory, or a refusal."""

import math
import re
from dataclasses import replace
from typing import ClassVar

import pytest
import quick
import tiny
import torch
from torch import nn

from benchmarks.declare.errors import UsageError
from benchmarks.declare.runs import Run, network
from benchmarks.declare.training import SGD, Held
from benchmarks.engine import train as module
from benchmarks.engine.pieces import check_pieces, outputs_in_pieces
from benchmarks.engine.problems import Failed
from benchmarks.engine.stored_training import make_run
from benchmarks.engine.train import Trainee
from losses.adversarial import Adversarial
from losses.d2sm import D2SM
from losses.every_output import EveryOutput
from losses.gated_adversarial import GatedAdversarial
from losses.l1 import L1
from losses.l2 import L2
from losses.local_resources import LocalResources
from losses.wasserstein import Wasserstein

BATCH = 5
TRAINING = replace(quick.TRAINING, steps=45, batch=BATCH, crop=16, optimizer=SGD(0.1))
RUN = Run(network(tiny.TinyDenoiser), 1.0 * L1(), quick.TRAIN, TRAINING)


class Drawing(tiny.TinyDenoiser):
    """Drops features and adds noise, and gives two images and a map of integers."""

    outputs: ClassVar[tuple[str, ...]] = ("pred", "early", "place")

    def forward(self, noisy):
        features = nn.functional.dropout(self.body[:2](noisy), 0.5, self.training)
        pred = noisy + self.body[2](features + 0.1 * torch.rand_like(features))
        return pred, features[:, :3], pred.argmax(dim=1)


class Normalised(tiny.TinyDenoiser):
    def __init__(self, norm=nn.BatchNorm2d):
        super().__init__()
        self.body.insert(1, norm(8))


class Judged(nn.Sequential):
    """A discriminator that sees the batch as a whole, and draws."""

    def __init__(self):
        layers = (nn.Conv2d(3, 4, 4, 2), nn.BatchNorm2d(4), nn.Dropout(0.3), nn.Conv2d(4, 1, 4, 2))
        super().__init__(*layers)


def batch(step=0, count=BATCH):
    generator = torch.Generator().manual_seed(step)
    target = torch.rand(count, 3, 16, 16, generator=generator, dtype=torch.float64)
    noise = torch.randn(target.shape, generator=generator, dtype=torch.float64)
    sigma = torch.full((count,), 25.0)
    return {"target": target, "input": target + 0.1 * noise, "sigma": sigma}


def trainee(run, micro_batch=0):
    """In double precision: what is wrong cannot hide behind rounding."""
    state = Trainee(run, LocalResources(), None, micro_batch)
    state.network.double()
    state.objective.double()
    return state


def gradients(state):
    """Of the step that was made; 0 where the network rested."""
    parameters = state.network.parameters()
    return [torch.zeros_like(p) if p.grad is None else p.grad.clone() for p in parameters]


WINDOWS = D2SM(tiny.FEATURES, window=8, stride=4, queue=20)
OBJECTIVES = {
    "pixels": L1() + 0.5 * L2(),
    "GAN": L1() + 0.1 * Adversarial(Judged, lr=1e-3),
    "GAN whose sides wait": L1() + 0.1 * GatedAdversarial(Judged, lr=1e-3, margins=(0.69, 0.7)),
    "critic": L1() + 0.1 * Wasserstein(tiny.TinyCritic, lr=1e-3),
    "queue of windows": L1() + 0.1 * WINDOWS,
    "queue of images": L1() + 0.1 * replace(WINDOWS, window=None, stride=None, queue=12),
}


@pytest.mark.parametrize("kind", OBJECTIVES)
@pytest.mark.parametrize("size", [1, 2, 4])
def test_steps_in_pieces_are_the_plain_ones(kind, size):
    """Values, gradients, generators, weights and all that the objective keeps, step by step."""
    run = replace(RUN, objective=OBJECTIVES[kind])
    found = []
    for micro_batch in (0, size):
        state, steps = trainee(run, micro_batch), []
        for k in range(4):
            values = list(state.advance(batch(k))().values())
            kept = [x for x in state.objective.learned_state().values() if torch.is_tensor(x)]
            steps.append([torch.tensor(values), *gradients(state), torch.get_rng_state(), *kept])
        found.append(steps)
    torch.testing.assert_close(found[1], found[0], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("size", [BATCH, BATCH + 1, 100])
def test_pieces_of_the_whole_batch_are_the_plain_step_bit_for_bit(size):
    run = replace(RUN, network=network(Drawing), objective=L1() + 0.1 * WINDOWS)
    found = []
    for micro_batch in (0, size):
        state = Trainee(run, LocalResources(), None, micro_batch)
        for k in range(3):
            state.advance({name: x.float() for name, x in batch(k).items()})
        found.append(state.network.state_dict())
    assert all(torch.equal(found[0][name], found[1][name]) for name in found[0])


def test_both_passes_of_a_piece_draw_the_same_and_the_generator_goes_on():
    """With the pieces drawn one by one, in their order, and the objective after them."""
    entries, weight = batch(), torch.rand(BATCH, 3, 16, 16, dtype=torch.float64)
    torch.manual_seed(7)
    drawing = Drawing().double()
    torch.manual_seed(8)
    pieces = [drawing(entries["input"][k : k + 2]) for k in (0, 2, 4)]
    expected = (torch.cat([p for p, _, _ in pieces]) * weight).sum()
    expected = (
        expected + torch.cat([early for _, early, _ in pieces]).square().sum()
    ) * torch.rand(())
    wanted = torch.autograd.grad(expected, list(drawing.parameters()))
    after = torch.rand(3)

    torch.manual_seed(8)
    needed = ("pred", "early", "place")
    outputs, bring = outputs_in_pieces(drawing, entries, 2, needed)
    assert torch.equal(outputs["place"], torch.cat([place for _, _, place in pieces]))
    total = (outputs["pred"] * weight).sum() + outputs["early"].square().sum()
    (total * torch.rand(())).backward()
    bring()
    torch.testing.assert_close([p.grad for p in drawing.parameters()], list(wanted))
    assert torch.equal(torch.rand(3), after)


def test_only_needed_outputs_are_made_and_have_gradients():
    drawing = Drawing().double()
    outputs, bring = outputs_in_pieces(drawing, batch(), 2, ("pred", "early", "input"))
    assert list(outputs) == ["pred", "early"]
    assert all(not x.grad_fn and x.requires_grad for x in outputs.values())
    outputs["early"].sum().backward()
    bring()
    assert outputs["pred"].grad is None
    assert drawing.body[2].weight.grad is None
    assert drawing.body[0].weight.grad.any()


def test_every_needed_output_brings_its_gradient():
    run = replace(RUN, network=network(Drawing), objective=1.0 * EveryOutput(L1(), ("early",)))
    state, plain = trainee(run, 2), trainee(replace(run, objective=1.0 * L1()), 2)
    for one in (state, plain):
        one.advance(batch())
    assert not torch.allclose(state.network.body[0].weight.grad, plain.network.body[0].weight.grad)


def test_one_piece_has_a_graph_at_a_time(monkeypatch):
    seen = []
    forward = tiny.TinyDenoiser.forward
    monkeypatch.setattr(
        tiny.TinyDenoiser, "forward",
        lambda self, x: (seen.append((len(x), torch.is_grad_enabled())), forward(self, x))[1],
    )  # fmt: skip
    trainee(RUN, 2).advance(batch())
    assert seen == [(n, graph) for graph in (False, True) for n in (2, 2, 1)]


@pytest.mark.parametrize(("size", "chunk"), [(0, 0), (2, 2), (BATCH, 0)])
def test_objective_looks_at_as_many_at_a_time(size, chunk):
    run = replace(RUN, objective=L1() + 0.1 * WINDOWS)
    looking = [part for part in trainee(run, size).objective.modules() if hasattr(part, "chunk")]
    assert [part.chunk for part in looking] == [chunk]


def test_held_part_learns_nothing_in_pieces_either():
    run = replace(RUN, training=replace(TRAINING, held=Held("body.0", 1)))
    state = trainee(run, 2)
    before = state.network.body[0].weight.clone()
    state.advance(batch())
    assert torch.equal(state.network.body[0].weight, before)
    state.advance(batch(1))
    assert not torch.equal(state.network.body[0].weight, before)


def test_a_loss_that_is_not_finite_ends_the_run_in_pieces_too():
    spoiled = {name: x * math.inf for name, x in batch().items()}
    with pytest.raises(module.TrainingError, match="not finite at step 1: L_1 = "):
        trainee(RUN, 2).advance(spoiled)


REFUSED = [
    nn.BatchNorm2d,
    lambda n: nn.BatchNorm2d(n, track_running_stats=False),
    lambda n: nn.InstanceNorm2d(n, track_running_stats=True),
]


@pytest.mark.parametrize("norm", REFUSED)
def test_network_that_learns_from_the_batch_as_a_whole_is_refused_by_name(norm):
    run = replace(RUN, network=network(Normalised, norm=norm))
    with pytest.raises(UsageError) as caught:
        Trainee(run, LocalResources(), None, 4)
    assert re.fullmatch(
        r"Normalised cannot be trained in pieces: body\.1, a \w+Norm2d, learns from all images of "
        "a step together; leave --micro-batch out, or give at least the batch, 5",
        str(caught.value),
    )
    for whole in (0, 5):
        Trainee(run, LocalResources(), None, whole)


def test_normalisation_that_looks_at_no_other_image_is_taken():
    for norm in (nn.InstanceNorm2d, lambda n: nn.GroupNorm(2, n), nn.Identity):
        check_pieces(Normalised(norm), "network", BATCH)
    frozen = Normalised()
    frozen.body[1].eval()
    check_pieces(frozen, "network", BATCH)


class Counting(tiny.TinyDenoiser):
    outputs: ClassVar[tuple[str, ...]] = ("pred", "share")

    def forward(self, noisy):
        return super().forward(noisy), noisy.new_tensor(0.5)


def test_output_without_a_row_per_image_is_refused_where_it_is_needed():
    outputs_in_pieces(Counting(), {"input": torch.rand(3, 3, 8, 8)}, 2, ("pred",))
    told = "Counting cannot be trained in pieces: its output 'share' has no row per image"
    with pytest.raises(UsageError, match=told):
        outputs_in_pieces(Counting(), {"input": torch.rand(3, 3, 8, 8)}, 2, ("pred", "share"))


def test_refusal_is_the_row_s_problem_in_one_line_and_leaves_no_trace(tmp_path):
    engine = quick.quick_engine(tmp_path)
    engine.micro_batch = 2
    run = replace(RUN, network=network(Normalised), data=quick.TRAIN)
    with pytest.raises(Failed, match=r"^Normalised cannot be trained in pieces: "):
        engine.ensure(run)
    assert not list(engine.status.folder(run).path.glob("*.json*"))
    make_run(run, engine.status, engine, "the row", 0, 30.0)
    assert "run.json" in {path.name for path in engine.status.folder(run).path.iterdir()}
