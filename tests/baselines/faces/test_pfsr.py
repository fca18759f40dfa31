from typing import ClassVar

import pytest
import torch
from network_checks import IdentityStartChecks, RestorationChecks, loss_curve, parameter_count, psnr
from torch import Tensor, nn
from torch.nn import functional as F

from baselines.faces.pfsr import PFSR


class TestPFSR(RestorationChecks):
    """Of the grown network; a stage that it has behind it leaves its way to RGB unused."""

    network = PFSR
    parameters = 8_969_097
    small: ClassVar = {"width": 32, "stages": (0, 0)}
    unused = ("to_rgb.0", "to_rgb.1")
    scale = 8
    crop = 12

    def output_shapes(self, height, width):
        return [(1, 3, 8 * height, 8 * width), ()]


class Restored(PFSR):
    """PFSR without alpha, which is no image."""

    outputs: ClassVar = ("pred",)

    def forward(self, small):
        return super().forward(small)[0]


class TestIdentityStart(IdentityStartChecks):
    network = Restored
    small: ClassVar = {"width": 32, "stages": (0, 0)}
    scale = 8

    @torch.no_grad()
    def test_identity_start_returns_the_input(self, restored):
        """In training mode but for brightness and contrast: every layer is normalised."""
        degraded, repeated, _ = restored
        assert psnr(self.start().eval()(degraded), repeated) > 30
        trained = self.start()(degraded)
        for c in range(3):
            pair = torch.stack([t[:, c].flatten() for t in (trained, repeated)])
            assert torch.corrcoef(pair)[0, 1] > 0.99

    def test_a_few_steps_from_the_identity_improve_on_it(self, restored):
        """More than for networks without normalisation: they have to find brightness first."""
        degraded, repeated, target = restored
        network = self.start().train()
        values = loss_curve(network, lambda: F.l1_loss(network(degraded), target), 60, lr=3e-3)
        assert values[-1] < values[0]
        for name, parameter in network.named_parameters():
            assert (parameter.grad is None) == name.startswith(TestPFSR.unused), name
        with torch.no_grad():
            assert psnr(network(degraded), target) > psnr(repeated, target) + 0.3


def growing(stages=(4, 6), **arguments) -> PFSR:
    torch.manual_seed(0)
    return PFSR(24, stages, **arguments).train()


@pytest.fixture
def faces() -> Tensor:
    return torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))


def test_sizes_and_alpha_follow_the_steps(faces):
    """Stage 2 is blended in over half of 4 steps, stage 3 over half of 6."""
    network = growing()
    seen = [(pred.shape[-1], alpha.item()) for pred, alpha in (network(faces) for _ in range(15))]
    two = [(64, alpha) for alpha in (0, 0.5, 1, 1, 1, 1)]
    three = [(128, pytest.approx(alpha)) for alpha in (0, 1 / 3, 2 / 3, 1, 1)]
    assert seen == [(32, 1)] * 4 + two + three
    assert network(faces)[1].shape == ()


@pytest.mark.parametrize(
    ("done", "stage", "alpha"),
    [
        (0, 1, 1),
        (49_999, 1, 1),
        (50_000, 2, 0),
        (60_000, 2, 2 * 10_000 / 50_000),
        (75_000, 2, 1),
        (99_999, 2, 1),
        (100_000, 3, 0),
        (101_000, 3, 2 * 1000 / 50_000),
        (125_000, 3, 1),
        (10**7, 3, 1),
    ],
)
def test_schedule_of_the_official_training(done, stage, alpha):
    with torch.device("meta"):
        assert PFSR().grown(done) == (stage, pytest.approx(alpha))


@torch.no_grad()
def test_a_new_stage_begins_as_the_enlarged_image_of_the_one_before(faces):
    network = growing().eval()
    images = {}
    for done in (4, 5, 9, 10):  # in evaluation: the last step of 4, 5, ... is shown
        network.step.fill_(done)
        images[done] = network(faces)[0]
    own = network.to_rgb[1](network.step2(network.step1(2 * faces - 1)))
    twice = F.interpolate(network.to_rgb[0](network.step1(2 * faces - 1)), scale_factor=2)
    torch.testing.assert_close(images[4], F.interpolate((twice + 1) / 2, scale_factor=2))
    torch.testing.assert_close(images[5], images[4])  # alpha is 0
    torch.testing.assert_close(images[9], F.interpolate((own + 1) / 2, scale_factor=2))
    network.step.fill_(6)
    blended = F.interpolate((0.5 * own + 0.5 * twice + 1) / 2, scale_factor=2)
    torch.testing.assert_close(network(faces)[0], blended)


