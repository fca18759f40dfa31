"""FSRNet: a coarse image, from it features and facial priors, and from these the final image.

Chen, Tai, Liu, Shen, Yang: FSRNet: End-to-End Learning Face Super-Resolution with Facial Priors
(CVPR 2018). Official code: tyshiwo/FSRNet (Torch7), which tests released networks and holds no
definition of them. The sizes of the layers are those of a public port, cs-giung/FSRNet-pytorch.
3,272,463 parameters: every residual block has its own weights, as in cydiachen/FSRNET_pytorch; the
first port repeats one block 3, 12 and 3 times and has 1,109,760 fewer. Images lie in [-1, 1]
inside, and two of them pass a tanh. No image is added to the result, and every way to it is
normalised by its batch: short trainings leave it behind networks with a shortcut for the image.
Initialisation: PyTorch's own, as in the port.
The network works at the large size: the small image is enlarged bicubically first, which the
authors do when they write their data. Here this is Keys' kernel with a = -0.5, as in Pillow and
MATLAB, without their rounding to 8 bit.
Departure: the maps of the priors are in [0, 1], peaks and parts being 1, where the port's are in
[-1, 1]; the layers that give them are linear.
"""

from __future__ import annotations

from itertools import product
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from baselines.identity_start import FAINT, check_start
from baselines.padding import pad_to_multiple

SCALE = 8
# Halvings in an hourglass; with the stride before it they divide 16 pixels, 2 of the small image.
DEPTH = 3
MULTIPLE = 2
# start="identity" undoes a tanh by slopes that begin at hinges: the tanh of
# 1.15 relu(x) + 2.6 relu(x - 0.7), and the same for -x, is x but for 0.04.
HINGES = ((0.0, 1.15), (0.7, 2.6))
# Its normalisations begin with the statistics of images around mid-grey with this spread.
SPREAD = 0.5
# Small enough for the tanh behind the encoder to be straight.
STRAIGHT = 0.1
# By how much an image is enlarged before a normalisation, which takes it back: steps of Adam, which
# are as large for other weights, then move it less.
LOUD = 30.0
# Features that carry the image then: of each channel four.
CARRYING = 12


class ResBlock(nn.Module):
    """Two 3x3 convolutions with batch normalisation on a shortcut."""

    def __init__(self, features: int):
        super().__init__()
        self.body = nn.Sequential(
            *_normalised(features, features, reflect=True),
            *_normalised(features, features, reflect=True)[:2],
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, features, H, W) to the same shape."""
        return x + self.body(x)


class Bottleneck(nn.Module):
    """Three convolutions, the middle one 3x3 of half the features, normalised before each."""

    def __init__(self, features_in: int, features: int):
        super().__init__()
        half = features // 2
        layers: list[nn.Module] = []
        for a, b, kernel in ((features_in, half, 1), (half, half, 3), (half, features, 1)):
            layers += [nn.BatchNorm2d(a), nn.ReLU(), nn.Conv2d(a, b, kernel, padding=kernel // 2)]
        self.body = nn.Sequential(*layers)
        same = features_in == features
        self.skip = nn.Identity() if same else nn.Conv2d(features_in, features, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, features_in, H, W) to (N, features, H, W)."""
        return self.skip(x) + self.body(x)


