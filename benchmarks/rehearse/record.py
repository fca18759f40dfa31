"""What a machine has rehearsed so far, in one file: `results/rehearsals/<machine>.json`.

An entry is of a kind of training, of a network on a test image, or of a metric, and has the digest
of the code that made it. It is written after each of them, so that a rehearsal that is interrupted
goes on where it was. Beside the entries stand the rows of the tables that were rehearsed, as
reports show them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

import torch

from benchmarks.declare.runs import Run
from benchmarks.engine.machine import machine
from benchmarks.engine.progress import say
from benchmarks.engine.store import write_file
from benchmarks.rehearse.kinds import kind_of
from benchmarks.rehearse.measuring import Measured
from benchmarks.rehearse.training import Steps

_Entry = TypeVar("_Entry", Steps, Measured)
_CPU = Path("/proc/cpuinfo")


@dataclass
class Record:
    """The rehearsals of one machine.

    path: of the file. machine: what it is, in words and numbers. entries: by kind or key.
    tables: rows by the table's name, then by the key of their line; see `document.as_row`.
    """

    path: Path
    machine: dict[str, Any]
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, results: Path, device: torch.device) -> Record:
        """The record of this machine below a results folder; empty where there is none."""
        here = machine(device)
        if device.type == "cpu":
            here["processor"] = _processor(here["processor"])
        threads = "" if device.type == "cuda" else f" {in_threads(here['threads'])}"
        words = f"{here['processor']}{threads} torch {here['torch']}"
        name = re.sub(r"[^a-z0-9.]+", "-", words.lower()).strip("-")
        found = cls(results / "rehearsals" / f"{name}.json", here)
        found._read()
        return found

    def _read(self) -> None:
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
            self.entries = {str(key): dict(entry) for key, entry in content["entries"].items()}
            tables = content.get("tables", {})
            self.tables = {str(name): dict(rows) for name, rows in tables.items()}
        except FileNotFoundError:
            return
        except (ValueError, TypeError, KeyError, AttributeError):
            say(f"{self.path} is no record of rehearsals; it is written anew")

    def steps(self, run: Run) -> Steps | None:
        """Two steps of a run's kind, whatever code made them; None where it was not rehearsed."""
        return _entry(Steps, self.entries.get(kind_of(run)))

    def seconds(self, run: Run) -> float | None:
        """How long a training will take by its rehearsal; None where there was none."""
        steps = self.steps(run)
        return None if steps is None else steps.step_seconds * int(run.training.steps)

    def made(
        self,
        key: str,
        code: str,
        kind: type[_Entry],
        make: Callable[[], _Entry],
        usable: Callable[[_Entry], bool],
    ) -> _Entry:
        """An entry that this code made, or a new one, which is written at once.

        Args:
            usable: whether an entry that is there is what is wanted.
        """
        known = self.entries.get(key, {})
        entry = _entry(kind, known)
        if entry is not None and known.get("code") == code and usable(entry):
            return entry
        entry = make()
        self.entries[key] = {**asdict(entry), "code": code}
        self.write()
        return entry

    def write(self) -> None:
        """Write the file; its old content stays if that fails."""
        content = {"machine": self.machine, "entries": self.entries, "tables": self.tables}
        write_file(self.path, json.dumps(content, indent=1).encode())


def in_threads(number: int) -> str:
    """How many threads compute, in words."""
    return f"{number} thread{'' if number == 1 else 's'}"


def _entry(kind: type[_Entry], known: dict[str, Any] | None) -> _Entry | None:
    """An entry of the file as what it is; None where it is none, or another's."""
    names = {one.name for one in fields(kind)}
    if known is None or not known.keys() >= names:
        return None
    values: dict[str, Any] = {name: known[name] for name in names}
    make: Callable[..., _Entry] = kind
    return make(**{n: tuple(v) if isinstance(v, list) else v for n, v in values.items()})


def _processor(otherwise: str) -> str:
    """The name of the processor, where the system tells it."""
    try:
        lines = _CPU.read_text(encoding="utf-8").splitlines()
    except OSError:
        return otherwise
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return (names or [otherwise])[0]
