"""AOD-Net's training set: NYUv2 under computed haze, 27,256 pairs of 640x480 pixels.

Li, Peng, Wang, Xu, Feng: AOD-Net: All-in-One Dehazing Network (ICCV 2017). Every scene has up to 21
hazy images, of seven scattering coefficients by three airlights. STFT, Table 1(b), trains on 25,000
pairs and tests on the 2,256 that remain; which ones, it does not say. See `NYU2Haze`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from datasets.images import DataError, DataPaths, Images
from datasets.photograph_pairs import Pair, PhotographPairs, partnered, photographs_in
from datasets.source_words import in_words
from datasets.sources import Folder, Source

_COUNTS = {"train": 25_000, "test": 2_256}
_WHOLE = sum(_COUNTS.values())

_NAME = re.compile(r"NYU2_(\d+)_(\d+)_(\d+)")

_FOLDERS = Source(
    "NYU2Haze",
    (
        Folder("nyu2_haze/images", names=r"NYU2_\d+\.jpg"),
        Folder("nyu2_haze/data", names=rf"{_NAME.pattern}\.jpg", count=_WHOLE),
    ),
    "stated nowhere that was found; made of NYU Depth v2",
    (
        "The page of AOD-Net's authors links its training set: "
        "https://sites.google.com/site/boyilics/website-builder/project-page.",
        "Unpack the clear photographs into DIR/nyu2_haze/images and the hazy ones into "
        "DIR/nyu2_haze/data.",
    ),
)
_SOURCE = (
    "AOD-Net's training set is images/NYU2_I.jpg, the clear photographs, and data/NYU2_I_J_K.jpg, "
    f"the hazy ones, as MayankSingal/PyTorch-Image-Dehazing names them. {in_words(_FOLDERS)}"
)


@dataclass(frozen=True)
class NYU2Haze:
    """The pairs in the order of their numbers, scene by scene; the last 2,256 are the test set.

    Two of one scene must not be on both sides: what the first scene of the test set has among the
    pairs before is left out of training, which so has up to 20 pairs fewer than 25,000. Where pairs
    are missing, the test set is the same share of those that there are, and `unofficial` says so.

    Files are known by name and number alone, not by digest. An image's name is such as NYU2_1_1_2.
    """

    split: Literal["train", "test"]

    provides: ClassVar[tuple[str, ...]] = ("image", "hazy")
    revision: ClassVar[int] = 1

    def __post_init__(self) -> None:
        if self.split not in _COUNTS:
            raise ValueError(f"NYU2Haze has the splits 'train' and 'test', not {self.split!r}")

    def sources(self) -> tuple[Source, ...]:
        """The folders of both splits."""
        return (_FOLDERS,)

    def open(self, data_paths: DataPaths) -> Images:
        """Find the pairs of the split.

        Raises:
            DataError: a folder or all pairs are missing, too few scenes are there to have both
                splits, a file has another name, or a hazy photograph has no clear one.
        """
        root = data_paths.folder("nyu2_haze", _SOURCE)
        numbered = {path: _numbers(path) for path in photographs_in(root / "data", _SOURCE)}
        hazy = sorted(numbered, key=lambda path: (numbered[path], path.name))
        clear = photographs_in(root / "images", _SOURCE)
        pairs = partnered(hazy, clear, root / "images", _scene, _SOURCE)
        if len(pairs) > _WHOLE:
            raise DataError(
                f"{root / 'data'} holds {len(pairs)} hazy photographs, more than the {_WHOLE} of "
                f"the training set. Remove those of AOD-Net's test set. {_SOURCE}"
            )
        images = PhotographPairs(
            _part(pairs, self.split, root), root, data_paths, _COUNTS[self.split]
        )
        if len(pairs) < _WHOLE:
            images.unofficial = (
                f"{len(pairs)} of the {_WHOLE} pairs of NYU2Haze are there, and the same share of "
                "them as of all is the test set"
            )
        return images


def _part(pairs: list[Pair], split: str, root: Path) -> list[Pair]:
    """One side of the division; see `NYU2Haze`."""
    first = len(pairs) - max(1, round(len(pairs) * _COUNTS["test"] / _WHOLE))
    if split == "test":
        return pairs[first:]
    tested = _scene(pairs[first].name)
    train = [pair for pair in pairs[:first] if _scene(pair.name) != tested]
    if not train:
        raise DataError(
            f"{root / 'data'} has hazy photographs of one scene alone, which would be in both "
            f"splits. Add others. {_SOURCE}"
        )
    return train


def _numbers(path: Path) -> tuple[int, ...]:
    """Scene and variant of a hazy photograph."""
    name = _NAME.fullmatch(path.stem)
    if name is None:
        raise DataError(
            f"{path} is no hazy photograph of the set, such as NYU2_1_1_2.jpg. Remove what does "
            f"not belong there. {_SOURCE}"
        )
    return tuple(map(int, name.groups()))


def _scene(stem: str) -> str:
    """The name of the clear photograph of a hazy one, both without suffix."""
    return "_".join(stem.split("_")[:2])
