"""PFSR: a face super-resolution network that grows from 32x32 over 64x64 to 128x128 as it learns.

Kim, Kim, Kwon, Kim: Progressive Face Super-Resolution via Attention to Facial Landmark (BMVC 2019).
Official PyTorch code: DeokyunKim/Progressive-Face-Super-Resolution, model.py, whose state-dict keys
these are, but for `step`. 8,969,097 parameters.
Growing is that of its training code: 50,000 steps each at twice and at four times the input's size,
the rest at eight times. A new stage is blended in over half as many steps as the one before it took
(25,000): its image weighs alpha, the nearest-neighbour enlargement of the one before 1 - alpha.
Initialisation as there: equalised convolutions in the residual blocks (`equalised_convolution`),
PyTorch's own elsewhere. Images lie in [-1, 1] inside.
Departures: the network counts its steps of training itself, since here one loop trains everything;
in evaluation a network that has not grown up enlarges its image to eight times the input's size, so
that it can be measured.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from baselines.equalised_convolution import equal_conv
from baselines.identity_start import FAINT, carry, check_start

STAGES = 3
# What start="identity" takes images for before it has seen any, of [-1, 1].
MEAN, SPREAD = 0.0, 0.5
# Mean of the normalised features that carry the image: ReLU passes three deviations below it.
LIFT = 3.0


class ResBlock(nn.Module):
    """Two equalised convolutions, each normalised and rectified, on a shortcut."""

    def __init__(self, width: int):
        super().__init__()
        self.conv = nn.Sequential(
            equal_conv(width, width),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            equal_conv(width, width),
            nn.BatchNorm2d(width),
            nn.ReLU(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, width, H, W) to the same shape."""
        return x + self.conv(x)


class PFSR(nn.Module):
    """Enlarges faces eight times, of 16x16 to 128x128; in training at first two and four times.

    A forward pass in training mode with gradients is a step of training and counted in the buffer
    `step`: what the network gives depends on it, and a resumed training goes on where it was.

    Args:
        width: features of the first layer; halved in each stage.
        stages: steps of training in which the output is twice, then four times the input's size.
            (0, 0) is the grown network.
        fade: how long a new stage is blended in, as a share of the steps of the one before it.
        start: initialisation. "authors": that of the official code. "identity": the fresh network
            nearly repeats every pixel (in training mode at a brightness and contrast of its own,
            since every layer is normalised), for trainings too short to find even that; the layers
            are the same.
    """

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred", "alpha")
    revision: ClassVar[int] = 1

    step: Tensor

    def __init__(
        self,
        width: int = 512,
        stages: tuple[int, int] = (50_000, 50_000),
        fade: float = 0.5,
        start: str = "authors",
    ):
        super().__init__()
        check_start(start)
        if width % 8 or width < 24:
            raise ValueError(f"width must be a multiple of 8 and at least 24, not {width}")
        if len(stages) != STAGES - 1 or min(stages) < 0 or fade < 0:
            raise ValueError(
                f"stages are two numbers of steps and fade is a share, none below 0, not {stages} "
                f"and {fade}: the third stage has no end"
            )
        self.stages = (int(stages[0]), int(stages[1]))
        self.fade = float(fade)
        head = (nn.Conv2d(3, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU())
        self.step1 = nn.Sequential(*head, *_doubling(width))
        self.step2 = nn.Sequential(*_doubling(width // 2))
        self.step3 = nn.Sequential(*_doubling(width // 4))
        self.to_rgb = nn.ModuleList(nn.Conv2d(width // part, 3, 1) for part in (2, 4, 8))
        self.register_buffer("step", torch.zeros((), dtype=torch.int64))
        if start == "identity":
            self._start_from_repetition()

    def grown(self, done: int) -> tuple[int, float]:
        """The stage, 1 to 3, and alpha of the step of training that follows `done` others."""
        stage, length = 1, 0
        while stage < STAGES and done >= self.stages[stage - 1]:
            length = self.stages[stage - 1]
            done -= length
            stage += 1
        fading = self.fade * length
        return stage, done / fading if done < fading else 1.0

    def forward(self, small: Tensor) -> tuple[Tensor, Tensor]:
        """Enlarge faces.

        Args:
            small: (N, 3, H, W) in [0, 1]; H = W = 16 in the paper.
        Returns:
            The faces: in training mode (N, 3, kH, kW), k = 2, 4 or 8 by stage; in evaluation as the
            last step of training had them, nearest-neighbour enlarged to (N, 3, 8H, 8W). And alpha,
            0-d in [0, 1], the weight of the stage's own image, for the discriminator.
        """
        done = int(self.step)
        if not self.training:
            done = max(done - 1, 0)
        elif torch.is_grad_enabled():
            self.step += 1
        stage, alpha = self.grown(done)
        pred = self._image(small, stage, alpha)
        if not self.training and stage < STAGES:
            pred = F.interpolate(pred, scale_factor=2 ** (STAGES - stage), mode="nearest")
        return pred, pred.new_tensor(alpha)

    def _image(self, small: Tensor, stage: int, alpha: float) -> Tensor:
        """The image of a stage, blended with that of the one before while alpha is below 1."""
        x = before = 2 * small - 1
        for step in (self.step1, self.step2, self.step3)[:stage]:
            before, x = x, step(x)  # (N, width / 2, 2H, 2W), then half as many of twice the size
        image = self.to_rgb[stage - 1](x)
        if alpha < 1:
            earlier = F.interpolate(self.to_rgb[stage - 2](before), scale_factor=2, mode="nearest")
            image = (1 - alpha) * earlier + alpha * image
        return (image + 1) / 2

    @torch.no_grad()
    def _start_from_repetition(self) -> None:
        """Let three features carry the image through every stage; blocks add faintly to them."""
        mean, spread = MEAN, SPREAD
        carry(self.step1[0], repeats=1)
        for layer in (*self.step1, *self.step2, *self.step3):
            if isinstance(layer, ResBlock):
                layer.conv[-2].get_parameter("weight").mul_(FAINT)
            elif isinstance(layer, nn.ConvTranspose2d):
                _repeat(layer)
            elif isinstance(layer, nn.BatchNorm2d):
                layer.get_buffer("running_mean")[:3] = mean
                layer.get_buffer("running_var")[:3] = spread**2
                layer.bias[:3] = LIFT
                mean, spread = LIFT, 1.0
        for last in self.to_rgb:
            weight, bias = last.get_parameter("weight"), last.get_parameter("bias")
            weight.mul_(FAINT)
            nn.init.dirac_(weight[:, :3]).mul_(SPREAD)
            bias.fill_(MEAN - LIFT * SPREAD)


def _doubling(width: int) -> list[nn.Module]:
    """Layers that halve the features and double the size."""
    return [
        ResBlock(width),
        nn.ConvTranspose2d(width, width // 2, 4, stride=2, padding=1),
        nn.BatchNorm2d(width // 2),
        nn.ReLU(),
    ]


def _repeat(layer: nn.ConvTranspose2d) -> None:
    """Make the first three features those of the input, every value of them 2 x 2 times."""
    layer.weight[:, :3] = 0
    layer.get_parameter("bias")[:3] = 0
    for feature in range(3):
        layer.weight[feature, feature, 1:3, 1:3] = 1
