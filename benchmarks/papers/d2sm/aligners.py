"""The networks that find landmarks: the judge of D2SM's Table 2, and what PFSR looks at faces with."""

from __future__ import annotations

from typing import Any

from baselines.judges.hourglass import SmallHourglass, StackedHourglass
from baselines.judges.student_fan import StudentFAN
from benchmarks.declare.runs import Judge, Released, Run, network
from benchmarks.declare.sources import assumed, cited
from benchmarks.declare.training import Adam, MultiStep, Training
from datasets.degradations.clean import Clean
from datasets.faces import CelebA
from losses.heatmap_distillation import HeatmapDistillation
from losses.heatmap_regression import HeatmapRegression

FACES = Clean(CelebA("train"))

# The judge: DIC's stacked hourglass, for both sets the one that was trained on CelebA. Where its
# weights are absent lite trains it on landmarks, and smoke a small one.
HG_68 = Released(
    network(StackedHourglass),
    file="HG_68_CelebA.pth",
    sha256="",
)
SMALL_ALIGNER = Run(
    network(SmallHourglass),
    assumed(100, "smoke's judge: maps are almost 0, and so is their mean error")
    * HeatmapRegression(
        centred=True,
        emphasis=assumed(20.0, "smoke's judge: the plain error is least for maps without a peak"),
    ),
    FACES,
    Training(
        steps=assumed(110, "smoke's judge: until it tells faces from small ones enlarged"),
        batch=16,
        crop=128,
        optimizer=Adam(lr=assumed(3e-4, "smoke's judge: begins slowly")),
        schedule=MultiStep(
            assumed((20, 40), "smoke's judge: ends at nine times its first rate"),
            assumed(3.0, "smoke's judge: beginning as fast, it finds the mean face in every face"),
        ),
        augment="hflip",
    ),
)
ALIGNER = Judge(
    "aligner",
    smoke=SMALL_ALIGNER,
    lite=(HG_68, SMALL_ALIGNER),
    paper=HG_68,
)


def _student(steps: int, batch: int, lr: float, **narrow: Any) -> Run:
    """PFSR's small network, which learns a larger one's heatmaps."""
    recipe = Training(steps=steps, batch=batch, crop=128, optimizer=Adam(lr=lr))
    return Run(network(StudentFAN, **narrow), 1.0 * HeatmapDistillation(ALIGNER), FACES, recipe)


PFSR = "DeokyunKim/Progressive-Face-Super-Resolution, fan_train.py of the first commits"
DISTILLED = _student(
    cited(11_000, f"{PFSR}; the released file's name"), cited(16, PFSR), cited(1e-4, PFSR)
)
STUDENT = Judge(
    "student",
    smoke=_student(
        assumed(80, "smoke: until its maps have peaks"),
        4,
        assumed(3e-3, "smoke: as fast as it still learns"),
        width=8,
    ),
    lite=(DISTILLED,),
    paper=DISTILLED,
)
