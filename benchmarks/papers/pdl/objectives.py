"""The objectives of PDL's tables: Eq. 5 and 6, both contextual losses, and SRGAN."""

from __future__ import annotations

from baselines.discriminators.srgan import SRGANDiscriminator
from benchmarks.declare.runs import network
from benchmarks.declare.sources import assumed, cited
from losses.adversarial import Adversarial
from losses.contextual import Contextual
from losses.features import Features
from losses.l1 import L1
from losses.pdl import PDL
from losses.perceptual import Perceptual
from losses.scales import L1Scales

FEATURES = Features(
    "vgg16",
    assumed(("relu4_3",), "'VGG16conv4': the last of the block, after its ReLU, as in TensorFlow"),
)
PIXELS = L1()
SCALES = L1Scales()  # of SRN and DsDeblur, whose authors sum their loss over three scales
OURS = PDL(
    FEATURES,
    reduction=assumed(
        "mean", "Eq. 5 has sums, Sec. 4 averages; only as a mean do its weights act as printed"
    ),
)
L1_PERCEPTUAL = Perceptual(FEATURES, "l1")
L2_PERCEPTUAL = Perceptual(
    FEATURES, assumed("l2", "Eq. 6 does not say whether the norm is squared; Johnson et al. do")
)
BANDWIDTH = assumed(0.5, "the paper names none; Mechrez et al. 2018, released config")
CONTEXTUAL_DP = Contextual(FEATURES, distance="dot", bandwidth=BANDWIDTH)
CONTEXTUAL_L2 = Contextual(FEATURES, distance="l2", bandwidth=BANDWIDTH)
# SRGAN has no pixel term: content and adversary alone.
SRGAN = assumed(
    0.006, "SRGAN divides VGG's features by 12.75; whether its VGG is scaled as ours is not known"
) * Perceptual(
    Features("vgg19", cited(("relu5_4",), "Ledig et al. 2017, Sec. 2.2.1")), "l2"
) + cited(1e-3, "Ledig et al. 2017, Eq. 3") * Adversarial(
    network(SRGANDiscriminator),
    lr=assumed(1e-3, "'the same ... optimization parameters' for all models; SRGAN's own is 1e-4"),
)
UNPRINTED = assumed(0.01, "the paper gives no weight here; the one of its JPEG table")
