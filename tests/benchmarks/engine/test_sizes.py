"""Test images that are too small for a metric are told before anything is trained."""

from dataclasses import replace

import numpy as np
import pytest
import quick
from PIL import Image

from benchmarks.declare.column import Column
from benchmarks.declare.protocol import Evaluation, Protocol
from benchmarks.declare.training import Best
from benchmarks.engine.sizes import too_small
from benchmarks.engine.steps import Step, steps
from benchmarks.metrics.lpips import LPIPS
from benchmarks.metrics.metric import Metric
from benchmarks.metrics.ms_ssim import MSSSIM
from benchmarks.metrics.niqe import NIQE
from benchmarks.metrics.psnr import PSNR
from benchmarks.metrics.ssim import SSIM
from datasets.degradations.bicubic import Downscaled
from datasets.degradations.camera_shake import CameraShake
from datasets.degradations.clean import Clean
from datasets.folders import PhotographFolders
from datasets.images import DataError


def table_of(metric, data, border=0, training=quick.TRAINING):
    row = replace(quick.ROWS[0], printed="1")
    return replace(
        quick.TABLE,
        columns=(Column(metric, data, "here"),),
        groups={"Tiny": [row]},
        references=(),
        protocol=Protocol(training, Evaluation(border=border)),
    )


def problem_of(out, *arguments, **options):
    return too_small(quick.quick_work(out, table_of(*arguments, **options)).plan)


def cards(height, width):
    return quick.Cards((100, 150), height=height, width=width)


@pytest.fixture
def photographs(tmp_path):
    """Two photographs, of 300x200 and 170x160 pixels."""
    folder = tmp_path / "data" / "mine"
    folder.mkdir(parents=True)
    for name, size in (("a.png", (200, 300, 3)), ("b.png", (160, 170, 3))):
        pixels = np.random.default_rng(0).integers(0, 256, size, np.uint8)
        Image.fromarray(pixels).save(folder / name)
    return PhotographFolders(("mine",))


def test_too_small_a_photograph_ends_the_command_before_training(tmp_path, photographs, capsys):
    root = tmp_path / "data"
    table = table_of(MSSSIM(), Clean(photographs))
    work = quick.quick_work(tmp_path / "out", table, root=root)
    expected = (
        f"{root / 'mine' / 'b.png'} is 170x160 pixels, all measured, but MS-SSIM needs at least "
        "161 a side. Leave it out of the test set, or test on larger images."
    )
    with pytest.raises(DataError) as caught:
        work.make()
    assert str(caught.value) == f"quick is not begun: {expected}"
    assert quick.trained(capsys.readouterr().err) == []
    assert steps(work.plan)[-1] == Step(
        "missing", "test images that are large enough", problems=(expected,)
    )
    (root / "mine" / "b.png").unlink()
    assert too_small(quick.quick_work(tmp_path / "out", table, root=root).plan) == ""


def test_sizes_come_from_the_headers(tmp_path, photographs):
    path = tmp_path / "data" / "mine" / "b.png"
    path.write_bytes(path.read_bytes()[:100])  # the header alone
    table = table_of(MSSSIM(), Clean(photographs))
    problem = too_small(quick.quick_work(tmp_path / "out", table, root=tmp_path / "data").plan)
    assert problem.startswith(f"{path} is 170x160 pixels")


@pytest.mark.parametrize(
    ("metric", "smallest"),
    [(PSNR(), 1), (SSIM(), 11), (MSSSIM(), 161), (LPIPS(), 31), (LPIPS("vgg"), 16),
     (NIQE("photographs"), 192)],
    ids=repr,
)  # fmt: skip
def test_every_metric_has_its_smallest_image(tmp_path, metric: Metric, smallest):
    """... and the border does not count, where the metric leaves it out."""
    border = 16 if metric.of_pixels else 0
    assert metric.smallest_side == smallest
    for sides in ((smallest, 200), (200, smallest)):
        assert problem_of(tmp_path, metric, Clean(cards(*sides))) == ""
        with_border = [side + border for side in sides]
        assert problem_of(tmp_path, metric, Clean(cards(*with_border)), border=8) == ""
        with_border[sides.index(smallest)] -= 1
        problem = problem_of(tmp_path, metric, Clean(cards(*with_border)), border=8)
        width, height = with_border[1] - border, with_border[0] - border
        measured = f"of which {width}x{height} are measured" if border else "all measured"
        assert f"{measured}, but {metric.symbol} needs" in problem
        assert problem.startswith("card100 is ")


def test_what_a_degradation_leaves_is_what_counts(tmp_path):
    assert problem_of(tmp_path, SSIM(), Downscaled(cards(16, 12), scale=4)) == ""
    problem = problem_of(tmp_path, SSIM(), Downscaled(cards(16, 11), scale=4))
    assert "card100 is 11x16 pixels, of which 8x16 are measured" in problem
    problem = problem_of(tmp_path, PSNR(), Downscaled(cards(16, 3), scale=4))
    assert problem.startswith("card100 cannot be a test image: an image of 3x16 pixels cannot be")
    problem = problem_of(tmp_path, PSNR(), CameraShake(cards(8, 30)))
    assert "too small for blur of 17 pixels" in problem
    assert problem_of(tmp_path, PSNR(), CameraShake(cards(9, 30))) == ""


def test_declared_sizes_of_targets_are_those_of_samples():
    from datasets.sampling import test_sample

    for data in (Downscaled(cards(18, 23), scale=4), CameraShake(cards(18, 23)), quick.TEST):
        images = data.data.open(None)
        sample = test_sample(data, images, 0, 0)
        assert tuple(sample["target"].shape[-2:]) == data.target_size(*images.size(0))


def test_what_chooses_the_weights_counts_too(tmp_path):
    keep = Best(SSIM(), Clean(cards(10, 20)), 1, Evaluation())
    training = replace(quick.TRAINING, keep=keep)
    problem = problem_of(tmp_path, PSNR(), quick.TEST, training=training)
    assert "card100 is 20x10 pixels, all measured, but SSIM needs at least 11" in problem


def test_rows_that_were_not_asked_for_and_absent_sets_are_passed_over(tmp_path):
    small = replace(quick.TABLE.columns[0], metric=SSIM(), data=Clean(cards(10, 10)))
    absent = replace(small, data=Clean(quick.Cards((7,), present=False)))
    for column, problem in ((small, "SSIM needs"), (absent, "")):
        table = replace(quick.TABLE, columns=(column, *quick.TABLE.columns[1:]))
        assert problem in too_small(quick.quick_work(tmp_path, table).plan)
