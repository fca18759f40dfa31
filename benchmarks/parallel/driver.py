"""Fills what several tables need with several processes; one table is then read off the store.

The driver makes nothing itself. It walks the jobs, starts those whose needs are there as processes
of their own where there is room, and passes over what another driver's process holds. How a job
stands is read from the store, whatever the exit status says: a process can be killed after its
last write, and a job can be made by somebody else.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from benchmarks.declare.errors import UsageError
from benchmarks.engine.execute import Engine
from benchmarks.engine.plan import Job
from benchmarks.engine.problems import Failed
from benchmarks.engine.progress import clock, say
from benchmarks.engine.status import Expected
from benchmarks.engine.store import StoreError
from benchmarks.parallel.exits import NO_STORE, NOT_NOW, USAGE
from benchmarks.parallel.jobs import NamedJob, Signature
from benchmarks.parallel.place import Child, Ended, Place
from benchmarks.parallel.schedule import Task, remaining

LOSSES = 3  # so often a job may be lost without a new checkpoint
PAUSE = 0.5  # seconds between two looks at what runs
AGAIN = 5.0  # seconds before another look at a job that could not be taken
TELL = 30.0  # seconds between two lines about each job that runs


@dataclass
class Watched:
    """A job that is not done yet.

    before: the failures that lay in the store when the driver began; they are of earlier attempts.
    not_before: when it may be tried again. losses: how often it was lost since `checkpoint`.
    """

    job: NamedJob
    before: Signature
    not_before: float = 0.0
    losses: int = 0
    checkpoint: str = ""

    def failed(self) -> Signature:
        """The failures that were recorded since the driver began, by whichever process."""
        return tuple(one for one in self.job.failures() if one not in self.before)


@dataclass
class Running:
    """A job with the process that makes it.

    first: the step at which it was first seen, and when.
    """

    watched: Watched
    child: Child
    begun: float
    first: tuple[int, float] | None = None


@dataclass
class Driver:
    """Gets jobs done.

    jobs: each after those that it needs.
    engine: is told which jobs failed, so that they are not tried again where the table is filled.
    command: the argument vector of a job, by its name.
    expected: how long a job takes, None if nothing tells.
    in_order: whether jobs begin in the order of the plan, row by row; else in any, so that drivers
        that begin at once do not all reach for the same job.
    pause, again, tell_every: seconds, see the constants.
    done, gone: names of jobs that are there, and of those that this command gives up.
    """

    jobs: Sequence[NamedJob]
    engine: Engine
    place: Place
    command: Callable[[str], Sequence[str]]
    expected: Callable[[Job], Expected | None] = lambda job: None
    in_order: bool = True
    pause: float = PAUSE
    again: float = AGAIN
    tell_every: float = TELL
    done: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    waiting: dict[str, Watched] = field(default_factory=dict)
    running: dict[str, Running] = field(default_factory=dict)
    told: float = field(default_factory=time.monotonic)
    times: dict[str, float | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.users = {
            job.name: {one.name for one in self.jobs if job.name in one.needs} for job in self.jobs
        }

    def make(self) -> None:
        """Get every job done that can be done; returns when nothing is left to be tried.

        Raises:
            StoreError: the store cannot be written; what runs has been stopped.
            UsageError: a child did not understand its command.
        """
        begun = time.monotonic()
        try:
            self._begin()
            if not self.waiting:
                return
            say(f"{len(self.waiting)} of {len(self.jobs)} jobs are to be done")
            while self.waiting or self.running:
                self._look()
                self._start()
                self._tell(time.monotonic())
                if self.waiting or self.running:
                    time.sleep(self.pause)
            say(f"the jobs took {clock(time.monotonic() - begun)}")
        finally:
            self.place.close()

    def _begin(self) -> None:
        """See what is there already."""
        for job in self.jobs:
            if job.needs <= self.done and job.done():
                self.done.add(job.name)
            else:
                self.waiting[job.name] = Watched(job, job.failures(), checkpoint=job.checkpoint)

    # What has ended.

    def _look(self) -> None:
        """See what has ended, here and elsewhere."""
        self.engine.status.forget()
        for name, running in list(self.running.items()):
            if (ended := running.child.ended()) is not None:
                del self.running[name]
                self._judge(running, ended)
        for watched in list(self.waiting.values()):
            job = watched.job
            if job.needs <= self.done and job.done():
                self._is_done(job)
            elif (failures := watched.failed()) and not job.folder.held_elsewhere():
                self._fails(watched, job.why(failures))
        self._let_go()

    def _judge(self, running: Running, ended: Ended) -> None:
        """What became of a job whose process has ended, by the store."""
        watched = running.watched
        job, took = watched.job, clock(time.monotonic() - running.begun)
        if job.done():
            say(f"{job.label}: done after {took}, {running.child.where}")
            self._is_done(job)
        elif failures := watched.failed():
            self._fails(watched, job.why(failures))
        elif ended.status == NO_STORE:
            raise StoreError(last_line(ended.told))
        elif ended.status == USAGE:
            raise UsageError(f"{job.label}: {last_line(ended.told)}")
        elif ended.status == NOT_NOW:
            watched.not_before = time.monotonic() + self.again
            self.waiting[job.name] = watched
        else:
            self._lost(watched, ended)

    def _lost(self, watched: Watched, ended: Ended) -> None:
        """A process ended and left neither a result nor a failure."""
        job, checkpoint = watched.job, watched.job.checkpoint
        watched.losses = 1 if checkpoint != watched.checkpoint else watched.losses + 1
        watched.checkpoint = checkpoint
        how = f"signal {-ended.status}" if ended.status < 0 else f"status {ended.status}"
        if watched.losses < LOSSES:
            say(f"{job.label}: lost ({how}); started again")
            self.waiting[job.name] = watched
            return
        why = f"its process ended {watched.losses} times without a result ({how})"
        self._fails(watched, ": ".join(filter(None, [why, last_line(ended.told)])))

    def _is_done(self, job: NamedJob) -> None:
        self.done.add(job.name)
        self.waiting.pop(job.name, None)

    def _fails(self, watched: Watched, why: str) -> None:
        """Give a job up for this command, and tell the engine, which fills the table."""
        job, ids = watched.job, self.engine.status.ids
        say(f"{job.label}: failed: {why}; see {job.folder.path}")
        names = [ids.score_id(score) for score in job.undone()] or [job.name]
        self.engine.failures |= {name: Failed(why) for name in names}
        self._gone(job.name)

    def _gone(self, name: str) -> None:
        self.gone.add(name)
        self.waiting.pop(name, None)

    def _let_go(self) -> None:
        """Drop what waits for what will not come, and trainings that serve no column any more."""
        while True:
            before = len(self.gone)
            for watched in list(self.waiting.values()):
                left = watched.job.without(self.gone)
                if left is None:
                    self._gone(watched.job.name)
                else:
                    watched.job = left
            for name in list(self.waiting):
                users = self.users[name]
                if users and not any(self._uses(user, name) for user in users - self.gone):
                    self._gone(name)
            if len(self.gone) == before:
                return

    def _uses(self, user: str, name: str) -> bool:
        """Whether a job still needs another; what it needed may be gone and it can do without."""
        watched = self.waiting.get(user)
        return watched is None or name in watched.job.needs

    # What begins.

    def _start(self) -> None:
        """Start what can be started, in the order of the plan."""
        room = self.place.room()
        for watched in self._startable():
            if room <= 0:
                return
            job = watched.job
            child = self.place.start(self.command(job.name))
            del self.waiting[job.name]
            self.running[job.name] = Running(watched, child, time.monotonic())
            say(f"{job.label}: begun, {child.where}")
            room -= 1

    def _startable(self) -> Iterator[Watched]:
        """What can be started now; what another process holds is not."""
        waiting = list(self.waiting.values())
        for watched in waiting if self.in_order else random.sample(waiting, len(waiting)):
            busy = {running.watched.job.folder.path for running in self.running.values()}
            job = watched.job
            if not job.needs <= self.done or job.folder.path in busy:
                continue
            if time.monotonic() < watched.not_before:
                continue
            if job.folder.held_elsewhere():
                watched.not_before = time.monotonic() + self.again
                continue
            yield watched

    # What is told.

    def _tell(self, now: float) -> None:
        if now - self.told >= self.tell_every:
            self.told = now
            for line in self.lines(now):
                say(line)

    def lines(self, now: float) -> Iterator[str]:
        """A line for each job that runs here or elsewhere, and one for all."""
        for running in self.running.values():
            told = f"{self._progress(running, now)}, {running.child.where}"
            yield f"{running.watched.job.label}: {told}"
        for watched in self.waiting.values():
            if watched.not_before > now and watched.job.folder.held_elsewhere():
                yield f"{watched.job.label}: in the hands of another process"
        done, run, wait = map(len, (self.done, self.running, self.waiting))
        yield f"{done} of {len(self.jobs)} jobs done, {run} run, {wait} wait{self._left(now)}"

    def _left(self, now: float) -> str:
        """How long all of it will take, in words; "" if nothing tells."""
        tasks, unknown = {}, 0
        for name, job, spent in self._unfinished(now):
            if (seconds := self._seconds(job)) is None:
                unknown += 1
            tasks[name] = Task(max(0.0, (seconds or 0.0) - spent), job.needs)
        if unknown == len(tasks):
            return ""
        places = max(1, len(self.running) + self.place.room())
        told = f"; about {clock(remaining(tasks, places, self.running))} left"
        return told + f", without {unknown} that nobody timed" * (unknown > 0)

    def _unfinished(self, now: float) -> Iterator[tuple[str, NamedJob, float]]:
        """The jobs that are not done, and the seconds that were spent on them."""
        for name, running in self.running.items():
            yield name, running.watched.job, now - running.begun
        for name, watched in self.waiting.items():
            yield name, watched.job, 0.0

    def _seconds(self, job: NamedJob) -> float | None:
        """How long a job takes from where it stood when that was first asked."""
        if job.name not in self.times:
            found = self.expected(job.job)
            self.times[job.name] = None if found is None else found.seconds
        return self.times[job.name]

    def _progress(self, running: Running, now: float) -> str:
        """The step, the rate and the time that is left, of a training; how long it measures."""
        job = running.watched.job
        if not job.steps:
            return f"for {clock(now - running.begun)}"
        step = job.step
        if running.first is None:
            running.first = (step, now)
        first, since = running.first
        told = f"step {step} of {job.steps}"
        if step > first and now > since:
            rate = (step - first) / (now - since)
            told += f", {rate:.3g} a second, about {clock((job.steps - step) / rate)} left"
        return told


def last_line(text: str) -> str:
    """The last line of what a process told; "" if it told nothing."""
    lines = text.strip().splitlines()
    return lines[-1].removeprefix("error: ") if lines else ""
