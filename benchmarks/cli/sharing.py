"""--join, --parallel, --cluster: let processes make the jobs; --run: be one of them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from benchmarks.cli.session import Session
from benchmarks.declare.errors import UsageError, tell
from benchmarks.engine.execute import Engine
from benchmarks.engine.problems import Failed
from benchmarks.engine.progress import say
from benchmarks.engine.ranks import ranks
from benchmarks.engine.steps import missing
from benchmarks.engine.stopping import NotNow
from benchmarks.engine.store import StoreError
from benchmarks.engine.work import Work
from benchmarks.parallel import exits
from benchmarks.parallel.child import end_with_parent
from benchmarks.parallel.cluster import ClusterPlace
from benchmarks.parallel.driver import Driver
from benchmarks.parallel.gpus import cpu_slots, gpu_slots
from benchmarks.parallel.jobs import NamedJob, named_jobs
from benchmarks.parallel.local import LocalPlace
from benchmarks.parallel.place import Place, PlaceLost
from datasets.images import DataError


def share(works: Sequence[Work], session: Session) -> None:
    """Let other processes make what the works need; returns when nothing is left to be tried.

    Raises:
        UsageError: there are not so many GPUs, or no such cluster.
        StoreError: the store cannot be written.
        NotNow: the cluster is gone.
    """
    jobs = named_jobs([work for work in works if not work.refusal()], session.engine.status)
    try:
        place, request, expected = place_of(session), session.request, session.timing.expected
        driver = Driver(
            jobs, session.engine, place, request.command_of, expected, in_order=not request.join
        )
        driver.make()
    except PlaceLost as reason:
        raise NotNow(str(reason)) from reason


def place_of(session: Session) -> Place:
    """Where the request wants its jobs to run.

    Raises:
        UsageError: there are not so many GPUs, or no such cluster.
    """
    request = session.request
    gpus = request.gpus_per_run if session.engine.device.type == "cuda" else 0
    if request.gpus_per_run > 1 and not gpus:
        raise UsageError("--gpus-per-run goes with GPUs, and none is used here")
    if request.cluster:
        needs = [path for path in (request.data_root, request.results) if path is not None]
        return ClusterPlace(request.cluster, gpus, request.cpus_per_run, needs)
    if request.join:  # whichever of the GPUs is free
        return LocalPlace(gpu_slots(gpus) if gpus else cpu_slots(1), most=1)
    return LocalPlace(gpu_slots(gpus, request.parallel) if gpus else cpu_slots(request.parallel))


def make_one(works: Sequence[Work], session: Session) -> int:
    """Make the one job that the request names, and nothing else.

    Returns:
        see `benchmarks.parallel.exits`.

    Raises:
        UsageError: the request has no such job.
    """
    end_with_parent()
    engine = session.engine
    try:
        with ranks(engine.device) as engine.ranks:
            return make_named(session.request.job, works, engine)
    except (DataError, StoreError) as error:
        tell(error)
        return exits.NO_STORE if isinstance(error, StoreError) else exits.NO_DATA


def make_named(name: str, works: Sequence[Work], engine: Engine) -> int:
    """Make the job of that name; of its scores those for which everything is there.

    Returns, Raises:
        see `make_one`, and
        DataError: its data cannot be used. StoreError: the store cannot be written.
    """
    jobs = {job.name: job for job in named_jobs(works, engine.status)}
    if name not in jobs:
        raise _unknown(name, works, engine, len(jobs))
    job = jobs[name]
    seen = job.done(), [need for need in sorted(job.needs) if not jobs[need].done()]
    # Of several ranks the first one decides: the store may change between two looks at it.
    done, absent = json.loads(engine.ranks.first(json.dumps(seen).encode()))
    if done:
        say(f"{job.label}: there already")
        return exits.DONE
    if (left := job.without(set(absent))) is None:
        say(f"{job.label}: waits for {', '.join(jobs[need].label for need in absent)}")
        return exits.NOT_NOW
    return _make(left, engine)


def _make(job: NamedJob, engine: Engine) -> int:
    """Make a job that has what it needs."""
    try:
        if job.scores:
            failed = engine.ensure_scores(job.scores, job.job.label)
            return exits.FAILED if failed else exits.DONE
        engine.ensure(job.job.provider, job.job.label, job.job.judge)
    except Failed:
        return exits.FAILED
    return exits.DONE


def _unknown(name: str, works: Sequence[Work], engine: Engine, known: int) -> Exception:
    """Why a job is not among those of a command: it has none such, or lacks what it is of."""
    for job in (job for work in works for job in work.jobs()):
        for problem in missing(engine.status, job.scores or job.provider):
            return DataError(f"--run {name}: {problem}")
    return UsageError(f"--run {name}: the command has no such job among its {known}")
