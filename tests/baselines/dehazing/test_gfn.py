import re

import numpy as np
import pytest
import torch
from caffe_files import save_caffe
from hazy_scenes import hazed, motorcycle, psnr
from network_checks import RestorationChecks, child_counts
from torch import nn
from torch.nn import functional as F

from baselines.dehazing.gfn import GFN, contrast_enhanced, gamma_corrected, white_balanced


class TestGFN(RestorationChecks):
    network = GFN
    parameters = 517_295
    multiple = 4
    crop = 32
    steps = 10

    def test_children(self, built):
        assert child_counts(built) == {"s1": 175_107, "s2": 165_334, "s3": 176_854}

    def test_weights_are_xavier_as_caffe_has_it(self, built):
        """Of the values in the first axis's slices, which are a deconvolution's outputs."""
        for layer in (built.s1.e2conv1, built.s2.d3conv1, built.s3.e1conv1):
            bound = (3 / layer.weight[0].numel()) ** 0.5
            assert layer.weight.abs().max().item() == pytest.approx(bound, rel=1e-3)
            assert layer.weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.03)
            assert not layer.bias.any()

    @torch.no_grad()
    def test_output_is_the_sum_of_the_derived_images_by_their_maps(self, photograph):
        """The maps are those of a leaky ReLU: -1 becomes -0.1."""
        network = self.make()
        network.s3.d3conv3.weight.zero_()
        for maps in ((1.0, 0.0, 0.0), (0.0, 2.0, 0.0), (0.5, 0.5, -1.0)):
            network.s3.d3conv3.bias[:] = torch.tensor(maps)
            a, b, c = (value if value > 0 else 0.1 * value for value in maps)
            expected = a * white_balanced(photograph) + b * contrast_enhanced(photograph)
            expected += c * gamma_corrected(photograph)
            torch.testing.assert_close(network(photograph)[0], expected)


def test_narrow_networks_have_the_same_layers():
    kinds = [type(layer) for layer in GFN().modules()]
    assert [type(layer) for layer in GFN(width=4).modules()] == kinds


def test_white_balance_makes_means_equal_and_cuts_off_above_1():
    images = 0.7 * torch.rand(2, 3, 9, 8, generator=torch.Generator().manual_seed(0))
    images *= torch.tensor([1.0, 0.9, 0.8]).view(3, 1, 1)
    means = white_balanced(images).mean(dim=(2, 3))
    torch.testing.assert_close(means, images.mean(dim=(1, 2, 3))[:, None].expand(2, 3))
    blue = torch.zeros(1, 3, 2, 2)
    blue[:, 2] = 0.9
    blue[:, 0, 0, 0] = 0.4
    assert white_balanced(blue)[0, 0, 0, 0] == 1
    assert white_balanced(torch.zeros(1, 3, 2, 2)).eq(0).all()


def test_contrast_is_spread_about_the_mean_of_each_image():
    images = torch.rand(2, 3, 9, 8, generator=torch.Generator().manual_seed(0))
    images[1] *= 0.5
    for one, image in zip(contrast_enhanced(images).numpy(), images.numpy(), strict=True):
        mean = image.mean(dtype="f8")
        np.testing.assert_allclose(one, (1 + 2 * mean) * (image - mean), atol=1e-6)


def test_gamma_has_a_gradient_at_and_below_zero():
    x = torch.tensor([-0.1, 0.0, 0.25, 1.0], requires_grad=True)
    gamma_corrected(x).sum().backward()
    assert gamma_corrected(x).tolist() == [0, 0, 0.25**2.5, 1]
    torch.testing.assert_close(x.grad, torch.tensor([0, 0, 2.5 * 0.125, 2.5]))


