"""Depth in the image's own unit: a share of the largest depth that the image has.

Haze over an image is exp(-beta depth), and papers differ in the unit of depth. In metres, an indoor
scene with beta up to 1.6 is lost in haze, while AOD-Net reaches about 20 dB on its set with such
beta; hezhangsprinter/DCPDN divides by the largest depth of the image, and so does `RelativeDepth`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from datasets.changed_images import ChangedImages
from datasets.crops import RandomCrops
from datasets.depth import check_depth
from datasets.images import DataError, DataPaths, DataSet, Entries, Images


def is_relative(data: DataSet) -> bool:
    """Whether the depth of a set, or of what it is made of, is that of `RelativeDepth`."""
    parts = getattr(data, "sets", None) or [getattr(data, "data", None)]
    return isinstance(data, RelativeDepth) or all(p is not None and is_relative(p) for p in parts)


@dataclass(frozen=True)
class RelativeDepth:
    """A data set with depth as a share of the largest depth of its whole image, in [0, 1].

    The whole image, because a crop of it must keep the haze that it has as part of the image: crops
    are taken of relative depth, never the other way round.

    data: images with depth, in any unit.
    """

    data: DataSet

    revision: ClassVar[int] = 1

    def __post_init__(self) -> None:
        if "depth" not in self.data.provides:
            raise ValueError(
                f"{self.data!r} has no depth; take a set with it, such as NYUv2('train')"
            )
        if isinstance(self.data, RandomCrops):
            raise ValueError(
                "the depth of a crop would be divided by that of the crop, not of its image; "
                f"declare RandomCrops(RelativeDepth({self.data.data!r}), ...)"
            )

    @property
    def provides(self) -> tuple[str, ...]:
        """The entries of the images."""
        return self.data.provides

    def open(self, data_paths: DataPaths) -> Images:
        """Raises DataError if the images cannot be opened."""
        return ImagesOfRelativeDepth(self.data.open(data_paths))


class ImagesOfRelativeDepth(ChangedImages):
    """Opened images that differ from those of their set in "depth" alone."""

    def entries(self, i: int) -> Entries:
        """Every entry of image `i`, with depth (H, W) float32 in [0, 1].

        Raises:
            DataError: as of the set, or depth is no distance somewhere, or 0 everywhere.
        """
        entries = self.images.entries(i)
        depth = entries["depth"]
        check_depth(depth, self.where(i))
        farthest = depth.max()
        if farthest == 0:
            raise DataError(
                f"the depth of {self.where(i)} is 0 everywhere, so that it has no largest one. "
                "Take the set's original file."
            )
        return entries | {"depth": depth / farthest}
