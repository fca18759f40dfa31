"""A table's rehearsal: nothing twice, nothing lost, and one row that fails stops no other."""

from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import ClassVar

import pytest
import tiny
import torch

from benchmarks.declare.table import Row
from benchmarks.engine import steps as plan_steps
from benchmarks.engine.plan import make_plan
from benchmarks.rehearse import measuring, training
from benchmarks.rehearse.arithmetic import Cost
from benchmarks.rehearse.document import as_row, in_words, rehearsal_csv, rehearsal_markdown, total
from benchmarks.rehearse.record import Record
from benchmarks.rehearse.rehearsal import Rehearsal
from benchmarks.rehearse.training import Steps, rehearsed
from losses.l1 import L1
from losses.objective import Loss, Term


@dataclass(frozen=True)
class Diverging(Term):
    symbol: ClassVar[str] = "L_Diverging"

    def build(self, resources):
        return Loss(lambda pred, target: (pred - target).mean() * float("nan"))


GIB = 2**30
STEPS = Steps(7, 2, 1, 0, 10**9, 0, 1.5, 0, GIB, 8 * GIB, "by hand", 80, ("vgg.pth",))


@pytest.fixture
def engine(tmp_path):
    return tiny.tiny_engine(tmp_path, profile=replace(tiny.AS_DECLARED, warm_up=lambda run: None))


def plan(engine, rows=None):
    return make_plan(tiny.tiny_table(rows), engine.status)


def lines(engine, tmp_path, rows=None):
    record = Record.of(tmp_path, engine.device)
    return Rehearsal(engine.status, record).of(plan(engine, rows).jobs())


def counting(monkeypatch, module, name):
    calls = []
    real = getattr(module, name)

    def counted(*arguments, **named):
        calls.append(arguments[0])
        return real(*arguments, **named)

    monkeypatch.setattr(module, name, counted)
    return calls


def test_every_row_of_a_table_starts(engine, tmp_path):
    found = lines(engine, tmp_path)
    assert [line.name for line in found] == ["Tiny / L_1", "Tiny / + L_D2SM", "Tiny / + L_GAN"]
    for line in found:
        assert not line.problems
        assert line.training.seconds == pytest.approx(40 * line.steps.step_seconds)
        assert line.testing.seconds > 0
    plain, d2sm, gan = (line.steps for line in found)
    assert d2sm.network_flop == plain.network_flop == gan.network_flop
    assert plain.objective_flop == 0 < gan.objective_flop < d2sm.objective_flop


def test_tests_take_every_image_of_every_column(engine, tmp_path):
    """Two images at each of two noise levels, through the network and through PSNR."""
    line = lines(engine, tmp_path)[0]
    entries = Record.of(tmp_path, engine.device).entries.values()
    network, metric = (entry["seconds"] for entry in entries if "rows" in entry)
    assert line.testing.seconds == pytest.approx(2 * 2 * (network + metric))
    assert len(line.parts) == 4


def test_nothing_is_rehearsed_twice(engine, tmp_path, monkeypatch):
    """Two noise levels are tested: one pass, one PSNR; the rows share their network."""
    passes = counting(monkeypatch, measuring, "network_pass")
    metrics = counting(monkeypatch, measuring, "metric_pass")
    begun = counting(monkeypatch, training, "rehearsed")
    first = lines(engine, tmp_path)
    assert (len(begun), len(passes), len(metrics)) == (3, 1, 1)
    assert [as_row(line) for line in lines(engine, tmp_path)] == [as_row(line) for line in first]
    assert (len(begun), len(passes), len(metrics)) == (3, 1, 1)


def test_interrupted_rehearsal_goes_on_where_it_was(engine, tmp_path, monkeypatch):
    real = training.rehearsed

    def stopped(run, *rest):
        if len(run.objective.terms) > 1:
            raise KeyboardInterrupt
        return real(run, *rest)

    monkeypatch.setattr(training, "rehearsed", stopped)
    with pytest.raises(KeyboardInterrupt):
        lines(engine, tmp_path)
    monkeypatch.setattr(training, "rehearsed", real)
    begun = counting(monkeypatch, training, "rehearsed")
    assert len(lines(engine, tmp_path)) == 3
    assert [len(run.objective.terms) for run in begun] == [2, 2]


