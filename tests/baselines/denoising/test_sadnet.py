import math

import pytest
import torch
from network_checks import RestorationChecks, child_counts
from torch import nn

from baselines.denoising.sadnet import DeformableConv, SADNet

CHILDREN = {
    "res1": 18_624, "down1": 8_256, "res2": 73_856, "down2": 32_896, "res3": 295_168,
    "down3": 131_328, "res4": 1_180_160, "context": 229_952, "offset4": 83_008,
    "dres4": 1_242_584, "up3": 131_200, "dconv3_1": 32_896, "offset3": 64_608, "dres3": 357_592,
    "up2": 32_832, "dconv2_1": 8_256, "offset2": 46_176, "dres2": 136_280, "up1": 8_224,
    "dconv1_1": 2_080, "offset1": 36_960, "dres1": 80_920, "out": 867,
}  # fmt: skip


def initialise_as_the_official_code(network: nn.Module) -> None:
    """The order in which JimmyChame/SADNet draws: each block's default values, which its own
    Xavier values replace, then Xavier for everything."""
    convolutions = (nn.Conv2d, nn.ConvTranspose2d)

    def xavier(module, kinds):
        for layer in module.modules():
            if isinstance(layer, kinds):
                nn.init.xavier_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)

    for child in network.children():
        for layer in child.modules():
            if isinstance(layer, convolutions):
                layer.reset_parameters()
                if layer.out_channels == 216:  # the deformable layer's kernel comes right after
                    parent = child.dcnpack
                    bound = 1 / math.sqrt(parent.weight[0].numel())
                    nn.init.uniform_(parent.weight, -bound, bound)
        if not isinstance(child, convolutions):
            xavier(child, nn.Conv2d)
    xavier(network, convolutions)


class TestSADNet(RestorationChecks):
    network = SADNet
    parameters = 4_234_723
    steps = 12
    multiple = 8

    def test_children(self, built):
        assert child_counts(built) == CHILDREN

    @torch.no_grad()
    def test_output_is_that_of_the_official_code(self):
        """Mean and deviation measured on JimmyChame/SADNet, seed 0 for weights and image."""
        image = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
        network = SADNet()
        torch.manual_seed(0)
        initialise_as_the_official_code(network)
        pred = network(image)
        assert pred.mean().item() == pytest.approx(0.557677, abs=2e-6)
        assert pred.std().item() == pytest.approx(0.36413, abs=2e-6)

    @torch.no_grad()
    def test_initialisation_is_the_official_distribution(self, built):
        official = SADNet()
        torch.manual_seed(1)
        initialise_as_the_official_code(official)
        theirs = dict(official.named_parameters())
        for name, ours in built.named_parameters():
            if name.endswith("bias"):
                assert not ours.any(), name
            else:  # uniform values: the extremes of many are the bounds
                assert ours.max().item() == pytest.approx(theirs[name].max().item(), rel=0.05), name
                assert ours.min().item() == pytest.approx(theirs[name].min().item(), rel=0.05), name

    @torch.no_grad()
    def test_deformable_convolution_without_offsets_is_a_convolution(self):
        torch.manual_seed(0)
        layer = DeformableConv(16, 8)
        nn.init.normal_(layer.weight)
        nn.init.normal_(layer.bias)
        nn.init.zeros_(layer.conv_offset_mask.weight)
        nn.init.zeros_(layer.conv_offset_mask.bias)
        x = torch.rand(2, 16, 12, 10)
        plain = nn.functional.conv2d(x, layer.weight / 2, layer.bias, padding=1)  # sigmoid(0) = 1/2
        result = layer(x, torch.rand(2, 8, 12, 10))
        torch.testing.assert_close(result, plain, rtol=0, atol=1e-4)
