"""The smoke profile: embedded data, minutes on two CPU cores; shows that everything works.

Rows start from a warm-up that all rows of a network share, long enough for the network to be
clearly better than its input, and then train for a few steps with their own objective.
"""

from __future__ import annotations

from typing import Any

from baselines.deblurring.dsdeblur import DsDeblur
from baselines.deblurring.srn import SRN
from baselines.dehazing.aod_net import AODNet
from baselines.dehazing.dcgan import DcGAN
from baselines.dehazing.durn import DuRNUS
from baselines.dehazing.gfn import GFN
from baselines.dehazing.grid_dehaze_net import GridDehazeNet
from baselines.dehazing.msbdn import MSBDN
from baselines.dehazing.mscnn import MSCNN
from baselines.dehazing.pffnet import PFFNet
from baselines.dehazing.ppdn import PPDN
from baselines.denoising.cbdnet import CBDNet
from baselines.denoising.dncnn import DnCNN
from baselines.denoising.ffdnet import FFDNet
from baselines.denoising.sadnet import SADNet
from baselines.discriminators.dcgan import DcGANDiscriminator
from baselines.discriminators.fsrgan import FSRGANDiscriminator
from baselines.discriminators.light_cnn import LightCNNDiscriminator
from baselines.discriminators.pfsr import PFSRDiscriminator
from baselines.discriminators.urdgn import URDGNDiscriminator
from baselines.faces.dicnet import DICNet
from baselines.faces.fsrnet import FSRNet
from baselines.faces.light_cnn import LightCNN
from baselines.faces.pfsr import PFSR
from baselines.faces.urdgn import URDGN
from baselines.jpeg.arcnn import ARCNN
from baselines.super_resolution.edsr import EDSR
from baselines.super_resolution.rcan import RCAN
from baselines.super_resolution.rdn import RDN
from baselines.super_resolution.srresnet import SRResNet
from benchmarks.declare.runs import Run
from benchmarks.declare.training import Training
from benchmarks.profiles.profile import IDENTITY, Begin, Profile, Short, WarmUp, recipe_for

# FFDNet predicts the image and not the noise, and from PyTorch's initialisation, in which twelve
# layers fade the signal, it needs twice as many steps as from orthogonal weights with the gain of a
# ReLU network. The networks of PDL have no way around their layers, or none that is open from the
# start: they begin as the identity, and SRN's 5x5 kernels overshoot at the others' rate.
GAIN = (("orthogonal_gain", 2**0.5),)

