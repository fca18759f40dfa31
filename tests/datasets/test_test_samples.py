import torch
from map_images import Maps, equal, integers, samples_of

import datasets.sampling as sampling
from datasets.degradations.noise import Noisy


def noise_of(sample):
    return (sample["input"] - sample["target"]) / sample["sigma"]


def test_test_sample_is_the_whole_image():
    sample = sampling.test_sample(Noisy(Maps(), 25), Maps().open(None), 3, seed=0)
    assert sample["input"].shape == (3, 40, 60)
    assert torch.equal(integers(sample["target"])[2], torch.full((40, 60), 3))
    labels = Maps().open(None).entries(3)["labels"]
    assert torch.equal(sample["labels"], torch.tensor(labels).long())
    assert sample["sigma"] == 25


def test_test_noise_is_the_images_own():
    images = Maps().open(None)
    noise = torch.stack(
        [
            noise_of(sampling.test_sample(Noisy(Maps(), sigma), images, i, seed)).flatten()
            for sigma in (25, 50)
            for seed in (0, 1)
            for i in range(5)
        ]
    )
    between = torch.corrcoef(noise) - torch.eye(len(noise))
    assert between.abs().max() < 5 / noise.shape[1] ** 0.5


def test_test_noise_is_the_same_in_any_subset_and_order():
    part = Maps(count=2, first=3)  # images 3 and 4 of the whole
    whole_images, part_images = Maps().open(None), part.open(None)
    for i in (1, 0):
        one = sampling.test_sample(Noisy(part, 25), part_images, i, seed=0)
        other = sampling.test_sample(Noisy(Maps(), 25.0), whole_images, i + 3, seed=0)
        assert equal(one, other)


def test_training_and_test_noise_are_different():
    spec = Noisy(Maps(1, 8, 8), 25)
    trained = samples_of(spec, augment="none")[0]
    tested = sampling.test_sample(spec, spec.data.open(None), 0, seed=0)
    assert not torch.allclose(noise_of(trained), noise_of(tested))
