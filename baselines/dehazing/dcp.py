"""DCP: haze seen by the dark channel, and taken off by the model of scattering. Nothing is trained.

He, Sun, Tang: Single Image Haze Removal Using Dark Channel Prior (CVPR 2009; TPAMI 2011). Without
haze nearly every patch has a pixel that is dark in some colour, so what light its darkest value has
came from the haze: I = J t + A (1 - t), with the image I, the scene J, the transmission t and the
light A of the haze itself. No official code.
Departure: the papers refine the transmission by soft matting; here a guided filter does, as the
first author proposed later (see `guided_filter`) and as programs do that are in use today, with
their radius of 60 and eps of 1e-3. Thin haze it makes worse: on a scene in haze of A = 0.8 with
exp(-0.4) of the light left at its far end it takes 3 dB off the hazy image's PSNR.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter
from torch import Tensor, nn

from baselines.dehazing.guided_filter import guided_filter

Image = NDArray[np.float64]
# Light of less than one grey level would have the image divided by nothing.
FAINTEST_LIGHT = 1 / 255


def dark_channel(image: Image, window: int) -> Image:
    """The least value of any colour in the window around each pixel.

    Args:
        image: (3, H, W).
        window: its side in pixels, odd; it ends where the image ends.
    Returns:
        (H, W), in the unit of `image`.
    """
    return minimum_filter(image.min(axis=0), size=window, mode="nearest")


def atmospheric_light(image: Image, dark: Image, share: float) -> Image:
    """The colour A of the haze: that of the brightest pixel among the haziest.

    Args:
        image: (3, H, W).
        dark: its dark channel, (H, W).
        share: of the pixels, those brightest in the dark channel, that are looked at; at least one
            is, and with it all that equal the last.
    Returns:
        (3,), in the unit of `image`.
    """
    count = max(1, int(share * dark.size))
    haziest = dark >= np.partition(dark, -count, axis=None)[-count]
    colours = image[:, haziest]
    return colours[:, colours.sum(axis=0).argmax()]


def transmission(image: Image, light: Image, window: int, omega: float) -> Image:
    """The share of the scene's light that gets through, (H, W), not refined.

    Args:
        image: (3, H, W).
        light: A, (3,), in the unit of `image`.
        window: as in `dark_channel`.
        omega: share of the haze that is taken off; the rest lets far things look far.
    Returns:
        At most 1, and below 0 where all of a window is brighter than the light.
    """
    light = np.maximum(light, FAINTEST_LIGHT)
    return 1 - omega * dark_channel(image / light[:, None, None], window)


class DCP(nn.Module):
    """Takes the haze off; without parameters.

    It works with numpy in double precision, image by image, and holds up to 13 values a pixel: 1.7
    GB for 16 megapixels. The light is of the whole image, so it has no `receptive_field`.

    Args:
        window: side of the dark channel's patches in pixels, odd.
        omega: share of the haze that is taken off.
        t0: transmission below which the scene is not made brighter still.
        radius: of the guided filter, in pixels.
        eps: of the guided filter, for a guide in [0, 1].
        share: of the pixels that the light is looked for in.

    Raises:
        ValueError: `window` is not odd, or `omega`, `t0` or `share` not in (0, 1].
    """

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred",)
    revision: ClassVar[int] = 1

    def __init__(
        self,
        window: int = 15,
        omega: float = 0.95,
        t0: float = 0.1,
        radius: int = 60,
        eps: float = 1e-3,
        share: float = 0.001,
    ):
        super().__init__()
        if window < 1 or window % 2 == 0:
            raise ValueError(f"window must be odd, not {window}")
        for name, value in (("omega", omega), ("t0", t0), ("share", share)):
            if not 0 < value <= 1:
                raise ValueError(f"{name} must be above 0 and at most 1, not {value}")
        self.window, self.omega, self.t0 = window, omega, t0
        self.radius, self.eps, self.share = radius, eps, share

    def forward(self, hazy: Tensor) -> Tensor:
        """Restore (N, 3, H, W), in [0, 1], to the same shape; not clipped to [0, 1]."""
        images = hazy.detach().cpu().numpy().astype(np.float64)
        restored = np.stack([self.restore(image)[0] for image in images])
        return torch.from_numpy(restored).to(hazy.device, hazy.dtype)

    def restore(self, image: Image) -> tuple[Image, Image, Image]:
        """Restore one image, (3, H, W) in [0, 1].

        Returns:
            The scene, (3, H, W); its transmission, refined and not below `t0`, (H, W); the light,
            (3,).
        """
        light = atmospheric_light(image, dark_channel(image, self.window), self.share)
        coarse = transmission(image, light, self.window, self.omega)
        refined = guided_filter(image.mean(axis=0), coarse, self.radius, self.eps)
        through = np.maximum(refined, self.t0)
        far = light[:, None, None]
        return (image - far) / through + far, through, light
