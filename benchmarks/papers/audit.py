"""The audit of the papers' tables: what must agree, what the texts say, and what a reader notices.

The checks of each table on its own are `benchmarks.claims.audit.findings`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from benchmarks.claims import audit
from benchmarks.claims.audit import Finding, Repeated
from benchmarks.claims.quantities import Numbers
from benchmarks.claims.statements import Claim
from benchmarks.grid.model import Grid
from benchmarks.papers import d2sm_claims, pdl_claims

READING = "by reading; no number decides it"

REPEATED = (
    Repeated(
        "d2sm_table4",
        "d2sm_table1",
        rows=(("FFDNet / FFDNet", "FFDNet / L_1"), ("FFDNet / Ours", "FFDNet / w/. Internal")),
    ),
    Repeated("d2sm_poster_table1", "d2sm_table1", labels=True),
    Repeated("d2sm_poster_table2", "d2sm_table4", labels=True),
    Repeated("pdl_v1_table1", "pdl_table2", labels=True),
    Repeated("pdl_v1_table2", "pdl_table3", labels=True),
    Repeated("pdl_v1_table3", "pdl_table4"),
    Repeated("pdl_v1_table4", "pdl_table5", labels=True),
    Repeated("pdl_v1_table5", "pdl_table6"),
    Repeated("pdl_v1_table6", "pdl_table7"),
    Repeated("pdl_v1_table7", "pdl_table8"),
    Repeated(
        "pdl_table8",
        "pdl_table2",
        rows=tuple(
            (f"Id / {weight}", f"PDL / {same}")
            for weight, same in (
                ("0.001", "0.001"),
                ("0.005", "0.005"),
                ("0.01", "0.010"),
                ("0.02", "0.020"),
            )
        ),
    ),
    Repeated(
        "stft_table3",
        "stft_table1c",
        rows=(
            ("Baseline (DnCNN17)", "DnCNN sigma=25 / L_pixel"),
            ("Target Feature Transfer", "DnCNN sigma=25 / + L_feat"),
        ),
    ),
)

# Claims in the text that must follow from the tables, and what a finding says of each.
TEXT: tuple[tuple[Claim, str, str], ...] = (
    (
        d2sm_claims.CROSS_ENTROPY_PSNR,
        "0.542 dB",
        "likely a slip in the last digit; the numbers before rounding could give it",
    ),
    (d2sm_claims.CBDNET_MIOU, "0.5 % in MIoU", audit.ARITHMETIC),
    (
        d2sm_claims.FACES_BOTH,
        "better than DICNet and DICGAN in distortion and in alignment",
        audit.ARITHMETIC,
    ),
    (
        pdl_claims.SMALLEST_LARGEST,
        "the smallest difference with no-perceptual, the largest with CTXL2",
        "certain; the two words have changed places",
    ),
)

# What carries no number that could be checked.
NOTES = (
    Finding(
        "D2SM, Eq. 10",
        "'Jensen-Shannon divergence': half of each Kullback-Leibler divergence",
        "without the mixture of the two distributions this is the symmetrised divergence of "
        "Jeffreys; Table 4's L_JSD is taken to be Eq. 10 as printed",
        "certain, by definition; what was run is not known",
    ),
    Finding(
        "STFT, captions of Tables 1 (a), 1 (c) and 2",
        "the best average PSNR on the benchmark within 5e5 (2e5) iterations",
        "the checkpoint is selected on the test set",
        READING,
    ),
    Finding(
        "PDL v2, user study",
        "25 raters with 20 questions each; then '20 raters, and 25 pairs'",
        "both make 500 comparisons; how many raters there were is open, and so is the sampling "
        "error, for answers of one rater are not independent",
        READING,
    ),
)

# What else a reader sees: where the finding is, a word of what is printed, and the remark.
REMARKS = (
    ("PDL v1, Table 5, best-value", "28.76", "the printed ones are Table 3's"),
    ("PDL v1, Table 7", "Id / 0.01", "the second has the numbers of PDL 0.020 in Table 1"),
    ("STFT, Table 3", "in bold", "bold is the best network with 17 layers"),
    ("D2SM, Sec. 4.2", "alignment", "alignment on Helen is given for reference only"),
    ("PDL v1, Table 1 and", "L2", "that the runs are the same is inferred from their numbers"),
)


def papers_tables(grids: Mapping[str, Grid]) -> dict[str, Grid]:
    """Those that the papers under audit print; others are of other works, or of our own."""
    papers = ("d2sm", "pdl", "stft")
    return {
        name: grid
        for name, grid in grids.items()
        if name.startswith(papers) and grid.prints_numbers
    }


def run(grids: Mapping[str, Grid]) -> list[Finding]:
    """Everything that does not fit in the printed tables, in the order of the papers."""
    found = [finding for grid in grids.values() for finding in audit.findings(grid)]
    found += [finding for repeated in REPEATED for finding in repeated.findings(grids)]
    found += _text(Numbers(grids, printed=True))
    found += NOTES
    return sorted(merged([_remarked(finding) for finding in found]), key=_paper)


def _remarked(finding: Finding) -> Finding:
    said = [
        remark
        for where, word, remark in REMARKS
        if finding.where.startswith(where) and word in finding.printed
    ]
    return replace(finding, follows="; ".join([finding.follows, *said]))


def _text(numbers: Numbers) -> Iterator[Finding]:
    for claim, printed, sure in TEXT:
        outcome = claim.statement.check(numbers)
        if outcome.truth != "holds":
            yield Finding(f"{claim.place} (text)", printed, outcome.why, sure)


def merged(found: list[Finding]) -> list[Finding]:
    """The same finding in several places, once."""
    places: dict[tuple[str, str, str], list[str]] = {}
    for f in found:
        places.setdefault((f.printed, f.follows, f.sure), []).append(f.where)
    return [Finding("; ".join(where), *what) for what, where in places.items()]


def _paper(finding: Finding) -> int:
    papers = ("D2SM", "PDL", "STFT")
    name = finding.where.replace(",", " ").split()[0]
    return papers.index(name) if name in papers else len(papers)
