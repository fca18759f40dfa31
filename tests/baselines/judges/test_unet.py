import pytest
import torch
from network_checks import loss_curve, parameter_count
from torch.nn import functional as F

from baselines.judges.unet import Unet


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return Unet().eval()


def test_parameter_count(network):
    assert parameter_count(network) == 2_043_387


@torch.no_grad()
def test_logits_have_the_image_size(network, photograph):
    for height, width in ((37, 45), (32, 64), (5, 17)):
        assert network(photograph[..., :height, :width]).shape == (1, 19, height, width)


@torch.no_grad()
def test_images_are_normalised_as_imagenet(network, photograph):
    from torchvision.transforms.functional import normalize

    image = normalize(photograph[..., :64, :64], (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    torch.testing.assert_close(network(photograph[..., :64, :64]), network.body(image))


def test_state_dict_holds_the_body_alone(network):
    assert {key.split(".")[0] for key in network.state_dict()} == {"body"}


def test_encoder_and_decoder_can_be_chosen():
    network = Unet("mobilenet_v2", decoder=(16, 8, 8), classes=4).eval()
    with torch.no_grad():
        assert network(torch.rand(1, 3, 20, 30)).shape == (1, 4, 20, 30)


def test_overfits_one_batch(photograph):
    """Dark, middle and bright parts of a photograph as classes, a corner unlabelled."""
    images = torch.cat((photograph[..., :64, :64], photograph[..., 32:, 32:]))
    labels = (3 * images.mean(1)).long().clamp(max=2)
    labels[:, :8, :8] = 255
    torch.manual_seed(0)
    network = Unet().train()
    values = loss_curve(
        network,
        lambda: F.cross_entropy(network(images), labels, ignore_index=255),
        steps=30,
        lr=1e-3,
    )
    assert values[-1] < 0.3 * values[0]
    right = (network(images).argmax(1) == labels)[labels != 255]
    assert right.float().mean() > 0.85
