from __future__ import annotations

import ot
import pytest
import torch
from pdl_features import RANDOM, drawn, feature_pair

from losses.pdl import PROJECTIONS, directions, pdl, perturbed_identity, random_pairs


@pytest.mark.parametrize("factor", [1, 2, 4, 8])
@pytest.mark.parametrize("name", RANDOM)
def test_projections_are_unit_rows_and_new_each_time(name: str, factor: int) -> None:
    draw, generator = PROJECTIONS[name], torch.Generator().manual_seed(0)
    assert draw is not None
    first, second = (draw(12, factor, generator) for _ in range(2))
    assert first.shape == (12 * factor, 12)
    torch.testing.assert_close(first.norm(dim=1), torch.ones(12 * factor))
    assert len(torch.cat([first, second]).unique(dim=0)) == 24 * factor


def test_pairs_have_two_channels_all_equally_often_and_all_directions() -> None:
    matrix = random_pairs(5, 4000, torch.Generator().manual_seed(0))  # 20000 rows, 10 pairs
    assert (matrix != 0).sum(dim=1).eq(2).all()
    pairs, counts = (matrix != 0).unique(dim=0, return_counts=True)
    assert len(pairs) == 10
    # Six standard deviations of a binomial with 1 / 10.
    assert (counts - 2000).abs().max() < 6 * (20000 * 0.1 * 0.9) ** 0.5
    # Normal weights of unit length are a uniform direction: fourth moments 3 / 8.
    assert (matrix**4).sum(dim=1).mean().item() == pytest.approx(6 / 8, abs=0.01)
    assert matrix.mean().item() == pytest.approx(0, abs=0.01)


def test_perturbed_identity_lies_a_tenth_beside_it() -> None:
    matrix = perturbed_identity(64, 2, torch.Generator().manual_seed(0))
    blocks = matrix.view(2, 64, 64)
    assert not blocks[0].equal(blocks[1])
    diagonal = blocks.diagonal(dim1=1, dim2=2)
    tangent = (1 / diagonal.square() - 1).sqrt()  # length beside the axis, along which it is ~1
    assert tangent.mean().item() == pytest.approx(0.1, abs=0.005)
    assert diagonal.min() > 0.98


def test_directions_are_isotropic() -> None:
    matrix = directions(4, 5000, torch.Generator().manual_seed(0))
    torch.testing.assert_close(matrix.T @ matrix / len(matrix), torch.eye(4) / 4, rtol=0, atol=0.01)
    torch.testing.assert_close(matrix.mean(dim=0), torch.zeros(4), rtol=0, atol=0.02)


def test_pdl_of_directions_is_the_sliced_distance_of_pot() -> None:
    pred, target = feature_pair(1, 5, 4, 8)
    matrix = directions(5, 4, torch.Generator().manual_seed(0)).double()
    clouds = (t[0].flatten(1).T for t in (pred, target))
    wanted = ot.sliced_wasserstein_distance(*clouds, projections=matrix.T, p=1)
    torch.testing.assert_close(pdl(pred, target, matrix), wanted)


def test_small_perturbation_changes_the_loss_a_little_and_not_by_its_factor() -> None:
    pred, target = feature_pair(2, 16, 8, 8)
    plain = pdl(pred, target).item()
    for factor in (1, 8):
        assert pdl(pred, target, drawn("RPP", 16, factor)).item() == pytest.approx(plain, rel=0.05)
