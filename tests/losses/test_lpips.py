from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import losses.lpips
from losses.lpips import LPIPS
from losses.objective import Resources

RANDOM = LPIPS(net="squeeze", weights="random")


def _torchvision(net: str, seed: int) -> nn.Module:
    """torchvision's own classifier, randomly initialised; VGG's large classifier stays empty."""
    import torchvision

    make = {
        "alex": torchvision.models.alexnet,
        "vgg": torchvision.models.vgg16,
        "squeeze": torchvision.models.squeezenet1_1,
    }[net]
    with torch.device("meta"):
        network = make(weights=None)
    network.features.to_empty(device="cpu")
    generator = torch.Generator().manual_seed(seed)
    for p in network.features.parameters():
        scale = (2 / p[0].numel()) ** 0.5 if p.ndim == 4 else 0.1
        p.data.normal_(0, scale, generator=generator)
    return network


def _with_trunk(network: nn.Module, trunk: nn.Module) -> nn.Module:
    """A copy of the package's network with exactly this trunk, convolution by convolution."""
    network = copy.deepcopy(network)
    found = [m for m in network.get_submodule("net").modules() if isinstance(m, nn.Conv2d)]
    given = [m for m in trunk.modules() if isinstance(m, nn.Conv2d)]
    for mine, theirs in zip(found, given, strict=True):
        mine.weight.data.copy_(theirs.weight)
        assert mine.bias is not None
        assert theirs.bias is not None
        mine.bias.data.copy_(theirs.bias)
    return network


@pytest.mark.parametrize("net", ["alex", "vgg", "squeeze"])
def test_lpips_with_torchvisions_file_equals_the_package(
    net: str,
    resources: Resources,
    save_weights: Callable[[str, dict[str, Tensor]], str],
    monkeypatch: pytest.MonkeyPatch,
    photographs: Tensor,
    noisy: Tensor,
):
    trunk = _torchvision(net, seed=1)
    state = {f"features.{k}": v for k, v in trunk.get_submodule("features").state_dict().items()}
    stem = losses.lpips.TRUNK_FILES[net].rsplit("-", 1)[0]
    name = save_weights(stem, {**state, "classifier.1.bias": torch.zeros(3)})
    monkeypatch.setitem(losses.lpips.TRUNK_FILES, net, name)

    loss = LPIPS(net=net).build(resources)
    package = _with_trunk(loss.get_submodule("network"), trunk.get_submodule("features"))
    a, b = noisy[..., :64, :48], photographs[..., :64, :48]
    with torch.no_grad():
        expected = package(2 * a - 1, 2 * b - 1)
        value = loss(a, b)
    assert expected.min() > 1e-3
    torch.testing.assert_close(value, expected.mean())


def test_lpips_asks_for_torchvisions_files_by_name_and_digest():
    class AskedError(Exception):
        pass

    class Folder:
        device = torch.device("cpu")

        def weights_file(self, name: str, sha256: str) -> Any:
            raise AskedError(name, sha256)

        def frozen(self, network: Any) -> Any: ...

        def fresh(self, network: Any) -> Any: ...

    with pytest.raises(AskedError) as asked:
        LPIPS(net="squeeze").build(Folder())
    assert asked.value.args == ("squeezenet1_1-b8a52dc0.pth", "b8a52dc0")
    assert losses.lpips.TRUNK_FILES["alex"] == "alexnet-owt-7be5be79.pth"
    assert losses.lpips.TRUNK_FILES["vgg"] == "vgg16-397923af.pth"


def test_lpips_is_zero_at_equality_and_smaller_for_less_noise(
    resources: Resources, photographs: Tensor, noisy: Tensor
):
    loss = RANDOM.build(resources)
    assert loss(photographs, photographs).item() == 0
    halfway = (noisy + photographs) / 2
    assert 0 < loss(halfway, photographs) < loss(noisy, photographs)


