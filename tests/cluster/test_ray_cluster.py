"""Jobs through a Ray cluster of this machine: what a child sees, and what happens at deaths."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import pytest
from children import ROOT, fake_nvidia_smi, family, kill_all, promised, script, told, until
from ray_here import NODE, Cluster, kill, on_node

from benchmarks.declare.errors import UsageError
from benchmarks.parallel.cluster import ClusterPlace
from benchmarks.parallel.gpus import Gpu, give_back, taken
from benchmarks.parallel.place import Ended, PlaceLost

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        find_spec("ray") is None, reason="Ray is absent: make test-cluster installs it"
    ),
]
SETTINGS = {
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": "0123456789abcdef" * 4,
    "RAY_USAGE_STATS_ENABLED": "0",
    "OMP_NUM_THREADS": "3",
}


@pytest.fixture(scope="module", autouse=True)
def settings():
    """What all processes of a cluster inherit; gives the folder of its sockets, and of GPU locks.

    The path of a socket must be short, pytest's folders are not.
    """
    folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))
    path = fake_nvidia_smi(folder / "bin", "0, GPU-zero\n1, GPU-one\n")
    own = {"PATH": f"{path}{os.pathsep}{os.environ['PATH']}"}
    own |= {"TMPDIR": str(folder), "RAY_TMPDIR": str(folder)}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (SETTINGS | own).items():
            patch.setenv(name, value)
        patch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        patch.setattr("tempfile.tempdir", None)
        yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def cluster():
    with Cluster() as made:
        made.add(num_cpus=2, num_gpus=2)
        yield made


@pytest.fixture
def place(cluster, tmp_path):
    """Makes places in the cluster; what runs in them at the end of the test is ended."""
    made = []

    def make(gpus, cpus=1, **options):
        made.append(ClusterPlace(cluster.address, gpus, cpus, **{"grace": 5.0} | options))
        return made[-1]

    yield make
    for one in made:
        one.close()
    kill_all(tmp_path)


def test_a_child_computes_as_here_and_without_a_gpu(tmp_path, place, monkeypatch):
    monkeypatch.chdir(tmp_path)
    here = place(0, 2)
    assert here.room() == 1
    child = here.start((script(tmp_path), "me", "ends", "3", "two words"))
    assert until(child.ended) == Ended(3, "")
    me = told(tmp_path / "me")
    assert me["arguments"] == ["me", "ends", "3", "two words"]
    assert me["folder"] == str(tmp_path)
    seen = me["environment"]
    assert (seen["CUDA_VISIBLE_DEVICES"], seen["OMP_NUM_THREADS"]) == ("", "3")


def test_a_command_is_a_script_below_the_root_of_the_repository(place):
    ended = until(place(0).start(("reproduce.py", "--tabel", "x")).ended)
    assert (ended.status, ended.told[:7]) == (2, "error: ")


def test_children_have_gpus_of_their_own_that_no_other_driver_takes(tmp_path, place):
    here = place(1)
    children = []
    for number in range(2):
        assert here.room() == 2 - number
        children.append(here.start((script(tmp_path), str(tmp_path / f"{number}"), "watched")))
    both = [told(tmp_path / f"{number}") for number in range(2)]
    gpus = {me["environment"]["CUDA_VISIBLE_DEVICES"] for me in both}
    assert gpus == {"GPU-zero", "GPU-one"}
    assert taken([Gpu("0", "GPU-zero")]) is None
    for child in children:
        on_node(child)
    assert here.room() == 0
    os.kill(both[0]["pid"], signal.SIGKILL)
    assert until(children[0].ended) == Ended(-signal.SIGKILL, "")
    assert here.room() == 1
    children[1].stop()
    assert until(children[1].ended).status == 75
    assert Path(f"{tmp_path / '1'}.checkpoint").exists()
    for uuid in gpus:
        give_back(taken([Gpu("", uuid)]))


def test_a_gpu_that_another_driver_of_the_machine_has_is_not_taken(tmp_path, place):
    held = taken([Gpu("0", "GPU-zero"), Gpu("1", "GPU-one")])
    child = place(1).start((script(tmp_path), str(tmp_path / "me"), "ends"))
    assert until(child.ended) == Ended(75, "another process took the room")
    give_back(held)
    assert not (tmp_path / "me").exists()


def test_more_than_any_node_has_is_waited_for(place, capsys):
    here = place(3)
    assert (here.room(), here.room()) == (0, 0)
    assert capsys.readouterr().err.count("no node of the cluster has 3 GPUs; waiting") == 1


def test_a_child_that_waits_for_a_node_can_be_stopped(tmp_path, place):
    here = place(2)
    first = here.start((script(tmp_path), str(tmp_path / "first"), "sleeps"))
    second = here.start((script(tmp_path), str(tmp_path / "second"), "sleeps"))
    assert here.room() == 0
    told(tmp_path / "first")
    assert (second.ended(), second.where) == (None, "waiting for a node")
    second.stop()
    assert until(second.ended) == Ended(75, "it was asked to end")
    assert first.ended() is None
    assert not (tmp_path / "second").exists()


def test_a_child_that_does_not_stop_is_killed_after_the_grace(tmp_path, place):
    child = place(0, grace=1.0).start((script(tmp_path), str(tmp_path / "me"), "deaf", "loader"))
    me = told(tmp_path / "me")
    begun = time.monotonic()
    child.stop()
    child.stop()
    assert time.monotonic() - begun < 1.0
    assert until(child.ended) == Ended(75, "it was asked to end")
    assert time.monotonic() - begun > 1.0
    assert not family(me)


@pytest.mark.parametrize("does", ["watched", "deaf"])
def test_a_ray_worker_that_is_killed_takes_its_child_along(tmp_path, place, does, capfd):
    child = place(0).start((script(tmp_path), str(tmp_path / "me"), does, "loader"))
    me = told(tmp_path / "me")
    on_node(child)
    os.kill(me["parent"], signal.SIGKILL)
    ended = until(child.ended)
    assert ended.status == -signal.SIGKILL
    assert ended.told.startswith(f"node {NODE}: WorkerCrashedError: The worker died")
    assert len(ended.told.splitlines()) == 1
    until(lambda: not family(me), promised())
    assert Path(f"{tmp_path / 'me'}.checkpoint").exists() == (does == "watched")
    time.sleep(1.0)
    assert capfd.readouterr() == ("", "")  # of Ray's own words, none


def test_a_file_that_a_node_does_not_see_is_named(tmp_path, place):
    absent = tmp_path / "store"
    child = place(0, needs=[absent]).start((script(tmp_path), str(tmp_path / "me"), "ends"))
    ended = until(child.ended)
    assert ended.status == 74
    assert ended.told.startswith(f"{absent} is not there on {NODE}; ")
    absent.mkdir()
    child = place(0, needs=[absent]).start((str(tmp_path / "no script"), "me"))
    assert until(child.ended).told.startswith(f"{tmp_path / 'no script'} is not there on {NODE}; ")


DRIVER = f"""
import sys, time
sys.path.insert(0, {str(ROOT)!r})
from benchmarks.parallel.cluster import ClusterPlace
address, gpus, *command = sys.argv[1:]
place = ClusterPlace(address, int(gpus), 1, grace=5.0)
child = place.start(command)
while child.ended() is None:
    place.room()
    time.sleep(0.1)
