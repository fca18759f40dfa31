"""FID against pytorch-fid: its distance on small features, its network on photographs."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import benchmarks.metrics.fid
from benchmarks.metrics.fid import FID, WEIGHTS_FILE, _random_state, frechet_distance


def sets(n: int, d: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Related features of restored and clean images, with unequal variances."""
    generator = np.random.default_rng(seed)
    clean = generator.normal(size=(n, d)) * generator.uniform(0.1, 2, d) + 1
    return 1.2 * clean + 0.3 * generator.normal(size=(n, d)) + 0.1, clean


def values_of(restored: np.ndarray, clean: np.ndarray) -> list[dict[str, list[float]]]:
    pairs = zip(restored.tolist(), clean.tolist(), strict=True)
    return [{"pred": x, "target": y} for x, y in pairs]


def by_pytorch_fid(x: np.ndarray, y: np.ndarray) -> float:
    from pytorch_fid.fid_score import calculate_frechet_distance

    statistics = [part for z in (x, y) for part in (z.mean(0), np.cov(z, rowvar=False))]
    return float(calculate_frechet_distance(*statistics))


# The last three have fewer images than features, so singular covariances: there pytorch-fid's
# matrix root is good to 1e-6 only, and where it fails, 1e-6 is added to the diagonals.
@pytest.mark.filterwarnings("ignore:The `disp` argument", "ignore:Matrix is singular")
@pytest.mark.parametrize(("n", "d"), [(300, 8), (60, 32), (33, 32), (12, 32), (5, 64), (2, 16)])
def test_distance_is_pytorch_fids(n: int, d: int) -> None:
    x, y = sets(n, d)
    assert FID().summary(values_of(x, y)) == pytest.approx(by_pytorch_fid(x, y), rel=1e-5)


@pytest.mark.filterwarnings("ignore:The `disp` argument", "ignore:Matrix is singular")
@pytest.mark.parametrize("sizes", [(50, 30), (50, 8), (7, 30)])
def test_sets_may_differ_in_size(sizes: tuple[int, int]) -> None:
    x, y = sets(50, 16)
    x, y = x[: sizes[0]], y[: sizes[1]]
    assert frechet_distance(x, y) == pytest.approx(by_pytorch_fid(x, y), rel=1e-5)


def test_distance_of_gaussians_with_diagonal_covariances_has_a_closed_form() -> None:
    # The corners of a cross-polytope have exactly diagonal covariances.
    def points(deviations: np.ndarray, mean: float) -> np.ndarray:
        corners = np.concatenate([np.diag(deviations), -np.diag(deviations)])
        return corners * ((2 * len(deviations) - 1) / 2) ** 0.5 + mean

    a, b = np.array([1.0, 2.0, 3.0]), np.array([2.0, 2.0, 0.5])
    expected = 3 * 0.5**2 + ((a - b) ** 2).sum()
    assert frechet_distance(points(a, 0.5), points(b, 1.0)) == pytest.approx(expected, abs=1e-12)


def test_equal_sets_have_distance_zero() -> None:
    x, _ = sets(20, 64)
    value = FID().summary(values_of(x, x))
    assert 0 <= value < 1e-10


def test_one_image_has_no_fid() -> None:
    x, y = sets(1, 4)
    with pytest.raises(ValueError, match="at least 2 images"):
        FID().summary(values_of(x, y))


