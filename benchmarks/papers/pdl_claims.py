"""What the two versions of PDL say about their tables, as statements over them.

Statements are over version 2 (II, IV, VI, VII, VIII) where both versions print the numbers.
"""

from __future__ import annotations

from benchmarks.report.quantities import Cell, Constant, Difference, Gain, Mean, Quantity
from benchmarks.report.statements import (
    All,
    Between,
    Claim,
    Positive,
    Preferred,
    Statement,
    every,
    greater,
)

DENOISING, SUPER_RESOLUTION, DEBLURRING, JPEG = (f"pdl_table{i}" for i in (2, 4, 6, 7))
ANSWERS = 500  # behind each fraction of Tables III and V, version 2, "User study"

L1 = tuple(f"L1 / {weight}" for weight in ("0.001", "0.005", "0.010", "0.100", "0.150"))
L2 = tuple(f"L2 / {weight}" for weight in ("0.001", "0.010", "0.050"))
CONTEXTUAL = tuple(
    f"{loss} / {weight}" for loss in ("CTXDP", "CTXL2") for weight in ("0.010", "0.100", "0.500")
)
PDL = tuple(f"PDL / {weight}" for weight in ("0.001", "0.005", "0.010", "0.015", "0.020"))
SIMPLER = ("no-perceptual", *L1, *L2)

# For each task: the row of PDL with the lowest LPIPS, and all rows of other losses.
BEST_LPIPS = {
    DENOISING: ("PDL / 0.010", (*SIMPLER, *CONTEXTUAL)),
    SUPER_RESOLUTION: ("PDL / 0.01", ("no-perceptual", "L1", "CTXDP", "CTXL2", "SRGAN")),
    DEBLURRING: ("PDL / 0.005", ("no-perceptual", "L1", "CTXDP", "CTXL2")),
    JPEG: (
        "PDL / 0.01",
        ("no-perceptual", "L1 / 0.01", "L2 / 0.01", "CTXDP / 0.01", "CTXL2 / 0.01"),
    ),
}
PREFERENCES = {
    "pdl_table3": ("no-perceptual", "L1", "CTXDP", "CTXL2"),
    "pdl_table5": ("no-perceptual", "L1", "CTXDP", "CTXL2", "SRGAN"),
}


def better(table: str, row: str, others: tuple[str, ...], column: str) -> All:
    """A row is better than each of the others in a column."""
    return All(
        tuple(
            Positive(Gain(Cell(table, row, column), Cell(table, other, column))) for other in others
        )
    )


def mean_preference(table: str, row: str) -> Mean:
    """How often a method is preferred, over all the others."""
    others = (*PREFERENCES[table], "PDL")
    return Mean(tuple(Cell(table, row, other) for other in others if other != row))


def speed(loss: str) -> Cell:
    """Relative training steps per second."""
    return Cell("pdl_table1", loss, "steps/sec")


def slowdown(loss: str) -> Quantity:
    """The share of its speed that a training loses."""
    return Difference(Constant("1"), speed(loss))


def best_preferred(table: str) -> Statement:
    """PDL against every other method."""
    return every(*(Preferred(Cell(table, "PDL", other), ANSWERS) for other in PREFERENCES[table]))


PREFERRED_OVER = tuple(Cell("pdl_table3", "PDL", other) for other in PREFERENCES["pdl_table3"])
SMALLEST_LARGEST = Claim(
    "PDL v1, Sec. 5.3; v2, Sec. 5.4",
    "Raters see the smallest difference between PDL and no-perceptual, the largest between PDL "
    "and CTXL2.",
    every(
        *(greater(cell, PREFERRED_OVER[0]) for cell in PREFERRED_OVER[1:]),
        *(greater(PREFERRED_OVER[-1], cell) for cell in PREFERRED_OVER[:-1]),
    ),
    reading="how far PDL's fraction is above a half",
)

