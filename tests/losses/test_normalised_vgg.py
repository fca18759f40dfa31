from __future__ import annotations

from pathlib import Path

import pytest
import torch
from frozen_features import check_gradients
from torch import Tensor
from torch.nn import functional as F

from losses.contextual import Contextual
from losses.d2sm import D2SM
from losses.features import Features
from losses.local_resources import LocalResources
from losses.normalised_vgg import NAMES, WEIGHTS_FILE, NormalisedVGG19
from losses.objective import Resources, Term
from losses.pdl import PDL
from losses.perceptual import Perceptual

ALL = """
conv1_1 relu1_1 conv1_2 relu1_2 pool1 conv2_1 relu2_1 conv2_2 relu2_2 pool2 conv3_1 relu3_1
"""
# The file's numbers of the convolutions, and channels out and in; 0 is the 1x1 of the colours.
CONVOLUTIONS = {"2": (64, 3), "5": (64, 64), "9": (128, 64), "12": (128, 128), "16": (256, 128)}


def random_state() -> dict[str, Tensor]:
    """Tensors of the file's shapes."""
    generator = torch.Generator().manual_seed(0)
    shapes = {"0": (3, 3, 1, 1), **{k: (*v, 3, 3) for k, v in CONVOLUTIONS.items()}}
    state = {}
    for key, shape in shapes.items():
        scale = (2 / (shape[1] * shape[2] * shape[3])) ** 0.5
        state[f"{key}.weight"] = scale * torch.randn(shape, generator=generator)
        state[f"{key}.bias"] = 0.1 * torch.randn(shape[0], generator=generator)
    return state


class AnyDigest(LocalResources):
    """Takes a file for the released one by its name alone."""

    def weights_file(self, name: str, sha256: str) -> Path:
        return super().weights_file(name, "")


def holding(content: object, folder: Path) -> Resources:
    torch.save(content, folder / WEIGHTS_FILE[0])
    return AnyDigest(folder)


@pytest.fixture
def state() -> dict[str, Tensor]:
    return random_state()


@pytest.fixture
def made_up(tmp_path: Path, state: dict[str, Tensor]) -> Resources:
    """Resources with random weights under the file's name."""
    return holding(state, tmp_path)


@pytest.fixture
def released(data_root: Path) -> Resources:
    """Resources with the released file."""
    path = data_root / "weights" / WEIGHTS_FILE[0]
    if not path.is_file():
        pytest.skip(f"needs {path}")
    return LocalResources(path.parent)


