import numpy as np
import pytest

from baselines.dehazing.guided_filter import box_mean, guided_filter


def windows(shape, radius):
    """Each pixel with the slices of its window."""
    for y, x in np.ndindex(shape):
        rows = slice(max(y - radius, 0), y + radius + 1)
        yield (y, x), (rows, slice(max(x - radius, 0), x + radius + 1))


def by_definition(guide, values, radius, eps):
    """Eq. 4 to 8 window by window, with a ridge regression for each line."""
    slope, offset, result = (np.zeros(guide.shape) for _ in range(3))
    for place, window in windows(guide.shape, radius):
        x, y = guide[window].ravel(), values[window].ravel()
        design = np.stack((x - x.mean(), np.ones_like(x)))
        penalty = np.diag([eps * x.size, 0])
        slope[place], level = np.linalg.solve(design @ design.T + penalty, design @ y)
        offset[place] = level - slope[place] * x.mean()
    for place, window in windows(guide.shape, radius):
        result[place] = slope[window].mean() * guide[place] + offset[window].mean()
    return result


@pytest.mark.parametrize("shape", [(9, 14), (1, 7), (1, 1)])
@pytest.mark.parametrize("radius", [0, 2, 20])
def test_filter_is_the_one_of_the_definition(shape, radius):
    """Also where every window is larger than the image."""
    guide, values = np.random.default_rng(0).random((2, *shape))
    expected = by_definition(guide, values, radius, 1e-2)
    np.testing.assert_allclose(guided_filter(guide, values, radius, 1e-2), expected, atol=1e-12)


def test_means_are_over_what_lies_inside():
    values = np.random.default_rng(0).random((7, 10))
    means = box_mean(values, 3)
    for place, window in windows(values.shape, 3):
        assert means[place] == pytest.approx(values[window].mean(), abs=1e-12)


def test_means_stay_exact_on_large_images():
    """What a running sum adds up over a million pixels is not left over at its end."""
    values = np.random.default_rng(0).random((4, 10**6))
    values[:, : 10**6 // 2] += 1e3
    expected = values[:, -121:].mean()
    assert box_mean(values, 120)[0, -1] == pytest.approx(expected, abs=1e-9)


def test_a_map_that_is_linear_in_the_guide_stays():
    guide = np.random.default_rng(0).random((30, 30))
    filtered = guided_filter(guide, 3 - 2 * guide, 4, 1e-9)
    np.testing.assert_allclose(filtered, 3 - 2 * guide, atol=1e-6)


def test_edges_of_the_guide_are_kept_and_noise_is_not():
    guide = np.repeat([[0.2] * 40 + [0.9] * 40], 60, axis=0)
    noise = np.random.default_rng(0).normal(0, 0.1, guide.shape)
    filtered = guided_filter(guide, guide + noise, 8, 1e-4)
    assert np.abs(filtered - guide).max() < 0.05
    assert (filtered - guide).std() < noise.std() / 8


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.zeros((3, 4)), np.zeros((4, 3)), 1, 1.0), r"\(3, 4\) and \(4, 3\)"),
        ((np.zeros((1, 3, 4)), np.zeros((1, 3, 4)), 1, 1.0), "must be two"),
        ((np.zeros((3, 4)), np.zeros((3, 4)), -1, 1.0), "0 or more"),
        ((np.zeros((3, 4)), np.zeros((3, 4)), 1, 0.0), "eps positive"),
    ],
    ids=["sizes", "channels", "radius", "eps"],
)
def test_what_cannot_be_filtered_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        guided_filter(*arguments)
