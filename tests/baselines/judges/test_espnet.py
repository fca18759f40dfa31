from itertools import accumulate

import numpy as np
import pytest
import torch
from network_checks import parameter_count
from torch.nn import functional as F

from baselines.judges.espnet import ESPNet
from benchmarks.metrics.miou import MIoU
from datasets.cityscapes import Cityscapes
from datasets.images import DataPaths
from losses.local_resources import LocalResources

FIVE = [f"aachen_00000{k}_000019" for k in range(3, 8)]


def released_shapes():
    """Names and shapes of all tensors in the released file."""
    shapes = {}

    def activation(norm, slope, features):
        kinds = ("weight", "bias", "running_mean", "running_var")
        shapes.update({f"{norm}.{kind}": (features,) for kind in kinds})
        if slope:
            shapes[f"{slope}.weight"] = (features,)

    def esp(name, features_in, features, kernel=1):
        few = features // 5
        shapes[f"{name}.c1.conv.weight"] = (few, features_in, kernel, kernel)
        for d in (1, 2, 4, 8, 16):
            width = features - 4 * few if d == 1 else few
            shapes[f"{name}.d{d}.conv.weight"] = (width, few, 3, 3)
        place = f"{name}.bn" if kernel == 1 else name
        activation(f"{place}.bn", f"{place}.act", features)

    shapes["encoder.level1.conv.weight"] = (16, 3, 3, 3)
    for name, features in (("level1", 16), ("b1", 19), ("b2", 131), ("b3", 256)):
        activation(f"encoder.{name}.bn", f"encoder.{name}.act", features)
    for level, features_in, features, blocks in ((2, 19, 64, 2), (3, 131, 128, 8)):
        esp(f"encoder.level{level}_0", features_in, features, kernel=3)
        for i in range(blocks):
            esp(f"encoder.level{level}.{i}", features, features)
    shapes["encoder.classifier.conv.weight"] = (20, 256, 1, 1)
    shapes["level3_C.conv.weight"] = (20, 131, 1, 1)
    activation("br", None, 20)
    shapes["conv.conv.weight"] = (20, 36, 3, 3)
    activation("conv.bn", "conv.act", 20)
    activation("combine_l2_l3.0.bn", "combine_l2_l3.0.act", 40)
    esp("combine_l2_l3.1", 40, 20)
    activation("up_l2.1.bn", "up_l2.1.act", 20)
    for name in ("up_l3.0", "up_l2.0", "classifier"):
        shapes[f"{name}.weight"] = (20, 20, 2, 2)
    return shapes


@pytest.fixture(scope="module")
def released():
    """As in the released file, but with random values that let every layer reach the output."""
    generator = torch.Generator().manual_seed(0)
    state = {}
    for name, shape in released_shapes().items():
        values = torch.randn(shape, generator=generator)
        if len(shape) == 4:
            values *= (2 / values[0].numel()) ** 0.5
        state[name] = 0.5 + values.abs() if name.endswith("running_var") else values
    return state


@pytest.fixture(scope="module")
def network(released, tmp_path_factory):
    path = tmp_path_factory.mktemp("released") / "espnet.pth"
    torch.save(released, path)
    network = ESPNet()
    network.load_state_dict(ESPNet.released_state(path), strict=True)
    return network.double().eval()


def oracle(state, images):
    """All 20 scores as the released program computes them, for sides that are multiples of 16."""
    state = {name: values.double() for name, values in state.items()}

    def convolve(x, name, stride=1, dilation=1):
        weight = state[f"{name}.weight"]
        padding = weight.shape[-1] // 2 * dilation
        return F.conv2d(x, weight, stride=stride, padding=padding, dilation=dilation)

    def enlarge(x, name):
        return F.conv_transpose2d(x, state[f"{name}.weight"], stride=2)

    def normalise(x, name):
        kinds = ("running_mean", "running_var", "weight", "bias")
        mean, var, weight, bias = (state[f"{name}.{kind}"].view(-1, 1, 1) for kind in kinds)
        return weight * (x - mean) / (var + 1e-3).sqrt() + bias

    def activate(x, name):
        x = normalise(x, f"{name}.bn")
        return torch.where(x > 0, x, state[f"{name}.act.weight"].view(-1, 1, 1) * x)

    def esp(x, name, strided=False, residual=False):
        reduced = convolve(x, f"{name}.c1.conv", stride=2 if strided else 1)
        d1, d2, d4, d8, d16 = (
            convolve(reduced, f"{name}.d{d}.conv", dilation=d) for d in (1, 2, 4, 8, 16)
        )
        merged = torch.cat((d1, d2, d2 + d4, d2 + d4 + d8, d2 + d4 + d8 + d16), dim=1)
        return activate(x + merged if residual else merged, name if strided else f"{name}.bn")

    def blocks(x, name, number):
        states = accumulate(
            range(number), lambda x, i: esp(x, f"{name}.{i}", residual=True), initial=x
        )
        return [*states][-1]

    def shrink(x):
        """Means of nine pixels, those outside the image counted as 0."""
        return F.conv2d(x, torch.full((3, 1, 3, 3), 1 / 9).to(x), stride=2, padding=1, groups=3)

    bgr = 255 * images.numpy()[:, ::-1].transpose(0, 2, 3, 1)
    bgr = (bgr - (72.3923111, 82.90893555, 73.15840149)) / (45.3192215, 46.15289307, 44.91483307)
    image = torch.from_numpy(bgr.transpose(0, 3, 1, 2).copy())
    image = F.interpolate(image, scale_factor=0.5, mode="bilinear", align_corners=False) / 255

    level1 = activate(convolve(image, "encoder.level1.conv", stride=2), "encoder.level1")
    image = shrink(image)
    start = esp(activate(torch.cat((level1, image), 1), "encoder.b1"), "encoder.level2_0", True)
    level2 = torch.cat((blocks(start, "encoder.level2", 2), start, shrink(image)), 1)
    level2 = activate(level2, "encoder.b2")
    start = esp(level2, "encoder.level3_0", True)
    level3 = activate(torch.cat((start, blocks(start, "encoder.level3", 8)), 1), "encoder.b3")

    coarse = enlarge(normalise(convolve(level3, "encoder.classifier.conv"), "br"), "up_l3.0")
    x = torch.cat((convolve(level2, "level3_C.conv"), coarse), 1)
    x = esp(activate(x, "combine_l2_l3.0"), "combine_l2_l3.1")
    x = torch.cat((activate(enlarge(x, "up_l2.0"), "up_l2.1"), level1), 1)
    x = enlarge(activate(convolve(x, "conv.conv"), "conv"), "classifier")
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def test_parameter_count():
    assert parameter_count(ESPNet()) == 364_569


