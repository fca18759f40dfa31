"""How far networks look that change the size by strided and transposed convolutions.

Followed backwards as intervals of rows, since a stride reaches further on one side than on the
other. See `baselines.receptive_field`, which knows networks without such layers.
"""

from __future__ import annotations

from torch import nn

from baselines.receptive_field import ReceptiveField

# Layers after which a pixel depends on no other pixel than before; in evaluation mode.
_POINTWISE = (nn.ReLU, nn.LeakyReLU, nn.Tanh, nn.Dropout, nn.BatchNorm2d)


def rows_into(module: nn.Module, rows: range) -> range:
    """The rows of a module's input that some successive rows of its output depend on.

    Args:
        module: its layers follow each other in the order of declaration. Shortcuts past layers
            change nothing as long as these lead back to the size that they came from.
        rows: of the output; negative numbers lie before the image's part that one looks at.

    Raises:
        ValueError: a layer is of no kind whose reach is known here.
    """
    for layer in reversed(list(module.modules())):
        if next(layer.children(), None) is not None or isinstance(layer, _POINTWISE):
            continue
        if not isinstance(layer, nn.Conv2d | nn.ConvTranspose2d) or layer.padding_mode != "zeros":
            raise ValueError(f"nothing is known about the reach of {layer}")
        stride, before = layer.stride[0], int(layer.padding[0])
        after = layer.dilation[0] * (layer.kernel_size[0] - 1) - before
        first, last = rows[0], rows[-1]
        if isinstance(layer, nn.Conv2d):
            rows = range(stride * first - before, stride * last + after + 1)
        else:  # input row x is spread over stride * x - before to stride * x + after
            rows = range(-(-(first - after) // stride), (last + before) // stride + 1)
    return rows


def united(a: range, b: range) -> range:
    """The rows from the first to the last of both."""
    return range(min(a.start, b.start), max(a.stop, b.stop))


def field_of(rows: range, multiple: int) -> ReceptiveField:
    """The receptive field of a network whose output rows 0 to multiple - 1 depend on `rows`.

    Args:
        multiple: of the rows that the network accepts, by which its output repeats itself when the
            image is moved.
    """
    reach = max(-rows.start, rows.stop - multiple)
    return ReceptiveField(multiple * -(-reach // multiple), multiple)
