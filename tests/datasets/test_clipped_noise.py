import math

import pytest
import torch

from datasets.degradations.clipped_noise import ClippedNoise
from datasets.degradations.noise import Noisy
from datasets.folders import Kodak24


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_it_is_noise_clipped_and_not_quantised():
    clean = torch.rand(3, 32, 32, generator=generator())
    sample = ClippedNoise(Kodak24(), (50, 100)).sample({"image": clean}, generator(1))
    plain = Noisy(Kodak24(), (50, 100)).sample({"image": clean}, generator(1))
    assert torch.equal(sample["input"], plain["input"].clamp(0, 1))
    assert sample["sigma"] == plain["sigma"]
    assert torch.equal(sample["target"], clean)
    steps = sample["input"] * 255
    assert (steps - steps.round()).abs().max() > 0.4


@pytest.mark.parametrize("grey", [0.0, 0.25, 0.5])
def test_error_is_that_of_a_clipped_normal(grey):
    """E (clip(grey + s z) - grey)^2 = s^2 E z^2 [inside] + grey^2 P(low) + (1 - grey)^2 P(high)."""
    s = 100 / 255
    low, high = -grey / s, (1 - grey) / s

    def below(z):
        return 0.5 * (1 + math.erf(z / 2**0.5))

    def density(z):
        return math.exp(-z * z / 2) / (2 * math.pi) ** 0.5

    inside = below(high) - below(low) + low * density(low) - high * density(high)
    expected = s * s * inside + grey**2 * below(low) + (1 - grey) ** 2 * (1 - below(high))
    clean = torch.full((3, 300, 300), grey)
    noisy = ClippedNoise(Kodak24(), 100).sample({"image": clean}, generator())["input"]
    assert float((noisy - clean).square().mean()) == pytest.approx(expected, rel=0.02)


def test_identity_is_not_that_of_plain_noise():
    assert ClippedNoise(Kodak24(), 25) != Noisy(Kodak24(), 25)
    assert ClippedNoise(Kodak24(), 25).key != Noisy(Kodak24(), 25).key
    assert ClippedNoise(Kodak24(), 25).key != ClippedNoise(Kodak24(), 50).key
    assert repr(ClippedNoise(Kodak24(), 25)) == "ClippedNoise(data=Kodak24(), sigma=25)"
    with pytest.raises(ValueError, match=r"within 0\.\.255"):
        ClippedNoise(Kodak24(), 300)
