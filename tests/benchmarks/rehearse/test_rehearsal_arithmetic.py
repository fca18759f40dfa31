"""Operations, memory, checkpoints and hours, each against numbers by hand."""

from dataclasses import replace

import pytest
import rows_of_tables
import tiny
import torch
from torch import nn

from baselines.denoising.dncnn import DnCNN
from baselines.faces.pfsr import PFSR
from benchmarks.declare.runs import Run, network
from benchmarks.engine.pieces import outputs_in_pieces
from benchmarks.rehearse import training
from benchmarks.rehearse.arithmetic import ACCELERATORS, UTILISATION, image_cost, training_cost
from benchmarks.rehearse.measuring import Measured
from benchmarks.rehearse.memory import PeakMemory
from benchmarks.rehearse.operations import counted
from benchmarks.rehearse.training import Steps, differing, stages, steps_of
from datasets.degradations.noise import Noisy
from datasets.div2k import DIV2K
from losses.balanced import Balanced
from losses.d2sm import D2SM
from losses.l1 import L1
from losses.perceptual import Perceptual

GIB = 2**30
STEPS = Steps(
    parameters=10, batch=64, images=2, pieces=0, network_flop=6 * 10**9, objective_flop=2 * 10**9,
    seconds=0.5, resting=GIB, peak=2 * GIB, machine=11 * GIB, measured="by hand", checkpoint=80,
    absent=(),
)  # fmt: skip
RUN = Run(network(tiny.TinyDenoiser), L1(), Noisy(DIV2K("train"), sigma=25), tiny.TRAINING)


def test_two_images_of_64_stand_for_the_batch():
    assert STEPS.flop == 8e9 * 32
    assert STEPS.step_seconds == 16
    assert STEPS.step_peak == GIB + 32 * GIB


def test_largest_micro_batch_that_fits():
    """Half a GiB an image beside one at rest; a tenth of 11 GiB is not to be counted on."""
    assert STEPS.fits == 17
    assert replace(STEPS, machine=100 * GIB).fits == 64
    assert replace(STEPS, machine=GIB).fits == 0


def test_hours_of_a_training_are_steps_times_seconds():
    cost = training_cost(RUN, STEPS)
    assert cost.seconds == 40 * 16
    assert cost.hours == pytest.approx(40 * 16 / 3600)
    assert (cost + image_cost(Measured(2, 3, 2, 0.25, 100.0, ()), 500)).seconds == 640 + 125


def test_hours_elsewhere_are_operations_over_a_share_of_the_peak():
    a100 = ACCELERATORS[0]
    assert a100.hours(19.5e12 * 3600) == pytest.approx(1 / UTILISATION["float32"])
    assert a100.hours(156e12 * 3600, "tf32") == pytest.approx(1 / UTILISATION["tf32"])
    assert all(0 < share < 1 for share in UTILISATION.values())


def test_operations_of_a_step_by_hand(tmp_path):
    """Each layer multiplies 27 x 8 numbers per pixel; the first has no gradient to its input."""
    steps = steps_of(RUN, rows_of_tables.status_of(tmp_path), tmp_path, 2)
    layer = 2 * 27 * 8 * 2 * 32 * 32
    assert steps.network_flop == layer * (2 + 3)
    assert steps.objective_flop == 0
    assert steps.parameters == 8 * 27 + 8 + 3 * 72 + 3


def test_operations_of_the_objective_stand_apart():
    """A feature network looks at a pair, and hands a gradient back that D2SM takes at once."""
    plain = nn.Conv2d(3, 3, 1)
    loss = (1.0 * D2SM(tiny.FEATURES, window=16, stride=16, queue=0)).build(Resources())
    images = torch.rand(1, 3, 32, 32)
    with counted(plain) as found:
        pred = plain(images)
        loss(pred, images, {})[0].backward()
    assert found.network == 2 * 9 * 32 * 32 * 2
    assert found.total > 10 * found.network


class Single(nn.Conv2d):
    """A layer that multiplies 9 numbers per pixel, and is a network."""

    inputs = ("input",)
    outputs = ("pred",)

    def __init__(self):
        super().__init__(3, 3, 1)


def test_pieces_go_forward_twice_and_backward_once():
    """A frozen layer looks at the whole batch, and hands a gradient to its input alone."""
    single, judge = Single(), nn.Conv2d(3, 3, 1).requires_grad_(False)
    with counted(single) as found:
        outputs, bring = outputs_in_pieces(single, {"input": torch.rand(8, 3, 16, 16)}, 1, ["pred"])
        judge(outputs["pred"]).sum().backward()
        bring()
    layer = 2 * 9 * 8 * 16 * 16
    assert found.network == (2 + 1) * layer
    assert found.total - found.network == 2 * layer


