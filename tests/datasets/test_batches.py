from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
import torch
from map_images import Maps, equal, samples_of

import datasets.sampling as sampling
from datasets.degradations.clean import Clean
from datasets.degradations.noise import Noisy
from datasets.image_files import ImageFiles
from datasets.images import DataError, DataPaths
from datasets.sampling import TrainingSamples, batches

NOISY = Noisy(Maps(), (0, 75))


def test_batches_stack_consecutive_samples():
    samples = samples_of(NOISY)
    for step, batch in enumerate(batches(samples, batch=3, first_step=0, steps=4, workers=0)):
        for k in range(3):
            single = samples[3 * step + k]
            assert equal({key: batch[key][k] for key in batch}, single)
    assert step == 3
    assert batch["input"].shape == (3, 3, 8, 8)
    assert batch["sigma"].shape == (3,)
    assert batch["labels"].shape == (3, 8, 8)


def test_resumed_batches_are_those_of_the_whole_run():
    straight = list(batches(samples_of(NOISY), 4, first_step=0, steps=7, workers=0))
    for killed in (1, 2, 5):
        resumed = list(batches(samples_of(NOISY), 4, killed, 7 - killed, workers=0))
        assert len(resumed) == 7 - killed
        assert all(map(equal, straight[killed:], resumed))


def test_workers_give_the_same_batches(data_paths, picture, save_png):
    """With files on disk, so that two processes also decode and keep the same images at once."""
    for i in range(3):
        save_png(data_paths.root / f"{i}.png", picture(20, 24, seed=i))
    paths = sorted(data_paths.root.glob("*.png"))

    @dataclass(frozen=True)
    class Files:
        provides: ClassVar[tuple[str, ...]] = ("image",)
        revision: ClassVar[int] = 1

        def open(self, data_paths):
            return ImageFiles(paths, [p.stem for p in paths], data_paths.root, data_paths, None)

    def load(workers):
        fresh = DataPaths(data_paths.root, data_paths.cache / str(workers))
        samples = TrainingSamples(Noisy(Files(), (0, 75)), Files().open(fresh), 8, "hflip", seed=3)
        return list(batches(samples, 4, 2, 6, workers))

    alone, helped = load(0), load(2)
    assert len(alone) == len(helped) == 6
    assert all(map(equal, alone, helped))


def test_loading_leaves_the_global_generators_alone():
    torch.manual_seed(0)
    before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()
    list(batches(samples_of(NOISY), 2, 0, 3, workers=0))
    list(batches(samples_of(NOISY), 2, 0, 3, workers=1))
    sampling.test_sample(NOISY, Maps().open(None), 0, seed=0)
    assert torch.equal(torch.get_rng_state(), before)
    assert np.array_equal(np.random.get_state()[1], numpy_before)


def test_error_in_a_worker_arrives_as_itself():
    with pytest.raises(DataError, match="crop of at most 40"):
        list(batches(samples_of(Clean(Maps()), crop=50), 2, 0, 1, workers=1))
