"""L_prior: how far a network's maps of a face's landmarks and parts are from the true ones.

Chen, Tai, Liu, Shen, Yang: FSRNet: End-to-End Learning Face Super-Resolution with Facial Priors
(CVPR 2018): the sum over the batch of squared norms |y - y~|^2 + a |y - y_c|^2 + b |p - p~|^2, by
2N, with a = b = 1: the image y, the coarse image y_c and the priors p. A norm is a sum over all
values, so that the 79 maps of 64 x 64 cells have together 6.6 times the values of an image of
3 x 128 x 128. `losses.l2` is the mean over the image's values; that these terms keep their ratio
the priors' squared differences are summed here, too, and divided by the number of the *image's*
values. `EveryOutput(L2(), ("coarse",)) + FacePrior()` is then the paper's objective times
2 / (3 x 128 x 128). The port cs-giung/FSRNet-pytorch takes the mean over the priors' own values:
for this divide the term by 6.6.

Assumed, for the authors' labels are not public: the landmarks' maps are Gaussians with a peak of 1
and a standard deviation of one cell; a part's map is the share of a cell's pixels that belong to
it; both see a cell's centre in the middle of its pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from losses.cross_entropy import IGNORED
from losses.heatmaps import true_heatmaps
from losses.objective import Loss, Resources, Term


def part_shares(labels: Tensor, parts: int, cells: int) -> tuple[Tensor, Tensor]:
    """Which share of each cell is of which part, and where that is known.

    Args:
        labels: part of each pixel, (N, H, H) integers in 0..parts-1, or 255 where it is not known;
            `cells` divides H.
        parts: their number.
        cells: along one side.
    Returns:
        (N, parts, cells, cells) in [0, 1], and (N, 1, cells, cells), 1 where all pixels of a cell
        are known, else 0.

    Raises:
        ValueError: another label, or another shape.
    """
    if labels.ndim != 3 or labels.shape[1] != labels.shape[2] or labels.shape[1] % cells:
        raise ValueError(
            f"labels of {tuple(labels.shape)} cannot be averaged over {cells}x{cells} cells: give "
            f"square ones, (N, H, H), with a multiple of {cells} for H"
        )
    known = labels != IGNORED
    if bool((known & ((labels < 0) | (labels >= parts))).any()):
        raise ValueError(
            f"labels of a face's parts must be 0..{parts - 1}, or {IGNORED} where there is none, "
            f"but run from {int(labels.min())} to {int(labels.max())}: make the network with as "
            "many parsing maps as the data set has parts"
        )
    numbers = torch.arange(parts, device=labels.device).view(1, -1, 1, 1)
    window = labels.shape[1] // cells
    shares = F.avg_pool2d((labels.unsqueeze(1) == numbers).float(), window)
    return shares, -F.max_pool2d(-known.unsqueeze(1).float(), window)


def face_prior(
    pred: Tensor,
    target: Tensor,
    landmark_maps: Tensor,
    parsing_maps: Tensor,
    points: Tensor,
    labels: Tensor,
    sigma: float = 1.0,
) -> Tensor:
    """The summed squared differences of all maps per value of the target, 0-d.

    Args:
        pred: the restored image, not used.
        target: images, (N, C, H, H), of which only the size is used.
        landmark_maps: predicted, (N, P, h, h).
        parsing_maps: predicted, (N, K, h, h).
        points: true landmarks, (N, P, 2), in pixels of the target.
        labels: true parts, (N, H, H), see `part_shares`.
        sigma: standard deviation of the true Gaussians, in cells.

    Raises:
        ValueError: shapes or labels do not fit.
    """
    shares, known = part_shares(labels, parsing_maps.shape[1], parsing_maps.shape[-1])
    heatmaps = true_heatmaps(landmark_maps, points, target, sigma, centred=True)
    error = (landmark_maps - heatmaps).square().sum()
    error = error + (known * (parsing_maps - shares).square()).sum()
    return error / target.numel()


@dataclass(frozen=True)
class FacePrior(Term):
    """The squared differences of landmarks' and parts' maps, as those of the image are weighed.

    The network gives `landmark_maps` and `parsing_maps`, the data `points` and `labels`.
    sigma: standard deviation of the true Gaussians, in cells of the maps.
    """

    sigma: float = 1.0

    symbol: ClassVar[str] = "L_prior"
    needs: ClassVar[tuple[str, ...]] = ("landmark_maps", "parsing_maps", "points", "labels")

    def __post_init__(self) -> None:
        if not self.sigma > 0:
            raise ValueError(f"sigma must be > 0, not {self.sigma!r}")

    def build(self, resources: Resources) -> Loss:
        """Make the loss, which has no state."""
        return Loss(partial(face_prior, sigma=self.sigma))
