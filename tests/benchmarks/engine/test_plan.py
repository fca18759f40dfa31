"""From a table to its rows and jobs: the right data, the right seed, the right order."""

from dataclasses import replace

import pytest
import quick

from benchmarks.declare.column import Column, Unmeasured
from benchmarks.declare.errors import DeclarationError, UsageError
from benchmarks.declare.protocol import Evaluation
from benchmarks.declare.runs import Fixed, Run
from benchmarks.declare.table import Row
from benchmarks.engine.graph import dependencies
from benchmarks.engine.plan import make_plan, matches, row_named, squeezed
from benchmarks.metrics.psnr import PSNR, PooledPSNR
from datasets.degradations.clean import Clean
from datasets.degradations.noise import Noisy
from datasets.images import DataError

NAMES = ["Tiny / L_1", "Tiny / 2 L_1", "Plain / input", "Plain / clean", "Plain / absent"]


@pytest.fixture
def status(tmp_path):
    return quick.quick_engine(tmp_path).status


def trainings_and_measurements(plan):
    """(label, scores, row) of the jobs in which something is made."""
    jobs = [job for job in plan.jobs() if job.scores or isinstance(job.provider, Run)]
    return [(job.label, len(job.scores), job.row.name) for job in jobs]


def test_rows_keep_order_names_and_what_is_printed_of_them(status):
    plan = make_plan(quick.TABLE, status)
    assert [row.name for row in plan.rows] == NAMES
    first = plan.rows[0]
    assert (first.group, first.label, first.method) == ("Tiny", "L_1", "Tiny")
    assert [row.row for row in plan.rows] == [row for _, row in quick.TABLE.rows()]
    assert plan.table is quick.TABLE
    own = replace(quick.ROWS[0], method="FFDNet")
    assert make_plan(replace(quick.TABLE, groups={"G": [own]}), status).rows[0].method == "FFDNet"


def test_lines_of_reference_have_no_group_and_no_row(status):
    noisy, target = make_plan(quick.TABLE, status).references
    assert (noisy.name, noisy.group, noisy.label, noisy.method) == ("noisy", "", "noisy", "")
    assert target.name == "target"
    assert noisy.row is None
    assert noisy.asked


def test_one_run_per_seed_and_its_own_scores(status):
    plan = make_plan(quick.TABLE, status, seeds=3)
    assert plan.seeds == (0, 1, 2)
    for row in plan.rows[:2]:
        assert [provider.seed for provider in row.providers] == [0, 1, 2]
        assert [provider.start.seed for provider in row.providers] == [0, 1, 2]
        for column in row.scores[:2]:
            assert [score.provider for score in column] == row.providers
    assert len({status.ids.run_id(p) for row in plan.rows[:2] for p in row.providers}) == 6


def test_default_is_one_seed(status):
    plan = make_plan(quick.TABLE, status)
    assert plan.seeds == (0,)
    assert [len(row.providers) for row in plan.rows] == [1, 1, 1, 1, 0]


def test_network_without_training_is_measured_once(status):
    plan = make_plan(quick.TABLE, status, seeds=3)
    for row in plan.rows[2:4]:
        assert isinstance(row.providers[0], Fixed)
        assert [len(column) for column in row.scores] == [1, 1, 0]


def test_what_is_not_implemented_has_no_scores(status):
    plan = make_plan(quick.TABLE, status)
    assert [row.scores[2] for row in plan.rows] == [[]] * 5
    assert plan.rows[4].providers == []
    assert plan.rows[4].scores == [[], [], []]
    without_data = replace(quick.TABLE.columns[0], data=None)
    table = replace(quick.TABLE, columns=(without_data, *quick.TABLE.columns[1:]))
    assert make_plan(table, status).rows[0].scores[0] == []


def test_scores_are_of_the_columns_data_metric_and_evaluation(status):
    protocol = replace(quick.TABLE.protocol, evaluation=replace(
        quick.TABLE.protocol.evaluation, border=2))  # fmt: skip
    plan = make_plan(replace(quick.TABLE, protocol=protocol), status)
    for row in plan.rows[:3]:
        for column, scores in zip(quick.TABLE.columns[:2], row.scores, strict=False):
            assert (scores[0].data, scores[0].metric) == (column.data, column.metric)
            assert scores[0].evaluation.border == 2
            assert scores[0].seed == 0  # the noise is the same for all


