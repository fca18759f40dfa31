"""What a command line asks for, read once."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from benchmarks.declare.training import Precision

RESULTS = Path(__file__).resolve().parents[2] / "results"


@dataclass(frozen=True)
class Request:
    """A parsed command line.

    verb: what to do, such as "table"; words: what it was given, such as names of tables.
    micro_batch: images per piece of a training step, 0 for whole batches; in a rehearsal, images
        of a batch at once, 0 for as many as fit.
    out: the folder for store and tables, None where none was named.
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
    refresh: bool = False
    device: str = ""
    workers: int | None = None
    micro_batch: int = 0
    precision: Precision = "float32"
    compiled: bool = False
    out: Path | None = None

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
            refresh=arguments.refresh,
            device=arguments.device,
            workers=arguments.workers,
            micro_batch=arguments.micro_batch,
            precision=arguments.precision or "float32",
            compiled=arguments.compile,
            out=arguments.out,
        )

    @property
    def results(self) -> Path:
        """The folder that holds runs, tables and studies."""
        return self.out or RESULTS
