"""Fractions, intervals and strengths against closed forms and other programs."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import binomtest, norm
from tiny_study import METHODS, TABLE

from benchmarks.papers.registry import TABLES
from benchmarks.report.html import page
from benchmarks.report.long_csv import long_csv
from benchmarks.report.markdown import markdown
from benchmarks.study.key import StudyError
from benchmarks.study.preferences import (
    NotConnected,
    Preference,
    Preferences,
    bradley_terry,
    fill,
    notes,
    preferences,
)
from benchmarks.study.ratings import read_ratings


def printed_study(name):
    """A table of PDL with the counts behind its fractions of 500 answers."""
    table = TABLES[name]
    lines = [line.split() for line in table.preferred.values()]
    n = table.comparisons
    wins = [[0 if word == "-" else round(float(word) * n) for word in w] for w in lines]
    return list(table.preferred), np.array(wins)


def test_the_papers_largest_standard_error():
    """500 answers, half for each: the paper's worst case, 0.0224."""
    assert Preference(250, 500).standard_error == pytest.approx(0.5 / math.sqrt(500), rel=1e-14)
    assert round(Preference(250, 500).standard_error, 4) == 0.0224


@pytest.mark.parametrize(
    ("wins", "n"), [(0, 1), (1, 1), (0, 9), (9, 9), (3, 7), (57, 100), (385, 500)]
)
def test_the_interval_is_wilsons(wins, n):
    theirs = binomtest(wins, n).proportion_ci(0.95, method="wilson")
    assert Preference(wins, n).interval == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_the_intervals_ends_solve_wilsons_equation():
    """(p - x)^2 = z^2 x (1 - x) / n at both ends."""
    z = norm.ppf(0.975)
    for x in Preference(31, 80).interval:
        assert (31 / 80 - x) ** 2 == pytest.approx(z * z * x * (1 - x) / 80, rel=1e-12)


def test_two_methods_have_the_log_odds():
    a, b = bradley_terry(["x", "y"], np.array([[0, 30], [70, 0]]))
    assert (a.method, b.method) == ("y", "x")
    assert a.log_strength - b.log_strength == pytest.approx(math.log(70 / 30), abs=1e-8)
    assert a.log_strength == pytest.approx(-b.log_strength, abs=1e-12)
    # the difference has the variance 1/30 + 1/70, and each half of the difference
    assert 2 * a.standard_error == pytest.approx(math.sqrt(1 / 30 + 1 / 70), rel=1e-8)


def test_exact_strengths_are_found_again():
    """Expected counts of a known model are their own best fit."""
    truth = np.array([-0.9, -0.1, 0.2, 0.8])
    chance = 1 / (1 + np.exp(truth[None, :] - truth[:, None]))
    wins = chance * np.array([[0, 40, 7, 9], [40, 0, 30, 0], [7, 30, 0, 80], [9, 0, 80, 0]])
    found = {s.method: s.log_strength for s in bradley_terry("abcd", wins)}
    assert [found[m] for m in "abcd"] == pytest.approx(truth - truth.mean(), abs=1e-7)


@pytest.mark.parametrize("study", ["pdl_table3", "pdl_table5", None])
def test_strengths_maximise_the_likelihood(study):
    """Against scipy's optimiser, and its errors against a Hessian taken by differences."""
    if study is None:
        names, wins = (
            list("abcd"),
            np.array([[0, 1, 0, 4], [3, 0, 2, 0], [9, 1, 0, 0], [2, 0, 5, 0]]),
        )
    else:
        names, wins = printed_study(study)

    def loss(s):
        full = np.append(s, -s.sum())  # the mean is 0
        return float((wins * np.logaddexp(0, full[None, :] - full[:, None])).sum())

    best = minimize(loss, np.zeros(len(wins) - 1), method="BFGS", options={"gtol": 1e-7})
    ours = {s.method: s for s in bradley_terry(names, wins)}
    found = np.array([ours[name].log_strength for name in names])
    np.testing.assert_allclose(found[:-1], best.x, atol=1e-5)
    assert loss(found[:-1]) <= best.fun + 1e-9
    step, eye = 1e-3, np.eye(len(best.x)) * 1e-3
    hessian = [
        [
            (loss(found[:-1] + a + b) - loss(found[:-1] + a - b)
             - loss(found[:-1] - a + b) + loss(found[:-1] - a - b)) / (4 * step * step)
            for b in eye
        ]
        for a in eye
    ]  # fmt: skip
    errors = np.sqrt(np.diag(np.linalg.inv(hessian)))
    np.testing.assert_allclose([ours[n].standard_error for n in names[:-1]], errors, rtol=1e-3)


def test_the_papers_tables_rank_as_their_row_means():
    for name in ("pdl_table3", "pdl_table5"):
        methods, wins = printed_study(name)
        assert [s.method for s in bradley_terry(methods, wins)] == methods[::-1]


