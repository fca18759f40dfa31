"""The papers' claims on the printed numbers, and on numbers that were measured."""

import math
import re
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from benchmarks.claims.quantities import Best, Cell, Constant, Gain, Mean, Numbers, Percent
from benchmarks.claims.statements import Between, Positive, Preferred, States, every, greater
from benchmarks.grid.model import Cell as GridCell
from benchmarks.grid.model import Column, Grid, GridRow
from benchmarks.papers.registry import PAPERS, TABLES

CLAIMS = [claim for paper in PAPERS for claim in paper.claims]


@pytest.fixture(scope="module")
def printed():
    return Numbers({name: table.printed() for name, table in TABLES.items()}, printed=True)


def verdicts(numbers):
    return {claim.says: claim.statement.check(numbers).truth for claim in CLAIMS}


def test_every_claim_is_decided_by_the_printed_numbers_but_one(printed):
    found = verdicts(printed)
    assert len(found) == len(CLAIMS) >= 25
    assert [says for says, truth in found.items() if truth == "fails"] == [
        "D2SM raises CBDNet by 0.5 % in MIoU.",
        "Without internal probabilities, D2SM lowers the MIoU.",
        "With D2SM, DICNet surpasses DICNet and DICGAN both in distortion and in alignment.",
        "PDL has that advantage whatever the weights.",
        "L1 and L2 on features give much the same numbers.",
        "For raters PDL differs least from no-perceptual and most from CTXL2.",
        "All tested projections performed similarly.",
        "PDL is superior or similar in all five tasks, in every metric.",
    ]
    assert [says for says, truth in found.items() if truth == "undecided"] == [
        "D2SM is 0.542 dB above cross-entropy, which needs labels."
    ]
    assert "no data" not in found.values()


# A sentence that can be read in two ways, and how each reading turns out.
TWO_READINGS = {
    "PDL has a consistent perceptual advantage over the contextual loss.": "holds: 12 of 12",
    "PDL has that advantage whatever the weights.": "fails: 24 of 138",
    "All tested projections performed similarly.": "fails: 11 of 30",
    "The four schemes of projections performed similarly.": "holds: 8 of 8",
    "PDL is superior or similar in all five tasks.": "holds: 4 of 4",
    "PDL is superior or similar in all five tasks, in every metric.": "fails: 2 of 20",
    "With the smallest weight, L1 and L2 on features give much the same numbers.": "holds: 2 of 2",
    "With D2SM, DICNet surpasses both where the numbers are not for reference only.": "holds: 10 "
    "of 10",
}


@pytest.mark.parametrize(("says", "wanted"), TWO_READINGS.items())
def test_a_sentence_with_two_readings_is_held_to_both(says, wanted, printed):
    (claim,) = [claim for claim in CLAIMS if claim.says == says]
    truth, why = claim.statement.check(printed)
    assert f"{truth}: {why}".startswith(wanted)


def test_every_claim_says_where_it_stands():
    for claim in CLAIMS:
        assert re.match(r"(D2SM|PDL v[12]|STFT), (Sec\.|abstract)", claim.place), claim.place
    assert {claim.place.split()[0].rstrip(",") for claim in CLAIMS} == {"D2SM", "PDL", "STFT"}


def test_a_claim_can_fail():
    """Exchanged numbers of two rows turn the claims about them around."""
    table = TABLES["stft_table2"]
    rows = [[b, a] for a, b in (table.groups[group] for group in table.groups)]
    swapped = [[replace(a, printed=b.printed), replace(b, printed=a.printed)] for b, a in rows]
    grid = replace(table, groups=dict(zip(table.groups, swapped, strict=True))).printed()
    grids = {name: t.printed() for name, t in TABLES.items()}
    found = verdicts(Numbers({**grids, "stft_table2": grid}, printed=True))
    assert found["In JPEG artifact removal the gain is consistent."] == "fails"


