"""L_D2SM: match how images resemble each other, not each image to its own target.

Mei, Patel, Huang: Deep Semantic Statistics Matching (D2SM) Denoising Network (2022), Eq. 2-10.
Each of q samples picks one of the others with a probability that grows with the cosine of their
features; the loss is the divergence of the restored samples' probabilities from the clean ones'.
That Eq. 2 names its indices the other way round than Eq. 3, 4 and 7 changes nothing, since it sums
over all ordered pairs.

What the paper leaves open is decided here so:
- "w/. Internal" (Sec. 3.3): the windows of one image are the live samples. The images of a batch
  come one after the other, and the loss is the mean over images. The windows are compared with each
  other and with those in the queue, of the images before: at the paper's sizes 36 live ones and 108
  of three other images. Only one image and one noise level is live at a time, which is why Sec. 3.3
  wants windows, but other images and other noise levels are in every row by way of the queue.
  "w/o. Internal": the images of the batch are the live samples.
- Gradient flows through live restored samples only, nothing is kept for the queue's rows.
- The queue starts empty and holds real features only, so early steps compare fewer samples.
- Windows start at multiples of the stride; a remainder at the right and bottom is in no window.

The class that the release trains with (MKFMIKU/d2sm, `DeST`) computes something else:
1. Features are copied into buffers without gradient and compared there: the loss is a constant.
2. No windows: a whole crop is one sample, and the argument for the window is the queue's length.
3. Rows include the sample's probability to pick itself, in the norm and in the sum.
4. The mean over all q * q entries instead of the sum, some 10^3 to 10^5 times smaller.
5. 1e-6 is added in the logarithm and to the norms; vectors are normalised twice.
6. The queue starts with random Gaussian vectors, which count as samples until they are replaced.
7. Inputs are shifted by another data set's mean and not divided by ImageNet's deviation.
8. VGG's weights are left trainable and are given to the optimiser.
9. The denoiser's script passes (clean, restored), so one term has two directions in one program.

The release holds another class (models/common_model.py, `DeepSemanticTransfer`), which nothing
uses. It is nearer to the paper: windows of 224 pixels every 56, a frozen VGG19 (conv5_4 is one of
its three layers) behind ImageNet's normalisation, and a gradient. But all windows of all images of
a batch make one set, there is no queue, points 3, 4 and most of 5 are as above, and the divergence
is that of the clean probabilities from the restored ones, the paper's "inverse".
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from losses.chunks import in_chunks
from losses.exact_products import exact_products
from losses.feature_queue import FeatureQueue
from losses.features import FeatureNetwork
from losses.objective import Loss, Resources, Term

SYMBOLS = {"kl": "L_D2SM", "inverse_kl": "L_iKLD", "jeffreys": "L_JSD"}

# VGG halves four times before conv5; a window that is a multiple wastes no pixel.
WINDOW_MULTIPLE = 16


def probabilities(features: Tensor, queue: Tensor | None = None) -> Tensor:
    """The probabilities of each sample, a row, to pick each other one, Eq. 3-5 and 7.

    Eq. 5's kernel (cos + 1) / 2 reaches 0 for opposite vectors, where Eq. 2 has no value. It is
    bounded below by the precision of `features`: what cannot be told from 0 counts as that much,
    and every other entry is untouched, which a constant inside the logarithm would not grant.

    Args:
        features: the live samples, (N, d).
        queue: older samples, (M, d), compared like the live ones but without gradient.

    Returns:
        (q, q) with q = N + M, live samples first, in float64, since Eq. 2 is a small difference of
        large logarithms; the diagonal is 0 and rows sum to 1 (a single sample's to 0).
    """
    if features.dim() != 2:
        raise ValueError(f"features must be (N, d), not {tuple(features.shape)}; flatten them")
    resolution = torch.finfo(features.dtype).eps
    cosine = _cosines(features, features[:0] if queue is None else queue.detach())
    kernel = ((cosine + 1) / 2).clamp(min=resolution).masked_fill(_itself(cosine), 0)
    return kernel / kernel.sum(dim=1, keepdim=True).clamp(min=resolution)


def divergence(
    pred_features: Tensor,
    target_features: Tensor,
    kind: str = "kl",
    pred_queue: Tensor | None = None,
    target_queue: Tensor | None = None,
) -> Tensor:
    """Divergence of the two sets' probabilities, summed over all pairs i != j, 0-d, >= 0.

    Args:
        pred_features, target_features: restored and clean samples in the same order, (N, d).
            No gradient reaches the latter.
        kind: "kl" is KL(G' || G) of Eq. 2 with G' restored, "inverse_kl" is KL(G || G'),
            "jeffreys" is Eq. 10, half of each. The paper calls that Jensen-Shannon; it is the
            symmetrised KL, since no mixture of the two distributions enters.
        pred_queue, target_queue: older samples of either side, (M, d), without gradient.

    Raises:
        ValueError: `kind` is unknown or the numbers of samples differ.
    """
    if kind not in SYMBOLS:
        raise ValueError(f"kind must be one of {', '.join(SYMBOLS)}, not {kind!r}")
    pred = probabilities(pred_features, pred_queue)
    target = probabilities(target_features.detach(), target_queue)
    if len(pred) != len(target):
        raise ValueError(
            f"{len(pred)} restored but {len(target)} clean samples; "
            "give the features of the same images"
        )
    if kind == "kl":
        value = _kl(pred, target)
    elif kind == "inverse_kl":
        value = _kl(target, pred)
    else:
        value = (_kl(pred, target) + _kl(target, pred)) / 2
    return value.to(pred_features.dtype)


def sliding_windows(images: Tensor, window: int, stride: int) -> Tensor:
    """All windows of each image in raster order, Eq. 9.

    Args:
        images: (N, C, H, W).
        window, stride: in pixels.

    Returns:
        (N, L, C, window, window); L = 36 for a 512 x 512 image, window 224, stride 56.

    Raises:
        ValueError: the window is larger than the image.
    """
    n, channels, height, width = images.shape
    if window > min(height, width):
        raise ValueError(
            f"a window of {window} does not fit an image of {height} x {width}; "
            "use larger crops or a smaller window"
        )
    tiles = images.unfold(2, window, stride).unfold(3, window, stride)  # (N, C, rows, cols, K, K)
    return tiles.permute(0, 2, 3, 1, 4, 5).reshape(n, -1, channels, window, window)


def _cosines(live: Tensor, queue: Tensor) -> Tensor:
    """Cosine of every pair, (q, q) in float64; 0 with a zero vector, which has no direction.

    Built from blocks, since the one of the queue, by far the largest, has no gradient.
    """
    with exact_products(live.device):
        cross = live @ queue.t()  # (N, M)
        upper = torch.cat([live @ live.t(), cross], dim=1)
        lower = torch.cat([cross.t(), queue @ queue.t()], dim=1)
        norm = torch.cat([torch.linalg.vector_norm(rows, dim=1) for rows in (live, queue)])
    inverse = norm.masked_fill(norm == 0, torch.inf).double().reciprocal()
    return torch.cat([upper, lower]).double() * (inverse[:, None] * inverse)


def _itself(matrix: Tensor) -> Tensor:
    return torch.eye(len(matrix), dtype=torch.bool, device=matrix.device)


def _kl(p: Tensor, q: Tensor) -> Tensor:
    """Sum of p log(p / q) off the diagonal."""
    itself = _itself(p)
    return (p * (p.masked_fill(itself, 1).log() - q.masked_fill(itself, 1).log())).sum()


class _KnownGradient(torch.autograd.Function):
    """A 0-d value whose gradient was computed with it; the graph behind it is free to go."""

    @staticmethod
    def forward(ctx: Any, pred: Tensor, value: Tensor, gradient: Tensor) -> Tensor:
        ctx.save_for_backward(gradient)
        return value.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Any:
        (gradient,) = ctx.saved_tensors
        return grad * gradient, None, None


class D2SMLoss(Loss):
    """A built `D2SM`: compares one set of samples after the other, with a queue for either side.

    Sets do not exchange gradients, since the queue has none. So each set's gradient is computed
    with its value, and the network's activations exist for one image at a time, not for a batch
    times 36 windows. In eval mode the queue is read but not advanced.
    """

    def __init__(self, spec: D2SM, resources: Resources):
        super().__init__()
        self.spec = spec
        self.features = spec.features.build(resources)
        self.restored = FeatureQueue(int(spec.queue), resources.device)
        self.clean = FeatureQueue(int(spec.queue), resources.device)

    def forward(self, pred: Tensor, target: Tensor, **needs: Tensor) -> Tensor:
        """The divergence, 0-d, of images in [0, 1], (N, 3, H, W)."""
        if self.spec.window is None:
            return self._set_loss(pred, target)
        pairs = zip(pred.split(1), target.split(1), strict=True)
        return torch.stack([self._set_loss(p, t) for p, t in pairs]).mean()

    def _set_loss(self, pred: Tensor, target: Tensor) -> Tensor:
        """The loss of one set against the queue, which then takes the set up."""
        with torch.no_grad():
            clean = self._samples(target)
        tracked = torch.is_grad_enabled() and pred.requires_grad
        leaf = pred.detach().requires_grad_(tracked)
        restored = self._samples(leaf)
        value = divergence(
            restored,
            clean,
            self.spec.divergence,
            pred_queue=self.restored.beside(restored),
            target_queue=self.clean.beside(clean),
        )
        if self.training:
            self.restored.push(restored)
            self.clean.push(clean)
        if not tracked:
            return value
        (gradient,) = torch.autograd.grad(value, leaf)
        return _KnownGradient.apply(pred, value.detach(), gradient)

    def _samples(self, images: Tensor) -> Tensor:
        """Features of the windows of one image, or of whole images, (samples, C * H' * W')."""
        samples = images
        if self.spec.window is not None and self.spec.stride is not None:
            samples = sliding_windows(images, int(self.spec.window), int(self.spec.stride))[0]
        rows: Tensor = in_chunks(self._extract, int(self.spec.chunk), samples)
        return rows

    def _extract(self, samples: Tensor) -> Tensor:
        with torch.autocast(samples.device.type, dtype=torch.bfloat16, enabled=self.spec.bf16):
            (features,) = self.features(samples).values()
        return features.flatten(1).to(torch.promote_types(samples.dtype, torch.float32))


@dataclass(frozen=True)
class D2SM(Term):
    """Divergence of the similarities among samples of `pred` from those of `target`.

    features: one layer; the paper's "penultimate layer of VGG" is conv5_4 of VGG19 in its program.
    window, stride: in pixels (Sec. 4.1); both None for "w/o. Internal", whole images as samples.
    queue: samples compared, live ones included (256 in Sec. 4.2; not printed for Cityscapes).
        0 for no memory.
    divergence: "kl", or Table 4's "inverse_kl" and "jeffreys".
    crop, batch: for which `window`, `stride` and `queue` are declared; see `scaled`.
    bf16: run the feature network in bfloat16; divergence and queue stay in float32.
    chunk: windows that go through the network at a time, the activations of the others computed
        again when the gradient needs them; 0 for all at once. Saves memory, changes no value.
    """

    features: FeatureNetwork
    window: int | None = 224
    stride: int | None = 56
    queue: int = 256
    divergence: str = "kl"
    crop: int = 512
    batch: int = 64
    bf16: bool = False
    chunk: int = 0

    symbol: ClassVar[str] = "L_D2SM"

    def __post_init__(self) -> None:
        if len(self.features.layers) != 1:
            raise ValueError(f"D2SM compares one layer, not {self.features.layers}")
        if self.divergence not in SYMBOLS:
            known = ", ".join(SYMBOLS)
            raise ValueError(f"divergence must be one of {known}, not {self.divergence!r}")
        if (self.window is None) != (self.stride is None):
            raise ValueError("give both window and stride, or None for both")
        if self.queue < 0 or self.chunk < 0:
            raise ValueError("queue and chunk must not be negative; 0 turns them off")
        # The papers name each direction differently; an instance shadows the class's symbol.
        object.__setattr__(self, "symbol", SYMBOLS[self.divergence])

    def build(self, resources: Resources) -> Loss:
        """Make the loss; the feature network's weights are loaded, the queues start empty."""
        return D2SMLoss(self, resources)

    def scaled(self, crop: Fraction, batch: Fraction, steps: Fraction = Fraction(1)) -> Term:
        """The same term with its sizes for smaller crops and batches.

        The window keeps its share of the crop, rounded up to whole cells of conv5, the stride its
        share of the window, and the queue the number of images it spans. Without windows the
        queue keeps the number of batches it spans, and room for two.

        Raises:
            ValueError: the crop gets smaller than one cell of conv5.
        """
        if crop == 1 and batch == 1:
            return self
        smaller = replace(
            self, crop=math.floor(self.crop * crop), batch=math.ceil(self.batch * batch)
        )
        if self.window is None or self.stride is None:
            queue = max(math.ceil(self.queue * batch), 2 * smaller.batch) if self.queue else 0
            return replace(smaller, queue=queue)
        if smaller.crop < WINDOW_MULTIPLE:
            raise ValueError(
                f"a crop of {smaller.crop} holds no window; D2SM needs {WINDOW_MULTIPLE} or more"
            )
        if crop == 1:
            return smaller
        cells = Fraction(smaller.crop * self.window, self.crop * WINDOW_MULTIPLE)
        window = math.ceil(cells) * WINDOW_MULTIPLE
        stride = max(1, window * self.stride // self.window)
        images = Fraction(self.queue, _windows_per_crop(self.crop, self.window, self.stride))
        queue = math.ceil(images * _windows_per_crop(smaller.crop, window, stride))
        return replace(smaller, window=window, stride=stride, queue=queue)


def _windows_per_crop(crop: int, window: int, stride: int) -> int:
    return ((crop - window) // stride + 1) ** 2
