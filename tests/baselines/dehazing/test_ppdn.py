import pytest
import torch
from network_checks import RestorationChecks, parameter_count, revived
from torch.nn import functional as F

from baselines.dehazing.ppdn import PPDN
from baselines.taps import tapped

NARROW = {"width": 8, "blocks": (1, 1, 1, 1)}
UNUSED = ("dense_block31.", "dense_norm31.", "resref1.", "resref2.", "batchnorm1.")
TAPPED = ("res32", "res42", "res52", "res62", "res72")


class TestPPDN(RestorationChecks):
    network = PPDN
    parameters = 31_278_281
    small = NARROW
    unused = UNUSED
    multiple = 32
    halo = 416
    crop = 64
    steps = 25

    def test_parameters_that_act(self):
        with torch.device("meta"):
            named = PPDN().named_parameters()
            acting = sum(p.numel() for name, p in named if not name.startswith(UNUSED))
        assert acting == 29_048_103

    @torch.no_grad()
    def test_images_go_in_and_out_between_minus_one_and_one(self, built):
        """Mid-grey is the network's zero; a last layer that gives nothing gives mid-grey."""
        seen = []
        handle = built.conv0.register_forward_hook(lambda m, inputs, output: seen.append(inputs[0]))
        built(torch.tensor([0.0, 0.5, 1.0]).view(1, 3, 1, 1).expand(1, 3, 32, 32))
        handle.remove()
        assert seen[0][0, :, 0, 0].tolist() == [-1, 0, 1]
        network = self.make().eval()
        network.refine3.weight.zero_()
        network.refine3.bias.copy_(torch.tensor([-99.0, 0.0, 99.0]))
        assert network(torch.rand(1, 3, 64, 64))[0, :, 5, 7].tolist() == [0, 0.5, 1]


def test_halo_of_the_authors_depth():
    """Of DenseNet's blocks alone 6, 12 and 24 rows at 1/4, 1/8 and 1/16 of the size."""
    narrow = PPDN(width=8, blocks=(1, 1, 1, 1)).receptive_field.halo
    deep = PPDN(width=8).receptive_field.halo
    further = 5 * 4 + 11 * 8 + 23 * 16
    assert abs(deep - narrow - further) < 32


@torch.no_grad()
def test_lighter_network_has_the_same_features(photograph):
    image = photograph[..., :64, :64]
    full = tapped(PPDN(**NARROW).eval(), TAPPED)
    light = tapped(PPDN(**NARROW, residuals=1).eval(), TAPPED)
    shapes = [tuple(features.shape) for features in full(image)[1:]]
    assert [side for *_, side in shapes] == [2, 4, 8, 16, 32]
    assert [tuple(features.shape) for features in light(image)[1:]] == shapes
    assert all(features.std() > 0 for features in light(image)[1:])
    left_out = {f"res{scale}1" for scale in range(3, 8)}
    names = ({name for name, _ in network.named_children()} for network in (full, light))
    assert next(names) - next(names) == left_out


