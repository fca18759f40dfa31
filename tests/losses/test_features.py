from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from frozen_features import check_gradients
from torch import Tensor, nn

import losses.features
from losses.features import Features, vgg_layer_names
from losses.objective import Resources

SaveWeights = Callable[[str, dict[str, Tensor]], str]

VGG16_NAMES = """
conv1_1 relu1_1 conv1_2 relu1_2 pool1 conv2_1 relu2_1 conv2_2 relu2_2 pool2
conv3_1 relu3_1 conv3_2 relu3_2 conv3_3 relu3_3 pool3
conv4_1 relu4_1 conv4_2 relu4_2 conv4_3 relu4_3 pool4
conv5_1 relu5_1 conv5_2 relu5_2 conv5_3 relu5_3 pool5
"""


def _torchvision_features(network: str, seed: int = 0) -> nn.Sequential:
    """torchvision's own layers, seeded; its large classifier stays empty."""
    import torchvision

    with torch.device("meta"):
        features = getattr(torchvision.models, network)(weights=None).features
    features.to_empty(device="cpu")
    generator = torch.Generator().manual_seed(seed)
    for p in features.parameters():
        scale = (2 / p[0].numel()) ** 0.5 if p.ndim == 4 else 0.1
        p.data.normal_(0, scale, generator=generator)
    return features.eval()


def _narrow(*layers: str, **changes: Any) -> Features:
    settings = {"weights": "random", "width": 0.125, **changes}
    return Features("vgg19", layers or ("relu2_1", "conv3_1"), **settings)


def _state(features: nn.Module) -> dict[str, Tensor]:
    """As in torchvision's file, which has a classifier too."""
    state = {f"features.{k}": v for k, v in features.state_dict().items()}
    return {**state, "classifier.0.weight": torch.zeros(2, 2), "classifier.0.bias": torch.zeros(2)}


def test_vgg_layer_names_of_vgg16():
    assert vgg_layer_names("vgg16") == VGG16_NAMES.split()


@pytest.mark.parametrize("network", ["vgg16", "vgg19"])
def test_vgg_layer_names_fit_torchvisions_layers(network: str):
    kinds = {nn.Conv2d: "conv", nn.ReLU: "relu", nn.MaxPool2d: "pool"}
    layers = [kinds[type(layer)] for layer in _torchvision_features(network)]
    assert [name[:4] for name in vgg_layer_names(network)] == layers


def test_vgg_layer_names_at_the_slices_of_public_codes():
    """features[:35] of VGG19 ends in conv5_4, [:13] in conv3_2; [:23] of VGG16 in relu4_3."""
    assert vgg_layer_names("vgg19")[34] == "conv5_4"
    assert vgg_layer_names("vgg19")[12] == "conv3_2"
    assert vgg_layer_names("vgg16")[22] == "relu4_3"


def test_features_equal_torchvisions_activations(
    resources: Resources,
    save_weights: SaveWeights,
    monkeypatch: pytest.MonkeyPatch,
    photographs: Tensor,
):
    network = _torchvision_features("vgg19", seed=3)
    monkeypatch.setitem(losses.features.VGG_FILES, "vgg19", save_weights("vgg19", _state(network)))
    layers = ("relu5_1", "conv1_1", "conv3_2", "pool2")
    taps = Features("vgg19", layers).build(resources)(photographs)
    assert tuple(taps) == layers

    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    with torch.no_grad():
        for layer in layers:
            x = (photographs - mean) / std
            for module in network[: vgg_layer_names("vgg19").index(layer) + 1]:
                x = module(x.clone())  # torchvision's ReLUs work in place
            torch.testing.assert_close(taps[layer], x)


def test_features_reject_a_damaged_weights_file(
    resources: Resources, save_weights: SaveWeights, monkeypatch: pytest.MonkeyPatch
):
    name = save_weights("vgg16", _state(_torchvision_features("vgg16")))
    monkeypatch.setitem(losses.features.VGG_FILES, "vgg16", name)
    file = resources.weights_file(name, sha256="")
    with file.open("ab") as f:
        f.write(b"x")
    with pytest.raises(ValueError, match="sha256"):
        Features("vgg16", ("relu1_1",)).build(resources)


