"""Distances between the features of two networks: the six of STFT's Figure 4.

Chen et al.: Enhanced Image Restoration via Supervised Target Feature Transfer, Sec. 3.3. The paper
takes L_2 in its tables and names the others by their sources, without formulae or weights:

- focal: Tan, Yan, Bare: Feature Super-Resolution (CVPR 2018), a pixel-wise loss that weighs a
  sample by the size of its own error, with exponent 2;
- inner products and KL: Liu et al., Structured Knowledge Distillation (CVPR 2019), its pair-wise
  and its pixel-wise loss; official code irfanICMLL/structure_knowledge_distillation;
- MMD with polynomial kernel: Huang, Wang, Neuron Selectivity Transfer (2017), Sec. 3.2; official
  code TuSimple/neuron-selectivity-transfer, with d = 2 and c = 0.

All are means over the batch and, where they compare pixel by pixel, over channels and positions: a
weight means the same for every crop and layer. All are zero where the features are equal,
and have no gradient in the target. L_1 and L_2 are those of images.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from losses.l1 import l1
from losses.l2 import l2

Distance = Callable[[Tensor, Tensor], Tensor]


def focal(pred: Tensor, target: Tensor, exponent: float = 2.0) -> Tensor:
    """Each sample's mean squared difference to a power, averaged over samples, 0-d.

    The power is of the squared norm and not of the norm itself, whose square would be L_2 again
    and could not behave otherwise, as it does in STFT's figure.

    Args:
        pred, target: features, (N, C, H, W).
        exponent: 1 is L_2.
    """
    per_sample = (pred - target.detach()).square().flatten(1).mean(1)  # (N,)
    return per_sample.pow(exponent).mean()


def inner_products(pred: Tensor, target: Tensor, nodes: int = 2) -> Tensor:
    """Mean squared difference between the similarities of an image's regions, 0-d.

    Features are max-pooled to nodes x nodes regions (the official scale of 0.5 leaves two by two);
    a similarity is the cosine of two regions' features. The norm is a constant of the gradient, as
    in the official code.

    Args:
        pred, target: features, (N, C, H, W), H and W at least `nodes`.
    """
    return (_similarities(pred, nodes) - _similarities(target.detach(), nodes)).square().mean()


def _similarities(features: Tensor, nodes: int) -> Tensor:
    """(N, C, H, W) -> cosines between regions, (N, nodes^2, nodes^2)."""
    height, width = features.shape[-2:]
    cell = (height // nodes, width // nodes)
    pooled = F.max_pool2d(features, cell, cell)[..., :nodes, :nodes].flatten(2)  # (N, C, nodes^2)
    norm = pooled.detach().square().sum(1, keepdim=True).sqrt() + 1e-8
    unit = pooled / norm
    return unit.transpose(1, 2) @ unit


def kl(pred: Tensor, target: Tensor) -> Tensor:
    """KL divergence of the target's channels from the prediction's at every position, 0-d.

    Channels are made probabilities by softmax. The official loss is the cross-entropy, which is
    this plus a constant of the target.

    Args:
        pred, target: features, (N, C, H, W).
    """
    log_pred, log_target = F.log_softmax(pred, dim=1), F.log_softmax(target.detach(), dim=1)
    return (log_target.exp() * (log_target - log_pred)).sum(1).mean()


def mmd(pred: Tensor, target: Tensor, power: int = 2, constant: float = 0.0) -> Tensor:
    """Squared maximum mean discrepancy between the channels' activation patterns, 0-d.

    A sample is a channel, its activations over all positions made a unit vector; the kernel is
    (x . y + constant)^power.

    Args:
        pred, target: features, (N, C, H, W); numbers of channels may differ.
    """
    # (N, C, H*W) each
    x, y = (F.normalize(features.flatten(2), dim=2) for features in (pred, target.detach()))

    def kernel(a: Tensor, b: Tensor) -> Tensor:
        return ((a @ b.transpose(1, 2)) + constant).pow(power).mean((1, 2))

    return (kernel(x, x) - 2 * kernel(x, y) + kernel(y, y)).mean()


DISTANCES: dict[str, Distance] = {
    "l2": l2,
    "l1": l1,
    "focal": focal,
    "inner_products": inner_products,
    "kl": kl,
    "mmd": mmd,
}


def check_supervised(features: Sequence[str], distance: str) -> None:
    """Raises ValueError where no layer is declared to be compared, or no such distance is known."""
    if not features:
        raise ValueError("name at least one output of the restoring network that is supervised")
    if distance not in DISTANCES:
        raise ValueError(f"distance must be one of {', '.join(DISTANCES)}, not {distance!r}")


def over_layers(
    name: str,
    layers: Sequence[str],
    pred: Sequence[Tensor],
    target: Sequence[Tensor],
    unit: float = 1.0,
) -> Tensor:
    """A distance summed over layers, which correspond in their order, 0-d.

    Args:
        name: of the distance. layers: what `pred`'s are called, for the message.
        pred, target: features of both networks, each (N, C, H, W).
        unit: what features are divided by before they are compared.
    Raises:
        ValueError: the networks have other numbers of layers, or features of another size.
    """
    for found in (pred, target):
        if len(found) != len(layers):
            raise ValueError(
                f"a network gives {len(found)} features beside its image, but {len(layers)} of the "
                f"restorer are supervised: {', '.join(layers)}"
            )
    values = []
    for layer, a, b in zip(layers, pred, target, strict=True):
        if a.shape != b.shape:
            raise ValueError(
                f"{layer} is {tuple(a.shape)} in one network and {tuple(b.shape)} in the other: "
                "supervised features must have one size (STFT, Sec. 2.2)"
            )
        values.append(DISTANCES[name](a / unit, b / unit))
    return torch.stack(values).sum()
