import copy
import re

import numpy as np
import pytest
import torch
from hazy_scenes import hazed, textured_scene
from network_checks import IdentityStartChecks, RestorationChecks, loss_curve, psnr
from torch.nn import functional as F

from baselines.dehazing.aod_net import AODNet
from baselines.taps import tapped


class TestAODNet(RestorationChecks, IdentityStartChecks):
    network = AODNet
    parameters = 1_761
    halo = 7  # 0, 1, 2, 3 and 1 of its kernels
    steps = 60
    lr = 1e-2

    @torch.no_grad()
    def test_image_is_what_the_formula_makes_of_k(self, photograph):
        """1 - K (1 - I), where K is the last bias for all pixels, and nothing below 0."""
        network = self.make()
        network.e_conv5.weight.zero_()
        network.e_conv5.bias[:] = torch.tensor([-1.0, 0.5, 4.0])
        k = torch.tensor([0.0, 0.5, 4.0]).view(3, 1, 1)
        torch.testing.assert_close(network(photograph), (1 - k * (1 - photograph)).clamp(min=0))

    def test_weights_are_normal(self, built):
        values = torch.cat([p.flatten() for p in built.parameters() if p.dim() > 1])
        assert values.std().item() == pytest.approx(0.02, rel=0.1)
        assert (values.abs() < 0.02).float().mean().item() == pytest.approx(0.683, abs=0.05)


class Autoencoder(AODNet):
    """The form in which it is a feature extractor."""

    def __init__(self, start: str = "authors"):
        super().__init__(formula=False, start=start)


class TestAutoencoder(RestorationChecks, IdentityStartChecks):
    network = Autoencoder
    parameters = 1_761
    halo = 7
    start_steps = 60
    lr = 1e-2

    @torch.no_grad()
    def test_no_shortcut_leads_past_the_layers(self, lively, photograph):
        network = copy.deepcopy(lively)
        network.e_conv5.weight.zero_()
        expected = network.e_conv5.bias.view(1, 3, 1, 1).expand_as(photograph)
        torch.testing.assert_close(network(photograph), expected)

    @torch.no_grad()
    def test_maps_are_those_of_the_network_with_the_formula(self, lively, photograph):
        maps = ("x1", "x2", "x3", "x4")
        other = AODNet()
        other.load_state_dict(lively.state_dict())
        _, *ours = tapped(copy.deepcopy(lively), maps)(photograph)
        _, *theirs = tapped(other, maps)(photograph)
        for a, b in zip(ours, theirs, strict=True):
            assert torch.equal(a, b)
            assert a.shape == photograph.shape
            assert a.min() >= 0


def test_haze_is_taken_off_after_a_short_training_from_the_identity():
    scene, depth = textured_scene(64, 128)
    hazy = hazed(scene, np.exp(-depth))
    image, target = (torch.from_numpy(x).float() for x in (hazy, scene))
    images, targets = (x.unflatten(2, (2, 64)).permute(2, 0, 1, 3) for x in (image, target))
    torch.manual_seed(0)
    network = AODNet(start="identity")
    loss_curve(network, lambda: F.mse_loss(network(images), targets), steps=100, lr=3e-3)
    with torch.no_grad():
        assert psnr(network(images), targets) > psnr(images, targets) + 2


def by_hand(state, image):
    """The network on the raw tensors of a file; x1 to x4 are ReLUs of convolutions."""

    def conv(k, x):
        weight = state[f"e_conv{k}.weight"]
        return F.conv2d(x, weight, state[f"e_conv{k}.bias"], padding=weight.shape[-1] // 2).relu()

    x1 = conv(1, image)
    x2 = conv(2, x1)
    x3 = conv(3, torch.cat((x1, x2), 1))
    x4 = conv(4, torch.cat((x2, x3), 1))
    k = conv(5, torch.cat((x1, x2, x3, x4), 1))
    return (k * image - k + 1).relu()


@torch.no_grad()
def test_released_weights_compute_what_the_tensors_say(data_root):
    """Also that they darken a hazy photograph, all of whose pixels are brightened by the haze."""
    from PIL import Image

    weights, picture = data_root / "weights/aod_dehazer.pth", data_root / "hazy_unpaired/canyon.png"
    if not (weights.is_file() and picture.is_file()):
        pytest.skip(f"needs {weights} and {picture}")
    network = AODNet().eval()
    network.load_state_dict(AODNet.released_state(weights))
    hazy = torch.from_numpy(np.asarray(Image.open(picture)) / 255).float().permute(2, 0, 1)[None]
    pred = network(hazy)
    expected = by_hand(torch.load(weights, "cpu", weights_only=True), hazy)
    torch.testing.assert_close(pred, expected, rtol=0, atol=1e-5)
    assert pred.mean() < hazy.mean() - 0.05
    assert torch.equal(pred, network(hazy))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"e_conv5.weight": torch.zeros(3, 9, 3, 3)}, "e_conv5.weight is (3, 9, 3, 3), where"),
        ({"e_conv6.bias": torch.zeros(3)}, "e_conv6.bias is (3,), where AOD-Net has none"),
        ({"e_conv1.bias": None}, "e_conv1.bias is absent, where AOD-Net has (3,)"),
    ],
    ids=["shape", "more", "less"],
)
def test_state_dicts_of_other_networks_are_refused(tmp_path, change, message):
    state = {k: v for k, v in (AODNet().state_dict() | change).items() if v is not None}
    torch.save(state, tmp_path / "other.pth")
    with pytest.raises(ValueError, match=rf"other\.pth is not AOD-Net: its {re.escape(message)}"):
        AODNet.released_state(tmp_path / "other.pth")
