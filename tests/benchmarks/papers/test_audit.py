"""The audit finds what does not fit in the papers' tables, and a wrong digit of ours."""

import re
from dataclasses import replace
from decimal import Decimal
from itertools import product

import published
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.claims.audit import audit
from benchmarks.claims.repeated import Repeated
from benchmarks.claims.table_checks import complements, findings, score, score_bounds
from benchmarks.papers.registry import PAPERS, TABLES

# Where each finding is, and words of what is printed or follows: all that is known, and no more.
KNOWN = [
    ("D2SM, Table 1; D2SM, Table 4", "MIoU (%)", "fractions"),
    ("D2SM, Sec. 4.1", "0.542", "+0.541; the text says 0.542"),
    ("D2SM, Sec. 4.1", "0.5 % in MIoU", "3.6 points; the text says 0.5"),
    ("D2SM, Sec. 4.2", "DICNet and DICGAN", "for reference only"),
    ("D2SM, Table 2", "RDN [ECCV-18] and PFSR [BMVC-18]", "CVPR 2018 (65) and BMVC 2019 (18)"),
    ("D2SM, Eq. 2", "g_{j|i}", "nothing but another notation"),
    ("D2SM, Eq. 8", "N...q", "q + 1 slots for q"),
    ("D2SM, Eq. 10", "Jensen-Shannon", "Jeffreys"),
    ("D2SM, Eq. 11", "2 D_JS - 2 log 2", "no bound"),
    ("D2SM, Fig. 8", "25.0 to 27.0", "Table 1 has 32.38 to 36.45"),
    ("PDL v1, Table 3, PDL / 0.01", "0.944", "0.958 from the row, and within 0.950 and 0.966"),
    ("PDL v1, Table 5, best-value", "28.76", "LPIPS 0.092; the printed ones are Table 3's"),
    ("PDL v1, Table 7", "Id / 0.01", "PDL 0.020 in Table 1"),
    (
        "PDL v1, Table 1 and PDL v2, Table II",
        "'L2 / 0.005' and 'L2 / 0.010'",
        "labels: which is right is open; that",
    ),
    ("PDL v1, Sec. 5.3; v2, Sec. 5.4", "smallest", "6 of 6 fail"),
    ("PDL v1, Eq. 3", "integral", "mean"),
    ("PDL v1, Eq. 4", "SW_p^p", "W_p^p"),
    ("PDL v1, Sec. 4", "averaging", "8/3"),
    ("PDL v2, Sec. 5.1", "R3,R4", "reviewers"),
    ("PDL v2, Sec. 5.2", "weighting", "is gone"),
    ("PDL v2, user study", "20 raters, and 25 pairs", "500"),
    ("STFT, Table 1 (c)", "FFDNet", "in colour"),
    ("STFT, Table 3", "33.66", "17 layers"),
    ("STFT, Table 3, Target Feature Transfer, BSD68", "32.46", "32.47"),
    ("STFT, captions", "best average PSNR", "test set"),
]


@pytest.fixture(scope="module")
def grids():
    return {name: table.printed() for name, table in TABLES.items()}


def test_audit_finds_exactly_what_is_known(grids):
    found = audit(PAPERS, grids)
    assert len(found) == len(KNOWN)
    for where, printed, follows in KNOWN:
        fitting = [f for f in found if where in f.where and printed in f.printed]
        assert len(fitting) == 1, where
        assert follows in fitting[0].follows
        assert fitting[0].sure


def finding_about(where):
    (found,) = [f for paper in PAPERS for f in paper.notes if f.where.startswith(where)]
    return found


def column_of(grid, row, name):
    (cells,) = [line.cells for line in grid.rows if line.key == row]
    return cells[[column.name for column in grid.columns].index(name)].paper


