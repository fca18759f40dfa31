"""Features of ImageNet classifiers: the taps that perceptual losses compare.

Layers carry the literature's names in torchvision's VGG: `conv3_2` is the second convolution after
the second pooling, before its ReLU, `relu3_2` the same after it. Inputs are RGB in [0, 1] and are
normalised here with ImageNet's mean and standard deviation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from losses.objective import Resources

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

# Convolutions per block; torchvision's configurations "D" (16) and "E" (19).
VGG_BLOCKS = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}
VGG_CHANNELS = (64, 128, 256, 512, 512)

# torchvision's files; the name carries the first eight digits of the sha256.
VGG_FILES = {"vgg16": "vgg16-397923af.pth", "vgg19": "vgg19-dcbb9e9d.pth"}


def vgg_layer_names(network: str) -> list[str]:
    """Names of torchvision's `features`, in order: conv1_1, relu1_1, ..., pool5."""
    names = []
    for block, convolutions in enumerate(VGG_BLOCKS[network], start=1):
        for i in range(1, convolutions + 1):
            names += [f"conv{block}_{i}", f"relu{block}_{i}"]
        names.append(f"pool{block}")
    return names


@dataclass(frozen=True)
class Features:
    """A declared feature network: which one, which of its layers, with which weights.

    weights: "imagenet" (torchvision's file, checked by sha256) or "random" (He initialisation,
        seeded by `seed`). A table that ran with random features says so.
    width: the share of channels kept; 1 for the real network, less only with random weights.
    """

    network: str
    layers: tuple[str, ...]
    weights: str = "imagenet"
    width: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.network not in VGG_BLOCKS:
            raise ValueError(
                f"network must be one of {', '.join(VGG_BLOCKS)}, not {self.network!r}"
            )
        names = vgg_layer_names(self.network)
        if not self.layers:
            raise ValueError(f"name at least one layer of {self.network}: {', '.join(names)}")
        unknown = [layer for layer in self.layers if layer not in names]
        if unknown:
            raise ValueError(
                f"{self.network} has no layer {unknown[0]!r}; known: {', '.join(names)}"
            )
        if self.weights not in ("imagenet", "random"):
            raise ValueError(f"weights must be 'imagenet' or 'random', not {self.weights!r}")
        if self.weights == "imagenet" and self.width != 1:
            raise ValueError("a narrower network has no ImageNet weights; use weights='random'")

    def weight_files(self) -> tuple[tuple[str, str], ...]:
        """(name, first digits of the sha256) of the files that `build` asks for."""
        if self.weights != "imagenet":
            return ()
        name = VGG_FILES[self.network]
        return ((name, name.split("-")[1].removesuffix(".pth")),)

    def build(self, resources: Resources) -> FeatureExtractor:
        """Make the frozen extractor, on `resources.device`."""
        return FeatureExtractor(self, resources)


class FeatureExtractor(nn.Module):
    """Maps images (N, 3, H, W) in [0, 1] to {layer: features (N, C, H', W')}; frozen."""

    frozen = True  # left out of checkpoints
    mean: Tensor
    std: Tensor

    def __init__(self, spec: Features, resources: Resources):
        super().__init__()
        names = vgg_layer_names(spec.network)
        last = max(names.index(layer) for layer in spec.layers)
        self.names = names[: last + 1]
        self.layers = spec.layers
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(spec.seed)
            self.body = _vgg_body(spec.network, last + 1, spec.width)
        if spec.weights == "imagenet":
            self.body.load_state_dict(_vgg_state(spec, len(self.names), resources))
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(1, 3, 1, 1))
        self.requires_grad_(False).eval().to(resources.device)

    def train(self, mode: bool = True) -> FeatureExtractor:
        """Stays in eval mode: a judge does not learn."""
        return super().train(False)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """The features by layer name, in the order of the declaration."""
        x = (images - self.mean) / self.std
        taps = {}
        for name, layer in zip(self.names, self.body, strict=True):
            x = layer(x)
            if name in self.layers:
                taps[name] = x
        return {layer: taps[layer] for layer in self.layers}


def _vgg_body(network: str, length: int, width: float) -> nn.Sequential:
    """The first `length` layers of VGG, He-initialised.

    No layer works in place: a tap before its ReLU must keep its negative values.
    """
    layers: list[nn.Module] = []
    channels = 3
    for convolutions, full in zip(VGG_BLOCKS[network], VGG_CHANNELS, strict=True):
        out = max(1, round(full * width))
        for _ in range(convolutions):
            conv = nn.Conv2d(channels, out, 3, padding=1)
            nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
            nn.init.zeros_(conv.bias)  # type: ignore[arg-type]
            layers += [conv, nn.ReLU()]
            channels = out
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers[:length])


def _vgg_state(spec: Features, length: int, resources: Resources) -> dict[str, Any]:
    """torchvision's `features.*` entries for the first `length` layers."""
    ((name, sha256),) = spec.weight_files()
    path = resources.weights_file(name, sha256)
    state = torch.load(path, map_location="cpu", weights_only=True)
    keys = {k: k.removeprefix("features.") for k in state if k.startswith("features.")}
    return {new: state[k] for k, new in keys.items() if int(new.split(".")[0]) < length}