place.close()
print(child.ended().status)
"""


@pytest.mark.parametrize("does", ["watched", "deaf"])
def test_a_driver_that_is_killed_leaves_no_child(tmp_path, cluster, does):
    command = [sys.executable, "-c", DRIVER, cluster.address, "1"]
    process = subprocess.Popen([*command, script(tmp_path), str(tmp_path / "me"), does, "loader"])
    try:
        me = told(tmp_path / "me")
        process.kill()
        until(lambda: not family(me), promised())
    finally:
        process.kill()
        process.wait()
        kill_all(tmp_path)


def test_a_node_that_dies_takes_its_children_along_and_another_may_come(tmp_path, cluster, place):
    """Their Ray worker lives on; it sees that its node's own process is gone."""
    here = place(0, 4)
    assert here.room() == 0
    node = cluster.add(num_cpus=4)
    until(lambda: here.room() == 1)
    child = here.start((script(tmp_path), str(tmp_path / "me"), "watched", "loader"))
    me = told(tmp_path / "me")
    on_node(child)
    kill(node)
    until(lambda: not family(me), promised())
    assert Path(f"{tmp_path / 'me'}.checkpoint").exists()
    assert until(child.ended).status != 0
    until(lambda: here.room() == 0)
    cluster.add(num_cpus=4)
    until(lambda: here.room() == 1)
    again = here.start((script(tmp_path), str(tmp_path / "again"), "ends"))
    assert until(again.ended).status == 0


