import numpy as np
import pytest
import torch
from matconvnet_files import save_matconvnet
from network_checks import RestorationChecks, denoised_psnr, parameter_count
from torch import nn
from torch.nn import functional as F

from baselines.denoising.ffdnet import FFDNet


class TestFFDNet(RestorationChecks):
    network = FFDNet
    parameters = 852_108
    multiple = 2
    halo = 24
    padding = "replicate"

    @torch.no_grad()
    def test_each_image_is_told_its_own_sigma(self, lively, photograph):
        weak, strong = (lively(photograph, torch.tensor([s])) for s in (5.0, 50.0))
        assert (weak - strong).abs().max() > 0.01
        both = lively(photograph.repeat(2, 1, 1, 1), torch.tensor([5.0, 50.0]))
        torch.testing.assert_close(both, torch.cat((weak, strong)), rtol=1e-4, atol=1e-4)


def test_orthogonal_initialisation_has_the_gain_asked_for():
    for layer in FFDNet(orthogonal_gain=0.2).model:
        if isinstance(layer, nn.Conv2d):
            rows = layer.weight.detach().flatten(1)
            gram = rows @ rows.T if len(rows) <= rows.shape[1] else rows.T @ rows
            torch.testing.assert_close(gram, 0.04 * torch.eye(len(gram)), rtol=0, atol=1e-5)
            assert not layer.bias.any()


@pytest.mark.parametrize(
    ("arguments", "parameters", "mean", "std"),
    [((3, 96, 12), 852_108, 0.00277633, 0.0217288), ((1, 64, 15), 485_316, 0.00861382, 0.0111692)],
)
@torch.no_grad()
def test_output_is_that_of_the_public_code(arguments, parameters, mean, std):
    """Measured on cszn/KAIR, PyTorch's initialisation, seed 0 for weights and image, sigma 25."""
    torch.manual_seed(0)
    network = FFDNet(*arguments)
    image = torch.rand(1, arguments[0], 64, 64, generator=torch.Generator().manual_seed(0))
    pred = network(image, torch.tensor([25.0]))
    assert parameter_count(network) == parameters
    assert pred.mean().item() == pytest.approx(mean, rel=1e-5)
    assert pred.std().item() == pytest.approx(std, rel=1e-5)


def test_sigma_of_wrong_shape_is_refused():
    with pytest.raises(ValueError, match="one number per image"):
        FFDNet(width=4, depth=3)(torch.rand(2, 3, 8, 8), torch.tensor(25.0))


def test_public_state_dict_is_taken_as_it_is(tmp_path):
    torch.manual_seed(0)
    network = FFDNet()
    keys = [f"model.{2 * i}.{name}" for i in range(12) for name in ("weight", "bias")]
    torch.save(dict(zip(keys, network.parameters(), strict=True)), tmp_path / "ffdnet_color.pth")
    other = FFDNet()
    other.load_state_dict(FFDNet.released_state(tmp_path / "ffdnet_color.pth"))
    for ours, theirs in zip(other.parameters(), network.parameters(), strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize(
    "state",
    [
        {"model.0.weight": torch.zeros(8, 3, 3, 3), "model.0.bias": torch.zeros(8)},
        {"conv1.weight": torch.zeros(8, 3, 3, 3), "conv1.bias": torch.zeros(8)},
        {"model.0.weight": torch.zeros(8), "model.0.bias": torch.zeros(8)},
        {
            "model.0.weight": torch.zeros(8, 15, 3, 3),
            "model.0.bias": torch.zeros(8),
            "model.2.weight": torch.zeros(12, 8, 3, 3),
            "model.2.bias": torch.zeros(12),
        },
    ],
    ids=["one_layer", "other_names", "other_layers", "no_noise_level_map"],
)
def test_state_dicts_of_other_networks_are_refused(tmp_path, state):
    torch.save(state, tmp_path / "other.pth")
    with pytest.raises(ValueError, match=r"other\.pth is not FFDNet"):
        FFDNet.released_state(tmp_path / "other.pth")


def matlab_ffdnet(layers, image, sigma):
    """What the MATLAB program computes: sub-images down the columns first, cut out by slices."""
    places = [(0, 0), (1, 0), (0, 1), (1, 1)]
    subs = [image[:, c, i::2, j::2] for c in range(3) for i, j in places]
    x = torch.stack([*subs, torch.full_like(subs[0], sigma / 255)], dim=1)
    for i, (kernel, bias) in enumerate(layers):
        kernel = torch.from_numpy(kernel.transpose(3, 2, 0, 1).copy())
        x = F.conv2d(x, kernel, torch.from_numpy(bias), padding=1)
        x = x.relu() if i < len(layers) - 1 else x
    result = torch.empty_like(image)
    for k, (c, (i, j)) in enumerate((c, place) for c in range(3) for place in places):
        result[:, c, i::2, j::2] = x[:, k]
    return result


@torch.no_grad()
def test_matlab_weights_compute_what_matlab_computes(tmp_path, photograph):
    rng = np.random.default_rng(0)
    layers = [
        (0.2 * rng.standard_normal((3, 3, a, b), "f4"), 0.1 * rng.standard_normal(b, "f4"))
        for a, b in ((13, 6), (6, 6), (6, 12))
    ]
    save_matconvnet(tmp_path / "small.mat", layers)
    network = FFDNet(width=6, depth=3)
    network.load_state_dict(FFDNet.released_state(tmp_path / "small.mat"))
    expected = matlab_ffdnet(layers, photograph, 25.0)
    torch.testing.assert_close(network(photograph, torch.tensor([25.0])), expected)


def test_released_weights_reach_the_published_quality(data_root):
    """28.144 and 32.230 dB; the mean over all of CBSD68 is 31.22, published 31.21."""
    from PIL import Image

    weights = data_root / "weights" / "FFDNet_color.mat"
    files = [data_root / "cbsd68" / f"{name}.png" for name in (101085, 101087)]
    if not all(path.is_file() for path in (weights, *files)):
        pytest.skip(f"needs {weights} and CBSD68")
    images = [np.asarray(Image.open(file)).astype("f4") for file in files]
    network = FFDNet().eval()
    network.load_state_dict(FFDNet.released_state(weights))
    assert denoised_psnr(network, images) == pytest.approx(30.187, abs=0.005)

    crops = [image[100:228, 100:228] for image in images]
    right = denoised_psnr(network, crops)
    as_in_the_file = [0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11]
    first, last = network.model[0], network.model[-1]
    with torch.no_grad():
        first.weight[:, :12] = first.weight[:, as_in_the_file]
        last.weight[:], last.bias[:] = last.weight[as_in_the_file], last.bias[as_in_the_file]
    assert denoised_psnr(network, crops) < right - 1


def test_released_weights_of_another_network_are_refused(data_root):
    path = data_root / "weights" / "DnCNN_color_sigma25.mat"
    if not path.is_file():
        pytest.skip(f"needs {path}")
    with pytest.raises(ValueError, match="is not FFDNet"):
        FFDNet.released_state(path)
