from typing import ClassVar

import numpy as np
import pytest
import torch
from network_checks import RestorationChecks, loss_curve, outputs_of, parameter_count, psnr
from torch import nn
from torch.nn import functional as F

from baselines.faces.dicnet import DICNet, FeedbackBlock, face_parts

TINY = {"width": 8, "groups": 2, "hourglass": 32, "fusion_blocks": 1}

# A few of the official names, each with its shape.
OFFICIAL = {
    "conv_in.0.weight": (192, 3, 3, 3),
    "conv_in.1.weight": (1,),
    "first_block.compress_in.0.weight": (48, 48, 1, 1),
    "first_block.upBlocks.5.0.weight": (48, 48, 12, 12),
    "first_block.downtranBlocks.4.0.weight": (48, 288, 1, 1),
    "block.compress_in.0.weight": (48, 96, 1, 1),
    "block.downBlocks.0.1.weight": (1,),
    "block.uptranBlocks.0.0.weight": (48, 96, 1, 1),
    "block.compress_out.0.weight": (48, 288, 1, 1),
    "block.fusion_block.conv_in.0.weight": (240, 48, 1, 1),
    "block.fusion_block.resnet.6.res.2.weight": (240, 48, 3, 3),
    "out.0.weight": (48, 48, 8, 8),
    "conv_out.0.bias": (3,),
    "HG.hg_conv_out.2.bias": (68,),
}


class TestDICNet(RestorationChecks):
    network = DICNet
    parameters = 21_803_849
    small: ClassVar = TINY
    scale = 8
    crop = 16
    multiple = 8

    def output_shapes(self, height, width):
        """The images of four steps, the maps of each a quarter as large."""
        images, maps = (1, 3, 8 * height, 8 * width), (1, 68, 2 * height, 2 * width)
        return [images] * 4 + [maps] * 4


@pytest.fixture(scope="module")
def faces(photograph):
    """Two smooth faces of 128 pixels and what is left of them at 16."""
    large = F.interpolate(photograph, size=(128, 128), mode="bicubic").clamp(0, 1)
    large = torch.cat((large, large.flip(3)))
    return large, F.interpolate(large, size=(16, 16), mode="bicubic", antialias=True).clamp(0, 1)


def tiny(start="identity"):
    torch.manual_seed(0)
    return DICNet(**TINY, start=start)


def bilinear(small):
    return F.interpolate(small, scale_factor=8, mode="bilinear")


def test_parameters_of_parts_and_of_narrow_versions():
    with torch.device("meta"):
        network = DICNet()
        narrow = DICNet(**TINY), DICNet(width=16, groups=3, hourglass=64, fusion_blocks=2)
    assert parameter_count(network.HG) == 11_999_172
    assert parameter_count(network) - parameter_count(network.HG) == 9_804_677
    assert parameter_count(network.block.fusion_block) == 1_466_640
    assert [parameter_count(one) for one in narrow] == [278_497, 1_274_641]


def test_names_and_shapes_are_official():
    with torch.device("meta"):
        state = DICNet().state_dict()
    for name, shape in OFFICIAL.items():
        assert tuple(state[name].shape) == shape, name
    parts = {"conv_in", "first_block", "block", "out", "conv_out", "HG"}
    assert {key.split(".")[0] for key in state} == parts


def test_parts_are_sums_of_maps_with_the_peak_one():
    maps = torch.rand(1, 68, 4, 4, generator=torch.Generator().manual_seed(0))
    maps[0, 10] = 0.01  # a map with no peak worth the name is not blown up
    scaled = maps[0] / maps[0].amax((1, 2), keepdim=True)
    scaled[10] = 0.01 / 0.05
    numbers = [range(36, 42), range(42, 48), range(27, 36), range(48, 68), range(27)]
    expected = torch.stack([sum(scaled[k] for k in part) for part in numbers])
    torch.testing.assert_close(face_parts(maps)[0], expected)


