import copy
import io

import numpy as np
import pytest
import torch
from matconvnet_files import save_matconvnet
from network_checks import (
    IdentityStartChecks,
    RestorationChecks,
    denoised_psnr,
    parameter_count,
    psnr,
)
from PIL import Image
from torch import nn
from torch.nn import functional as F

from baselines.denoising.dncnn import DnCNN


class TestDnCNN(RestorationChecks, IdentityStartChecks):
    network = DnCNN
    parameters = 559_363
    halo = 17
    crops = 2

    def test_normalisation_stands_between_hidden_convolutions_and_their_relu(self, built):
        kinds = {nn.Conv2d: "C", nn.BatchNorm2d: "B", nn.ReLU: "R"}
        order = "".join(kinds[type(layer)] for layer in built.model)
        assert order == "CR" + 15 * "CBR" + "C"
        assert {(n.eps, n.momentum) for n in built.model if isinstance(n, nn.BatchNorm2d)} == {
            (1e-4, 0.9)
        }

    def test_running_statistics_follow_the_latest_batch(self, photograph):
        """PyTorch's convention of a momentum of 0.9: nine tenths are the latest batch's."""
        network = self.make().train()
        with torch.no_grad():
            first = network.model[:3](photograph).mean(dim=(0, 2, 3))
            network(photograph)
        torch.testing.assert_close(network.model[3].running_mean, 0.9 * first)

    @torch.no_grad()
    def test_network_without_normalisation_is_the_same_with_it_merged(self, lively, photograph):
        trained = copy.deepcopy(lively)
        generator = torch.Generator().manual_seed(1)
        for layer in trained.model:
            if isinstance(layer, nn.BatchNorm2d):
                for values in (layer.weight, layer.running_var):
                    values.copy_(0.5 + torch.rand(64, generator=generator))
                layer.running_mean.copy_(torch.randn(64, generator=generator))
        plain = DnCNN(batch_norm=False).eval()
        plain.load_state_dict(merged(trained.model))
        image = photograph[..., :32, :32]
        assert (trained(image) - image).abs().max() > 0.1
        torch.testing.assert_close(plain(image), trained(image), rtol=1e-4, atol=1e-4)

    @torch.no_grad()
    def test_residual_is_subtracted_or_is_the_image_itself(self, lively, photograph):
        direct = DnCNN(residual=False).eval()
        direct.load_state_dict(lively.state_dict())
        torch.testing.assert_close(photograph - direct(photograph), lively(photograph))


@pytest.mark.parametrize("batch_norm", [True, False])
@pytest.mark.parametrize("residual", [True, False])
@torch.no_grad()
def test_identity_start_carries_the_image_to_the_last_layer(photograph, batch_norm, residual):
    """Also where the input is not left to a shortcut, and on luma."""
    torch.manual_seed(0)
    image = photograph[:, 1:2]
    network = DnCNN(1, batch_norm=batch_norm, residual=residual, start="identity").eval()
    assert psnr(network(image), image) > 30
    carried = network.model[:-1](image)[:, 0]
    assert torch.corrcoef(torch.stack((carried.flatten(), image.flatten())))[0, 1] > 0.999


def merged(layers):
    """The state dict of convolutions and ReLUs that compute what convolutions, normalisations in
    evaluation mode and ReLUs do."""
    state = {}
    for layer in layers:
        name = f"model.{len(state)}"  # a convolution has two entries, and a ReLU after it
        if isinstance(layer, nn.Conv2d):
            state |= {f"{name}.weight": layer.weight, f"{name}.bias": layer.bias}
        elif isinstance(layer, nn.BatchNorm2d):
            factor = layer.weight / (layer.running_var + layer.eps).sqrt()
            kernel, bias = list(state)[-2:]
            state[kernel] = state[kernel] * factor.view(-1, 1, 1, 1)
            state[bias] = (state[bias] - layer.running_mean) * factor + layer.bias
    return state


@pytest.mark.parametrize(
    ("arguments", "parameters"),
    [
        ({"channels": 1}, 557_057),
        ({"batch_norm": False}, 557_443),
        ({"depth": 20}, 670_531),
        ({"depth": 20, "batch_norm": False}, 668_227),
        ({"depth": 29}, 1_004_035),
        ({"depth": 29, "batch_norm": False}, 1_000_579),
    ],
    ids=str,
)
def test_parameter_counts(arguments, parameters):
    with torch.device("meta"):
        assert parameter_count(DnCNN(**arguments)) == parameters


@pytest.mark.parametrize(
    ("depth", "mean", "std"),
    [(17, 0.499765, 0.289866), (20, 0.497842, 0.289557), (29, 0.509008, 0.289604)],
)
@torch.no_grad()
def test_output_is_that_of_the_public_code(depth, mean, std):
    """Measured on cszn/KAIR, PyTorch's initialisation, seed 0 for weights and image."""
    torch.manual_seed(0)
    network = DnCNN(depth=depth).eval()
    pred = network(torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)))
    assert pred.mean().item() == pytest.approx(mean, abs=2e-6)
    assert pred.std().item() == pytest.approx(std, abs=2e-6)


