"""A network on one image of any size."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn

from benchmarks.engine.network_outputs import network_outputs
from benchmarks.metrics.strips import STRIP, WHOLE


def restored(network: nn.Module, entries: dict[str, Tensor]) -> Tensor:
    """Restore one image: the network's first output, "pred".

    An image with more than `WHOLE` pixels of output goes through in strips of rows where the
    network has a `receptive_field`. Each strip has the halo that its output depends on, or ends
    where the image ends, so that padding is that of the whole: the results differ by rounding
    (less than 1e-6 in [0, 1]), if at all.

    Args:
        entries: those that the network names, (1, C, H, W), or (1,) for a number of the image.

    Returns:
        (1, C, scale * H, scale * W), C as the network gives it.
    """
    height, width = entries[cast(Any, network).inputs[0]].shape[-2:]
    field = getattr(network, "receptive_field", None)
    if field is None or height * width * field.scale**2 <= WHOLE:
        return network_outputs(network, entries)["pred"]
    rows = max(STRIP // (width * field.scale**2), field.halo, 1) // field.multiple * field.multiple
    pred = torch.empty(0)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        first, last = max(top - field.halo, 0), min(bottom + field.halo, height)
        part = {
            name: value[..., first:last, :] if value.shape[-2:] == (height, width) else value
            for name, value in entries.items()
        }
        strip = network_outputs(network, part)["pred"]
        if not top:
            pred = strip.new_empty(*strip.shape[:2], field.scale * height, strip.shape[-1])
        inside = slice(field.scale * (top - first), field.scale * (bottom - first))
        pred[..., field.scale * top : field.scale * bottom, :] = strip[..., inside, :]
    return pred
