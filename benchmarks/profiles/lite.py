"""The lite profile: real images, hours on one machine; looks for the papers' order of methods."""

from __future__ import annotations

from baselines.deblurring.dsdeblur import DsDeblur
from baselines.deblurring.srn import SRN
from baselines.denoising.cbdnet import CBDNet
from baselines.denoising.ffdnet import FFDNet
from baselines.denoising.sadnet import SADNet
from baselines.super_resolution.edsr import EDSR
from benchmarks.declare.runs import Run
from benchmarks.declare.training import Training
from benchmarks.profiles.profile import Profile, Short, recipe_for

# SRN's and DsDeblur's steps take many times as long as FFDNet's, and their 5x5 kernels and sums of
# 48 layers overshoot at its rate.
RECIPES: dict[type, Short] = {
    FFDNet: Short(2000, 8, 64, 5e-4),
    CBDNet: Short(2000, 8, 64, 5e-4),
    SADNet: Short(2000, 8, 64, 5e-4),
    SRN: Short(600, 4, 48, 3e-4),
    DsDeblur: Short(600, 4, 48, 3e-4),
    EDSR: Short(2000, 8, 64, 5e-4),
}


def training(run: Run) -> Training:
    """The declared recipe in fewer steps of fewer and smaller crops."""
    return recipe_for(run.network, RECIPES, __file__).of(run.training)


LITE = Profile(
    name="lite",
    summary="real images from --data-root, hours on one machine; looks for the papers' order",
    training=training,
    warm_up=lambda run: None,
    features="imagenet if present",
    feature_width=1.0,
    absent_classes="skip",
    substitutes=True,
    embedded=False,
    comparable=True,
    redo_stale=False,
)