def test_features_ask_for_torchvisions_files_by_name_and_digest(monkeypatch: pytest.MonkeyPatch):
    asked = []

    class Folder:
        device = torch.device("cpu")

        def weights_file(self, name: str, sha256: str) -> Any:
            asked.append((name, sha256))
            raise FileNotFoundError(name)

        def frozen(self, network: Any) -> Any: ...

        def fresh(self, network: Any) -> Any: ...

    for network in ("vgg16", "vgg19"):
        with pytest.raises(FileNotFoundError):
            Features(network, ("conv1_1",)).build(Folder())
    assert asked == [("vgg16-397923af.pth", "397923af"), ("vgg19-dcbb9e9d.pth", "dcbb9e9d")]


def test_features_before_a_relu_keep_their_negatives(resources: Resources, photographs: Tensor):
    layers = tuple(f"{kind}{i}" for i in ("1_1", "2_2", "3_4") for kind in ("conv", "relu"))
    taps = _narrow(*layers).build(resources)(photographs)
    for before, after in zip(layers[::2], layers[1::2], strict=True):
        assert taps[before].min() < 0
        assert torch.equal(taps[after], taps[before].clamp(min=0))


def test_features_stop_at_the_last_tap(resources: Resources):
    extractor = _narrow("conv3_2", "relu1_1").build(resources)
    assert len(list(extractor.get_submodule("body").children())) == 13


@pytest.mark.parametrize(("width", "channels"), [(1, 128), (0.5, 64), (0.125, 16), (0.001, 1)])
def test_features_width_scales_the_channels(
    resources: Resources, photographs: Tensor, width: float, channels: int
):
    taps = _narrow("relu2_2", width=width).build(resources)(photographs[:1, :, :16, :24])
    assert taps["relu2_2"].shape == (1, channels, 8, 12)


def test_features_pass_gradients_but_take_none(resources: Resources, photographs: Tensor):
    extractor = _narrow().build(resources)
    check_gradients(extractor, photographs)


def test_features_stay_in_eval_mode(resources: Resources):
    extractor = _narrow().build(resources)
    nn.Sequential(extractor).train()
    assert not any(m.training for m in extractor.modules())


def test_features_random_weights_follow_their_seed_only(resources: Resources, photographs: Tensor):
    torch.manual_seed(1)
    first = _narrow().build(resources)(photographs)
    torch.manual_seed(2)
    state = torch.get_rng_state()
    again = _narrow().build(resources)(photographs)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(first[k], again[k]) for k in first)
    other = _narrow(seed=1).build(resources)(photographs)
    assert not any(torch.equal(first[k], other[k]) for k in first)


def test_features_random_weights_keep_the_signals_scale(resources: Resources, photographs: Tensor):
    """He et al. (2015): the variance 2 / fan-in keeps the mean square from layer to layer."""
    taps = _narrow("relu1_2", "relu2_2", "relu3_4", "relu4_4", width=0.5).build(resources)(
        photographs
    )
    first, *_, last = [tap.square().mean() for tap in taps.values()]
    assert 0.1 < last / first < 10


def test_features_check_their_arguments():
    with pytest.raises(ValueError, match="vgg16 has no layer 'relu3_4'; known: conv1_1, relu1_1"):
        Features("vgg16", ("relu1_1", "relu3_4"))
    with pytest.raises(ValueError, match="network must be one of vgg16, vgg19, not 'resnet50'"):
        Features("resnet50", ("relu1_1",))
    with pytest.raises(ValueError, match="at least one layer of vgg16"):
        Features("vgg16", ())
    with pytest.raises(ValueError, match="'imagenet' or 'random'"):
        Features("vgg16", ("relu1_1",), weights="none")
    with pytest.raises(ValueError, match="no ImageNet weights"):
        Features("vgg16", ("relu1_1",), width=0.5)
