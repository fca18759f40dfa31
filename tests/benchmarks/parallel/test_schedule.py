"""The list schedule against bounds, against another simulation, and against the best of plans."""

from functools import cache
from graphlib import CycleError
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.parallel.schedule import Task, longest_chain, remaining


@st.composite
def graphs(draw, most=8):
    """Tasks of whole seconds, some of none; needs go to earlier ids, and to one that is done."""
    seconds = draw(st.lists(st.integers(0, 6), min_size=1, max_size=most))
    ids = [f"t{i}" for i in range(len(seconds))]
    needs = [draw(st.sets(st.sampled_from([*ids[:i], "done"]))) for i in range(len(ids))]
    tasks = {one: Task(s, n) for one, s, n in zip(ids, seconds, needs, strict=True)}
    return {one: tasks[one] for one in draw(st.permutations(ids))}


PLACES = st.integers(1, 4)
QUIETLY = settings(deadline=None)  # a busy machine is no failure


def paths(tasks, one):
    """Seconds of every path that begins with a task."""
    after = [other for other, task in tasks.items() if one in task.needs]
    below = [length for other in after for length in paths(tasks, other)]
    return [tasks[one].seconds + length for length in below or [0]]


def longest(tasks):
    return max(length for one in tasks for length in paths(tasks, one))


def second_by_second(tasks, places, order, running=()):
    """The same, by looking at every second: whole seconds only, tasks of none within one."""
    left = {one: task.seconds for one, task in tasks.items()}
    busy, done, now = set(running), set(), 0
    while True:
        busy |= begun(tasks, places, order, busy, done)
        if finished := {one for one in busy if left[one] == 0}:
            busy -= finished
            done |= finished
        elif busy:
            now += 1
            left |= {one: left[one] - 1 for one in busy}
        else:
            return now


def begun(tasks, places, order, busy, done):
    """What begins now: the first in the order that wait for nothing."""
    return set(ready(tasks, order, busy | done, done)[: max(0, places - len(busy))])


def ready(tasks, order, begun, done):
    return [
        one for one in order if one not in begun and not (set(tasks[one].needs) & set(tasks)) - done
    ]


def best_of_plans(tasks, places):
    """Seconds of the best plan, also of those that leave a place empty on purpose."""

    @cache
    def rest(done, busy):
        if len(done) == len(tasks):
            return 0
        free = ready(tasks, tasks, done | {one for one, _ in busy}, done)
        most = min(len(free), places - len(busy))
        ends = []
        for chosen in (c for n in range(most + 1) for c in combinations(free, n)):
            now_busy = busy | {(one, tasks[one].seconds) for one in chosen}
            if now_busy:
                step = min(left for _, left in now_busy)
                ended = done | {one for one, left in now_busy if left == step}
                going_on = ((one, left - step) for one, left in now_busy if left > step)
                ends.append(step + rest(ended, frozenset(going_on)))
        return min(ends)

    return rest(frozenset(), frozenset())


def by_chain(tasks):
    return sorted(tasks, key=lambda one: -max(paths(tasks, one)))


@QUIETLY
@given(graphs(), PLACES)
def test_schedule_lies_within_the_bounds_of_every_list_schedule(tasks, places):
    total, chain = sum(task.seconds for task in tasks.values()), longest(tasks)
    assert longest_chain(tasks) == chain
    made = remaining(tasks, places)
    assert max(chain, total / places) <= made
    assert made <= total / places + chain * (1 - 1 / places) + 1e-9


@QUIETLY
@given(graphs(), PLACES)
def test_schedule_is_that_of_another_simulation(tasks, places):
    assert remaining(tasks, places) == second_by_second(tasks, places, by_chain(tasks))


@settings(QUIETLY, max_examples=60)
@given(graphs(most=6), st.integers(1, 3))
def test_no_plan_is_better_by_more_than_graham_says(tasks, places):
    best = best_of_plans(tasks, places)
    assert best <= remaining(tasks, places) <= (2 - 1 / places) * best + 1e-9


@QUIETLY
@given(graphs(), PLACES, st.data())
def test_running_tasks_hold_their_places(tasks, places, data):
    free = [one for one, task in tasks.items() if not set(task.needs) & set(tasks)]
    running = data.draw(st.sets(st.sampled_from(free))) if free else set()
    made = remaining(tasks, places, running)
    assert made == second_by_second(tasks, places, by_chain(tasks), running)
    assert made >= max([longest(tasks), *(tasks[one].seconds for one in running)])


def test_chain_goes_before_what_came_first():
    """In the order of the jobs the long chain would begin when the short ones are done."""
    tasks = {
        "a": Task(2), "b": Task(2), "start": Task(1), "row": Task(3, ["start"]),
    }  # fmt: skip
    assert remaining(tasks, 2) == 4
    assert second_by_second(tasks, 2, list(tasks)) == 6


def test_one_place_takes_the_sum_and_many_the_longest_chain():
    tasks = {
        "judge": Task(60.5), "row": Task(300), "scores": Task(20, ("judge", "row")),
    }  # fmt: skip
    assert remaining(tasks, 1) == 380.5
    assert remaining(tasks, 2) == remaining(tasks, 9) == longest_chain(tasks) == 320


def test_more_are_running_than_there_are_places():
    tasks = {"a": Task(5), "b": Task(3), "c": Task(4)}
    assert remaining(tasks, 1, {"a", "b"}) == 9
    assert remaining(tasks, 2, {"a", "b"}) == 7


def test_running_task_waits_for_nothing():
    """What it needed is made again, or was lost: it has begun all the same."""
    tasks = {"start": Task(5), "row": Task(3, ["start"])}
    assert remaining(tasks, 2, {"row"}) == 5


def test_nothing_takes_no_time():
    assert remaining({}, 3) == longest_chain({}) == 0
    assert remaining({"a": Task(0), "b": Task(0, ["a"])}, 1) == 0


def test_circle_is_refused():
    tasks = {"a": Task(1, ["b"]), "b": Task(1, ["a"])}
    for ask in (longest_chain, lambda tasks: remaining(tasks, 2)):
        with pytest.raises(CycleError):
            ask(tasks)
