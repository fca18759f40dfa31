import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch

from datasets.decoding import decode_rgb
from datasets.degradations.bicubic import Downscaled, imresize
from datasets.folders import Kodak24
from datasets.images import DataError
from datasets.sampling import as_image

QUARTER = Fraction(1, 4)


def keys_cubic(x):
    """Keys' interpolation kernel, a = -1/2."""
    x = abs(x)
    if x <= 1:
        return 1.5 * x**3 - 2.5 * x**2 + 1
    return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x < 2 else 0.0


def resized_rows(image, scale, border):
    """imresize of axis 0 as its documentation defines it, one output row at a time, float64."""
    length = image.shape[0]
    stretch = max(1.0, 1 / scale)
    rows = []
    for out in range(math.ceil(length * Fraction(scale).limit_denominator(1000))):
        centre = (out + 0.5) / scale - 0.5
        row, total = 0.0, 0.0
        for place in range(math.floor(centre - 2 * stretch), math.ceil(centre + 2 * stretch) + 1):
            weight = keys_cubic((place - centre) / stretch)
            if border == "replicate":
                source = min(max(place, 0), length - 1)
            else:
                source = place % (2 * length)
                source = min(source, 2 * length - 1 - source)
            row, total = row + weight * image[source], total + weight
        rows.append(row / total)
    return np.stack(rows)


def oracle(image, scale, border, levels):
    """imresize of (H, W) in 0..255."""

    def step(values):
        return np.clip(np.floor(values + 0.5), 0, 255) if levels else values

    rows = step(resized_rows(image.astype(np.float64), scale, border))
    return step(resized_rows(rows.T, scale, border).T)


