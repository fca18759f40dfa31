"""What profiles make of the trainings that a figure looks at."""

from __future__ import annotations

import pytest

from benchmarks.declare.runs import Run
from benchmarks.papers.d2sm.denoising import TABLE1
from benchmarks.papers.d2sm.figures import FIGURE8
from benchmarks.profiles.profile import Profile
from benchmarks.profiles.registry import PROFILES
from benchmarks.profiles.resolve import Resolver
from losses.balanced import Balanced
from losses.normalised_vgg import WEIGHTS_FILE


def run_of(profile: Profile, label: str, *files: str) -> Run:
    """The training behind a label of Figure 8, with these weights files there."""
    table, *_ = FIGURE8.rows[label]
    found = Resolver(profile, files.__contains__).run(table, FIGURE8.row(label), 0)
    assert isinstance(found, Run)
    return found


@pytest.mark.parametrize("label", list(FIGURE8.rows))
def test_a_curve_has_as_many_looks_in_lite_as_declared(label: str) -> None:
    declared, run = (run_of(PROFILES[name], label) for name in ("paper", "lite"))
    counts = []
    for training in (declared.training, run.training):
        assert training.probe is not None
        counts.append(len(training.probe.steps(int(training.steps))))
    assert counts[0] == counts[1] == 40


def test_lite_begins_at_the_initialisation_and_smoke_where_table_1_does() -> None:
    assert run_of(PROFILES["lite"], "Q = 64").start is None
    smoke = Resolver(PROFILES["smoke"], lambda name: False)
    row = TABLE1.groups["FFDNet"][0]
    table1 = smoke.run(TABLE1, row, 0)
    assert isinstance(table1, Run)
    assert run_of(PROFILES["smoke"], "Q = 64").start == table1.start is not None


def test_features_that_are_not_the_declared_ones_are_weighed_from_scratch_as_well() -> None:
    lite = PROFILES["lite"]
    stands_in = run_of(lite, "Q = 64", WEIGHTS_FILE[0]).objective
    declared = run_of(lite, "Q = 64", "vgg19-dcbb9e9d.pth").objective
    assert [isinstance(term, Balanced) for _, term in stands_in.terms] == [False, True]  # type: ignore[union-attr]
    assert not any(isinstance(term, Balanced) for _, term in declared.terms)  # type: ignore[union-attr]
