"""Rooms and landscapes that are computed, not downloaded: pictures with exact depth.

They stand in for NYUv2 and for photographed haze where a suite must run without them: from exact
depth follow exact transmission and airlight. A scene depends on (seed, split, index) and its kind
alone; its layout is the same at any resolution.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import ClassVar, Literal, get_args

from datasets.depth import Depth
from datasets.embedded.computed import computed_manifest
from datasets.embedded.depth_layout import Kind, depth_scene
from datasets.images import DataPaths, Entries, Images, Pixels

_SPLITS = {"train": 0, "val": 1}


@dataclass(frozen=True)
class DepthScenes:
    """Procedural scenes with depth in metres.

    kind: "indoor", up to 8 metres deep, or "outdoor", up to 120.
    split: "train" and "val" share no scene.
    count: how many scenes.
    height, width: size in pixels.
    seed: another seed, other scenes.
    """

    kind: Kind
    split: Literal["train", "val"]
    count: int
    height: int
    width: int
    seed: int = 0

    provides: ClassVar[tuple[str, ...]] = ("image", "depth")
    revision: ClassVar[int] = 1

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"DepthScenes are 'indoor' or 'outdoor', not {self.kind!r}")
        if self.split not in _SPLITS:
            raise ValueError(f"DepthScenes has the splits 'train' and 'val', not {self.split!r}")
        if min(self.count, self.height, self.width) < 1 or self.seed < 0:
            raise ValueError(f"count and size must be at least 1 and seed not negative: {self!r}")

    def open(self, data_paths: DataPaths) -> Images:
        """Needs no file: each scene is computed when it is first asked for."""
        return DepthSceneImages(self)


class DepthSceneImages(Images):
    """Opened scenes; the latest 32 are kept in memory."""

    def __init__(self, spec: DepthScenes):
        self.spec = spec
        self.names = [f"{spec.kind}_{spec.split}_{i:06d}" for i in range(spec.count)]
        self.expected = spec.count

    def image(self, i: int) -> Pixels:
        """Scene `i`, RGB, (H, W, 3) uint8, read-only."""
        return self._scene(i)[0]

    def size(self, i: int) -> tuple[int, int]:
        """Height and width, which all scenes share."""
        return self.spec.height, self.spec.width

    def beside(self, i: int) -> Entries:
        """depth: in metres, (H, W) float32, read-only."""
        return {"depth": self._scene(i)[1]}

    def manifest(self) -> list[tuple[str, str]]:
        """(name, sha256 of what the scene is computed from): there is no file to hash."""
        origin = (replace(self.spec, count=1), self.spec.revision)
        return computed_manifest(origin, self.names)

    def _scene(self, i: int) -> tuple[Pixels, Depth]:
        spec, number = self.spec, range(len(self))[i]
        key = (spec.seed, get_args(Kind).index(spec.kind), _SPLITS[spec.split], number)
        return _kept(spec.kind, spec.height, spec.width, key)


@lru_cache(maxsize=32)
def _kept(kind: Kind, height: int, width: int, key: tuple[int, ...]) -> tuple[Pixels, Depth]:
    scene = depth_scene(kind, height, width, key)
    for array in scene:
        array.flags.writeable = False
    return scene