CLAIMS = (
    Claim(
        "PDL v2, abstract",
        "PDL surpasses the other losses on reference-based perceptual quality.",
        every(
            *(better(table, best, others, "LPIPS") for table, (best, others) in BEST_LPIPS.items())
        ),
        reading="in each task the lowest LPIPS is one of PDL's",
    ),
    Claim(
        "PDL v1, Sec. 5.3; v2, Sec. 5.4",
        "Against the L1 perceptual loss, PDL has a much better LPIPS at a similar PSNR.",
        every(
            *(
                better(DENOISING, f"PDL / {weight}", (f"L1 / {weight}",), "LPIPS")
                for weight in ("0.001", "0.005", "0.010")
            ),
            *(
                Between(
                    Cell(DENOISING, f"PDL / {weight}", "PSNR")
                    - Cell(DENOISING, f"L1 / {weight}", "PSNR"),
                    "-0.3",
                    "0.3",
                )
                for weight in ("0.001", "0.005", "0.010")
            ),
        ),
        reading="at equal weights; similar is within 0.3 dB",
    ),
    Claim(
        "PDL v1, Sec. 5.3; v2, Sec. 5.4",
        "More weight on the L1 perceptual term does not improve the results.",
        better("pdl_v1_table1", "L1 / 0.005", ("L1 / 0.010", "L1 / 0.100", "L1 / 0.150"), "Score"),
        reading="in version 1's score, beyond 0.005",
    ),
    Claim(
        "PDL v1, Sec. 5.3; v2, Sec. 5.4",
        "Any perceptual loss looks better than none.",
        every(
            *(
                better(DENOISING, row, ("no-perceptual",), "LPIPS")
                for row in (*L1, *L2, *CONTEXTUAL, *PDL)
            )
        ),
        reading="in LPIPS",
    ),
    Claim(
        "PDL v1, Sec. 5.3; v2, Sec. 5.4",
        "Without a perceptual loss the PSNR is high and the images blurry.",
        better(DENOISING, "no-perceptual", (*L1, *L2, *CONTEXTUAL, *PDL), "PSNR"),
        reading="the highest PSNR of the table",
    ),
    Claim(
        "PDL v1, Sec. 5.3",
        "By the score PDL is best, closely followed by the contextual loss.",
        every(
            better("pdl_v1_table1", "PDL / 0.010", CONTEXTUAL, "Score"),
            better(
                "pdl_v1_table1",
                "CTXL2 / 0.100",
                ("no-perceptual", *L1, "L2 / 0.001", "L2 / 0.005", "L2 / 0.010"),
                "Score",
            ),
        ),
        reading="the best row of each loss",
    ),
    Claim(
        "PDL v1, Sec. 5.3; v2, Sec. 5.4",
        "In denoising, raters prefer PDL to every other model.",
        best_preferred("pdl_table3"),
        reading="beyond the sampling error of 500 independent answers",
    ),
    SMALLEST_LARGEST,
    Claim(
        "PDL v1, Sec. 5.3; v2, Sec. 5.4",
        "The two contextual losses are very close to each other.",
        Between(Cell("pdl_table3", "CTXDP", "CTXL2"), "0.456", "0.544"),
        reading="within the sampling error of 500 answers",
    ),
    Claim(
        "PDL v1, Sec. 5.4; v2, Sec. 5.5",
        "SRGAN's PSNR is low.",
        every(
            *(
                better(SUPER_RESOLUTION, row, ("SRGAN",), "PSNR")
                for row in (
                    "no-perceptual",
                    "L1",
                    "CTXDP",
                    "CTXL2",
                    "PDL / 0.003",
                    "PDL / 0.01",
                )
            )
        ),
        reading="the lowest of the table",
    ),
    Claim(
        "PDL v1, Sec. 5.4; v2, Sec. 5.5",
        "In super-resolution, PDL and SRGAN do better on average than the other methods.",
        every(
            *(
                greater(mean_preference("pdl_table5", winner), mean_preference("pdl_table5", other))
                for winner in ("PDL", "SRGAN")
                for other in ("no-perceptual", "L1", "CTXDP", "CTXL2")
            )
        ),
        reading="mean fraction over all other methods",
    ),
    Claim(
        "PDL v1, Sec. 5.5; v2, Sec. 5.6",
        "PDL deblurs well both in PSNR and in LPIPS.",
        every(
            better(DEBLURRING, "PDL / 0.005", BEST_LPIPS[DEBLURRING][1], "LPIPS"),
            better(DEBLURRING, "PDL / 0.001", ("no-perceptual", "CTXDP", "CTXL2"), "PSNR"),
        ),
        reading="the best LPIPS, and a PSNR that only L1 surpasses; not of one weight",
    ),
    Claim(
        "PDL v1, Sec. 5.6",
        "In JPEG artifact removal PDL has the best score; the contextual loss is not far behind.",
        every(
            better(
                "pdl_v1_table6",
                "PDL / 0.01",
                ("no-perceptual", "L1 / 0.01", "L2 / 0.01", "CTXDP / 0.01", "CTXL2 / 0.01"),
                "Score",
            ),
            Between(
                Cell("pdl_v1_table6", "PDL / 0.01", "Score")
                - Cell("pdl_v1_table6", "CTXL2 / 0.01", "Score"),
                "0",
                "0.02",
            ),
        ),
        reading="not far is within 0.02",
    ),
    Claim(
        "PDL v1, Sec. 5.7; v2, Sec. 5.8",
        "No other projection does better than the features themselves.",
        every(
            *(
                better(
                    "pdl_table8",
                    best,
                    (
                        "R2P / 8x 0.001",
                        "R2P / 4x 0.005",
                        "R2P / 8x 0.01",
                        "R2P / 8x 0.10",
                        "RPP / 2x 0.001",
                        "RPP / 2x 0.002",
                        "RPP / 2x 0.01",
                        "RSP / 1x 0.001",
                        "RSP / 4x 0.001",
                        "RSP / 4x 0.005",
                        "RSP / 1x 0.01",
                    ),
                    column,
                )
                for best, column in (("Id / 0.001", "PSNR"), ("Id / 0.01", "LPIPS"))
            )
        ),
        reading="the best PSNR and the best LPIPS are Id's",
    ),
    Claim(
        "PDL v2, Sec. 5.3",
        "PDL trains as fast as the classical perceptual loss.",
        Between(speed("PDL") - speed("L1"), "-0.02", "0.02"),
        reading="within 2 % of the speed without a perceptual loss",
    ),
    Claim(
        "PDL v2, Sec. 5.3",
        "All losses with VGG are about 50 % slower than the baseline.",
        every(
            *(
                Between(slowdown(loss), "0.4", "0.6")
                for loss in ("L1", "L2", "CTXDP", "CTXL2", "PDL")
            )
        ),
        reading="about is within 10 points",
    ),
    Claim(
        "PDL v1, Sec. 3; v2, Sec. 3",
        "The Wasserstein distance tells features apart that the Kullback-Leibler divergence does "
        "not.",
        every(
            greater(
                Cell("pdl_figure2", "e", "wd") - Cell("pdl_figure2", "c", "wd"),
                Cell("pdl_figure2", "c", "kld") - Cell("pdl_figure2", "e", "kld"),
            ),
            greater(Cell("pdl_figure2", "d", "wd"), Cell("pdl_figure2", "c", "wd")),
        ),
        reading="of the three features of Fig. 2",
    ),
)
