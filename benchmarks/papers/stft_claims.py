"""What STFT says about its tables, as statements over them."""

from __future__ import annotations

from collections.abc import Iterable

from benchmarks.claims.quantities import Cell, Gain, Mean
from benchmarks.claims.statements import All, Between, Claim, Positive, States, every
from benchmarks.papers import stft


def gains(table: str, *groups: str) -> tuple[Gain, ...]:
    """Of the target features, for the networks and all test sets of a table."""
    columns = next(t for t in stft.TABLES if t.name == table).columns
    return tuple(
        Gain(Cell(table, f"{group} / + L_feat", c.name), Cell(table, f"{group} / L_pixel", c.name))
        for group in groups
        for c in columns
    )


def positive(quantities: Iterable[Gain]) -> All:
    """Each of them is an improvement."""
    return All(tuple(map(Positive, quantities)))


SUPER_RESOLUTION = gains("stft_table1a", "EDSR", "RCAN")
DEHAZING = gains("stft_table1b", "AOD (< 10K parameters)", "PPDN (> 30M parameters)")
DENOISING = gains("stft_table1c", *stft.TABLE1C.groups)
JPEG = gains("stft_table2", *stft.TABLE2.groups)

SETS = ("Kodak24", "BSD68", "McMaster")
BASELINE, TRANSFER = "Baseline (DnCNN17)", "Target Feature Transfer"
MUTUAL, TEACHER = "Mutual Learning", "Feature Distillation / DnCNN29"
STUDENT = "Feature Distillation / DnCNN17"


def gain(of: str, over: str, data: str) -> Gain:
    """Between two rows of Table 3."""
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