def test_lpips_gradient_step_improves_and_spares_target_and_network(
    resources: Resources, photographs: Tensor, noisy: Tensor
):
    loss = RANDOM.build(resources)
    pred, target = noisy.clone().requires_grad_(), photographs.clone().requires_grad_()
    value = loss(pred, target)
    value.backward()
    assert pred.grad is not None
    assert pred.grad.isfinite().all()
    assert target.grad is None
    assert all(p.grad is None and not p.requires_grad for p in loss.parameters())
    assert loss(noisy - 0.1 * pred.grad / pred.grad.norm(), photographs) < value


def test_lpips_gradient_is_finite_where_no_channel_is_active(
    resources: Resources, photographs: Tensor, noisy: Tensor
):
    """There the length of the features is zero, whose derivative a plain square root lacks."""
    loss = RANDOM.build(resources)
    network: Any = loss.get_submodule("network")
    nn.init.constant_(network.net.slice1[0].bias, -2)
    pred = noisy.clone().requires_grad_()
    active = network.net(network.scaling_layer(2 * noisy - 1)).relu1.any(dim=1)
    assert 0 < active.sum() < active.numel()
    loss(pred, photographs).backward()
    assert pred.grad is not None
    assert pred.grad.isfinite().all()
    assert pred.grad.any()


def test_lpips_is_the_mean_over_the_batch(resources: Resources, photographs: Tensor, noisy: Tensor):
    loss = RANDOM.build(resources)
    alone = [loss(noisy[i : i + 1], photographs[i : i + 1]) for i in range(2)]
    torch.testing.assert_close(loss(noisy, photographs), torch.stack(alone).mean())


def test_lpips_stays_without_dropout_in_training(
    resources: Resources, photographs: Tensor, noisy: Tensor
):
    loss = RANDOM.build(resources)
    before = loss(noisy, photographs)
    loss.train()
    assert not any(m.training for m in loss.modules())
    assert loss(noisy, photographs) == before


def test_lpips_random_trunk_follows_its_seed_only(
    resources: Resources,
    photographs: Tensor,
    noisy: Tensor,
    capsys: pytest.CaptureFixture[str],
    recwarn: pytest.WarningsRecorder,
):
    torch.manual_seed(1)
    first = RANDOM.build(resources)(noisy, photographs)
    torch.manual_seed(2)
    state = torch.get_rng_state()
    again = RANDOM.build(resources)(noisy, photographs)
    assert torch.equal(torch.get_rng_state(), state)
    assert first == again
    other = LPIPS(net="squeeze", weights="random", seed=1).build(resources)
    assert other(noisy, photographs) != first
    assert capsys.readouterr() == ("", "")
    assert not [w for w in recwarn if "torchvision" in w.filename]


def test_lpips_channel_weights_are_the_fitted_ones(resources: Resources):
    """Fitted weights are not negative and mostly far from a fresh layer's uniform range."""
    network = RANDOM.build(resources).get_submodule("network")
    weights = network.get_submodule("lin0.model.1").weight
    assert isinstance(weights, Tensor)
    assert weights.min() >= 0
    assert weights.max() > 1 / weights.numel() ** 0.5


@pytest.mark.parametrize(("net", "smallest"), [("squeeze", 17), ("alex", 31)])
def test_lpips_names_the_smallest_image(net: str, smallest: int, resources: Resources):
    loss = LPIPS(net=net, weights="random").build(resources)
    image = torch.rand(1, 3, smallest, smallest, generator=torch.Generator().manual_seed(0))
    assert loss(image, 1 - image).isfinite()
    with pytest.raises(ValueError, match=f"at least {smallest} x {smallest} pixels"):
        loss(image[..., 1:], 1 - image[..., 1:])


def test_lpips_checks_its_arguments():
    assert repr(LPIPS()) == "LPIPS(net='alex', weights='imagenet', seed=0)"
    assert LPIPS.symbol == "L_LPIPS"
    with pytest.raises(ValueError, match="net must be one of alex, vgg, squeeze"):
        LPIPS(net="resnet")
    with pytest.raises(ValueError, match="'imagenet' or 'random'"):
        LPIPS(weights="none")
