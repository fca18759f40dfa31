"""What EDSR and RCAN share: a body of small size on a long shortcut, and layers that enlarge.

Lim, Son, Kim, Nah, Lee: Enhanced Deep Residual Networks for Single Image Super-Resolution
(CVPR Workshops 2017); yulunzhang/RCAN is written on its code, sanghyun-son/EDSR-PyTorch. Both keep
their layers under `head`, `body` and `tail`, and two layers that shift the mean, which are no
parameters here. The released weights expect grey levels 0..255; images in [0, 1] are scaled on the
way in and out.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor, nn

from baselines.identity_start import FAINT, carry, check_start
from baselines.released import read_checkpoint

LEVELS = 255
# Red, green and blue of DIV2K's training images, of 1.
MEAN = (0.4488, 0.4371, 0.4040)
# By what each sub-pixel layer enlarges.
FACTORS = {2: (2,), 3: (3,), 4: (2, 2), 8: (2, 2, 2)}


class SubPixelNetwork(nn.Module):
    """Head, body and tail; those that derive from it say what the body is made of.

    Args:
        scale: 2, 3, 4 or 8.
        width: features of every layer.
        blocks: what the body repeats, without the convolution that ends it. An iterator, so that
            initial weights are drawn layer after layer.
        start: initialisation, see `baselines.identity_start`.
        channels: that the head takes.
    """

    mean: Tensor

    def __init__(
        self, scale: int, width: int, blocks: Iterable[nn.Module], start: str, channels: int = 3
    ):
        super().__init__()
        if scale not in FACTORS:
            raise ValueError(f"scale must be 2, 3, 4 or 8, not {scale}")
        check_start(start)
        self.factors = FACTORS[scale]
        self.head = nn.Sequential(conv(channels, width))
        self.body = nn.Sequential(*blocks, conv(width, width))
        enlarging: list[nn.Module] = []
        for factor in self.factors:
            enlarging += [conv(width, factor**2 * width), nn.PixelShuffle(factor)]
        self.tail = nn.Sequential(nn.Sequential(*enlarging), conv(width, 3))
        mean = LEVELS * torch.tensor(MEAN).view(1, 3, 1, 1)
        self.register_buffer("mean", mean, persistent=False)
        if start == "identity":
            self.start_from_identity()

    def forward(self, small: Tensor) -> Tensor:
        """Enlarge (N, 3, H, W) to (N, 3, scale * H, scale * W)."""
        return self.enlarged(LEVELS * small - self.mean)

    def enlarged(self, x: Tensor) -> Tensor:
        """Map what the head takes, (N, channels, H, W) in grey levels about the mean, to images."""
        x = self.head(x)  # (N, width, H, W)
        x = x + self.body(x)
        x = self.tail(x)  # (N, 3, scale * H, scale * W)
        return (x + self.mean) / LEVELS

    @torch.no_grad()
    def start_from_identity(self) -> None:
        """Make what the body adds to the image faint, and let the first features carry the image.

        The layers that enlarge lie between the head and the last one, in their order.
        """
        for parameter in self.body[-1].parameters():
            parameter.mul_(FAINT)
        self.carry_image(self.head[0], list(self.tail[0].children())[::2], self.tail[1])

    def carry_image(self, head: nn.Module, enlarging: list[nn.Module], last: nn.Module) -> None:
        """Let three features carry the small image; layers that enlarge repeat its pixels."""
        carry(head, repeats=1)
        for layer, factor in zip(enlarging, self.factors, strict=True):
            carry(layer, repeats=factor**2)
        carry(last, repeats=1)


def conv(features_in: int, features: int) -> nn.Conv2d:
    """A 3x3 convolution that keeps the size."""
    return nn.Conv2d(features_in, features, 3, padding=1)


def read_released(path: Path, name: str, characteristic: str) -> dict[str, Tensor]:
    """The state dict in a released `.pt` file, without its fixed layers for the mean.

    Args:
        name: of the network.
        characteristic: an entry that no other network with a head, a body and a tail has.

    Raises:
        FileNotFoundError: no such file.
        ValueError: the file is damaged, holds another network, or shifts another mean.
    """
    state = read_checkpoint(path)
    for layer, sign in (("sub_mean", -1), ("add_mean", 1)):
        kernel, shift = (state.pop(f"{layer}.{kind}", None) for kind in ("weight", "bias"))
        expected = sign * LEVELS * torch.tensor(MEAN)
        if kernel is None or shift is None:
            raise ValueError(f"{path} is not {name}: it has no layer {layer}")
        unit = kernel.shape == (3, 3, 1, 1) and torch.equal(kernel[..., 0, 0], torch.eye(3))
        if not unit or not torch.allclose(shift, expected, rtol=0, atol=1e-3):
            raise ValueError(
                f"{path} shifts {layer} by {shift.tolist()}; {name} for grey levels 0..255 and "
                f"DIV2K's mean shifts by {expected.tolist()}"
            )
    strangers = [key for key in state if key.split(".")[0] not in ("head", "body", "tail")]
    if strangers or state.get("head.0.weight", torch.empty(0)).shape[1:] != (3, 3, 3):
        raise ValueError(f"{path} is not {name}: expected head.0, body.*, tail.* on RGB images")
    if characteristic not in state:
        raise ValueError(f"{path} is not {name}: it has no {characteristic}")
    return state
