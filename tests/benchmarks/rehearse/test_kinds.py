"""Trainings of one kind load the machine alike; what does not is another kind."""

from dataclasses import replace

import pytest
import rows_of_tables
import tiny

from baselines.denoising.dncnn import DnCNN
from baselines.faces.pfsr import PFSR
from benchmarks.declare.runs import Run, network
from benchmarks.declare.training import RMSprop
from benchmarks.rehearse.kinds import kind_of, least_images
from datasets.degradations.noise import Noisy
from datasets.div2k import DIV2K
from losses.d2sm import D2SM
from losses.l1 import L1
from losses.perceptual import Perceptual

RUN = Run(
    network(tiny.TinyDenoiser),
    1.0 * L1() + 0.1 * Perceptual(tiny.FEATURES),
    Noisy(DIV2K("train"), sigma=25),
    tiny.TRAINING,
)
WHOLE_IMAGES = D2SM(tiny.FEATURES, window=None, stride=None, queue=8)


def recipe(**changes):
    return replace(RUN, training=replace(RUN.training, **changes))


SAME = {
    "weight": replace(RUN, objective=1.0 * L1() + 0.5 * Perceptual(tiny.FEATURES)),
    "seed": replace(RUN, seed=3),
    "steps": recipe(steps=7),
    "data": replace(RUN, data=Noisy(DIV2K("valid"), sigma=50)),
}
OTHER = {
    "argument": replace(RUN, network=network(tiny.TinyDenoiser, width=4)),
    "tap": replace(RUN, network=RUN.network.tapped("body.0")),
    "setting": replace(RUN, objective=1.0 * L1() + 0.1 * Perceptual(tiny.FEATURES, distance="l1")),
    "term": replace(RUN, objective=1.0 * L1()),
    "crop": recipe(crop=16),
    "batch": recipe(batch=3),
    "optimiser": recipe(optimizer=RMSprop(1e-3)),
}


@pytest.mark.parametrize("what", SAME)
def test_kind_stays(what):
    assert kind_of(SAME[what]) == kind_of(RUN)


@pytest.mark.parametrize("what", OTHER)
def test_kind_changes(what):
    assert kind_of(OTHER[what]) != kind_of(RUN)


def test_steps_of_a_network_that_grows_are_of_its_kind():
    growing = replace(RUN, network=network(PFSR))
    longer = replace(growing, training=replace(growing.training, steps=7))
    assert kind_of(longer) != kind_of(growing)


@pytest.mark.parametrize(
    ("run", "images"),
    [
        (RUN, 1),
        (replace(RUN, objective=1.0 * L1() + 1.0 * WHOLE_IMAGES), 2),
        (replace(RUN, objective=1.0 * L1() + 1.0 * replace(WHOLE_IMAGES, window=16, stride=8)), 1),
        (replace(RUN, network=network(DnCNN)), 2),
        (replace(recipe(batch=1), network=network(DnCNN)), 1),
    ],
)
def test_terms_and_layers_that_compare_images_want_two_of_them(run, images):
    assert least_images(run) == images


def test_papers_have_many_trainings_of_few_kinds(tmp_path):
    """PDL weighs one perceptual term in many ways, and trains SRN on four degradations."""
    runs = rows_of_tables.runs(tmp_path)
    srn = {kind_of(run) for run in runs if run.network.name == "SRN"}
    assert len(srn) * 3 < sum(run.network.name == "SRN" for run in runs)
