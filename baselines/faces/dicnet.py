"""DICNet: a face is enlarged in steps, each of which sees where the last one's landmarks are.

Ma, Jiang, Rao, Lu, Zhou: Deep Face Super-Resolution with Iterative Collaboration between Attentive
Recovery and Landmark Estimation (CVPR 2020). Official code: Maclory/Deep-Iterative-Collaboration
(`DIC`), whose state-dict keys are kept. 21,803,849 parameters: 9,804,677 restore and 11,999,172
find landmarks. The network of DICGAN is the same.
The first step has feedback blocks of its own, all others share theirs and are guided by the parts
of the face, which are sums of heatmaps. As in the program, the blocks go up to eight times the size
of their features, which are already doubled, and back; only the last layers go to the image.
Every step adds to the bilinear enlargement. The heatmaps pass gradients on to the images and to the
features that they guide, as configured by the authors.
Initialisation of what restores: the authors', from N(0, 2 / inputs), biases 0, slopes 0.2. At full
width this begins far from the bilinear enlargement, at narrow widths near it. Of what finds
landmarks: see `feedback_hourglass`.
Departures: the mean of the colours is subtracted and added inside; sizes that are no multiples of 8
are extended by reflection and the outputs cropped.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from baselines.faces.feedback_hourglass import FeedbackHourglass
from baselines.identity_start import FAINT, check_start
from baselines.judges.hourglass import face_mean
from baselines.padding import pad_to_multiple

SCALE = 8
STEPS = 4
# What the hourglass can halve: its faces are of 64, so these are an eighth of it.
MULTIPLE = 8
SLOPE = 0.2
# The left eye, the right one, the nose, the mouth, the contour with the brows.
PARTS = (slice(36, 42), slice(42, 48), slice(27, 36), slice(48, 68), slice(0, 27))
# Maps with a lower peak are not brought to the peak 1.
LEAST_PEAK = 0.05


def face_parts(maps: Tensor) -> Tensor:
    """The parts of the face: the sums of their landmarks' maps, each brought to the peak 1.

    Args:
        maps: heatmaps in iBUG order, (N, 68, H, W).
    Returns:
        (N, 5, H, W), from about 0 up to the number of landmarks of a part.
    """
    maps = maps / maps.amax(dim=(2, 3), keepdim=True).clamp(min=LEAST_PEAK)
    return torch.stack([maps[:, part].sum(1) for part in PARTS], dim=1)


class GroupedBlock(nn.Module):
    """Two 3x3 convolutions on a shortcut, each part of the face for itself."""

    def __init__(self, features: int):
        super().__init__()
        self.res = nn.Sequential(
            nn.Conv2d(features, features, 3, padding=1, groups=len(PARTS)),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(features, features, 3, padding=1, groups=len(PARTS)),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, features, H, W) to the same shape."""
        return x + self.res(x)


class AttentiveFusion(nn.Module):
    """Features of each part of the face, weighed by where the part is."""

    def __init__(self, width: int, blocks: int):
        super().__init__()
        features = len(PARTS) * width
        self.conv_in = nn.Sequential(nn.Conv2d(width, features, 1), nn.LeakyReLU(SLOPE))
        self.resnet = nn.Sequential(*(GroupedBlock(features) for _ in range(blocks)))

    def forward(self, x: Tensor, parts: Tensor) -> Tensor:
        """Map (N, width, H, W) to the same shape, guided by `parts`, (N, 5, H, W)."""
        x = self.resnet(self.conv_in(x)).unflatten(1, (len(PARTS), -1))  # (N, 5, width, H, W)
        return (x * parts.softmax(1).unsqueeze(2)).sum(1)


class FeedbackBlock(nn.Module):
    """Groups that enlarge features eight times and shrink them again, each seeing all before it.

    Args:
        features_in: of the input.
        width: features of every layer and of the output.
        groups: pairs of an enlarging and a shrinking layer.
        fusion_blocks: residual blocks of the attentive fusion; None leaves it out.
    """

    def __init__(self, features_in: int, width: int, groups: int, fusion_blocks: int | None = None):
        super().__init__()
        self.compress_in = _activated(nn.Conv2d(features_in, width, 1))
        self.fusion_block: AttentiveFusion | None = None
        if fusion_blocks is not None:
            self.fusion_block = AttentiveFusion(width, fusion_blocks)
        self.upBlocks = nn.ModuleList()
        self.downBlocks = nn.ModuleList()
        self.uptranBlocks = nn.ModuleList()
        self.downtranBlocks = nn.ModuleList()
        for group in range(groups):
            self.upBlocks.append(_activated(nn.ConvTranspose2d(width, width, 12, SCALE, 2)))
            self.downBlocks.append(_activated(nn.Conv2d(width, width, 12, SCALE, 2)))
            if group > 0:
                for joining in (self.uptranBlocks, self.downtranBlocks):
                    joining.append(_activated(nn.Conv2d((group + 1) * width, width, 1)))
        self.compress_out = _activated(nn.Conv2d(groups * width, width, 1))

    def forward(self, x: Tensor, parts: Tensor | None = None) -> Tensor:
        """Map (N, features_in, H, W) to (N, width, H, W).

        Args:
            parts: of the face, (N, 5, H, W), for a block with a fusion.
        """
        x = self.compress_in(x)
        if self.fusion_block is not None and parts is not None:
            x = self.fusion_block(x, parts)
        small, large = [x], []
        for group, (up, down) in enumerate(zip(self.upBlocks, self.downBlocks, strict=True)):
            joined = torch.cat(small, dim=1)
            large.append(up(self.uptranBlocks[group - 1](joined) if group else joined))
            joined = torch.cat(large, dim=1)
            small.append(down(self.downtranBlocks[group - 1](joined) if group else joined))
        return self.compress_out(torch.cat(small[1:], dim=1))