def by_caffe(layers, data):
    """What Caffe computes on an array (1, 12, ., .), from the blobs by the layers' names."""

    def step(name, x, dilation=1, up=False):
        kernel, bias = (torch.from_numpy(blob.astype("f4")) for blob in layers[name])
        kernel = kernel.reshape(*kernel.shape[:2], *kernel.shape[-2:])
        if up or name[3:] in ("d1conv1", "d2conv1", "d3conv1"):
            x = F.conv_transpose2d(x, kernel, bias, stride=2 if up else 1, padding=1)
        else:
            reach = dilation * (kernel.shape[-1] // 2)
            x = F.conv2d(x, kernel, bias, padding=reach, dilation=dilation)
        return torch.where(x > 0, x, 0.1 * x)

    previous = None
    for s, (divisor, up) in enumerate(((4, ""), (2, "s2_up1"), (1, "s3_up2")), start=1):
        small = data.unfold(2, divisor, divisor).unfold(3, divisor, divisor).amax((-1, -2))
        x = small if s == 1 else torch.cat((step(up, previous, up=True), small), 1)
        seen = {}
        for name in [f"{group}conv{i}" for group in ("e1", "e2", "e3", "d1", "d2") for i in "123"]:
            dilated = name in ("e1conv1", "e1conv2", "e1conv3", "e2conv1")
            x = seen[name] = step(f"s{s}_{name}", x, s if dilated else 1)
        x = step(f"s{s}_d3conv2", step(f"s{s}_d3conv1", x))
        thirds = [seen[f"{group}conv3"] for group in ("e1", "e2", "e3", "d1", "d2")]
        a, b, c = step(f"s{s}_d3conv3", torch.cat((*thirds, x), 1)).split(1, dim=1)
        previous = a * small[:, 3:6] + b * small[:, 6:9] + c * small[:, 9:]
    return previous


@pytest.fixture
def blobs():
    """Random weights of a whole network by Caffe's names, and in Caffe's shapes."""
    rng, layers = np.random.default_rng(0), {}
    for name, layer in GFN().named_modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            shape = tuple(layer.weight.shape)
            kernel = rng.normal(0, (2 / np.prod(shape[1:])) ** 0.5, shape)
            if name.endswith("d3conv3"):
                kernel = kernel[:, :, None]
            name = {"s2.up": "s2_up1", "s3.up": "s3_up2"}.get(name, name.replace(".", "_"))
            layers[name] = (kernel, rng.normal(0, 0.1, len(layer.bias)))
    return layers


@torch.no_grad()
def test_caffe_weights_compute_what_caffe_computes_on_matlabs_arrays(tmp_path, blobs, photograph):
    """MATLAB's columns are Caffe's rows."""
    save_caffe(tmp_path / "net.caffemodel", blobs)
    network = GFN()
    network.load_state_dict(GFN.released_state(tmp_path / "net.caffemodel"))
    image = photograph[..., :32, :40]
    derived = (image, white_balanced(image), contrast_enhanced(image), gamma_corrected(image))
    expected = by_caffe(blobs, torch.cat(derived, 1).transpose(2, 3)).transpose(2, 3)
    pred = network(image)[0]
    torch.testing.assert_close(pred, expected, rtol=1e-4, atol=1e-4 * pred.abs().max().item())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"s1_e1conv1": None}, "s1.e1conv1.weight is absent"),
        ({"s9_conv": (np.zeros(3),)}, "s9.conv.weight is a stranger"),
        ({"s3_up2": (np.zeros((3, 3, 2, 2)), np.zeros(3))}, "its s3.up.weight is (3, 3, 2, 2)"),
    ],
    ids=["less", "more", "shape"],
)
def test_other_networks_are_refused(tmp_path, blobs, change, message):
    layers = {name: values for name, values in (blobs | change).items() if values is not None}
    save_caffe(tmp_path / "net.caffemodel", layers)
    with pytest.raises(ValueError, match=rf"net\.caffemodel is not GFN: {re.escape(message)}"):
        GFN.released_state(tmp_path / "net.caffemodel")


@torch.no_grad()
def test_released_weights_take_haze_off_a_photograph(data_root):
    """From 12.6 to 23.2 dB on a part of it."""
    path = data_root / "weights" / "GFN_iter_240000.caffemodel"
    if not path.is_file():
        pytest.skip(f"needs {path}")
    network = GFN()
    network.load_state_dict(GFN.released_state(path))
    scene, depth = motorcycle()
    scene, depth = scene[:, 100:356, 200:520], depth[100:356, 200:520]
    hazy = hazed(scene, np.exp(-1.2 * depth), (0.8, 0.8, 0.8))
    pred, *_ = network(torch.from_numpy(hazy).float()[None])
    assert psnr(hazy, scene) < 13
    assert psnr(pred[0].numpy(), scene) > 22.5
