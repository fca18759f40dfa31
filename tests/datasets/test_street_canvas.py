import numpy as np
import pytest

from datasets.embedded.street_canvas import CAMERA_HEIGHT, Canvas, Sprite, smooth_noise


@pytest.fixture
def canvas():
    """100 pixels per metre at scale 0.25; the ground at that scale is at y = 0.25 + 0.525."""
    haze = np.ones(3, np.float32)
    empty = Canvas(400, 800, 0.25, 0.5, haze, 1e9, np.random.default_rng(0))
    empty.labels[:] = 10
    return empty


RED = np.array((1, 0, 0), np.float32)


def painted(canvas, label):
    """Label and colour must have changed at the same pixels; their number in square metres."""
    mask = canvas.labels == label
    assert np.array_equal(mask, canvas.rgb.any(-1))
    return mask.sum() / 100**2


def test_painted_areas_are_those_of_geometry(canvas):
    brush = Sprite(canvas, 1.0, 0.25, 5)
    brush.box(-0.5, 0.7, 0.2, 1.1, RED)
    assert painted(canvas, 5) == pytest.approx(1.2 * 0.9, rel=0.02)


def test_painted_polygon_is_exact(canvas):
    Sprite(canvas, 1.0, 0.25, 5).polygon(((-0.5, 0.1), (0.9, 0.1), (0.2, 1.3)), RED)
    assert painted(canvas, 5) == pytest.approx(1.4 * 1.2 / 2, rel=0.02)


def test_painted_ellipse_and_ring_are_exact(canvas):
    Sprite(canvas, 0.5, 0.25, 5).ellipse(0, 0.6, 0.5, 0.4, RED)
    assert painted(canvas, 5) == pytest.approx(np.pi * 0.5 * 0.4, rel=0.02)
    Sprite(canvas, 1.5, 0.25, 6).ellipse(0, 0.6, 0.5, 0.5, RED, hole=0.6)
    assert (canvas.labels == 6).sum() / 100**2 == pytest.approx(np.pi * 0.25 * 0.64, rel=0.02)


def test_object_stands_on_the_ground_at_its_scale(canvas):
    Sprite(canvas, 1.0, 0.25, 5).box(0, 1, 0, 1, RED)
    rows, columns = np.nonzero(canvas.labels == 5)
    ground = (0.25 + CAMERA_HEIGHT * 0.25) * 400
    assert rows.max() == pytest.approx(ground, abs=1)
    assert rows.min() == pytest.approx(ground - 100, abs=1)
    assert (columns.min(), columns.max()) == pytest.approx((400, 500), abs=1)


def test_mirrored_brush_paints_the_mirror_image(canvas):
    corners = ((-0.5, 0.1), (0.9, 0.1), (0.2, 1.3))
    Sprite(canvas, 1.0, 0.25, 5).polygon(corners, RED)
    Sprite(canvas, 1.0, 0.25, 6, mirrored=True).polygon(corners, RED)
    mirror = (canvas.labels == 6)[:, ::-1]
    overwritten = (canvas.labels == 6) & mirror
    assert np.array_equal(mirror & ~overwritten, canvas.labels == 5)


def test_thin_things_keep_a_pixel(canvas):
    Sprite(canvas, 0.7, 0.25, 5).box(-0.001, 0.001, 0, 1, RED)
    assert 100 <= (canvas.labels == 5).sum() <= 204


def test_what_is_outside_the_picture_is_left_out(canvas):
    before = canvas.labels.copy()
    for x in (-3.0, 7.0):
        brush = Sprite(canvas, x, 0.25, 5)
        brush.box(-0.5, 0.5, 0, 1, RED)
        brush.ellipse(0, 1, 0.5, 0.5, RED)
        brush.polygon(((0, 0), (1, 0), (0, 1)), RED)
        brush.shadow(1)
    assert np.array_equal(canvas.labels, before)


def test_shadow_darkens_and_keeps_labels(canvas):
    canvas.rgb[:] = 0.5
    Sprite(canvas, 1.0, 0.25, 5).shadow(0.5)
    assert (canvas.labels == 10).all()
    assert canvas.rgb.min() < 0.3
    assert (canvas.rgb <= 0.5).all()


def test_haze_hides_what_is_far(canvas):
    canvas.visibility = 50.0
    near, far = (canvas.fade(RED, np.float32(scale)) for scale in (1.0, 1e-3))
    assert np.allclose(near, RED, atol=0.03)
    assert np.allclose(far, canvas.haze, atol=1e-3)


def test_texture_has_mean_0_and_deviation_1():
    noise = smooth_noise(np.random.default_rng(0), 512, 1024, (1 / 32, 1 / 64))
    assert abs(noise.mean()) < 0.1
    assert noise.std() == pytest.approx(1, abs=0.1)
