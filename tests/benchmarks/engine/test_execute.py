"""The engine: makes what is missing, once, in order, and remembers what failed."""

import weakref
from dataclasses import dataclass, replace
from typing import ClassVar

import pytest
import quick
import torch
from torch import nn

from benchmarks.declare.protocol import Evaluation
from benchmarks.declare.runs import Fixed, Released, network
from benchmarks.engine import execute, problems
from benchmarks.engine.problems import Failed
from benchmarks.engine.score import Score
from benchmarks.engine.status import State
from benchmarks.engine.store import StoreError
from benchmarks.engine.weights import MissingFile, WrongFile
from benchmarks.metrics.psnr import PSNR
from datasets.images import DataError
from losses.l1 import L1
from losses.objective import Loss, Term

START = replace(quick.JUDGE, seed=7)
RUN = replace(quick.JUDGE, start=START)
FIXED = Fixed(network(quick.Copy))


class Loaded(nn.Module):
    """A network that a released file brings its one weight to."""

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred",)
    revision: ClassVar[int] = 1

    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.rand(()))

    def forward(self, image):
        return self.gain * image

    @staticmethod
    def released_state(path):
        return {"gain": torch.tensor(float(path.read_text()))}


@dataclass(frozen=True)
class Failing(Term):
    """Raises the error that stands in `errors`, and counts how often it was built."""

    errors: ClassVar[list] = []
    built: ClassVar[list] = []
    symbol: ClassVar[str] = "L_Failing"

    def build(self, resources):
        self.built.append(1)
        for error in self.errors:
            raise error
        return Loss(lambda pred, target: (pred - target).abs().mean())


@pytest.fixture
def failing(monkeypatch):
    monkeypatch.setattr(Failing, "errors", [RuntimeError("no\nmore")])
    monkeypatch.setattr(Failing, "built", [])
    return replace(quick.JUDGE, objective=1.0 * Failing())


def score_of(provider, metric=None):
    return Score(provider, quick.TEST, metric or PSNR(), Evaluation())


def test_what_a_run_needs_is_made_before_it(tmp_path, capsys):
    engine = quick.quick_engine(tmp_path)
    engine.ensure(RUN, "the row")
    assert quick.trained(capsys.readouterr().err) == ["tinydenoiser-l1", "the row"]
    assert engine.status.state(RUN) == engine.status.state(START) == State("finished")
    quick.quick_engine(tmp_path).ensure(RUN)
    assert capsys.readouterr().err == ""


def test_stale_run_is_made_again_and_says_why(tmp_path, capsys):
    quick.quick_engine(tmp_path).ensure(RUN)
    engine = quick.quick_engine(tmp_path)
    folder = engine.status.folder(RUN)
    folder.write_json("scores/psnr-1.json", {})
    quick.edited(folder, "run.json", sources={})
    capsys.readouterr()
    engine.ensure(RUN, "the row")
    told = capsys.readouterr().err
    assert "changed since; made again" in told
    assert told.startswith("the row: ")
    assert quick.trained(told) == ["the row"]
    assert folder.read_json("scores/psnr-1.json") is None  # what was measured of the old one
    assert engine.status.state(RUN) == State("finished")


def test_stale_run_is_kept_where_the_profile_says_so(tmp_path, capsys):
    keeps = replace(quick.PROFILE, redo_stale=False)
    engine = quick.quick_engine(tmp_path, keeps)
    engine.ensure(RUN)
    quick.edited(engine.status.folder(RUN), "run.json", sources={})
    capsys.readouterr()
    quick.quick_engine(tmp_path, keeps).ensure(RUN)
    assert capsys.readouterr().err == ""
    quick.quick_engine(tmp_path, keeps, refresh=True).ensure(RUN)
    assert len(quick.trained(capsys.readouterr().err)) == 1