@torch.no_grad()
def test_steps_are_the_authors(faces):
    """Written down once more from the parts: what each step is given, and what it adds to."""
    network, (_, small) = tiny("authors").eval(), faces
    mean = torch.tensor([0.509, 0.424, 0.378]).view(1, 3, 1, 1)
    x = F.pixel_shuffle(network.conv_in(small - mean), 2)
    hidden = network.first_block(x)
    memory, images, maps = None, [], []
    for step in range(4):
        if step > 0:
            hidden = network.block(torch.cat((x, hidden), 1), face_parts(maps[-1]))
        images.append(bilinear(small) + network.conv_out(network.out(hidden)))
        found, memory = network.HG(images[-1] - mean, memory)
        maps.append(found)
    expected = [images[-1], *images[:-1], *maps]
    for output, one in zip(network(small), expected, strict=True):
        torch.testing.assert_close(output, one, rtol=1e-3, atol=1e-4)


@torch.no_grad()
def test_a_part_of_the_face_decides_where_its_features_go():
    """Where one part outweighs the others, the fusion gives the features of that part alone."""
    torch.manual_seed(0)
    fusion = FeedbackBlock(16, 8, 1, fusion_blocks=1).fusion_block
    assert fusion is not None
    x = torch.rand(1, 8, 4, 4)
    each = fusion.resnet(fusion.conv_in(x))
    for part in range(5):
        parts = torch.zeros(1, 5, 4, 4)
        parts[:, part] = 100
        torch.testing.assert_close(fusion(x, parts), each[:, 8 * part : 8 * part + 8])


def test_heatmaps_pass_gradients_on_to_the_features_that_they_guide(faces):
    network, small = tiny("authors"), faces[1]
    network(small)[0].square().sum().backward()
    assert network.HG.hg_conv_out[2].weight.grad.any()


@pytest.mark.parametrize("start", ["authors", "identity"])
@torch.no_grad()
def test_fresh_networks_are_near_the_bilinear_enlargement(faces, start):
    large, small = faces
    base, near = bilinear(small), {"authors": 30, "identity": 60}[start]
    for image in tiny(start).eval()(small)[:4]:
        assert psnr(image, base) > near
        assert abs(psnr(image, large) - psnr(base, large)) < 0.5


def test_a_few_steps_are_better_than_the_bilinear_enlargement(faces):
    """Maps of a spot for each landmark are learned beside."""
    large, small = faces[0][:1, :, 32:96, 32:96], faces[1][:1, :, 4:12, 4:12]
    network, spots = tiny().train(), torch.zeros(1, 68, 16, 16)
    spots[..., 5:10, 5:10] = 1

    def loss():
        outputs = network(small)
        images = sum(F.l1_loss(image, large) for image in outputs[:4])
        return images + 0.1 * sum(F.mse_loss(maps, spots) for maps in outputs[4:])

    values = loss_curve(network, loss, steps=40, lr=2e-3)
    assert np.isfinite(values).all()
    with torch.no_grad():
        outputs = network(small)
    assert psnr(outputs[0], large) > psnr(bilinear(small), large) + 0.5
    assert values[-1] < 0.5 * values[0]


def test_identity_start_changes_weights_alone():
    """And only those that add features to the image, or to features."""
    faint, authors = tiny().state_dict(), tiny("authors").state_dict()
    changed = {name for name, value in faint.items() if not torch.equal(value, authors[name])}
    assert changed == {"conv_out.0.weight", "block.fusion_block.resnet.0.res.2.weight"}


def test_initialisation_is_the_authors():
    torch.manual_seed(0)
    for name, layer in tiny("authors").named_modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d) and not name.startswith("HG."):
            spread = (2 / layer.weight[0].numel()) ** 0.5
            assert layer.weight.std().item() == pytest.approx(spread, rel=0.35), name
            assert not layer.bias.any(), name
        elif isinstance(layer, nn.PReLU):
            assert layer.weight.item() == pytest.approx(0.2)


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="named for 4 steps, not for 2"):
        DICNet(steps=2)
    with pytest.raises(ValueError, match="'authors' or 'identity', not 'zero'"):
        DICNet(start="zero")


@pytest.mark.slow
def test_full_width_makes_a_step(faces):
    large, small = faces
    torch.manual_seed(0)
    network = DICNet(start="identity").train()
    before = network.conv_out[0].weight.detach().clone()
    (value,) = loss_curve(
        network,
        lambda: sum(F.l1_loss(image, large[:1]) for image in outputs_of(network, small[:1])[:4]),
        steps=1,
        lr=1e-4,
    )
    assert value == pytest.approx(4 * F.l1_loss(bilinear(small[:1]), large[:1]).item(), rel=0.05)
    assert not torch.equal(network.conv_out[0].weight, before)
