"""Samples for training and for tests, each a pure function of its seed and its place in the run.

No state is carried from sample to sample. A run that is killed and resumed, or that loads with
another number of workers, therefore sees the same pixels: image, crop, flips, sigma and noise of
sample number p depend on (seed, p) alone.

Random integers come from NumPy's SeedSequence, whose output is fixed across versions; pixels of
noise come from one torch.Generator per sample, seeded by it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any, Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from datasets.degradations.degradation import Degradation
from datasets.geometry import Framing
from datasets.images import DataError, Entries, Images, Kind, Pixels, kind_of

Augmentation = Literal["none", "hflip", "flips_transpose", "rotate"]

# Of these orientations none is a mirror image.
_ROTATIONS = ("none", "rotate")

# First words of the seed sequences, so that no two uses share a stream.
_ORDER, _SAMPLE, _TEST = range(3)


class TrainingSamples(Dataset[dict[str, Tensor]]):
    """An endless sequence of training samples; `samples[p]` is sample number p of the run.

    Each image occurs once per epoch of len(images) samples, in an order of its own per epoch.

    Args:
        spec: the degradation, with its data set.
        images: that data set, opened.
        crop: side of the square crops in pixels.
        augment: "none"; "hflip", p = 1/2; "flips_transpose": horizontal flip, vertical flip and
            transposition, each p = 1/2, as in MKFMIKU/d2sm; or "rotate": by 0, 90, 180 or 270
            degrees, each p = 1/4. All entries are treated alike.
        seed: of order, crops, augmentation and degradation.
    """

    def __init__(
        self, spec: Degradation, images: Images, crop: int, augment: Augmentation, seed: int
    ):
        if crop < 1:
            raise ValueError(f"crop must be at least 1 pixel, not {crop}")
        if augment not in get_args(Augmentation):
            known = ", ".join(map(repr, get_args(Augmentation)))
            raise ValueError(f"augment must be one of {known}, not {augment!r}")
        if not len(images):
            raise DataError(f"{spec.data!r} has no image to train on; check its count or folder.")
        if augment not in _ROTATIONS and "points" in spec.data.provides and images.mirrored is None:
            raise DataError(
                f"{spec.data!r} has points, and does not declare which of them change places in a "
                "mirror image: declare `mirrored` on its Images, or augment='none' or 'rotate'."
            )
        self.spec = spec
        self.images = images
        self.crop = crop
        self.augment = augment
        self.seed = seed
        self._epoch = -1
        self._order: list[int] = []

    def __getitem__(self, position: int) -> dict[str, Tensor]:
        """Sample number `position`, counted from the start of the run, on the CPU.

        Raises:
            DataError: the image is smaller than the crop, or an entry cannot be read.
        """
        i = self.image_index(position)
        generator = _generator(_SAMPLE, self.seed, position)
        # Always five numbers: noise does not depend on which augmentation is declared.
        top, left, *turn = torch.rand(5, generator=generator).tolist()
        entries = entries_of(self.spec, self.images, i)
        height, width = entries["image"].shape[:2]
        self._check_size(height, width, i)
        framing = Framing(
            top=int(top * (height - self.crop + 1)),
            left=int(left * (width - self.crop + 1)),
            height=self.crop,
            width=self.crop,
            **self._orientation(*turn),
        )
        framed = framing.of(entries, self.images.mirrored)
        return self.spec.sample(as_tensors(framed), generator)

    def _orientation(self, hflip: float, vflip: float, transpose: float) -> dict[str, bool]:
        """Which of a framing's reflections three uniform numbers in [0, 1) stand for."""
        if self.augment == "rotate":
            quarters = int(4 * transpose)  # anticlockwise, as np.rot90 counts them
            return {
                "hflip": quarters in (1, 2),
                "vflip": quarters in (2, 3),
                "transpose": quarters in (1, 3),
            }
        return {
            "hflip": self.augment != "none" and hflip < 0.5,
            "vflip": self.augment == "flips_transpose" and vflip < 0.5,
            "transpose": self.augment == "flips_transpose" and transpose < 0.5,
        }

    def image_index(self, position: int) -> int:
        """Which image sample number `position` is cut from."""
        epoch, place = divmod(position, len(self.images))
        if epoch != self._epoch:
            words = np.random.PCG64(_seeds(_ORDER, self.seed, epoch)).random_raw(len(self.images))
            self._order = np.argsort(words, kind="stable").tolist()
            self._epoch = epoch
        return self._order[place]

    def _check_size(self, height: int, width: int, i: int) -> None:
        if min(height, width) < self.crop:
            raise DataError(
                f"image {self.images.names[i]} of {self.spec.data!r} is {width}x{height}, smaller "
                f"than the {self.crop}x{self.crop} training crop. Declare a crop of at most "
                f"{min(height, width)}, or larger images."
            )


