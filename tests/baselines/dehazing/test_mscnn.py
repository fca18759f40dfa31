import numpy as np
import pytest
import torch
from hazy_scenes import hazed, motorcycle, psnr, textured_scene
from network_checks import RestorationChecks, child_counts, loss_curve
from scipy.io import savemat
from torch.nn import functional as F

from baselines.dehazing.mscnn import MSCNN, atmospheric_light
from baselines.released import read_matconvnet


class TestMSCNN(RestorationChecks):
    network = MSCNN
    parameters = 8_435
    multiple = 2

    def output_shapes(self, height, width):
        """Besides the image, two maps."""
        return [(1, channels, height, width) for channels in (3, 1, 1)]

    def test_children(self, built):
        assert child_counts(built) == {"coarse": 6_321, "fine": 2_114}

    def test_overfits_one_batch(self):
        """Its maps, as the authors train it: an image without noise cannot be overfitted."""
        scene, depth = textured_scene(32, 32)
        through = np.stack([np.exp(-beta * depth) for beta in (1, 3)])
        hazy = torch.from_numpy(np.stack([hazed(scene, t) for t in through])).float()
        true = torch.from_numpy(through).float()[:, None]
        network = self.make().train()

        def loss():
            _, *maps = network(hazy)
            return sum(F.mse_loss(one, true) for one in maps)

        values = loss_curve(network, loss, steps=60, lr=1e-2)
        assert np.isfinite(values).all()
        assert min(values[-5:]) < self.learns * values[0]

    @torch.no_grad()
    def test_scene_is_what_the_model_makes_the_image_of(self, lively, photograph):
        pred, fine, _ = lively(photograph)
        light, through = atmospheric_light(photograph), fine.clamp(0.1, 0.9)
        torch.testing.assert_close(pred * through + light * (1 - through), photograph)
        network = MSCNN(gamma=1.5)
        network.load_state_dict(lively.state_dict())
        pred, through = network(photograph)[0], through**1.5
        torch.testing.assert_close(pred * through + light * (1 - through), photograph)

    @torch.no_grad()
    def test_coarse_map_takes_the_place_of_a_feature_or_has_no_effect(self, lively, photograph):
        for insert in (True, False):
            network = MSCNN(insert=insert)
            network.load_state_dict(lively.state_dict())
            before = network(photograph)
            network.coarse.sum.bias += 1
            assert not torch.equal(network(photograph)[2], before[2])
            assert torch.equal(network(photograph)[1], before[1]) != insert


def test_light_is_the_darkest_pixel_of_the_brightest_patch_in_each_channel():
    image = torch.rand(2, 3, 40, 50, generator=torch.Generator().manual_seed(0))
    image[0, 1, 20:, 10:] += 0.5
    for i, c in np.ndindex(2, 3):
        patches = [
            image[i, c, max(y - 7, 0) : y + 8, max(x - 7, 0) : x + 8].min()
            for y, x in np.ndindex(40, 50)
        ]
        assert atmospheric_light(image)[i, c, 0, 0] == max(max(patches), 1 / 255)


