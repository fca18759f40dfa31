"""LPIPS against the package run on the pair, and what remembering the ground truth must not do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import benchmarks.metrics.lpips
import losses.lpips
from benchmarks.metrics.image_cache import ImageCache
from benchmarks.metrics.lpips import LPIPS


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch) -> ImageCache:
    """An empty memory for each test."""
    empty = ImageCache(2**30)
    monkeypatch.setattr(benchmarks.metrics.lpips, "GROUND_TRUTHS", empty)
    return empty


def package(net: str, seed: int = 0) -> Any:
    """The package's own network with the random trunk of that seed."""
    return losses.lpips._network(net, seed).requires_grad_(False)


@pytest.mark.parametrize("net", ["alex", "vgg", "squeeze"])
def test_lpips_is_what_the_package_gives_for_the_pair(
    net: Any, resources: Any, photograph: Tensor, noisy: Tensor
) -> None:
    expected = float(package(net)(2 * noisy[None] - 1, 2 * photograph[None] - 1))
    assert expected > 1e-3
    measure = LPIPS(net, "random").build(resources)
    for _ in range(2):  # made, then remembered
        assert measure(noisy, photograph) == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_remembered_ground_truths_change_no_digit(
    resources: Any, memory: ImageCache, photograph: Tensor, noisy: Tensor
) -> None:
    measure = LPIPS(weights="random").build(resources)
    methods = [noisy, (noisy + photograph) / 2, photograph.flip(2), photograph]
    warm = [measure(pred, photograph) for pred in methods]
    cold = []
    for pred in methods:
        memory.__init__(2**30)  # type: ignore[misc]
        cold.append(LPIPS(weights="random").build(resources)(pred, photograph))
    assert warm == cold
    assert warm[3] == 0
    assert warm[1] < warm[0]


def test_methods_share_the_ground_truth_and_no_two_networks_do(
    resources: Any, memory: ImageCache, photograph: Tensor, noisy: Tensor
) -> None:
    first = LPIPS(weights="random").build(resources)(noisy, photograph)
    assert len(memory) == 1
    again = LPIPS(weights="random").build(resources)(noisy, photograph)  # another method's turn
    assert (len(memory), again) == (1, first)
    other = LPIPS(weights="random", seed=1).build(resources)(noisy, photograph)
    assert len(memory) == 2
    assert other == pytest.approx(
        float(package("alex", 1)(2 * noisy[None] - 1, 2 * photograph[None] - 1)), rel=1e-5
    )
    assert other != first


def test_only_the_trunk_runs_on_what_is_new(
    resources: Any, photograph: Tensor, noisy: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    import lpips.pretrained_networks as trunks

    runs = []
    forward = trunks.alexnet.forward
    monkeypatch.setattr(trunks.alexnet, "forward", lambda s, x: runs.append(1) or forward(s, x))
    measure = LPIPS(weights="random").build(resources)
    for k in range(5):
        measure((noisy * (1 - k / 10)).clamp(0, 1), photograph)
    assert len(runs) == 6


def test_imagenet_weights_are_read_from_torchvisions_file(
    tmp_path: Path, photograph: Tensor, noisy: Tensor
) -> None:
    asked = []

    class Folder:
        device = torch.device("cpu")

        def weights_file(self, name: str, sha256: str) -> Path:
            asked.append((name, sha256))
            network = package("squeeze", seed=7)
            state = {
                f"features.{key.split('.', 1)[1]}": value
                for key, value in network.net.state_dict().items()
            }
            torch.save(state, tmp_path / name)
            return tmp_path / name

    value = LPIPS("squeeze").build(Folder())(noisy, photograph)  # type: ignore[arg-type]
    expected = package("squeeze", 7)(2 * noisy[None] - 1, 2 * photograph[None] - 1)
    assert value == pytest.approx(float(expected), rel=1e-5)
    assert asked == [("squeezenet1_1-b8a52dc0.pth", "b8a52dc0")]
    assert tuple(asked) == LPIPS("squeeze").weight_files()


def test_lpips_names_the_smallest_image(resources: Any) -> None:
    image = torch.zeros(3, 31, 40)
    measure = LPIPS(weights="random").build(resources)
    assert measure(image, image) == 0
    with pytest.raises(ValueError, match=r"at least 31 pixels a side.*30x40"):
        measure(image[:, 1:], image[:, 1:])
    with pytest.raises(ValueError, match="clamp"):
        measure(image - 1, image)


def test_declaration() -> None:
    assert repr(LPIPS()) == "LPIPS(net='alex', weights='imagenet', seed=0)"
    assert LPIPS().weight_files() == (("alexnet-owt-7be5be79.pth", "7be5be79"),)
    assert LPIPS(weights="random").weight_files() == ()
    assert "random" in LPIPS(weights="random").note
    assert "random" not in LPIPS().note
    assert not LPIPS.higher_is_better
    with pytest.raises(ValueError, match="net must be"):
        LPIPS("resnet")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="weights must be"):
        LPIPS(weights="none")
