"""What STFT says about its tables, as statements over them."""

from __future__ import annotations

from collections.abc import Iterable

from benchmarks.claims.quantities import Cell, Gain, Mean
from benchmarks.claims.statements import All, Between, Claim, Positive, States, every
from benchmarks.declare.table import Table
from benchmarks.papers.stft.dehazing import TABLE1B
from benchmarks.papers.stft.denoising import TABLE1C
from benchmarks.papers.stft.jpeg import TABLE2
from benchmarks.papers.stft.super_resolution import TABLE1A


def gains(table: Table) -> tuple[Gain, ...]:
    """The gains by the target features, for all networks and test sets of a table."""
    return tuple(
        Gain(
            Cell(table.name, f"{group} / + L_feat", column.name),
            Cell(table.name, f"{group} / L_pixel", column.name),
        )
        for group in table.groups
        for column in table.columns
    )


def positive(quantities: Iterable[Gain]) -> All:
    """The statement that each gain is an improvement."""
    return All(tuple(map(Positive, quantities)))


SUPER_RESOLUTION = gains(TABLE1A)
DEHAZING = gains(TABLE1B)
DENOISING = gains(TABLE1C)
JPEG = gains(TABLE2)

SETS = ("Kodak24", "BSD68", "McMaster")
BASELINE, TRANSFER = "Baseline (DnCNN17)", "Target Feature Transfer"
MUTUAL, TEACHER = "Mutual Learning", "Feature Distillation / DnCNN29"
STUDENT = "Feature Distillation / DnCNN17"


def gain(of: str, over: str, data: str) -> Gain:
    """The gain between two rows of Table 3."""
    name = f"{data} PSNR"
    return Gain(Cell("stft_table3", of, name), Cell("stft_table3", over, name))


CLAIMS = (
    Claim(
        "STFT, Sec. 3.2",
        "In super-resolution, target features raise the baseline by about 0.1 dB.",
        every(positive(SUPER_RESOLUTION), States(Mean(SUPER_RESOLUTION), "0.1")),
        reading="the mean over both networks and four test sets",
    ),
    Claim(
        "STFT, Sec. 3.2",
        "In denoising, target features improve both networks at both noise levels.",
        positive(DENOISING),
        reading="in sign; that they do so significantly is not tested",
    ),
    Claim(
        "STFT, Sec. 3.2",
        "In dehazing, a very small and a large network both gain.",
        positive(DEHAZING),
    ),
    Claim(
        "STFT, Sec. 3.2",
        "In JPEG artifact removal the gain is consistent.",
        positive(JPEG),
        reading="in sign, on both test sets and at both qualities",
    ),
    Claim(
        "STFT, Sec. 3.3",
        "An autoencoder is the better source of features than mutual learning or distillation.",
        every(*(Positive(gain(TRANSFER, other, s)) for other in (MUTUAL, STUDENT) for s in SETS)),
    ),
    Claim(
        "STFT, Sec. 3.3",
        "Mutual learning and distillation give the network nothing to speak of.",
        every(
            *(
                Between(gain(other, BASELINE, s), "-0.1", "0.1")
                for other in (MUTUAL, STUDENT)
                for s in SETS
            )
        ),
        reading="less than 0.1 dB either way, which the paper takes for a gain elsewhere",
    ),
    Claim(
        "STFT, Sec. 3.3",
        "The teacher with 29 layers is about as good as 17 layers with target features.",
        every(*(Between(gain(TEACHER, TRANSFER, s), "-0.05", "0.05") for s in SETS)),
        reading="within 0.05 dB",
    ),
)
