"""L_SSIM: one minus the structural similarity.

Wang, Bovik, Sheikh, Simoncelli: Image Quality Assessment: From Error Visibility to Structural
Similarity (2004), Eq. 13, with the window of its Sec. III-C: Gaussian, 11 x 11, sigma 1.5, and
K = (0.01, 0.03). Computed by pytorch-msssim: each colour channel for itself, windows that lie
wholly inside the image ("valid"), population variances.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from losses.chunks import Looking, mean_in_chunks
from losses.exact_products import exact_products
from losses.objective import Loss, Resources, Term
from losses.same_shape import check_same_shape

WINDOW = 11
WINDOW_SIGMA = 1.5


def ssim_loss(pred: Tensor, target: Tensor) -> Tensor:
    """1 - SSIM, 0-d, 0 at equality and at most 2.

    Args:
        pred, target: images in [0, 1], (N, C, H, W), of one shape.

    Raises:
        ValueError: the shapes differ, or a side is shorter than the window.
    """
    from pytorch_msssim import ssim

    check_same_shape(pred, target)
    if min(pred.shape[-2:]) < WINDOW:
        # The package would go on without blurring along that side.
        raise ValueError(
            f"SSIM needs images of at least {WINDOW} x {WINDOW} pixels, these are "
            f"{pred.shape[-2]} x {pred.shape[-1]}; use larger crops"
        )
    with exact_products(pred.device):  # variances are small differences of blurred squares
        similarity = ssim(
            pred, target.detach(), data_range=1.0, win_size=WINDOW, win_sigma=WINDOW_SIGMA
        )
    return 1 - similarity


class SSIMLoss(Looking, Loss):
    """A built `SSIM`."""

    def forward(self, pred: Tensor, target: Tensor, **needs: Tensor) -> Tensor:
        """The loss, 0-d, of images in [0, 1], (N, C, H, W)."""
        return mean_in_chunks(ssim_loss, self.chunk, pred, target)


@dataclass(frozen=True)
class SSIM(Term):
    """One minus the structural similarity of `pred` and `target`."""

    symbol: ClassVar[str] = "L_SSIM"

    def build(self, resources: Resources) -> Loss:
        """Make the loss, which has no state."""
        return SSIMLoss()