def test_summaries_need_numpy_and_no_torch() -> None:
    program = """
import sys
from benchmarks.metrics.fid import FID
from benchmarks.metrics.lpips import LPIPS
from benchmarks.metrics.ms_ssim import MSSSIM
from benchmarks.metrics.niqe import NIQE
for metric in (LPIPS(), MSSSIM(), NIQE()):
    assert metric.note and metric.summary([0.25, 0.75]) == 0.5
assert "numpy" not in sys.modules
features = [{"pred": [k, 1.0], "target": [k, 2.0]} for k in (0.0, 1.0)]
assert abs(FID().summary(features) - 1) < 1e-12
print(sorted({"torch", "lpips", "pytorch_fid", "pytorch_msssim", "skimage"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def repeated(values: list[Any], row: np.ndarray) -> list[Any]:
    return [value for value, k in zip(values, row.tolist(), strict=True) for _ in range(k)]


@pytest.mark.parametrize(("n", "d"), [(6, 40), (25, 40), (80, 10)])
def test_replicates_are_the_summary_of_the_repeated_list(n: int, d: int) -> None:
    x, y = sets(n, d, seed=n)
    values = values_of(x + 100, y + 100)  # far from the origin, as features after a ReLU are
    counts = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), 30)
    counts[0] = 1
    expected = [FID().summary(repeated(values, row)) for row in counts]
    assert FID().replicates(values, counts).tolist() == pytest.approx(expected, rel=1e-8)
    assert expected[0] == FID().summary(values)


def test_replicates_of_a_single_image_are_its_distance() -> None:
    x, y = sets(3, 5)
    expected = float(((x[1] - y[1]) ** 2).sum())
    found = FID().replicates(values_of(x, y), np.array([[0, 3, 0]]))
    assert found.tolist() == pytest.approx([expected])


def test_two_thousand_resamples_of_a_hundred_images_take_seconds() -> None:
    x, y = sets(100, 2048)
    values = values_of(x, y)
    counts = np.random.default_rng(0).multinomial(100, np.full(100, 0.01), 200)
    start = time.process_time()
    FID().replicates(values, counts)
    assert 10 * (time.process_time() - start) < 20


def test_too_many_images_give_no_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmarks.metrics.fid, "MOST_RESAMPLED", 5)
    values = values_of(*sets(6, 4))
    found = FID().replicates(values, np.ones((7, 6), int))
    assert found.shape == (7,)
    assert np.isnan(found).all()


@pytest.fixture(scope="module")
def measure() -> Any:
    class Cpu:
        device = torch.device("cpu")

    return FID(weights="random").build(Cpu())  # type: ignore[arg-type]


def test_features_are_those_of_pytorch_fids_program(
    measure: Any, photograph: Tensor, noisy: Tensor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Image files through its own loader, and its network with the same weights."""
    from PIL import Image
    from pytorch_fid import fid_score, inception

    for name, image in (("pred", noisy), ("target", photograph)):
        pixels = (image * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    monkeypatch.setattr(inception, "load_state_dict_from_url", lambda *a, **k: _random_state(0))
    network = inception.InceptionV3([3])
    files = [str(tmp_path / "pred.png"), str(tmp_path / "target.png")]
    expected = fid_score.get_activations(files, network, batch_size=1, num_workers=0)
    found = measure(noisy, photograph)
    assert expected.std() > 0.01
    for row, name in zip(expected, ("pred", "target"), strict=True):
        np.testing.assert_allclose(found[name], row, rtol=1e-5, atol=1e-6)


def test_value_survives_json_and_has_six_digits(
    measure: Any, photograph: Tensor, noisy: Tensor
) -> None:
    value = measure(noisy, photograph)
    text = json.dumps(value, allow_nan=False)
    assert json.loads(text) == value
    assert [len(features) for features in value.values()] == [2048, 2048]
    assert all(float(f"{x:.6g}") == x for features in value.values() for x in features)
    assert len(text) < 60_000


def test_images_may_be_grey_and_must_be_valid(measure: Any, photograph: Tensor) -> None:
    grey = photograph[:1]
    colour = grey.expand(3, -1, -1)
    assert measure(grey, grey) == measure(colour, colour)
    with pytest.raises(ValueError, match="clamp"):
        measure(photograph * 2, photograph)


def test_weights_are_read_from_pytorch_fids_file(
    measure: Any, photograph: Tensor, noisy: Tensor, tmp_path: Path
) -> None:
    asked = []

    class Folder:
        device = torch.device("cpu")

        def weights_file(self, name: str, sha256: str) -> Path:
            asked.append((name, sha256))
            torch.save(_random_state(0), tmp_path / name)
            return tmp_path / name

    value = FID().build(Folder())(noisy, photograph)  # type: ignore[arg-type]
    assert value == measure(noisy, photograph)
    assert tuple(asked) == FID().weight_files() == (WEIGHTS_FILE,)


def test_random_network_follows_its_seed_and_keeps_the_signal() -> None:
    before = torch.get_rng_state()
    first, again, other = _random_state(0), _random_state(0), _random_state(1)
    assert torch.equal(torch.get_rng_state(), before)
    name = "Mixed_7c.branch1x1.conv.weight"
    assert torch.equal(first[name], again[name])
    assert not torch.equal(first[name], other[name])


def test_declaration() -> None:
    assert repr(FID()) == "FID(weights='imagenet', seed=0)"
    assert FID(weights="random").weight_files() == ()
    assert "random" in FID(weights="random").note
    assert "random" not in FID().note
    with pytest.raises(ValueError, match="weights must be"):
        FID(weights="fid")
