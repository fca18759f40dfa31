from __future__ import annotations

from pathlib import Path

import pytest
import torch
from frozen_features import check_gradients
from torch import Tensor, nn

from losses.l1 import L1
from losses.local_resources import LocalResources
from losses.network_features import NetworkFeatures
from losses.objective import Resources
from losses.perceptual import Perceptual


class Seen(nn.Module):
    """Eight features of an image at half its size; batch statistics show whether it learns."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 8, 2, 2), nn.BatchNorm2d(8))

    def forward(self, images: Tensor) -> Tensor:
        return self.body(images)

    @staticmethod
    def released_state(path: Path) -> dict[str, Tensor]:
        return torch.load(path, weights_only=True)["of the authors"]


RANDOM = NetworkFeatures(Seen, "seen.pth", weights="random")


@pytest.fixture
def state(tmp_path: Path) -> dict[str, Tensor]:
    """The released weights, which lie where `resources` looks."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        state = Seen().state_dict()
    torch.save({"of the authors": state}, tmp_path / "seen.pth")
    return state


@pytest.mark.parametrize("distance", ["l1", "l2"])
def test_released_network_is_compared_by_perceptual(
    resources: Resources, state: dict[str, Tensor], photographs: Tensor, noisy: Tensor, distance
):
    oracle = Seen().eval()
    oracle.load_state_dict(state)
    with torch.no_grad():
        difference = oracle(noisy) - oracle(photographs)
    expected = {"l1": difference.abs(), "l2": difference.square()}[distance].mean()
    loss = Perceptual(NetworkFeatures(Seen, "seen.pth"), distance).build(resources).train()
    torch.testing.assert_close(loss(noisy, photographs), expected)
    assert loss(photographs, photographs) == 0


def test_random_network_follows_its_own_seed_alone(resources: Resources, photographs: Tensor):
    taps = []
    for seed in (0, 0, 1):
        before = torch.get_rng_state()
        spec = NetworkFeatures(Seen, "seen.pth", weights="random", seed=seed)
        taps.append(spec.build(resources)(photographs)["output"])
        assert torch.equal(torch.get_rng_state(), before)
        torch.rand(1)
    assert torch.equal(taps[0], taps[1])
    assert not torch.equal(taps[0], taps[2])


def test_gradients_reach_the_images_and_stop_at_the_weights(
    resources: Resources, photographs: Tensor
):
    check_gradients(RANDOM.build(resources), photographs)


def test_network_is_in_no_checkpoint(resources: Resources):
    assert not (L1() + Perceptual(RANDOM, "l1")).build(resources).learned_state()


def test_files_are_asked_for_where_released_weights_are_declared(tmp_path: Path):
    released = NetworkFeatures(Seen, "seen.pth", "0123")
    assert released.weight_files() == (("seen.pth", "0123"),)
    assert RANDOM.weight_files() == ()
    with pytest.raises(FileNotFoundError, match=r"seen\.pth"):
        released.build(LocalResources(tmp_path))


def test_unknown_weights_are_refused():
    with pytest.raises(ValueError, match="'released' or 'random', not 'imagenet'"):
        NetworkFeatures(Seen, "seen.pth", weights="imagenet")
