"""GFN: three images derived from the hazy one, weighed pixel by pixel, coarse to fine.

Ren, Ma, Zhang, Pan, Cao, Liu, Yang: Gated Fusion Network for Single Image Dehazing (CVPR 2018).
Official code: rwenqi/GFN-dehazing (Caffe, no training). 517,295 parameters: 175,107 at a quarter of
the size, 165,334 at half of it, 176,854 at its full size.
At each scale 18 convolutions see the hazy image, its three derived ones and the result of the scale
before, and predict three maps, by which the derived images are multiplied and added up. A leaky
ReLU of slope 0.1 follows every convolution, the maps' as well. Three layers of each scale, of 3x3
and stride 1, are transposed convolutions. The image is made smaller by its largest pixels.
Initialisation: Caffe's "xavier" and zero biases, as the released file says: uniform, of a variance
of one over the weights that a feature has. 25 steps (batches of 4x64x64, Adam, learning rate 1e-3,
width 8) are enough to be 3 dB above the hazy input, so no other start is offered.
Released kernels: the program hands Caffe MATLAB's arrays as they lie in memory, so Caffe saw images
with rows and columns exchanged. The kernels are transposed when read.
Departures: Sizes are extended by reflection to multiples of 4 and cropped, the derived images made
of what is so extended; the program resizes to multiples of 8. The white-balanced image is not made
of 8-bit values.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from baselines.caffe_model import read_caffe_model
from baselines.padding import pad_to_multiple

SLOPE = 0.1
GAMMA = 2.5
DIVISORS = (4, 2, 1)
KERNELS = (3, 5, 7)
DILATIONS = (1, 2, 3)
# Caffe's names of the layers that enlarge the result of the scale before.
ENLARGING = {"s2_up1": "s2.up", "s3_up2": "s3.up"}


class Scale(nn.Module):
    """The fusion at one scale.

    Args:
        width: features of the convolutions.
        middle: those of `e2conv1`.
        kernel: of the first convolution.
        dilation: of the first four.
        follows: whether there is a result of half the size.
    """

    def __init__(self, width: int, middle: int, kernel: int, dilation: int, follows: bool):
        super().__init__()

        def conv(features_in: int, features: int, kernel: int = 3, dilation: int = 1) -> nn.Conv2d:
            reach = dilation * (kernel // 2)
            return nn.Conv2d(features_in, features, kernel, padding=reach, dilation=dilation)

        if follows:
            self.up = nn.ConvTranspose2d(3, 3, 4, stride=2, padding=1)
        self.e1conv1 = conv(15 if follows else 12, width, kernel, dilation)
        self.e1conv2 = conv(width, width, dilation=dilation)
        self.e1conv3 = conv(width, width, dilation=dilation)
        self.e2conv1 = conv(width, middle, dilation=dilation)
        self.e2conv2 = conv(middle, width)
        self.e2conv3 = conv(width, width)
        self.e3conv1, self.e3conv2, self.e3conv3 = (conv(width, width) for _ in range(3))
        for group in ("d1", "d2", "d3"):
            self.add_module(f"{group}conv1", nn.ConvTranspose2d(width, width, 3, padding=1))
            self.add_module(f"{group}conv2", conv(width, width))
            last = conv(6 * width, 3) if group == "d3" else conv(width, width)
            self.add_module(f"{group}conv3", last)

    def forward(self, derived: Tensor, previous: Tensor | None) -> Tensor:
        """Fuse images, (N, 3, H, W), given the result of half the size.

        Args:
            derived: the hazy image and those derived from it, (N, 12, H, W).
            previous: (N, 3, H/2, W/2); None at the coarsest scale.
        """
        x = derived
        if previous is not None:
            x = torch.cat((self._step("up", previous), x), dim=1)
        seen = []
        for group in ("e1", "e2", "e3", "d1", "d2"):
            for i in (1, 2, 3):
                x = self._step(f"{group}conv{i}", x)
            seen.append(x)
        x = self._step("d3conv2", self._step("d3conv1", x))
        maps = self._step("d3conv3", torch.cat((*seen, x), dim=1))  # (N, 3, H, W)
        # Each map weighs all three colours of its image.
        return (maps.unsqueeze(2) * derived[:, 3:].unflatten(1, (3, 3))).sum(dim=1)

    def _step(self, name: str, x: Tensor) -> Tensor:
        return F.leaky_relu(self.get_submodule(name)(x), SLOPE)


class GFN(nn.Module):
    """Predicts the scene without haze at three scales.

    Two of the derived images need means of the whole image, so it has no `receptive_field`; at full
    size it holds about 14 times `width` values a pixel.

    Args:
        width: features of the convolutions, and half of those of one layer.
    """

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred", "pred_half", "pred_quarter")
    revision: ClassVar[int] = 1

    def __init__(self, width: int = 32):
        super().__init__()
        self.s1 = Scale(width, 2 * width, KERNELS[0], DILATIONS[0], follows=False)
        self.s2 = Scale(width, width, KERNELS[1], DILATIONS[1], follows=True)
        self.s3 = Scale(width, width, KERNELS[2], DILATIONS[2], follows=True)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
                bound = (3 / layer.weight[0].numel()) ** 0.5
                nn.init.uniform_(layer.weight, -bound, bound)
                nn.init.zeros_(layer.get_parameter("bias"))

    def forward(self, hazy: Tensor) -> tuple[Tensor, ...]:
        """Restore images at three scales, finest first.

        Args:
            hazy: (N, 3, H, W), in [0, 1], any H and W.
        Returns:
            (N, 3, H, W), (N, 3, ceil(H/2), ceil(W/2)) and (N, 3, ceil(H/4), ceil(W/4)); not clipped
            to [0, 1].
        """
        height, width = hazy.shape[-2:]
        x = pad_to_multiple(hazy, DIVISORS[0])
        derived = torch.cat((x, white_balanced(x), contrast_enhanced(x), gamma_corrected(x)), dim=1)
        pred, preds = None, []
        for scale, divisor in zip((self.s1, self.s2, self.s3), DIVISORS, strict=True):
            pred = scale(F.max_pool2d(derived, divisor), pred)
            preds.append(pred[..., : -(-height // divisor), : -(-width // divisor)])
        return tuple(reversed(preds))

    @staticmethod
    def released_state(path: Path) -> dict[str, Tensor]:
        """The state dict in the released `_iter_240000.caffemodel`.

        Raises:
            FileNotFoundError: no such file.
            ValueError: the file is damaged or holds another network.
        """
        with torch.device("meta"):
            like = GFN().state_dict()
        state: dict[str, Tensor] = {}
        for layer, blobs in read_caffe_model(path).items():
            name = ENLARGING.get(layer, layer.replace("_", ".", 1))
            for kind, blob in zip(("weight", "bias"), blobs, strict=False):
                state[f"{name}.{kind}"] = blob
        for key in like | state:
            if key not in like or key not in state:
                fault = "is absent" if key in like else "is a stranger to it"
                raise ValueError(f"{path} is not GFN: {key} {fault}")
            # An axis of one stands in the shape of some kernels.
            found = tuple(side for side in state[key].shape if side > 1)
            if found != tuple(like[key].shape):
                raise ValueError(
                    f"{path} is not GFN: its {key} is {found}, where {tuple(like[key].shape)} "
                    "belongs"
                )
            value = state[key].reshape(like[key].shape)
            state[key] = value.mT.contiguous() if value.ndim == 4 else value
        return state


def white_balanced(images: Tensor) -> Tensor:
    """Make the means of the three colours of each image equal, and cut off what is above 1.

    Args:
        images: (N, 3, H, W), in [0, 1].
    """
    means = images.mean(dim=(2, 3), keepdim=True)
    grey = means.mean(dim=1, keepdim=True)
    return (images * grey / (means + 0.001 / 255)).clamp(max=1)


def contrast_enhanced(images: Tensor) -> Tensor:
    """Spread each image about its mean, by 1 to 3 times, the brighter the more.

    Args:
        images: (N, 3, H, W), in [0, 1].
    Returns:
        (N, 3, H, W), whose mean is 0; nothing is cut off.
    """
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    return 2 * (0.5 + mean) * (images - mean)


def gamma_corrected(images: Tensor) -> Tensor:
    """Darken images, (N, 3, H, W), by a power of 2.5; what is below 0 has none and counts as 0."""
    return images.clamp(min=0) ** GAMMA