class Written:
    """The official network in evaluation, written out on a state dict with its keys."""

    def __init__(self, state):
        self.state = state

    def __call__(self, x):
        x0 = F.max_pool2d(F.relu(self.norm("norm0", self.conv("conv0", x, 2))), 3, 2, 1)
        x1, x2, x3 = self.encode(1, x0)
        x3 = self.residual("res32", self.residual("res31", x3))
        x4 = torch.cat((self.up(4, x3), x2, F.avg_pool2d(x, 16)), 1)
        x4 = self.residual("res42", self.residual("res41", x4))
        x5 = torch.cat((self.up(5, x4), x1, F.avg_pool2d(x, 8)), 1)
        x5 = self.residual("res52", self.residual("res51", x5))
        x6 = torch.cat((self.up(6, x5), F.avg_pool2d(x, 4)), 1)
        x6 = self.residual("res62", self.residual("res61", x6))
        x7 = torch.cat((self.up(7, x6), F.avg_pool2d(x, 2)), 1)
        x7 = self.residual("res72", self.residual("res71", x7))
        x8 = torch.cat((self.up(8, x7), x), 1)
        x9 = F.leaky_relu(self.norm("batchnorm20", self.conv("conv_refin", x8)), 0.2)
        means = []
        for name, window in (("1010", 32), ("1020", 16), ("1030", 8), ("1040", 4)):
            mixed = F.leaky_relu(self.conv(f"conv{name}", F.avg_pool2d(x9, window)), 0.2)
            means.append(mixed.repeat_interleave(window, 2).repeat_interleave(window, 3))
        return torch.tanh(self.conv("refine3", torch.cat((*means, x9), 1)))

    def conv(self, name, x, stride=1):
        weight = self.state[f"{name}.weight"]
        padding = weight.shape[-1] // 2
        return F.conv2d(x, weight, self.state.get(f"{name}.bias"), stride, padding)

    def norm(self, name, x):
        keys = ("running_mean", "running_var", "weight", "bias")
        return F.batch_norm(x, *(self.state[f"{name}.{key}"] for key in keys))

    def normed(self, name, i, x):
        kind = "norm" if f"{name}.norm{i}.weight" in self.state else "bn"
        return self.conv(f"{name}.conv{i}", F.relu(self.norm(f"{name}.{kind}{i}", x)))

    def encode(self, block, x):
        if block > 3:
            return []
        layer = f"dense_block{block}.denselayer1"
        x = torch.cat((x, self.normed(layer, 2, self.normed(layer, 1, x))), 1)
        name = f"trans_block{block}"
        x = F.avg_pool2d(self.conv(f"{name}.conv", F.relu(self.norm(f"{name}.norm", x))), 2)
        return [x, *self.encode(block + 1, x)]

    def residual(self, name, x):
        inner = F.relu(self.norm(f"{name}.bn1", self.conv(f"{name}.conv1", x)))
        return F.relu(self.norm(f"{name}.bn2", self.conv(f"{name}.conv2", inner)) + x)

    def up(self, block, x):
        name = f"dense_block{block}"
        x = torch.cat((x, self.normed(name, 2, self.normed(name, 1, x))), 1)
        x = F.relu(self.norm(f"trans_block{block}.bn1", x))
        x = F.conv_transpose2d(x, self.state[f"trans_block{block}.conv1.weight"])
        return x.repeat_interleave(2, 2).repeat_interleave(2, 3)


@torch.no_grad()
def test_network_is_the_official_one_written_out(photograph):
    torch.manual_seed(0)
    network = revived(PPDN(**NARROW)).double().eval()
    image = photograph[..., :64, :96].double()
    for name, buffer in network.named_buffers():
        if name.endswith("running_mean"):
            buffer.uniform_(-0.1, 0.1)
        elif name.endswith("running_var"):
            buffer.uniform_(0.5, 2)
    expected = Written(network.state_dict())(2 * image - 1)
    assert expected.std() > 0.05
    torch.testing.assert_close(2 * network(image) - 1, expected, rtol=1e-9, atol=1e-9)


def published(state, old):
    """What torchvision's file of DenseNet-121 holds: other names and a classifier."""
    named = {f"features.{name}": value for name, value in state.items()}
    if old:
        for name in list(named):
            for kind in ("norm1", "norm2", "conv1", "conv2"):
                if f".{kind}." in name:
                    named[name.replace(kind, f"{kind[:-1]}.{kind[-1]}")] = named.pop(name)
    return named | {"classifier.weight": torch.zeros(1000, 1024)}


@pytest.mark.parametrize("old", [True, False])
def test_imagenet_weights_are_those_of_the_encoder(tmp_path, old):
    from torchvision.models import densenet121

    torch.manual_seed(0)
    features = densenet121(weights=None).features
    torch.save(published(features.state_dict(), old), tmp_path / "densenet121.pth")
    network = PPDN()
    found = network.load_state_dict(PPDN.imagenet_state(tmp_path / "densenet121.pth"), strict=False)
    assert not found.unexpected_keys
    missing = set(found.missing_keys)
    loaded = sum(p.numel() for name, p in network.named_parameters() if name not in missing)
    assert loaded == parameter_count(features)
    last = network.dense_block3.denselayer24.conv2.weight
    assert torch.equal(last, features.denseblock3.denselayer24.conv2.weight)


@pytest.mark.parametrize(
    "state",
    [
        {"features.conv0.weight": torch.zeros(64, 3, 7, 7)},
        {"conv1.weight": torch.zeros(64, 3, 7, 7)},
    ],
    ids=["one_layer", "resnet"],
)
def test_files_of_other_networks_are_refused(tmp_path, state):
    torch.save(state, tmp_path / "other.pth")
    with pytest.raises(ValueError, match=r"other\.pth is not DenseNet-121"):
        PPDN.imagenet_state(tmp_path / "other.pth")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"width": 12}, "multiple of 8, not 12"), ({"residuals": 3}, "1 or 2, not 3")],
)
def test_arguments_that_make_no_network_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        PPDN(**arguments)
