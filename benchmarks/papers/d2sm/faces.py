"""D2SM, Sec. 4.2: faces made eight times larger, and how well they can then be aligned.

"Under the settings of DICNet" is all that the paper says: data, protocol and DICNet's training are
those of Maclory/Deep-Iterative-Collaboration (DIC), with a network for each of the two sets. The
compared methods are trained as their authors did, for as many steps as DICNet.
"""

from __future__ import annotations

from dataclasses import replace

from baselines.discriminators.fsrgan import FSRGANDiscriminator
from baselines.discriminators.light_cnn import LightCNNDiscriminator
from baselines.discriminators.pfsr import PFSRDiscriminator
from baselines.discriminators.urdgn import URDGNDiscriminator
from baselines.faces.dicnet import DICNet
from baselines.faces.feedback_hourglass import FeedbackHourglass
from baselines.faces.fsrnet import FSRNet
from baselines.faces.light_cnn import LightCNN
from baselines.faces.pfsr import PFSR
from baselines.faces.urdgn import URDGN
from baselines.pass_through import PassThrough
from baselines.super_resolution.pillow_bicubic import PillowBicubic
from baselines.super_resolution.rdn import RDN
from baselines.super_resolution.srresnet import SRResNet
from benchmarks.declare.column import Column, PerGroup, Unmeasured
from benchmarks.declare.figure import Figure
from benchmarks.declare.protocol import Evaluation, Protocol
from benchmarks.declare.runs import Fixed, Released, network
from benchmarks.declare.sources import assumed, cited, paper
from benchmarks.declare.table import Reference, Row, Table, name_of
from benchmarks.declare.training import Adam, EveryStep, Held, MultiStep, RMSprop, Training
from benchmarks.metrics.nrmse import NRMSE, Normaliser
from benchmarks.metrics.psnr import PSNR
from benchmarks.metrics.ssim import SSIM
from benchmarks.papers.d2sm.aligners import ALIGNER, STUDENT
from benchmarks.papers.d2sm.denoising import W
from benchmarks.views.aligned_faces import AlignedFaces
from datasets.degradations.pil_bicubic import ParsedFaces, PILBicubic
from datasets.faces import CelebA, Helen
from losses.adversarial import Adversarial
from losses.alignment import Alignment
from losses.d2sm import D2SM
from losses.every_output import EveryOutput
from losses.face_attention import FaceAttention
from losses.face_heatmap import FaceHeatmap
from losses.face_prior import FacePrior
from losses.features import Features
from losses.gated_adversarial import GatedAdversarial
from losses.l1 import L1
from losses.l2 import L2
from losses.network_features import NetworkFeatures
from losses.objective import Term
from losses.perceptual import Perceptual
from losses.progressive import Progressive
from losses.wasserstein import Wasserstein

DIC = "Maclory/Deep-Iterative-Collaboration"

# Recipes -----------------------------------------------------------------------------------------


def per_set(recipe: Training, helen: Training | None = None) -> PerGroup:
    """A recipe for either set; on Helen faces are mirrored and turned."""
    turned = replace(
        helen or recipe,
        augment=cited("flips_transpose", f"{DIC}, train_DIC_Helen.json: use_flip and use_rot"),
    )
    return PerGroup({"CelebA": recipe, "Helen": turned})


HOURGLASS = Released(
    network(FeedbackHourglass),
    file="FB_HG_68_CelebA.pth",
    sha256="",
    part="HG",
)
LATER = Training(
    steps=cited(150_000, f"{DIC}, train_DIC_CelebA.json"),
    batch=cited(8, f"{DIC}, train_DIC_CelebA.json"),
    crop=cited(128, f"{DIC}: whole faces"),
    optimizer=Adam(lr=cited(1e-4, f"{DIC}, train_DIC_CelebA.json")),
    schedule=MultiStep(cited((10_000, 20_000, 40_000, 80_000), "ibid."), cited(0.5, "ibid.")),
    held=Held("HG", cited(2000, f"{DIC}, train_DIC_CelebA.json: release_HG_grad_step")),
)
DIC_RECIPE = per_set(
    LATER,
    replace(LATER, held=Held("HG", cited(20_000, f"{DIC}, train_DIC_Helen.json"))),
)
GAN = replace(
    LATER,
    steps=cited(80_000, f"{DIC}, train_DICGAN_CelebA.json"),
    schedule=MultiStep(cited((10_000, 20_000, 40_000), "ibid."), cited(0.5, "ibid.")),
    held=Held("HG", cited(80_000, "ibid.: the hourglass learns nothing")),
)
HELEN_STEPS = cited(100_000, f"{DIC}, train_DICGAN_Helen.json")
DICGAN_RECIPE = per_set(GAN, replace(GAN, steps=HELEN_STEPS, held=Held("HG", HELEN_STEPS)))
BATCH = paper(32, "4.2")
OURS_RECIPE = PerGroup({name: replace(r, batch=BATCH) for name, r in DIC_RECIPE.data.items()})

