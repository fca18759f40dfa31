import pytest
import torch
from network_checks import IdentityStartChecks, RestorationChecks, child_counts
from torch import nn
from torch.nn import functional as F

from baselines.deblurring.coarse_to_fine import HalvingConv, coarse_to_fine
from baselines.deblurring.srn import SRN


def three_sizes(height: int, width: int) -> list[tuple[int, ...]]:
    """Every second and every fourth pixel, of which a started one counts."""
    return [(1, 3, len(range(0, height, s)), len(range(0, width, s))) for s in (1, 2, 4)]


class TestSRN(RestorationChecks, IdentityStartChecks):
    network = SRN
    parameters = 6_881_251
    multiple = 16
    padding = "replicate"
    crop = 32
    steps = 8
    lr = 3e-4
    crops = 1
    start_steps = 18
    start_lr = 3e-4

    def test_children(self, built):
        """5*5*in*out + out for a convolution, 4*4*in*out + out for a transposed one."""
        blocks = {c: 6 * (25 * c * c + c) for c in (32, 64, 128)}
        assert child_counts(built) == {
            "enc1": 25 * 6 * 32 + 32 + blocks[32],
            "enc2": 25 * 32 * 64 + 64 + blocks[64],
            "enc3": 25 * 64 * 128 + 128 + blocks[128],
            "dec3": blocks[128],
            "up2": 16 * 128 * 64 + 64,
            "dec2": blocks[64],
            "up1": 16 * 64 * 32 + 32,
            "dec1": blocks[32],
            "out": 25 * 32 * 3 + 3,
        }

    def test_kernels_and_strides(self, built):
        convs = [m for m in built.modules() if isinstance(m, nn.Conv2d)]
        ups = [m for m in built.modules() if isinstance(m, nn.ConvTranspose2d)]
        assert len(convs) == 3 + 2 * 18 + 1
        assert {conv.kernel_size for conv in convs} == {(5, 5)}
        assert [conv.stride[0] for conv in convs].count(2) == 2
        assert [(up.kernel_size, up.stride) for up in ups] == [((4, 4), (2, 2))] * 2

    def test_weights_are_xavier_uniform(self, built):
        weight = built.enc3[2].conv1.weight.detach()
        bound = (6 / (25 * 128 + 25 * 128)) ** 0.5
        assert weight.abs().max().item() == pytest.approx(bound, rel=1e-3)
        assert weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.01)
        assert not any(p.any() for n, p in built.named_parameters() if n.endswith("bias"))

    @torch.no_grad()
    def test_weights_are_shared_by_the_scales(self, built, photograph):
        """A scale's prediction is one function of the image and the prediction before it."""
        image = photograph[..., :32, :32]
        pred, half, quarter = built(image)
        smaller = F.interpolate(image, size=(16, 16), mode="bilinear")
        previous = F.interpolate(quarter, size=(16, 16), mode="bilinear")
        torch.testing.assert_close(half, built.restore(0, smaller, previous))
        previous = F.interpolate(half, size=(32, 32), mode="bilinear")
        torch.testing.assert_close(pred, built.restore(0, image, previous))

    @torch.no_grad()
    def test_output_is_no_residual(self, photograph):
        network = self.make()
        network.out.weight.zero_()
        assert not any(output.any() for output in network(photograph[..., :16, :16]))


def test_halving_convolution_pads_as_tensorflow():
    """One pixel before and two after for 5x5, none before and one after for 3x3."""
    for kernel, rows in ((5, [0, 1, 2, 3]), (3, [0, 1, 2])):
        images = torch.rand(1, 1, 8, 8, requires_grad=True)
        halved = HalvingConv(1, 1, kernel)(images)
        assert halved.shape == (1, 1, 4, 4)
        halved[0, 0, 0, 0].backward()
        seen = images.grad[0, 0] != 0
        assert seen.any(1).nonzero().flatten().tolist() == rows
        assert seen.any(0).nonzero().flatten().tolist() == rows


class Recorder:
    """Adds a number to the previous prediction, and keeps what it was given."""

    def __init__(self):
        self.number = torch.tensor([1.0, 10.0, 100.0], requires_grad=True)
        self.given = []

    def __call__(self, scale, degraded, previous):
        self.given.append((degraded, previous))
        return previous + self.number[scale]


def test_each_scale_is_given_the_image_and_the_prediction_before():
    images = torch.arange(256.0).view(1, 1, 16, 16)
    recorder = Recorder()
    preds = coarse_to_fine(images, recorder)
    boxes = F.avg_pool2d(images, 2)
    torch.testing.assert_close(recorder.given[1][0], boxes)
    middle = images.unfold(2, 4, 4).unfold(3, 4, 4)[..., 1:3, 1:3].mean((-2, -1))
    torch.testing.assert_close(recorder.given[0][0], middle)
    torch.testing.assert_close(recorder.given[0][1], middle)
    torch.testing.assert_close(preds[2], middle + 1)
    enlarged = F.interpolate(middle + 1, size=(8, 8), mode="bilinear")
    torch.testing.assert_close(recorder.given[1][1], enlarged)
    assert torch.equal(recorder.given[2][0], images)


def test_gradient_stops_at_the_previous_prediction():
    """Each scale's output moves with its own number alone, though it contains the others'."""
    for output, expected in enumerate([[0, 0, 256], [0, 64, 0], [16, 0, 0]]):
        recorder = Recorder()
        coarse_to_fine(torch.zeros(1, 1, 16, 16), recorder)[output].sum().backward()
        assert recorder.number.grad.tolist() == expected


@pytest.mark.parametrize("size", [(16, 32), (8, 20), (33, 47), (1, 3)])
def test_smaller_predictions_are_of_the_promised_size(size):
    preds = coarse_to_fine(torch.rand(1, 3, *size), Recorder())
    assert [tuple(pred.shape) for pred in preds] == three_sizes(*size)


@torch.no_grad()
def test_smaller_predictions_lie_on_the_grid_of_interpolated_targets(photograph):
    """At multiples of 4 exactly, but for the repeated border; the scales here return their input.

    Else the grids drift: at 37 pixels the last of 19 lies half a pixel further than F.interpolate's
    """
    for size, tolerance in ((80, 0), (84, 0), (36, 0)):
        image = photograph[..., :size, :size]
        preds = coarse_to_fine(image, lambda scale, degraded, previous: degraded)
        for pred in preds:
            target = F.interpolate(image, size=pred.shape[-2:], mode="bilinear")
            torch.testing.assert_close(pred, target, rtol=0, atol=tolerance + 1e-6)
    image = torch.arange(37.0).expand(1, 1, 37, 37)
    half = coarse_to_fine(image, lambda scale, degraded, previous: degraded)[1]
    drift = (half - F.interpolate(image, size=(19, 19), mode="bilinear"))[0, 0, 0]
    assert drift[:-1].abs().max() < 1
    assert drift[0] < drift[9] < drift[17]