def matlab_map(layers, x, inserted=None):
    """What the MATLAB program computes, on arrays (kh, kw, in, out) and an image (1, 3, H, W)."""
    for i, (kernel, bias) in enumerate(layers):
        weight = torch.from_numpy(kernel.transpose(3, 2, 0, 1).copy())
        x = F.conv2d(x, weight, torch.from_numpy(bias), padding=weight.shape[-1] // 2)
        if i == 0 and inserted is not None:
            x[:, 5:] = inserted
        if i < 3:
            x = x.relu().unfold(2, 2, 2).unfold(3, 2, 2).amax((-1, -2))
            x = x.repeat_interleave(2, -1).repeat_interleave(2, -2)
        if i < 2:
            squares = F.pad(x.square(), (0, 0, 0, 0, 2, 2)).unfold(1, 5, 1).sum(-1)
            x = x / (1 + 2e-5 * squares) ** 0.75
    return 1 / (1 + (-x).exp())


def save_matlab_5(path, layers):
    """As MatConvNet's first releases had networks: cells of structs, other layers between."""
    cells = np.empty((1, 2 * len(layers)), dtype=object)
    for i, (kernel, bias) in enumerate(layers):
        last = i == len(layers) - 1
        cells[0, 2 * i] = {
            "type": "chnLinComb" if last else "conv",
            "filters": kernel.reshape(1, 1, -1) if last else kernel,
            "biases": bias.reshape(1, -1),
        }
        cells[0, 2 * i + 1] = {"type": "relu"}
    savemat(path, {"net": {"layers": cells}}, do_compression=True)


@pytest.fixture
def files(tmp_path):
    """Random weights in files as released, and the arrays in them."""
    rng, layers = np.random.default_rng(0), {}
    for name, sizes in (("CL", ((11, 3, 5), (9, 5, 5), (7, 5, 10), (1, 10, 1))),
                        ("FL", ((7, 3, 6), (5, 6, 5), (3, 5, 10), (1, 10, 1)))):  # fmt: skip
        layers[name] = [
            (rng.normal(0, 1.5 / (k * a**0.5), (k, k, a, b)).astype("f4"), rng.random(b, "f4") / 9)
            for k, a, b in sizes
        ]
        save_matlab_5(tmp_path / f"net_{name}.mat", layers[name])
    return tmp_path / "net_CL.mat", layers


@pytest.mark.parametrize("insert", [True, False])
@torch.no_grad()
def test_matlab_weights_compute_what_matlab_computes(files, photograph, insert):
    path, layers = files
    network = MSCNN(insert=insert)
    network.load_state_dict(MSCNN.released_state(path))
    _, fine, coarse = network(photograph)
    balanced = photograph / atmospheric_light(photograph)
    expected = matlab_map(layers["CL"], balanced)
    torch.testing.assert_close(coarse, expected)
    fine_expected = matlab_map(layers["FL"], balanced, expected if insert else None)
    torch.testing.assert_close(fine, fine_expected)
    assert fine.std() > 0.01


def test_either_file_names_both_and_both_are_wanted(files):
    path, _ = files
    fine = path.with_name("net_FL.mat")
    one, other = MSCNN.released_state(path), MSCNN.released_state(fine)
    assert all(torch.equal(one[key], other[key]) for key in one)
    with pytest.raises(ValueError, match=r"must end in _CL\.mat or _FL\.mat"):
        MSCNN.released_state(path.rename(path.with_name("coarse.mat")))
    with pytest.raises(FileNotFoundError):
        MSCNN.released_state(fine)


def test_damaged_files_and_other_networks_are_refused(files):
    path, layers = files
    content = path.read_bytes()
    for damaged in (content[:200], content[:-500], content[:300] + content[400:]):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"net_CL\.mat is a damaged MATLAB 5 file"):
            read_matconvnet(path)
    savemat(path, {"net": 3})
    with pytest.raises(ValueError, match=r"no net\.layers"):
        read_matconvnet(path)
    save_matlab_5(path, layers["FL"])
    with pytest.raises(ValueError, match=r"net_CL\.mat is not MSCNN: its layers are \[\(6, 3, 7"):
        MSCNN.released_state(path)


@pytest.mark.parametrize(("insert", "gain"), [(False, 6), (True, 5.5)])
@torch.no_grad()
def test_released_weights_take_haze_off_a_photograph(data_root, insert, gain):
    """From 11.8 to 18.1 dB, or to 17.6 with the coarse map that they were not trained with."""
    path = data_root / "weights" / "MSCNNDehazing_CL.mat"
    if not path.is_file():
        pytest.skip(f"needs {path}")
    network = MSCNN(insert=insert)
    network.load_state_dict(MSCNN.released_state(path))
    scene, depth = motorcycle()
    hazy = hazed(scene, np.exp(-depth))
    pred, fine, _ = network(torch.from_numpy(hazy).float()[None])
    assert psnr(pred[0].numpy(), scene) > psnr(hazy, scene) + gain
    assert fine.mean().item() == pytest.approx(np.exp(-depth).mean(), abs=0.1)
