"""What every metric promises: JSON values, refusal of bad images, summaries without torch."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from typing import Any

import pytest
import torch
from torch import Tensor

from benchmarks.metrics.metric import Metric
from benchmarks.metrics.psnr import PSNR
from benchmarks.metrics.ssim import SSIM


def test_summary_needs_no_torch_and_no_judging_library() -> None:
    program = """
import sys
from benchmarks.metrics.miou import MIoU
from benchmarks.metrics.nrmse import NRMSE
from benchmarks.metrics.psnr import PSNR
from benchmarks.metrics.ssim import SSIM
assert PSNR().summary([30.0, 31.0]) == 30.5
assert SSIM().summary([0.5, 0.75]) == 0.625
assert MIoU(None, "skip", 2).summary([[[1, 0], [0, 1]]]) == 1.0
assert NRMSE(None).summary([{"rmse": 3.0, "eye_centres": 4.0}]) == 0.75
print(sorted({"torch", "skimage", "numpy", "pandas"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize("metric", [PSNR(), SSIM()], ids=repr)
def test_value_survives_json(
    metric: Metric, resources: Any, photograph: Tensor, noisy: Tensor
) -> None:
    value = metric.build(resources)(noisy, photograph)
    assert json.loads(json.dumps(value, allow_nan=False)) == value


@pytest.mark.parametrize("metric", [PSNR(), SSIM()], ids=repr)
def test_metric_refuses_images_that_would_give_a_wrong_number(
    metric: Metric, resources: Any, photograph: Tensor
) -> None:
    measure = metric.build(resources)
    diverged = photograph.clone()
    diverged[0, 0, 0] = math.nan
    with pytest.raises(ValueError, match="diverged"):
        measure(diverged, photograph)
    with pytest.raises(ValueError, match="clamp"):
        measure(photograph, photograph * 255)
    with pytest.raises(ValueError, match=r"\(C, H, W\)"):
        measure(photograph[None], photograph[None])
    with pytest.raises(ValueError, match=r"\(C, H, W\)"):
        measure(photograph[:, :50], photograph)


def test_summary_of_no_image_is_an_error() -> None:
    with pytest.raises(ValueError, match="no image"):
        PSNR().summary([])


def test_summary_does_not_depend_on_the_order_of_images() -> None:
    values = [1e16, 1.0, -1e16, 3.0]
    assert SSIM().summary(values) == SSIM().summary(values[::-1]) == 1.0


def test_images_may_be_grey(resources: Any, photograph: Tensor) -> None:
    grey = photograph.mean(0, keepdim=True).clamp(0, 1)
    assert PSNR().build(resources)(torch.zeros_like(grey), grey) == pytest.approx(
        -10 * math.log10(float(grey.double().square().mean())), abs=1e-9
    )
