import pytest
import torch
from torch.nn import functional as F

from baselines.dehazing.dense_feature_fusion import DenseFeatureFusion


def projected(x, state, name):
    """One projection: the halving or doubling layer of this name, written out."""
    if "down" in name:
        x = F.conv2d(x, state[f"{name}.conv.weight"], state[f"{name}.conv.bias"], 2, 1)
    else:
        weight, bias = state[f"{name}.deconv.weight"], state[f"{name}.deconv.bias"]
        x = F.conv_transpose2d(x, weight, bias, 2, 1)
    return torch.where(x > 0, x, state[f"{name}.act.weight"] * x)


@pytest.mark.parametrize("finer", [True, False])
@torch.no_grad()
def test_each_stored_feature_corrects_in_turn(finer):
    """The farthest first, through both layers; then the nearer, through the first of them."""
    torch.manual_seed(0)
    fusion = DenseFeatureFusion(8, stored=2, finer=finer)
    state = fusion.state_dict()
    x = torch.rand(2, 8, 12, 16)
    scale = [4, 2] if finer else [1 / 4, 1 / 2]
    stored = [torch.rand(2, int(8 / s), int(12 * s), int(16 * s)) for s in scale]
    there, back = ("up_convs", "down_convs") if finer else ("down_convs", "up_convs")
    far = projected(projected(x, state, f"{there}.0"), state, f"{there}.1") - stored[0]
    once = x + projected(projected(far, state, f"{back}.1"), state, f"{back}.0")
    near = projected(once, state, f"{there}.0") - stored[1]
    twice = once + projected(near, state, f"{back}.0")
    torch.testing.assert_close(fusion(x, stored), twice)
    assert (twice - once).abs().max() > 1e-3


@pytest.mark.parametrize("finer", [True, False])
@torch.no_grad()
def test_features_that_agree_stay(finer):
    """A stored feature that is what the features project to gives no difference to project back."""
    fusion = DenseFeatureFusion(8, stored=1, finer=finer)
    for name, parameter in fusion.named_parameters():
        if name.endswith("bias"):
            parameter.zero_()
    x = torch.rand(1, 8, 8, 8)
    layers, _ = next(fusion.projections())
    torch.testing.assert_close(fusion(x, [layers[0](x)]), x)


def test_a_stored_feature_too_few_is_an_error():
    with pytest.raises(ValueError, match="zip"):
        DenseFeatureFusion(8, stored=2, finer=True)(torch.rand(1, 8, 8, 8), [])


def test_longest_way_meets_the_first_layers_again():
    fusion = DenseFeatureFusion(8, stored=3, finer=False)
    convolutions = [layer for layer in fusion.longest_way() if hasattr(layer, "kernel_size")]
    downs = [layer.conv for layer in fusion.down_convs]
    ups = [layer.deconv for layer in fusion.up_convs]
    expected = [*downs, *reversed(ups), *downs[:2], *reversed(ups[:2]), downs[0], ups[0]]
    assert [id(layer) for layer in convolutions] == [id(layer) for layer in expected]
