"""The driver, with places where the jobs are made in this process, or not at all."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
import quick
import tiny

from benchmarks.cli.sharing import make_named
from benchmarks.declare.errors import UsageError
from benchmarks.declare.table import Row
from benchmarks.engine.status import Expected
from benchmarks.engine.store import RunFolder, StoreError
from benchmarks.parallel import exits
from benchmarks.parallel.driver import Driver
from benchmarks.parallel.jobs import named_jobs
from benchmarks.parallel.place import Ended


@dataclass
class Finished:
    """A child that has ended, or goes on for some looks."""

    how: Ended | None
    looks: int = 0
    where: str = "here"

    def ended(self):
        self.looks -= 1
        return self.how if self.looks < 0 else None

    def stop(self):
        self.how = Ended(-15, "")


@dataclass
class Inside:
    """A place in this process: every job is made by an engine of its own as it is started.

    instead: what happens in the place of a job, by its name; it returns how the child ended.
    """

    out: object
    table: object = quick.TABLE
    rooms: int = 2
    looks: int = 0
    instead: dict[str, list[Callable[[], Ended]]] = field(default_factory=dict)
    started: list[str] = field(default_factory=list)
    children: list[Finished] = field(default_factory=list)
    closed: int = 0

    def room(self):
        return self.rooms - sum(child.looks >= 0 for child in self.children)

    def start(self, command):
        (name,) = command
        self.started.append(name)
        planned = self.instead.get(name)
        how = planned.pop(0)() if planned else self.make(name)
        child = Finished(how, self.looks)
        self.children.append(child)
        return child

    def make(self, name):
        work = quick.quick_work(self.out, self.table)
        return Ended(make_named(name, [work], work.engine), "")

    def close(self):
        self.closed += 1


def drive(out, place, table=quick.TABLE):
    """The work on a table after a driver has done what it could, and the driver."""
    work = quick.quick_work(out, table)
    jobs = named_jobs([work], work.plan.status)
    driver = Driver(jobs, work.engine, place, lambda name: (name,), pause=0.0, again=0.01)
    driver.make()
    assert place.closed
    return work, driver


def names(out, table=quick.TABLE):
    """Names of the table's jobs by their labels, in order."""
    work = quick.quick_work(out, table)
    return {job.label: job.name for job in named_jobs([work], work.plan.status)}


def test_every_job_is_made_once_and_after_what_it_needs(tmp_path, alone):
    place = Inside(tmp_path)
    work, driver = drive(tmp_path, place)
    jobs = {job.name: job for job in driver.jobs}
    assert sorted(place.started) == sorted(jobs)
    for i, name in enumerate(place.started):
        assert jobs[name].needs <= set(place.started[:i])
    work.make()
    assert work.grid().rows == alone.grid().rows
    assert work.complete(work.grid())


def test_what_is_there_is_not_started(tmp_path, copied):
    place = Inside(copied)
    drive(copied, place)
    assert place.started == []


def killed(status=-9):
    """What a process leaves that was killed before it wrote anything."""
    return lambda: Ended(status, "a line\nthe last line\n")


def test_a_job_that_is_lost_is_started_again(tmp_path):
    first = names(tmp_path)["Tiny / L_1"]
    place = Inside(tmp_path, instead={first: [killed(), killed()]})
    _, driver = drive(tmp_path, place)
    assert place.started.count(first) == 3
    assert not driver.gone


def test_three_losses_without_progress_are_a_failure(tmp_path, capsys):
    first = names(tmp_path)["Tiny / L_1"]
    place = Inside(tmp_path, instead={first: [killed()] * 9})
    work, _ = drive(tmp_path, place)
    assert place.started.count(first) == 3
    told = "its process ended 3 times without a result (signal 9): the last line"
    assert f"Tiny / L_1: failed: {told}" in capsys.readouterr().err
    work.make()
    rows = {row.label: row for row in work.plan.rows}
    assert told in str(rows["L_1"].problem)
    assert work.grid().rows[1].cells[0].values
    assert "Tiny / L_1" not in quick.trained(capsys.readouterr().err)


def test_losses_with_progress_are_none(tmp_path):
    """On a machine that is taken away again and again it gets on from checkpoint to checkpoint."""
    first = names(tmp_path)["Tiny / L_1"]
    work = quick.quick_work(tmp_path)
    folder = work.plan.status.folder(work.plan.rows[0].providers[0])

    def further():
        known = folder.read("progress") or b""
        folder.write("progress", known + b".")
        (folder.path / "checkpoint.pt.sha256").write_text(f"{len(known):064d}  checkpoint.pt\n")
        return Ended(-9, "")

    place = Inside(tmp_path, instead={first: [further] * 7})
    _, driver = drive(tmp_path, place)
    assert place.started.count(first) == 8
    assert not driver.gone


def failing_table(judged=False):
    """The table with a row that raises in training, or a judge that does."""
    broken = 1.0 * tiny.Broken()
    if not judged:
        row = Row("broken", tiny.TinyDenoiser, broken, "31.00 .6 2")
        return replace(quick.TABLE, groups={"Tiny": [*quick.ROWS, row], "Plain": quick.PLAIN})
    training = replace(quick.TRAINING, steps=3)
    judge = replace(quick.JUDGE, objective=broken, training=training)
    psnr, judged_column, fid = quick.TABLE.columns
    judged_column = replace(judged_column, metric=quick.Judged(judge))
    return replace(quick.TABLE, columns=(psnr, judged_column, fid))