def batches(
    samples: TrainingSamples,
    batch: int,
    first_step: int,
    steps: int,
    workers: int,
    pinned: bool = False,
) -> Iterator[dict[str, Tensor]]:
    """The batches of `steps` consecutive steps; step k holds samples k*batch .. k*batch+batch-1.

    Args:
        samples: where they come from.
        batch: samples per step.
        first_step: number of the first step, 0 at the start of a run.
        steps: how many steps to give.
        workers: processes that load ahead; 0 loads in this one. The batches are the same.
        pinned: whether they lie in pinned memory, as copies to a GPU want it; that takes one.
    Returns:
        an iterator over dicts of stacked entries, (batch, ...), on the CPU.
    """
    keys = [
        range(step * batch, (step + 1) * batch) for step in range(first_step, first_step + steps)
    ]
    # A generator of its own: DataLoader would otherwise draw from the global one for its workers,
    # and what a resumed run draws later would differ.
    loader = DataLoader(
        samples,
        batch_sampler=keys,  # type: ignore[arg-type]  # torch asks for lists where ranges do
        num_workers=workers,
        pin_memory=pinned,
        generator=torch.Generator(),
    )
    return _without_traceback(iter(loader))


def _without_traceback(stream: Iterator[dict[str, Tensor]]) -> Iterator[dict[str, Tensor]]:
    """The stream; a loader process hands its error on with a traceback in the message."""
    try:
        yield from stream
    except DataError as error:
        traceback, _, message = str(error).rpartition("DataError: ")
        if not traceback:
            raise
        raise DataError(message.strip()) from error


def test_sample(spec: Degradation, images: Images, i: int, seed: int) -> dict[str, Tensor]:
    """Whole image `i` of a test set, degraded with randomness of its own.

    The generator is keyed by seed, degradation and the image's name: images do not share a noise
    realisation, and an image's noise stays the same in any subset and order. The released test
    scripts of MKFMIKU/d2sm and cszn/KAIR seed with 0 for every image instead, so that equally
    large images get equal noise.

    Returns:
        the entries of `spec.sample`, unbatched, on the CPU.
    """
    generator = _generator(_TEST, seed, _crc(spec.key), _crc(images.names[i]))
    return spec.sample(as_tensors(entries_of(spec, images, i)), generator)


def entries_of(spec: Degradation, images: Images, i: int) -> Entries:
    """Every entry of image `i`.

    Raises:
        DataError: as `Images.entries`, or the entries are not those that the data set declares.
    """
    entries = images.entries(i)
    if set(entries) != set(spec.data.provides):
        raise DataError(
            f"image {images.names[i]} of {spec.data!r} has the entries {', '.join(entries)}, but "
            f"the set declares {', '.join(spec.data.provides)}. Correct its `provides`."
        )
    return entries


def as_image(pixels: Pixels) -> Tensor:
    """(H, W, 3) uint8 to (3, H, W) float32 in [0, 1]; copies."""
    planes = np.array(pixels.transpose(2, 0, 1), order="C")
    return torch.from_numpy(planes).to(torch.float32).div_(255)


def as_tensors(entries: Entries) -> dict[str, Tensor]:
    """Entries of one image as tensors of their own memory.

    Returns:
        photographs (3, H, W) float32 in [0, 1]; labels (H, W) int64; depth (H, W) and points (N, 2)
        float32, in their own units.
    """
    return {name: _as_tensor(array, kind_of(name)) for name, array in entries.items()}


def _as_tensor(array: NDArray[Any], kind: Kind) -> Tensor:
    if kind == "photograph":
        return as_image(array)
    dtype = np.int64 if kind == "classes" else np.float32
    return torch.from_numpy(np.array(array, dtype, order="C"))


def _seeds(*words: int) -> np.random.SeedSequence:
    return np.random.SeedSequence(words)


def _generator(*words: int) -> torch.Generator:
    """A CPU generator for this key. (torch's uses the low 32 bits of its seed.)"""
    seed = int(_seeds(*words).generate_state(1, np.uint32)[0])
    return torch.Generator().manual_seed(seed)


def _crc(text: str) -> int:
    return zlib.crc32(text.encode())
