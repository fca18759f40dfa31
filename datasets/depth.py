"""Depth as data sets give it: a distance in every pixel, with holes filled from beside them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from datasets.images import DataError

Depth = NDArray[np.float32]


def check_depth(depth: NDArray[Any], of: str) -> None:
    """See that depth is a distance everywhere.

    Args:
        depth: any shape, in any unit.
        of: the image, for the message.
    Raises:
        DataError: a value is not finite, or negative.
    """
    for wrong, what in ((~np.isfinite(depth), "not finite"), (depth < 0, "negative")):
        if wrong.any():
            raise DataError(
                f"the depth of {of} is {what} in {np.count_nonzero(wrong)} of {wrong.size} pixels "
                f"(such as {depth[wrong][0]}). Take the set's original file, or mark what was not "
                "measured as a hole and fill it (datasets.depth.filled)."
            )


def filled(depth: NDArray[Any], measured: NDArray[np.bool_], of: str) -> Depth:
    """Depth with every hole given the value of the nearest measured pixel.

    Args:
        depth: (H, W); what it holds where nothing was measured does not matter.
        measured: (H, W), False for holes.
        of: the image, for the message.
    Returns:
        (H, W) float32.
    Raises:
        DataError: nothing was measured, or what was is no distance.
    """
    from scipy.ndimage import distance_transform_edt

    if not measured.any():
        raise DataError(f"the depth of {of} has nothing but holes. Take the set's original file.")
    check_depth(depth[measured], of)
    nearest = distance_transform_edt(~measured, return_distances=False, return_indices=True)
    return depth[tuple(nearest)].astype(np.float32)
