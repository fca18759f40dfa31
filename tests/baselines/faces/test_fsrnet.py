from typing import ClassVar

import numpy as np
import pytest
import torch
from network_checks import RestorationChecks, child_counts, loss_curve, outputs_of, psnr
from PIL import Image
from torch.nn import functional as F

from baselines.faces.fsrnet import Bottleneck, FSRNet, enlarged


@pytest.fixture(scope="module")
def faces(photograph):
    """Four 64x64 crops of a face, at an eighth of their size, and as they are."""
    corners = ((0, 0), (32, 32), (32, 0), (10, 20))
    target = torch.cat([photograph[..., y : y + 64, x : x + 64] for y, x in corners])
    return F.interpolate(target, size=(8, 8), mode="bicubic", antialias=True), target


def shortened(*start):
    torch.manual_seed(0)
    return FSRNet(12, 1, 5, 3, *start)


class TestFSRNet(RestorationChecks):
    network = FSRNet
    parameters = 3_272_463
    small: ClassVar = {"width": 12, "blocks": 1, "landmarks": 5, "parts": 3}
    scale = 8
    crop = 16
    multiple = 2
    lr = 3e-3

    def output_shapes(self, height, width):
        """The maps have half the size of the images."""
        images, maps = (8 * height, 8 * width), (4 * height, 4 * width)
        return [(1, 3, *images)] * 2 + [(1, 5, *maps), (1, 3, *maps)]

    def test_children(self):
        """Convolutions beside a normalisation have no bias; those of bottlenecks have one."""

        def conv(a, b, kernel=3):
            return kernel**2 * a * b + 2 * b

        def bottleneck(a, b):
            half = b // 2
            convs = (a * half + half) + (9 * half * half + half) + (half * b + b)
            return convs + 2 * (a + 2 * half) + (a * b + b if a != b else 0)

        block, hourglass = 2 * conv(64, 64), (3 * 3 + 1) * bottleneck(128, 128)
        with torch.device("meta"):
            network = FSRNet()
        assert child_counts(network) == {
            "coarse": conv(3, 64) + 3 * block + 9 * 64 * 3,
            "encoder": conv(3, 64) + 12 * block + 9 * 64 * 64,
            "prior": conv(3, 64, 7) + bottleneck(64, 128) + 4 * conv(128, 128) + 2 * hourglass,
            "landmarks": 128 * 68 + 68,
            "parsing": 128 * 11 + 11,
            "decoder": conv(64 + 128, 64) + conv(64, 64) + 3 * block + 9 * 64 * 3,
        }

    @torch.no_grad()
    def test_images_are_in_range_whatever_the_weights(self, lively, faces):
        pred, coarse, *_ = lively(10 * faces[0])
        for images in (pred, coarse):
            assert 0 <= images.min() < 0.1
            assert 0.9 < images.max() <= 1

    def test_everything_is_made_from_the_coarse_image(self, lively, faces):
        """What the small image tells the priors and the result comes through three channels."""
        seen = []
        hook = lively.coarse.register_forward_hook(lambda *_: torch.zeros(4, 3, 64, 64))
        for small in (faces[0], 1 - faces[0]):
            seen.append(lively(small))
        hook.remove()
        assert all(torch.equal(a, b) for a, b in zip(*seen, strict=True))
        assert not torch.equal(lively(faces[0])[2], seen[0][2])

    def test_result_depends_on_priors_but_not_on_their_maps(self, lively, faces):
        """The decoder sees the features from which the maps are made."""
        pred, _, landmark_maps, parsing_maps = lively(faces[0])
        prior = lively.prior[-1].after.body[-1].weight
        for output in (pred, landmark_maps, parsing_maps):
            assert torch.autograd.grad(output.square().mean(), prior, retain_graph=True)[0].any()
        for head in (lively.landmarks, lively.parsing):
            (grad,) = torch.autograd.grad(
                pred.square().mean(), head.weight, retain_graph=True, allow_unused=True
            )
            assert grad is None


def test_enlargement_is_pillows(photograph):
    small = photograph[..., :16, :12].contiguous()
    for channel, found in zip(small[0], enlarged(small)[0], strict=True):
        expected = Image.fromarray(channel.numpy(), "F").resize((96, 128), Image.Resampling.BICUBIC)
        np.testing.assert_allclose(found.numpy(), np.asarray(expected), atol=1e-5)


@torch.no_grad()
def test_hourglass_halves_three_times():
    """One layer beside each size; one before and one after the next; one more in the middle."""
    network = shortened().eval()
    heights = []
    for module in network.prior[-1].modules():
        if isinstance(module, Bottleneck):
            module.register_forward_hook(lambda _, inputs, __: heights.append(inputs[0].shape[2]))
    network(torch.rand(1, 3, 16, 16))
    assert sorted(heights) == 3 * [8] + 3 * [16] + 3 * [32] + [64]


@torch.no_grad()
def test_identity_start_returns_the_enlarged_image_in_evaluation(faces):
    small, target = faces
    network = shortened("identity").eval()
    base = enlarged(small)
    for image in network(small)[:2]:
        assert psnr(image, base) > 30
        assert psnr(image, target) > psnr(base, target) - 0.5


@torch.no_grad()
def test_identity_start_is_blind_to_brightness_and_contrast_in_training(faces):
    """Why it is slow: batches come back alike, however dark and faint they are."""
    small = faces[0]
    network = shortened("identity").train()
    pred, base = network(small)[0], enlarged(small)
    torch.testing.assert_close(network(0.5 * small + 0.1)[0], pred, rtol=0, atol=2e-3)
    for channel in range(3):
        pair = torch.stack((pred[:, channel].flatten(), base[:, channel].flatten()))
        assert torch.corrcoef(pair)[0, 1] > 0.95


@pytest.mark.slow
def test_identity_start_becomes_better_than_the_enlarged_image(faces):
    small, target = (images[:2] for images in faces)
    network = shortened("identity").train()

    def loss():
        return sum(F.mse_loss(image, target) for image in network(small)[:2])

    total = loss() + sum(maps.square().mean() for maps in network(small)[2:])
    total.backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.any(), name
    loss_curve(network, loss, steps=60, lr=4e-3)
    with torch.no_grad():
        pred = network.eval()(small)[0]
    assert psnr(pred, target) > psnr(enlarged(small), target) + 0.5


def test_starts_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="'authors' or 'identity', not 'zero'"):
        FSRNet(start="zero")
    with pytest.raises(ValueError, match="a width of 12 or more, not 11"):
        FSRNet(width=11, start="identity")


@pytest.mark.slow
def test_full_network_makes_a_step_on_a_face(photograph):
    torch.manual_seed(0)
    network = FSRNet()
    small = photograph[..., ::6, ::6]
    assert small.shape == (1, 3, 16, 16)
    target = F.interpolate(photograph, size=(128, 128), mode="bilinear")

    def loss():
        pred, coarse, landmark_maps, parsing_maps = outputs_of(network, small)
        assert landmark_maps.shape == (1, 68, 64, 64)
        assert parsing_maps.shape == (1, 11, 64, 64)
        maps = landmark_maps.square().mean() + parsing_maps.square().mean()
        return F.mse_loss(pred, target) + F.mse_loss(coarse, target) + maps

    first, second = loss_curve(network, loss, steps=2, lr=2.5e-4)
    assert second < first
    assert all(p.grad is not None for p in network.parameters())
