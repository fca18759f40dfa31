"""Features as outputs: nothing of the network changes but what it returns."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from baselines.denoising.cbdnet import CBDNet
from baselines.denoising.ffdnet import FFDNet
from baselines.taps import tapped


@pytest.fixture
def noisy() -> Tensor:
    return torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))


def _ffdnet(paths: tuple[str, ...] = ()) -> nn.Module:
    torch.manual_seed(0)
    network = FFDNet(width=8, depth=4)
    return tapped(network, paths) if paths else network


def test_taps_are_what_the_layers_give(noisy: Tensor) -> None:
    plain, sigma = _ffdnet(), torch.tensor([25.0, 50.0])
    pred, first, second = _ffdnet(("model.1", "model.5"))(noisy, sigma)
    assert torch.equal(pred, plain(noisy, sigma))
    quarter = nn.functional.pixel_unshuffle(noisy, 2)
    level = (sigma / 255).view(2, 1, 1, 1).expand(2, 1, 8, 8)
    layers = plain.get_submodule("model")
    assert isinstance(layers, nn.Sequential)
    x = torch.cat((quarter, level), 1)
    assert torch.equal(first, layers[:2](x))
    assert torch.equal(second, layers[:6](x))


def test_taps_leave_weights_and_keys_alone() -> None:
    with_taps, plain = _ffdnet(("model.1",)).state_dict(), _ffdnet().state_dict()
    assert list(with_taps) == list(plain)
    assert all(torch.equal(with_taps[key], plain[key]) for key in plain)


def test_taps_name_the_outputs_and_stand_behind_the_networks_own(noisy: Tensor) -> None:
    network = tapped(CBDNet(), ("fcn.fcn.1",))
    assert network.outputs == ("pred", "noise_level", "fcn.fcn.1")
    pred, level, feature = network(noisy)
    assert (pred.shape, level.shape, feature.shape) == (
        (2, 3, 16, 16),
        (2, 3, 16, 16),
        (2, 32, 16, 16),
    )
    assert CBDNet.outputs == ("pred", "noise_level")


def test_gradient_reaches_the_layers_before_a_tap_and_none_behind_it(noisy: Tensor) -> None:
    network = _ffdnet(("model.3",))
    _, feature = network(noisy, torch.full((2,), 25.0))
    feature.square().mean().backward()
    touched = {name.split(".")[1] for name, p in network.named_parameters() if p.grad is not None}
    assert touched == {"0", "2"}


def test_each_batch_has_its_own_features(noisy: Tensor) -> None:
    network, sigma = _ffdnet(("model.1",)), torch.full((2,), 25.0)
    first = network(noisy, sigma)[1]
    kept = first.clone()
    second = network(noisy.flip(0), sigma)[1]
    assert torch.equal(first, kept)
    assert not torch.equal(first, second)


@pytest.mark.parametrize("path", ["model.99", "", "body"])
def test_an_unknown_layer_is_named(path: str) -> None:
    with pytest.raises(ValueError, match=f"FFDNet has no layer '{path}'"):
        tapped(FFDNet(width=8, depth=4), (path,))


def test_a_layer_that_is_named_twice_is_refused() -> None:
    with pytest.raises(ValueError, match=r"named twice in model\.1, model\.1"):
        tapped(FFDNet(width=8, depth=4), ("model.1", "model.1"))
