"""From the store to cells: a number, or the reason why there is none."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import pytest
import quick

from benchmarks.cli import session
from benchmarks.cli.request import Request
from benchmarks.cli.session import Session
from benchmarks.declare.column import Column, Derived
from benchmarks.declare.runs import Released, network
from benchmarks.declare.sources import assumed
from benchmarks.declare.table import Row
from benchmarks.engine.collect import WATERMARKS, declared, to_grid
from benchmarks.engine.facts import facts
from benchmarks.metrics.psnr import PSNR
from benchmarks.profiles.resolve import Resolver
from datasets.degradations.noise import Noisy
from datasets.images import DataError


@dataclass(frozen=True)
class StandIn(PSNR):
    """A metric whose weights a profile may replace."""

    weights: str = "random"
    stand_in_weights: ClassVar[str] = "random"

    def weight_files(self):
        return []


def cells(work: Any) -> dict:
    grid = work.grid()
    return {row.label: row.cells for row in grid.rows}


def first_score(work, row=0, column=0, seed=0):
    return work.plan.rows[row].scores[column][seed]


def drop(work, score):
    """Remove a score from the store."""
    work.plan.status.folder(score.provider).remove(work.plan.status.score_name(score))


def test_cell_has_a_value_per_seed_its_ids_and_its_images(made):
    status, score = made.plan.status, made.plan.rows[0].scores[0]
    cell = cells(made)["L_1"][0]
    assert cell.status == "ok"
    assert cell.run_id == " ".join(status.ids.run_id(s.provider) for s in score)
    assert cell.score_id == " ".join(status.ids.score_id(s) for s in score)
    assert cell.run_id.count(" ") == cell.score_id.count(" ") == 1
    assert (cell.n_images, cell.expected_images) == (2, 5)
    assert (cell.paper, cells(made)["2 L_1"][1].paper) == ("30.00", "0.6")
    values = [status.record(s)["values"] for s in score]
    assert cell.values == pytest.approx([sum(v) / 2 for v in values])


def test_what_is_not_implemented_says_so(made):
    found = cells(made)
    assert [cell.status for cell in found["absent"]] == ["not implemented"] * 3
    assert [row[2].status for row in found.values()] == ["not implemented"] * 5
    assert [row.cells[2].status for row in made.grid().references] == ["-", "-"]
    assert found["absent"][0].paper == "32.00"


def test_grid_has_the_tables_rows_words_and_facts(made):
    grid = made.grid()
    shown = [(row.group, row.method, row.label, row.note, row.role) for row in grid.rows]
    assert shown == [
        ("Tiny", "Tiny", "L_1", "", "method"), ("Tiny", "Tiny", "2 L_1", "twice", "method"),
        ("Plain", "Plain", "input", "", "input"), ("Plain", "Plain", "clean", "", "reference"),
        ("Plain", "Plain", "absent", "", "method"),
    ]  # fmt: skip
    lines = [(row.group, row.method, row.label, row.role) for row in grid.references]
    assert lines == [("", "noisy", "", "reference"), ("", "target", "", "reference")]
    assert grid.facts == facts(made.plan)
    assert (grid.name, grid.source, grid.title) == ("quick", "nowhere", "a test")


def test_notes_are_the_tables_and_the_problems(tmp_path):
    table = replace(quick.TABLE, printed_notes=("printed",), notes=("ours",))
    work = quick.quick_work(tmp_path, table)
    work.plan.rows[0].problem = DataError("gone")
    assert work.grid().notes == ["printed", "ours", "Tiny / L_1: gone"]
    assert table.printed().notes == ["printed"]


def test_nothing_made_is_pending(tmp_path):
    found = cells(quick.quick_work(tmp_path))
    assert [cell.status for cell in found["L_1"]] == ["pending", "pending", "not implemented"]
    assert found["L_1"][0].values == ()
    assert found["L_1"][0].run_id  # what would be run has its id already


def test_one_missing_seed_leaves_the_cell_without_a_number(copied):
    work = quick.quick_work(copied, seeds=2)
    drop(work, first_score(work, seed=1))
    cell = cells(work)["L_1"][0]
    assert (cell.status, cell.values) == ("pending", ())
    assert cells(work)["L_1"][1].status == "ok"


def test_row_that_is_not_asked_for_shows_the_seeds_that_it_has(copied):
    """... so that a table can have rows of three seeds beside rows of one."""
    work = quick.quick_work(copied, seeds=2, only="Tiny / 2 L_1")
    both = cells(work)["L_1"][0]
    drop(work, first_score(work, seed=1))
    cell = cells(work)["L_1"][0]
    assert (cell.values, cell.status) == (both.values[:1], "ok")
    assert (cell.run_id, cell.score_id) == (both.run_id.split()[0], both.score_id.split()[0])
    assert len(cells(work)["2 L_1"][0].values) == 2
    assert dict(facts(work.plan))["seeds"] == (
        "0, 1; of rows that were not asked for those that are there"
    )
    drop(work, first_score(work, seed=0))
    assert cells(work)["L_1"][0].status == "pending"


def test_claims_take_the_seeds_that_are_there(copied, monkeypatch):
    work = quick.quick_work(copied, seeds=2)
    drop(work, first_score(work, seed=1))
    held = Session(Request("claims", seeds=2))
    monkeypatch.setattr(held, "work", lambda exhibit: work)
    monkeypatch.setattr(session, "fillable", lambda with_data_root: [quick.TABLE])
    first, second, *_ = held.measured()["quick"].rows
    assert [len(row.cells[0].values) for row in (first, second)] == [1, 2]


def test_what_is_trained_is_known(made):
    found = cells(made)
    assert {label: row[0].trained for label, row in found.items()} == {
        "L_1": True, "2 L_1": True, "input": False, "clean": False, "absent": False,
    }  # fmt: skip


def test_cell_of_a_failed_run_says_so_in_a_later_command(copied):
    work = quick.quick_work(copied, seeds=2)
    drop(work, first_score(work))
    provider = work.plan.rows[0].providers[1]  # the other seed's run
    work.plan.status.folder(provider).write_json("failure.json", {"error": "no"})
    found = cells(work)
    assert found["L_1"][0].status == "failed"
    assert found["L_1"][1].status == "ok"  # it has its numbers
    assert found["2 L_1"][0].status == "ok"


@pytest.mark.parametrize("behind", ["score", "run", "start", "judge"])
def test_number_is_marked_when_anything_behind_it_is_stale(copied, behind):
    keeps = replace(quick.PROFILE, redo_stale=False)
    work = quick.quick_work(copied, seeds=2, profile=keeps)
    status, row = work.plan.status, work.plan.rows[0]
    score = row.scores[1][1]
    folder, name = {
        "score": (status.folder(score.provider), status.score_name(score)),
        "run": (status.folder(row.providers[1]), "run.json"),
        "start": (status.folder(row.providers[1].start), "run.json"),
        "judge": (status.folder(quick.JUDGE), "run.json"),
    }[behind]
    record = folder.read_json(name)
    quick.edited(folder, name, sources=record["sources"] | {"losses.gone": "0"})
    found = cells(work)
    assert found["L_1"][1].status == "stale"
    assert len(found["L_1"][1].values) == 2
    others = {"score": "ok", "judge": "ok", "run": "stale", "start": "stale"}
    assert found["L_1"][0].status == others[behind]
    second = {"score": "ok", "judge": "stale", "run": "ok", "start": "stale"}
    assert found["2 L_1"][1].status == second[behind]  # it shares start and judge


def test_problem_takes_nothing_from_a_number_that_is_good(made_folder):
    work = quick.quick_work(made_folder, seeds=2)
    work.plan.rows[0].problem = RuntimeError("no")
    work.plan.rows[1].unavailable = {1: DataError("gone")}
    assert [cell.status for cell in cells(work)["L_1"][:2]] == ["ok", "ok"]
    assert [cell.status for cell in cells(work)["2 L_1"][:2]] == ["ok", "ok"]


def test_problem_is_told_where_the_number_is_missing(copied):
    work = quick.quick_work(copied, seeds=2)
    row = work.plan.rows[0]
    drop(work, first_score(work))
    row.problem, row.unavailable = RuntimeError("no"), {1: DataError("gone")}
    psnr, judged, _ = cells(work)["L_1"]
    assert (psnr.status, psnr.detail, psnr.values) == ("failed", "no", ())
    assert judged.status == "ok"
    row.unavailable = {0: DataError("gone")}
    psnr = cells(work)["L_1"][0]
    assert (psnr.status, psnr.detail) == ("needs", "data")


@pytest.mark.parametrize("redo", [True, False])
def test_problem_hides_a_number_that_was_to_be_made_again(copied, redo):
    profile = replace(quick.PROFILE, redo_stale=redo)
    work = quick.quick_work(copied, seeds=2, profile=profile)
    score = first_score(work)
    folder, name = work.plan.status.folder(score.provider), work.plan.status.score_name(score)
    quick.edited(folder, name, sources={})
    work.plan.rows[0].problem = RuntimeError("no")
    cell = cells(work)["L_1"][0]
    assert cell.status == ("failed" if redo else "stale")
    assert bool(cell.values) is not redo


def test_cell_needs_the_data_that_its_identity_is_made_of(tmp_path):
    gone = Noisy(quick.Cards((7,), present=False), sigma=25)
    work = quick.quick_work(tmp_path, replace(quick.TABLE, train=gone))
    cell = cells(work)["L_1"][0]
    assert (cell.status, cell.detail, cell.paper) == ("needs", "data", "30.00")
    assert cells(work)["input"][0].status == "pending"
    table = replace(quick.TABLE, columns=(replace(quick.TABLE.columns[0], data=gone),
                                          *quick.TABLE.columns[1:]))  # fmt: skip
    assert quick.quick_work(tmp_path, table).pictures() == []


def test_columns_say_what_stands_in_for_absent_weights(tmp_path):
    columns = [Column(StandIn(), quick.TEST), Column(StandIn(weights="photographs"), quick.TEST),
               Column(StandIn(weights="imagenet"), quick.TEST)]  # fmt: skip
    grid = quick.quick_work(tmp_path, replace(quick.TABLE, columns=tuple(columns))).grid()
    assert [column.stand_in for column in grid.columns] == [
        "random weights", "parameters fitted to a few embedded photographs", "",
    ]  # fmt: skip
    table = quick.TABLE
    assert [c.stand_in for c in quick.quick_work(tmp_path, table).grid().columns] == [""] * 3


@dataclass(frozen=True)
class Strangers(quick.Cards):
    """Images that are not those of the set of their name."""

    def open(self, data_paths):
        images = super().open(data_paths)
        images.unofficial = "aachen is a city of the official train split"
        return images


def test_images_of_another_split_are_told_and_not_held_against_the_paper(tmp_path):
    data = Noisy(Strangers((100, 150), official=2), sigma=25)
    columns = (replace(quick.TABLE.columns[0], data=data), *quick.TABLE.columns[1:])
    work = quick.quick_work(tmp_path, replace(quick.TABLE, columns=columns))
    grid = work.grid()
    said = "aachen is a city of the official train split"
    assert [column.other_set for column in grid.columns] == [said, "", ""]
    assert f"2 images ({said})" in dict(grid.facts)["test data"]


def unlabelled(self, values):
    raise ValueError("Judged needs at least one labelled pixel; there is none")


def test_a_metric_of_images_that_have_nothing_to_measure_costs_its_own_cell(made, monkeypatch):
    monkeypatch.setattr(quick.Judged, "summary", unlabelled)
    psnr, judged, _ = cells(made)["L_1"]
    assert (judged.status, judged.values) == ("failed", ())
    assert judged.detail == "Judged needs at least one labelled pixel; there is none"
    assert psnr.status == "ok"


def test_derived_columns_are_computed_from_the_measured_ones(made_folder):
    """PSNR is known for all rows, and what is derived follows without a run."""
    columns = (*quick.TABLE.columns[:2], Column(Derived("Avg. rank", 2, False)))
    grid = quick.quick_work(made_folder, replace(quick.TABLE, columns=columns), seeds=2).grid()
    assert grid.columns[2].metric == "Avg. rank"


def test_declared_grid_has_profile_watermark_and_ledger():
    table = replace(quick.TABLE, train=replace(quick.TRAIN, sigma=assumed((0, 50), "why")))
    grid = declared(table, quick.PROFILE)
    assert (grid.profile, grid.watermark) == ("smoke", WATERMARKS["smoke"])
    assert not grid.comparable
    assert [(entry.kind, entry.reason) for entry in grid.ledger] == [("assumed", "why")]
    assert grid.ledger_note == (
        "These are the declared choices, which the paper profile runs; what this profile ran "
        "instead stands above."
    )
    paper = declared(table, replace(quick.PROFILE, name="paper", comparable=True))
    assert (paper.profile, paper.watermark, paper.ledger_note) == ("paper", "", "")
    assert paper.comparable


def test_table_of_released_weights_is_as_declared_under_every_profile(made_folder):
    table = replace(quick.TABLE, groups={"Plain": quick.PLAIN}, released=True)
    grid = declared(table, quick.PROFILE)
    assert (grid.profile, grid.watermark, grid.ledger_note) == ("paper", "", "")
    assert grid.comparable


def test_cell_of_an_absent_file_needs_it(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    theirs = Released(network(quick.Copy), "a.pth", "")
    rows = [Row("theirs", quick.Copy, None, "1 2 3", released=theirs), quick.ROWS[0]]
    work = quick.quick_work(tmp_path, replace(quick.TABLE, groups={"Tiny": rows}))
    work.make()
    theirs, ours = to_grid(work.plan).rows
    assert (theirs.cells[0].status, theirs.cells[0].detail) == ("needs", "a.pth")
    assert ours.cells[0].status == "ok"


def test_resolved_metric_decides_what_stands_in(tmp_path):
    """The declared metric has ImageNet's weights; the profile took others."""

    @dataclass(frozen=True)
    class Weighted(StandIn):
        weights: str = "imagenet"

        def weight_files(self):
            return [("a.pth", "")]

    table = replace(quick.TABLE, columns=(Column(Weighted(), quick.TEST),) * 3)
    work = quick.quick_work(tmp_path, table)
    assert isinstance(work.plan.status.resolver, Resolver)
    assert work.grid().columns[0].stand_in == "random weights"
