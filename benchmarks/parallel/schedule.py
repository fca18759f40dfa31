"""How long jobs that wait for each other take in several places: a list schedule of plain data.

tasks = {"judge": Task(60), "row": Task(300), "scores": Task(20, needs=("judge", "row"))}
remaining(tasks, places=2)  # 320: the judge is trained beside the row
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any


@dataclass(frozen=True)
class Task:
    """A job that is not done.

    seconds: that it takes, or that are left of it; 0 or more.
    needs: ids of the tasks before it. What is none of the tasks at hand is done and counts as such.
    """

    seconds: float
    needs: Collection[Hashable] = ()


def longest_chain(tasks: Mapping[Any, Task]) -> float:
    """Seconds of the longest chain of tasks of which each waits for the one before it.

    No number of places makes them all in less.

    Args:
        tasks: by their ids.

    Raises:
        CycleError: some wait for each other in a circle.
    """
    return max(_chains(tasks).values(), default=0.0)


def remaining(tasks: Mapping[Any, Task], places: int, running: Collection[Hashable] = ()) -> float:
    """Seconds until all is done, if a place that becomes free takes a task that waits for nothing.

    Of several it takes the one with the longest chain behind it, then the first. With nothing
    running that is at most `total / places + (1 - 1 / places) * longest_chain(tasks)`, so less than
    twice what the best plan takes.

    Args:
        tasks: by their ids. places: in each of which one task runs at a time; 1 or more.
        running: ids of the tasks that hold a place now, whatever they need; if there are more of
            them than places, the next begins when there are fewer.

    Raises:
        CycleError: some wait for each other in a circle.
    """
    chains, position = _chains(tasks), {one: i for i, one in enumerate(tasks)}
    graph = TopologicalSorter(
        {one: () if one in running else _open(task, tasks) for one, task in tasks.items()}
    )
    graph.prepare()
    waiting: list[tuple[float, int, Any]] = []
    busy = [(tasks[one].seconds, position[one], one) for one in tasks if one in running]
    heapq.heapify(busy)
    now = 0.0
    while graph:
        for one in graph.get_ready():
            if one not in running:
                heapq.heappush(waiting, (-chains[one], position[one], one))
        while waiting and len(busy) < places:
            _, order, one = heapq.heappop(waiting)
            heapq.heappush(busy, (now + tasks[one].seconds, order, one))
        now = busy[0][0]
        while busy and busy[0][0] == now:
            graph.done(heapq.heappop(busy)[-1])
    return now


def _chains(tasks: Mapping[Any, Task]) -> dict[Any, float]:
    """Of each task the seconds of the longest chain that begins with it."""
    order = TopologicalSorter({one: _open(task, tasks) for one, task in tasks.items()})
    behind = dict.fromkeys(tasks, 0.0)
    chains = {}
    for one in reversed(list(order.static_order())):
        chains[one] = tasks[one].seconds + behind[one]
        for needed in _open(tasks[one], tasks):
            behind[needed] = max(behind[needed], chains[one])
    return chains


def _open(task: Task, tasks: Mapping[Any, Task]) -> list[Any]:
    """The tasks for which one waits."""
    return [one for one in task.needs if one in tasks]
