"""Street scenes that are computed, not downloaded: pictures with exact Cityscapes labels.

They stand in for Cityscapes where a suite must run without it: the same 19 classes in a street's
usual places, told apart by colour, texture and shape, with lighting and colours that vary. A scene
depends on (seed, split, index) alone; its layout is the same at any resolution.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from datasets.embedded.computed import computed_manifest
from datasets.embedded.street_layout import street_scene
from datasets.images import DataPaths, Entries, Images, Pixels

_SPLITS = {"train": 0, "val": 1}
_KEPT_BYTES = 256 * 2**20


@dataclass(frozen=True)
class StreetScenes:
    """Procedural street scenes with labels.

    split: "train" and "val" share no scene.
    count: how many scenes.
    height, width: size in pixels; twice as wide as high, as Cityscapes, shows most.
    seed: another seed, other scenes.
    """

    split: Literal["train", "val"]
    count: int
    height: int
    width: int
    seed: int = 0

    provides: ClassVar[tuple[str, ...]] = ("image", "labels")
    revision: ClassVar[int] = 1

    def __post_init__(self) -> None:
        if self.split not in _SPLITS:
            raise ValueError(f"StreetScenes has the splits 'train' and 'val', not {self.split!r}")
        if self.count < 1 or self.seed < 0:
            raise ValueError(f"count must be at least 1 and seed not negative: {self!r}")
        if min(self.height, self.width) < 16:
            raise ValueError(f"a street scene needs at least 16x16 pixels: {self!r}")

    def open(self, data_paths: DataPaths) -> Images:
        """Needs no file: each scene is computed when it is first asked for."""
        return Scenes(self)


class Scenes(Images):
    """Opened street scenes; the latest 256 MiB of them are kept in memory."""

    def __init__(self, spec: StreetScenes):
        self.spec = spec
        self.names = [f"{spec.split}_{i:06d}" for i in range(spec.count)]
        self.expected = spec.count
        self._kept: OrderedDict[int, tuple[Pixels, Pixels]] = OrderedDict()
        self._room = max(1, _KEPT_BYTES // (spec.height * spec.width * 4))

    def image(self, i: int) -> Pixels:
        """Scene `i`, RGB, (H, W, 3) uint8, read-only."""
        return self._scene(i)[0]

    def size(self, i: int) -> tuple[int, int]:
        """Height and width, which all scenes share."""
        return self.spec.height, self.spec.width

    def beside(self, i: int) -> Entries:
        """labels: train ids, (H, W) uint8, read-only; 255 for the bonnet of the own car."""
        return {"labels": self._scene(i)[1]}

    def manifest(self) -> list[tuple[str, str]]:
        """(name, sha256 of what the scene is computed from): there is no file to hash."""
        origin = (replace(self.spec, count=1), self.spec.revision)
        return computed_manifest(origin, self.names)

    def _scene(self, i: int) -> tuple[Pixels, Pixels]:
        i = range(len(self.names))[i]  # negative and wrong indices as in a list
        if i not in self._kept:
            spec = self.spec
            key = (spec.seed, _SPLITS[spec.split], i)
            scene = street_scene(spec.height, spec.width, key)
            for array in scene:
                array.flags.writeable = False
            self._kept[i] = scene
            if len(self._kept) > self._room:
                self._kept.popitem(last=False)
        return self._kept[i]