def test_stfts_ffdnet_is_above_the_published_one_by_what_is_said(grids):
    sets = [("Kodak24", "Kodak24"), ("BSD68", "CBSD68")]
    places = [(theirs, published, sigma) for theirs, published in sets for sigma in (25, 50)]
    stft = [
        column_of(grids["stft_table1c"], f"FFDNet sigma={sigma} / L_pixel", f"{data} PSNR")
        for data, _, sigma in places
    ]
    published = [
        column_of(grids["calibration"], "FFDNet, colour", f"{data} sigma={sigma} PSNR")
        for _, data, sigma in places
    ]
    said = finding_about("STFT, Table 1 (c)")
    assert re.findall(r"\d+\.\d+", said.printed) == stft
    more = [str(Decimal(a) - Decimal(b)) for a, b in zip(stft, published, strict=True)]
    assert re.findall(r"\d+\.\d+", said.follows) == published + more


def test_axis_of_d2sms_convergence_is_none_of_table_1(grids):
    """No number of the two objectives that the figure compares, at any noise level, lies on it."""
    grid = grids["d2sm_table1"]
    columns = [column.name for column in grid.columns if column.metric == "PSNR"]
    rows = ("FFDNet / + L_Perceptual", "FFDNet / w/. Internal")
    found = [Decimal(column_of(grid, row, name)) for row in rows for name in columns]
    said = finding_about("D2SM, Fig. 8")
    low, high = map(Decimal, re.findall(r"\d+\.\d+", said.printed))
    assert not any(low <= value <= high for value in found)
    least, most, faces = re.findall(r"\d+\.\d+", said.follows)
    assert (least, most) == (f"{min(found):.2f}", f"{max(found):.2f}")
    assert faces == column_of(grids["d2sm_table2"], "Ours / w/o. Internal", "CelebA PSNR")


def with_number(grid, r, c, text):
    cells = list(grid.rows[r].cells)
    cells[c] = replace(cells[c], paper=text)
    rows = list(grid.rows)
    rows[r] = replace(rows[r], cells=cells)
    return replace(grid, rows=rows)


def digits_of(grid):
    """Every digit of every number: row, column, place within the text."""
    return [
        (r, c, i)
        for r, row in enumerate(grid.rows)
        for c, cell in enumerate(row.cells)
        for i, sign in enumerate(cell.paper or "")
        if sign.isdigit()
    ]


def changed(text, place, shift):
    return text[:place] + str((int(text[place]) + shift) % 10) + text[place + 1 :]


def wrong_digit(grid, draw):
    r, c, i = draw(st.sampled_from(digits_of(grid)))
    text = changed(grid.rows[r].cells[c].paper, i, draw(st.integers(1, 9)))
    return with_number(grid, r, c, text)


RANKED = ["d2sm_table1", "d2sm_table2", "d2sm_table3"]


def with_wrong_digit(table, draw):
    """The table with one digit changed in the declaration of a row: of a number or of a rank."""
    group, row = draw(st.sampled_from(table.rows()))
    places = [i for i, sign in enumerate(row.printed) if sign.isdigit()]
    line = changed(row.printed, draw(st.sampled_from(places)), draw(st.integers(1, 9)))
    rows = [replace(r, printed=line) if r is row else r for r in table.groups[group]]
    return replace(table, groups={**table.groups, group: rows})


@pytest.mark.parametrize("name", RANKED)
@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_a_wrong_digit_in_a_declared_row_is_caught_by_the_transcription(name, data):
    wrong = with_wrong_digit(TABLES[name], data.draw).printed()
    assert published.cells(wrong) != [
        [tuple(c) for c in line] for line in published.TABLES[name][1]
    ]
    assert published.cells(TABLES[name].printed()) == [
        [tuple(c) for c in line] for line in published.TABLES[name][1]
    ]


# How many of all single-digit changes contradict the ranks and the bold type of the table itself:
# 58, 55 and 58 %.
@pytest.mark.parametrize(
    ("name", "caught", "changes"),
    [("d2sm_table1", 2869, 4914), ("d2sm_table2", 1284, 2340), ("d2sm_table3", 757, 1296)],
)
def test_share_of_wrong_digits_that_a_table_alone_gives_away(name, caught, changes, grids):
    grid = grids[name]
    known = findings(grid)
    found = [
        findings(with_number(grid, r, c, changed(grid.rows[r].cells[c].paper, i, shift))) != known
        for r, c, i in digits_of(grid)
        for shift in range(1, 10)
    ]
    assert (sum(found), len(found)) == (caught, changes)


