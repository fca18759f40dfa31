"""The lite profile: real images, hours on one machine; looks for the papers' order of methods.

Rows start where a training has flattened out: with weights that a network's authors released, or
those of a training that the network's rows share. Each then goes on with its own objective, so that
what differs is what the objectives do to a network that restores well.
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
from baselines.faces.dicnet import DICNet
from baselines.faces.fsrnet import FSRNet
from baselines.faces.pfsr import PFSR
from baselines.faces.urdgn import URDGN
from baselines.jpeg.arcnn import ARCNN
from baselines.super_resolution.edsr import EDSR
from baselines.super_resolution.rcan import RCAN
from baselines.super_resolution.rdn import RDN
from baselines.super_resolution.srresnet import SRResNet
from benchmarks.declare.released import FFDNET_COLOUR
from benchmarks.declare.runs import Run
from benchmarks.declare.training import Training
from benchmarks.profiles.profile import IDENTITY, Begin, Profile, Short, WarmUp, recipe_for

# The shared start of each network, and the training of its rows. On two cores a step of SADNet
# takes fifteen times as long as one of FFDNet's of the same size, SRN's four times; SRN's and
# DsDeblur's 5x5 kernels and sums of 48 layers overshoot at the others' rate. From its authors'
# initialisation DnCNN learns nothing in the first 400 steps: it begins as the identity.
RECIPES: dict[type, tuple[Begin, Short]] = {
    FFDNet: (Begin(4000, 8, 64, 5e-4, released=FFDNET_COLOUR), Short(400, 4, 96, 1e-4)),
    CBDNet: (Begin(3000, 8, 64, 5e-4), Short(400, 4, 96, 1e-4)),
    SADNet: (Begin(3000, 4, 48, 5e-4), Short(400, 2, 64, 1e-4)),
    SRN: (Begin(6000, 4, 64, 3e-4), Short(400, 4, 64, 1e-4)),
    DsDeblur: (Begin(3000, 4, 64, 3e-4), Short(400, 4, 64, 1e-4)),
    EDSR: (Begin(4000, 8, 64, 5e-4), Short(400, 8, 64, 1e-4)),
    RCAN: (Begin(3000, 8, 64, 5e-4), Short(400, 8, 64, 1e-4)),
    DnCNN: (Begin(1500, 8, 40, 1e-3, IDENTITY), Short(400, 8, 40, 1e-4)),
    ARCNN: (Begin(4000, 8, 48, 5e-4), Short(400, 8, 48, 1e-4)),
    MSCNN: (Begin(3000, 8, 96, 1e-2), Short(400, 8, 96, 1e-3)),
    DcGAN: (Begin(1000, 2, 128, 2e-4), Short(200, 2, 128, 1e-4)),
    GFN: (Begin(3000, 4, 96, 5e-4), Short(400, 4, 96, 1e-4)),
    PFFNet: (Begin(3000, 4, 96, 3e-4), Short(400, 4, 96, 5e-5)),
    GridDehazeNet: (Begin(3000, 4, 96, 1e-3), Short(400, 4, 96, 1e-4)),
    DuRNUS: (Begin(3000, 4, 96, 5e-4), Short(400, 4, 96, 1e-4)),
    MSBDN: (Begin(3000, 4, 96, 3e-4), Short(400, 4, 128, 1e-4)),
    AODNet: (Begin(10_000, 8, 96, 1e-3), Short(400, 8, 96, 1e-4)),
    PPDN: (Begin(3000, 4, 96, 3e-4), Short(400, 4, 96, 1e-4)),
    SRResNet: (Begin(3000, 8, 128, 5e-4), Short(400, 8, 128, 1e-4)),
    URDGN: (Begin(3000, 8, 128, 1e-3), Short(400, 8, 128, 1e-4)),
    RDN: (Begin(3000, 4, 128, 5e-4), Short(400, 4, 128, 1e-4)),
    PFSR: (Begin(3000, 4, 128, 1e-3), Short(400, 4, 128, 1e-4)),
    FSRNet: (Begin(3000, 4, 128, 1e-3), Short(400, 4, 128, 1e-4)),
    DICNet: (Begin(3000, 4, 128, 5e-4), Short(400, 4, 128, 1e-4)),
}

# DICNet's full width takes a minute for a step on two cores; PFSR grows within its start.
NARROW: dict[type, dict[str, Any]] = {
    DICNet: {"width": 16, "groups": 3, "hourglass": 64, "fusion_blocks": 2},
    PFSR: {"stages": (1000, 1000)},
}


def warm_up(run: Run) -> WarmUp:
    """The start that the rows of a run's network share."""
    begin, _ = recipe_for(run.network, RECIPES, __file__)
    return begin.of(run.network)


def training(run: Run) -> Training:
    """The declared recipe in fewer steps of fewer and smaller crops."""
    _, short = recipe_for(run.network, RECIPES, __file__)
    return short.of(run.training)


LITE = Profile(
    name="lite",
    summary="real images from --data-root, hours on one machine; looks for the papers' order",
    training=training,
    warm_up=warm_up,
    features="imagenet if present",
    feature_width=1.0,
    absent_classes="skip",
    substitutes=True,
    embedded=False,
    comparable=True,
    redo_stale=False,
    from_scratch=True,
    narrow=NARROW,
)
