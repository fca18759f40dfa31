"""Where things are in a street scene, and in what light: the scene from its random numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from datasets.embedded import street_objects as objects
from datasets.embedded.street_canvas import FOCAL, Canvas, Floats, Sprite
from datasets.embedded.street_surroundings import (
    BUILDING,
    Street,
    colour,
    paint_buildings,
    paint_fence,
    paint_ground,
    paint_sky,
    paint_wall,
)
from datasets.images import IGNORE, Pixels

Painter = Callable[[Canvas, float, float, np.random.Generator], None]
Placed = tuple[float, float, Painter]  # scale, x in image heights, what

# What drives on the road, with the width in metres that its size is chosen by: for two-wheelers a
# little less than theirs, to bring them nearer. Each scene has all of them.
_TRAFFIC: tuple[tuple[Painter, float], ...] = (
    (objects.paint_car, 2.2),
    (objects.paint_truck, 2.5),
    (objects.paint_bus, 2.5),
    (objects.paint_train, 5.2),
    (objects.paint_motorcyclist, 1.5),
    (objects.paint_cyclist, 1.4),
    (objects.paint_car, 2.2),
)


def street_scene(height: int, width: int, key: tuple[int, ...]) -> tuple[Pixels, Pixels]:
    """One scene.

    Args:
        key: seeds all of its random numbers.
    Returns:
        RGB (H, W, 3) uint8 and train ids (H, W) uint8, 255 for the bonnet of the own car.
    """
    seeds = np.random.SeedSequence(key).spawn(2)
    rng, textures = (np.random.Generator(np.random.Philox(seed)) for seed in seeds)
    canvas = Canvas(
        height,
        width,
        horizon=rng.uniform(0.38, 0.45),
        vanishing=rng.uniform(0.40, 0.60),
        haze=colour(rng, (0.86, 0.89, 0.93), (0.92, 0.90, 0.86)),
        visibility=rng.uniform(50, 150),
        rng=textures,
    )
    street = Street.draw(rng)
    _paint_surroundings(canvas, street, rng)
    placed = _traffic(canvas, street, rng) + _roadside(canvas, street, rng)
    for scale, x, paint in sorted(placed, key=lambda thing: thing[0]):
        paint(canvas, x, scale, rng)
    _paint_own_car(canvas, rng)
    return _exposed(canvas, rng), canvas.labels


def _paint_surroundings(canvas: Canvas, street: Street, rng: np.random.Generator) -> None:
    paint_sky(canvas, rng)
    end = Sprite(canvas, canvas.centre, 0.012, BUILDING)
    for u in range(-24, 24, 8):  # what closes the street in the distance
        end.box(
            u, u + 8.5, 0, rng.uniform(5, 14), colour(rng, (0.5, 0.48, 0.46), (0.58, 0.5, 0.44))
        )
    for u in rng.uniform(-18, 18, 3):
        objects.paint_tree(canvas, canvas.centre + u * 0.02, 0.02, rng)
    paint_ground(canvas, street, rng)
    for side in (street.plot_left, street.plot_right):
        paint_buildings(canvas, side, rng)
    sides = [street.plot_left * 0.9, street.plot_right * 0.9]
    if rng.random() < 0.5:
        sides.reverse()
    # The barrier starts where its plane is about to leave the picture.
    reach = max(canvas.centre, canvas.aspect - canvas.centre)
    for paint, side in zip((paint_wall, paint_fence), sides, strict=True):
        near = FOCAL * abs(side) / (reach * rng.uniform(0.75, 1.1))
        paint(canvas, side, near, rng)


def _traffic(canvas: Canvas, street: Street, rng: np.random.Generator) -> list[Placed]:
    """One vehicle per stretch of the picture's middle, in random order, so that all can be seen."""
    stretch = 0.8 * canvas.aspect / len(_TRAFFIC)
    placed: list[Placed] = []
    for place, which in enumerate(rng.permutation(len(_TRAFFIC))):
        paint, metres = _TRAFFIC[which]
        x = 0.1 * canvas.aspect + (place + rng.uniform(0.35, 0.65)) * stretch
        offset = x - canvas.centre
        kerb = street.road_right if offset > 0 else -street.road_left
        scale = max(abs(offset) / kerb * rng.uniform(1.0, 1.3), rng.uniform(0.07, 0.1))
        placed.append((min(scale, 1.35 * stretch / metres), x, paint))
    return placed


def _roadside(canvas: Canvas, street: Street, rng: np.random.Generator) -> list[Placed]:
    """People, posts and plants on both sides."""
    placed: list[Placed] = []

    def along(lateral: float, paint: Painter, nearest: float) -> None:
        """Something `lateral` metres from the middle, its size at most `nearest`."""
        room = canvas.centre if lateral < 0 else canvas.aspect - canvas.centre
        scale = min(rng.uniform(0.35, 0.95) * room / abs(lateral), nearest)
        placed.append((scale, canvas.centre + lateral * scale, paint))

    for near, far, kerb in (
        (street.walk_left, street.plot_left, street.road_left),
        (street.walk_right, street.plot_right, street.road_right),
    ):
        for _ in range(rng.integers(1, 3)):
            along(_between(rng, near, far), objects.paint_tree, 0.12)
        if rng.random() < 0.5:
            along(_between(rng, near, far), objects.paint_hedge, 0.10)
        for _ in range(rng.integers(2, 4)):
            along(_between(rng, kerb, near), objects.paint_person, 0.19)
        along(kerb + 0.2 * (near - kerb), objects.paint_pole, 0.14)
        along(kerb + 0.1 * (near - kerb), objects.paint_traffic_light, 0.12)
        along(kerb + 0.3 * (near - kerb), objects.paint_sign, 0.12)
    return placed


def _paint_own_car(canvas: Canvas, rng: np.random.Generator) -> None:
    """The bonnet at the lower edge, which no one is asked to recognise."""
    across = 2 * canvas.x / canvas.aspect - 1
    edge = 1 - rng.uniform(0.05, 0.08) * (1 - 0.5 * across**2)
    where = canvas.y > edge
    depth = np.clip((canvas.y - edge) / 0.08, 0, 1)[..., None]
    paint = colour(rng, (0.10, 0.10, 0.12), (0.30, 0.31, 0.33))
    glossy = paint + 0.35 * np.exp(-6 * depth)
    everywhere = (slice(None), slice(None))
    canvas.paint(everywhere, where, glossy.astype(np.float32), IGNORE)


def _exposed(canvas: Canvas, rng: np.random.Generator) -> Pixels:
    """The picture as a camera would take it: light, white balance, contrast, a trace of blur."""
    balance = 1 + rng.uniform(-0.07, 0.07) * np.array((1.0, 0.1, -1.0))
    gain = (rng.uniform(0.75, 1.12) * balance).astype(np.float32)
    rgb = np.clip(canvas.rgb * gain, 0, 1) ** np.float32(rng.uniform(0.85, 1.2))
    for axis in (0, 1):
        rgb = _blurred(rgb, axis)
    return np.rint(rgb * 255).astype(np.uint8)


def _blurred(rgb: Floats, axis: int) -> Floats:
    """Weights 1/8, 3/4, 1/8 along an axis; the edge pixels stay."""
    rgb = np.swapaxes(rgb, 0, axis)
    soft = rgb.copy()
    soft[1:-1] = 0.75 * rgb[1:-1] + 0.125 * (rgb[:-2] + rgb[2:])
    return np.swapaxes(soft, 0, axis)


def _between(rng: np.random.Generator, start: float, end: float) -> float:
    return start + (end - start) * rng.random()
