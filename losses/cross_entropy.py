"""L_CrossEntropy: pixels judged by a segmentation network; L_Segmentation: training that network.

Liu, Wen, Jiao, Liu, Wang, Huang: Connecting Image Denoising and High-Level Vision Tasks via Deep
Learning (2020; first as Liu et al., IJCAI 2018): a denoiser is trained through a network for the
high-level task whose weights stay fixed. Only the denoiser learns, so the term needs the labels of
the training images.

Both take the mean over the labelled pixels of the whole batch, as PyTorch and the training code of
HRNet/HRNet-Semantic-Segmentation do: an image with few labelled pixels counts less than the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from losses.chunks import Looking, in_chunks
from losses.objective import Loss, Resources, Term

IGNORED = 255

# Class weights of HRNet/HRNet-Semantic-Segmentation, lib/datasets/cityscapes.py, train ids 0..18.
CITYSCAPES_CLASS_WEIGHTS = (
    0.8373, 0.918, 0.866, 1.0345, 1.0166, 0.9969, 0.9754, 1.0489, 0.8786, 1.0023,
    0.9539, 0.9843, 1.1116, 0.9037, 1.0865, 1.0955, 1.0865, 1.1529, 1.0507,
)  # fmt: skip


def cross_entropy(logits: Tensor, labels: Tensor, class_weights: Tensor | None = None) -> Tensor:
    """Cross-entropy in nats over the pixels that have a label, 0-d.

    Args:
        logits: (N, K, H, W).
        labels: class of each pixel, 0..K-1, or 255 for none, (N, H, W), int64.
        class_weights: (K,); the mean is then weighted by the weight of each pixel's class.

    Returns:
        The (weighted) mean; 0 with zero gradient, not NaN, for a batch without labels.

    Raises:
        ValueError: logits and labels are not of one size.
    """
    if logits.ndim != 4 or labels.shape != (logits.shape[0], *logits.shape[2:]):
        raise ValueError(
            f"logits {tuple(logits.shape)} and labels {tuple(labels.shape)} do not fit; "
            "a segmenter must return (N, K, H, W) at the size of its input"
        )
    total = F.cross_entropy(
        logits, labels, weight=class_weights, ignore_index=IGNORED, reduction="sum"
    )
    if class_weights is None:
        norm = (labels != IGNORED).sum().to(total)  # counted where they are: no GPU is waited for
    else:
        norm = class_weights[labels[labels != IGNORED]].sum()
    return total / torch.where(norm > 0, norm, torch.ones_like(norm))


class CrossEntropyLoss(Looking, Loss):
    """A built `CrossEntropy`: a frozen segmenter, through which the gradient reaches the image."""

    def __init__(self, spec: CrossEntropy, resources: Resources):
        super().__init__()
        self.segmenter = resources.frozen(spec.segmenter)

    def train(self, mode: bool = True) -> CrossEntropyLoss:
        """Stays in eval mode: the segmenter's batch statistics must not follow the denoiser."""
        return super().train(False)

    def forward(self, pred: Tensor, target: Tensor, **needs: Tensor) -> Tensor:
        """The loss, 0-d. `pred` are images, (N, 3, H, W); `target` is not used."""
        return cross_entropy(in_chunks(self.segmenter, self.chunk, pred), needs["labels"])


class SegmentationLoss(Loss):
    """A built `Segmentation`, for a segmenter in training."""

    class_weights: Tensor | None

    def __init__(self, spec: Segmentation, resources: Resources):
        super().__init__()
        weights = None
        if spec.class_weights is not None:
            weights = torch.tensor(spec.class_weights, device=resources.device)
        # Declared in the term, so not part of a checkpoint.
        self.register_buffer("class_weights", weights, persistent=False)

    def forward(self, pred: Tensor, target: Tensor, **needs: Tensor) -> Tensor:
        """The loss, 0-d. `pred` are logits, (N, K, H, W); `target` are labels, (N, H, W)."""
        return cross_entropy(pred, target, self.class_weights)


@dataclass(frozen=True)
class CrossEntropy(Term):
    """Cross-entropy of a segmenter's prediction on `pred` against the labels; 255 is ignored.

    segmenter: a declared network that maps images to logits; it is frozen.
    """

    segmenter: Any

    symbol: ClassVar[str] = "L_CrossEntropy"
    needs: ClassVar[tuple[str, ...]] = ("labels",)

    def build(self, resources: Resources) -> Loss:
        """Make the loss; `resources` provides the segmenter with its weights."""
        return CrossEntropyLoss(self, resources)


@dataclass(frozen=True)
class Segmentation(Term):
    """Cross-entropy for training a judge: `pred` are logits, `target` are labels; 255 is ignored.

    class_weights: one per class, such as `CITYSCAPES_CLASS_WEIGHTS`; all equal if None.
    """

    class_weights: tuple[float, ...] | None = None

    symbol: ClassVar[str] = "L_Segmentation"

    def build(self, resources: Resources) -> Loss:
        """Make the loss, which has no trainable state."""
        return SegmentationLoss(self, resources)
