"""Drawn data has the sizes and the entries of the sets that it stands for."""

import pytest
import rows_of_tables
import torch

from benchmarks.declare.errors import DeclarationError
from benchmarks.declare.tree import walk
from benchmarks.engine.content_ids import base_data
from benchmarks.rehearse.drawn_data import Drawn, drawn, is_set, size_of
from datasets.cityscapes import Cityscapes
from datasets.degradations.noise import Noisy
from datasets.embedded.photographs import Photographs
from datasets.faces import SIDE, CelebA
from datasets.folders import PhotographFolders
from datasets.images import DataPaths
from datasets.sampling import TrainingSamples
from datasets.sampling import test_sample as sample_of


def opened(data, tmp_path):
    return base_data(data).open(DataPaths(root=None, cache=tmp_path))


def test_cityscapes_is_drawn_in_its_size_with_labels(tmp_path):
    whole, half = (opened(drawn(Cityscapes("val", scale)), tmp_path) for scale in (1, 2))
    entries = whole.entries(0)
    assert entries["image"].shape == (1024, 2048, 3)
    assert set(range(19)) <= set(entries["labels"].flat)
    assert half.size(0) == (512, 1024)
    assert size_of(Cityscapes("val")).tests == 500


def test_faces_have_landmarks_within(tmp_path):
    points = opened(drawn(CelebA("test")), tmp_path).entries(0)["points"]
    assert points.shape == (68, 2)
    assert 0 <= points.min() < points.max() < SIDE


def test_every_training_of_the_papers_finds_its_crop_in_drawn_data(tmp_path):
    """Degradation, crop and augmentation are the declared ones; no data set lacks a true size."""
    runs = {repr(run.data): run for run in rows_of_tables.runs(tmp_path)}
    for run in runs.values():
        data, recipe = drawn(run.data), run.training
        crop = int(recipe.crop)
        images = opened(data, tmp_path)
        sample = TrainingSamples(data, images, crop, recipe.augment, run.seed)[0]
        assert set(sample) == set(run.data.provides)
        assert sample["target"].shape[-2:] == run.data.target_size(crop, crop)


def test_every_test_set_has_a_size_and_what_its_degradation_wants(tmp_path):
    """Such as grey levels where nobody says how they come from colours."""
    plans = rows_of_tables.plans(tmp_path).values()
    scores = [s for plan in plans for row in plan.rows for column in row.scores for s in column]
    for data in {score.data for score in scores}:
        if drawn(base_data(data)) is not base_data(data):
            assert size_of(base_data(data)).tests
            small = drawn(data, 96, 96)
            assert set(sample_of(small, opened(small, tmp_path), 0, seed=0)) == set(data.provides)


def test_a_strip_is_drawn_where_it_is_asked_for(tmp_path):
    data = drawn(Noisy(Cityscapes("val"), sigma=25), 96, 160)
    sample = sample_of(data, opened(data, tmp_path), 0, seed=0)
    assert sample["input"].shape == (3, 96, 160)
    assert sample["labels"].shape == (96, 160)
    assert not torch.equal(sample["input"], sample["target"])


def test_what_needs_no_file_stays():
    photographs = Photographs("val")
    assert drawn(photographs) is photographs
    assert not any(isinstance(node, Drawn) for node in walk(drawn(Noisy(photographs, sigma=5))))


def test_set_of_unknown_size_is_told():
    assert is_set(PhotographFolders(("mine",)))
    with pytest.raises(DeclarationError, match="add `PhotographFolders: "):
        drawn(PhotographFolders(("mine",)))