def oracle(images: Tensor, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Every layer, written out; what comes before conv1_1 is the caller's."""
    taps, x = {}, images
    for name, key in zip(["1_1", "1_2", "2_1", "2_2", "3_1"], CONVOLUTIONS, strict=True):
        padded = F.pad(x, (1, 1, 1, 1), mode="reflect")
        x = F.conv2d(padded, state[f"{key}.weight"], state[f"{key}.bias"])
        taps[f"conv{name}"] = x
        x = taps[f"relu{name}"] = x.clamp(min=0)
        if name in ("1_2", "2_2"):
            x = taps[f"pool{name[0]}"] = F.max_pool2d(x, 2, ceil_mode=True)
    return taps


def bgr_less_means(images: Tensor) -> Tensor:
    """As Caffe's models take images: BGR in [0, 255] less the mean of ImageNet's."""
    return 255 * images.flip(1) - torch.tensor([103.939, 116.779, 123.68]).view(3, 1, 1)


def test_normalised_vgg_has_the_layers_up_to_relu3_1():
    assert ALL.split() == NAMES


@pytest.mark.parametrize("size", [(48, 64), (45, 63)])
def test_normalised_vgg_equals_its_layers_written_out(
    made_up: Resources, state: dict[str, Tensor], photographs: Tensor, size: tuple[int, int]
):
    images = photographs[..., : size[0], : size[1]]
    layers = tuple(reversed(ALL.split()))
    taps = NormalisedVGG19(layers).build(made_up)(images)
    assert tuple(taps) == layers
    first = F.conv2d(images, state["0.weight"], state["0.bias"])
    for name, expected in oracle(first, state).items():
        torch.testing.assert_close(taps[name], expected, msg=lambda text, name=name: name + text)
    for name in ("1_1", "1_2", "2_1", "2_2", "3_1"):
        assert taps[f"conv{name}"].min() < 0
        assert torch.equal(taps[f"relu{name}"], taps[f"conv{name}"].clamp(min=0))


def test_released_file_takes_rgb_for_caffes_bgr(released: Resources, photographs: Tensor):
    state = torch.load(released.weights_file(*WEIGHTS_FILE), weights_only=True)
    taps = NormalisedVGG19(tuple(NAMES)).build(released)(photographs)
    for name, expected in oracle(bgr_less_means(photographs), state).items():
        torch.testing.assert_close(taps[name], expected, rtol=1e-4, atol=1e-4)


def test_released_units_have_a_mean_activation_of_about_one(released: Resources):
    """Over images and positions, as the normalisation has it; less evenly on three photographs."""
    from skimage import data

    layers = ("relu1_1", "relu1_2", "relu2_1", "relu2_2", "relu3_1")
    network = NormalisedVGG19(layers).build(released)
    files = (data.astronaut, data.coffee, data.chelsea)
    crops = [torch.from_numpy(photograph()[:256, :384].copy()) for photograph in files]
    taps = [network(crop.permute(2, 0, 1)[None] / 255) for crop in crops]
    for layer in layers:
        units = torch.stack([tap[layer].mean((0, 2, 3)) for tap in taps]).mean(0)
        assert 0.7 < units.mean() < 1.1, layer
        assert ((units > 0.5) & (units < 2)).float().mean() > 0.5, layer


@pytest.mark.parametrize(
    ("declared", "found"),
    [
        (("conv2_2", "relu1_1", "pool2"), ("conv2_2", "relu1_1", "pool2")),
        (("conv3_1", "relu3_1"), ("conv3_1", "relu3_1")),
        (("conv4_3",), ("conv3_1",)),
        (("relu4_3",), ("relu3_1",)),
        (("pool5",), ("pool2",)),
        (("relu1_2", "relu3_3", "relu2_2", "relu4_3"), ("relu1_2", "relu3_1", "relu2_2")),
        (("conv5_3", "conv3_1"), ("conv3_1",)),
    ],
)
def test_nearest_layers_are_the_same_or_the_deepest_of_their_kind(
    declared: tuple[str, ...], found: tuple[str, ...]
):
    for network in ("vgg16", "vgg19"):
        nearest = NormalisedVGG19.nearest(Features(network, declared))
        assert nearest == NormalisedVGG19(found)


def test_normalised_vgg_checks_its_layers():
    message = "the normalised VGG-19 has no layer 'conv3_2'; known: conv1_1, .*, conv3_1, relu3_1$"
    with pytest.raises(ValueError, match=message):
        NormalisedVGG19(("relu1_1", "conv3_2"))
    with pytest.raises(ValueError, match="name at least one layer of the normalised VGG-19"):
        NormalisedVGG19(())


def test_normalised_vgg_refuses_another_networks_file(tmp_path: Path, state: dict[str, Tensor]):
    term = NormalisedVGG19(("relu1_1",))
    others = {
        r"'12.bias' is absent, expected \(128,\)": {
            key: value for key, value in state.items() if key != "12.bias"
        },
        r"'2.weight' is \(32, 3, 3, 3\), expected \(64, 3, 3, 3\)": {
            **state,
            "2.weight": state["2.weight"][:32],
        },
        r"'19.bias' is \(256,\), expected no such entry": {**state, "19.bias": torch.zeros(256)},
        r"'epoch' is \(\), expected no such entry": {**state, "epoch": 3},
        r"'0.weight' is absent": [state["0.weight"]],
    }
    for message, content in others.items():
        with pytest.raises(ValueError, match=rf"{WEIGHTS_FILE[0]} is not the .*: {message}"):
            term.build(holding(content, tmp_path))


def test_normalised_vgg_takes_the_released_file_only(made_up: Resources, tmp_path: Path):
    """By its whole digest; an absent one is not torchvision's."""
    term = NormalisedVGG19(("relu1_1",))
    assert term.weight_files() == (WEIGHTS_FILE,)
    with pytest.raises(ValueError, match=f"expected {WEIGHTS_FILE[1]}"):
        term.build(LocalResources(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"docs/data\.md says where files come from"):
        term.build(LocalResources(tmp_path / "empty"))


def test_normalised_vgg_is_frozen_and_draws_nothing(made_up: Resources, photographs: Tensor):
    before = torch.get_rng_state()
    extractor = NormalisedVGG19(("conv1_2", "relu2_1")).build(made_up)
    assert torch.equal(torch.get_rng_state(), before)
    assert len(list(extractor.get_submodule("body").children())) == 7  # to the last tap
    extractor.train()
    assert not any(module.training for module in extractor.modules())

    check_gradients(extractor, photographs)


def terms() -> list[Term]:
    last = NormalisedVGG19(("relu3_1",))
    return [
        Perceptual(NormalisedVGG19(("relu1_2", "conv3_1")), "l1"),
        Contextual(last, bandwidth=0.1),
        PDL(last),
        D2SM(last, window=32, stride=16, queue=20, crop=64, batch=2),
    ]


@pytest.mark.parametrize("term", terms(), ids=lambda term: term.symbol)
def test_terms_compare_normalised_features(
    made_up: Resources, pair: tuple[Tensor, Tensor], term: Term
):
    """Zero at equality, learnt from where images differ; no weights go into a checkpoint."""
    noisy, clean = pair
    objective = (1.0 * term).build(made_up)
    equal, _ = objective(clean, clean, {})
    pred = noisy.requires_grad_()
    value, _ = objective(pred, clean, {})
    value.backward()
    assert equal.abs() < 1e-6
    assert value > 1e-4
    assert pred.grad is not None
    assert pred.grad.isfinite().all()
    assert pred.grad.any()
    assert not any("body" in key or "normalise" in key for key in objective.learned_state())
