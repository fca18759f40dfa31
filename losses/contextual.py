"""L_Contextual: features compared as sets, wherever in the image they lie.

Mechrez, Talmi, Zelnik-Manor: The Contextual Loss for Image Transformation with Non-Aligned Data
(2018), Eq. 1-5; official program roimehrez/contextualLoss (CX/CSFlow.py). With x_i the feature of
position i of the generated image and y_j that of position j of the target:

    d~_ij = d_ij / (min_k d_ik + eps)                     k over the target's positions
    CX_ij = exp((1 - d~_ij) / h) / sum_k exp((1 - d~_ik) / h)
    loss  = mean over images of -log(mean_j max_i CX_ij)

So every generated position spreads one unit of similarity over the target, and every target
position takes the best that any generated position offers it.

Where the paper leaves a choice, the official program's is taken. "dot": d_ij = (1 - cos) / 2 after
the mean of the target over batch, height and width was subtracted from both sides (the paper's
1 - cos, up to a factor that cancels except beside eps). "l2": the squared Euclidean distance, not
centred, not below 0. Two public PyTorch programs, S-aiueo32/contextual_loss_pytorch and
MKFMIKU/d2sm, add the squared norms of "l2" along each other's axes; here they are right. D2SM's
(models/contextual.py) calls "dot" with h = 0.1 and eps 1e-6, also inside the logarithm, and with
the sides exchanged: the target's positions spread their similarity over the generated image.

CX_ij is a softmax over k of -d_ij / (h (min_k d_ik + eps)), the constant 1 / h cancels. Only the
largest entry of each column reaches the loss, so `_BestSimilarity` keeps a running maximum over
chunks of generated positions and its backward pass computes again only the rows that won. No
matrix of all pairs is ever stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from losses.exact_products import exact_products
from losses.features import FeatureNetwork
from losses.objective import Loss, Resources, Term

DISTANCES = ("dot", "l2")

# Entries of the distance matrix that exist at a time. On a CPU 16 MiB: smaller chunks suit a
# single thread's cache, but several threads then wait for each other more than they compute.
CHUNK_ON_CPU = 1 << 22
CHUNK_ELSEWHERE = 1 << 24


def contextual(
    pred_features: Tensor,
    target_features: Tensor,
    *,
    distance: str = "dot",
    bandwidth: float = 0.5,
    eps: float = 1e-5,
) -> Tensor:
    """-log of the contextual similarity, averaged over the batch, 0-d.

    About 0 where every target feature has a generated feature that is close to it alone, at most
    log(H' * W'). No gradient reaches `target_features`. Where two generated positions offer a
    target position exactly the same, the first in raster order receives the gradient; where a
    generated position has several nearest targets, they share it.

    Args:
        pred_features: features of the generated images, (N, C, H, W), any memory layout.
        target_features: features of the targets, (N, C, H', W').
        distance: "dot" (cosine, centred) or "l2" (squared Euclidean), see the module.
        bandwidth: h, in units of the distance to the nearest target; small is selective.
        eps: added to that distance, in units of d_ij.

    Raises:
        ValueError: unknown distance, batch or channels differ, or `bandwidth` or `eps` is not > 0.
    """
    _check(distance, bandwidth, eps)
    if pred_features.dim() != 4 or pred_features.shape[:2] != target_features.shape[:2]:
        raise ValueError(
            f"pred_features {tuple(pred_features.shape)} and target_features "
            f"{tuple(target_features.shape)} must be (N, C, H, W) of the same N and C; "
            "take both from one layer of one network"
        )
    # Half precision cannot tell small distances apart.
    dtype = torch.promote_types(pred_features.dtype, torch.float32)
    x = pred_features.to(dtype)
    y = target_features.detach().to(dtype)
    if distance == "dot":
        center = y.mean(dim=(0, 2, 3), keepdim=True)
        x, y = _unit_length(x - center), _unit_length(y - center)
    similarity = _BestSimilarity.apply(
        x.flatten(2), y.flatten(2), distance == "l2", float(bandwidth), float(eps)
    )
    return -similarity.log().mean()


def _check(distance: str, bandwidth: float, eps: float) -> None:
    if distance not in DISTANCES:
        raise ValueError(f"distance must be 'dot' or 'l2', not {distance!r}")
    if not (bandwidth > 0 and eps > 0):
        raise ValueError(f"bandwidth and eps must be > 0, not {bandwidth!r} and {eps!r}")


def _unit_length(features: Tensor) -> Tensor:
    """Unit vectors along C. A zero vector has no direction: it stays, without gradient."""
    norm = torch.linalg.vector_norm(features, dim=1, keepdim=True)
    return features / norm.masked_fill(norm == 0, torch.inf)


class _BestSimilarity(torch.autograd.Function):
    """mean_j max_i CX_ij per image, (N,), from x (N, C, P) and y (N, C, Q); gradient for x only.

    Matrices are (Q, P'), a row per target and a column per generated position of the chunk: the
    softmax then runs along dim 0, where sums and minima are fast, and the maximum with its
    index along the contiguous dim 1.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor, squared: bool, bandwidth: float, eps: float) -> Any:
        images, _, targets = y.shape
        best = x.new_zeros(images, targets)
        winner = torch.zeros(images, targets, dtype=torch.long, device=x.device)
        step = _chunk_size(y)
        with exact_products(x.device):
            for n in range(images):
                sizes = _squared_norms(y[n]) if squared else None
                for start in range(0, x.shape[2], step):
                    d = _distances(x[n, :, start : start + step], y[n], sizes)
                    logits = _logits(d, d.amin(dim=0), bandwidth, eps)
                    value, index = torch.softmax(logits, dim=0).max(dim=1)
                    winner[n] = torch.where(value > best[n], index + start, winner[n])
                    best[n] = torch.maximum(best[n], value)  # keeps a NaN, which `>` would drop
        ctx.save_for_backward(x, y, winner)
        ctx.squared, ctx.bandwidth, ctx.eps = squared, bandwidth, eps
        return best.mean(dim=1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Any:
        x, y, winner = ctx.saved_tensors
        grad_x = torch.zeros_like(x)
        step = _chunk_size(y)
        with exact_products(x.device):
            for n in range(x.shape[0]):
                sizes = _squared_norms(y[n]) if ctx.squared else None
                weight = grad[n] / y.shape[2]
                positions, column_of = winner[n].unique(return_inverse=True)
                for start in range(0, len(positions), step):
                    chosen = positions[start : start + step]
                    won = ((column_of >= start) & (column_of < start + step)).nonzero()[:, 0]
                    part = x[n][:, chosen]  # (C, P')
                    d = _distances(part, y[n], sizes)
                    grad_d = _distance_gradient(
                        d, won, column_of[won] - start, weight, ctx.bandwidth, ctx.eps
                    )
                    if ctx.squared:
                        grad_part = 2 * (part * grad_d.sum(dim=0) - y[n] @ grad_d)
                    else:
                        grad_part = -0.5 * (y[n] @ grad_d)
                    grad_x[n][:, chosen] = grad_part
        return grad_x, None, None, None, None


def _chunk_size(y: Tensor) -> int:
    """How many generated positions make a chunk."""
    entries = CHUNK_ON_CPU if y.device.type == "cpu" else CHUNK_ELSEWHERE
    return max(1, entries // y.shape[2])


def _squared_norms(features: Tensor) -> Tensor:
    return features.square().sum(dim=0)  # (C, P) -> (P,)


def _distances(x: Tensor, y: Tensor, sizes: Tensor | None) -> Tensor:
    """d_ij of the chunk x (C, P') and y (C, Q), as (Q, P'); squared with `sizes` |y_j|^2 (Q,).

    The lower bound only removes what rounding left below 0; the gradient ignores it.
    """
    if sizes is None:  # (1 - cos) / 2 of unit vectors
        return torch.addmm(x.new_full((1, 1), 0.5), y.t(), x, alpha=-0.5).clamp_(min=0)
    return torch.addmm(sizes[:, None], y.t(), x, alpha=-2).add_(_squared_norms(x)).clamp_(min=0)


def _logits(d: Tensor, nearest: Tensor, bandwidth: float, eps: float) -> Tensor:
    """The exponents of CX without their constant, (Q, P'), from d and its column minima (P',)."""
    return d * (-1 / (bandwidth * (nearest + eps)))


def _distance_gradient(
    d: Tensor, won: Tensor, column: Tensor, weight: Tensor, bandwidth: float, eps: float
) -> Tensor:
    """Gradient of weight * sum_w CX[won_w, column_w] for the distances d, (Q, P').

    Args:
        won: the targets whose maximum lies in this chunk.
        column: the generated position, as a column of d, that holds the maximum of each.
    """
    nearest = d.amin(dim=0)
    logits = _logits(d, nearest, bandwidth, eps)
    cx = torch.softmax(logits, dim=0)
    won_cx = weight * cx[won, column]
    total = torch.zeros_like(nearest).index_add_(0, column, won_cx)
    grad_logits = cx.mul_(-total)
    grad_logits[won, column] += won_cx  # each target won once, so no index repeats
    through_nearest = -(grad_logits * logits).sum(dim=0) / (nearest + eps)
    is_nearest = d == nearest
    share = through_nearest / is_nearest.sum(dim=0)
    grad_d = grad_logits.mul_(-1 / (bandwidth * (nearest + eps)))
    return grad_d.addcmul_(is_nearest.to(d.dtype), share)


class ContextualLoss(Loss):
    """A built `Contextual`, with a frozen network; the target's side keeps no graph."""

    def __init__(self, spec: Contextual, resources: Resources):
        super().__init__()
        self.spec = spec
        self.features = spec.features.build(resources)
        self.draws = torch.Generator().manual_seed(spec.seed)

    def forward(self, pred: Tensor, target: Tensor, **needs: Tensor) -> Tensor:
        """The loss, 0-d, summed over layers, of images in [0, 1], (N, 3, H, W)."""
        with torch.no_grad():
            wanted = self.features(target)
        found = self.features(pred)
        layers = []
        for layer in found:
            x, y = self._pooled(found[layer], wanted[layer])
            layers.append(
                contextual(
                    x,
                    y,
                    distance=self.spec.distance,
                    bandwidth=float(self.spec.bandwidth),
                    eps=float(self.spec.eps),
                )
            )
        return torch.stack(layers).sum()

    def _pooled(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """The same random positions of both, if there are more than `max_positions`."""
        limit, positions = self.spec.max_positions, x.shape[2] * x.shape[3]
        if limit is None or positions <= limit:
            return x, y
        kept = torch.randperm(positions, generator=self.draws)[:limit].sort().values.to(x.device)
        return x.flatten(2)[..., kept, None], y.flatten(2)[..., kept, None]  # (N, C, limit, 1)

    def get_extra_state(self) -> dict[str, Tensor]:
        """The state of the random choice of positions, so that a resumed run goes on with it."""
        return {"draws": self.draws.get_state()}

    def set_extra_state(self, state: dict[str, Tensor]) -> None:
        """Restore what `get_extra_state` returned."""
        self.draws.set_state(state["draws"].cpu())


@dataclass(frozen=True)
class Contextual(Term):
    """Contextual loss of `pred` and `target`, summed over the layers of `features`.

    distance: "dot" (cosine) or "l2" (squared Euclidean).
    bandwidth: h; 0.5 in the official program's config.py, with "0.1" in a comment beside it.
    eps: added to the distance of the nearest target.
    max_positions: larger layers are reduced to that many random positions, drawn anew at each
        call from `seed`; the official program keeps 65 * 65. None keeps all.
    """

    features: FeatureNetwork
    distance: str = "dot"
    bandwidth: float = 0.5
    eps: float = 1e-5
    max_positions: int | None = None
    seed: int = 0

    symbol: ClassVar[str] = "L_Contextual"

    def __post_init__(self) -> None:
        _check(self.distance, self.bandwidth, self.eps)
        if self.max_positions is not None and self.max_positions < 1:
            raise ValueError(f"max_positions must be at least 1, not {self.max_positions!r}")

    def build(self, resources: Resources) -> Loss:
        """Make the loss; the feature network's weights are loaded."""
        return ContextualLoss(self, resources)