@torch.no_grad()
def test_output_is_that_of_the_released_program_without_background(network, released, photograph):
    images = torch.cat((photograph, photograph.flip(2)))[..., :64, :96].double()
    expected = oracle(released, images)
    assert expected.shape == (2, 20, 64, 96)
    assert (expected[0].flip(1) - expected[1]).abs().mean() > 0.1
    torch.testing.assert_close(network(images), expected[:, :19], rtol=1e-5, atol=1e-5)


@torch.no_grad()
def test_odd_sizes_are_extended_and_cropped(network, photograph):
    image = photograph[..., :37, :61].double()
    extended = np.pad(image.numpy(), [(0, 0), (0, 0), (0, 11), (0, 3)], mode="reflect")
    expected = network(torch.from_numpy(extended))[..., :37, :61]
    torch.testing.assert_close(network(image), expected)
    for height, width in ((5, 17), (1, 1)):
        assert network(image[..., :height, :width]).shape == (1, 19, height, width)


def test_gradient_reaches_every_pixel_and_repeats(network, photograph):
    labels = (3 * photograph[..., :45, :61].mean(1)).long()
    gradients = []
    for _ in range(2):
        image = photograph[..., :45, :61].double().requires_grad_()
        F.cross_entropy(network(image), labels).backward()
        gradients.append(image.grad)
    assert gradients[0].isfinite().all()
    assert gradients[0].all()
    assert torch.equal(*gradients)


def test_subnormal_weights_become_zero(released, tmp_path):
    slopes = torch.full((16,), 1e-30)
    slopes[::2] = torch.tensor(-1e-40)
    assert slopes.all()
    torch.save(released | {"encoder.level1.act.weight": slopes}, tmp_path / "espnet.pth")
    state = ESPNet.released_state(tmp_path / "espnet.pth")
    expected = torch.tensor([0, 1e-30]).repeat(8)
    assert torch.equal(state["encoder.level1.act.weight"], expected)


def encoder_alone(state):
    return {k.removeprefix("encoder."): v for k, v in state.items() if k.startswith("encoder.")}


def fewer_blocks(state):
    gone = tuple(f"encoder.level3.{i}." for i in range(3, 8))
    return {key: value for key, value in state.items() if not key.startswith(gone)}


def one_block_more(state):
    block = {k: v for k, v in state.items() if k.startswith("encoder.level3.7.")}
    return state | {key.replace("3.7", "3.8"): value for key, value in block.items()}


def other_classes(state):
    return state | {"level3_C.conv.weight": torch.ones(11, 131, 1, 1)}


@pytest.mark.parametrize(
    ("other", "named"),
    [
        (encoder_alone, r"encoder\.level1\.conv\.weight"),
        (fewer_blocks, r"encoder\.level3\.3\.c1\.weight"),
        (one_block_more, r"encoder\.level3\.8\.c1\.weight"),
        (other_classes, r"level3_C\.weight"),
    ],
)
def test_other_networks_are_refused(released, tmp_path, other, named):
    torch.save(other(released), tmp_path / "other.pth")
    with pytest.raises(ValueError, match=rf"other\.pth is not ESPNet with a decoder.* as {named}$"):
        ESPNet.released_state(tmp_path / "other.pth")


def test_damaged_files_are_refused(released, tmp_path):
    path = tmp_path / "espnet.pth"
    torch.save(released, path)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(ValueError, match=r"espnet\.pth is damaged"):
        ESPNet.released_state(path)


@pytest.mark.slow
def test_released_weights_reach_the_known_quality(data_root, tmp_path):
    """On five images of a city that the network was trained on."""
    path = data_root / "weights" / "espnet_p_2_q_8.pth"
    if not path.is_file() or not (data_root / "cityscapes").is_dir():
        pytest.skip(f"needs {path} and Cityscapes")
    images = Cityscapes("val").open(DataPaths(data_root, tmp_path))
    if not set(FIVE) <= set(images.names):
        pytest.skip(f"needs {FIVE[0]} to {FIVE[-1]} in Cityscapes' val")
    network = ESPNet()
    network.load_state_dict(ESPNet.released_state(path), strict=True)
    metric = MIoU(network, absent="skip")
    confusion = metric.build(LocalResources())
    matrices = []
    for i in map(images.names.index, FIVE):
        image = torch.from_numpy(np.array(images.image(i))).permute(2, 0, 1) / 255
        labels = torch.from_numpy(np.array(images.entries(i)["labels"])).long()
        matrices.append(confusion(image, image, labels))
    assert metric.summary(matrices) == pytest.approx(0.592, abs=0.005)
