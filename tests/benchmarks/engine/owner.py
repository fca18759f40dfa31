"""A process that holds a folder whose leases are short: `python owner.py FOLDER [no-flock]`.

It says `held`, writes each line that it reads into the file `a` and says `written`, and lets go of
the folder at the end of its input. What forbids it is said in its place, with status 75.
"""

import hashlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from benchmarks.engine import holding
from benchmarks.engine.stopping import NOT_NOW, NotNow
from benchmarks.engine.store import RunFolder

LEASE = 2.0  # seconds


class NoLock:
    """Flock on a file system that knows it on one machine alone, as the other machine sees it."""

    def __init__(self, path, **options):
        pass

    def acquire(self, timeout):
        pass

    def release(self):
        pass


def asked_to_write(process, text):
    """What an owner says when it is asked to write."""
    process.stdin.write(f"{text}\n")
    process.stdin.flush()
    return process.stdout.readline()


def digests(path):
    """Every file below a folder by its name, those of locks too."""
    return {
        file.relative_to(path).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in path.rglob("*")
        if file.is_file()
    }


def lease_of(folder, host="elsewhere", duration=LEASE):
    """Put a lease into a folder as an owner on another machine does."""
    folder.path.mkdir(exist_ok=True)
    marker = f"filelock/2\npid=1\nhost={host}\nmode=lease\ntoken=1234\nduration={duration}\n"
    (folder.path / ".lease").write_text(marker, encoding="utf-8")


def main(path, *without):
    holding.DURATION, holding.HEARTBEAT = LEASE, LEASE / 8
    if without:
        holding.FileLock = NoLock
    folder = RunFolder(Path(path))
    try:
        with folder.locked(wait=False):
            print("held", flush=True)
            for line in sys.stdin:
                folder.write("a", line.encode())
                print("written", flush=True)
    except NotNow as reason:
        print(reason, flush=True)
        return NOT_NOW
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
