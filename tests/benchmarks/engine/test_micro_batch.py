"""`--micro-batch` from the command line to the checkpoint and back."""

import re
from dataclasses import replace

import pytest
import quick

import reproduce
from benchmarks.cli.request import Request
from benchmarks.cli.session import Session
from benchmarks.engine import execute
from benchmarks.engine import train as module
from benchmarks.engine.plan import make_plan
from benchmarks.engine.stored_training import make_run
from benchmarks.engine.work import TableWork

RUN = replace(quick.JUDGE, training=replace(quick.TRAINING, steps=12, batch=4))


class Power(BaseException):
    """A power cut: nothing catches it."""


def make(out, micro_batch, every=0.0):
    """Train the run in pieces; returns its folder."""
    engine = quick.quick_engine(out)
    make_run(RUN, engine.status, engine, "the row", 0, every, micro_batch)
    return engine.status.folder(RUN)


def cut(out, monkeypatch, micro_batch):
    """Train until the power is cut; returns the folder."""
    advance = module.Trainee.advance

    def stopping(self, entries):
        if self.step == 7:
            raise Power
        return advance(self, entries)

    with monkeypatch.context() as patched:
        patched.setattr(module.Trainee, "advance", stopping)
        with pytest.raises(Power):
            make(out, micro_batch)
    return quick.quick_engine(out).status.folder(RUN)


@pytest.fixture
def sizes(monkeypatch):
    """What every `Trainee` from now on is told."""
    seen, begin = [], module.Trainee.__init__

    def watched(self, run, resources, start, micro_batch=0):
        seen.append(micro_batch)
        begin(self, run, resources, start, micro_batch)

    monkeypatch.setattr(module.Trainee, "__init__", watched)
    return seen


def test_judges_are_trained_in_whole_batches(tmp_path, monkeypatch):
    """They normalise over their batch, and all rows are measured by the same ones."""
    asked = {}

    def watched(run, status, resources, label, workers, every, micro_batch):
        asked[status.ids.run_id(run)] = micro_batch
        make_run(run, status, resources, label, workers, every, micro_batch)

    monkeypatch.setattr(execute, "make_run", watched)
    engine = replace(quick.quick_engine(tmp_path), micro_batch=1)
    work = TableWork(make_plan(quick.TABLE, engine.status), engine)
    work.make()
    judge = engine.status.ids.run_id(quick.JUDGE)
    assert asked.pop(judge) == 0
    assert set(asked.values()) == {1}


def test_the_number_is_recorded_and_is_no_part_of_the_identity(tmp_path):
    plain, pieces = make(tmp_path / "plain", 0), make(tmp_path / "pieces", 1)
    assert plain.path.name == pieces.path.name
    records = [folder.read_json("run.json") for folder in (plain, pieces)]
    assert [record["micro_batch"] for record in records] == [0, 1]
    assert records[0]["spec"] == records[1]["spec"]


@pytest.mark.parametrize("begun", [0, 1, 3])
@pytest.mark.parametrize("later", [0, 2])
def test_a_killed_run_goes_on_as_it_began_to_the_same_bits(
    tmp_path, monkeypatch, capsys, sizes, begun, later
):
    straight = make(tmp_path / "straight", begun)
    broken = cut(tmp_path / "broken", monkeypatch, begun)
    assert quick.checkpoint(broken)["origin"]["micro_batch"] == begun
    capsys.readouterr()
    make(tmp_path / "broken", later)
    assert set(sizes) == {begun}
    assert broken.read_json("run.json")["micro_batch"] == begun
    for name in ("weights.safetensors", "log.jsonl"):
        assert (broken.path / name).read_bytes() == (straight.path / name).read_bytes()
    how = f"in pieces of {begun}" if begun else "with whole batches"
    told = (
        f"the row: goes on {how}, as it began; without {broken.path}/checkpoint.pt it begins anew"
    )
    assert (told in capsys.readouterr().err) is (begun != later)


def test_a_checkpoint_of_before_had_whole_batches(tmp_path, monkeypatch, sizes):
    folder = cut(tmp_path, monkeypatch, 0)
    saved = quick.checkpoint(folder)
    del saved["origin"]["micro_batch"]
    folder.write("checkpoint.pt", quick.to_bytes(saved))
    assert make(tmp_path, 0).read_json("run.json")["micro_batch"] == 0
    assert sizes == [0, 0]
    assert not list(folder.path.glob("*damaged*"))


def test_command_line_reaches_every_training(tmp_path, sizes):
    words = ["--table", "d2sm_table1", "--micro-batch", "3", "--out", str(tmp_path)]
    request = Request.of(reproduce.parser().parse_args(words), reproduce.VERBS)
    assert request.micro_batch == 3
    engine = Session(request).engine
    assert engine.micro_batch == 3
    engine = replace(quick.quick_engine(tmp_path), micro_batch=engine.micro_batch)
    engine.ensure(RUN)
    assert sizes == [3]


def test_help_says_what_it_is_for():
    text = re.sub(r"\s+", " ", reproduce.parser().format_help())
    assert "--micro-batch N train in pieces of N images: the same steps in less memory" in text
