"""How long what is left of exhibits takes on several devices.

in_words(left(work.jobs(), status), devices=8, timing=Timing(status, record))
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace

from benchmarks.declare.runs import Run
from benchmarks.engine.graph import trainings_before
from benchmarks.engine.plan import Job
from benchmarks.engine.progress import clock
from benchmarks.engine.score import Score
from benchmarks.engine.status import Expected, State, Status
from benchmarks.parallel.schedule import Task, longest_chain, remaining
from benchmarks.parallel.timing import Timing
from benchmarks.rehearse.arithmetic import ACCELERATORS
from datasets.images import DataError

Jobs = Mapping[Hashable, Job]


def left(jobs: Iterable[Job], status: Status) -> dict[Hashable, Job]:
    """The jobs that are not done, each once, by the run or the scores that they make.

    Args:
        jobs: of one exhibit or of several, each after what it needs.

    Returns:
        Of the scores of a job those that are not there, or will be of other weights once what they
        need is trained again, and that no job before it measures. What lacks its data is left.
    """
    found: dict[Hashable, Job] = {}
    counted: set[Score] = set()
    again = status.redo(State("stale"))
    for job in jobs:
        scores = []
        for score in job.scores:
            outdated = again and not trainings_before(score).isdisjoint(found)
            if score not in counted and (outdated or _waits(score, status)):
                counted.add(score)
                scores.append(score)
        if scores:
            found[tuple(scores)] = replace(job, scores=tuple(scores))
        elif not job.scores and isinstance(job.provider, Run) and _waits(job.provider, status):
            found.setdefault(job.provider, job)
    return found


def in_words(jobs: Jobs, devices: int, timing: Timing) -> list[str]:
    """How long jobs take on one device and on so many, by whom they were timed, and which were not.

    Args:
        jobs: as `left` gives them.

    Returns:
        One line for each: times of this machine, jobs without any, and estimates of others.
    """
    if not jobs:
        return ["nothing is left to be trained or measured"]
    known = {key: timing.expected(job) for key, job in jobs.items()}
    found = {key: one for key, one in known.items() if one is not None}
    lines = []
    if found:
        scheduled = _scheduled(jobs, {key: one.seconds for key, one in found.items()}, devices)
        lines.append(f"{scheduled}, by {_sources(found.values())} ({timing.status.device})")
    if untimed := len(jobs) - len(found):
        have = f"{untimed} of {len(jobs)} jobs {'has' if untimed == 1 else 'have'}"
        lines.append(f"{have} no timing: not counted (--rehearse gives timings)")
    for accelerator in ACCELERATORS:
        there = {key: timing.elsewhere(job, accelerator) for key, job in jobs.items()}
        seconds = {key: one for key, one in there.items() if one is not None}
        if any(seconds.values()):
            without = f", without {len(jobs) - len(seconds)} of {len(jobs)} jobs"
            scheduled = _scheduled(jobs, seconds, devices)
            told = f"estimated on {accelerator.name} from operations: {scheduled}"
            lines.append(told + without * (len(seconds) < len(jobs)))
    return lines


def _waits(what: Run | Score, status: Status) -> bool:
    """Whether a run or a score must be made."""
    try:
        return status.redo(
            status.state(what) if isinstance(what, Run) else status.score_state(what)
        )
    except DataError:
        return True


def _scheduled(jobs: Jobs, seconds: Mapping[Hashable, float], devices: int) -> str:
    """The time of jobs on one device and on several, in words.

    Args:
        seconds: of jobs; what has none takes no time, and others wait for it all the same.
    """
    tasks = {
        key: Task(seconds.get(key, 0.0), trainings_before(job.scores or job.provider))
        for key, job in jobs.items()
    }
    alone = clock(sum(task.seconds for task in tasks.values()))
    several = f", on {devices} devices {clock(remaining(tasks, devices))}" if devices > 1 else ""
    return f"on 1 device {alone}{several} (longest chain {clock(longest_chain(tasks))})"


def _sources(found: Iterable[Expected]) -> str:
    """Whose times they are."""
    rehearsed = {one.rehearsed for one in found}
    names = (("finished runs", False), ("rehearsals", True))
    return " and ".join(name for name, how in names if how in rehearsed) + " on this machine"
