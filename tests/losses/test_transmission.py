"""The error of two transmission maps against the true one."""

import pytest
import torch

from losses.objective import Resources
from losses.transmission import Transmission


def maps(fine: float, coarse: float, true: float) -> dict[str, torch.Tensor]:
    estimates = {"fine_transmission": fine, "coarse_transmission": coarse}
    needs = {name: torch.full((2, 1, 5, 7), value) for name, value in estimates.items()}
    return needs | {"transmission": torch.full((2, 1, 5, 7), true)}


def test_both_maps_are_squared_and_summed(resources: Resources) -> None:
    image = torch.rand(2, 3, 5, 7)
    loss = Transmission().build(resources)
    assert loss(image, image, **maps(0.75, 0.25, 0.5)).item() == 2 * 0.25**2
    assert loss(image, 1 - image, **maps(0.5, 0.5, 0.5)).item() == 0


def test_images_of_a_batch_are_held_against_their_own_maps(resources: Resources) -> None:
    needs = maps(0.0, 0.0, 0.0)
    needs["transmission"][1] = 1  # a missing axis would spread it over both images
    needs["fine_transmission"][1] = needs["coarse_transmission"][1] = 1
    image = torch.rand(2, 3, 5, 7)
    assert Transmission().build(resources)(image, image, **needs).item() == 0


def test_each_map_has_a_gradient_and_the_true_one_none(resources: Resources) -> None:
    needs = {name: value.requires_grad_() for name, value in maps(0.9, 0.2, 0.5).items()}
    image = torch.rand(2, 3, 5, 7)
    Transmission().build(resources)(image, image, **needs).backward()
    assert needs["transmission"].grad is None
    for name in ("fine_transmission", "coarse_transmission"):
        assert needs[name].grad is not None
        assert needs[name].grad.abs().min() > 0


def test_another_size_is_refused(resources: Resources) -> None:
    needs = maps(0.5, 0.5, 0.5)
    needs["coarse_transmission"] = needs["coarse_transmission"][..., :6]
    with pytest.raises(ValueError, match="crop or convert"):
        Transmission().build(resources)(torch.rand(2, 3, 5, 7), torch.rand(2, 3, 5, 7), **needs)
