"""Little scripts that stand for runs, fake GPUs, and looks at processes."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from idle import idle_share

ROOT = Path(__file__).resolve().parents[3]

# What a child does after it has written who it is, by name.
SCRIPT = """
import json, os, signal, subprocess, sys, time
sys.path.insert(0, {root!r})
from benchmarks.parallel.child import end_with_parent

told, does, *more = sys.argv[1:]
if does == "watched":  # ends as a training does: with a checkpoint
    def checkpoint(*_):
        open(told + ".checkpoint", "w").close()
        sys.exit(75)
    signal.signal(signal.SIGTERM, checkpoint)
    end_with_parent()
if does == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    end_with_parent()
loader = 0
if "loader" in more:  # spares nobody's time, and hears nothing
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(100)"
    loader = subprocess.Popen([sys.executable, "-c", code]).pid
names = ("CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS", "RANK", "LOCAL_RANK", "WORLD_SIZE")
me = {{"pid": os.getpid(), "loader": loader, "arguments": sys.argv[1:], "folder": os.getcwd()}}
me["environment"] = {{name: os.environ.get(name) for name in names}}
me["parent"] = os.getppid()
path = told + os.environ.get("RANK", "")
with open(path + ".part", "w") as file:
    json.dump(me, file)
os.rename(path + ".part", path)
if does == "ends":
    sys.exit(int(more[0]) if more else 0)
if does == "shouts":
    for number in range(100_000):
        print("a line of", number, "τ" * 20, file=sys.stderr)
        print("a line of", number)
    sys.exit("the end")
if does == "fails" and os.environ.get("RANK", "1") == "1":
    sys.exit(int(more[0]))
time.sleep(100)
"""


def script(folder: Path) -> str:
    """The path of the script that children run."""
    path = folder / "child.py"
    path.write_text(SCRIPT.format(root=str(ROOT)), encoding="utf-8")
    return str(path)


def until(condition, seconds=120.0):
    """What a condition gives once it is true; fails where that takes longer."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            pytest.fail(f"not within {seconds} s")
        time.sleep(0.05)
    return value


def promised():
    """Seconds after which a driver that was killed has no child; more where all is slow."""
    return 10.0 if idle_share() > 0.2 else 30.0


def told(path: Path) -> dict:
    """What a child has written about itself."""
    until(path.exists)
    return json.loads(path.read_text(encoding="utf-8"))


def family(*told_by: dict) -> list[int]:
    """The processes of children that run: their own and their loaders'."""
    pids = [me[name] for me in told_by for name in ("pid", "loader")]
    return [pid for pid in pids if pid and alive(pid)]


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and is not asked for any more does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def kill_all(folder: Path) -> None:
    """Kill what is left of the children that have written about themselves in a folder."""
    for path in folder.rglob("*"):
        if path.is_file() and path.read_bytes().startswith(b'{"pid"'):
            for pid in family(json.loads(path.read_text(encoding="utf-8"))):
                os.kill(pid, signal.SIGKILL)


DRIVER = f"""
import sys, time
sys.path.insert(0, {str(ROOT)!r})
from benchmarks.parallel.gpus import gpu_slots
from benchmarks.parallel.local import LocalPlace
each, *commands = sys.argv[1:]
place = LocalPlace(gpu_slots(int(each)), threads="1")
for command in commands:
    place.start(command.split())
while True:
    place.room()
    time.sleep(0.1)
"""


@contextmanager
def driver(each, *commands):
    """A driver in a process of its own, with `each` GPUs for each of some commands."""
    process = subprocess.Popen([sys.executable, "-c", DRIVER, str(each), *commands])
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def fake_nvidia_smi(folder: Path, answer: str, status: int = 0) -> str:
    """A folder for PATH in which nvidia-smi gives an answer, or fails with it."""
    program = folder / "nvidia-smi"
    program.parent.mkdir(exist_ok=True)
    code = f"import sys\nsys.stdout.write({answer!r})\nsys.exit({status})\n"
    program.write_text(f"#!{sys.executable}\n{code}", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return str(folder)