def test_run_that_another_process_made_meanwhile_is_not_made_again(tmp_path, capsys):
    engine = quick.quick_engine(tmp_path)
    assert engine.status.state(quick.JUDGE) == State("new")
    quick.quick_engine(tmp_path).ensure(quick.JUDGE)
    capsys.readouterr()
    engine.ensure(quick.JUDGE)
    assert quick.trained(capsys.readouterr().err) == []


def test_failure_is_kept_and_not_met_twice_in_a_process(tmp_path, failing, capsys):
    engine = quick.quick_engine(tmp_path)
    for _ in range(2):
        with pytest.raises(Failed, match=r"^RuntimeError: no$"):
            engine.ensure(failing, "the row")
    assert len(Failing.built) == 1
    folder = engine.status.folder(failing)
    record = folder.read_json("failure.json")
    assert record["error"] == "RuntimeError: no"
    assert any("Traceback" in line for line in record["traceback"])
    assert capsys.readouterr().err == (
        f"the row: failed: RuntimeError: no; traceback in {folder.path / 'failure.json'}\n"
    )
    assert engine.status.failed_before(failing)
    Failing.errors.clear()
    quick.quick_engine(tmp_path).ensure(failing)
    assert not engine.status.failed_before(failing)


def test_failed_training_holds_no_memory_when_it_is_told(tmp_path, monkeypatch):
    """Or the row after one that ran out of memory would meet the same."""
    held, told = [], []

    class Large:
        pass

    def fill(pred, target):
        large = Large()
        held.append(weakref.ref(large))
        raise torch.OutOfMemoryError("tried to allocate 20.00 GiB")

    monkeypatch.setattr(Failing, "build", lambda self, resources: Loss(fill))
    monkeypatch.setattr(problems, "say", lambda line: told.append(held[0]() is None))
    with pytest.raises(Failed):
        quick.quick_engine(tmp_path).ensure(replace(quick.JUDGE, objective=1.0 * Failing()))
    assert told == [True]


