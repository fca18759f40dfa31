"""What is left of exhibits, and how long it takes on several devices, by hand."""

from dataclasses import asdict, replace

import pytest
import quick
import tiny

from benchmarks.declare.protocol import Evaluation
from benchmarks.declare.runs import LastStep, Run
from benchmarks.engine.graph import trainings_before
from benchmarks.engine.score import Score
from benchmarks.metrics.psnr import PSNR
from benchmarks.parallel.forecast import in_words, left
from benchmarks.parallel.timing import Timing
from benchmarks.rehearse.arithmetic import ACCELERATORS
from benchmarks.rehearse.kinds import kind_of
from benchmarks.rehearse.measuring import Measured, metric_key, pass_key
from benchmarks.rehearse.record import Record
from benchmarks.rehearse.training import Steps
from datasets.degradations.noise import Noisy

DONE = ["nothing is left to be trained or measured"]


@pytest.fixture
def store(tmp_path):
    """A store in which the quick table is there, to be changed."""
    quick.quick_work(tmp_path).make()
    return tmp_path


def waiting(out, table=quick.TABLE, **options):
    work = quick.quick_work(out, table, **options)
    return left(work.jobs(), work.plan.status)


def trained(jobs):
    return [job.provider for job in jobs.values() if not job.scores]


def scores(jobs):
    return [score for job in jobs.values() for score in job.scores]


def test_everything_of_a_new_table_is_left_once(tmp_path):
    """A start, two rows and a judge; what several rows and lines of reference share counts once."""
    work = quick.quick_work(tmp_path)
    jobs = left(work.jobs(), work.plan.status)
    runs = [row.providers[0] for row in work.plan.rows[:2]]
    assert set(trained(jobs)) == {quick.JUDGE, runs[0].start, *runs}
    shown = [s for row in work.plan.asked for column in row.scores for s in column]
    assert len(set(shown)) < len(shown)
    assert sorted(map(repr, scores(jobs))) == sorted(map(repr, set(shown)))
    assert all(key == (job.scores or job.provider) for key, job in jobs.items())


def test_nothing_of_a_finished_table_is_left(store):
    work = quick.quick_work(store)
    assert left(work.jobs(), work.plan.status) == {}
    timing = Timing(work.plan.status, Record.of(store, work.engine.device))
    assert in_words({}, 8, timing) == DONE


def test_score_that_is_missing_is_left(store):
    work = quick.quick_work(store)
    score = work.plan.rows[0].scores[0][0]
    work.plan.status.folder(score.provider).remove(work.plan.status.score_name(score))
    (job,) = waiting(store).values()
    assert job.scores == (score,)


def other_code(store, provider):
    """Let a finished training be of other code."""
    folder = quick.quick_work(store).plan.status.folder(provider)
    sources = folder.read_json("run.json")["sources"] | {"losses.l1": "0"}
    quick.edited(folder, "run.json", sources=sources)


def test_scores_of_what_is_trained_again_are_left_where_stale_ones_are(store):
    row = quick.quick_work(store).plan.rows[0]
    other_code(store, row.providers[0])
    jobs = waiting(store)
    assert trained(jobs) == row.providers
    assert scores(jobs) == [score for column in row.scores for score in column]
    assert waiting(store, profile=replace(quick.PROFILE, redo_stale=False)) == {}


@pytest.mark.parametrize("again", [True, False])
def test_scores_outlast_lost_weights_where_stale_ones_do(store, again):
    """The lost weights are trained anew; what they gave before is kept with its mark, or not."""
    row = quick.quick_work(store).plan.rows[0]
    quick.quick_work(store).plan.status.folder(row.providers[0]).remove("weights.safetensors")
    jobs = waiting(store, profile=replace(quick.PROFILE, redo_stale=again))
    assert trained(jobs) == row.providers
    assert len(scores(jobs)) == (2 if again else 0)


def test_scores_that_a_judge_gives_are_left_with_it(store):
    other_code(store, quick.JUDGE)
    jobs = waiting(store)
    assert trained(jobs) == [quick.JUDGE]
    assert {type(score.metric) for score in scores(jobs)} == {quick.Judged}
    rows = {score.provider for score in scores(jobs)}
    assert len(rows) == 3  # two trained rows, and the network that shows its input


@pytest.mark.parametrize("absent", ["train", "test"])
def test_what_lacks_its_data_is_left(tmp_path, absent):
    gone = Noisy(quick.Cards((7,), present=False), sigma=25)
    column = quick.TABLE.columns[0]
    columns = (replace(column, data=gone if absent == "test" else column.data),)
    row = replace(quick.ROWS[0], printed="1")
    changes = {"columns": columns, "groups": {"Tiny": [row]}, "references": ()}
    changes |= {"train": gone} if absent == "train" else {}
    jobs = waiting(tmp_path, replace(quick.TABLE, **changes))
    assert [bool(job.scores) for job in jobs.values()] == [False, False, True]


def test_exhibits_share_what_they_train_and_measure(tmp_path):
    """The second table has the first column alone; the order of the two does not matter."""
    whole = quick.quick_work(tmp_path)
    first = {"columns": quick.TABLE.columns[:1], "references": ()}
    rows = [replace(row, printed=row.printed.split()[0]) for row in quick.ROWS]
    part = quick.quick_work(tmp_path, replace(quick.TABLE, groups={"Tiny": rows}, **first))
    alone = [left(work.jobs(), work.plan.status) for work in (whole, part)]
    for both in ([*alone[0].values(), *alone[1].values()], [*part.jobs(), *whole.jobs()]):
        together = left(both, whole.plan.status)
        assert set(trained(together)) == set(trained(alone[0]))
        assert len(trained(together)) == len(set(trained(together)))
        assert len(scores(together)) == len(scores(alone[0]))
        assert set(scores(together)) == set(scores(alone[0]))
    assert len(scores(alone[1])) == 2


