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
from typing import Literal, Protocol, get_args

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from datasets.images import DataError, DataSet, Images, Pixels

Augmentation = Literal["none", "hflip", "flips_transpose"]

# First words of the seed sequences, so that no two uses share a stream.
_ORDER, _SAMPLE, _TEST = range(3)


class Degradation(Protocol):
    """What turns a clean image into a sample; see `datasets.degradations`."""

    @property
    def data(self) -> DataSet:
        """The clean images."""
        ...

    @property
    def key(self) -> str:
        """Names the degradation without its data."""
        ...

    @property
    def provides(self) -> tuple[str, ...]:
        """Entries of a sample."""
        ...

    def sample(
        self, clean: Tensor, generator: torch.Generator, labels: Tensor | None = None
    ) -> dict[str, Tensor]:
        """The entries for one image (3, h, w) in [0, 1] and its labels (h, w), if any."""
        ...


class TrainingSamples(Dataset[dict[str, Tensor]]):
    """An endless sequence of training samples; `samples[p]` is sample number p of the run.

    Each image occurs once per epoch of len(images) samples, in an order of its own per epoch.

    Args:
        spec: the degradation, with its data set.
        images: that data set, opened.
        crop: side of the square crops in pixels.
        augment: "none"; "hflip", p = 1/2; or "flips_transpose": horizontal flip, vertical flip and
            transposition, each p = 1/2, as in MKFMIKU/d2sm. Labels are treated alike.
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
            DataError: the image is smaller than the crop, or cannot be read.
        """
        i = self.image_index(position)
        generator = _generator(_SAMPLE, self.seed, position)
        # Always five numbers: noise does not depend on which augmentation is declared.
        top, left, hflip, vflip, transpose = torch.rand(5, generator=generator).tolist()
        pixels = self.images.image(i)
        self._check_size(pixels, i)
        rows = slice(int(top * (pixels.shape[0] - self.crop + 1)), None)
        columns = slice(int(left * (pixels.shape[1] - self.crop + 1)), None)

        def cut(plane: Pixels) -> Pixels:
            """The crop, flipped: a view, so that only its own bytes leave the memory map."""
            view = plane[rows, columns][: self.crop, : self.crop]
            if self.augment != "none" and hflip < 0.5:
                view = view[:, ::-1]
            if self.augment == "flips_transpose" and vflip < 0.5:
                view = view[::-1]
            if self.augment == "flips_transpose" and transpose < 0.5:
                view = view.swapaxes(0, 1)
            return view

        labels = cut(self.images.labels(i)) if self.spec.data.provides_labels else None
        return self.spec.sample(as_image(cut(pixels)), generator, as_labels(labels))

    def image_index(self, position: int) -> int:
        """Which image sample number `position` is cut from."""
        epoch, place = divmod(position, len(self.images))
        if epoch != self._epoch:
            words = np.random.PCG64(_seeds(_ORDER, self.seed, epoch)).random_raw(len(self.images))
            self._order = np.argsort(words, kind="stable").tolist()
            self._epoch = epoch
        return self._order[place]

    def _check_size(self, pixels: Pixels, i: int) -> None:
        height, width = pixels.shape[:2]
        if min(height, width) < self.crop:
            raise DataError(
                f"image {self.images.names[i]} of {self.spec.data!r} is {width}x{height}, smaller "
                f"than the {self.crop}x{self.crop} training crop. Declare a crop of at most "
                f"{min(height, width)}, or larger images."
            )


def batches(
    samples: TrainingSamples, batch: int, first_step: int, steps: int, workers: int
) -> Iterator[dict[str, Tensor]]:
    """The batches of `steps` consecutive steps; step k holds samples k*batch .. k*batch+batch-1.

    Args:
        samples: where they come from.
        batch: samples per step.
        first_step: number of the first step, 0 at the start of a run.
        steps: how many steps to give.
        workers: processes that load ahead; 0 loads in this one. The batches are the same.
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
        generator=torch.Generator(),
    )
    return _without_traceback(iter(loader))


def _without_traceback(stream: Iterator[dict[str, Tensor]]) -> Iterator[dict[str, Tensor]]:
    """The stream; a loader process hands its error on with a traceback in the message."""
    try:
        yield from stream
    except DataError as error:
        raise DataError(str(error).rpartition("DataError: ")[2].strip()) from error


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
    labels = images.labels(i) if spec.data.provides_labels else None
    return spec.sample(as_image(images.image(i)), generator, as_labels(labels))


def as_image(pixels: Pixels) -> Tensor:
    """(H, W, 3) uint8 to (3, H, W) float32 in [0, 1]; copies."""
    planes = np.array(pixels.transpose(2, 0, 1), order="C")
    return torch.from_numpy(planes).to(torch.float32).div_(255)


def as_labels(labels: Pixels | None) -> Tensor | None:
    """(H, W) uint8 to int64; None stays None."""
    return None if labels is None else torch.from_numpy(labels.astype(np.int64, order="C"))


def _seeds(*words: int) -> np.random.SeedSequence:
    return np.random.SeedSequence(words)


def _generator(*words: int) -> torch.Generator:
    """A CPU generator for this key. (torch's uses the low 32 bits of its seed.)"""
    seed = int(_seeds(*words).generate_state(1, np.uint32)[0])
    return torch.Generator().manual_seed(seed)


def _crc(text: str) -> int:
    return zlib.crc32(text.encode())
