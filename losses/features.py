"""Features of ImageNet classifiers: the taps that perceptual losses compare.

Layers carry the literature's names: `conv3_2` is the second convolution after the second pooling,
before its ReLU, `relu3_2` the same after it. Inputs are RGB in [0, 1]; each network normalises them
itself, torchvision's VGG with ImageNet's mean and standard deviation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

import torch
from torch import Tensor, nn

from losses.chunks import Looking, in_chunks
from losses.objective import Resources

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

# Convolutions per block; torchvision's configurations "D" (16) and "E" (19).
VGG_BLOCKS = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}
VGG_CHANNELS = (64, 128, 256, 512, 512)

# torchvision's files; the name carries the first eight digits of the sha256.
VGG_FILES = {"vgg16": "vgg16-397923af.pth", "vgg19": "vgg19-dcbb9e9d.pth"}


def vgg_layer_names(network: str) -> list[str]:
    """Names of a VGG's layers, those of torchvision's `features`: conv1_1, relu1_1, ..., pool5."""
    names = []
    for block, convolutions in enumerate(VGG_BLOCKS[network], start=1):
        for i in range(1, convolutions + 1):
            names += [f"conv{block}_{i}", f"relu{block}_{i}"]
        names.append(f"pool{block}")
    return names


def check_layers(network: str, layers: tuple[str, ...], names: list[str]) -> None:
    """Whether layers are declared, and all of them among a network's `names`.

    Raises:
        ValueError: there are none, or one that the network lacks.
    """
    if not layers:
        raise ValueError(f"name at least one layer of {network}: {', '.join(names)}")
    unknown = [layer for layer in layers if layer not in names]
    if unknown:
        raise ValueError(f"{network} has no layer {unknown[0]!r}; known: {', '.join(names)}")


class FeatureNetwork(Protocol):
    """A declared feature network, as a term holds it: `Features` is one."""

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that are compared."""
        ...

    def weight_files(self) -> tuple[tuple[str, str], ...]:
        """(name, first digits of the sha256) of the files that `build` asks for."""
        ...

    def build(self, resources: Resources) -> FeatureExtractor:
        """Make the frozen extractor, on `resources.device`."""
        ...


@dataclass(frozen=True)
class Features:
    """A declared VGG: which one, which of its layers, with which weights.

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
        check_layers(self.network, self.layers, vgg_layer_names(self.network))
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
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            body = vgg_body(self.network, self.width)
        if self.weights == "imagenet":
            body.load_state_dict(self._state(resources))
        names = vgg_layer_names(self.network)
        return FeatureExtractor(self.layers, names, Standardise(), body).to(resources.device)

    def _state(self, resources: Resources) -> dict[str, Any]:
        """torchvision's `features.*` entries, without the classifier's."""
        ((name, sha256),) = self.weight_files()
        path = resources.weights_file(name, sha256)
        state = torch.load(path, map_location="cpu", weights_only=True)
        prefix = "features."
        return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}


class FeatureExtractor(Looking):
    """Maps images (N, 3, H, W) in [0, 1] to {layer: features (N, C, H', W')}; frozen.

    Args:
        layers: the names of those whose output is returned.
        names: of the layers of `body`, one each.
        normalise: what images pass before `body`.
        body: the network, of which only the part up to the last of `layers` is kept.
    """

    frozen = True  # left out of checkpoints

    def __init__(
        self, layers: tuple[str, ...], names: list[str], normalise: nn.Module, body: nn.Sequential
    ):
        super().__init__()
        kept = 1 + max(names.index(layer) for layer in layers)
        self.layers = layers
        self.names = names[:kept]
        self.normalise = normalise
        self.body = body[:kept]
        self.requires_grad_(False).eval()

    def train(self, mode: bool = True) -> FeatureExtractor:
        """Stays in eval mode: a judge does not learn."""
        return super().train(False)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """The features by layer name, in the order of the declaration."""
        features: dict[str, Tensor] = in_chunks(self._taps, self.chunk, images)
        return features

    def _taps(self, images: Tensor) -> dict[str, Tensor]:
        x = self.normalise(images)
        taps = {}
        for name, layer in zip(self.names, self.body, strict=True):
            x = layer(x)
            if name in self.layers:
                taps[name] = x
        return {layer: taps[layer] for layer in self.layers}


class Standardise(nn.Module):
    """RGB in [0, 1] less ImageNet's mean, over its standard deviation."""

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(1, 3, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        """The images (N, 3, H, W), standardised."""
        return (images - self.mean) / self.std


def vgg_body(
    network: str,
    width: float = 1,
    padding_mode: Literal["zeros", "reflect"] = "zeros",
    ceil_mode: bool = False,
) -> nn.Sequential:
    """The layers of a VGG, He-initialised.

    No layer works in place: a tap before its ReLU must keep its negative values.

    Args:
        network: "vgg16" or "vgg19".
        width: the share of channels kept.
        padding_mode: of the convolutions, see `torch.nn.Conv2d`.
        ceil_mode: whether pooling keeps the last row and column of odd sizes.
    """
    layers: list[nn.Module] = []
    channels = 3
    for convolutions, full in zip(VGG_BLOCKS[network], VGG_CHANNELS, strict=True):
        out = max(1, round(full * width))
        for _ in range(convolutions):
            conv = nn.Conv2d(channels, out, 3, padding=1, padding_mode=padding_mode)
            nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
            nn.init.zeros_(conv.bias)  # type: ignore[arg-type]
            layers += [conv, nn.ReLU()]
            channels = out
        layers.append(nn.MaxPool2d(2, ceil_mode=ceil_mode))
    return nn.Sequential(*layers)
