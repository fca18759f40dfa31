"""D2SM: the map of features (Fig. 1), and the convergence with queues of several sizes (Fig. 8)."""

from __future__ import annotations

from dataclasses import replace

from baselines.denoising.ffdnet import FFDNet
from benchmarks.declare.figure import Figure
from benchmarks.declare.protocol import Protocol
from benchmarks.declare.sources import assumed, paper
from benchmarks.declare.table import Row, Table
from benchmarks.declare.training import Probe
from benchmarks.metrics.psnr import PSNR
from benchmarks.papers.d2sm.denoising import (
    ASSUMPTIONS,
    DENOISING,
    EPOCH,
    PENULTIMATE,
    PERCEPTUAL,
    STRIDE,
    TABLE1,
    TRAIN,
    WINDOW,
    W,
)
from benchmarks.views.convergence import Convergence
from benchmarks.views.feature_map import FeatureMap
from datasets.cityscapes import Cityscapes
from datasets.crops import RandomCrops
from datasets.degradations.noise import Noisy
from losses.d2sm import D2SM
from losses.l1 import L1

# Figure 1 ----------------------------------------------------------------------------------------

PIECES = RandomCrops(
    Cityscapes("val"),
    count=assumed(100, "the paper shows 500 images of another set; as many as stay apart in print"),
    size=assumed(128, "crops that the smallest test images hold"),
)

FIGURE1 = Figure(
    name="d2sm_figure1",
    source="D2SM, Fig. 1",
    caption="t-SNE of restored images in a semantic feature space",
    rows={
        "L_1": (TABLE1, "FFDNet", "L_1"),
        "L_Perceptual": (TABLE1, "FFDNet", "+ L_Perceptual"),
        "D2SM": (TABLE1, "FFDNet", "w/. Internal"),
    },
    view=FeatureMap(
        data=Noisy(PIECES, sigma=paper(25, "4.1")),
        features=PENULTIMATE,
        perplexity=assumed(30.0, "not printed; the default of scikit-learn"),
        iterations=assumed(1000, "not printed; the default of scikit-learn"),
        seed=assumed(0, "not printed"),
    ),
    assumptions=(
        assumed(
            "features are the layer's means over positions, of the network that D2SM trains with",
            "Sec. 4.1 takes 'semantic feature maps' of a ResNet101 and names no layer",
        ),
        assumed("D2SM is 'w/. Internal'", "the figure says 'Ours', which in Table 1 is both rows"),
    ),
    notes=(
        "The paper shows 500 animal images of ImageNet in ten classes; here crops of Table 1's own "
        "test images, which have no classes, and VGG19 in the place of a ResNet101.",
        "A map of t-SNE keeps neighbours and no distances; the distances in print are those of the "
        "features themselves and depend on no map.",
        "D2SM and the perceptual loss train on features of the same network, the former on this "
        "layer: that they are near in it is part of what they were trained for.",
    ),
)

# Figure 8 ----------------------------------------------------------------------------------------

PROBE = Probe(
    PSNR(),
    Noisy(
        RandomCrops(
            Cityscapes("val"),
            count=assumed(8, "'PSNR' of images that are not named; few, looked at often"),
            size=assumed(128, "crops that the smallest test images hold"),
        ),
        sigma=assumed(25, "the axis is labelled PSNR alone; the first noise level of Table 1"),
    ),
    every=assumed(10 * EPOCH, "forty looks in a training; how often the paper looks is lost"),
    evaluation=DENOISING.evaluation,
)


def queue_of(size: int) -> D2SM:
    """D2SM over windows as Table 1's row, but for the size of its queue."""
    return D2SM(PENULTIMATE, WINDOW, STRIDE, size, "kl")


def trainings() -> Table:
    """The trainings whose curves are shown, by Table 1's recipe with a probe; nothing is printed.

    Each begins with its network's initialisation where the profile allows that, or the curves would
    begin where a training has flattened out.
    """
    assert DENOISING.training is not None
    queues = {f"Q = {q}": queue_of(paper(q, "Fig. 8, poster Fig. 5")) for q in (64, 128, 256)}
    rows = [Row("L_Perceptual", FFDNet, L1() + W * PERCEPTUAL, "")]
    rows += [Row(label, FFDNet, L1() + W * term, "") for label, term in queues.items()]
    return Table(
        name="d2sm_figure8",
        source="D2SM, Fig. 8",
        caption="trainings with queues of several sizes",
        train=TRAIN,
        protocol=Protocol(replace(DENOISING.training, probe=PROBE), DENOISING.evaluation),
        columns=(),
        groups={"FFDNet": rows},
        warm_up=L1(),
        from_scratch=True,
        assumptions=ASSUMPTIONS,
    )


def curves() -> Figure:
    """Figure 8."""
    table = trainings()
    return Figure(
        name="d2sm_figure8",
        source="D2SM, Fig. 8",
        caption="Convergence of FFDNet with queues of several sizes",
        rows={row.label: (table, "FFDNet", row.label) for _, row in table.rows()},
        view=Convergence(close=tuple(row.label for _, row in table.rows()[1:])),
        notes=(
            "The axis of the paper's figure ends below 27 dB, which does not fit FFDNet on "
            "Cityscapes, with 35 to 36 dB in Table 1; faces, which end at 27.39 dB in Table 2, "
            "could be meant. The text beside it speaks of Table 4 and Cityscapes, and so do these "
            "trainings.",
            "A queue holds windows of 36 an image: of 64 samples 28 are older than the image, of "
            "256 they are 220. The paper also shows a curve 'Vanilla', which it does not explain.",
            "The trainings are Table 1's but for the queue and for being looked at; looking is part "
            "of their declaration, so that they are trained for this figure.",
        ),
    )


FIGURE8 = curves()