def test_other_code_rehearses_anew(engine, tmp_path, monkeypatch):
    lines(engine, tmp_path)
    begun = counting(monkeypatch, training, "rehearsed")
    monkeypatch.setattr("benchmarks.rehearse.rehearsal.sources", lambda *of: {"losses.l1": "new"})
    lines(engine, tmp_path)
    assert len(begun) == 3


def test_files_that_come_or_go_rehearse_anew(engine, tmp_path, monkeypatch):
    """Random weights took the place of one file; another one was loaded."""

    def with_files(*arguments):
        begun.append(arguments[0])
        return replace(STEPS, batch=2, absent=("random.pth",), present=("loaded.pth",))

    begun, there = [], {"loaded.pth"}
    monkeypatch.setattr(training, "rehearsed", with_files)
    monkeypatch.setattr(engine.status.files, "has", there.__contains__)
    only = [Row("L_1", tiny.TinyDenoiser, L1(), "1 1")]
    changes = ((None, 1), (None, 1), ("loaded.pth", 2), ("loaded.pth", 2), ("random.pth", 3))
    for change, times in changes:
        there ^= {change} - {None}
        lines(engine, tmp_path, only)
        assert len(begun) == times


def test_failing_row_stops_no_other(engine, tmp_path):
    rows = [
        Row("L_Diverging", tiny.TinyDenoiser, 1.0 * Diverging(), "1 1"),
        Row("L_1", tiny.TinyDenoiser, L1(), "2 2"),
    ]
    broken, sound = lines(engine, tmp_path, rows)
    assert "TrainingError: the loss is not finite at step 1" in broken.problems[0]
    assert broken.steps is None
    assert not sound.problems
    assert "FAILED: TrainingError" in in_words(broken)
    assert as_row(broken)["cells"]["parameters"] is None


def test_hours_of_a_row_of_which_something_failed_are_not_told(engine, tmp_path, monkeypatch):
    """Its tests alone would look like a short training."""
    rows = [
        Row("L_Diverging", tiny.TinyDenoiser, 1.0 * Diverging(), "1 1"),
        Row("L_1", tiny.TinyDenoiser, L1(), "2 2"),
    ]
    broken, sound = lines(engine, tmp_path, rows)
    assert broken.testing.seconds > 0
    assert " of tests" not in in_words(broken)
    assert as_row(broken)["cells"]["hours here"] is None
    said = total("both", [broken, sound])
    assert said.startswith(total("both", [sound]))
    assert said.endswith(", without 1 row that failed")
    record = Record.of(tmp_path, engine.device)
    record.tables["tiny"] = {line.key: as_row(line) for line in (broken, sound)}
    assert "without 1 row that failed.\n" in rehearsal_markdown(record)


def test_what_tables_share_counts_once_and_their_own_tests_all(engine, tmp_path):
    """Another table tests the same training on two other data sets."""
    one = lines(engine, tmp_path)[0]
    run = one.run
    tests = {test: cost for test, cost in one.costs.items() if test != run}
    other = replace(one, costs={run: one.training, "another test": Cost(3600.0)})
    assert len(tests) == 4
    assert total("t", [one, one]) == total("t", [one])
    whole = replace(one, costs={run: one.training, **tests, "another test": Cost(3600.0)})
    assert total("t", [one, other]) == total("t", [whole]) != total("t", [one])


