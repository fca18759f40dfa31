"""U-Net: the small segmentation network that the suite trains itself, where no HRNet can run.

Ronneberger, Fischer, Brox: U-Net (MICCAI 2015), in the form of segmentation_models.pytorch:
a classification network as encoder, skip connections at every scale, batch normalisation.
No published number was made with it: it stands in for HRNetV2-W48 in quick runs.

The default, a ten-layer ResNet cut off at stride 16 (2,043,387 parameters), learns most in little
time from scratch. On two CPU cores a step on 8x3x64x64 takes about 95 ms, a forward pass of
1x3x128x256 28 ms; with ResNet-18 at full depth and a decoder as narrow 125 and 30 ms, with
MobileNetV2 100 and 22 ms. After 150 steps on 64x64 crops of three Cityscapes images, shrunk to
512x256, the mIoU on two others is .19; with ResNet-18 .13, with MobileNetV2 .10 (means of three
seeds).
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from baselines.judges.imagenet import ImageNetNormalisation
from baselines.padding import pad_to_multiple


class Unet(nn.Module):
    """Scores every class at every pixel; newly initialised, nothing is downloaded.

    Args:
        encoder: name of an encoder in segmentation_models.pytorch ("tu-..." for one of timm's).
        decoder: features of the decoder, coarse to fine; their number is the encoder's depth.
        classes: 19 for Cityscapes' train ids.
    """

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred",)
    revision: ClassVar[int] = 1

    def __init__(
        self,
        encoder: str = "tu-resnet10t",
        decoder: tuple[int, ...] = (128, 64, 32, 16),
        classes: int = 19,
    ):
        super().__init__()
        import segmentation_models_pytorch as smp

        self.normalise = ImageNetNormalisation()
        self.multiple = 2 ** len(decoder)
        self.body = smp.Unet(
            encoder,
            encoder_depth=len(decoder),
            encoder_weights=None,
            decoder_channels=decoder,
            classes=classes,
        )

    def forward(self, images: Tensor) -> Tensor:
        """Segment images.

        Args:
            images: (N, 3, H, W), RGB in [0, 1], any H and W.
        Returns:
            Logits, (N, classes, H, W).
        """
        height, width = images.shape[-2:]
        x = pad_to_multiple(self.normalise(images), self.multiple)
        return self.body(x)[..., :height, :width]
