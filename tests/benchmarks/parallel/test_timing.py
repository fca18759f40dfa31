"""How long jobs take: what is stored of like ones, then rehearsals, then nothing."""

from dataclasses import asdict, replace

import pytest
import quick
import tiny

from benchmarks.declare.protocol import Evaluation
from benchmarks.declare.runs import Fixed, Run, network
from benchmarks.declare.training import Best
from benchmarks.engine.plan import Job, PlannedRow
from benchmarks.engine.score import Score
from benchmarks.engine.status import Expected
from benchmarks.metrics.psnr import PSNR
from benchmarks.parallel.timing import Timing
from benchmarks.rehearse.arithmetic import ACCELERATORS, UTILISATION
from benchmarks.rehearse.kinds import kind_of
from benchmarks.rehearse.measuring import Measured, metric_key, pass_key
from benchmarks.rehearse.record import Record
from benchmarks.rehearse.training import Steps
from datasets.degradations.noise import Noisy

A100 = ACCELERATORS[0]
PLAIN, JUDGED = repr(PSNR()), quick.Judged(quick.JUDGE)
STEPS = Steps(7, 2, 1, 0, 10**9, 10**9, 1.5, 0, 2**30, 2**33, "by hand", 80, ())
ROW = PlannedRow("row", "", "row", "", [], [])
RUN = Run(network(tiny.TinyDenoiser, width=5), quick.JUDGE.objective, quick.TRAIN, quick.TRAINING)


def timing_of(engine, out):
    return Timing(engine.status, Record.of(out, engine.device))


@pytest.fixture
def timing(tmp_path):
    """Of an empty store, without rehearsals."""
    return timing_of(quick.quick_engine(tmp_path), tmp_path)


def measured(timing, seconds=90.0, provider=RUN, metric=PLAIN, **changes):
    """A record as if a score of the test set had been measured, and its run been trained."""
    folder = timing.status.folder(provider)
    if isinstance(provider, Run):
        spec = {"network": timing.status.ids.canonical(provider.network)}
        folder.write_json("run.json", {"spec": spec})
    record = {
        "seconds": seconds, "metric": metric, "data": repr(quick.TEST), "machine": {"device": "cpu"}
    }  # fmt: skip
    folder.write_json(f"scores/{metric.split('(')[0].lower()}-0.json", record | changes)


def scores(provider, *metrics, data=quick.TEST):
    return Job("row", provider, ROW, tuple(Score(provider, data, m, Evaluation()) for m in metrics))


def test_training_takes_what_the_status_expects(timing):
    assert timing.expected(Job("row", RUN, ROW)) is None
    timing.status.rehearsed = lambda run: 100.0
    assert timing.expected(Job("row", RUN, ROW)) == Expected(100.0, rehearsed=True)


def test_network_that_is_there_takes_nothing(timing):
    assert timing.expected(Job("row", Fixed(network(quick.Copy)), ROW)) == Expected(0.0)


def test_training_goes_on_from_its_checkpoint(timing):
    timing.status.rehearsed = lambda run: 120.0
    folder = timing.status.folder(RUN)
    for step in (1, 2, "none", None):
        folder.append_line("log.jsonl", {"step": step})
    assert timing.expected(Job("row", RUN, ROW)).seconds == 120.0  # it would begin anew
    timing.status.forget()
    folder.write("checkpoint.pt", b"half")
    assert timing.expected(Job("row", RUN, ROW)).seconds == pytest.approx(40.0)


def test_training_whose_data_is_absent_takes_what_was_rehearsed(timing):
    run = replace(RUN, data=Noisy(quick.Cards(present=False), sigma=25))
    timing.status.rehearsed = timing.record.seconds
    assert timing.expected(Job("row", run, ROW)) is None
    timing.record.entries[kind_of(run)] = asdict(STEPS)
    expected = Expected(3 * 2 * 1.5, rehearsed=True)
    assert timing.expected(Job("row", run, ROW)) == expected


def test_measuring_takes_what_such_a_pass_took(timing):
    assert timing.expected(scores(RUN, PSNR())) is None
    measured(timing, provider=replace(RUN, seed=3))
    fresh = Timing(timing.status, timing.record)
    assert fresh.expected(scores(RUN, PSNR())) == Expected(90.0)
    assert timing.expected(scores(RUN, PSNR())) is None  # it was read once


@pytest.mark.parametrize(
    "other",
    [
        {"provider": replace(RUN, network=network(tiny.TinyDenoiser, width=6))},
        {"metric": "PSNR(luma=True)"},
        {"data": repr(quick.TRAIN)},
        {"machine": {"device": "cuda"}},
        {"machine": None},
        {"seconds": None},
    ],
)
def test_measuring_of_something_else_tells_nothing(timing, other):
    measured(timing, **other)
    assert timing.expected(scores(RUN, PSNR())) is None


def test_records_that_are_none_tell_nothing(timing):
    folder = timing.status.folder(RUN)
    folder.write_json("scores/psnr-0.json", [])
    folder.write_json("scores/psnr-1.json", {})
    (folder.path / "scores" / "psnr-2.json").write_text("torn", encoding="utf-8")
    assert timing.expected(scores(RUN, PSNR())) is None