def test_a_node_that_is_frozen_is_given_up(tmp_path, cluster, place):
    here = place(0, 8)
    node = cluster.add(num_cpus=8)
    until(lambda: here.room() == 1)
    child = here.start((script(tmp_path), str(tmp_path / "me"), "watched"))
    me = told(tmp_path / "me")
    on_node(child)
    frozen = [node["raylet"], me["parent"], me["pid"]]
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    try:
        ended = until(child.ended, 240.0)
        assert ended == Ended(-signal.SIGKILL, f"node {NODE} does not answer any more")
    finally:
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)
    until(lambda: not family(me))  # it finds that the cluster has left it


@pytest.mark.parametrize("who", ["gcs_server", "all of it"])
def test_the_death_of_the_head_is_the_end_of_the_place(tmp_path, who):
    with Cluster() as cluster:
        cluster.add(num_cpus=1)
        place = ClusterPlace(cluster.address, 0, 1, grace=5.0)
        child = place.start((script(tmp_path), str(tmp_path / "me"), "watched"))
        me = told(tmp_path / "me")
        on_node(child)
        kill({who: cluster.head[who]} if who in cluster.head else cluster.head)
        with pytest.raises(PlaceLost, match=f"^the cluster {cluster.address} is lost ") as error:
            until(child.ended)
        assert len(str(error.value).splitlines()) == 1
        with pytest.raises(PlaceLost):
            place.room()
        place.close()
        until(lambda: not family(me), 75.0)
    kill_all(tmp_path)


def test_a_host_that_is_killed_is_the_end_of_the_place_and_of_its_children(tmp_path, place):
    here = place(0)
    child = here.start((script(tmp_path), str(tmp_path / "me"), "deaf", "loader"))
    me = told(tmp_path / "me")
    here._host.process.kill()
    with pytest.raises(PlaceLost):
        until(child.ended)
    until(lambda: not family(me), promised())


LOCAL = f"""
import os, signal, sys
sys.path.insert(0, {str(ROOT)!r})
from benchmarks.parallel.cluster import ClusterPlace
signal.signal(signal.SIGTERM, ours := lambda *_: None)
place = ClusterPlace("local", 0, 1)
assert signal.getsignal(signal.SIGTERM) is ours
child = place.start(sys.argv[1:])
while (ended := child.ended()) is None:
    pass
place.close()
place.close()
sys.exit(ended.status)
"""


def test_a_cluster_of_this_machine_is_started_and_ended(tmp_path, settings):
    before = set(settings.iterdir())
    command = [sys.executable, "-c", LOCAL, script(tmp_path), str(tmp_path / "me"), "ends", "66"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (66, "", "")
    assert set(settings.iterdir()) <= before | {settings / "ray"}  # its sessions are gone
    assert told(tmp_path / "me")["environment"]["OMP_NUM_THREADS"] == "3"


@pytest.mark.parametrize("address", ["auto", "127.0.0.1:1", "no address"])
def test_a_cluster_that_is_not_there_is_told_in_one_line(monkeypatch, address, tmp_path):
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    with pytest.raises(UsageError, match=f"--cluster {address}: ") as error:
        ClusterPlace(address, 0, 1)
    assert len(str(error.value).splitlines()) == 1
