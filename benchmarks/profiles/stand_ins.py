"""Embedded data of the same kind for every data set that must be downloaded."""

from __future__ import annotations

from typing import Any

from benchmarks.declare.errors import DeclarationError
from datasets.cityscapes import Cityscapes
from datasets.crops import RandomCrops
from datasets.div2k import DIV2K
from datasets.embedded.photographs import Photographs
from datasets.embedded.street_scenes import StreetScenes

EMBEDDED = (Photographs, StreetScenes)

STAND_INS: dict[Any, Any] = {
    Cityscapes("train"): StreetScenes("train", count=48, height=128, width=256),
    Cityscapes("val"): StreetScenes("val", count=4, height=128, width=256),
    DIV2K("train"): Photographs("train"),
    DIV2K("valid"): RandomCrops(Photographs("val"), count=3, size=192),  # MS-SSIM, NIQE need 192
}


def stand_in(data: Any) -> Any:
    """The embedded data that takes the place of a data set; itself where it is embedded.

    Data made of other data, such as crops, is itself as well: what it is made of is replaced.

    Raises:
        DeclarationError: there is none; the message says what to add.
    """
    if isinstance(data, EMBEDDED) or hasattr(data, "data"):
        return data
    if data not in STAND_INS:
        raise DeclarationError(
            f"nothing stands in for {data!r}: add `{data!r}: ...` to STAND_INS in {__file__}"
        )
    return STAND_INS[data]
