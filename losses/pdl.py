"""L_PDL: channel by channel, the 1-D Wasserstein distance between two images' feature values.

Delbracio, Talebi, Milanfar: Projected Distribution Loss for Image Enhancement (2021), Eq. 3 and 5
without the pixel term, Algorithm 1; random projections: version 1, Sec. 5.7. With phi'_j(u) the
n = H * W values that the j-th of m' projections of the features of an image u takes over its
positions:

    L_PDL(u, v) = mean_j W_p(phi'_j(u), phi'_j(v)),   averaged over the images of the batch

Each image meets its own target only; values are never pooled over the batch.

Mean or sum. Eq. 5 sums over the projections, Sec. 4 speaks of averaging. The quantile function of
n values is constant on n steps of length 1/n, so the integral over [0, 1] in Eq. 3 is a mean over
the sorted values; the right side of Eq. 3 and Algorithm 1 leave the 1/n out. "mean" averages over
both and is the default: more projections then do not weigh more. "sum" is the printed formula; for
p = 1 it is "mean" times n * m'. In Eq. 5 the pixel term is a sum too, of 3 * 64 * n values where
the features are an eighth of the image's size. With the m' = 512 of VGG16's conv4 the sums are thus
the means with 8/3 of the weight, times a number that Adam does not see: the two readings are near
each other. A mean beside a sum would be none of the paper's.

Open in the paper and chosen here: projections are drawn anew at each step; the rows of "R2P" and
"RPP" have unit length, as those of "RSP" have; the perturbation of "RPP" has the size NOISE.

Sorting is nearly all that this loss costs besides its feature network. torch.sort moves an index
with every value, which the target does not need: on a CPU numpy sorts bare values several times
faster. A float32 widened to float64 leaves 29 bits unused, so there the prediction's positions
travel in these and it is sorted as bare values too. Elsewhere both sides use torch.sort.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from losses.exact_products import exact_products
from losses.features import FeatureNetwork
from losses.objective import Loss, Resources, Term

REDUCTIONS = ("mean", "sum")

# Of "RPP": the expected length of what is added to a row of the identity.
NOISE = 0.1

# Below 2^28, half of a float32's unit in the float64, a position disappears in rounding back.
POSITION_BITS = (1 << 28) - 1

# Values that are sorted at a time on a CPU: 1 MiB of float64, which stays in a core's cache.
CHUNK = 1 << 17


def wasserstein_1d(pred: Tensor, target: Tensor, p: float = 1) -> Tensor:
    """W_p between the empirical marginals of each channel, Eq. 3 with its root.

    (mean_k |a_k - b_k|^p)^(1/p) for sorted values a and b. The mean is the integral over [0, 1]:
    both quantile functions are constant on n = H * W steps of length 1/n.

    The gradient keeps the order of the values fixed. Equal values of one channel keep raster
    order, so where they meet different targets it is one of several subgradients; a value that
    meets its equal has none. No gradient reaches `target`.

    Args:
        pred, target: features, (N, C, H, W), of one N, C and H * W. Half precision is compared
            in float32.
        p: at least 1.

    Returns:
        (N, C), in the features' own unit.

    Raises:
        ValueError: the shapes do not fit, or `p` is below 1.
    """
    _check(p)
    x, y = _rows(pred, target)
    return _norm_of_sorted(x, y, p) / x.shape[2] ** (1 / p)


def pdl(
    pred_features: Tensor,
    target_features: Tensor,
    projection: Tensor | None = None,
    p: float = 1,
    reduction: str = "mean",
) -> Tensor:
    """W_p of every projection, averaged over the batch, 0-d. No gradient reaches the target.

    Args:
        pred_features, target_features: (N, C, H, W), of one N, C and H * W.
        projection: W of Algorithm 1, (m', C); None compares the channels themselves.
        p: at least 1; the paper's is 1.
        reduction: "mean" over projections and positions, or "sum" over both, as printed: the
            plain p-norm of Algorithm 1, summed over projections.

    Raises:
        ValueError: the shapes do not fit, `p` is below 1, or `reduction` is neither.
    """
    _check(p, reduction)
    x, y = _rows(pred_features, target_features)
    if projection is not None:
        if projection.dim() != 2 or projection.shape[1] != x.shape[1]:
            raise ValueError(
                f"projection is {tuple(projection.shape)}, but the features have {x.shape[1]} "
                f"channels; it must be (number of projections, {x.shape[1]})"
            )
        with exact_products(x.device):
            weights = projection.to(x)
            x, y = weights @ x, weights @ y  # (N, m', H*W)
    norms = _norm_of_sorted(x, y, p)
    if reduction == "sum":
        return norms.sum(dim=1).mean()
    return norms.mean() / x.shape[2] ** (1 / p)


def random_pairs(channels: int, factor: int, generator: torch.Generator) -> Tensor:
    """Projections "R2P": each row weighs two channels, by a random direction of their plane.

    Returns:
        (factor * channels, channels), unit rows with two non-zeros.

    Raises:
        ValueError: fewer than two channels.
    """
    if channels < 2:
        raise ValueError(f"'R2P' combines two channels, but there are {channels}; use 'Id'")
    rows = factor * channels
    first = torch.randint(channels, (rows, 1), generator=generator)
    step = torch.randint(1, channels, (rows, 1), generator=generator)
    pair = torch.cat([first, (first + step) % channels], dim=1)
    weights = _unit_rows(torch.randn(rows, 2, generator=generator))
    return torch.zeros(rows, channels).scatter_(1, pair, weights)


def perturbed_identity(channels: int, factor: int, generator: torch.Generator) -> Tensor:
    """Projections "RPP": identity + NOISE * N(0, 1) / sqrt(channels), `factor` of them stacked.

    Returns:
        (factor * channels, channels), unit rows.
    """
    noise = torch.randn(factor * channels, channels, generator=generator)
    return _unit_rows(torch.eye(channels).repeat(factor, 1) + NOISE / channels**0.5 * noise)


def directions(channels: int, factor: int, generator: torch.Generator) -> Tensor:
    """Projections "RSP": uniform on the unit sphere, as in the sliced Wasserstein distance, Eq. 4.

    Returns:
        (factor * channels, channels), unit rows.
    """
    return _unit_rows(torch.randn(factor * channels, channels, generator=generator))


Projection = Callable[[int, int, torch.Generator], Tensor]
PROJECTIONS: dict[str, Projection | None] = {
    "Id": None,
    "R2P": random_pairs,
    "RPP": perturbed_identity,
    "RSP": directions,
}


def _unit_rows(matrix: Tensor) -> Tensor:
    return matrix / torch.linalg.vector_norm(matrix, dim=1, keepdim=True)


def _check(p: float, reduction: str = "mean") -> None:
    if not p >= 1:
        raise ValueError(f"p must be at least 1, not {p!r}")
    if reduction not in REDUCTIONS:
        raise ValueError(f"reduction must be 'mean' or 'sum', not {reduction!r}")


def _rows(pred: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Features of both sides as (N, C, H*W), contiguous; the target's without its graph."""
    x, y = pred.flatten(2), target.detach().flatten(2)
    if pred.dim() != 4 or x.shape != y.shape:
        raise ValueError(
            f"pred {tuple(pred.shape)} and target {tuple(target.shape)} must be (N, C, H, W) of "
            "the same N, C and H * W; take both from one layer of one network and crops of one size"
        )
    # Half precision has few values: sums over positions would round, and most values tie.
    dtype = torch.promote_types(x.dtype, torch.float32)
    return x.to(dtype).contiguous(), y.to(dtype).contiguous()


def _norm_of_sorted(x: Tensor, y: Tensor, p: float) -> Tensor:
    """The p-norm of the differences of the sorted rows, (N, m'); its gradient at 0 is 0."""
    if x.device.type != "cpu":
        a, b = x.sort(dim=-1, stable=True).values, y.sort(dim=-1).values
    else:
        packable = x.dtype == torch.float32 and x.shape[-1] <= POSITION_BITS
        a = _SortedOnCPU.apply(x) if packable else x.sort(dim=-1, stable=True).values
        b = _sorted_values(y)
    return torch.linalg.vector_norm(a - b, ord=float(p), dim=-1)


class _SortedOnCPU(torch.autograd.Function):
    """Sorts rows of float32 in ascending order, stable."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Any:
        values, positions = _sorted_with_positions(x)
        ctx.save_for_backward(positions)
        return values

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        (positions,) = ctx.saved_tensors
        return torch.zeros_like(grad).scatter(-1, positions, grad)


def _sorted_with_positions(x: Tensor) -> tuple[Tensor, Tensor]:
    """Sorted rows of float32 and where each value stood, of the shape of x, (..., n)."""
    rows = x.detach().reshape(-1, x.shape[-1]).numpy()
    values = np.empty_like(rows)
    positions = np.empty(rows.shape, np.int64)
    places = np.arange(rows.shape[1])

    def sort(part: slice) -> None:
        packed = np.add(rows[part], 0.0, dtype=np.float64)  # the sum has no -0.0
        bits = packed.view(np.int64)
        # Among negative numbers the larger pattern is the smaller number, so places count down.
        bits |= places ^ (bits >> 63 & POSITION_BITS)
        packed.sort(axis=-1)
        values[part] = packed
        positions[part] = (bits ^ bits >> 63) & POSITION_BITS

    _in_chunks(sort, rows)
    return torch.from_numpy(values).view_as(x), torch.from_numpy(positions).view_as(x)


def _sorted_values(y: Tensor) -> Tensor:
    """Sorted rows, of the shape of y, (..., n)."""
    rows = y.reshape(-1, y.shape[-1]).numpy()
    values = np.empty_like(rows)

    def sort(part: slice) -> None:
        values[part] = np.sort(rows[part], axis=-1)

    _in_chunks(sort, rows)
    return torch.from_numpy(values).view_as(y)


def _in_chunks(work: Callable[[slice], None], rows: np.ndarray) -> None:
    """Do `work` on slices of rows, on as many threads as torch uses; numpy lets others run."""
    step = max(1, CHUNK // max(1, rows.shape[1]))
    parts = [slice(start, start + step) for start in range(0, len(rows), step)]
    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        list(pool.map(work, parts))  # a list, so that an error in a thread is raised here


class PDLLoss(Loss):
    """A built `PDL`, with a frozen network; the target's side keeps no graph."""

    def __init__(self, spec: PDL, resources: Resources):
        super().__init__()
        self.spec = spec
        self.features = spec.features.build(resources)
        # On the CPU whatever the device is, so that a seed means the same directions everywhere.
        self.draws = torch.Generator().manual_seed(int(spec.seed))

    def forward(self, pred: Tensor, target: Tensor, **needs: Tensor) -> Tensor:
        """The loss, 0-d, summed over layers, of images in [0, 1], (N, 3, H, W)."""
        with torch.no_grad():
            wanted = self.features(target)
        found = self.features(pred)
        spec = self.spec
        layers = [
            pdl(found[k], wanted[k], self._projection(found[k].shape[1]), spec.p, spec.reduction)
            for k in found
        ]
        return torch.stack(layers).sum()

    def _projection(self, channels: int) -> Tensor | None:
        """Draw a new W for one layer, (m', channels); None for "Id"."""
        draw = PROJECTIONS[self.spec.projection]
        return None if draw is None else draw(channels, int(self.spec.factor), self.draws)

    def get_extra_state(self) -> dict[str, Tensor]:
        """The state of the random projections, so that a resumed run goes on with them."""
        return {"draws": self.draws.get_state()}

    def set_extra_state(self, state: dict[str, Tensor]) -> None:
        """Restore what `get_extra_state` returned."""
        self.draws.set_state(state["draws"].cpu())


@dataclass(frozen=True)
class PDL(Term):
    """Projected distribution loss of `pred` and `target`.

    projection: "Id" (each channel by itself), "R2P" (two random channels), "RPP" (the identity,
        perturbed) or "RSP" (random directions); all but "Id" are drawn anew at each call.
    factor: m' / m, projections per channel; 1, 2, 4 or 8 in the paper.
    p: the order of W_p; 1 in the paper.
    reduction: "mean" or "sum", see `pdl`.
    """

    features: FeatureNetwork
    projection: str = "Id"
    factor: int = 1
    p: int = 1
    reduction: str = "mean"
    seed: int = 0

    symbol: ClassVar[str] = "L_PDL"

    def __post_init__(self) -> None:
        _check(self.p, self.reduction)
        if self.projection not in PROJECTIONS:
            raise ValueError(
                f"projection must be one of {', '.join(PROJECTIONS)}, not {self.projection!r}"
            )
        if self.factor < 1 or self.factor != int(self.factor):
            raise ValueError(f"factor must be a whole number from 1, not {self.factor!r}")
        if self.projection == "Id" and self.factor != 1:
            raise ValueError("'Id' has one projection per channel: leave its factor at 1")

    def build(self, resources: Resources) -> Loss:
        """Make the loss; the feature network's weights are loaded."""
        return PDLLoss(self, resources)