A, B = Cell("t", "a", "PSNR"), Cell("t", "b", "PSNR")


def measured(build, a, b, noise=0.3, direction=True):
    """Rows a and b of one column, with replicates that share their noise and differ by little."""
    rng = np.random.default_rng(0)
    shared = rng.normal(0, noise, 400)
    grid = build(a, b)
    own = [rng.normal(0, 0.01, 400) for _ in (a, b)]
    rows = [
        replace(
            row,
            cells=[
                replace(
                    row.cells[0], values=(value,), status="ok", replicates=tuple(value + shared + o)
                )
            ],
        )
        for row, value, o in zip(grid.rows, (a, b), own, strict=True)
    ]
    columns = [replace(grid.columns[0], higher_is_better=direction)]
    return Numbers({"t": replace(grid, rows=rows, columns=columns)}, printed=False)


@pytest.fixture
def pair():
    def build(a, b):
        rows = [GridRow("", "", name, [GridCell("30.00")]) for name in ("a", "b")]
        return Grid("t", "T", "t", [Column("", "PSNR", "PSNR", 2, True)], rows)

    return build


def test_measured_difference_is_paired(pair):
    """Each alone is known to 0.6 dB; their difference, over the same images, to 0.03."""
    assert Positive(Gain(A, B)).check(measured(pair, 30.1, 30.0)).truth == "holds"
    assert Positive(Gain(B, A)).check(measured(pair, 30.1, 30.0)).truth == "fails"
    assert Positive(Gain(A, B)).check(measured(pair, 30.005, 30.0)).truth == "undecided"


def test_gain_follows_the_direction_of_the_metric(pair):
    lower_is_better = measured(pair, 0.2, 0.4, noise=0.01, direction=False)
    assert Positive(Gain(A, B)).check(lower_is_better).truth == "holds"


def test_without_replicates_nothing_measured_is_decided(pair):
    numbers = measured(pair, 31.0, 30.0)
    grid = numbers.grids["t"]
    rows = [replace(r, cells=[replace(c, replicates=()) for c in r.cells]) for r in grid.rows]
    numbers = Numbers({"t": replace(grid, rows=rows)}, printed=False)
    assert Positive(Gain(A, B)).check(numbers).truth == "undecided"
    assert Between(A, "0", "99").check(numbers).truth == "undecided"
    assert States(Gain(A, B), "1.0").check(numbers).truth == "undecided"
    assert "fewer than six" in Positive(Gain(A, B)).check(numbers).why


def test_no_claim_is_decided_by_measurements_without_an_interval():
    grids = {}
    for name, table in TABLES.items():
        grid = table.printed()
        rows = [replace(row, cells=[filled(cell) for cell in row.cells]) for row in grid.rows]
        grids[name] = replace(grid, rows=rows)
    truths = {
        claim.statement.check(Numbers(grids, printed=False)).truth
        for claim in CLAIMS
        if not any(table in repr(claim.statement) for table in ("pdl_table3", "pdl_table5"))
    }
    assert truths == {"undecided"}


def filled(cell):
    if cell.printed is None:
        return cell
    return replace(cell, values=(float(cell.printed),), status="ok")


def test_numbers_are_not_held_against_those_of_other_images(pair):
    """Which of two is better may be asked of any images; by how much only of the paper's."""
    numbers = measured(pair, 30.5, 30.0)
    columns = [replace(numbers.grids["t"].columns[0], other_set="Kodak24, not DIV2K")]
    others = Numbers({"t": replace(numbers.grids["t"], columns=columns)}, printed=False)
    for statement in (States(Gain(A, B), "0.5"), Between(Gain(A, B), "0.4", "0.6")):
        assert statement.check(numbers).truth == "holds"
        why = "not measured on the paper's images: Kodak24, not DIV2K"
        assert statement.check(others) == ("no data", why)
    assert Positive(Gain(A, B)).check(others).truth == "holds"


