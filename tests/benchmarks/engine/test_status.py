"""How the store stands to what is declared: what is there, what is stale and why."""

import hashlib
from dataclasses import replace

import pytest
import quick
import tiny

from benchmarks.declare.runs import Fixed, Released, network
from benchmarks.engine.status import Expected, State

RELEASED = Released(network(quick.Copy), "a.pth", "")


@pytest.fixture
def work(copied):
    return quick.quick_work(copied, seeds=2)


def first(work):
    """The first row's first run, its folder, and its first score."""
    run = work.plan.rows[0].providers[0]
    return run, work.plan.status.folder(run), work.plan.rows[0].scores[0][0]


def test_run_is_new_then_partial_then_finished(tmp_path, work):
    empty = quick.quick_work(tmp_path / "empty")
    status, (run, folder, _) = empty.plan.status, first(empty)
    assert status.state(run) == State("new")
    folder.write("checkpoint.pt", b"half")
    assert status.state(run) == State("new")  # what is known stays, until
    status.forget()
    assert status.state(run) == State("partial")
    assert work.plan.status.state(first(work)[0]) == State("finished")


@pytest.mark.parametrize("name", ["run.json", "weights.safetensors"])
def test_run_without_its_record_or_its_weights_is_new(work, name):
    run, folder, _ = first(work)
    folder.remove(name)
    assert work.plan.status.state(run) == State("new")


def test_run_of_other_code_is_stale_and_says_which_modules(work):
    run, folder, _ = first(work)
    sources = folder.read_json("run.json")["sources"]
    assert "losses.l1" in sources
    assert "benchmarks.engine.train" in sources
    quick.edited(folder, "run.json", sources=sources | {"losses.l1": "0", "losses.gone": "1"})
    assert work.plan.status.state(run) == State("stale", "losses.gone, losses.l1 changed since")


def test_run_is_stale_when_its_start_was_made_again(work):
    run, _, _ = first(work)
    status = work.plan.status
    status.folder(run.start).write("weights.safetensors", b"made again")
    why = "tinydenoiser-l1, which it needs, was made again"
    assert status.state(run) == State("stale", why)
    assert status.state(work.plan.rows[0].providers[1]) == State("finished")  # has its own start


def test_what_is_not_trained_is_finished(work):
    status = work.plan.status
    assert status.state(RELEASED) == status.state(Fixed(network(quick.Copy))) == State("finished")


@pytest.mark.parametrize(
    ("state", "smoke", "lite", "refreshed"),
    [
        ("finished", False, False, False),
        ("stale", True, False, True),
        ("partial", True, True, True),
        ("new", True, True, True),
    ],
)
def test_what_is_made_again(tmp_path, state, smoke, lite, refreshed):
    keeps = replace(quick.PROFILE, redo_stale=False)
    for profile, refresh, expected in (
        (quick.PROFILE, False, smoke),
        (keeps, False, lite),
        (keeps, True, refreshed),
    ):
        status = quick.quick_engine(tmp_path, profile, refresh=refresh).status
        assert status.redo(State(state)) is expected


def test_failure_is_remembered_by_its_file(work):
    run, folder, _ = first(work)
    assert not work.plan.status.failed_before(run)
    folder.write_json("failure.json", {"error": "no"})
    assert work.plan.status.failed_before(run)


def test_score_is_stale_by_the_code_that_measured_it(work):
    _, folder, score = first(work)
    status, name = work.plan.status, work.plan.status.score_name(score)
    assert status.score_state(score) == State("finished")
    sources = status.record(score)["sources"]
    assert {"benchmarks.metrics.psnr", "benchmarks.engine.evaluate"} <= sources.keys()
    changed = {"benchmarks.metrics.psnr": "0"}
    quick.edited(folder, name, sources=sources | changed)
    assert status.score_state(score) == State("stale", "benchmarks.metrics.psnr changed since")
    folder.remove(name)
    assert status.score_state(score) == State("new")
    assert status.record(score) is None


