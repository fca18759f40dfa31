import pytest
import torch
from network_checks import parameter_count
from torch.nn import functional as F

from baselines.faces.light_cnn import LightCNN

# What follows what in DIC's class; "pool" halves.
GROUPS = ("features.0", "pool", "features.2", "pool", "features.4", "pool")
GROUPS += ("features.6", "features.7", "pool")


def official_state(width=48, channels=3, seed=0):
    """Names and shapes as in DIC's class that reads the file, with random weights."""
    generator = torch.Generator().manual_seed(seed)
    shapes = {"features.0.filter": (2 * width, channels, 5)}
    for index, seen, given in ((2, 1, 2), (4, 2, 4), (6, 4, 8 / 3), (7, 8 / 3, 8 / 3)):
        seen, given = round(seen * width), round(given * width)
        shapes[f"features.{index}.conv_a.filter"] = (2 * seen, seen, 1)
        shapes[f"features.{index}.conv.filter"] = (2 * given, seen, 3)
    state = {}
    for name, (given, seen, side) in shapes.items():
        spread = (2 / (seen * side**2)) ** 0.5
        kernel = torch.randn(given, seen, side, side, generator=generator)
        state[f"{name}.weight"] = spread * kernel
        state[f"{name}.bias"] = 0.1 * torch.randn(given, generator=generator)
    return state


def written_out(state, images):
    """What the layers make of images in [0, 1]: each time the larger of two halves."""

    def largest(x, name):
        weight = state[f"{name}.filter.weight"]
        x = F.conv2d(x, weight, state[f"{name}.filter.bias"], padding=weight.shape[-1] // 2)
        return x.unflatten(1, (2, -1)).amax(1)

    x = images - torch.tensor([0.509, 0.424, 0.378]).view(3, 1, 1)
    for layer in GROUPS:
        if layer == "pool":
            x = F.max_pool2d(x, 2, ceil_mode=True)
        elif layer == "features.0":
            x = largest(x, layer)
        else:
            x = largest(largest(x, f"{layer}.conv_a"), f"{layer}.conv")
    return x


def test_parameter_count():
    with torch.device("meta"):
        assert parameter_count(LightCNN()) == 1_290_848


@pytest.mark.parametrize(("height", "width"), [(128, 128), (37, 45), (16, 1)])
@torch.no_grad()
def test_released_weights_compute_what_the_layers_do(tmp_path, height, width):
    """In a file that holds later layers as well, which nobody needs."""
    state = official_state()
    later = {"classifier.0.filter.weight": torch.zeros(512, 8192)}
    torch.save(state | later, tmp_path / "LightCNN_feature.pth")
    network = LightCNN()
    network.load_state_dict(LightCNN.released_state(tmp_path / "LightCNN_feature.pth"))
    images = torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(1))
    expected = written_out(state, images)
    assert expected.shape == (2, 128, -(-height // 16), -(-width // 16))
    torch.testing.assert_close(network(images), expected)


@torch.no_grad()
def test_narrow_network_has_the_same_layers():
    state = official_state(width=6)
    network = LightCNN(width=6)
    network.load_state_dict(state)
    images = torch.rand(1, 3, 40, 40, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(network(images), written_out(state, images))


def test_weights_are_he_et_als_and_keep_the_size_of_features(photograph):
    torch.manual_seed(0)
    network = LightCNN()
    for name, parameter in network.named_parameters():
        if name.endswith("bias"):
            assert not parameter.any(), name
        else:
            spread = (2 / parameter[0].numel()) ** 0.5
            assert parameter.std().item() == pytest.approx(spread, rel=0.1), name
    with torch.no_grad():
        assert 0.03 < network(photograph).std() < 30


def test_weights_of_other_networks_are_refused(tmp_path):
    path = tmp_path / "grey.pth"
    torch.save(official_state(channels=1), path)
    message = r"grey\.pth is not LightCNN-9 for RGB: its features\.0\.filter\.weight is \(96, 1, 5"
    with pytest.raises(ValueError, match=message):
        LightCNN.released_state(path)
    torch.save({"conv1.weight": torch.zeros(1)}, path)
    with pytest.raises(ValueError, match=r"its features\.0\.filter\.weight is absent"):
        LightCNN.released_state(path)