def test_stated_number_holds_for_measurements_if_all_of_the_interval_rounds_to_it(pair):
    assert States(Gain(A, B), "0.5").check(measured(pair, 30.5, 30.0)).truth == "holds"
    assert States(Gain(A, B), "0.50").check(measured(pair, 30.5, 30.0)).truth == "undecided"
    assert States(Gain(A, B), "0.9").check(measured(pair, 30.5, 30.0)).truth == "fails"


def test_best_of_several_is_whichever_it_is(printed):
    rows = tuple(Cell("pdl_table2", f"PDL / {w}", "LPIPS") for w in ("0.005", "0.010", "0.015"))
    assert Best(rows).evaluate(printed).point == Fraction("0.233")
    assert Best(rows).words(printed) == "PDL / 0.010, LPIPS 0.233"
    l1 = Cell("pdl_table2", "L1 / 0.100", "LPIPS")
    assert Gain(Best(rows), l1).evaluate(printed).point == Fraction("0.028")


def test_what_is_not_measured_is_no_data(pair, printed):
    assert Positive(Gain(A, B)).check(Numbers({}, printed=False)).truth == "no data"
    unfilled = Numbers({"t": pair(1, 2)}, printed=False)
    assert every(Positive(Gain(A, B))).check(unfilled).truth == "no data"
    assert {claim.statement.check(Numbers({}, printed=False)).truth for claim in CLAIMS} == {
        "no data"
    }


def test_a_part_of_the_test_set_decides_an_order_and_no_value(pair):
    numbers = measured(pair, 31.0, 30.0)
    grid = numbers.grids["t"]
    rows = [
        replace(r, cells=[replace(c, n_images=2, expected_images=5) for c in r.cells])
        for r in grid.rows
    ]
    part = Numbers({"t": replace(grid, rows=rows)}, printed=False)
    assert Positive(Gain(A, B)).check(part).truth == "holds"
    for statement in (States(Gain(A, B), "1"), Between(Gain(A, B), "0.5", "1.5")):
        assert statement.check(numbers).truth == "holds"
        assert statement.check(part) == ("no data", "measured on 2 of 5 images")


def trained(numbers, *offsets, other=()):
    """The same numbers as means over trainings that differ by so much; those of B as `other`."""
    grid = numbers.grids["t"]
    rows = []
    for row, differ in zip(grid.rows, (offsets, other or [-o for o in offsets]), strict=True):
        (cell,) = row.cells
        values = tuple(cell.mean + o for o in differ)
        rows.append(replace(row, cells=[replace(cell, trained=True, values=values)]))
    return Numbers({"t": replace(grid, rows=rows)}, printed=False)


@pytest.mark.parametrize(
    ("offsets", "truth"),
    [((0.0,), "undecided"), ((-0.1, 0.0, 0.1), "holds"), ((-1.0, 0.0, 1.0), "undecided")],
)
def test_a_claim_is_decided_where_seeds_allow_it_too(pair, offsets, truth):
    numbers = trained(measured(pair, 31.0, 30.0), *offsets)
    outcome = Positive(Gain(A, B)).check(numbers)
    assert outcome.truth == truth
    assert ("no interval: of one seed" in outcome.why) == (len(offsets) == 1)
    best = Best((A, A))
    assert Positive(Gain(best, B)).check(numbers).truth == truth
    assert Positive(Percent(Gain(A, B))).check(numbers).truth == truth
    assert Positive(Mean((Gain(A, B), Gain(A, B)))).check(numbers).truth == truth


