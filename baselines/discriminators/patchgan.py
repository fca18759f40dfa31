"""PatchGAN: judges every 70x70 patch of an image as real or restored.

Isola, Zhu, Zhou, Efros: Image-to-Image Translation with Conditional Adversarial Networks
(CVPR 2017), appendix "Discriminator architectures": C64-C128-C256-C512, leaky ReLU 0.2, weights
drawn from N(0, 0.02). Official PyTorch code: junyanz/pytorch-CycleGAN-and-pix2pix.
2,764,737 parameters.
Instance normalisation without learned scale, as CycleGAN's training has it: the verdict on an image
then depends on no other image of the batch, and there are no running statistics that the
restoration network's step would disturb. The paper's batch normalisation is norm="batch"
(2,765,633 parameters). No sigmoid: the output is a logit.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from baselines.discriminators.smallest import check_size
from baselines.normal_weights import normal_weights

# Below this the last convolution has nothing left to see.
SMALLEST = 24


class PatchGAN(nn.Module):
    """Gives a logit per patch, high for real images.

    Args:
        channels: channels of the images.
        width: features of the first layer.
        norm: "instance" or "batch".
    """

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred",)
    revision: ClassVar[int] = 1

    def __init__(self, channels: int = 3, width: int = 64, norm: str = "instance"):
        super().__init__()
        if norm not in ("instance", "batch"):
            raise ValueError(f"norm must be 'instance' or 'batch', not {norm!r}")
        layers: list[nn.Module] = [nn.Conv2d(channels, width, 4, stride=2, padding=1)]
        for features, stride in ((width, 2), (2 * width, 2), (4 * width, 1)):
            # Batch normalisation's shift makes a bias superfluous.
            layers += [
                nn.LeakyReLU(0.2),
                nn.Conv2d(features, 2 * features, 4, stride, padding=1, bias=norm == "instance"),
                nn.BatchNorm2d(2 * features)
                if norm == "batch"
                else nn.InstanceNorm2d(2 * features),
            ]
        layers += [nn.LeakyReLU(0.2), nn.Conv2d(8 * width, 1, 4, padding=1)]
        self.model = nn.Sequential(*layers)
        self.apply(normal_weights)

    def forward(self, images: Tensor) -> Tensor:
        """Judge every patch of images.

        Args:
            images: (N, C, H, W) in [0, 1], both sides at least 24.
        Returns:
            Logits, (N, 1, H // 8 - 2, W // 8 - 2).
        """
        check_size(self, images, SMALLEST)
        return self.model(2 * images - 1)
