"""Numbers that do not depend on how many cores a machine has."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import quick
import torch

from baselines.denoising.ffdnet import FFDNet
from benchmarks.declare.protocol import Evaluation
from benchmarks.declare.runs import network
from benchmarks.engine.score import Score
from benchmarks.metrics.psnr import PSNR
from benchmarks.profiles.lite import LITE
from benchmarks.profiles.resolve import Resolver
from benchmarks.profiles.smoke import SMOKE
from datasets.degradations.noise import Noisy
from datasets.embedded.street_scenes import StreetScenes

SCENES = StreetScenes("train", count=2, height=96, width=96)
RUN = replace(
    quick.JUDGE,
    network=network(FFDNet),
    data=Noisy(SCENES, sigma=(0, 75)),
    training=replace(quick.TRAINING, steps=3, batch=4, crop=32),
)

ROOT = Path(__file__).resolve().parents[3]
STEP = """
import hashlib, torch
from baselines.denoising.ffdnet import FFDNet
torch.set_num_threads(2)
torch.manual_seed(0)
network = FFDNet()
for _ in range(2):
    network(torch.rand(4, 3, 32, 32), torch.full((4,), 25.0)).square().sum().backward()
gradients = [p.grad.numpy().tobytes() for p in network.parameters()]
print(hashlib.sha256(b"".join(gradients)).hexdigest())
"""


def process(*command, **variables):
    """Output and error of Python in a process whose OpenMP is told no more than `variables`."""
    told = ("OMP_", "PYTEST_XDIST")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(told)}
    command = [sys.executable, *command]
    options = {"env": environment | variables, "cwd": ROOT, "check": True, "text": True}
    done = subprocess.run(command, capture_output=True, **options)
    return done.stdout, done.stderr


@pytest.fixture
def environment():
    """Sets how many threads torch takes by itself, as OMP_NUM_THREADS does."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def made(out, threads):
    """Weights and values of a run whose recipe and profile pin the number of threads, or do not."""
    engine = quick.quick_engine(out, replace(quick.PROFILE, threads=threads))
    run = replace(RUN, training=replace(RUN.training, threads=threads))
    score = Score(run, RUN.data, PSNR(), Evaluation(levels=0))
    engine.ensure_scores([score], "the row")
    return (
        engine.status.folder(run).read("weights.safetensors"),
        engine.status.record(score)["values"],
    )


def test_pinned_run_has_the_same_bits_whatever_the_environment_gives(tmp_path, environment):
    found = {}
    for given in (1, 2, 4):
        environment(given)
        found[given] = made(tmp_path / f"pinned {given}", 2)
        found[-given] = made(tmp_path / f"free {given}", None)
    assert found[1] == found[2] == found[4]
    assert found[-1] != found[-2]  # or this test shows nothing
    assert found[-2] == found[2]


def test_smoke_pins_every_training_and_lite_takes_what_there_is():
    assert SMOKE.threads == 2
    for profile in (SMOKE, LITE):
        resolved = Resolver(profile, lambda name: False).resolve(replace(RUN, start=RUN))
        assert resolved.training.threads == resolved.start.training.threads == profile.threads


def test_threads_are_a_part_of_what_a_run_is(tmp_path):
    ids = quick.quick_engine(tmp_path).status.ids
    pinned = replace(RUN, training=replace(RUN.training, threads=2))
    assert ids.run_id(pinned) != ids.run_id(RUN)


@pytest.mark.parametrize(("idle", "turns"), [(0.9, 300000), (0.1, 0)])
def test_threads_of_tests_sleep_while_they_wait_on_a_busy_machine(idle, turns):
    """As the OpenMP that torch brings tells, unless the caller says otherwise."""
    collect = f"import pytest; pytest.main(['-s', '--collect-only', {__file__!r}])"
    patch = (
        f"import sys; sys.path.insert(0, 'tests'); import idle; idle.idle_share = lambda: {idle}"
    )
    command = f"{patch}; {collect}"
    told = process("-c", command, OMP_DISPLAY_ENV="verbose")[1]
    assert f"GOMP_SPINCOUNT = '{turns}'" in told
    told = process("-c", command, OMP_DISPLAY_ENV="verbose", OMP_WAIT_POLICY="active")[1]
    assert "OMP_WAIT_POLICY = 'ACTIVE'" in told


def test_waiting_does_not_change_the_bits():
    assert process("-c", STEP)[0] == process("-c", STEP, OMP_WAIT_POLICY="passive")[0]


def test_a_machine_that_computes_is_not_idle():
    """A share between none and all, which falls when every processor has something to do."""
    from idle import idle_share

    assert 0 <= idle_share(0.05) <= 1
    loop = [sys.executable, "-c", "while True: pass"]
    busy = [subprocess.Popen(loop) for _ in range(os.cpu_count() or 1)]
    try:
        assert idle_share(0.5) < 0.5
    finally:
        for one in busy:
            one.kill()
            one.wait()