def row_of(label, **changes):
    return Row(label, quick.Copy, None, "- - -", role="input", **changes)


NONE = Column(Unmeasured("no", 1, True))
OTHERWISE = [
    row_of("as it is"),
    row_of("border", evaluation=Evaluation(border=2)),
    row_of("pooled", columns=(Column(PooledPSNR(), quick.TEST), NONE, NONE)),
    row_of("other", columns=(Column(PSNR(), Noisy(quick.Cards((200,)), sigma=25)), NONE, NONE)),
]


def measured_otherwise(tmp_path):
    """One network, measured in four ways on two test sets."""
    columns = (quick.TABLE.columns[0], NONE, NONE)
    table = replace(quick.TABLE, columns=columns, groups={"Copy": OTHERWISE}, references=())
    return quick.quick_work(tmp_path, table)


def test_rows_may_be_measured_otherwise_than_the_table_says(tmp_path):
    rows = measured_otherwise(tmp_path).plan.rows
    scores = [row.scores[0][0] for row in rows]
    assert [score.evaluation.border for score in scores] == [0, 2, 0, 0]
    assert [type(score.metric) for score in scores] == [PSNR, PSNR, PooledPSNR, PSNR]
    assert [score.data == quick.TEST for score in scores] == [True, True, True, False]


def test_rows_of_one_network_share_its_passes_over_a_test_set(tmp_path, monkeypatch):
    shown = []
    forward = quick.Copy.forward
    monkeypatch.setattr(
        quick.Copy, "forward", lambda self, image: shown.append(1) or forward(self, image)
    )
    work = measured_otherwise(tmp_path)
    work.make()
    assert len(shown) == 2 + 1  # the images of both sets, once
    grid = work.grid()
    assert all(row.cells[0].status == "ok" for row in grid.rows)
    assert len({row.cells[0].mean for row in grid.rows}) == 4
    assert [row.cells[1].status for row in grid.rows] == ["not implemented"] * 2 + ["-"] * 2
    assert work.complete(grid)


def test_columns_of_a_row_are_as_many_as_the_tables():
    row = replace(OTHERWISE[2], columns=OTHERWISE[2].columns[:2])
    with pytest.raises(DeclarationError, match="'pooled': 2 columns of its own for the table's 3"):
        replace(quick.TABLE, groups={"Copy": [row]})


def test_reference_rows_are_measured_on_undegraded_images(status):
    plan = make_plan(quick.TABLE, status)
    clean = Clean(quick.TEST.data)
    data = {row.name: [s.data for column in row.scores for s in column] for row in plan.rows}
    assert data["Plain / clean"] == [clean, clean]
    assert data["Plain / input"] == data["Tiny / L_1"] == [quick.TEST, quick.TEST]
    noisy, target = plan.references
    assert [s.data for column in noisy.scores for s in column] == [quick.TEST, quick.TEST]
    assert [s.data for column in target.scores for s in column] == [clean, clean]


def test_reference_row_is_clean_in_numbers(made):
    """PSNR of the clean image has no end; that of the input is the noise's, 20.2 dB or so."""
    grid = made.grid()
    cells = {row.label: row.cells[0] for row in grid.rows}
    assert cells["clean"].values == (float("inf"),)
    assert cells["input"].mean == pytest.approx(20.2, abs=0.5)
    noisy, target = grid.references
    assert target.cells[0].values == (float("inf"),)
    assert noisy.cells[0].values == cells["input"].values


def test_only_restricts_what_is_asked(status):
    plan = make_plan(quick.TABLE, status, only="2 l_1")
    assert [row.asked for row in plan.rows] == [False, True, False, False, False]
    assert [row.name for row in plan.asked] == ["noisy", "target", "Tiny / 2 L_1"]
    assert not any(job.row.name == "Tiny / L_1" for job in plan.jobs())
    labels = [label for label, *_ in trainings_and_measurements(plan)]
    assert labels == [
        "judge", "noisy", "target", "start of TinyDenoiser's rows", "Tiny / 2 L_1", "Tiny / 2 L_1",
    ]  # fmt: skip