# Tables whose numbers stand in another as well: there the audit misses nothing.
@pytest.mark.parametrize("name", ["d2sm_table1", "d2sm_table4", "pdl_v1_table2", "pdl_v1_table4"])
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_wrong_digit_in_a_table_that_is_printed_twice_is_always_caught(name, data):
    grids = {n: table.printed() for n, table in TABLES.items()}
    wrong = wrong_digit(grids[name], data.draw)
    assert audit(PAPERS, {**grids, name: wrong}) != audit(PAPERS, grids)


def test_a_finding_in_a_table_of_no_paper_comes_last(grids):
    fractions = replace(
        TABLES["calibration"].printed(),
        columns=[replace(c, label="PSNR (%)") for c in TABLES["calibration"].printed().columns],
    )
    rows = [
        replace(row, cells=[replace(cell, paper="0.5") for cell in row.cells])
        for row in fractions.rows
    ]
    found = audit(PAPERS, {**grids, "calibration": replace(fractions, rows=rows)})
    assert len(found) == len(KNOWN) + 1
    assert "Zhang" in found[-1].where


def test_a_wrong_rank_is_found(grids):
    grid = grids["d2sm_table2"]
    cells = list(grid.rows[3].cells)
    cells[2] = replace(cells[2], paper_rank=5)
    rows = [*grid.rows[:3], replace(grid.rows[3], cells=cells), *grid.rows[4:]]
    (finding,) = findings(replace(grid, rows=rows))
    assert "RDN [ECCV-18] / L_1, CelebA NRMSE" in finding.where
    assert "rank 5" in finding.printed
    assert "4" in finding.follows


def test_lost_bold_type_is_found_and_unknown_one_is_not(grids):
    grid = grids["d2sm_table3"]
    cells = [replace(cell, paper_bold=False) for cell in grid.rows[-1].cells[:1]]
    best = replace(grid.rows[-1], cells=[*cells, *grid.rows[-1].cells[1:]])
    lost = replace(grid, rows=[*grid.rows[:-1], best])
    (finding,) = findings(lost)
    assert "24.31" in finding.follows
    assert not findings(replace(lost, bold_known=False))


def test_preferences_that_are_no_complements_are_found(grids):
    wrong = with_number(grids["pdl_table3"], 1, 0, "0.58")
    (finding,) = complements(wrong)
    assert "L1 and no-perceptual" in finding.where
    assert not list(complements(grids["pdl_table3"]))


def test_repeated_numbers_are_compared_at_the_precision_of_both(grids):
    rows = (("FFDNet / FFDNet", "FFDNet / L_1"),)
    relation = Repeated("d2sm_table4", "d2sm_table1", rows)
    assert not list(relation.findings(grids))  # 35.03 and 35.033
    wrong = {**grids, "d2sm_table4": with_number(grids["d2sm_table4"], 0, 0, "35.04")}
    (finding,) = relation.findings(wrong)
    assert (finding.printed, "35.033" in finding.follows) == ("35.04", True)


def test_bounds_of_a_score_are_those_of_the_corners(grids):
    """The least and greatest over the corners of what was rounded, by brute force."""
    grid = grids["pdl_v1_table6"]
    rows = [row for row in grid.rows if row.role != "best"]
    row = rows[4]
    best = {"PSNR": 31.77, "MS-SSIM": 0.974, "LPIPS": 0.103}
    own = dict(zip(("PSNR", "MS-SSIM", "LPIPS"), (float(c.paper) for c in row.cells), strict=False))
    half = {"PSNR": 0.005, "MS-SSIM": 0.0005, "LPIPS": 0.0005}
    corners = []
    for signs in product((-1, 1), repeat=6):
        o = {k: own[k] + s * half[k] for k, s in zip(own, signs[:3], strict=True)}
        b = {k: best[k] + s * half[k] for k, s in zip(own, signs[3:], strict=True)}
        corners.append(
            o["PSNR"] / b["PSNR"] * o["MS-SSIM"] / b["MS-SSIM"] * b["LPIPS"] / o["LPIPS"]
        )
    low, high = score_bounds(grid, rows, row)
    assert float(low) == pytest.approx(min(corners))
    assert float(high) == pytest.approx(max(corners))
    assert low < score(grid, rows, row) < high
