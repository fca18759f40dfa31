"""Evaluates a network on one photograph of a camera: `python large_image.py MSBDN 4000 4000`.

Prints the peak memory of the process in GiB, all imports included (of Linux: what `resource` tells
counts the process that started this one, too).
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np

from baselines.denoising.ffdnet import FFDNet
from benchmarks.declare.protocol import Evaluation
from benchmarks.engine.evaluate import evaluate
from benchmarks.metrics.psnr import PSNR
from benchmarks.metrics.ssim import SSIM
from datasets.degradations.noise import Noisy
from datasets.images import Images
from losses.local_resources import LocalResources


@dataclass(frozen=True)
class Camera:
    """One image of so many pixels."""

    height: int
    width: int

    provides: ClassVar[tuple[str, ...]] = ("image",)
    revision: ClassVar[int] = 1

    def open(self, data_paths):
        return CameraImages(self.height, self.width)


class CameraImages(Images):
    names: ClassVar[list[str]] = ["one"]

    def __init__(self, height, width):
        self.shape = (height, width, 3)

    def image(self, i):
        return np.random.default_rng(0).integers(0, 256, self.shape, np.uint8)


def narrow_msbdn():
    """The network of the smoke profile, whose imports FFDNet's peak does without."""
    from baselines.dehazing.msbdn import MSBDN
    from benchmarks.profiles.smoke import SMOKE

    return MSBDN(**SMOKE.narrow[MSBDN])


if __name__ == "__main__":
    name, *sides = sys.argv[1:]
    data = Noisy(Camera(*map(int, sides)), sigma=25)
    network = FFDNet(depth=3) if name == "FFDNet" else narrow_msbdn()
    asked = [(metric, Evaluation()) for metric in (PSNR(), SSIM())]
    evaluate(network, data, data.data.open(None), asked, LocalResources())
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    print(int(peak) / 2**20)