class Hourglass(nn.Module):
    """Halves features `depth` times, doubles them again and adds those that it met on the way."""

    def __init__(self, features: int, depth: int):
        super().__init__()
        self.beside = Bottleneck(features, features)
        self.before = Bottleneck(features, features)
        deeper = depth > 1
        self.inner = Hourglass(features, depth - 1) if deeper else Bottleneck(features, features)
        self.after = Bottleneck(features, features)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, features, H, W) to the same shape; 2^depth divides H and W."""
        low = self.after(self.inner(self.before(F.max_pool2d(x, 2))))
        return self.beside(x) + F.interpolate(low, scale_factor=2.0, mode="nearest")


class FSRNet(nn.Module):
    """Predicts faces eight times as large, and where their parts are.

    Args:
        width: features of the coarse network, the encoder and the decoder; the network of the
            priors has twice as many.
        blocks: residual blocks of the encoder.
        landmarks: maps of landmarks.
        parts: parsing maps.
        start: initialisation. "authors": PyTorch's. "identity": in evaluation the fresh network
            nearly returns the enlarged image, for trainings too short to find even that; in
            training its normalisations bring every batch to one brightness and contrast. The
            layers are the same; the width must be 12 or more.
    """

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred", "coarse", "landmark_maps", "parsing_maps")
    revision: ClassVar[int] = 1

    def __init__(
        self,
        width: int = 64,
        blocks: int = 12,
        landmarks: int = 68,
        parts: int = 11,
        start: str = "authors",
    ):
        super().__init__()
        check_start(start)
        if start == "identity" and width < CARRYING:
            raise ValueError(f"the identity needs a width of {CARRYING} or more, not {width}")
        priors = 2 * width
        self.coarse = nn.Sequential(
            *_normalised(3, width, reflect=True),
            *(ResBlock(width) for _ in range(3)),
            *_tanh(width, 3),
        )
        self.encoder = nn.Sequential(
            *_normalised(3, width, stride=2),
            *(ResBlock(width) for _ in range(blocks)),
            *_tanh(width, width),
        )
        self.prior = nn.Sequential(
            *_normalised(3, width, kernel=7, stride=2),
            Bottleneck(width, priors),
            *(ResBlock(priors) for _ in range(2)),
            *(Hourglass(priors, DEPTH) for _ in range(2)),
        )
        self.landmarks = nn.Conv2d(priors, landmarks, 1)
        self.parsing = nn.Conv2d(priors, parts, 1)
        self.decoder = nn.Sequential(
            *_normalised(width + priors, width),
            *_doubled(width),
            *(ResBlock(width) for _ in range(3)),
            *_tanh(width, 3),
        )
        if start == "identity":
            self._start_from_identity()

    def forward(self, small: Tensor) -> tuple[Tensor, ...]:
        """Enlarge images.

        Args:
            small: (N, 3, H, W) in [0, 1], any H and W.
        Returns:
            The image and the coarse one, (N, 3, 8H, 8W) in [0, 1]; maps of the landmarks,
            (N, landmarks, 4H, 4W), and of the parts, (N, parts, 4H, 4W), not bounded.
        """
        height, width = (SCALE * side for side in small.shape[-2:])
        x = enlarged(2 * pad_to_multiple(small, MULTIPLE) - 1)
        coarse = self.coarse(x)  # (N, 3, 128, 128)
        features, prior = self.encoder(coarse), self.prior(coarse)  # (N, 64 and 128, 64, 64)
        pred = self.decoder(torch.cat((features, prior), dim=1))  # (N, 3, 128, 128)
        images = ((1 + image[..., :height, :width]) / 2 for image in (pred, coarse))
        maps = (head(prior) for head in (self.landmarks, self.parsing))
        return (*images, *(of[..., : height // 2, : width // 2] for of in maps))

    @torch.no_grad()
    def _start_from_identity(self) -> None:
        """Let twelve features of each part carry the image; what is added to them is faint.

        At the large size a channel has relu(x - hinge) for either sign of x and either hinge, of
        which the last convolution makes atanh(x). At half of it it has four neighbouring pixels.
        """
        for module in self.modules():
            if isinstance(module, ResBlock):
                module.body[-1].get_parameter("weight").mul_(FAINT)
        joins, doubles = self.decoder[0], self.decoder[3]
        convs = (self.coarse[0], self.encoder[0], self.encoder[-2], joins, doubles)
        enter, half, between, join, double = (conv.get_parameter("weight") for conv in convs)
        leaving = [part[-2].get_parameter("weight") for part in (self.coarse, self.decoder)]
        for last in leaving:
            last.mul_(FAINT)
        for weight in (enter, half, between, join, double.transpose(0, 1)):
            weight[:CARRYING] = 0
        signed = product(HINGES, (1, -1), range(3))
        for feature, ((hinge, slope), sign, channel) in enumerate(signed):
            enter[feature, channel, 1, 1] = LOUD * sign
            for pixel, (y, x) in enumerate(product((0, 1), repeat=2)):
                double[4 * channel + pixel, feature, 1 + y, 1 + x] = LOUD * sign
            for last in leaving:
                last[channel, feature, 1, 1] = sign * slope
            _expect(self.coarse[1], feature, mean=0, shift=-hinge)
            _expect(self.decoder[4], feature, mean=sign, shift=-hinge)
        for feature, (channel, y, x) in enumerate(product(range(3), (0, 1), (0, 1))):
            half[feature, channel, 1 + y, 1 + x] = LOUD
            between[feature, feature, 1, 1] = STRAIGHT
            join[feature, feature, 1, 1] = LOUD / STRAIGHT
            _expect(self.encoder[1], feature, mean=0, shift=1)  # 1 + x, which ReLU keeps
            _expect(self.decoder[1], feature, mean=1, shift=1)


def enlarged(small: Tensor) -> Tensor:
    """The bicubic enlargement, (N, C, 8H, 8W), of images (N, C, H, W).

    With antialiasing PyTorch's kernel is the one of Pillow; enlarging differs in nothing else.
    """
    return F.interpolate(small, scale_factor=float(SCALE), mode="bicubic", antialias=True)


def _normalised(
    features_in: int, features: int, kernel: int = 3, stride: int = 1, *, reflect: bool = False
) -> list[nn.Module]:
    """A convolution with batch normalisation and ReLU."""
    conv = nn.Conv2d(
        features_in,
        features,
        kernel,
        stride,
        kernel // 2,
        bias=False,
        padding_mode="reflect" if reflect else "zeros",
    )
    return [conv, nn.BatchNorm2d(features), nn.ReLU()]


def _doubled(features: int) -> list[nn.Module]:
    conv = nn.ConvTranspose2d(features, features, 3, 2, padding=1, output_padding=1, bias=False)
    return [conv, nn.BatchNorm2d(features), nn.ReLU()]


def _tanh(features_in: int, features: int) -> list[nn.Module]:
    conv = nn.Conv2d(features_in, features, 3, padding=1, bias=False, padding_mode="reflect")
    return [conv, nn.Tanh()]


def _expect(norm: nn.Module, feature: int, mean: float, shift: float) -> None:
    """Make one feature x - mean + shift where its mean and its spread are the expected ones."""
    norm.get_buffer("running_mean")[feature] = LOUD * mean
    norm.get_buffer("running_var")[feature] = (LOUD * SPREAD) ** 2
    norm.get_parameter("weight")[feature] = SPREAD
    norm.get_parameter("bias")[feature] = shift
