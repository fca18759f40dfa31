"""Metrics of pixels follow the evaluation's colour; metrics that look through a network do not."""

import io
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image
from skimage.color import rgb2ycbcr
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from baselines.pass_through import PassThrough
from benchmarks.declare.protocol import Evaluation
from benchmarks.engine.evaluate import evaluate
from benchmarks.metrics.metric import Metric
from benchmarks.metrics.ms_ssim import MSSSIM
from benchmarks.metrics.psnr import PSNR
from benchmarks.metrics.ssim import SSIM
from datasets.degradations.luma_jpeg import LumaJPEGCompressed
from datasets.degradations.noise import Noisy
from datasets.embedded.photographs import Photographs
from datasets.images import DataPaths
from datasets.sampling import test_sample as sample_of
from losses.local_resources import LocalResources

DATA = Noisy(Photographs("val"), sigma=25)


@dataclass(frozen=True)
class Channels(Metric):
    """How many channels a metric is given that is not of pixels."""

    symbol: ClassVar[str] = "channels"
    digits: ClassVar[int] = 0
    higher_is_better: ClassVar[bool] = True

    def build(self, resources):
        return lambda pred, target: len(pred) + 10 * len(target)


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    return Photographs("val").open(DataPaths(None, tmp_path_factory.mktemp("cache")))


def measured(images, metrics, **evaluation):
    asked = [(metric, Evaluation(**evaluation)) for metric in metrics]
    values = evaluate(PassThrough(), DATA, images, asked, LocalResources())
    return [values[one] for one in asked]


def as_files(images, i):
    """The clean and the noisy image as 8-bit files would hold them."""
    sample = sample_of(DATA, images, i, 0)
    return [
        Image.fromarray((sample[k].clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy())
        for k in ("target", "input")
    ]


def test_luma_is_that_of_the_images_as_files(images):
    """Pillow and scikit-image on files with a border cut, image by image."""
    values = measured(images, [PSNR(), SSIM()], colour="Y (Pillow)", border=8)
    for i in range(len(images)):
        clean, noisy = (np.asarray(f.convert("L"))[8:-8, 8:-8] for f in as_files(images, i))
        assert values[0][i] == pytest.approx(peak_signal_noise_ratio(clean, noisy), abs=1e-4)
        theirs = structural_similarity(
            clean, noisy, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
        )
        assert values[1][i] == pytest.approx(theirs, abs=1e-5)


def test_colours_give_numbers_of_their_own(images):
    found = {
        colour: measured(images, [PSNR()], colour=colour)[0][0]
        for colour in ("RGB", "Y (MATLAB)", "Y (Pillow)")
    }
    assert found["Y (MATLAB)"] == pytest.approx(found["Y (Pillow)"] + 1.32, abs=0.05)
    assert found["Y (Pillow)"] > found["RGB"] + 2  # noise of three channels averages out


def test_data_of_one_channel_is_measured_as_files_of_one_plane(images):
    """Pillow and scikit-image on grey files with a border cut, image by image."""
    data = LumaJPEGCompressed(Photographs("val"), quality=10)
    asked = [(metric, Evaluation("Y (MATLAB)", border=8)) for metric in (PSNR(), SSIM())]
    values = evaluate(PassThrough(), data, images, asked, LocalResources())
    for i in range(len(images)):
        plane = np.floor(rgb2ycbcr(np.array(images.image(i)))[..., 0] + 0.5).astype(np.uint8)
        file = io.BytesIO()
        Image.fromarray(plane).save(file, "JPEG", quality=10)
        clean, degraded = (x[8:-8, 8:-8] for x in (plane, np.asarray(Image.open(file))))
        psnr, ssim = (values[one][i] for one in asked)
        assert psnr == pytest.approx(peak_signal_noise_ratio(clean, degraded), abs=1e-4)
        theirs = structural_similarity(
            clean, degraded, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
        )
        assert ssim == pytest.approx(theirs, abs=1e-5)


def test_every_metric_of_pixels_takes_luma_and_the_others_take_rgb(images):
    values = measured(images, [PSNR(), SSIM(), MSSSIM(), Channels()], colour="Y (MATLAB)")
    assert values[3] == [33] * len(images)
    rgb = measured(images, [PSNR(), SSIM(), MSSSIM()])
    for grey, colour in zip(values[:3], rgb, strict=True):
        assert all(a > b for a, b in zip(grey, colour, strict=True))