PLAIN = replace(LATER, held=None)
PLAIN_RECIPE = per_set(PLAIN)
EPOCH = 14_720 // 128
URDGN_RECIPE = per_set(
    replace(
        PLAIN,
        batch=cited(128, "XinYuANU/URDGN"),
        optimizer=RMSprop(lr=cited(1e-3, "XinYuANU/URDGN"), alpha=cited(0.9, "XinYuANU/URDGN")),
        schedule=EveryStep(cited(EPOCH, "XinYuANU/URDGN: every epoch"), cited(0.99, "ibid.")),
    )
)
PFSR_RECIPE = per_set(
    replace(
        PLAIN,
        steps=cited(200_000, "DeokyunKim/Progressive-Face-Super-Resolution: three stages"),
        batch=cited(16, "ibid."),
        optimizer=Adam(lr=cited(1e-3, "ibid."), betas=cited((0.0, 0.99), "ibid.")),
        schedule=MultiStep(),
    )
)
FSRNET_RECIPE = per_set(
    replace(
        PLAIN,
        batch=cited(14, "Chen et al. 2018 (FSRNet)"),
        optimizer=RMSprop(lr=cited(2.5e-4, "Chen et al. 2018 (FSRNet)")),
        schedule=MultiStep(),
    )
)

# Objectives --------------------------------------------------------------------------------------

URDGN_LOSS = L2() + cited(0.0025, "XinYuANU/URDGN: 0.01 beside images in [-1, 1]") * (
    GatedAdversarial(
        network(URDGNDiscriminator),
        lr=cited(1e-3, "XinYuANU/URDGN"),
        rms=cited(0.9, "XinYuANU/URDGN"),
    )
)


PFSR_CODE = "DeokyunKim/Progressive-Face-Super-Resolution, first commits"


def grown(term: Term, small: float, middle: float, whole: float) -> Progressive:
    """A term of PFSR, with its weight in each stage of the growing network."""
    return Progressive(term, cited(((32, small), (64, middle), (128, whole)), PFSR_CODE))


SLOPE = cited(2.0, f"{PFSR_CODE}: 1 for images in [-1, 1]")
PFSR_LOSS = (
    cited(40, f"{PFSR_CODE}: 10 beside images in [-1, 1]") * grown(L2(), 1, 1, 1)
    + cited(0.01, PFSR_CODE)
    * grown(Perceptual(Features("vgg16", ("relu1_2", "relu2_2", "relu3_3", "relu4_3"))), 1, 1, 0.1)
    + grown(Wasserstein(network(PFSRDiscriminator), slope=SLOPE), 1, 1, 0.1)
    + cited(50, PFSR_CODE) * grown(FaceHeatmap(STUDENT), 0, 1, 1)
    + cited(100, f"{PFSR_CODE}: 50 beside images in [-1, 1]")
    * grown(FaceAttention(STUDENT), 0, 10, 1)
)
PRIORS = EveryOutput(L2(), ("coarse",)) + FacePrior()
FSRGAN_LOSS = (
    PRIORS
    + cited(0.1, "Chen et al. 2018 (FSRNet)") * Perceptual(Features("vgg16", ("relu5_3",)))
    + cited(1e-3, "Chen et al. 2018 (FSRNet)")
    * Adversarial(network(FSRGANDiscriminator), lr=cited(2.5e-4, "Chen et al. 2018 (FSRNet)"))
)
STEPS = ("sr_1", "sr_2", "sr_3")
ALIGNMENT = cited(0.1, f"{DIC}, train_DIC_CelebA.json") * Alignment(
    ("heatmaps_1", "heatmaps_2", "heatmaps_3", "heatmaps_4")
)
DIC_LOSS = EveryOutput(L1(), STEPS) + ALIGNMENT
DICGAN_LOSS = (
    cited(4, f"{DIC}, SRLandmarkGANSolver: the last of the four faces is taken four times") * L1()
    + ALIGNMENT
    + cited(0.1, f"{DIC}, train_DICGAN_CelebA.json")
    * Perceptual(NetworkFeatures(network(LightCNN), "LightCNN_feature.pth"), "l1")
    + cited(0.005, f"{DIC}, train_DICGAN_CelebA.json")
    * Adversarial(
        network(LightCNNDiscriminator), lr=cited(1e-4, f"{DIC}, train_DICGAN_CelebA.json")
    )
)
HISTORIC = D2SM(
    Features("vgg19", assumed(("conv5_4",), "as in the released code for other tasks")),
    window=None,
    stride=None,
    queue=paper(256, "4.2"),
    batch=32,
)