@pytest.mark.parametrize("batch_norm", [True, False])
def test_public_state_dict_is_taken_as_it_is(tmp_path, batch_norm):
    """Merged, the convolutions are layers 0, 2, 4, ...; with normalisation 0, 2, 5, 8, ..."""
    arguments = {"channels": 1, "batch_norm": batch_norm}
    torch.manual_seed(0)
    network = DnCNN(**arguments)
    state = network.state_dict()
    places = [*range(2, 45, 3), 47] if batch_norm else range(2, 34, 2)
    kernels = ["model.0.weight", *(f"model.{place}.weight" for place in places)]
    assert [key for key, value in state.items() if value.ndim == 4] == kernels
    torch.save(state, tmp_path / "dncnn_25.pth")
    other = DnCNN(**arguments)
    other.load_state_dict(DnCNN.released_state(tmp_path / "dncnn_25.pth"))
    for ours, theirs in zip(other.parameters(), network.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def layer(i, features, features_in, side=3):
    return {
        f"model.{i}.weight": torch.zeros(features, features_in, side, side),
        f"model.{i}.bias": torch.zeros(features),
    }


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (layer(0, 3, 3), "holds 1 convolutions"),
        (layer(0, 8, 4) | layer(2, 3, 8), r"model\.0\.weight is \(8, 4, 3, 3\)"),
        (layer(0, 8, 3, 5) | layer(2, 3, 8), r"model\.0\.weight is \(8, 3, 5, 5\)"),
        (layer(0, 8, 3) | layer(3, 3, 8), r"model\.2\.weight is absent"),
        (
            layer(0, 8, 3) | layer(2, 3, 8) | {"sigma": torch.zeros(1)},
            r"sigma is \(1,\), where a DnCNN of 2 convolutions has none",
        ),
    ],
    ids=["one_layer", "told_the_noise", "wide_kernel", "other_names", "more"],
)
def test_state_dicts_of_other_networks_are_refused(tmp_path, state, message):
    torch.save(state, tmp_path / "other.pth")
    with pytest.raises(ValueError, match=rf"other\.pth is not DnCNN: .*{message}"):
        DnCNN.released_state(tmp_path / "other.pth")


@torch.no_grad()
def test_matlab_weights_compute_what_matlab_computes(tmp_path, photograph):
    """Convolutions with a ReLU between them predict the noise."""
    rng = np.random.default_rng(0)
    layers = [
        (0.2 * rng.standard_normal((3, 3, a, b), "f4"), 0.1 * rng.standard_normal(b, "f4"))
        for a, b in ((3, 6), (6, 6), (6, 3))
    ]
    save_matconvnet(tmp_path / "small.mat", layers)
    network = DnCNN(width=6, depth=3, batch_norm=False)
    network.load_state_dict(DnCNN.released_state(tmp_path / "small.mat"))
    noise = photograph
    for i, (kernel, bias) in enumerate(layers):
        kernel = torch.from_numpy(kernel.transpose(3, 2, 0, 1).copy())
        noise = F.conv2d(noise, kernel, torch.from_numpy(bias), padding=1)
        noise = noise.relu() if i < 2 else noise
    torch.testing.assert_close(network(photograph), photograph - noise)


def released(path, **arguments):
    if not path.is_file():
        pytest.skip(f"needs {path}")
    network = DnCNN(depth=20, batch_norm=False, **arguments).eval()
    network.load_state_dict(DnCNN.released_state(path))
    return network


def pictures(data_root, *names):
    files = [data_root / name for name in names]
    if not all(file.is_file() for file in files):
        pytest.skip(f"needs {', '.join(map(str, files))}")
    return [Image.open(file) for file in files]


def test_released_colour_weights_reach_the_published_quality(data_root):
    """28.292 and 32.364 dB, where released FFDNet has 28.144 and 32.230.

    All of CBSD68: 31.33. FFDNet's paper prints 31.23 for a DnCNN that goes up to sigma 75.
    """
    network = released(data_root / "weights" / "DnCNN_color_sigma25.mat")
    images = pictures(data_root, "cbsd68/101085.png", "cbsd68/101087.png")
    quality = denoised_psnr(network, [np.asarray(image).astype("f4") for image in images])
    assert quality == pytest.approx(30.328, abs=0.005)


@pytest.mark.slow
@pytest.mark.parametrize(("quality", "published"), [(10, 29.40), (20, 31.63)])
@torch.no_grad()
def test_released_weights_for_jpeg_reach_the_published_quality(data_root, quality, published):
    """DnCNN-3 on the luma of classic5, compressed by another encoder than MATLAB's."""
    network = released(data_root / "weights" / "DnCNN3.mat", channels=1)
    values = []
    names = ("baboon", "barbara", "boats", "lena", "peppers")
    for picture in pictures(data_root, *(f"classic5/{name}.png" for name in names)):
        picture.save(file := io.BytesIO(), "JPEG", quality=quality)
        grey_levels = [np.asarray(image).astype("f4") for image in (Image.open(file), picture)]
        compressed, clean = torch.from_numpy(np.stack(grey_levels))[:, None, None] / 255
        pred = (255 * network(compressed).clamp(0, 1)).round() / 255
        values.append(psnr(pred, clean))
    assert np.mean(values) == pytest.approx(published, abs=0.01)


def test_released_weights_of_another_network_are_refused(data_root):
    path = data_root / "weights" / "FFDNet_color.mat"
    if not path.is_file():
        pytest.skip(f"needs {path}")
    with pytest.raises(ValueError, match="is not DnCNN"):
        DnCNN.released_state(path)
