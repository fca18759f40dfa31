"""What is there is loaded; what is not has random weights of the same shapes, and is named."""

from dataclasses import replace

import pytest
import tiny
import torch

from baselines.denoising.ffdnet import FFDNet
from benchmarks.declare.runs import Released, Run, network
from benchmarks.engine.weights import WeightFiles
from benchmarks.rehearse.stand_in_weights import StandIns
from datasets.degradations.noise import Noisy
from datasets.div2k import DIV2K
from losses.features import Features
from losses.l1 import L1
from losses.perceptual import Perceptual

FILE = "FFDNet_color.mat"
VGG = Features("vgg19", ("conv3_2",))
CPU = torch.device("cpu")


@pytest.fixture
def empty(tmp_path):
    (tmp_path / "weights").mkdir()
    return StandIns(WeightFiles(tmp_path), CPU)


def test_absent_network_is_random_frozen_and_named(empty):
    judge = empty.frozen(Released(network(FFDNet), FILE, "", "nowhere"))
    assert empty.absent == {FILE}
    assert not judge.training
    assert not any(parameter.requires_grad for parameter in judge.parameters())


def test_present_network_is_loaded(data_root):
    resources = StandIns(WeightFiles(data_root), CPU)
    judge = resources.frozen(Released(network(FFDNet), FILE, "", "nowhere"))
    released = FFDNet.released_state(data_root / "weights" / FILE)
    assert all(torch.equal(judge.state_dict()[name], value) for name, value in released.items())
    assert (resources.absent, resources.present) == (set(), {FILE})


def test_absent_features_keep_their_width(empty):
    declared = L1() + 0.1 * Perceptual(VGG)
    assert empty.in_place(declared) == L1() + 0.1 * Perceptual(replace(VGG, weights="random"))
    assert empty.absent == {name for name, _ in VGG.weight_files()}
    assert VGG.width == 1


def test_start_of_a_training_fits_its_network(empty):
    """A run that another starts from was not trained here: its shapes are what counts."""
    run = Run(
        network(tiny.TinyDenoiser), 1.0 * L1(), Noisy(DIV2K("train"), sigma=25), tiny.TRAINING
    )
    weights = empty.weights(run)
    assert {name: value.shape for name, value in weights.items()} == {
        name: value.shape for name, value in tiny.TinyDenoiser().state_dict().items()
    }
    assert empty.absent == set()


def test_looking_at_weights_draws_nothing_from_the_training(empty):
    torch.manual_seed(0)
    before = torch.get_rng_state()
    empty.frozen(Released(network(FFDNet), FILE, "", "nowhere"))
    assert torch.equal(torch.get_rng_state(), before)
