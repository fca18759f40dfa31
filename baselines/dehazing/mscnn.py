"""MSCNN: two small networks, coarse and fine, that predict the transmission of the haze.

Ren, Liu, Zhang, Pan, Cao, Yang: Single Image Dehazing via Multi-Scale Convolutional Neural Networks
(ECCV 2016). Official code: rwenqi/Multi-scale-CNN-Dehazing (MatConvNet, no training).
6,321 parameters coarse and 2,114 fine, together 8,435, so there is no narrower version. Each has
three convolutions with ReLU, 2x2 max-pooling, its pixels doubled again, and normalisation over five
neighbouring channels; a sum of channels and a sigmoid end it. The authors train the maps, by the
mean squared error against the true transmission, on hazy images of known depth.
The fine network's first convolution has six features, the last of which is overwritten by the
coarse map. That is the paper. The released program does so only where the sizes differ, which they
never do: there the coarse network has no effect, which `insert=False` offers. Its weights seem to
have been trained so, too: those that read or write this feature still have the deviation of 0.01
that others have that nothing was learned in. With them, therefore, `insert=False` is right.
Light, white balance, bounds and exponent of the transmission are the program's.
Initialisation: PyTorch's own; the authors' is not known. A fresh network answers about 0.5, which
makes a better image than thick haze is; 100 steps teach the maps their level, and only more of them
what is how far.
Departures: The program refines 1/t before it is bounded, in a file whose steps are not known to us;
here it is not, so the map has pixels of 2x2. Odd sizes are extended by reflection and cropped, and
the light is that of the image so extended; the program resizes the map. Light of less than one grey
level counts as one.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from baselines.padding import pad_to_multiple
from baselines.released import read_matconvnet

WINDOW = 15
FAINTEST_LIGHT = 1 / 255
LOWEST, HIGHEST = 0.1, 0.9
# MatConvNet adds up the squares of the five channels, of which PyTorch takes the mean.
NEIGHBOURS, ALPHA = 5, 2e-5
COARSE, FINE = "_CL.mat", "_FL.mat"


class MapNet(nn.Module):
    """One of the two networks.

    Args:
        features: of the three convolutions.
        kernels: their sizes.
        inserted: whether a map takes the place of the first convolution's last feature.
    """

    def __init__(
        self, features: tuple[int, int, int], kernels: tuple[int, int, int], inserted: bool
    ):
        super().__init__()
        first, second, third = features
        self.inserted = inserted
        self.conv1 = nn.Conv2d(3, first, kernels[0], padding=kernels[0] // 2)
        self.conv2 = nn.Conv2d(first, second, kernels[1], padding=kernels[1] // 2)
        self.conv3 = nn.Conv2d(second, third, kernels[2], padding=kernels[2] // 2)
        self.sum = nn.Conv2d(third, 1, 1)
        self.norm = nn.LocalResponseNorm(NEIGHBOURS, alpha=NEIGHBOURS * ALPHA, beta=0.75, k=1.0)

    def forward(self, x: Tensor, coarse: Tensor | None = None) -> Tensor:
        """Predict a map in [0, 1], (N, 1, H, W), from (N, 3, H, W) and a map; H and W even."""
        x = self.conv1(x)
        if self.inserted and coarse is not None:
            x = torch.cat((x[:, :-1], coarse), dim=1)
        x = self.norm(_pooled(x))
        x = self.norm(_pooled(self.conv2(x)))
        return self.sum(_pooled(self.conv3(x))).sigmoid()


class MSCNN(nn.Module):
    """Predicts the transmission, and from it the scene without haze.

    The light is of the whole image, so it has no `receptive_field`. The scene's gradient ends where
    the transmission is bounded: train the maps.

    Args:
        insert: whether the fine network is given the coarse map.
        gamma: exponent of the bounded transmission; the authors take 0.8 to 1.5 for heavy haze.
    """

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred", "fine_transmission", "coarse_transmission")
    revision: ClassVar[int] = 1

    def __init__(self, insert: bool = True, gamma: float = 1.0):
        super().__init__()
        self.gamma = gamma
        self.coarse = MapNet((5, 5, 10), (11, 9, 7), inserted=False)
        self.fine = MapNet((6, 5, 10), (7, 5, 3), inserted=insert)

    def forward(self, hazy: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Restore images and tell their transmission.

        Args:
            hazy: (N, 3, H, W), in [0, 1], any H and W.
        Returns:
            The scene, (N, 3, H, W), not clipped to [0, 1]; its transmission by the fine network
            and by the coarse one, (N, 1, H, W), in [0, 1].
        """
        height, width = hazy.shape[-2:]
        x = pad_to_multiple(hazy, 2)
        light = atmospheric_light(x)
        coarse = self.coarse(x / light)
        fine = self.fine(x / light, coarse)
        through = fine.clamp(LOWEST, HIGHEST) ** self.gamma
        pred = (x - light) / through + light
        inside = (..., slice(height), slice(width))
        return pred[inside], fine[inside], coarse[inside]

    @staticmethod
    def released_state(path: Path) -> dict[str, Tensor]:
        """The state dict in the released `MSCNNDehazing_CL.mat` and `MSCNNDehazing_FL.mat`.

        Args:
            path: of either; the other lies beside it.

        Raises:
            FileNotFoundError: one of them is not there.
            ValueError: a file is damaged, has another name, or holds another network.
        """
        ending = path.name[-len(COARSE) :]
        if ending not in (COARSE, FINE):
            raise ValueError(f"{path} is not MSCNN: its name must end in {COARSE} or {FINE}")
        stem = path.name[: -len(COARSE)]
        with torch.device("meta"):
            like = MSCNN()
        state: dict[str, Tensor] = {}
        for name, network, suffix in (("coarse", like.coarse, COARSE), ("fine", like.fine, FINE)):
            part = _network_state(path.with_name(stem + suffix), network)
            state |= {f"{name}.{key}": value for key, value in part.items()}
        return state


def atmospheric_light(images: Tensor) -> Tensor:
    """The colour of the haze: each channel's brightest patch, by its darkest pixel.

    Args:
        images: (N, 3, H, W), in [0, 1].
    Returns:
        (N, 3, 1, 1), at least one grey level.
    """
    darkest = -F.max_pool2d(-images, WINDOW, stride=1, padding=WINDOW // 2)
    return darkest.amax(dim=(-2, -1), keepdim=True).clamp(min=FAINTEST_LIGHT)


def _pooled(x: Tensor) -> Tensor:
    """After a ReLU, the largest of each 2x2 pixels in the place of all four."""
    return F.interpolate(F.max_pool2d(x.relu(), 2), scale_factor=2, mode="nearest")


def _network_state(path: Path, network: MapNet) -> dict[str, Tensor]:
    """The convolutions of a file, under the names and of the shapes that the network has."""
    layers = [name for name, layer in network.named_children() if isinstance(layer, nn.Conv2d)]
    values = [value for layer in read_matconvnet(path) for value in layer]
    keys = [f"{name}.{kind}" for name in layers for kind in ("weight", "bias")]
    expected = [tuple(network.get_parameter(key).shape) for key in keys]
    found = [tuple(value.shape) for value in values]
    if found != expected:
        raise ValueError(f"{path} is not MSCNN: its layers are {found}, where {expected} belong")
    return dict(zip(keys, values, strict=True))
