"""Test sets that are one flat folder of colour PNG files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from datasets.decoding import size_of
from datasets.image_files import ImageFiles
from datasets.images import DataError, Images, Places


@dataclass(frozen=True)
class CBSD68:
    """The 68 colour test images of the Berkeley segmentation data set, 481x321 or 321x481.

    Roth, Black: Fields of Experts (2009) chose them; as PNG in cszn/FFDNet, testsets/CBSD68.
    STFT calls the set BSD68.
    """

    provides_labels: ClassVar[bool] = False
    revision: ClassVar[int] = 1

    def open(self, places: Places) -> Images:
        """Raises DataError for a missing folder, a wrong size, or more than 68 images."""
        source = "CBSD68 is 68 colour PNG files, in cszn/FFDNet under testsets/CBSD68."
        folder = places.folder("cbsd68", source)
        return _open(folder, places, 68, ((481, 321), (321, 481)), source)


@dataclass(frozen=True)
class Kodak24:
    """The 24 Kodak images as the FFDNet tables use them: their 500x500 centre crops.

    The crops are in cszn/FFDNet, testsets/Kodak24. Published CNN denoising figures on "Kodak24" are
    on these; the 768x512 originals give other figures and are refused.
    """

    provides_labels: ClassVar[bool] = False
    revision: ClassVar[int] = 1

    def open(self, places: Places) -> Images:
        """Raises DataError for a missing folder, images of another size, or more than 24."""
        source = (
            "Kodak24 is 24 PNG files, kodim01.png to kodim24.png, each the 500x500 centre crop of "
            "the original, in cszn/FFDNet under testsets/Kodak24."
        )
        folder = places.folder("kodak24", source)
        return _open(folder, places, 24, ((500, 500),), source)


def _open(
    folder: Path, places: Places, expected: int, sizes: tuple[tuple[int, int], ...], source: str
) -> ImageFiles:
    """The folder's PNG files by name, each of one of the `sizes` (width, height)."""
    paths = sorted(folder.glob("*.png"))
    if not paths:
        raise DataError(f"there is no PNG file in {folder}. {source}")
    if len(paths) > expected:
        raise DataError(
            f"{folder} has {len(paths)} PNG files, but the set has {expected}. "
            f"Remove what does not belong there. {source}"
        )
    for path in paths:
        size = size_of(path)
        if size not in sizes:
            wanted = " or ".join(f"{w}x{h}" for w, h in sizes)
            raise DataError(f"{path} is {size[0]}x{size[1]}, not {wanted}. {source}")
    return ImageFiles(paths, [p.stem for p in paths], folder, places, expected)