def test_score_of_a_last_step_waits_for_its_training():
    run = quick.JUDGE
    score = Score(LastStep(run), quick.TEST, PSNR(), Evaluation())
    assert trainings_before(score) == {run}
    other = replace(run, seed=1)
    assert trainings_before(replace(score, metric=quick.Judged(other))) == {run, other}
    assert trainings_before(replace(run, start=LastStep(other))) == {other}
    assert trainings_before(run) == set()


# Seconds of a start, of the rows that wait for it, and of an image through a network and PSNR.
START, ROWS, NETWORK, METRIC = 100.0, (200.0, 300.0, 400.0), 3.0, 1.0


@pytest.fixture
def tiny_timing(tmp_path):
    """The jobs of the tiny table, nothing of which is made, and their times: rehearsed."""
    engine = tiny.tiny_engine(tmp_path)
    work = tiny.tiny_work(engine)
    jobs = left(work.jobs(), engine.status)
    rows = [row.providers[0] for row in work.plan.rows]
    seconds = dict(zip(rows, ROWS, strict=True)) | {rows[0].start: START}
    engine.status.rehearsed = seconds.get
    record = Record.of(tmp_path, engine.device)
    score = work.plan.rows[0].scores[0][0]
    for key, took in ((pass_key, NETWORK), (metric_key, METRIC)):
        made = Measured(48, 64, 48, took, 0.0, ())
        record.entries[key(score, engine.status)] = asdict(made)
    return jobs, seconds, Timing(engine.status, record)


def test_times_on_one_device_and_on_several(tiny_timing):
    """A test takes 16 s. On two devices the start, then the two longest rows; the last begins at
    400 s, where the second ends, and is measured at 616 s."""
    jobs, _, timing = tiny_timing
    by = "(longest chain 8 min 36 s), by rehearsals on this machine (cpu)"
    assert in_words(jobs, 1, timing) == [f"on 1 device 17 min 28 s {by}"]
    assert in_words(jobs, 2, timing) == [f"on 1 device 17 min 28 s, on 2 devices 10 min 16 s {by}"]
    assert in_words(jobs, 3, timing) == [f"on 1 device 17 min 28 s, on 3 devices 8 min 36 s {by}"]


def test_jobs_without_a_timing_are_said_and_wait_all_the_same(tiny_timing):
    """Without the time of the start the rows begin at once; without that of the tests they end it.

    Without that of the longest row its test still waits for the start."""
    jobs, seconds, timing = tiny_timing
    longest = max(seconds, key=seconds.get)
    del seconds[longest]
    times, untimed = in_words(jobs, 3, timing)
    chain = "(longest chain 6 min 56 s)"
    assert times.startswith(f"on 1 device 10 min 48 s, on 3 devices 6 min 56 s {chain}, by ")
    assert untimed.startswith("1 of 7 jobs has no timing: not counted")
    timing.record.entries.clear()
    times, untimed = in_words(jobs, 3, timing)
    assert times.startswith("on 1 device 10 min 00 s, on 3 devices 6 min 40 s (longest")
    assert untimed.startswith("4 of 7 jobs have no timing: not counted")
    seconds.clear()
    (line,) = in_words(jobs, 3, timing)
    assert line.startswith("7 of 7 jobs have no timing: not counted")


def test_whose_times_they_are(tiny_timing):
    jobs, seconds, timing = tiny_timing
    run = next(iter(seconds))
    training = {name: int(getattr(run.training, name)) for name in ("steps", "batch", "crop")}
    spec = {"network": timing.status.ids.canonical(run.network), "training": training}
    record = {"seconds": 200.0, "machine": {"device": "cpu"}, "spec": spec}
    timing.status.folder(replace(run, seed=7)).write_json("run.json", record)
    (line,) = in_words(jobs, 2, timing)
    assert line.endswith(", by finished runs and rehearsals on this machine (cpu)")
    timing.record.entries.clear()
    seconds.clear()
    times, _ = in_words(jobs, 2, timing)
    assert times.endswith(", by finished runs on this machine (cpu)")


def test_estimates_of_other_machines_stand_below(tiny_timing):
    """Only trainings of one kind were rehearsed: the estimate is without the other jobs."""
    jobs, _, timing = tiny_timing
    runs = [provider for provider in trained(jobs) if isinstance(provider, Run)]
    flop = round(ACCELERATORS[0].float32 * 0.5)  # a second of an A100's, by its assumed share
    steps = Steps(7, 2, 2, 0, flop, 0, 1.0, 0, 1, 1, "by hand", 80, ())
    timing.record.entries[kind_of(runs[-1])] = asdict(steps)
    _, *others = in_words(jobs, 2, timing)
    assert others[0] == (
        "estimated on A100 from operations: on 1 device 40 s, on 2 devices 40 s "
        "(longest chain 40 s), without 3 of 7 jobs"
    )
    assert others[1].startswith("estimated on H200 from operations: on 1 device 12 s, ")
    assert len(others) == 2
