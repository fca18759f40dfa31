"""What --plan says: what would be made, how long it takes, what is absent."""

from dataclasses import dataclass, replace
from typing import ClassVar

import pytest
import quick
import tiny

from benchmarks.declare.runs import Released, network
from benchmarks.declare.table import Row
from benchmarks.declare.weight_sources import WEIGHT_SOURCES
from benchmarks.engine.steps import Step, missing, nothing_can_be_made, steps
from datasets.degradations.noise import Noisy
from losses.l1 import L1
from losses.objective import Term

RELEASED = Released(network(quick.Copy), "a.pth", "")
ABSENT = quick.Cards((7,), present=False)


@pytest.fixture(autouse=True)
def no_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))


@dataclass(frozen=True)
class Looking(Term):
    """A term that wants a file."""

    weights: str = "imagenet"
    symbol: ClassVar[str] = "L_Looking"

    def weight_files(self):
        return [("vgg.pth", "0123")]


def told(out, table=quick.TABLE, **options):
    return steps(quick.quick_work(out, table, **options).plan)


def changed(**changes):
    """The table with its first column alone, and other changes."""
    columns = changes.pop("columns", quick.TABLE.columns[:1])
    row = replace(quick.ROWS[0], printed=" ".join(["1"] * len(columns)))
    given = {"columns": columns, "groups": {"Tiny": [row]}, "references": ()}
    return replace(quick.TABLE, **(given | changes))


def test_new_table_is_trained_and_measured(tmp_path):
    lines = told(tmp_path, changed())
    plan = quick.quick_work(tmp_path, changed()).plan
    run = plan.rows[0].providers[0]
    start_id, run_id = plan.status.ids.run_id(run.start), plan.status.ids.run_id(run)
    assert lines == [
        Step("train", f"start of TinyDenoiser's rows: tinydenoiser-l1-{start_id}",
             "1 steps of 2 crops of 8x8, no timing of its kind yet"),
        Step("train", f"Tiny / L_1: tinydenoiser-l1-{run_id}",
             "3 steps of 2 crops of 8x8, no timing of its kind yet"),
        Step("measure", "Tiny / L_1", "1 of 1 scores"),
    ]  # fmt: skip


def test_finished_table_is_cached(made_folder):
    plan = quick.quick_work(made_folder, seeds=2).plan
    lines = steps(plan)
    assert {line.action for line in lines} == {"cached", "ready"}
    run = plan.rows[0].providers[0]
    (line,) = [line for line in lines if plan.status.ids.run_id(run) in line.what]
    assert line.detail == str(plan.status.folder(run).path)
    (fixed,) = [line for line in lines if line.action == "ready"]
    assert fixed.detail == "nothing to train"


def test_half_made_and_stale_runs_go_on_or_are_made_again(copied):
    work = quick.quick_work(copied)
    status, run = work.plan.status, work.plan.rows[0].providers[0]
    folder, half = status.folder(run), status.folder(work.plan.rows[1].providers[0])
    half.remove("run.json")
    half.write("checkpoint.pt", b"half")
    sources = folder.read_json("run.json")["sources"] | {"losses.l1": "0"}
    quick.edited(folder, "run.json", sources=sources)
    by_action = {line.action: line for line in steps(work.plan)}
    assert by_action["resume"].what.startswith("Tiny / 2 L_1: ")
    assert by_action["retrain"].what.startswith("Tiny / L_1: ")
    assert by_action["retrain"].detail.endswith("; losses.l1 changed since")
    keeps = quick.quick_work(copied, profile=replace(quick.PROFILE, redo_stale=False))
    (line,) = [line for line in steps(keeps.plan) if "; stale" in line.detail]
    assert line.action == "cached"
    assert line.detail == f"{folder.path}; stale: losses.l1 changed since"


def test_time_is_told_where_a_like_run_is_known(copied):
    work = quick.quick_work(copied)
    for path in (copied / "runs").glob("tinydenoiser-*/run.json"):
        from benchmarks.engine.store import RunFolder

        quick.edited(RunFolder(path.parent), "run.json", seconds=120.0)
        spec = RunFolder(path.parent).read_json("run.json")["spec"]
        spec["training"] |= {"steps": 3, "batch": 2, "crop": 8}
        quick.edited(RunFolder(path.parent), "run.json", spec=spec)
    work.plan.status.folder(work.plan.rows[0].providers[0]).remove("weights.safetensors")
    (line,) = [line for line in steps(work.plan) if line.action == "train"]
    assert line.detail == "3 steps of 2 crops of 8x8, about 2 min 00 s"


def test_scores_that_are_missing_are_counted(copied):
    work = quick.quick_work(copied, seeds=2)
    score = work.plan.rows[0].scores[0][1]
    work.plan.status.folder(score.provider).remove(work.plan.status.score_name(score))
    measured = [line for line in steps(work.plan) if line.action == "measure"]
    assert measured == [Step("measure", "Tiny / L_1", "1 of 4 scores")]


def test_only_what_is_asked_is_told(tmp_path):
    text = " ".join(line.what for line in told(tmp_path, only="2 L_1"))
    assert "Tiny / 2 L_1" in text
    assert "Tiny / L_1" not in text


def test_absent_training_data_stands_at_the_run_and_its_measurement(tmp_path):
    lines = told(tmp_path, changed(train=Noisy(ABSENT, sigma=25)))
    assert [(line.action, line.what) for line in lines] == [
        ("missing", "start of TinyDenoiser's rows: tinydenoiser-l1"),
        ("missing", "Tiny / L_1: tinydenoiser-l1"),
        ("missing", "Tiny / L_1"),
    ]
    assert {line.problems for line in lines} == {("cards (7,) are not there",)}