# The shared warm-up of each network, and the training of its rows: shorter for networks that take
# long for a step, need larger crops, or are thrown back by the first steps of a new Adam.
RECIPES: dict[type, tuple[Begin, Short]] = {
    FFDNet: (Begin(900, 8, 32, 1e-3, GAIN), Short(10, 8, 32, 2e-4)),
    CBDNet: (Begin(100, 8, 32, 1e-3), Short(10, 8, 32, 2e-4)),
    SADNet: (Begin(36, 8, 32, 1e-3), Short(10, 8, 32, 2e-4)),
    SRN: (Begin(120, 4, 32, 3e-4, IDENTITY), Short(5, 4, 32, 5e-5)),
    DsDeblur: (Begin(50, 4, 32, 5e-4, IDENTITY), Short(5, 4, 32, 5e-5)),
    EDSR: (Begin(900, 4, 48, 1e-3, IDENTITY), Short(6, 8, 64, 2e-4)),
    RCAN: (Begin(900, 4, 48, 1e-3, IDENTITY), Short(5, 8, 64, 2e-4)),
    DnCNN: (Begin(100, 8, 32, 1e-3, IDENTITY), Short(10, 8, 32, 2e-4)),
    ARCNN: (Begin(400, 8, 32, 1e-3, IDENTITY), Short(10, 8, 32, 3e-5)),
    MSCNN: (Begin(200, 4, 128, 3e-3), Short(10, 4, 128, 1e-3)),
    DcGAN: (Begin(200, 4, 64, 1e-3), Short(5, 4, 64, 2e-4)),
    GFN: (Begin(100, 4, 64, 1e-3), Short(10, 4, 64, 2e-4)),
    PFFNet: (Begin(100, 4, 64, 3e-4, IDENTITY), Short(10, 4, 64, 5e-5)),
    GridDehazeNet: (Begin(40, 4, 64, 1e-3, IDENTITY), Short(5, 4, 64, 1e-4)),
    DuRNUS: (Begin(150, 4, 64, 1e-3), Short(10, 4, 64, 1e-4)),
    MSBDN: (Begin(80, 4, 64, 1e-3, IDENTITY), Short(5, 4, 64, 1e-4)),
    AODNet: (Begin(200, 8, 64, 3e-3, IDENTITY), Short(10, 8, 64, 3e-4)),
    PPDN: (Begin(80, 4, 64, 1e-3), Short(10, 4, 64, 1e-4)),
    SRResNet: (Begin(200, 4, 128, 1e-3, IDENTITY), Short(10, 4, 128, 1e-4)),
    URDGN: (Begin(150, 8, 128, 1e-3, IDENTITY), Short(10, 4, 128, 5e-6)),
    RDN: (Begin(200, 4, 128, 1e-3, IDENTITY), Short(10, 4, 128, 1e-4)),
    PFSR: (Begin(140, 4, 128, 3e-3, IDENTITY), Short(8, 4, 128, 5e-5)),
    FSRNet: (Begin(160, 4, 128, 5e-4, IDENTITY), Short(10, 4, 128, 3e-6)),
    DICNet: (Begin(80, 4, 128, 1e-3, IDENTITY), Short(10, 4, 128, 1e-4)),
}

# The networks for dehazing and faces have up to 123 million parameters: the same layers with fewer
# features, and fewer of those that are repeated. MSBDN is read so that it can be restored in
# strips, and PFSR has grown before its first step.
NARROW: dict[type, dict[str, Any]] = {
    DcGAN: {"width": 16},
    DcGANDiscriminator: {"width": 8},
    GFN: {"width": 8},
    PFFNet: {"width": 4, "blocks": 3},
    GridDehazeNet: {"features": 8, "growth": 8},
    DuRNUS: {"width": 16, "blocks": 2},
    MSBDN: {"width": 4, "blocks": 2, "upsampling": "even"},
    PPDN: {"width": 8, "blocks": (1, 1, 1, 1)},
    SRResNet: {"width": 16, "blocks": 4},
    URDGN: {"widths": (16, 16, 16, 16)},
    URDGNDiscriminator: {"width": 8},
    RDN: {"width": 16, "growth": 16, "blocks": 3, "layers": 3},
    PFSR: {"width": 32, "stages": (0, 0)},
    PFSRDiscriminator: {"width": 16},
    FSRNet: {"width": 12, "blocks": 1},
    FSRGANDiscriminator: {"width": 8},
    DICNet: {"width": 8, "groups": 2, "hourglass": 32, "fusion_blocks": 1},
    LightCNN: {"width": 8},
    LightCNNDiscriminator: {"width": 8},
}


def warm_up(run: Run) -> WarmUp:
    """The warm-up of a run's network."""
    begin, _ = recipe_for(run.network, RECIPES, __file__)
    return begin.of(run.network)


def training(run: Run) -> Training:
    """The declared recipe of a row in a few steps."""
    _, short = recipe_for(run.network, RECIPES, __file__)
    return short.of(run.training)


SMOKE = Profile(
    name="smoke",
    summary="embedded data, minutes on two CPU cores; shows that everything works",
    training=training,
    warm_up=warm_up,
    features="random",
    feature_width=1 / 8,
    absent_classes="skip",
    substitutes=True,
    embedded=True,
    comparable=False,
    redo_stale=True,
    narrow=NARROW,
    threads=2,  # the same numbers on every machine that has two cores or more
)
