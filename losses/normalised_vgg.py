"""Real ImageNet features up to conv3_1, from a file of 2.2 MB: VGG-19 in Gatys' normalisation.

Gatys, Ecker, Bethge: Texture Synthesis Using Convolutional Neural Networks (2015), Sec. 2: the
weights of Simonyan and Zisserman's VGG-19 are scaled so that each unit's mean activation over
images and positions is one. ReLUs pass positive scales on, so that what is computed is the same up
to one factor per channel. The weights, and the layers between the convolutions, are those of
pietrocarbo/deep-transfer (models/autoencoder_vgg19/vgg19_3): reflection padding, and maximum
pooling that keeps the last row and column of odd sizes. They are not torchvision's: a tap differs
from the one of that name in `Features("vgg19", ...)` by more than scales.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from losses.features import FeatureExtractor, Features, check_layers, vgg_body, vgg_layer_names
from losses.objective import Resources

WEIGHTS_FILE = (
    "vgg19_normalised_conv3_1.pth",
    "ff8506173d3a17e7b0fbfbff242c00b6827cfbcd7c21852b46806ae6a3fd7b09",
)

NAMES = vgg_layer_names("vgg19")[:12]  # up to relu3_1

# The file counts paddings, ReLUs and poolings, too. Its layer 0 is a 1x1 convolution that turns RGB
# in [0, 1] into BGR in [0, 255] less Caffe's means; the others are conv1_1 to conv3_1.
FILE_LAYERS = ("0", "2", "5", "9", "12", "16")


@dataclass(frozen=True)
class NormalisedVGG19:
    """A declared feature network: layers of VGG-19 up to relu3_1, in Gatys' normalisation.

    layers: names as in `Features`: conv1_1, relu1_1, conv1_2, ..., pool2, conv3_1, relu3_1.
    """

    layers: tuple[str, ...]

    def __post_init__(self) -> None:
        check_layers("the normalised VGG-19", self.layers, NAMES)

    @classmethod
    def nearest(cls, features: Features) -> NormalisedVGG19:
        """The layers that stand in for those of a deeper network, each once.

        A layer stands for the one of its name; the deepest of a kind for those beyond it: conv3_1
        for conv4_3, relu3_1 for relu4_3, pool2 for pool5.
        """
        deepest = {_kind(name): name for name in NAMES}  # the last of a kind stays
        found = [name if name in NAMES else deepest[_kind(name)] for name in features.layers]
        return cls(tuple(dict.fromkeys(found)))

    def weight_files(self) -> tuple[tuple[str, str], ...]:
        """(name, sha256) of the file that `build` asks for."""
        return (WEIGHTS_FILE,)

    def build(self, resources: Resources) -> FeatureExtractor:
        """Make the frozen extractor, on `resources.device`.

        Raises:
            ValueError: the file holds another network.
        """
        with torch.device("meta"):  # every weight comes from the file
            normalise = nn.Conv2d(3, 3, 1)
            body = vgg_body("vgg19", padding_mode="reflect", ceil_mode=True)[: len(NAMES)]
        convolutions = [layer for layer in body if isinstance(layer, nn.Conv2d)]
        named = dict(zip(FILE_LAYERS, [normalise, *convolutions], strict=True))
        _load(nn.ModuleDict(named), resources)
        return FeatureExtractor(self.layers, NAMES, normalise, body).to(resources.device)


def _kind(layer: str) -> str:
    return layer.rstrip("_0123456789")


def _load(network: nn.Module, resources: Resources) -> None:
    """Put the file's weights into a network whose layers bear the file's names."""
    path = resources.weights_file(*WEIGHTS_FILE)
    state = torch.load(path, map_location="cpu", weights_only=True)
    expected, found = _shapes(network.state_dict()), _shapes(state)
    for key in dict.fromkeys([*expected, *found]):
        if expected.get(key) != found.get(key):
            raise ValueError(
                f"{path} is not the normalised VGG-19 up to conv3_1: {key!r} is "
                f"{found.get(key, 'absent')}, expected {expected.get(key, 'no such entry')}. "
                "Fetch it again"
            )
    network.load_state_dict(state, assign=True)


def _shapes(state: object) -> dict[str, tuple[int, ...]]:
    """Of the entries of a state dict; none if it is something else."""
    entries = state.items() if isinstance(state, dict) else ()
    return {str(key): tuple(getattr(value, "shape", ())) for key, value in entries}
