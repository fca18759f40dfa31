"""What a training sample costs once its image is decoded: memory map against floor and Pillow.

    python tests/performance/loader.py [repetitions]

Floor: a crop of an array in memory, flipped, made a tensor, plus noise. Goal: at most 1.1 times
the floor, and at most 0.35 times decoding the PNG for every sample. Measured as CPU time, the three
variants in turn, so that other load on the machine meets them alike. Exit code 1 for a missed goal.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from timing import Work, in_turn, ratio, told

from datasets.degradations.noise import Noisy, gaussian_noise
from datasets.embedded.street_scenes import StreetScenes
from datasets.image_files import ImageFiles
from datasets.images import DataPaths
from datasets.sampling import TrainingSamples, as_image

CROP, SIZE, COUNT = 512, (1024, 2048), 4
GOALS = {"floor": 1.10, "Pillow": 0.35}


@dataclass(frozen=True)
class PngFolder:
    """The PNG files of the data root."""

    provides: ClassVar[tuple[str, ...]] = ("image",)
    revision: ClassVar[int] = 1

    def open(self, data_paths: DataPaths) -> ImageFiles:
        """All of them, by name."""
        assert data_paths.root is not None
        paths = sorted(data_paths.root.glob("*.png"))
        return ImageFiles(paths, [path.stem for path in paths], data_paths.root, data_paths, None)


def noisy_crop(pixels: np.ndarray, generator: torch.Generator) -> torch.Tensor:
    """The least that a sample needs: cut, flip, convert, add noise."""
    top, left, hflip, vflip, transpose = torch.rand(5, generator=generator).tolist()
    rows, columns = int(top * (SIZE[0] - CROP + 1)), int(left * (SIZE[1] - CROP + 1))
    crop = pixels[rows : rows + CROP, columns : columns + CROP]
    crop = crop[:, ::-1] if hflip < 0.5 else crop
    crop = crop[::-1] if vflip < 0.5 else crop
    crop = crop.swapaxes(0, 1) if transpose < 0.5 else crop
    return gaussian_noise(as_image(crop), 25.0, generator)


def main() -> int:
    """Print the medians and the paired ratios."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 25
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        data_paths = DataPaths(Path(folder), Path(folder) / "cache")
        scenes = StreetScenes("train", COUNT, *SIZE).open(data_paths)
        grain = np.random.default_rng(0)
        for i, name in enumerate(scenes.names):  # with grain, or they compress unlike photographs
            noise = grain.normal(0, 3, (*SIZE, 3))
            pixels = np.clip(scenes.image(i) + noise, 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(Path(folder) / f"{name}.png", compress_level=1)
        spec = Noisy(PngFolder(), sigma=(0, 75))
        images = PngFolder().open(data_paths)
        samples = TrainingSamples(spec, images, CROP, "flips_transpose", seed=0)
        memory = [np.array(images.image(i)) for i in range(COUNT)]
        generator = torch.Generator().manual_seed(0)
        for position in range(2 * COUNT):  # the first epoch decodes; the second one warms up
            samples[position]
        place, position = count(), count(2 * COUNT)

        def sample() -> object:
            return samples[next(position)]

        def floor() -> object:
            return noisy_crop(memory[next(place) % COUNT], generator)

        def pillow() -> object:
            path = images.paths[next(place) % COUNT]
            return noisy_crop(np.asarray(Image.open(path)), generator)

        works: dict[str, Work] = {"sample": sample, "floor": floor, "Pillow": pillow}
        times = in_turn(works, repetitions)
    for name, values in times.items():
        print(f"{name:7} {1e3 * statistics.median(values):7.2f} ms")
    met = [told(f"sample / {to}", ratio(times, "sample", to), goal) for to, goal in GOALS.items()]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
