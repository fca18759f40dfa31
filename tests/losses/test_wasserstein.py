"""The critic's penalty, its step and its resumption; what the network minimises."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn

from losses.l1 import L1
from losses.objective import Resources
from losses.wasserstein import Wasserstein, WassersteinLoss, gradient_penalty


class Critic(nn.Module):
    """A value per image; its slope is another at every image."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.body = nn.Sequential(
                nn.Conv2d(3, 8, 4, stride=4), nn.Softplus(), nn.Conv2d(8, 1, 3)
            )

    def forward(self, images: Tensor) -> Tensor:
        return self.body(images).mean(dim=(2, 3))


class Beside(Critic):
    """The same, times alpha."""

    inputs: ClassVar[tuple[str, ...]] = ("pred", "alpha")

    def forward(self, images: Tensor, alpha: Tensor) -> Tensor:
        return alpha * super().forward(images)


def built(resources: Resources, critic: Any = Critic, **settings: Any) -> WassersteinLoss:
    loss = Wasserstein(critic, **{"lr": 1e-2, **settings}).build(resources)
    assert isinstance(loss, WassersteinLoss)
    return loss


@pytest.mark.parametrize(("slope", "expected"), [(1.0, 0.0), (3.0, 4.0), (0.25, 0.5625)])
def test_penalty_of_a_linear_critic_is_the_square_of_its_slope_less_one(
    photographs: Tensor, slope: float, expected: float
) -> None:
    direction = torch.randn(3, 96, 96, generator=torch.Generator().manual_seed(0))
    direction = slope * direction / direction.norm()
    value = gradient_penalty(lambda images: (images * direction).sum((1, 2, 3)), photographs)
    assert value.item() == pytest.approx(expected, abs=1e-5)


def test_penalty_asks_for_the_declared_slope(photographs: Tensor) -> None:
    """Of a critic that doubles the range of what it sees, 2 is what 1 is inside."""
    critic = Critic()
    inside = gradient_penalty(critic, 2 * photographs - 1)
    outside = gradient_penalty(lambda images: critic(2 * images - 1), photographs, slope=2.0)
    torch.testing.assert_close(outside, inside)


def test_penalty_is_the_mean_of_squares_over_images_by_finite_differences() -> None:
    """In double precision, from the critic's values alone."""
    critic = Critic().double()
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(2, 3, 12, 12, generator=generator, dtype=torch.float64)
    squares = []
    for image in images:
        slopes = []
        for k in range(image.numel()):
            step = torch.zeros(image.numel(), dtype=torch.float64)
            step[k] = 1e-5
            step = step.view_as(image)
            up, down = critic((image + step)[None]), critic((image - step)[None])
            slopes.append(((up - down) / 2e-5).item())
        squares.append((torch.tensor(slopes).norm().item() - 1) ** 2)
    found = gradient_penalty(critic, images).item()
    assert found == pytest.approx(sum(squares) / 2, rel=1e-6)


