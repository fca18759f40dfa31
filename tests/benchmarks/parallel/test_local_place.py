"""Children on this machine: what they see, how they end, and that none is left."""

import os
import signal
import subprocess
import sys
import time

import pytest
import torch
from children import ROOT, alive, driver, family, promised, script, told, until

from benchmarks.parallel.gpus import cpu_slots, give_back, gpu_slots, taken
from benchmarks.parallel.local import TAIL, LocalPlace, compute_threads
from benchmarks.parallel.place import Ended

ZERO_AND_ONE = {"GPU-zero", "GPU-one"}


@pytest.fixture
def place():
    """Makes places; what runs in them at the end of the test is ended."""
    made = []

    def make(slots, **options):
        made.append(LocalPlace(slots, **{"threads": "1", "grace": 5.0} | options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def end(child):
    return until(child.ended)


def test_a_child_computes_here_without_a_gpu_and_with_our_threads(tmp_path, place, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    monkeypatch.setenv("RETABLE_OWN", "kept")
    child = place(cpu_slots(1), threads="3").start((script(tmp_path), "me", "ends", "two words"))
    assert child.where == "here"
    assert end(child).status == 1  # int("two words")
    me = told(tmp_path / "me")
    assert me["arguments"] == ["me", "ends", "two words"]
    assert me["folder"] == str(tmp_path)
    seen = me["environment"]
    assert (seen["CUDA_VISIBLE_DEVICES"], seen["OMP_NUM_THREADS"]) == ("", "3")


def test_a_command_is_a_script_below_the_root_of_the_repository(tmp_path, place, monkeypatch):
    monkeypatch.chdir(tmp_path)
    child = place(cpu_slots(1)).start(("reproduce.py", "--tabel", "x"))
    ended = end(child)
    assert ended.status == 2
    assert ended.told.startswith("error: ")


def test_threads_are_those_of_a_plain_command(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    assert compute_threads() == "7"
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert compute_threads() == str(torch.get_num_threads())


@pytest.mark.usefixtures("two_gpus")
def test_children_have_gpus_of_their_own(tmp_path, place):
    here = place(gpu_slots(1))
    children = []
    for number in range(2):
        assert here.room() == 2 - number
        children.append(here.start((script(tmp_path), str(tmp_path / f"{number}"), "sleeps")))
    seen = [told(tmp_path / f"{n}")["environment"]["CUDA_VISIBLE_DEVICES"] for n in range(2)]
    assert set(seen) == ZERO_AND_ONE
    assert [child.where for child in children] == ["here, GPU 0", "here, GPU 1"]
    assert here.room() == 0
    os.kill(told(tmp_path / "1")["pid"], signal.SIGKILL)
    assert end(children[1]).status == -signal.SIGKILL
    assert here.room() == 1
    assert here.start((script(tmp_path), str(tmp_path / "2"), "ends")).where == "here, GPU 1"


@pytest.mark.usefixtures("two_gpus")
def test_two_drivers_never_have_the_same_gpu(tmp_path, place, capsys):
    one, other = place(gpu_slots(1), most=1), place(gpu_slots(1))
    assert (one.room(), other.room()) == (1, 2)
    child = one.start((script(tmp_path), str(tmp_path / "a"), "sleeps"))
    assert (one.room(), other.room()) == (0, 1)
    second = other.start((script(tmp_path), str(tmp_path / "b"), "sleeps"))
    assert [child.where, second.where] == ["here, GPU 0", "here, GPU 1"]
    late = place(gpu_slots(1))
    assert (late.room(), late.room()) == (0, 0)
    assert capsys.readouterr().err.count("in the hands of another process") == 1
    refused = late.start((script(tmp_path), str(tmp_path / "c"), "sleeps"))
    assert refused.ended() == Ended(75, "another process took the room")
    refused.stop()
    one.close()
    assert late.room() == 1
    assert not (tmp_path / "c").exists()


def test_how_a_child_ends_is_told(tmp_path, place):
    here = place(cpu_slots(2))
    statuses = [
        here.start((script(tmp_path), str(tmp_path / f"{n}"), "ends", str(n))) for n in (0, 74)
    ]
    assert [end(child) for child in statuses] == [Ended(0, ""), Ended(74, "")]
    killed = here.start((script(tmp_path), str(tmp_path / "k"), "sleeps"))
    assert killed.ended() is None
    os.kill(told(tmp_path / "k")["pid"], signal.SIGKILL)
    assert end(killed) == Ended(-signal.SIGKILL, "")
    assert killed.ended() == Ended(-signal.SIGKILL, "")


def test_a_child_that_shouts_is_heard_to_its_end_and_kept_in_part(tmp_path, place):
    child = place(cpu_slots(1)).start((script(tmp_path), str(tmp_path / "me"), "shouts"))
    ended = end(child)
    assert ended.status == 1
    assert ended.told.endswith("a line of 99999 " + "τ" * 20 + "\nthe end\n")
    assert len(ended.told) <= len(ended.told.encode()) <= TAIL + 2  # a letter may be cut


def test_what_cannot_be_started_takes_no_room(tmp_path, place, monkeypatch):
    here = place(cpu_slots(1))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no python"))
    with pytest.raises(FileNotFoundError):
        here.start((script(tmp_path), "me", "ends"))
    assert here.room() == 1


def test_a_child_that_is_stopped_ends_with_its_checkpoint(tmp_path, place):
    here = place(cpu_slots(1))
    child = here.start((script(tmp_path), str(tmp_path / "me"), "watched", "loader"))
    me = told(tmp_path / "me")
    child.stop()
    child.stop()
    assert end(child).status == 75
    assert (tmp_path / "me.checkpoint").exists()
    assert not alive(me["loader"])  # it heard no SIGTERM, and went with the child
    assert here.room() == 1


def test_a_child_that_does_not_stop_is_killed_after_the_grace(tmp_path, place):
    child = place(cpu_slots(1), grace=1.0).start(
        (script(tmp_path), str(tmp_path / "me"), "deaf", "loader")
    )
    me = told(tmp_path / "me")
    begun = time.monotonic()
    child.stop()
    assert time.monotonic() - begun < 0.5
    assert child.ended() is None
    assert end(child).status == -signal.SIGKILL
    assert time.monotonic() - begun > 1.0
    assert not family(me)


def test_closing_asks_all_children_at_once_and_leaves_none(tmp_path, place):
    here = place(cpu_slots(3), grace=4.0)
    for number, does in enumerate(["watched", "deaf", "deaf"]):
        here.start((script(tmp_path), str(tmp_path / f"{number}"), does, "loader"))
    told_by = [told(tmp_path / f"{number}") for number in range(3)]
    begun = time.monotonic()
    here.close()
    assert time.monotonic() - begun < 7.0  # and not a grace for each
    assert (tmp_path / "0.checkpoint").exists()
    assert not family(*told_by)
    here.close()
    assert here.room() == 3


@pytest.mark.usefixtures("two_gpus")
def test_a_driver_that_is_killed_leaves_no_child(tmp_path):
    """One ends with a checkpoint, the other is deaf; their GPUs are theirs while they live."""
    child = script(tmp_path)
    commands = [f"{child} {tmp_path / does} {does} loader" for does in ("watched", "deaf")]
    with driver(1, *commands) as process:
        watched, deaf = told(tmp_path / "watched"), told(tmp_path / "deaf")
        process.kill()
        process.wait()
    slots = {slot.gpus[0].uuid: slot.gpus for slot in gpu_slots(1)}
    assert taken(slots[deaf["environment"]["CUDA_VISIBLE_DEVICES"]]) is None
    until(lambda: not family(watched), promised())
    assert (tmp_path / "watched.checkpoint").exists()
    assert len(family(deaf)) == 2
    until(lambda: not family(deaf), promised())
    for gpus in slots.values():
        give_back(until(lambda gpus=gpus: taken(gpus), 1.0))


LOADING = f"""
import json, os, sys
sys.path.insert(0, {str(ROOT)!r})
from benchmarks.parallel.child import end_with_parent
end_with_parent()
from torch.utils.data import DataLoader
images = iter(DataLoader(range(10**9), num_workers=1))
next(images)
me = {{"pid": os.getpid(), "loader": images._workers[0].pid}}
with open(sys.argv[1] + ".part", "w") as file:
    json.dump(me, file)
os.rename(sys.argv[1] + ".part", sys.argv[1])
while True:
    next(images)
"""


@pytest.mark.slow
@pytest.mark.usefixtures("two_gpus")
def test_processes_that_load_images_go_with_a_driver_that_is_killed(tmp_path):
    (tmp_path / "loading.py").write_text(LOADING, encoding="utf-8")
    with driver(1, f"{tmp_path / 'loading.py'} {tmp_path / 'me'}") as process:
        me = told(tmp_path / "me")
        assert len(family(me)) == 2
        process.kill()
        process.wait()
    until(lambda: not family(me), promised())


def test_a_stdin_that_is_no_pipe_is_left_alone(tmp_path):
    command = [sys.executable, script(tmp_path), str(tmp_path / "me"), "watched"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        told(tmp_path / "me")
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1.0)
    finally:
        process.kill()
        process.wait()