@pytest.mark.parametrize("which", ["run", "judge"])
def test_score_is_stale_when_what_is_behind_it_was_made_again(work, which):
    status, row = work.plan.status, work.plan.rows[0]
    psnr, judged = row.scores[0][0], row.scores[1][0]
    made_again = row.providers[0] if which == "run" else quick.JUDGE
    status.folder(made_again).write("weights.safetensors", b"made again")
    stale = State("stale", "the run or the judge was made again")
    assert status.score_state(judged) == stale
    assert status.score_state(psnr) == (stale if which == "run" else State("finished"))


def test_score_of_a_released_file_outlives_the_file(work, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    folder = tmp_path / "torch" / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    (folder / "a.pth").write_bytes(b"weights")
    status = work.plan.status
    score = replace(first(work)[2], provider=RELEASED)
    run_id, digest = status.ids.run_id(RELEASED), hashlib.sha256(b"weights").hexdigest()
    assert status.weights_behind(score) == {run_id: digest}
    record = status.record(first(work)[2])
    from benchmarks.engine.freshness import sources
    from benchmarks.engine.status import EVALUATE_MODULE

    record |= {"id": status.ids.score_id(score), "run": run_id, "weights": {run_id: digest}}
    record |= {"sources": sources(score, EVALUATE_MODULE)}
    status.folder(RELEASED).write_json(status.score_name(score), record)
    assert status.score_state(score) == State("finished")
    (folder / "a.pth").unlink()
    assert status.weights_digest(RELEASED) == ""
    assert status.score_state(score) == State("finished")
    (folder / "a.pth").write_bytes(b"other")
    status.files._digests.clear()
    assert status.score_state(score).status == "stale"


def test_digests_of_weights_are_those_of_the_files(work):
    run, folder, score = first(work)
    status = work.plan.status
    made = hashlib.sha256((folder.path / "weights.safetensors").read_bytes()).hexdigest()
    assert status.weights_digest(run) == made
    assert status.weights_digest(Fixed(network(quick.Copy))) == ""
    needed = {status.ids.run_id(run.start): status.weights_digest(run.start)}
    assert status.weights_needed(run) == needed
    assert folder.read_json("run.json")["needs"] == needed
    assert status.weights_behind(score) == {status.ids.run_id(run): made}
    assert status.weights_needed(replace(run, start=RELEASED)) == {}


def test_names_of_scores_and_pictures(work):
    _, _, score = first(work)
    status = work.plan.status
    assert status.score_name(score) == f"scores/psnr-{status.ids.score_id(score)}.json"
    judged = work.plan.rows[0].scores[1][0]
    picture = status.picture_name(score)
    assert picture.startswith("images/")
    assert picture == status.picture_name(judged)  # of the same output
    others = [
        replace(score, data=replace(score.data, sigma=50)),
        replace(score, evaluation=replace(score.evaluation, border=1)),
        replace(score, seed=1),
    ]
    assert len({picture, *map(status.picture_name, others)}) == 4


def test_weights_of_another_run_are_not_taken_for_its_own(work, capsys):
    """Exchanged with their digests, which then are right: the record names others."""
    a, b = (row.providers[0] for row in work.plan.rows[:2])
    status = work.plan.status
    weights = {run: status.folder(run).read("weights.safetensors") for run in (a, b)}
    status.folder(a).write("weights.safetensors", weights[b])
    status.folder(b).write("weights.safetensors", weights[a])
    assert status.state(a) == status.state(b) == State("new")
    assert capsys.readouterr().err.count("is not what its record names; moved to") == 2


def test_record_of_another_run_is_not_taken_for_its_own(work, capsys):
    a, b = (row.providers[0] for row in work.plan.rows[:2])
    status = work.plan.status
    for name in ("weights.safetensors", "run.json"):
        status.folder(a).write(name, status.folder(b).read(name))
    assert status.state(a) == State("new")
    assert f"its id is not {status.ids.run_id(a)}; moved to" in capsys.readouterr().err
    assert status.state(b) == State("finished")


def test_score_of_another_run_or_set_is_not_taken_for_its_own(work, capsys):
    status = work.plan.status
    score, other = (row.scores[0][0] for row in work.plan.rows[:2])
    content = status.folder(other.provider).read(status.score_name(other))
    status.folder(score.provider).write(status.score_name(score), content)
    assert status.record(score) is None
    assert "belongs elsewhere" in capsys.readouterr().err
    assert status.record(other) is not None


@pytest.mark.parametrize(
    "change",
    [
        {"values": [20.0]},
        {"values": []},
        {"images": ["card100"]},
        {"images": ["card150", "card100"]},
        {"images": ["card100"], "values": [20.0]},
    ],
)
def test_score_without_one_value_for_each_image_is_none(work, change, capsys):
    _, folder, score = first(work)
    status = work.plan.status
    assert status.record(score)["images"] == ["card100", "card150"]
    quick.edited(folder, status.score_name(score), **change)
    assert status.record(score) is None
    assert "does not hold one value for each image of its set" in capsys.readouterr().err


def timed(status, run, seconds, **changes):
    """A record as if the run had been made in that time."""
    folder = status.folder(run)
    training = {"steps": 10, "batch": 2, "crop": 8} | changes.pop("training", {})
    spec = {"network": status.ids.canonical(run.network), "training": training}
    record = {"seconds": seconds, "machine": {"device": "cpu"}, "spec": spec}
    folder.write_json("run.json", record | changes)


def test_expected_time_is_in_proportion_to_steps_and_pixels(tmp_path):
    status = quick.quick_engine(tmp_path).status
    assert status.expected(quick.JUDGE) is None
    timed(status, replace(quick.JUDGE, seed=5), 30.0)  # for 10 steps of 2 crops of 8x8
    for changes, expected in (
        ({"steps": 10, "batch": 2, "crop": 8}, 30.0),
        ({"steps": 20, "batch": 2, "crop": 8}, 60.0),
        ({"steps": 10, "batch": 6, "crop": 8}, 90.0),
        ({"steps": 10, "batch": 2, "crop": 16}, 120.0),
    ):
        run = replace(quick.JUDGE, training=replace(quick.TRAINING, **changes))
        assert status.expected(run).seconds == pytest.approx(expected)


def test_expected_time_is_of_the_same_network_and_device(tmp_path):
    status = quick.quick_engine(tmp_path).status
    timed(status, replace(quick.JUDGE, network=network(quick.Copy)), 30.0)
    timed(status, replace(quick.JUDGE, seed=5), 30.0, machine={"device": "cuda"})
    assert status.expected(quick.JUDGE) is None


@pytest.mark.parametrize(
    "record",
    [{}, [], {"machine": {}}, {"machine": {"device": "cpu"}, "seconds": None, "spec": 1}],
)
def test_expected_time_passes_over_what_is_no_record(tmp_path, record):
    """It only tells how long something may take, and other rows' folders were not asked for."""
    status = quick.quick_engine(tmp_path).status
    status.folder(replace(quick.JUDGE, seed=5)).write_json("run.json", record)
    assert status.expected(quick.JUDGE) is None


def test_a_rehearsal_tells_more_than_a_run_of_other_arguments_or_arithmetic(tmp_path):
    """One smoke run of a narrow network says nothing of the paper's."""
    status = quick.quick_engine(tmp_path).status
    run = replace(quick.JUDGE, training=replace(quick.TRAINING, steps=10, batch=2, crop=8))
    for seconds, precision in ((50.0, "bf16"), (40.0, "tf32")):
        timed(status, replace(run, seed=int(seconds)), seconds, training={"precision": precision})
    timed(status, replace(run, network=network(tiny.TinyDenoiser, width=5), seed=7), 60.0)
    assert status.expected(run) is not None
    status.rehearsed = lambda run: 7.0
    assert status.expected(run) == Expected(7.0, rehearsed=True)
    timed(status, replace(run, seed=5), 30.0)
    assert status.expected(run).seconds == pytest.approx(30.0)


def test_expected_time_prefers_a_run_with_the_same_terms(tmp_path):
    from losses.l2 import L2

    status = quick.quick_engine(tmp_path).status
    run = replace(quick.JUDGE, training=replace(quick.TRAINING, steps=10, batch=2, crop=8))
    timed(status, replace(run, objective=1.0 * L2()), 50.0)
    assert status.expected(run).seconds == pytest.approx(50.0)
    timed(status, replace(run, seed=5), 30.0)
    assert status.expected(run).seconds == pytest.approx(30.0)
