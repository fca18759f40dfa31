"""One child on several GPUs: torchrun below a driver."""

import os
import signal

import pytest
from children import driver, family, promised, script, told, until

from benchmarks.parallel.gpus import gpu_slots
from benchmarks.parallel.local import LocalPlace

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("two_gpus")]


def ranks(folder, name="me"):
    """What both ranks have written about themselves."""
    return [told(folder / f"{name}{rank}") for rank in range(2)]


@pytest.fixture
def place():
    made = LocalPlace(gpu_slots(2), threads="1", grace=15.0)
    yield made
    made.close()


def test_a_rank_for_each_gpu(tmp_path, place):
    child = place.start((script(tmp_path), str(tmp_path / "me"), "ends"))
    assert child.where == "here, GPUs 0 and 1"
    ended = until(child.ended)
    assert ended.status == 0, ended.told
    for rank, me in enumerate(ranks(tmp_path)):
        assert me["environment"] == {
            "CUDA_VISIBLE_DEVICES": "GPU-zero,GPU-one",
            "OMP_NUM_THREADS": "1",
            "RANK": str(rank),
            "LOCAL_RANK": str(rank),
            "WORLD_SIZE": "2",
        }


def test_it_ends_as_the_rank_that_failed_and_is_not_started_again(tmp_path, place):
    child = place.start((script(tmp_path), str(tmp_path / "me"), "fails", "66"))
    assert until(child.ended).status == 66
    assert not family(*ranks(tmp_path))


def test_a_stop_lets_every_rank_end_with_its_checkpoint(tmp_path, place):
    child = place.start((script(tmp_path), str(tmp_path / "me"), "watched"))
    both = ranks(tmp_path)
    child.stop()
    assert until(child.ended).status == 75
    assert (tmp_path / "me.checkpoint").exists()
    assert not family(*both)


@pytest.mark.parametrize("does", ["watched", "deaf"])
def test_a_torchrun_that_is_killed_leaves_no_rank(tmp_path, place, does):
    child = place.start((script(tmp_path), str(tmp_path / "me"), does, "loader"))
    both = ranks(tmp_path)
    os.kill(both[0]["parent"], signal.SIGKILL)
    assert until(child.ended, promised()).status == -signal.SIGKILL
    until(lambda: not family(*both), 1.0)  # their stderr is closed, they are just ending


@pytest.mark.parametrize("does", ["watched", "deaf"])
def test_a_driver_that_is_killed_leaves_no_rank(tmp_path, does):
    with driver(2, f"{script(tmp_path)} {tmp_path / 'me'} {does} loader") as process:
        both = ranks(tmp_path)
        process.kill()
        process.wait()
    until(lambda: not family(*both), promised())
    assert (tmp_path / "me.checkpoint").exists() == (does == "watched")