def on_a_machine(monkeypatch, device):
    """Steps where an image takes a GiB, and no ten fit into eight."""
    taken = []

    def steps_of(run, status, folder, images, pieces=0):
        taken.append((images, pieces))
        peak = (pieces or images) * GIB
        if peak > 8 * GIB:
            raise torch.OutOfMemoryError("tried to allocate 20.00 GiB")
        return replace(STEPS, batch=10, images=images, pieces=pieces, peak=peak)

    monkeypatch.setattr(training, "steps_of", steps_of)
    monkeypatch.setattr(training, "least_images", lambda run: 1)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    return taken, SimpleNamespace(device=torch.device(device))


@pytest.mark.parametrize(
    ("device", "micro_batch", "tried", "too_many", "fits"),
    [
        ("cuda", 0, [(10, 0), (1, 0)], 10, 7),
        ("cuda", 8, [(10, 8)], 0, 10),
        ("cuda", 9, [(10, 9), (1, 0)], 9, 7),
        ("cpu", 0, [(1, 0)], 0, 7),
        ("cpu", 4, [(1, 0), (4, 0)], 0, 7),
        ("cpu", 8, [(1, 0)], 8, 7),
    ],
)
def test_a_gpu_tries_what_is_asked_for_and_a_cpu_estimates(
    monkeypatch, tmp_path, device, micro_batch, tried, too_many, fits
):
    """Eight pieces fit into all of a card, of which an estimate leaves a tenth alone."""
    taken, status = on_a_machine(monkeypatch, device)
    run = SimpleNamespace(training=SimpleNamespace(batch=10))
    found = rehearsed(run, status, tmp_path, micro_batch)
    assert taken == tried
    assert (found.too_many, found.fits, found.machine) == (too_many, fits, 8 * GIB)


def test_what_did_not_fit_is_tried_with_fewer_only():
    found = replace(STEPS, batch=10, too_many=4)
    assert found.answers(1, 0)
    assert found.answers(10, 0)
    assert found.answers(10, 4)
    assert not found.answers(10, 3)
    assert not replace(found, too_many=0).answers(10, 0)


def test_what_does_not_fit_says_what_would(engine, tmp_path):
    line = lines(engine, tmp_path)[0]
    line.steps = replace(STEPS, batch=10, too_many=10)
    assert "10.00 GiB for the whole batch at once, at most, in proportion" in in_words(line)
    assert "10 images at once do not fit; --micro-batch 7 would fit" in in_words(line)
    assert as_row(line)["cells"]["--micro-batch"] == 7
    line.steps = replace(line.steps, in_pieces=False)
    assert "do not fit; it cannot be trained in pieces" in in_words(line)
    assert as_row(line)["cells"]["--micro-batch"] is None


def test_plan_takes_its_times_from_the_rehearsal(engine, tmp_path):
    lines(engine, tmp_path)
    record = Record.of(tmp_path, engine.device)
    engine.status.rehearsed = record.seconds
    told = [step.detail for step in plan_steps.steps(plan(engine)) if step.action == "train"]
    assert len(told) == 3
    assert all(text.endswith("on this machine, rehearsed") for text in told)
    run = plan(engine).rows[0].providers[0]
    assert record.seconds(run) == 40 * record.steps(run).step_seconds


def test_record_that_is_none_is_written_anew(engine, tmp_path, capsys):
    path = Record.of(tmp_path, engine.device).path
    path.parent.mkdir()
    path.write_text('{"entries": 3')
    assert Record.of(tmp_path, engine.device).entries == {}
    assert "written anew" in capsys.readouterr().err


def test_reports_name_every_row_and_what_was_absent(engine, tmp_path):
    record = Record.of(tmp_path, engine.device)
    found = lines(engine, tmp_path)
    found[0].absent.add("vgg.pth")
    record.tables["tiny"] = {line.name: as_row(line) for line in found}
    text = rehearsal_markdown(record)
    assert "Random weights took the place of vgg.pth." in text
    assert "estimates from the operations: nobody measured them" in text
    assert all(f"| {line.name} |" in text for line in found)
    header, *rows = rehearsal_csv(record).splitlines()
    assert [row.split(",")[1] for row in rows] == [line.name for line in found]
    assert header.startswith("table,row,data,parameters,")