def test_network_that_is_not_trained_has_no_record_of_its_own(timing):
    copy = Fixed(network(quick.Copy))
    measured(timing, provider=copy)
    assert timing.expected(scores(copy, PSNR())) == Expected(90.0)


def test_pass_takes_the_longest_time_of_its_metrics_and_a_job_all_its_passes(timing):
    """Each record has the seconds of the whole pass, which may have given other metrics as well."""
    measured(timing, 90.0)
    assert timing.expected(scores(RUN, PSNR(), JUDGED)) is None
    measured(timing, 70.0, metric=repr(JUDGED))
    fresh = Timing(timing.status, timing.record)
    assert fresh.expected(scores(RUN, PSNR(), JUDGED)) == Expected(90.0)
    twice = [replace(score, seed=n) for n in (0, 1) for score in scores(RUN, PSNR(), JUDGED).scores]
    assert fresh.expected(replace(scores(RUN), scores=tuple(twice))) == Expected(180.0)
    unknown = scores(RUN, PSNR(), data=quick.TRAIN).scores
    assert fresh.expected(replace(scores(RUN), scores=(*twice, *unknown))) is None


def test_training_that_looks_at_absent_data_tells_nothing_without_its_size(timing):
    gone = Noisy(quick.Cards(present=False), sigma=25)
    look = replace(RUN.training, keep=Best(PSNR(), gone, every=1, evaluation=Evaluation()))
    run = replace(RUN, training=look)
    timing.record.entries[kind_of(run)] = asdict(STEPS)
    assert timing.expected(Job("row", run, ROW)) is None


@pytest.fixture
def scenes(tmp_path):
    """The scores of a row on two embedded sets, of which size and number are known; rehearsed."""
    engine = tiny.tiny_engine(tmp_path)
    job = next(job for job in tiny.tiny_work(engine).jobs() if job.scores)
    timing = timing_of(engine, tmp_path)
    for key, seconds in ((pass_key, 3.0), (metric_key, 1.0)):
        made = Measured(48, 64, 48, seconds, seconds * 1e12, ())
        timing.record.entries[key(job.scores[0], engine.status)] = asdict(made)
    return timing, job


def test_measuring_takes_what_was_rehearsed(scenes):
    """Two images of each of two noise levels through a network and PSNR."""
    timing, job = scenes
    assert timing.expected(job) == Expected(2 * 2 * (3.0 + 1.0), rehearsed=True)


def test_hours_elsewhere_are_those_of_the_operations(scenes):
    timing, job = scenes
    assert timing.elsewhere(job, A100) == pytest.approx(A100.hours(16e12) * 3600)
    run = job.provider
    assert timing.elsewhere(Job("row", run, ROW), A100) is None
    for precision in ("float32", "tf32", "bf16"):
        other = replace(run, training=replace(run.training, precision=precision))
        timing.record.entries[kind_of(other)] = asdict(STEPS)
        found = timing.elsewhere(Job("row", other, ROW), A100)
        if precision in UTILISATION:
            assert found == pytest.approx(A100.hours(40 * 2 * 2e9, precision) * 3600)
        else:
            assert found is None


def looking(job):
    """The training of a row that looks at its test set every ten steps of forty."""
    score, run = job.scores[0], job.provider
    best = Best(score.metric, score.data, every=10, evaluation=score.evaluation)
    return Job("row", replace(run, training=replace(run.training, keep=best)), ROW)


def test_looks_of_a_training_take_what_was_rehearsed(scenes, monkeypatch):
    """Four times two images; where finished trainings tell the time, they looked as well."""
    timing, job = scenes
    job = looking(job)
    timing.status.rehearsed = lambda run: 100.0
    assert timing.expected(job) == Expected(100.0 + 4 * 2 * (3.0 + 1.0), rehearsed=True)
    monkeypatch.setattr(timing.status, "expected", lambda run: Expected(50.0))
    assert timing.expected(job) == Expected(50.0)


def test_looks_are_in_the_hours_elsewhere(scenes):
    """In float32, whatever the steps are in."""
    timing, job = scenes
    job = looking(job)
    run = replace(job.provider, training=replace(job.provider.training, precision="tf32"))
    timing.record.entries[kind_of(run)] = asdict(STEPS)
    hours = A100.hours(40 * 2 * 2e9, "tf32") + A100.hours(4 * 2 * 4e12)
    assert timing.elsewhere(replace(job, provider=run), A100) == pytest.approx(hours * 3600)
    timing.status.folder(run).write("checkpoint.pt", b"half")
    timing.status.folder(run).append_line("log.jsonl", {"step": 30})
    timing.status.forget()
    assert timing.elsewhere(replace(job, provider=run), A100) == pytest.approx(hours * 900)


def test_set_whose_size_nobody_knows_was_not_rehearsed(timing):
    assert timing.elsewhere(scores(RUN, PSNR()), A100) is None