@pytest.mark.parametrize(
    "wins",
    [
        [[0, 5, 5], [0, 0, 5], [0, 5, 0]],  # the first never lost
        [[0, 5, 0], [5, 0, 0], [0, 0, 0]],  # the last never met anybody
        [[0, 0], [0, 0]],
    ],
)
def test_no_strengths_without_losses_both_ways(wins):
    with pytest.raises(NotConnected, match="do not go both ways"):
        bradley_terry("abc"[: len(wins)], np.array(wins))


def test_answers_are_counted_once_and_only_of_careful_raters(key, saved):
    """12 raters go twice round the 12 items and more: 24 answers of each pair."""

    def fail(found):
        for a in found["answers"]:
            a["chosen"] = "left"

    paths = [saved(str(i), prefer=lambda a, b: a > b) for i in range(1, 13)] + [saved("13", fail)]
    found = preferences(read_ratings(paths, key), key)
    assert found.methods == METHODS
    order = np.array([[a > b for b in METHODS] for a in METHODS])
    np.testing.assert_array_equal(found.wins, 24 * order)
    assert [r.id for r in found.raters if not r.counted] == ["13"]
    assert found.between(METHODS[0], METHODS[1]) == Preference(24, 24)


def measured(wins, raters=()):
    return Preferences("tiny_study", METHODS, np.array(wins), tuple(raters))


FOUND = measured([[0, 30, 10], [20, 0, 25], [30, 25, 0]])


def test_fractions_stand_beside_the_papers(key):
    grid = fill(TABLE.printed(), FOUND)
    assert [[c.status for c in row.cells] for row in grid.rows] == [
        ["-", "ok", "ok"],
        ["ok", "-", "ok"],
        ["ok", "ok", "-"],
    ]
    assert [[c.values for c in row.cells] for row in grid.rows] == [
        [(), (0.6,), (0.25,)],
        [(0.4,), (), (0.5,)],
        [(0.75,), (0.5,), ()],
    ]
    assert [c.paper for c in grid.rows[0].cells] == ["-", "0.4", "0.3"]
    assert grid.rows[0].cells[1].n_images is None
    low, high = FOUND.between(METHODS[0], METHODS[1]).interval
    assert grid.rows[0].cells[1].detail == (f"0.600 (n = 50, SE 0.069, 95 % {low:.3f}-{high:.3f})")


def test_every_format_shows_the_raters_numbers():
    grid = fill(TABLE.printed(), FOUND)
    for text in (markdown(grid), page(grid, None), long_csv(grid)):
        assert "needs raters" not in text
        assert "0.25" in text
    assert "Bradley-Terry log-strengths" in markdown(grid)


def test_pairs_without_answers_still_need_raters():
    grid = fill(TABLE.printed(), measured([[0, 3, 0], [2, 0, 0], [0, 0, 0]]))
    assert [c.status for c in grid.rows[2].cells] == ["needs raters", "needs raters", "-"]
    assert any(note.startswith("No Bradley-Terry ranking") for note in grid.notes)


def test_a_study_of_some_of_the_methods_fills_its_part():
    part = Preferences("tiny_study", METHODS[:2], np.array([[0, 3], [1, 0]]), ())
    grid = fill(TABLE.printed(), part)
    assert grid.rows[0].cells[1].values == (0.75,)
    assert grid.rows[0].cells[2].status == "needs raters"


def test_another_tables_answers_are_refused():
    for found in (replace(FOUND, study="pdl_table3"), replace(FOUND, methods=("a", "b", "c"))):
        with pytest.raises(StudyError, match="do not belong into tiny_study"):
            fill(TABLE.printed(), found)


def test_notes_tell_who_was_left_out_and_how_steady_the_others_were(key, saved):
    def fail(found):
        for a in found["answers"]:
            a["chosen"] = "left"

    answers = read_ratings([saved("1"), saved("2"), saved("lazy", fail)], key)
    said = notes(preferences(answers, key))
    assert said[0] == (
        "Answers of 2 raters are counted, of 3 who took part. A rater counts who fails at most 0 "
        "of the attention checks."
    )
    assert said[1] == "Left out for failed attention checks: lazy (1 of 2 failed)."
    assert "chose the same image 4 of 4 times" in said[2]
    left = sum(a.chosen == a.left for a in answers if a.rater != "lazy")
    assert said[3] == f"The left image was chosen {left} of 20 times."
    assert "no longer than 1.0 s (the quickest rater) to 1.0 s" in said[4]


def test_notes_tell_in_how_many_answers_a_picture_was_cut(key, saved):
    def small(found):
        for a in found["answers"][:3]:
            a["whole"] = False

    answers = read_ratings([saved("1"), saved("2", small)], key)
    assert "In 3 of 20 answers the rater's window was too small for both pictures." in notes(
        preferences(answers, key)
    )


def test_notes_give_each_pair_once():
    pairs = [note for note in notes(FOUND) if note.startswith("Chosen over")]
    assert len(pairs) == 2
    assert sum(note.count("n = ") for note in pairs) == 3
    assert "sharp-method 0.400 (n = 50" in pairs[0]
