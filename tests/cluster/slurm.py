"""Real SLURM on one machine: an array with `--join`, stopped in every way, makes the same bits.

    .venv/bin/python tests/cluster/slurm.py

Run by hand, as root, on Debian 12; no part of CI. It takes SLURM and munge from Debian's packages
where they are absent, starts their daemons on free ports with their files in a temporary folder,
and stops them at the end. Five minutes on two cores.

The table of `slow.py` is made once by a plain command, and once by docs/examples/slurm_join.sh as
an array of two elements, which is cancelled, preempted with time to spare, preempted at once and
brought to the end of its time, each time in the middle of two trainings. It is checked that
- a stop leaves a checkpoint of the very step that was taken last, and no process;
- what was cancelled stays so, and the rest is requeued once each time;
- each step of a training was taken once, by one process at a time;
- weights, scores and table are those of the plain command.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import groupby
from pathlib import Path

import torch
from slow import STEPS

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "docs" / "examples" / "slurm_join.sh"
SLOW = ROOT / "tests" / "cluster" / "slow.py"
PACKAGES = ("slurmctld", "slurmd", "slurm-client", "munge")
PATIENCE = 1200  # seconds, for a busy machine
ONWARD = 10  # steps that both trainings take between two stops
HOST = socket.gethostname().split(".")[0]

# What is requeued waits for cred_expire seconds; 120 are usual. GraceTime is changed on the way.
CONFIGURATION = """\
ClusterName=retable
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={node}
SlurmUser=root
AuthInfo=socket={folder}/munge.socket,cred_expire=5
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1,sched_min_interval=0,bf_interval=1,batch_sched_delay=0
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
ReturnToService=2
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=2000 State=UNKNOWN
PartitionName=low Nodes={host} Default=YES PriorityTier=1 GraceTime=30 State=UP
PartitionName=high Nodes={host} PriorityTier=10 PreemptMode=OFF State=UP
"""

BEGUN = time.monotonic()


def say(what: str) -> None:
    """One line with the seconds since the start."""
    print(f"{time.monotonic() - BEGUN:6.1f} s  {what}", flush=True)


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for something, not for ever."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"not within {PATIENCE} s: {what}"
        time.sleep(0.2)
    say(what)


def asked(*command: str, **environment: str) -> str:
    """What a command prints."""
    own = os.environ | environment
    done = subprocess.run(command, env=own, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout.strip()


# The cluster.


def install() -> None:
    """Take SLURM from Debian's packages; nothing of it is started by that."""
    if all(map(shutil.which, ("slurmctld", "slurmd", "sbatch", "munged"))):
        return
    say(f"installing {', '.join(PACKAGES)}")
    quiet = {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", *PACKAGES]):
        subprocess.run(["apt-get", "-qq", *command], env=os.environ | quiet, check=True)


def free_ports() -> tuple[int, int]:
    """Two ports that nobody listens on."""
    with socket.socket() as first, socket.socket() as second:
        for one in (first, second):
            one.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


@contextmanager
def cluster(folder: Path) -> Iterator[None]:
    """The daemons of a cluster of this machine, which is then what all commands mean."""
    for name in ("state", "spool"):
        (folder / name).mkdir(parents=True)
    key, configuration = folder / "munge.key", folder / "slurm.conf"
    key.write_bytes(os.urandom(128))
    key.chmod(0o400)
    controller, node = free_ports()
    text = CONFIGURATION.format(host=HOST, folder=folder, controller=controller, node=node)
    configuration.write_text(text, encoding="utf-8")
    os.environ["SLURM_CONF"] = str(configuration)
    munged = ["munged", "--foreground", "--force", f"--socket={folder}/munge.socket"]
    munged += [f"--{name}-file={folder}/munge.{name}" for name in ("key", "pid", "log", "seed")]
    commands = (munged, ["slurmctld", "-D"], ["slurmd", "-D", "-N", HOST])
    with ExitStack() as stack:
        for command in commands:
            stack.enter_context(daemon(command, folder / f"{command[0]}.out"))
        ready = "until sinfo -h -p low -o %T | grep -q idle; do sleep 0.2; done"
        subprocess.run(["bash", "-c", ready], stderr=subprocess.DEVNULL, timeout=60, check=True)
        say("the cluster is up")
        try:
            yield
        finally:
            subprocess.run(["scancel", "--user=root"], timeout=60, check=False)
            until(lambda: not asked("squeue", "-h"), "the queue is empty")


@contextmanager
def daemon(command: Sequence[str], log: Path) -> Iterator[None]:
    """A process in the foreground, until the end of the block."""
    with open(log, "wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def ours(folder: Path) -> list[str]:
    """The processes whose command or environment names the folder; zombies have neither."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        if int(path.name) != os.getpid():
            try:
                command = (path / "cmdline").read_bytes()
                environment = (path / "environ").read_bytes()
            except OSError:
                continue
            if os.fsencode(folder) in command + environment:
                found.append(f"{path.name} {command.replace(bytes(1), b' ').decode()}")
    return found


# The jobs.


class Array:
    """The array of two elements, and what it has made so far.

    Args:
        folder: below which its tree, store, steps and logs lie.
    """

    def __init__(self, folder: Path):
        self.store, self.notes, self.tree = (folder / name for name in ("store", "steps", "tree"))
        self.notes.mkdir(parents=True)
        (self.notes / "slowly").touch()
        self.tree.mkdir()
        (self.tree / ".venv").symlink_to(ROOT / ".venv")
        (self.tree / "reproduce.py").symlink_to(SLOW)
        self.job = ""

    def submit(self) -> None:
        """Start both elements, with a loader process each."""
        own = ("--partition=low", "--gres=none", "--cpus-per-task=1", "--mem=500", "--time=60")
        command = ("sbatch", "--parsable", "--array=0-1", *own, f"--chdir={self.tree}")
        options = ("--table", "slow", "--out", str(self.store), "--device", "cpu", "--workers", "1")
        self.job = asked(*command, str(SCRIPT), *options, RETABLE_STEPS=str(self.notes))
        say(f"job {self.job} submitted: {' '.join(own)}")

    def shown(self, field: str) -> set[str]:
        """What the controller says of the elements: JobState, Restarts, ExitCode, ..."""
        words = asked("scontrol", "show", "job", self.job).split()
        return {word.removeprefix(f"{field}=") for word in words if word.startswith(f"{field}=")}

    def become(self, state: str, what: str) -> None:
        """Wait until both elements are in a state."""
        until(lambda: self.shown("JobState") == {state}, what)

    def steps(self) -> dict[str, list[str]]:
        """By training, the process of each step."""
        paths = sorted(self.notes.glob("*.steps"))
        return {path.stem: path.read_text(encoding="utf-8").splitlines() for path in paths}

    def in_the_middle(self) -> None:
        """Wait until both trainings have taken some steps."""
        before = {name: len(taken) for name, taken in self.steps().items()}

        def onward() -> bool:
            now = self.steps()
            return len(now) == 2 and all(
                len(taken) - before.get(name, 0) >= ONWARD for name, taken in now.items()
            )

        until(onward, "two trainings go on")

    def stopped(self) -> None:
        """See that each training has a checkpoint of its last step, and that nobody is left."""
        assert not (left := ours(self.store)), f"processes are left: {left}"
        taken = {name: len(steps) for name, steps in self.steps().items()}
        found = self.store.glob("runs/*/checkpoint.pt")
        saved = [torch.load(path, weights_only=True)["step"] for path in found]
        say(f"steps taken: {taken}; checkpoints of steps {sorted(saved)}")
        assert sorted(saved) == sorted(taken.values())
        assert max(saved) < STEPS, "a training was over: it was not stopped in the middle"

    def log(self) -> str:
        """What the elements have printed."""
        logs = sorted(self.tree.glob("slurm-*.out"))
        return "\n".join(f"{path.name}:\n{path.read_text(encoding='utf-8')}" for path in logs)


# The ways in which it is stopped. Each begins with two trainings and ends with them requeued.


def cancelled(array: Array) -> None:
    """By its user: it does not come back by itself."""
    asked("scancel", array.job)
    array.become("CANCELLED", "cancelled by its user")
    array.stopped()
    time.sleep(10)  # longer than a requeued job waits
    assert array.shown("JobState") == {"CANCELLED"}, "it came back"
    array.submit()


def preempted(array: Array, grace: int) -> None:
    """By a job that takes both processors; SLURM gives some seconds, or only those of KillWait."""
    asked("scontrol", "update", "PartitionName=low", f"GraceTime={grace}")
    job = asked("sbatch", "--parsable", "--partition=high", "-c2", "-o/dev/null", "--wrap=sleep 5")
    state = ("squeue", "-h", "-j", job, "-o", "%T")
    until(lambda: asked(*state) == "RUNNING", f"preempted by job {job}, with {grace} s of grace")
    array.stopped()
    assert array.shown("JobState") == {"PENDING"}, "it was not requeued"


def out_of_time(array: Array) -> None:
    """Two minutes before the end of its time."""
    asked("scontrol", "update", f"JobId={array.job}", "TimeLimit=2")
    array.become("PENDING", "its time is over")
    array.stopped()
    asked("scontrol", "update", f"JobId={array.job}", "TimeLimit=60")


STOPS = (cancelled, partial(preempted, grace=30), partial(preempted, grace=0), out_of_time)


# What came of it.


def plain(store: Path, only: str = "*") -> None:
    """Fill the table, or some of its rows, by one process."""
    notes = store.with_suffix(".steps")
    notes.mkdir()
    options = ("--table", "slow", "--only", only, "--out", str(store), "--device", "cpu")
    asked(sys.executable, str(SLOW), *options, RETABLE_STEPS=str(notes), OMP_NUM_THREADS="1")
    say(f"a plain command has made the rows {only}")


def results(store: Path) -> dict[str, object]:
    """Everything in a store that must not depend on how it came about."""
    found: dict[str, object] = {}
    for path in [*store.rglob("*.safetensors"), *store.rglob("*.png"), *store.rglob("*.csv")]:
        found[str(path.relative_to(store))] = path.read_bytes()
    for path in store.rglob("scores/*.json"):
        record = json.loads(path.read_text(encoding="utf-8"))
        del record["seconds"], record["machine"]
        found[str(path.relative_to(store))] = record
    return found


def check(array: Array, reference: Path, attempts: int) -> None:
    """See that nothing was done twice or at the same time, and that the numbers are the same."""
    for name, taken in array.steps().items():
        processes = [process for process, _ in groupby(taken)]
        say(f"{name}: {len(taken)} steps by {len(processes)} processes, one after the other")
        assert len(taken) == STEPS, "a step was repeated"
        assert len(set(processes)) == len(processes) == attempts
    one, other = results(reference), results(array.store)
    assert one.keys() == other.keys(), one.keys() ^ other.keys()
    differ = [name for name in one if one[name] != other[name]]
    assert not differ, f"these differ: {differ}"
    say(f"{len(one)} files of weights, scores, pictures and tables are the same")


def main() -> int:
    """Do all of it in a folder that is deleted at the end."""
    install()
    with tempfile.TemporaryDirectory(prefix="retable-slurm-") as name:
        folder = Path(name)
        reference, array = folder / "plain", Array(folder / "array")
        plain(reference)
        plain(array.store, only="Tiny / L_1")  # what is left are the two long trainings
        try:
            with cluster(folder / "cluster"):
                array.submit()
                for stop in STOPS:
                    array.in_the_middle()
                    stop(array)
                (array.notes / "slowly").unlink()
                array.become("COMPLETED", "both elements are through")
                assert array.shown("Restarts") == {str(len(STOPS) - 1)}  # cancelled: a new one
                assert array.shown("ExitCode") == {"0:0"}
            check(array, reference, attempts=len(STOPS) + 1)
        except BaseException:
            print(array.log())
            raise
        assert not (left := ours(folder)), f"processes are left: {left}"
    say("all holds, and no process is left")
    return 0


if __name__ == "__main__":
    sys.exit(main())