# Table 2 -----------------------------------------------------------------------------------------

SETS = {"CelebA": CelebA, "Helen": Helen}
TRAIN = PerGroup({name: PILBicubic(faces("train")) for name, faces in SETS.items()})
PARSED = PerGroup({name: ParsedFaces(faces("train")) for name, faces in SETS.items()})
ALIGNED = NRMSE(
    ALIGNER,
    assumed("eye_centres", f"{DIC}'s script writes three sizes of the face, and none is named"),
)
FACES = tuple(
    Column(metric, PILBicubic(faces("test")), name)
    for name, faces in SETS.items()
    for metric in (PSNR(), SSIM(), ALIGNED)
)
NOTHING = Column(Unmeasured("PSNR", digits=2, higher_is_better=True))
DIC_ROW = Row(
    "L_1 + L_Alignment",
    DICNet,
    DIC_LOSS,
    "27.28(2) .7929(2) .1345(3) | 26.69(2) .7933(2) .3674(5)*",
    recipe=DIC_RECIPE,
    start=HOURGLASS,
)

# fmt: off
ROWS = {
    #                                                                                                                CelebA: PSNR SSIM NRMSE       | Helen
    "Bicubic": [
        Row("-", PillowBicubic, None,                                                                                "23.58(10) .6285(10) .3385(8) | 23.89(10) .6751(10) .4577(8)*"),
    ],
    "SRResNet [CVPR-17]": [
        Row("L_2", network(SRResNet, scale=8), L2(), recipe=PLAIN_RECIPE,                                    printed="25.82(6) .7369(6) - | 25.30(6) .7297(7) -"),
    ],
    "URDGN [ECCV-16]": [
        Row("L_2 + L_GAN", URDGN, URDGN_LOSS, recipe=URDGN_RECIPE,                                           printed="24.63(8) .6851(9) - | 24.22(9) .6909(9) -"),
    ],
    "RDN [ECCV-18]": [
        Row("L_1", network(RDN, scale=8), L1(), recipe=PLAIN_RECIPE,                                         printed="26.13(5) .7412(5) .1415(4) | 25.34(5) .7249(8) .4437(7)*"),
    ],
    "PFSR [BMVC-18]": [
        Row("L_2 + L_Perceptual + L_GAN + L_Heatmap + L_Attention", PFSR, PFSR_LOSS, recipe=PFSR_RECIPE,     printed="24.43(9) .6991(8) .1917(7) | 24.73(8) .7323(6) .3498(4)*"),
    ],
    "FSRNet [CVPR-18]": [
        Row("L_2 + L_Perceptual", FSRNet, PRIORS, train=PARSED, recipe=FSRNET_RECIPE,                        printed="26.48(3) .7718(3) .1430(5) | 25.90(4) .7759(3) .3723(6)*"),
        Row("L_2 + L_Perceptual + L_GAN", FSRNet, FSRGAN_LOSS, train=PARSED, recipe=FSRNET_RECIPE,           printed="25.06(7) .7311(7) .1463(6) | 24.99(7) .7424(5) .3408(3)*"),
    ],
    "DICNet [CVPR-20]": [
        DIC_ROW,
        Row("L_1 + L_Alignment + L_Perceptual + L_GAN", DICNet, DICGAN_LOSS, recipe=DICGAN_RECIPE, start=DIC_ROW, printed="26.34(4) .7562(4) .1319(2) | 25.96(3) .7624(4) **.3336**(1)*"),
    ],
    "Ours": [
        Row("w/o. Internal", DICNet, DIC_LOSS + W * HISTORIC, recipe=OURS_RECIPE, start=HOURGLASS,           printed="**27.39**(1) **.7973**(1) **.1292**(1) | **26.94**(1) **.8005**(1) .3366(2)*"),
    ],
}
# fmt: on

