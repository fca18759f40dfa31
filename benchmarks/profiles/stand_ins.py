"""Embedded data of the same kind for every data set that must be downloaded."""

from __future__ import annotations

from typing import Any

from benchmarks.declare.errors import DeclarationError
from datasets.cityscapes import Cityscapes
from datasets.crops import RandomCrops
from datasets.div2k import DIV2K
from datasets.embedded.depth_layout import Kind
from datasets.embedded.depth_scenes import DepthScenes
from datasets.embedded.haze_photographs import EmbeddedIHaze, EmbeddedOHaze
from datasets.embedded.photographs import Photographs
from datasets.embedded.procedural_faces import EmbeddedCelebA, EmbeddedHelen
from datasets.embedded.street_scenes import StreetScenes
from datasets.faces import CelebA, Helen
from datasets.flickr2k import Flickr2K
from datasets.folders import (
    BSD100,
    CBSD68,
    LIVE1,
    BSDS500Val,
    Kodak24,
    McMaster,
    Set5,
    Set14,
    Urban100,
)
from datasets.haze_pairs import IHaze, OHaze
from datasets.nyu_haze import NYU2Haze
from datasets.nyuv2 import NYUv2
from datasets.reside import RESIDE
from datasets.together import Together

EMBEDDED = (
    Photographs,
    StreetScenes,
    DepthScenes,
    EmbeddedIHaze,
    EmbeddedOHaze,
    EmbeddedCelebA,
    EmbeddedHelen,
)


def _crops(size: int, seed: int) -> RandomCrops:
    """Parts of the test photographs; each seed gives others, so that columns differ."""
    return RandomCrops(Photographs("val"), count=3, size=size, seed=seed)


def _scenes(kind: Kind) -> DepthScenes:
    return DepthScenes(kind, "train", count=16, height=128, width=160)


STAND_INS: dict[Any, Any] = {
    Cityscapes("train"): StreetScenes("train", count=48, height=128, width=256),
    Cityscapes("val"): StreetScenes("val", count=4, height=128, width=256),
    DIV2K("train"): Photographs("train"),
    DIV2K("valid"): _crops(192, seed=0),  # MS-SSIM and NIQE need 192
    Together((DIV2K("train"), Flickr2K(first=2500))): Photographs("train"),
    Set5(): _crops(128, seed=1),
    Set14(): _crops(128, seed=2),
    BSD100(): _crops(128, seed=3),
    Urban100(): _crops(128, seed=4),
    Kodak24(): _crops(96, seed=5),
    CBSD68(): _crops(96, seed=6),
    McMaster(): _crops(96, seed=7),
    LIVE1(): _crops(96, seed=8),
    BSDS500Val(): _crops(96, seed=9),
    IHaze("train"): EmbeddedIHaze("train"),
    IHaze("test"): EmbeddedIHaze("test"),
    OHaze("train"): EmbeddedOHaze("train"),
    OHaze("test"): EmbeddedOHaze("test"),
    # Networks that learn from indoor haze alone are tested on photographs of both kinds.
    RESIDE("ITS"): Together((EmbeddedIHaze("train"), EmbeddedOHaze("train"))),
    RESIDE("OTS"): EmbeddedOHaze("train"),
    NYU2Haze("train"): EmbeddedIHaze("train"),
    NYU2Haze("test"): EmbeddedIHaze("test"),
    NYUv2("all"): Together((_scenes("indoor"), _scenes("outdoor"))),
    CelebA("train"): EmbeddedCelebA("train"),
    CelebA("test"): EmbeddedCelebA("test"),
    Helen("train"): EmbeddedHelen("train"),
    Helen("test"): EmbeddedHelen("test"),
}


def stand_in(data: Any) -> Any:
    """The embedded data that takes the place of a data set; itself where it is embedded.

    Data made of other data, such as crops, is itself as well, unless it has a stand-in as a whole:
    what it is made of is replaced.

    Raises:
        DeclarationError: there is none; the message says what to add.
    """
    if data in STAND_INS:
        return STAND_INS[data]
    if isinstance(data, (*EMBEDDED, Together)) or hasattr(data, "data"):
        return data
    raise DeclarationError(
        f"nothing stands in for {data!r}: add `{data!r}: ...` to STAND_INS in {__file__}"
    )