def grey(height, width, seed=0):
    """Coarse structure with hard edges and grain, in 0..255."""
    rng = np.random.default_rng(seed)
    blocks = np.kron(rng.integers(0, 2, (height, width)) * 255, np.ones((5, 5)))[:height, :width]
    return np.clip(blocks + rng.integers(-20, 21, (height, width)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("border", ["symmetric", "replicate"])
@pytest.mark.parametrize("scale", [1 / 8, 1 / 4, 1 / 3, 1 / 2, 0.3, 2 / 3, 1.0, 1.5, 2, 3, 4])
def test_imresize_is_the_definition(scale, border):
    for height, width in ((29, 34), (24, 23)):
        image = grey(height, width)
        expected = oracle(image, scale, border, 0) / 255
        measured = imresize(torch.from_numpy(image / 255), scale, border=border)
        assert measured.shape == expected.shape
        assert np.abs(measured.numpy() - expected).max() < 1e-12


@pytest.mark.parametrize("border", ["symmetric", "replicate"])
@pytest.mark.parametrize("scale", [1 / 4, 1 / 2, 2, 4])
def test_imresize_of_8_bit_images_is_the_definition(scale, border):
    # At these scales weights and sums are exact, so that ties round alike in any order of adding.
    image = grey(28, 36)
    measured = imresize(torch.from_numpy(image / 255), scale, border=border, levels=256) * 255
    assert np.array_equal(measured.numpy().round(6), oracle(image, scale, border, 256))


def test_halves_round_up():
    """In the middle of an edge of one grey level is half a level; all weights are exact here."""
    row = torch.tensor([0.0] * 6 + [1.0] * 6) / 255
    small = imresize(row.expand(4, 12), QUARTER, levels=256)
    assert (small * 255).round().tolist() == [[0, 1, 1]]


def test_image_smaller_than_the_kernel_is_mirrored_again_and_again():
    image = grey(3, 2)
    expected = oracle(image, 1 / 4, "symmetric", 0) / 255
    assert np.abs(imresize(torch.from_numpy(image / 255), QUARTER).numpy() - expected).max() < 1e-12


@pytest.mark.parametrize(("scale", "border"), [(0.25, "symmetric"), (3, "replicate")])
def test_constant_image_stays_constant(scale, border):
    image = torch.full((2, 3, 13, 9), 0.3, dtype=torch.float64)
    assert torch.allclose(imresize(image, scale, border=border), torch.tensor(0.3).double())


def test_leading_dimensions_and_dtype_are_kept():
    image = torch.rand(2, 3, 16, 20)
    small = imresize(image, QUARTER)
    assert small.shape == (2, 3, 4, 5)
    assert small.dtype == torch.float32
    # Alone, a plane may meet another summation order, by the width of torch's vectors.
    assert torch.allclose(small[1, 2], imresize(image[1, 2], QUARTER), rtol=0, atol=1e-7)


@pytest.mark.parametrize("scale", [Fraction(1, 3), Fraction(2)])
def test_gradient_is_the_adjoint(scale):
    """imresize is linear, so <imresize(x), y> = <x, gradient of <imresize(x), y>>."""
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(3, 14, 11, generator=generator, dtype=torch.float64, requires_grad=True)
    y = torch.rand(imresize(x, scale).shape, generator=generator, dtype=torch.float64)
    product = (imresize(x, scale) * y).sum()
    (adjoint,) = torch.autograd.grad(product, x)
    assert float((x * adjoint).sum().detach()) == pytest.approx(float(product.detach()), rel=1e-12)
    assert torch.autograd.gradcheck(
        lambda x: imresize(x, scale), x[:1, :5, :4].detach().requires_grad_()
    )


def test_arguments_that_make_no_sense_are_refused():
    image = torch.rand(4, 4)
    for scale in (0, -1, math.inf, math.nan):
        with pytest.raises(ValueError, match="positive number"):
            imresize(image, scale)
    with pytest.raises(ValueError, match="Fraction"):
        imresize(image, 1 / math.pi)
    with pytest.raises(ValueError, match="'symmetric' or 'replicate'"):
        imresize(image, 2, border="reflect")
    with pytest.raises(ValueError, match="levels 0 or 256"):
        imresize(image, 2, levels=255)


def differing(large: Path, small: Path, scale: int, border: str) -> int:
    image, expected = as_image(decode_rgb(large)), as_image(decode_rgb(small))
    height, width = (side - side % scale for side in image.shape[1:])
    image = image[:, :height, :width]
    if scale == 8:  # these were made in floating point and rounded once
        measured = ((imresize(image, Fraction(1, 8)).double() * 255 + 0.5).floor() / 255).clamp(
            0, 1
        )
    else:
        measured = imresize(image, Fraction(1, scale), border=border, levels=256)
    return int((measured.float() != expected).sum())


@pytest.mark.parametrize("scale", [2, 3, 4, 8])
def test_released_symmetric_images_are_met_in_every_pixel(data_root, scale):
    large = sorted((data_root / "golden" / "imresize_symmetric").glob("*_HR.png"))
    if not large:
        pytest.skip("no golden images")
    for path in large:
        small = path.with_name(path.name.replace("_HR", f"_x{scale}"))
        assert differing(path, small, scale, "symmetric") == 0, path.name


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_released_replicate_images_are_met_in_every_pixel(data_root, scale):
    folder = data_root / "golden" / "imresize_replicate"
    large = sorted(folder.glob(f"*_SRF_{scale}_HR.png"))
    if not large:
        pytest.skip("no golden images")
    for path in large:
        small = path.with_name(path.name.replace("_HR", "_LR"))
        assert differing(path, small, scale, "replicate") == 0, path.name


def test_downscaled_crops_from_the_top_left_to_a_multiple():
    clean = torch.from_numpy(grey(30, 23) / 255).float().expand(3, 30, 23)
    sample = Downscaled(Kodak24()).sample({"image": clean}, torch.Generator())
    assert set(sample) == {"input", "target"}
    assert torch.equal(sample["target"], clean[:, :28, :20])
    expected = oracle(grey(30, 23)[:28, :20], 1 / 4, "symmetric", 256)
    assert np.array_equal((sample["input"][0] * 255).round().numpy(), expected)


def test_downscaled_in_floating_point_is_not_rounded():
    clean = torch.from_numpy(grey(24, 24) / 255).float().expand(3, 24, 24)
    spec = Downscaled(Kodak24(), 3, 0, "replicate")
    small = spec.sample({"image": clean}, torch.Generator())["input"]
    assert torch.equal(small, imresize(clean, Fraction(1, 3), border="replicate"))
    assert ((small * 255 - (small * 255).round()).abs() > 0.1).any()


def test_downscaled_refuses_what_it_cannot_do():
    for scale in (0, 1, -4, 2.5):
        with pytest.raises(ValueError, match="whole number of at least 2"):
            Downscaled(Kodak24(), scale)
    with pytest.raises(ValueError, match="border must be"):
        Downscaled(Kodak24(), border="reflect")
    with pytest.raises(DataError, match="3x9 pixels cannot be made 4 times smaller"):
        Downscaled(Kodak24()).sample({"image": torch.zeros(3, 9, 3)}, torch.Generator())


def test_downscaled_key_tells_every_parameter_and_not_the_data():
    specs = [
        Downscaled(Kodak24()),
        Downscaled(Kodak24(), 2),
        Downscaled(Kodak24(), levels=0),
        Downscaled(Kodak24(), border="replicate"),
    ]
    assert len({spec.key for spec in specs}) == 4
    assert not any("Kodak" in spec.key for spec in specs)
