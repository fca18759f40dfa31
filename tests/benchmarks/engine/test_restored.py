"""An image in strips is the image as a whole; only large ones go in strips."""

import subprocess
import sys
from pathlib import Path

import pytest
import quick
import torch
from torch import nn

from baselines.dehazing.msbdn import MSBDN
from baselines.dehazing.ppdn import PPDN
from baselines.denoising.cbdnet import CBDNet
from baselines.denoising.ffdnet import FFDNet
from baselines.denoising.sadnet import SADNet
from baselines.super_resolution.edsr import EDSR
from baselines.super_resolution.srresnet import SRResNet
from benchmarks.engine import restored as module
from benchmarks.engine.restored import restored
from benchmarks.profiles.smoke import SMOKE

NETWORKS = {
    "FFDNet": lambda: FFDNet(width=8),
    "CBDNet": CBDNet,
    "EDSR": lambda: EDSR(width=4, blocks=4),
    "EDSR at scale 3": lambda: EDSR(scale=3, width=4, blocks=4),
    "SRResNet": lambda: SRResNet(width=4, blocks=4),
}


class Watched(nn.Module):
    """A network and the heights of what it was given."""

    def __init__(self, network):
        super().__init__()
        self.network, self.heights = network, []
        self.inputs, self.outputs = network.inputs, network.outputs
        if hasattr(network, "receptive_field"):
            self.receptive_field = network.receptive_field

    def forward(self, image, *others):
        self.heights.append(image.shape[-2])
        return self.network(image, *others)


def entries_of(height, width):
    image = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0))
    return {"input": image, "sigma": torch.tensor([25.0]), "target": image}


def made(make):
    """The network with weights that let every input reach the output, as training would."""
    torch.manual_seed(0)
    network = make()
    for parameter in network.parameters():
        if parameter.dim() > 1:
            nn.init.kaiming_normal_(parameter)
    return Watched(network.eval())


def small_strips(monkeypatch, network, rows, width):
    """Let every image go in strips of so many rows of input."""
    monkeypatch.setattr(module, "WHOLE", 0)
    monkeypatch.setattr(module, "STRIP", rows * width * network.receptive_field.scale**2)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("height", [211, 240])
@torch.no_grad()
def test_strips_with_their_halo_are_the_whole(name, height, monkeypatch):
    """In float64, where no rounding hides a row; odd sizes are padded at the true border only."""
    entries = {k: v.double() for k, v in entries_of(height, 13).items()}
    network = made(NETWORKS[name]).double()
    whole = restored(network, entries)
    assert network.heights == [height]
    small_strips(monkeypatch, network, 40, 13)
    strips = restored(network, entries)
    assert len(network.heights) > 4
    assert max(network.heights[1:]) < height
    scale = network.receptive_field.scale
    assert strips.shape == whole.shape == (1, 3, scale * height, scale * 13)
    assert whole.std() > 0.05
    torch.testing.assert_close(strips, whole, rtol=1e-12, atol=1e-12)


DEEP = {
    "MSBDN-DFF": lambda: MSBDN(width=4, blocks=1, upsampling="even"),
    "MSBDN-RDFF": lambda: MSBDN(width=4, blocks=1, variant="rdff", upsampling="even"),
    "PPDN": lambda: PPDN(width=8, blocks=(1, 1, 1, 1)),
}


@pytest.mark.parametrize("name", DEEP)
@torch.no_grad()
def test_strips_of_networks_that_look_far_are_the_whole(name, monkeypatch):
    """Their halo is larger than a strip, which then has the halo's height."""
    network = made(DEEP[name]).double()
    height = 3 * network.receptive_field.halo + 37
    entries = {k: v.double() for k, v in entries_of(height, 13).items()}
    whole = restored(network, entries)
    small_strips(monkeypatch, network, 40, 13)
    strips = restored(network, entries)
    assert len(network.heights) == 5
    assert min(network.heights[1:]) < height
    assert whole.std() > 0.05
    torch.testing.assert_close(strips, whole, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ["FFDNet", "EDSR"])
@torch.no_grad()
def test_strips_round_as_the_whole_or_nearly(name, monkeypatch):
    """In float32 a convolution of another size may round otherwise: by at most 1e-6, so that of two
    thousand pixels at most one takes the next of 256 levels. (Most strips give equal bits.)"""
    entries = entries_of(211, 259)
    enlarging = EDSR(width=16, blocks=2, start="identity")
    network = made(FFDNet) if name == "FFDNet" else Watched(enlarging.eval())
    whole = restored(network, entries)
    assert whole.std() > 0.2
    small_strips(monkeypatch, network, 50, 259)
    strips = restored(network, entries)
    assert len(network.heights) > 4
    torch.testing.assert_close(strips, whole, rtol=0, atol=1e-6)
    files = [(image.clamp(0, 1) * 255).round() for image in (strips, whole)]
    assert (files[0] != files[1]).double().mean() < 5e-4


@torch.no_grad()
def test_too_small_a_halo_is_seen(monkeypatch):
    entries, network = entries_of(211, 33), made(NETWORKS["FFDNet"])
    whole = restored(network, entries)
    small_strips(monkeypatch, network, 40, 33)
    object.__setattr__(network.receptive_field, "halo", 8)
    assert (restored(network, entries) - whole).abs().max() > 1e-3


@torch.no_grad()
def test_images_of_the_papers_sets_go_through_whole():
    """Cityscapes, and the largest of DIV2K; of what a network enlarges, the output counts."""
    for height, width in ((1024, 2048), (2040, 2040)):
        network = made(lambda: FFDNet(width=1, depth=2))
        restored(network, entries_of(height, width))
        assert network.heights == [height]
    network = made(lambda: EDSR(width=1, blocks=1))
    restored(network, entries_of(510, 510))
    assert network.heights == [510]
    restored(network, entries_of(513, 512))
    assert len(network.heights) > 2


@torch.no_grad()
def test_networks_that_do_not_say_how_far_they_look_get_the_whole(monkeypatch):
    monkeypatch.setattr(module, "WHOLE", 0)
    for make in (lambda: SADNet(width=8, offset_features=8), quick.Copy):
        network = made(make)
        restored(network, entries_of(64, 16))
        assert network.heights == [64]


@torch.no_grad()
def test_a_megapixel_through_the_dehazing_of_smoke_in_strips_is_the_whole(monkeypatch):
    """In float32. A strip with its halo has 1264 or 1888 rows of 2144."""
    height, width = 2144, 496
    torch.manual_seed(0)
    entries, network = entries_of(height, width), Watched(MSBDN(**SMOKE.narrow[MSBDN]).eval())
    whole = restored(network, entries)
    small_strips(monkeypatch, network, 640, width)
    strips = restored(network, entries)
    assert len(network.heights) > 3
    assert max(network.heights[1:]) < height
    assert whole.std() > 0.05
    torch.testing.assert_close(strips, whole, rtol=0, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "height", "width", "gibibytes"),
    [("FFDNet", 4000, 5000, 2), ("MSBDN", 4000, 4000, 4)],
)
def test_photographs_of_a_camera_take_few_gibibytes(network, height, width, gibibytes):
    """FFDNet's peak does not depend on its depth; 12 layers take four times as long as 3."""
    script = Path(__file__).with_name("large_image.py")
    command = [sys.executable, script, network, str(height), str(width)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert float(done.stdout) < gibibytes, done.stderr
