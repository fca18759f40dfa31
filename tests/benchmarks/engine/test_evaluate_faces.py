"""How faces are measured: luma as MATLAB's in 8 bit, a border of 8 pixels, SSIM inside of it.

The oracle is written out in numpy on the grey levels of files, where the suite's own have 0 to 1.
"""

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from baselines.pass_through import PassThrough
from benchmarks.declare.protocol import Evaluation
from benchmarks.engine.evaluate import evaluate
from benchmarks.metrics.psnr import PSNR
from benchmarks.metrics.ssim import SSIM
from datasets.degradations.noise import Noisy
from datasets.embedded.photographs import Photographs
from datasets.images import DataPaths
from datasets.sampling import test_sample as sample_of
from losses.local_resources import LocalResources

DATA = Noisy(Photographs("val"), sigma=25)


def grey(image):
    """(H, W) whole grey levels 16..235 of an RGB image in [0, 1], which a file rounds first."""
    red, green, blue = np.clip(image * 255, 0, 255).round().astype(np.float64)
    return (16 + (65.481 * red + 128.553 * green + 24.966 * blue) / 255).round()


def psnr(a, b):
    return 20 * np.log10(255 / np.sqrt(np.mean((a - b) ** 2)))


def ssim(a, b):
    line = np.exp(-((np.arange(11) - 5.0) ** 2) / (2 * 1.5**2))
    window = np.outer(line, line) / np.outer(line, line).sum()

    def blurred(x):
        return np.einsum("ijkl,kl->ij", sliding_window_view(x, (11, 11)), window)

    mean_a, mean_b = blurred(a), blurred(b)
    variances = blurred(a * a) - mean_a**2 + blurred(b * b) - mean_b**2
    covariance = blurred(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    luminance = (2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1)
    return np.mean(luminance * (2 * covariance + c2) / (variances + c2))


def test_both_metrics_are_those_of_whole_grey_levels_within_the_border(tmp_path):
    images = Photographs("val").open(DataPaths(None, tmp_path))
    asked = [(metric, Evaluation("Y (MATLAB)", border=8)) for metric in (PSNR(), SSIM())]
    values = evaluate(PassThrough(), DATA, images, asked, LocalResources())
    for i in range(len(images)):
        sample = sample_of(DATA, images, i, 0)
        whole = [grey(sample[name].numpy()) for name in ("input", "target")]
        noisy, clean = (image[8:-8, 8:-8] for image in whole)
        assert values[asked[0]][i] == pytest.approx(psnr(noisy, clean), abs=1e-4)
        assert values[asked[1]][i] == pytest.approx(ssim(noisy, clean), abs=1e-6)
        # The border matters more than what is measured to four digits.
        assert abs(ssim(*whole) - ssim(noisy, clean)) > 1e-5
