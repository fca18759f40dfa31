import pytest
import torch
from network_checks import IdentityStartChecks, RestorationChecks, parameter_count, psnr
from torch import nn

from baselines.jpeg.arcnn import ARCNN


class ColourARCNN(ARCNN):
    """For the photographs of the common checks."""

    def __init__(self, activation: str = "relu", start: str = "authors"):
        super().__init__(channels=3, activation=activation, start=start)


class TestARCNN(RestorationChecks, IdentityStartChecks):
    network = ColourARCNN
    parameters = 117_731
    halo = 9
    start_steps = 60
    start_lr = 5e-4

    def test_layers_are_the_papers(self, built):
        convs = [layer for layer in built.model if isinstance(layer, nn.Conv2d)]
        assert [(c.out_channels, c.kernel_size) for c in convs] == [
            (64, (9, 9)), (32, (7, 7)), (16, (1, 1)), (3, (5, 5)),
        ]  # fmt: skip
        assert [type(layer) for layer in built.model[1::2]] == 3 * [nn.ReLU]

    @torch.no_grad()
    def test_no_shortcut_leads_past_the_layers(self, lively, photograph):
        network = ColourARCNN()
        network.load_state_dict(lively.state_dict())
        network.model[-1].weight.zero_()
        expected = network.model[-1].bias.view(1, 3, 1, 1).expand_as(photograph)
        assert torch.equal(network(photograph), expected)


@pytest.mark.parametrize(
    ("arguments", "parameters"),
    [({}, 106_561), ({"activation": "prelu"}, 106_564), ({"channels": 3}, 117_731)],
    ids=str,
)
def test_parameter_counts(arguments, parameters):
    with torch.device("meta"):
        assert parameter_count(ARCNN(**arguments)) == parameters


def test_weights_are_normal_and_faint_and_biases_zero():
    torch.manual_seed(0)
    for layer in ARCNN().model[:3:2]:  # large enough to tell a distribution
        values = layer.weight.detach().flatten() / 0.001
        assert values.mean().abs() < 4 / len(values) ** 0.5
        assert values.std().item() == pytest.approx(1, abs=0.05)
        assert (values.abs() < 1).float().mean().item() == pytest.approx(0.683, abs=0.03)
    network = ARCNN(channels=3, activation="prelu")
    assert not any(p.any() for name, p in network.named_parameters() if name.endswith("bias"))
    assert network.model[6].weight.std().item() == pytest.approx(0.001, rel=0.1)


@pytest.mark.parametrize("activation", ["relu", "prelu"])
@pytest.mark.parametrize("channels", [1, 3])
@torch.no_grad()
def test_identity_start_returns_luma_and_colour(photograph, channels, activation):
    torch.manual_seed(0)
    image = photograph[:, :channels]
    network = ARCNN(channels=channels, activation=activation, start="identity")
    assert network(image).shape == image.shape
    assert psnr(network(image), image) > 30


def test_unknown_activation_is_refused():
    with pytest.raises(ValueError, match="'relu' or 'prelu', not 'elu'"):
        ARCNN(activation="elu")
