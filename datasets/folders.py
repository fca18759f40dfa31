"""Sets that are flat folders of photographs: those that papers test on, and any others.

The files of the former are listed, see `datasets.listed`, and their docstrings name the works that
brought them into use. The repositories that they are taken from are other people's copies, which
later work tests on.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import ClassVar

from datasets.decoding import size_of
from datasets.image_files import ImageFiles
from datasets.images import DataError, DataPaths, Images
from datasets.listed import ListedSet

_BERKELEY = "for non-commercial research alone"


@dataclass(frozen=True)
class CBSD68(ListedSet):
    """The 68 colour test images of the Berkeley segmentation data set, 481x321 or 321x481.

    Roth, Black: Fields of Experts (2009) chose them; as PNG in cszn/FFDNet, testsets/CBSD68.
    STFT calls the set BSD68.
    """

    place: ClassVar[str] = "cbsd68"
    what: ClassVar[str] = "68 colour PNG files"
    terms: ClassVar[str] = _BERKELEY
    sizes: ClassVar[tuple[tuple[int, int], ...]] = ((481, 321), (321, 481))


@dataclass(frozen=True)
class Kodak24(ListedSet):
    """The 24 Kodak images as the FFDNet tables use them: their 500x500 centre crops.

    The crops are in cszn/FFDNet, testsets/Kodak24. Published CNN denoising figures on "Kodak24" are
    on these; the 768x512 originals give other figures and are refused.
    """

    place: ClassVar[str] = "kodak24"
    what: ClassVar[str] = (
        "24 PNG files, kodim01.png to kodim24.png, each the 500x500 centre crop of the original"
    )
    terms: ClassVar[str] = "free for electronic imaging, with credit to the photographer"
    sizes: ClassVar[tuple[tuple[int, int], ...]] = ((500, 500),)


@dataclass(frozen=True)
class McMaster(ListedSet):
    """The 18 images of McMaster University, 500x500, sharp and of strong colours.

    Zhang, Wu, Buades, Li: Color demosaicking by local directional interpolation and nonlocal
    adaptive thresholding (2011).
    """

    place: ClassVar[str] = "mcmaster"
    what: ClassVar[str] = "18 TIFF files, 1.tif to 18.tif"


@dataclass(frozen=True)
class Set5(ListedSet):
    """Five images, 228 to 512 pixels wide, on which super-resolution is tested.

    Bevilacqua et al.: Low-complexity single-image super-resolution based on nonnegative neighbor
    embedding (BMVC 2012).
    """

    place: ClassVar[str] = "set5"
    what: ClassVar[str] = "5 BMP files that end in _GT.bmp"


@dataclass(frozen=True)
class Set14(ListedSet):
    """Fourteen images, 250 to 768 pixels wide, two of them (bridge, man) grey.

    Zeyde, Elad, Protter: On single image scale-up using sparse-representations (2010).
    """

    place: ClassVar[str] = "set14"
    what: ClassVar[str] = "14 BMP files, baboon.bmp to zebra.bmp"
    grey: ClassVar[tuple[str, ...]] = ("bridge", "man")


@dataclass(frozen=True)
class BSD100(ListedSet):
    """The 100 test images of the Berkeley segmentation data set, cut to multiples of 4: B100.

    Timofte, De Smet, Van Gool (ACCV 2014) brought them to super-resolution. 68 of the scenes are
    those of `CBSD68`: nothing must be trained on one and tested on the other.
    """

    place: ClassVar[str] = "bsd100"
    what: ClassVar[str] = "100 PNG files, img_001_SRF_4_HR.png to img_100_SRF_4_HR.png"
    terms: ClassVar[str] = _BERKELEY


@dataclass(frozen=True)
class Urban100(ListedSet):
    """100 photographs of buildings, about a megapixel each, cut to multiples of 4.

    Huang, Singh, Ahuja: Single image super-resolution from transformed self-exemplars (CVPR 2015).
    The authors' repository has them twice: those called SRF_2 are of half the size.
    """

    place: ClassVar[str] = "urban100"
    what: ClassVar[str] = "100 PNG files, img_001_SRF_4_HR.png to img_100_SRF_4_HR.png"


@dataclass(frozen=True)
class LIVE1(ListedSet):
    """The 29 reference images of the LIVE image quality database, 480 to 768 pixels wide.

    Sheikh, Sabir, Bovik (2006). 19 of the scenes are Kodak's.
    """

    place: ClassVar[str] = "live1"
    what: ClassVar[str] = "29 BMP files, bikes.bmp to womanhat.bmp"
    terms: ClassVar[str] = "may be copied with LIVE's notice; nine of the pictures are restricted"


@dataclass(frozen=True)
class Classic5(ListedSet):
    """Five grey images of 512x512 pixels, on which the removal of JPEG artefacts is tested.

    Dong, Deng, Loy, Tang: Compression artifacts reduction by a deep convolutional network (2015).
    """

    place: ClassVar[str] = "classic5"
    what: ClassVar[str] = "5 grey BMP files"
    grey: ClassVar[tuple[str, ...]] = ("baboon", "barbara", "boats", "lena", "peppers")


@dataclass(frozen=True)
class BSDS500Val(ListedSet):
    """The 100 validation images of BSDS500, 481x321 or 321x481, themselves compressed as JPEG.

    Arbelaez, Maire, Fowlkes, Malik: Contour detection and hierarchical image segmentation (2011).
    STFT calls them BSD500 val. All scenes of `CBSD68` are among them.
    """

    place: ClassVar[str] = "bsds500/val"
    what: ClassVar[str] = "100 JPEG files"
    terms: ClassVar[str] = _BERKELEY


_PHOTOGRAPHS = (".png", ".jpg", ".jpeg")


@dataclass(frozen=True)
class PhotographFolders:
    """Whatever colour photographs lie in some folders below the data root: a stand-in set.

    All PNG and JPEG files, folder by folder and by name; other files are passed over. An image's
    name is folder/file. There is no official size.

    names: the folders, such as ("bsd100", "urban100").
    """

    names: tuple[str, ...]

    provides: ClassVar[tuple[str, ...]] = ("image",)
    revision: ClassVar[int] = 1

    def __post_init__(self) -> None:
        if isinstance(self.names, str) or not self.names:
            raise ValueError(f"names must be a tuple of folder names, not {self.names!r}")
        folders = list(map(PurePosixPath, self.names))
        for name, folder in zip(self.names, folders, strict=True):
            if not folder.parts or folder.is_absolute() or ".." in folder.parts:
                raise ValueError(f"{name!r} is no folder below the data root, such as 'bsd100'")
        if len(set(folders)) < len(folders):
            raise ValueError(f"a folder is named twice in {' '.join(self.names)}")

    def open(self, data_paths: DataPaths) -> Images:
        """Raises DataError for a missing or empty folder, and for a file that is no image.

        A grey image, or one damaged beyond its header, is refused when it is first read.
        """
        paths: list[Path] = []
        names: list[str] = []
        for name in self.names:
            source = "It may hold any colour photographs, as PNG or JPEG files."
            folder = data_paths.folder(name, source)
            found = sorted(p for p in folder.iterdir() if p.suffix.lower() in _PHOTOGRAPHS)
            if not found:
                raise DataError(f"there is no PNG or JPEG file in {folder}. {source}")
            for path in found:
                size_of(path)
            paths += found
            names += [f"{name}/{path.name}" for path in found]
        assert data_paths.root is not None  # data_paths.folder has seen to it
        return ImageFiles(paths, names, data_paths.root, data_paths, None)