def test_one_part_of_many_fails_only_at_a_level_corrected_for_their_number(pair):
    """Over three seeds the difference is 1 ± 0.8 at 95 %: of two parts, one may be so by chance."""
    numbers = trained(measured(pair, 31.0, 30.0), -0.16, 0.0, 0.16)
    worse, better = Positive(Gain(B, A)), Positive(Gain(A, B))
    assert every(worse).check(numbers).truth == "fails"
    truth, why = every(worse, better).check(numbers)
    assert truth == "undecided"
    assert why.startswith(
        "1 of 2 are undecided: PSNR: b 30.00 against a 31.00, -1 (97.5 % interval"
    )
    assert every(*[better] * 40).check(numbers).truth == "holds"
    surer = trained(measured(pair, 31.0, 30.0), -0.01, 0.0, 0.01)
    assert every(worse, better).check(surer).truth == "fails"


def test_what_rows_share_by_seed_falls_out_of_their_difference(pair):
    numbers = trained(measured(pair, 31.0, 30.0), -1.0, 0.0, 1.0, other=(-1.0, 0.1, 0.9))
    assert Positive(Gain(A, B)).check(numbers).truth == "holds"
    nothing = Gain(A, A).evaluate(numbers)
    assert (nothing.low, nothing.high) == (0, 0)
    once = Gain(A, B).evaluate(numbers)
    often = Mean((Gain(A, B),) * 4).evaluate(numbers)
    assert (float(often.low), float(often.high)) == pytest.approx((once.low, once.high))


def test_rows_are_compared_over_the_seeds_that_both_have(pair):
    numbers = trained(measured(pair, 31.0, 30.0), -2.0, 1.0, 1.0, other=(0.0,))
    assert Gain(A, B).evaluate(numbers).point == -1
    assert (A - Constant("30")).evaluate(numbers).point == 1


def test_the_best_of_rows_is_known_as_far_as_each_of_them(pair):
    """Another training of the row that was trained once might have been the best."""
    numbers = trained(measured(pair, 31.0, 30.9), -0.01, 0.0, 0.01, other=(0.0,))
    assert math.isinf(Best((A, B)).evaluate(numbers).high)
    assert not math.isinf(Best((A, A)).evaluate(numbers).high)


def test_stated_number_may_lie_within_what_was_rounded(printed):
    gain = Gain(
        Cell("d2sm_table1", "FFDNet / w/. Internal", "sigma=25 PSNR"),
        Cell("d2sm_table1", "FFDNet / + L_CrossEntropy", "sigma=25 PSNR"),
    )
    truths = {s: States(gain, s).check(printed).truth for s in ("0.541", "0.542", "0.543", "0.5")}
    assert truths == {"0.541": "holds", "0.542": "undecided", "0.543": "fails", "0.5": "holds"}
    points = States(Percent(gain), "54.1").check(printed)
    assert (points.truth, "54.1 points" in points.why) == ("holds", True)


def test_equal_printed_numbers_are_undecided(printed):
    a = Cell("d2sm_table1", "FFDNet / + L_LPIPS", "sigma=25 SSIM")
    b = Cell("d2sm_table1", "FFDNet / w/o. Internal", "sigma=25 SSIM")
    assert greater(a, b).check(printed).truth == "undecided"


def test_half_of_the_raters_prefer_nothing(printed):
    truths = [
        Preferred(Cell("pdl_table5", "PDL", other), 500).check(printed).truth
        for other in ("L1", "SRGAN")
    ]
    assert truths == ["holds", "undecided"]
    assert Preferred(Cell("pdl_table5", "L1", "PDL"), 500).check(printed).truth == "fails"


def test_mean_is_exact(printed):
    cells = tuple(Cell("stft_table3", "Mutual Learning", f"{s} PSNR") for s in ("Kodak24", "BSD68"))
    assert Mean(cells).evaluate(printed).point == Fraction("32.895")
    assert Constant("0.1").evaluate(printed).point == Fraction(1, 10)


def test_a_misspelt_cell_is_an_error_and_not_missing_data(printed):
    with pytest.raises(LookupError, match="0 rows 'FFDNet / L_0'"):
        Positive(Cell("d2sm_table1", "FFDNet / L_0", "sigma=25 PSNR")).check(printed)