@torch.no_grad()
def test_evaluation_gives_the_full_size_at_any_age_and_does_not_count(faces):
    network = growing().eval()
    for done in (0, 3, 7, 20):
        network.step.fill_(done)
        for _ in range(2):
            assert network(faces)[0].shape == (2, 3, 128, 128)
        assert network.step == done


def test_only_training_with_gradients_counts(faces):
    network = growing()
    with torch.no_grad():
        assert network(faces)[0].shape[-1] == 32
    assert network.step == 0
    network(faces)
    assert network.step == 1
    assert "step" in network.state_dict()


def test_training_resumes_in_the_middle_of_a_stage_to_the_same_bits(faces):
    target = torch.rand(2, 3, 128, 128, generator=torch.Generator().manual_seed(1))

    def go_on(network: nn.Module, optimizer: torch.optim.Optimizer, steps: int) -> None:
        for _ in range(steps):
            optimizer.zero_grad()
            pred, _ = network(faces)
            F.mse_loss(pred, F.interpolate(target, size=pred.shape[2:])).backward()
            optimizer.step()

    def fresh() -> tuple[PFSR, torch.optim.Optimizer]:
        network = growing((2, 3))
        return network, torch.optim.Adam(network.parameters(), lr=1e-3)

    whole, optimizer = fresh()
    go_on(whole, optimizer, 7)
    for cut in (1, 3, 6):
        network, first = fresh()
        go_on(network, first, cut)
        state, moments = network.state_dict(), first.state_dict()
        resumed, second = fresh()
        resumed.load_state_dict(state)
        second.load_state_dict(moments)
        go_on(resumed, second, 7 - cut)
        expected, found = whole.state_dict(), resumed.state_dict()
        assert all(torch.equal(expected[key], found[key]) for key in expected)


def test_stages_share_one_set_of_parameters_and_train_their_own(faces):
    assert parameter_count(growing()) == parameter_count(growing((0, 0)))
    reached = {}
    for done, stage in ((0, 1), (9, 2), (20, 3)):
        network = growing()
        network.step.fill_(done)
        network(faces)[0].square().mean().backward()
        children = {**dict(network.named_children()), **dict(network.to_rgb.named_children())}
        reached[stage] = {
            name
            for name, child in children.items()
            if all(parameter.grad is not None for parameter in child.parameters())
        }
    assert reached[1] == {"step1", "0"}
    assert reached[2] == {"step1", "step2", "1"}
    assert reached[3] == {"step1", "step2", "step3", "2"}


def test_state_dict_has_the_keys_of_the_official_code():
    keys = set(growing().state_dict())
    assert {
        "step1.0.weight",
        "step1.3.conv.0.conv.weight_orig",
        "step1.3.conv.4.running_var",
        "step2.1.weight",
        "step3.0.conv.3.conv.bias",
        "to_rgb.2.bias",
    } <= keys


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"width": 20}, "multiple of 8 and at least 24, not 20"),
        ({"width": 16}, "at least 24, not 16"),
        ({"stages": (5,)}, r"not \(5,\)"),
        ({"stages": (5, -1)}, r"none below 0, not \(5, -1\)"),
        ({"fade": -0.5}, "and -0.5"),
        ({"start": "zero"}, "'authors' or 'identity', not 'zero'"),
    ],
)
def test_wrong_arguments_are_told(wrong, message):
    with pytest.raises(ValueError, match=message):
        PFSR(**wrong)


@pytest.mark.slow
def test_one_step_of_the_full_network(faces):
    torch.manual_seed(0)
    network = PFSR(stages=(0, 0)).train()
    target = F.interpolate(faces[:1], scale_factor=8, mode="bicubic")
    before, after = loss_curve(
        network, lambda: F.mse_loss(network(faces[:1])[0], target), steps=2, lr=1e-5
    )
    assert after < before
