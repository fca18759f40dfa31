"""Faces that are computed, not downloaded: pictures with 68 exact landmarks.

They stand in for CelebA and Helen where a suite must run without these. A face is drawn somewhere
in a larger picture; pictures and a list of faces are written below the cache and opened by the
loader of the real sets, so that a suite without those goes the same way. Pictures are PNG files and
are called so, and the list is the text that anybody may write (docs/data.md).

Numbers on these faces say nothing about a paper's: they have no pores, no glasses and no teeth.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import PIL

from datasets.changed_images import ChangedImages
from datasets.embedded.computed import computed_manifest
from datasets.embedded.face_drawing import draw_face
from datasets.embedded.face_geometry import face_shape
from datasets.embedded.written_files import png_of, write_unless_there
from datasets.faces import SIDE, CelebA, Helen
from datasets.hashes import sha256_of
from datasets.images import DataPaths, Images, Pixels
from datasets.landmarks import written_face

_SHAPE, _PICTURE = range(2)  # last words of the seeds, so that no two uses share a stream


@dataclass(frozen=True)
class _EmbeddedFaces:
    """What both sets have in common.

    loader: of the real set.
    seed: first word of the seeds.
    first, form: number of the first face, and how a number becomes a file name.
    counts: of faces in each split, which are numbered on from split to split.
    side: of a face in its picture, in pixels.
    height, width: of the picture.
    """

    split: Literal["train", "test"]

    loader: ClassVar[type[CelebA] | type[Helen]]
    seed: ClassVar[int]
    first: ClassVar[int]
    form: ClassVar[str]
    counts: ClassVar[dict[str, int]]
    side: ClassVar[int]
    height: ClassVar[int]
    width: ClassVar[int]

    provides: ClassVar[tuple[str, ...]] = ("image", "points")
    revision: ClassVar[int] = 1

    def __post_init__(self) -> None:
        if self.split not in self.counts:
            raise ValueError(
                f"{type(self).__name__} has the splits 'train' and 'test', not {self.split!r}"
            )

    def open(self, data_paths: DataPaths) -> Images:
        """Draw the faces, unless the cache holds them already.

        Raises:
            DataError: the cache cannot be written to.
        """
        # Another release of Pillow may round a pixel otherwise.
        made_by = f"revision {self.revision}, Pillow {PIL.__version__}"
        root = data_paths.cache / "faces" / made_by
        folder = root / self.loader.place
        sums = folder / f"{self.split}.sha256"
        if not _intact(sums):
            files = self._files()
            for name, content in files.items():
                write_unless_there(folder / name, content)
            lines = [f"{hashlib.sha256(content).hexdigest()}  {n}" for n, content in files.items()]
            write_unless_there(sums, "\n".join(lines).encode())
        images = self.loader(self.split).open(DataPaths(root, data_paths.cache))
        return ComputedFaces(self, images)

    def _files(self) -> dict[str, bytes]:
        """Every file of the split by its path below the set's folder: pictures and their list."""
        before = self.counts["train"] if self.split == "test" else 0
        files: dict[str, bytes] = {}
        lines = ["# computed faces"]
        for number in range(before, before + self.counts[self.split]):
            name = self.form.format(self.first + number)
            pixels, line = self._face(number, name)
            files[f"{self.loader.photographs}/{name}"] = png_of(pixels)
            lines.append(line)
        files[f"annotations/{self.split}.txt"] = "\n".join(lines).encode()
        return files

    def _face(self, number: int, name: str) -> tuple[Pixels, str]:
        """A picture, and what the list says of it."""
        rng = np.random.default_rng((self.seed, number, _SHAPE))
        shape = face_shape(rng)
        x, y = (int(n) for n in rng.integers(0, (self.width - self.side, self.height - self.side)))
        seed = (self.seed, number, _PICTURE)
        pixels = draw_face(shape, self.height, self.width, (x, y), self.side, seed)
        points = shape.landmarks * self.side / SIDE + (x, y)
        return pixels, written_face(name, points, np.array((x, y, x + self.side, y + self.side)))


@dataclass(frozen=True)
class EmbeddedCelebA(_EmbeddedFaces):
    """40 faces to train on and 6 for tests, in CelebA's layout, cut out as they were drawn."""

    loader: ClassVar[type[CelebA] | type[Helen]] = CelebA
    seed: ClassVar[int] = 0
    first: ClassVar[int] = 1
    form: ClassVar[str] = "{:06}.png"
    counts: ClassVar[dict[str, int]] = {"train": 40, "test": 6}
    side: ClassVar[int] = SIDE
    height: ClassVar[int] = 176
    width: ClassVar[int] = 160


@dataclass(frozen=True)
class EmbeddedHelen(_EmbeddedFaces):
    """32 faces to train on and 4 for tests, in Helen's layout, of which each is made smaller."""

    loader: ClassVar[type[CelebA] | type[Helen]] = Helen
    seed: ClassVar[int] = 1
    first: ClassVar[int] = 100_001
    form: ClassVar[str] = "{}_1.png"
    counts: ClassVar[dict[str, int]] = {"train": 32, "test": 4}
    side: ClassVar[int] = 160
    height: ClassVar[int] = 208
    width: ClassVar[int] = 192


class ComputedFaces(ChangedImages):
    """The faces as their loader opened them; their identity does not hang on a PNG encoder."""

    def __init__(self, spec: _EmbeddedFaces, images: Images):
        super().__init__(images)
        self.spec = spec
        self.expected = spec.counts[spec.split]
        self.unofficial = ""  # they are the whole of a set of their own

    def manifest(self) -> list[tuple[str, str]]:
        """(name, sha256 of what the face is computed from)."""
        return computed_manifest((self.spec, self.spec.revision), self.names)


def _intact(sums: Path) -> bool:
    """Whether every file that was written is there as it was."""
    try:
        lines = sums.read_text(encoding="utf-8").splitlines()
        return all(
            sha256_of(sums.parent / name) == digest
            for digest, name in (line.split("  ", 1) for line in lines)
        )
    except (OSError, ValueError):
        return False