SIZES: dict[Normaliser, str] = {
    "outer_eyes": "NRMSE by the eyes' outer corners, as the script reads them",
    "width": "NRMSE by the landmarks' width",
    "inter_ocular": "NRMSE by the distance of the eyes' outer corners",
}


def otherwise(size: Normaliser, words: str) -> list[Reference]:
    """The rows that the paper's argument is about, divided by another size of the face."""
    columns = tuple(
        replace(c, metric=replace(ALIGNED, normaliser=size)) if c.metric == ALIGNED else NOTHING
        for c in FACES
    )
    return [
        Reference(
            f"{name_of(group, row)}, {words}",
            row=replace(row, printed="- " * len(FACES), columns=columns),
            of=name_of(group, row),
        )
        for group in ("DICNet [CVPR-20]", "Ours")
        for row in ROWS[group]
    ]


TABLE2 = Table(
    name="d2sm_table2",
    source="D2SM, Table 2",
    caption="Face super-resolution and alignment",
    train=TRAIN,
    protocol=Protocol(
        PLAIN,
        Evaluation(
            colour=cited("Y (MATLAB)", f"{DIC}, utils/util.py"),
            levels=cited(256, f"{DIC} measures 8-bit images"),
            border=cited(8, f"{DIC}, utils/util.py: as many pixels as the scale"),
        ),
    ),
    rank_within="column",
    # Of the face alone: a start with a network's own losses is long before it restores well.
    warm_up=grown(L1(), 1, 1, 1),
    columns=FACES,
    references=(
        Reference("ground truth", Fixed(network(PassThrough)), clean=True),
        *(reference for size, words in SIZES.items() for reference in otherwise(size, words)),
    ),
    groups=ROWS,
    printed_notes=(
        "*: the alignment network was trained on CelebA; the paper gives its numbers on Helen for "
        "reference only.",
    ),
    notes=(
        "NRMSE of SRResNet and URDGN is printed as '-' and is measured here all the same.",
        "FSRNet's authors have no perceptual loss without their GAN, as is printed: its row is "
        "trained with L_2 of both images and of the priors. PFSR's authors' code has L_1 where L_2 "
        "is printed, and so trained. DICGAN's L_Perceptual is of LightCNN, a network for faces.",
    ),
    assumptions=(
        assumed("one network for each set", f"so {DIC} has its settings and weights"),
        assumed(
            "SRResNet and RDN are trained by DICNet's recipe, URDGN and FSRNet for as many steps",
            "their authors' are of natural images, or are told in epochs of other faces",
        ),
        assumed(
            "D2SM compares the last of DICNet's four faces, from DICNet's own start",
            "the paper says that it is combined with DICNet's objective under its settings",
        ),
        assumed(
            "PFSR's student learns from the table's aligner", "its authors take FAN's heatmaps"
        ),
        assumed(
            "FSRNet's 11 parts are drawn of the 68 landmarks, without hair",
            "its authors' maps come from networks that are not released",
        ),
    ),
)

SHOWN = {
    "bicubic": ("Bicubic", "-"),
    "SRResNet": ("SRResNet [CVPR-17]", "L_2"),
    "URDGN": ("URDGN [ECCV-16]", "L_2 + L_GAN"),
    "RDN": ("RDN [ECCV-18]", "L_1"),
    "PFSR": ("PFSR [BMVC-18]", "L_2 + L_Perceptual + L_GAN + L_Heatmap + L_Attention"),
    "FSRNet": ("FSRNet [CVPR-18]", "L_2 + L_Perceptual"),
    "FSRGAN": ("FSRNet [CVPR-18]", "L_2 + L_Perceptual + L_GAN"),
    "DICNet": ("DICNet [CVPR-20]", "L_1 + L_Alignment"),
    "DICGAN": ("DICNet [CVPR-20]", "L_1 + L_Alignment + L_Perceptual + L_GAN"),
    "ours": ("Ours", "w/o. Internal"),
}
FIGURE = Figure(
    name="d2sm_table2_figure",
    source="D2SM, Table 2",
    caption="Faces as its rows restore them, and their landmarks",
    rows={label: (TABLE2, *place) for label, place in SHOWN.items()},
    view=AlignedFaces(
        PILBicubic(CelebA("test")),
        ALIGNED,
        assumed(4, "a figure of our own: as many faces as fit"),
    ),
    notes=("The networks are those that were trained on CelebA.",),
)