def test_what_raises_is_tried_once(tmp_path, capsys):
    table = failing_table()
    place = Inside(tmp_path, table)
    work, _ = drive(tmp_path, place, table)
    broken = names(tmp_path, table)["Tiny / broken"]
    assert place.started.count(broken) == 1
    capsys.readouterr()
    work.make()
    assert quick.trained(capsys.readouterr().err) == []
    (row,) = (row for row in work.plan.rows if row.label == "broken")
    assert "RuntimeError: injected" in str(row.problem)
    assert all(row.cells[0].values for row in work.grid().rows[:2])


def test_a_failure_of_an_earlier_command_is_tried_again(tmp_path):
    folder = quick.quick_work(tmp_path).plan
    folder = folder.status.folder(folder.rows[0].providers[0])
    folder.write_json("failure.json", {"error": "an old one", "traceback": []})
    _, driver = drive(tmp_path, Inside(tmp_path))
    assert not driver.gone


def test_a_failure_that_another_process_records_is_final(tmp_path):
    first = names(tmp_path)["Tiny / L_1"]
    plan = quick.quick_work(tmp_path).plan
    folder = plan.status.folder(plan.rows[0].providers[0])

    def elsewhere():
        folder.write_json("failure.json", {"error": "on another machine", "traceback": []})
        return Ended(exits.NOT_NOW, "")

    place = Inside(tmp_path, instead={first: [elsewhere]})
    work, _ = drive(tmp_path, place)
    assert place.started.count(first) == 1
    work.make()
    assert "on another machine" in str(work.plan.rows[0].problem)


def test_columns_do_without_a_judge_that_failed(tmp_path):
    table = failing_table(judged=True)
    work, _ = drive(tmp_path, Inside(tmp_path, table), table)
    work.make()
    cells = work.grid().rows[0].cells
    assert cells[0].values
    assert not cells[1].values
    assert any("injected" in problem for problem in work.problems())


def test_nothing_is_trained_for_columns_that_cannot_be_had(tmp_path):
    table = failing_table(judged=True)
    table = replace(
        table,
        columns=table.columns[1:],
        groups={"Tiny": [replace(row, printed=".5 1") for row in quick.ROWS]},
        references=(),
    )
    place = Inside(tmp_path, table, rooms=1)
    _, driver = drive(tmp_path, place, table)
    labels = {job.name: job.label for job in driver.jobs}
    assert "judge" in [labels[name] for name in place.started]
    assert "Tiny / 2 L_1" not in [labels[name] for name in place.started]


def test_not_now_is_no_loss(tmp_path):
    first = names(tmp_path)["Tiny / L_1"]
    place = Inside(tmp_path, instead={first: [killed(exits.NOT_NOW)] * 6})
    _, driver = drive(tmp_path, place)
    assert place.started.count(first) == 7
    assert not driver.gone


@pytest.mark.parametrize(
    ("status", "error"), [(exits.NO_STORE, StoreError), (exits.USAGE, UsageError)]
)
def test_what_no_job_can_mend_ends_everything(tmp_path, status, error):
    first = next(iter(names(tmp_path).values()))
    place = Inside(tmp_path, rooms=1, instead={first: [killed(status)]})
    with pytest.raises(error, match="the last line"):
        drive(tmp_path, place)
    assert place.closed
    assert len(place.started) == 1


def test_what_another_process_holds_is_passed_over_and_come_back_to(tmp_path, monkeypatch):
    first = names(tmp_path)["Tiny / L_1"]
    plan = quick.quick_work(tmp_path).plan
    held = plan.status.folder(plan.rows[0].providers[0]).path
    asked = []

    def held_elsewhere(self):
        asked.append(self.path == held)
        return self.path == held and asked.count(True) < 5

    monkeypatch.setattr(RunFolder, "held_elsewhere", held_elsewhere)
    place = Inside(tmp_path, rooms=1)
    drive(tmp_path, place)
    others = names(tmp_path)["Tiny / 2 L_1"]
    assert place.started.index(others) < place.started.index(first)


def test_progress_has_a_line_for_each_job_that_runs_and_one_for_all(tmp_path):
    """Two of the jobs can begin: a judge, and the start of the rows."""
    work = quick.quick_work(tmp_path)
    jobs = named_jobs([work], work.plan.status)
    place = Inside(tmp_path, rooms=3, instead={job.name: [killed()] for job in jobs}, looks=99)
    driver = Driver(jobs, work.engine, place, lambda name: (name,), lambda job: Expected(10.0))
    driver._begin()
    driver._look()
    driver._start()
    for running in driver.running.values():
        running.begun = 100.0
    first, second, every = driver.lines(104.0)
    assert (first, second) == (
        "judge: step 0 of 2, here",
        "start of TinyDenoiser's rows: step 0 of 1, here",
    )
    assert every.startswith(f"0 of {len(jobs)} jobs done, 2 run, {len(jobs) - 2} wait; about ")
    jobs[0].folder.append_line("log.jsonl", {"step": 1})
    assert next(iter(driver.lines(109.0))).startswith("judge: step 1 of 2, 0.2 a second, about 5 s")
