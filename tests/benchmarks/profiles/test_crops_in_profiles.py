"""Crops that are drawn beforehand are for long trainings; tests on crops stay tests on crops."""

from baselines.denoising.ffdnet import FFDNet
from benchmarks.declare.runs import Run, network
from benchmarks.declare.training import Adam, Training
from benchmarks.profiles.lite import LITE
from benchmarks.profiles.paper import PAPER
from benchmarks.profiles.resolve import Resolver
from benchmarks.profiles.smoke import SMOKE
from datasets.cityscapes import Cityscapes
from datasets.crops import RandomCrops
from datasets.degradations.noise import Noisy
from datasets.embedded.photographs import Photographs
from datasets.embedded.street_scenes import StreetScenes
from losses.l1 import L1

CROPS = RandomCrops(Cityscapes("train"), count=100, size=64)


def resolver(profile):
    return Resolver(profile, lambda name: False)


def trained_on(profile):
    run = Run(network(FFDNet), 1.0 * L1(), Noisy(CROPS, sigma=25), Training(10, 8, 64, Adam(1e-4)))
    return resolver(profile).shortened(run).data.data


def test_short_trainings_draw_their_crops_as_they_go():
    assert isinstance(trained_on(SMOKE), StreetScenes)
    assert trained_on(LITE) == Cityscapes("train")
    assert trained_on(PAPER) == CROPS


def test_tests_on_crops_stay_on_crops():
    tested = Noisy(CROPS, sigma=25)
    smoke = resolver(SMOKE).resolve(tested).data
    assert (type(smoke), smoke.count, smoke.size) == (RandomCrops, 100, 64)
    assert isinstance(smoke.data, StreetScenes)
    assert resolver(LITE).resolve(tested) == resolver(PAPER).resolve(tested) == tested


def test_what_is_embedded_already_is_not_replaced():
    embedded = RandomCrops(Photographs("val"), count=3, size=64)
    assert resolver(SMOKE).resolve(embedded) is embedded