class DICNet(nn.Module):
    """Predicts a face of 128 pixels from one of 16, and where its landmarks are.

    Args:
        width: features of the layers that restore.
        groups: of the feedback blocks.
        steps: images that it predicts one after the other; 4, to which the outputs are named.
        hourglass: features of the hourglass, a multiple of 8.
        fusion_blocks: residual blocks of the attentive fusion.
        start: initialisation. "authors": theirs. "identity": the fresh network nearly returns the
            bilinear enlargement, for short trainings; the layers are the same.
    """

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = (
        "pred",
        *(f"sr_{step}" for step in range(1, STEPS)),
        *(f"heatmaps_{step}" for step in range(1, STEPS + 1)),
    )
    revision: ClassVar[int] = 1
    mean: Tensor

    def __init__(
        self,
        width: int = 48,
        groups: int = 6,
        steps: int = STEPS,
        hourglass: int = 256,
        fusion_blocks: int = 7,
        start: str = "authors",
    ):
        super().__init__()
        if steps != STEPS:
            raise ValueError(f"DICNet's outputs are named for {STEPS} steps, not for {steps}")
        check_start(start)
        self.register_buffer("mean", face_mean(), persistent=False)
        self.conv_in = _activated(nn.Conv2d(3, 4 * width, 3, padding=1))
        self.feat_in = nn.PixelShuffle(2)
        self.first_block = FeedbackBlock(width, width, groups)
        self.block = FeedbackBlock(2 * width, width, groups, fusion_blocks)
        self.out = _activated(nn.ConvTranspose2d(width, width, 8, 4, 2))
        self.conv_out = nn.Sequential(nn.Conv2d(width, 3, 3, padding=1))
        self._initialise(start)
        self.HG = FeedbackHourglass(hourglass)

    def forward(self, small: Tensor) -> tuple[Tensor, ...]:
        """Enlarge faces and find their landmarks.

        Args:
            small: (N, 3, H, W), RGB in [0, 1]; any H and W, the authors' 16.
        Returns:
            The last step's images, then those of the steps before it, first step first, each
            (N, 3, 8 * H, 8 * W), not clipped to [0, 1]; then the heatmaps of every step's images,
            (N, 68, 2 * H, 2 * W), about 0 to 1.
        """
        height, width = small.shape[-2:]
        centred = pad_to_multiple(small, MULTIPLE) - self.mean
        enlarged = F.interpolate(centred, scale_factor=SCALE, mode="bilinear", align_corners=False)
        x = self.feat_in(self.conv_in(centred))  # (N, width, 2 * H, 2 * W)
        images: list[Tensor] = []
        maps: list[Tensor] = []
        hidden, memory = None, None
        for _ in range(STEPS):
            if hidden is None:
                hidden = self.first_block(x)
            else:
                hidden = self.block(torch.cat((x, hidden), dim=1), face_parts(maps[-1]))
            face = enlarged + self.conv_out(self.out(hidden))  # (N, 3, 8 * H, 8 * W)
            found, memory = self.HG(face, memory)
            images.append((face + self.mean)[..., : SCALE * height, : SCALE * width])
            maps.append(found)
        maps = [found[..., : 2 * height, : 2 * width] for found in maps]
        return images[-1], *images[:-1], *maps

    def _initialise(self, start: str) -> None:
        """Draw the weights of what restores; `start` may leave the images little of its features.

        Its residual blocks double their features' variance and more, and so are made faint as well.
        """
        for name, layer in self.named_modules():
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.kaiming_normal_(layer.weight)
                nn.init.zeros_(layer.get_parameter("bias"))
                if start == "identity" and name.endswith((".res.2", "conv_out.0")):
                    layer.weight.data.mul_(FAINT)


def _activated(layer: nn.Module) -> nn.Sequential:
    return nn.Sequential(layer, nn.PReLU(init=SLOPE))
