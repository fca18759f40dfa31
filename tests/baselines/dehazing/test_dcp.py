import numpy as np
import pytest
import torch
from hazy_scenes import hazed, motorcycle, psnr, textured_scene

from baselines.dehazing.dcp import DCP, atmospheric_light, dark_channel, transmission


@pytest.fixture(scope="module")
def scene():
    return textured_scene(180, 240)


@pytest.fixture(scope="module")
def photographed():
    return motorcycle()


def correlation(a, b):
    return np.corrcoef(a.ravel(), b.ravel())[0, 1]


def test_dark_channel_is_the_least_value_of_each_window():
    image = np.random.default_rng(0).random((3, 9, 12))
    dark = dark_channel(image, 5)
    for y, x in np.ndindex(9, 12):
        assert dark[y, x] == image[:, max(y - 2, 0) : y + 3, max(x - 2, 0) : x + 3].min()


def test_light_is_the_brightest_pixel_among_the_haziest():
    """The brightest pixel of all is not hazy; of the haziest three, the second is brightest."""
    image, dark = np.full((3, 40, 75), 0.2), np.zeros((40, 75))
    image[:, 3, 4], dark[3, 4] = 1, 0.5
    for place, (colour, haze) in enumerate((((0.6, 0.7, 0.7), 0.8), ((0.7, 0.8, 0.9), 0.7),
                                            ((0.7, 0.7, 0.7), 0.6))):  # fmt: skip
        image[:, 20, place], dark[20, place] = colour, haze
    assert atmospheric_light(image, dark, 0.001).tolist() == [0.7, 0.8, 0.9]
    assert atmospheric_light(image, dark, 1e-9).tolist() == [0.6, 0.7, 0.7]


def test_transmission_is_the_true_one_where_each_window_has_black():
    """As omega has it: of the haze, 1 - t, this share is seen."""
    rng = np.random.default_rng(0)
    scene = rng.random((3, 30, 40))
    scene[0, ::3, ::3] = 0
    light = np.array([0.8, 0.9, 1.0])
    found = transmission(hazed(scene, np.full((30, 40), 0.4), light), light, 7, 0.95)
    np.testing.assert_allclose(found, 1 - 0.95 * 0.6, atol=1e-12)


@pytest.mark.parametrize("light", [(0.8, 0.8, 0.8), (1.0, 0.95, 0.85)])
@pytest.mark.parametrize("beta", [1.0, 2.0])
def test_haze_on_textures_is_taken_off_and_its_map_is_found(scene, beta, light):
    clean, depth = scene
    true = np.exp(-beta * depth)
    hazy = hazed(clean, true, light)
    pred, found, seen = DCP(radius=20).restore(hazy)
    assert psnr(pred, clean) > psnr(hazy, clean) + 3
    assert correlation(found, true) > 0.9
    assert np.abs(seen - light).max() < 0.1


@pytest.mark.parametrize(("beta", "light", "gain"), [(1.0, 0.8, 3), (1.0, 1.0, 6), (1.6, 1.0, 9)])
def test_haze_on_a_photograph_is_taken_off(photographed, beta, light, gain):
    """Of a garage full of bright things: 13.3 to 16.9, 10.5 to 17.8 and 7.9 to 17.5 dB."""
    clean, depth = photographed
    hazy = hazed(clean, np.exp(-beta * depth), 3 * (light,))
    pred, _, seen = DCP().restore(hazy)
    assert psnr(pred, clean) > psnr(hazy, clean) + gain
    assert np.abs(seen - light).max() < 0.1


def test_transmission_of_a_photograph_goes_with_the_true_one(photographed):
    """Less than on textures: walls and tanks are bright without haze."""
    clean, depth = photographed
    true = np.exp(-1.6 * depth)
    assert correlation(DCP().restore(hazed(clean, true, (1.0, 1.0, 1.0)))[1], true) > 0.45


def test_thin_haze_is_made_worse(photographed):
    """As the docstring says, so that nobody asks for more: 19.5 to 16.5 dB."""
    clean, depth = photographed
    hazy = hazed(clean, np.exp(-0.4 * depth), (0.8, 0.8, 0.8))
    assert psnr(DCP().restore(hazy)[0], clean) == pytest.approx(psnr(hazy, clean) - 3, abs=0.5)


def test_scene_is_what_the_model_makes_the_image_of(scene):
    """Through the transmission found and the light found; not clipped."""
    hazy = hazed(scene[0], np.exp(-1.5 * scene[1]))
    pred, found, seen = DCP(t0=0.4).restore(hazy)
    np.testing.assert_allclose(hazed(pred, found, seen), hazy, atol=1e-12)
    assert found.min() == 0.4
    assert pred.min() < 0


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (33, 47), (200, 8)])
def test_any_size_is_restored(size):
    hazy = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(0))
    pred = DCP()(hazy)
    assert pred.shape == hazy.shape
    assert pred.isfinite().all()


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_an_image_of_one_colour_stays(level):
    """It may be nothing but haze; a black one has no light to divide by."""
    hazy = torch.full((1, 3, 20, 30), level)
    torch.testing.assert_close(DCP()(hazy), hazy)


def test_images_of_a_batch_do_not_mix(scene):
    hazy = torch.from_numpy(hazed(scene[0], np.exp(-scene[1]))).float()
    batch = torch.stack((hazy, 0.5 * hazy.flip(2)))
    both = DCP()(batch)
    assert both.dtype == torch.float32
    for i in range(2):
        torch.testing.assert_close(both[i : i + 1], DCP()(batch[i : i + 1]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"window": 14}, "window must be odd, not 14"), ({"omega": 1.2}, "omega must be above 0"),
     ({"t0": 0.0}, "t0 must be above 0"), ({"share": -1.0}, "share must be above 0")],
    ids=str,
)  # fmt: skip
def test_senseless_parameters_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        DCP(**arguments)