def test_before_is_one_adam_step_of_the_papers_loss(
    resources: Resources, photographs: Tensor, noisy: Tensor
) -> None:
    """Gulrajani et al., Algorithm 1, with Karras et al.'s drift, written out by hand."""
    loss, expected = built(resources, drift=0.5, seed=3), Critic()
    optimizer = torch.optim.Adam(expected.parameters(), lr=1e-2, betas=(0.0, 0.99))
    draws = torch.Generator().manual_seed(3)
    for _ in range(3):
        loss.before(noisy, photographs)
        e = torch.rand(2, 1, 1, 1, generator=draws)
        between = (e * photographs + (1 - e) * noisy).requires_grad_()
        (slopes,) = torch.autograd.grad(expected(between).sum(), between, create_graph=True)
        norms = slopes.square().sum((1, 2, 3)).sqrt()
        real, fake = expected(photographs), expected(noisy)
        value = fake.mean() - real.mean() + 10 * (norms - 1).square().mean()
        value = value + 0.5 * real.square().mean()
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
    for a, b in zip(loss.parameters(), expected.parameters(), strict=True):
        torch.testing.assert_close(a.detach(), b.detach(), rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(loss(noisy, photographs), -expected(noisy).mean())


def test_critic_learns_that_real_images_are_worth_more_and_stays_smooth(
    resources: Resources, photographs: Tensor, noisy: Tensor
) -> None:
    loss = built(resources)
    for _ in range(60):
        loss.before(noisy, photographs)
    critic = loss.critic
    gain = (critic(photographs) - critic(noisy)).mean()
    distance = (photographs - noisy).flatten(1).norm(dim=1).mean()
    assert gain > 0.1
    # A critic without slopes above one cannot tell images more apart than they lie.
    assert gain < 1.2 * distance


def test_without_the_penalty_nothing_holds_the_slope(
    resources: Resources, photographs: Tensor, noisy: Tensor
) -> None:
    free, held = built(resources, penalty=0, drift=0), built(resources, drift=0)
    for _ in range(60):
        free.before(noisy, photographs)
        held.before(noisy, photographs)
    slopes = [gradient_penalty(loss.critic, photographs).item() for loss in (free, held)]
    assert slopes[0] > 10 * slopes[1]


def test_gradient_reaches_pred_and_nothing_else(
    resources: Resources, photographs: Tensor, noisy: Tensor
) -> None:
    loss = built(resources)
    pred, target = noisy.clone().requires_grad_(), photographs.clone().requires_grad_()
    loss.before(pred, target)
    assert pred.grad is None
    loss(pred, target).backward()
    assert pred.grad is not None
    assert pred.grad.isfinite().all()
    assert pred.grad.any()
    assert target.grad is None
    assert all(p.grad is None for p in loss.parameters())
    moved = noisy - 0.1 * pred.grad / pred.grad.norm()
    assert loss.critic(moved).mean() > loss.critic(noisy).mean()


def test_critic_is_shown_what_its_inputs_name(
    resources: Resources, photographs: Tensor, noisy: Tensor
) -> None:
    assert Wasserstein(Critic).needs == ()
    assert (L1() + Wasserstein(Beside)).needs == ("alpha",)
    objective = (1.0 * Wasserstein(Beside, lr=1e-2)).build(resources)
    alpha = torch.tensor(0.5)
    objective.before(noisy, photographs, {"alpha": alpha})
    value, _ = objective(noisy, photographs, {"alpha": alpha})
    critic = objective.get_submodule("losses.0.critic")
    torch.testing.assert_close(value, -0.5 * critic(noisy, torch.ones(())).mean())


def test_resumes_bit_exactly_from_a_file(
    resources: Resources, photographs: Tensor, noisy: Tensor, tmp_path: Path
) -> None:
    """Weights, Adam's moments and where between images the penalty looks."""
    declared = L1() + Wasserstein(Critic, lr=1e-2)
    straight, resumed = declared.build(resources), declared.build(resources)
    for _ in range(2):
        straight.before(noisy, photographs, {})
    torch.save(straight.learned_state(), tmp_path / "checkpoint.pt")
    resumed.before(photographs, noisy, {})  # whatever it held is replaced
    torch.rand(7)  # draws of others do not matter
    resumed.load_learned_state(torch.load(tmp_path / "checkpoint.pt", weights_only=True))
    for _ in range(3):
        straight.before(noisy, photographs, {})
        resumed.before(noisy, photographs, {})
        value = straight(noisy, photographs, {})[0]
        assert torch.equal(value, resumed(noisy, photographs, {})[0])


def test_factors_are_one_per_image_drawn_anew_in_each_step_and_by_the_seed(
    resources: Resources, photographs: Tensor, noisy: Tensor
) -> None:
    before = torch.get_rng_state()
    factors: list[Tensor] = []

    def look(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        shares = ((inputs[0] - noisy) / (photographs - noisy)).detach().flatten(1)
        if not any(shares.median(dim=1).values.isclose(end).all() for end in ends):
            spread = shares.quantile(0.9, dim=1) - shares.quantile(0.1, dim=1)
            assert (spread < 1e-3).all()
            factors.append(shares.median(dim=1).values)

    ends = torch.zeros(2), torch.ones(2)
    for seed in (0, 1):
        loss = built(resources, seed=seed)
        loss.critic.register_forward_pre_hook(look)
        for _ in range(3):
            loss.before(noisy, photographs)
    drawn = torch.cat(factors)
    assert len(drawn.unique()) == len(drawn) == 2 * 3 * 2
    assert ((drawn > 0) & (drawn < 1)).all()
    assert torch.get_rng_state().equal(before)


def test_declaration_is_checked_and_readable() -> None:
    assert Wasserstein.symbol == "L_GAN"
    assert "needs" not in repr(Wasserstein(Beside))
    with pytest.raises(ValueError, match="slope must be > 0, not 0"):
        Wasserstein(Critic, slope=0)


def test_images_of_two_sizes_are_told(resources: Resources, photographs: Tensor) -> None:
    with pytest.raises(ValueError, match="crop or convert"):
        built(resources).before(photographs[..., ::2, ::2], photographs)