def test_only_that_matches_nothing_is_an_error_with_the_names(status):
    known = ", ".join(f"'{name}'" for name in NAMES)
    with pytest.raises(UsageError) as caught:
        make_plan(quick.TABLE, status, only="L_9")
    assert str(caught.value) == f"quick has no row like 'L_9'; its rows are {known}"
    with pytest.raises(UsageError, match=r"^quick: rows like 'absent' are not implemented yet$"):
        make_plan(quick.TABLE, status, only="absent")


@pytest.mark.parametrize(
    ("pattern", "found"),
    [("tiny", True), ("TINY/L", True), ("T*1", True), ("/ L_1", True), ("L_2", False), ("", True)],
)
def test_patterns_ignore_case_and_spaces(status, pattern, found):
    assert matches(pattern, make_plan(quick.TABLE, status).rows[0]) is found


def test_squeezed_text_has_no_spaces_and_no_capitals():
    assert squeezed(" A b  C") == "abc"


def test_row_is_found_by_label_or_by_name(status):
    plan = make_plan(quick.TABLE, status)
    assert row_named(plan, "2L_1").name == "Tiny / 2 L_1"
    assert row_named(plan, "tiny/l_1").name == "Tiny / L_1"
    with pytest.raises(UsageError) as caught:
        row_named(plan, "nobody")
    names = ", ".join(f"'{name}'" for name in NAMES)
    assert str(caught.value) == f"'nobody' is no row of quick: {names}"
    twice = replace(quick.TABLE, groups={"A": quick.ROWS, "B": quick.ROWS})
    plan = make_plan(twice, status)
    with pytest.raises(UsageError) as caught:
        row_named(plan, "L_1")
    assert str(caught.value) == "'L_1' means several rows of quick: 'A / L_1', 'B / L_1'"
    assert row_named(plan, "b / l_1").group == "B"


def test_jobs_come_after_what_they_need_each_once(status):
    plan = make_plan(quick.TABLE, status, seeds=2)
    jobs = list(plan.jobs())
    trained: list = []
    for job in jobs:
        needed = dependencies(job.provider)
        if job.scores:
            needed = [*needed, *(d for score in job.scores for d in dependencies(score))]
        assert all(provider in trained for provider in needed)
        if not job.scores:
            trained.append(job.provider)
    runs = [provider for provider in trained if isinstance(provider, Run)]
    assert len(runs) == len(set(runs)) == 7  # a judge, two starts, two rows of two seeds
    measured = [score for job in jobs for score in job.scores]
    wanted = [s for row in plan.references + plan.rows for column in row.scores for s in column]
    assert sorted(map(repr, measured)) == sorted(map(repr, wanted))


def test_jobs_fill_the_table_row_by_row(status):
    plan = make_plan(quick.TABLE, status, seeds=2)
    start = ("start of TinyDenoiser's rows", 0)
    first, second = "Tiny / L_1", "Tiny / 2 L_1"
    assert trainings_and_measurements(plan) == [
        ("judge", 0, "noisy"), ("noisy", 2, "noisy"), ("target", 2, "target"),
        (*start, first), (first, 0, first), (first, 2, first),
        (*start, first), (first, 0, first), (first, 2, first),
        (second, 0, second), (second, 2, second), (second, 0, second), (second, 2, second),
        ("Plain / input", 2, "Plain / input"), ("Plain / clean", 2, "Plain / clean"),
    ]  # fmt: skip


def test_judge_of_an_objective_is_called_so(status):
    row = replace(quick.ROWS[0], objective=1.0 * quick.Watched(quick.JUDGE))
    table = replace(quick.TABLE, groups={"Tiny": [row]}, references=())
    labels = [job.label for job in make_plan(table, status).jobs()]
    start = "start of TinyDenoiser's rows"
    # The warm-up has the same objective, so it is the first that the judge is made for.
    assert labels == ["judge", start, "Tiny / L_1", "Tiny / L_1"]


def test_measurements_are_of_their_own_seed(status):
    for job in make_plan(quick.TABLE, status, seeds=2).jobs():
        assert all(score.provider == job.provider for score in job.scores)


def test_problems_are_told_once_with_the_rows_name(status):
    row = make_plan(quick.TABLE, status).rows[0]
    assert row.problems == []
    row.unavailable = {0: DataError("no images"), 1: DataError("no images")}
    assert row.problems == ["Tiny / L_1: no images"]
    row.problem = DataError("no weights")
    assert row.problems == ["Tiny / L_1: no images", "Tiny / L_1: no weights"]
