"""What a command line asks for, read once."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.declare.training import Precision

RESULTS = Path(__file__).resolve().parents[2] / "results"


@dataclass(frozen=True)
class Request:
    """A parsed command line.

    verb: what to do, such as "table"; words: what it was given, such as names of tables.
    gpus: how many devices a plan counts on, 0 where it says nothing of them.
    micro_batch: images per piece of a training step, 0 for whole batches; in a rehearsal, images
        of a batch at once, 0 for as many as fit.
    out: the folder for store and tables, None where none was named.
    job: the name of the one job that this process is to make; "" for everything.
    join: whether the jobs are shared with other processes that were started alike.
    parallel: how many processes make the jobs on this machine; 0 for this one alone.
    cluster: the address of a Ray cluster that makes them; "" for none.
    gpus_per_run, cpus_per_run: what each of those processes has.
    """

    verb: str
    words: tuple[str, ...] = ()
    profile: str = "smoke"
    data_root: Path | None = None
    train_set: tuple[str, ...] = ()
    test_set: tuple[str, ...] = ()
    only: str = ""
    seeds: int = 1
    formats: tuple[str, ...] = ()
    strict: bool = False
    plan: bool = False
    gpus: int = 0
    refresh: bool = False
    device: str = ""
    workers: int | None = None
    micro_batch: int = 0
    precision: Precision = "float32"
    compiled: bool = False
    out: Path | None = None
    job: str = ""
    join: bool = False
    parallel: int = 0
    cluster: str = ""
    gpus_per_run: int = 1
    cpus_per_run: int = 1

    @classmethod
    def of(cls, arguments: argparse.Namespace, verbs: tuple[str, ...]) -> Request:
        """The request of parsed arguments, of which exactly one of the verbs is given."""
        values = vars(arguments)
        verb = next(name for name in verbs if values[name] not in (None, False))
        given = values[verb]
        words = (
            () if given is True else tuple(map(str, [given] if isinstance(given, str) else given))
        )
        return cls(
            verb=verb,
            words=words,
            profile=arguments.profile or ("paper" if verb in ("fetch", "rehearse") else "smoke"),
            data_root=arguments.data_root,
            train_set=tuple(arguments.train_set or ()),
            test_set=tuple(arguments.test_set or ()),
            only=arguments.only,
            seeds=arguments.seeds,
            formats=tuple(arguments.format or ()),
            strict=arguments.strict,
            plan=arguments.plan,
            gpus=arguments.gpus,
            refresh=arguments.refresh,
            device=arguments.device,
            workers=arguments.workers,
            micro_batch=arguments.micro_batch,
            precision=arguments.precision or "float32",
            compiled=arguments.compile,
            out=arguments.out,
            job=arguments.run,
            join=arguments.join,
            parallel=arguments.parallel,
            cluster=arguments.cluster,
            gpus_per_run=arguments.gpus_per_run or 1,
            cpus_per_run=arguments.cpus_per_run or 1,
        )

    @property
    def shared(self) -> bool:
        """Whether other processes than this one make the jobs."""
        return self.join or bool(self.parallel) or bool(self.cluster)

    def command_of(self, job: str) -> tuple[str, ...]:
        """The command that makes one job of this request in a process of its own."""
        options: dict[str, Any] = {
            "--profile": self.profile,
            "--data-root": self.data_root and self.data_root.resolve(),
            "--train-set": self.train_set,
            "--test-set": self.test_set,
            "--only": self.only,
            "--seeds": self.seeds,
            "--refresh": self.refresh,
            "--device": self.device,
            "--workers": None if self.workers is None else str(self.workers),
            "--micro-batch": self.micro_batch,
            "--precision": self.precision,
            "--compile": self.compiled,
            "--out": self.results.resolve(),
            "--run": job,
        }
        words = ["reproduce.py", f"--{self.verb}", *self.words]
        for option, value in options.items():
            if value:
                values = value if isinstance(value, tuple) else () if value is True else (value,)
                words += [option, *map(str, values)]
        return tuple(words)

    @property
    def results(self) -> Path:
        """The folder that holds runs, tables and studies."""
        return self.out or RESULTS