def watched(tmp_path, judge):
    """Action and name of the lines of a row that looks through a judge."""
    row = replace(quick.ROWS[0], printed="1", objective=L1() + 1.0 * quick.Watched(judge))
    keeps = replace(quick.PROFILE, warm_up=lambda network: None)
    lines = told(tmp_path, changed(groups={"Tiny": [row]}), profile=keeps)
    return [(line.action, line.what.split(":")[0], line.problems) for line in lines]


def test_file_that_a_judge_lacks_stands_at_the_judge_alone(tmp_path):
    judge = replace(quick.JUDGE, objective=1.0 * Looking())
    (first, problems), *others = [(line[:2], line[2]) for line in watched(tmp_path, judge)]
    assert first == ("missing", "judge")
    assert problems[0].startswith("vgg.pth is not there")
    assert others == [(("train", "Tiny / L_1"), ()), (("measure", "Tiny / L_1"), ())]


def test_row_whose_judge_lacks_its_data_is_missing_with_it(tmp_path):
    """The data is a part of the judge's identity, and so of the row's."""
    lines = watched(tmp_path, replace(quick.JUDGE, data=Noisy(ABSENT, sigma=25)))
    told_why = ("cards (7,) are not there",)
    assert lines == [
        ("missing", "judge", told_why), ("missing", "Tiny / L_1", told_why),
        ("missing", "Tiny / L_1", told_why),
    ]  # fmt: skip


def test_absent_test_data_stands_at_the_measurement(tmp_path):
    column = replace(quick.TABLE.columns[0], data=Noisy(ABSENT, sigma=25))
    lines = told(tmp_path, changed(columns=(column, column)))
    assert [line.action for line in lines] == ["train", "train", "missing"]
    assert lines[-1].what == "Tiny / L_1: to be measured"
    assert lines[-1].problems == ("cards (7,) are not there",)


def released_table():
    row = Row("theirs", quick.Copy, None, "1", released=RELEASED)
    return changed(groups={"Tiny": [row]})


def test_released_file_is_ready_or_missing(tmp_path):
    (missing_file, *_) = told(tmp_path, released_table())
    assert (missing_file.action, missing_file.what) == ("missing", "Tiny / theirs: copy-released")
    assert missing_file.problems[0].startswith("a.pth is not there.")
    folder = tmp_path / "torch" / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    (folder / "a.pth").write_bytes(b"weights")
    (ready, measure) = told(tmp_path, released_table())
    assert (ready.action, ready.detail) == ("ready", str(folder / "a.pth"))
    assert measure.action == "measure"


def test_missing_names_every_absent_thing(tmp_path):
    status = quick.quick_engine(tmp_path).status
    judge = replace(
        quick.JUDGE,
        objective=L1() + 1.0 * Looking(),
        data=Noisy(ABSENT, sigma=25),
        start=RELEASED,
    )
    found = [text.split(".pth")[0] for text in missing(status, judge)]
    assert found == ["vgg", "cards (7,) are not there", "a"]
    outer = replace(quick.JUDGE, start=judge)
    assert [text.split(".pth")[0] for text in missing(status, outer)] == found
    assert list(missing(status, outer, nested=False)) == []
    assert list(missing(status, quick.JUDGE)) == []
    assert list(missing(status, Looking)) == []  # a class wants nothing


@pytest.mark.parametrize("name", ["vgg.pth", "vgg16-397923af.pth"])
def test_missing_files_say_where_they_come_from_if_that_is_known(tmp_path, monkeypatch, name):
    monkeypatch.setattr(Looking, "weight_files", lambda self: [(name, "0123")])
    (text,) = missing(quick.quick_engine(tmp_path).status, Looking())
    assert text.startswith(f"{name} is not there.")
    assert (f"--fetch {name}" in text) is (name in WEIGHT_SOURCES)


def test_what_is_behind_a_finished_run_is_not_missed(made):
    """Its judge is there, so nobody asks for what once trained it."""
    status = made.plan.status
    assert list(missing(status, made.plan.rows[0].scores[1][0])) == []


@pytest.mark.parametrize("absent", ["training data", "test data", "one of two", "none"])
def test_nothing_can_be_made_only_if_every_cell_misses_something(tmp_path, absent):
    there = quick.TABLE.columns[0]
    gone = replace(there, data=Noisy(ABSENT, sigma=25))
    tables = {
        "training data": changed(train=Noisy(ABSENT, sigma=25)),
        "test data": changed(columns=(gone,)),
        "one of two": changed(columns=(gone, there)),
        "none": changed(),
    }
    said = nothing_can_be_made(quick.quick_work(tmp_path, tables[absent]).plan)
    assert said == ("cards (7,) are not there" if "data" in absent else "")


def test_table_without_a_cell_to_make_misses_nothing(tmp_path):
    table = changed(groups={"Plain": [replace(quick.PLAIN[2], printed="1")]})
    assert nothing_can_be_made(quick.quick_work(tmp_path, table).plan) == ""


def test_nothing_can_be_made_asks_only_for_the_rows_that_are_asked(tmp_path):
    row = Row("theirs", quick.Copy, None, "1", released=RELEASED)
    table = changed(groups={"Tiny": [row, replace(quick.ROWS[0], printed="1")]})
    work = quick.quick_work(tmp_path, table, only="theirs")
    assert nothing_can_be_made(work.plan).startswith("a.pth is not there")
    assert nothing_can_be_made(quick.quick_work(tmp_path, table).plan) == ""


def test_networks_of_the_table_are_told_by_name(tmp_path):
    table = changed(groups={"A": [Row("x", network(tiny.TinyDenoiser, width=3), L1(), "1")]})
    assert any("A / x: tinydenoiser-l1-" in line.what for line in told(tmp_path, table))