def test_interruption_is_no_failure(tmp_path, failing):
    Failing.errors[:] = [KeyboardInterrupt()]
    engine = quick.quick_engine(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        engine.ensure(failing)
    assert not engine.status.failed_before(failing)
    assert engine.failures == {}


def test_network_that_fails_is_kept_with_the_run(tmp_path, monkeypatch, capsys):
    def fail(self, image):
        raise ValueError("no such thing")

    engine = quick.quick_engine(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(quick.Copy, "forward", fail)
        with pytest.raises(Failed, match=r"^ValueError: no such thing$"):
            engine.ensure_scores([score_of(FIXED)], "the row")
    assert engine.status.failed_before(FIXED)
    assert "the row: failed: ValueError: no such thing;" in capsys.readouterr().err
    engine.ensure_scores([score_of(FIXED)], "the row")
    assert not engine.status.failed_before(FIXED)


@pytest.mark.parametrize("kind", [DataError, StoreError, Failed])
def test_errors_that_speak_for_themselves_pass_unchanged(tmp_path, failing, kind):
    Failing.errors[:] = [kind("in its own words")]
    engine = quick.quick_engine(tmp_path)
    with pytest.raises(kind, match=r"^in its own words$"):
        engine.ensure(failing)
    assert not engine.status.failed_before(failing)
    # A full disk may have room again; what else failed is not trained once more.
    remembered = [] if kind is StoreError else [kind]
    assert [type(error) for error in engine.failures.values()] == remembered


def test_scores_are_measured_once_and_in_one_pass(tmp_path, monkeypatch):
    passes = []
    measure = execute.measure

    def counted(scores, *arguments):
        passes.append([score.metric.symbol for score in scores])
        assert arguments[-1] == "the row"
        return measure(scores, *arguments)

    monkeypatch.setattr(execute, "measure", counted)
    engine = quick.quick_engine(tmp_path)
    two = [score_of(FIXED), score_of(FIXED, quick.Judged(quick.JUDGE))]
    engine.ensure_scores(two, "the row")
    assert passes == [["PSNR", "Judged"]]
    engine.ensure_scores(two, "the row")
    other = replace(two[0], evaluation=Evaluation(border=1))
    more = replace(two[0], data=replace(quick.TEST, sigma=50))
    noise = replace(two[0], seed=1)
    engine.ensure_scores([*two, other, more, noise], "the row")
    assert passes[1:] == [["PSNR"]] * 3


@pytest.mark.parametrize("which", ["run", "judge"])
def test_scores_are_measured_again_after_run_or_judge_were_made_again(tmp_path, which):
    engine = quick.quick_engine(tmp_path)
    score = score_of(RUN, quick.Judged(quick.JUDGE))
    engine.ensure_scores([score], "the row")
    status, (before,) = engine.status, [engine.status.record(score)]
    made_again = RUN if which == "run" else quick.JUDGE
    folder = status.folder(made_again)
    sources = folder.read_json("run.json")["sources"] | {"losses.l1": "0"}
    quick.edited(folder, "run.json", sources=sources)
    # By other code it becomes another network, which the seed stands for here.
    other = status.folder(replace(made_again, seed=99))
    quick.quick_engine(tmp_path).ensure(replace(made_again, seed=99))
    new_weights = other.read("weights.safetensors")
    quick.quick_engine(tmp_path).ensure(made_again)
    folder.write("weights.safetensors", new_weights)
    quick.edited(folder, "run.json", weights=folder.digest("weights.safetensors"))
    again = quick.quick_engine(tmp_path)
    assert again.status.score_state(score).status != "finished"
    again.ensure_scores([score], "the row")
    after = again.status.record(score)
    assert after["values"] != before["values"]
    assert again.status.score_state(score) == State("finished")


def test_released_file_is_looked_for_when_it_is_needed(tmp_path):
    engine = quick.quick_engine(tmp_path, root=tmp_path)
    released = Released(network(Loaded), "gain.txt", "")
    with pytest.raises(MissingFile, match=r"^gain\.txt is not there"):
        engine.ensure(released)
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "gain.txt").write_text("0.5")
    engine.ensure(released)
    assert float(engine.frozen(released).gain) == 0.5
    assert engine.weights_file("gain.txt", "") == tmp_path / "weights" / "gain.txt"
    with pytest.raises(WrongFile):
        engine.weights_file("gain.txt", "0123")


def test_frozen_network_has_its_weights_and_learns_nothing(tmp_path):
    engine = quick.quick_engine(tmp_path)
    engine.ensure(quick.JUDGE)
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    frozen = engine.frozen(quick.JUDGE)
    assert torch.equal(torch.rand(3), expected)  # what a row draws does not depend on its judge
    assert not frozen.training
    assert not any(parameter.requires_grad for parameter in frozen.parameters())
    assert frozen.frozen  # so that checkpoints leave it out
    assert engine.frozen(quick.JUDGE) is frozen
    again = quick.quick_engine(tmp_path).frozen(quick.JUDGE).state_dict()
    assert all(torch.equal(value, again[name]) for name, value in frozen.state_dict().items())
    assert isinstance(engine.frozen(FIXED), quick.Copy)


def test_fresh_network_is_new_and_trains(tmp_path):
    engine = quick.quick_engine(tmp_path)
    one, two = (engine.fresh(quick.JUDGE.network) for _ in range(2))
    assert all(parameter.requires_grad for parameter in one.parameters())
    assert not torch.equal(one.body[0].weight, two.body[0].weight)
    assert engine.device == torch.device("cpu")


def test_label_is_the_folders_where_none_is_given(tmp_path, capsys):
    quick.quick_engine(tmp_path).ensure(replace(quick.JUDGE, objective=L1() + 1.0 * L1()))
    assert quick.trained(capsys.readouterr().err) == ["tinydenoiser-l1+l1"]