def test_gradient_that_a_term_asks_for_is_none_of_the_networks():
    """`Balanced` looks at gradients for `pred` before the step's own reach the network."""
    single = Single()
    term = Balanced(Perceptual(tiny.FEATURES), 1.0 * L1())
    images = torch.rand(1, 3, 32, 32)
    with counted(single) as found:
        (1.0 * term).build(Resources())(single(images), images, {})[0].backward()
    assert found.network == 2 * 2 * 9 * 32 * 32
    assert found.total > 10 * found.network


@pytest.mark.parametrize("order", [1, -1])
def test_every_output_of_a_network_counts(order):
    """Two layers, of which the first gives an output of its own; whichever gradient comes first."""
    first, second = Single(), Single()

    class Two(nn.Module):
        def forward(self, images):
            middle = first(images)
            return (middle, second(middle))[::order]

    network = Two()
    with counted(network) as found:
        sum(output.sum() for output in network(torch.rand(1, 3, 16, 16))).backward()
    assert found.network == found.total == (2 + 3) * 2 * 9 * 16 * 16


class Heavy(tiny.TinyDenoiser):
    """A denoiser with a weight of 64 MiB, which is no part of what an image takes."""

    def __init__(self):
        super().__init__()
        self.bulk = nn.Parameter(torch.zeros(2**24))

    def forward(self, noisy):
        return super().forward(noisy) + self.bulk.mean()


def test_gradients_and_averages_are_at_rest_and_not_an_images(tmp_path):
    """A weight, its gradient and Adam's two averages."""
    run = replace(RUN, network=network(Heavy))
    steps = steps_of(run, rows_of_tables.status_of(tmp_path), tmp_path, 1)
    assert 3.8 * 2**26 < steps.resting < 5 * 2**26


class Growing(tiny.TinyDenoiser):
    """Runs its body once more in each of three stages."""

    def __init__(self):
        super().__init__()
        self.stages = (10, 10)
        self.register_buffer("step", torch.zeros((), dtype=torch.int64))

    def forward(self, noisy):
        for _ in range(1 + int(self.step) // 10):
            noisy = super().forward(noisy)
        if torch.is_grad_enabled():
            self.step += 1
        return noisy


def test_network_that_grows_is_weighed_by_the_steps_of_its_stages(tmp_path):
    """Of 40 steps 10 run the body once, 10 twice, 20 three times; the first has no gradient to
    its input."""
    status = rows_of_tables.status_of(tmp_path)
    steps = steps_of(replace(RUN, network=network(Growing)), status, tmp_path, 1)
    layer = 2 * 27 * 8 * 32 * 32
    once, more = layer * (2 + 3), layer * (2 + 4)
    assert steps.network_flop == (10 * once + 10 * (once + more) + 20 * (once + 2 * more)) / 40
    assert steps.objective_flop == 0


def test_stages_last_as_long_as_the_training():
    assert stages(Growing(), 40) == [(0, 10), (10, 10), (20, 20)]
    assert stages(Growing(), 15) == [(0, 10), (10, 5)]
    assert stages(PFSR(width=24, stages=(0, 0)), 15) == [(0, 15)]
    assert stages(nn.Identity(), 15) == [(0, 15)]


@pytest.mark.parametrize(("architecture", "so"), [(tiny.TinyDenoiser, True), (DnCNN, False)])
def test_batch_normalisation_cannot_be_trained_in_pieces(tmp_path, architecture, so):
    run = replace(RUN, network=network(architecture))
    assert steps_of(run, rows_of_tables.status_of(tmp_path), tmp_path, 2).in_pieces is so


@pytest.mark.parametrize(("compiled", "last"), [(False, 2 - 1), (True, 8 - 4)])
def test_step_that_compiles_is_not_the_timed_one(tmp_path, monkeypatch, compiled, last):
    """The first counts operations, under which nothing is compiled: the second compiles."""
    moments = iter(range(100))
    monkeypatch.setattr("benchmarks.engine.precision._compiled", lambda forward: forward)
    monkeypatch.setattr(training, "now", lambda device: 2 ** next(moments))
    run = replace(RUN, training=replace(RUN.training, compiled=compiled))
    found = steps_of(run, rows_of_tables.status_of(tmp_path), tmp_path, 1)
    assert found.seconds == last


class Resources:
    device = torch.device("cpu")


def test_memory_at_the_height_is_seen_though_it_is_freed():
    with PeakMemory(torch.device("cpu")) as memory:
        kept = torch.ones(16, 2**20)
        grown = memory.grown
        more = [torch.ones(64, 2**20).sum() for _ in range(3)]
    assert 0.9 < grown / kept.nbytes < 1.5
    assert memory.peak > 4 * kept.nbytes
    assert len(more) == 3


def test_a_bit_of_a_checkpoint_is_seen():
    one = {"step": 2, "network": {"w": torch.tensor([0.0, 1.0])}, "best": None}
    assert differing(one, {**one, "network": {"w": torch.tensor([0.0, 1.0])}}) == ""
    assert differing(one, {**one, "network": {"w": torch.tensor([-0.0, 1.0])}}) == "w"
    assert differing(one, {**one, "step": 3}) == "step"
    assert differing([one], [one, one]) == "its whole"
