"""What a run or a score needs directly."""

from dataclasses import replace

import quick

from benchmarks.declare.protocol import Evaluation
from benchmarks.declare.runs import Fixed, Released, network
from benchmarks.engine.graph import dependencies, is_provider
from benchmarks.engine.score import Score

FIXED = Fixed(network(quick.Copy))
RELEASED = Released(network(quick.Copy), "a.pth", "")
START = replace(quick.JUDGE, seed=1)


def test_runs_released_files_and_fixed_networks_are_providers():
    assert all(map(is_provider, (quick.JUDGE, RELEASED, FIXED)))
    assert not any(map(is_provider, (quick.TRAIN, network(quick.Copy), None)))


def test_a_run_needs_its_start_and_not_itself():
    assert dependencies(quick.JUDGE) == []
    assert dependencies(replace(quick.JUDGE, start=START)) == [START]


def test_what_is_behind_a_dependency_is_its_own_affair():
    middle = replace(quick.JUDGE, start=START, seed=2)
    assert dependencies(replace(quick.JUDGE, start=middle)) == [middle]


def test_a_score_needs_its_provider_and_its_judge_each_once():
    score = Score(RELEASED, quick.TEST, quick.Judged(quick.JUDGE), Evaluation())
    assert dependencies(score) == [RELEASED, quick.JUDGE]
    assert dependencies(replace(score, provider=quick.JUDGE)) == [quick.JUDGE]
