"""What the tests of EDSR, RCAN and their autoencoders share."""

from __future__ import annotations

import torch
from network_checks import revived
from torch import Tensor, nn

MEAN = torch.tensor([0.4488, 0.4371, 0.4040])


def mean_shifts() -> dict[str, Tensor]:
    """The fixed layers of the official checkpoints, for grey levels 0..255."""
    state = {}
    for name, sign in (("sub_mean", -1), ("add_mean", 1)):
        state[f"{name}.weight"] = torch.eye(3).view(3, 3, 1, 1)
        state[f"{name}.bias"] = sign * 255 * MEAN
    return state


def drawn_in_turn(network: nn.Module) -> list[tuple[Tensor, Tensor]]:
    """The kernel of each convolution, and that of a new one, drawn in the order of declaration from
    seed 0."""
    torch.manual_seed(0)
    return [
        (layer.weight, nn.Conv2d(layer.in_channels, layer.out_channels, layer.kernel_size).weight)
        for layer in network.modules()
        if isinstance(layer, nn.Conv2d)
    ]


def revived_with_attention(network: nn.Module) -> nn.Module:
    """`revived` for RCAN, whose features grow from block to block: their means times He weights are
    attentions of 0 or 1 exactly, which no gradient passes."""
    network = revived(network)
    for name, parameter in network.named_parameters():
        if name.endswith("conv_du.0.weight"):
            parameter.data.mul_(1e-6)
        elif name.endswith("conv_du.0.bias"):
            parameter.data.fill_(0.5)
    return network
