"""What stands and moves in a street scene: trees, poles, people, vehicles.

Sizes are in metres, a little larger than life for thin and small things, so that they still have
an area in a small picture.
"""

from __future__ import annotations

import numpy as np

from datasets.embedded.street_canvas import Canvas, Colour, Floats, Sprite
from datasets.embedded.street_surroundings import VEGETATION, colour

POLE, LIGHT, SIGN, PERSON, RIDER = 5, 6, 7, 11, 12
CAR, TRUCK, BUS, TRAIN, MOTORCYCLE, BICYCLE = 13, 14, 15, 16, 17, 18

_BLACK: Colour = np.array((0.05, 0.05, 0.06), np.float32)
_GLASS: Colour = np.array((0.16, 0.20, 0.25), np.float32)
_RED: Colour = np.array((0.80, 0.10, 0.08), np.float32)
_WHITE: Colour = np.array((0.92, 0.92, 0.90), np.float32)


def paint_tree(canvas: Canvas, x: float, scale: float, rng: np.random.Generator) -> None:
    """A trunk and a crown of leaves; the trunk counts as vegetation, as in Cityscapes."""
    tree = Sprite(canvas, x, scale, VEGETATION)
    tree.box(-0.16, 0.16, 0, 3.0, colour(rng, (0.28, 0.21, 0.15)), 0.2)
    leaves = colour(rng, (0.16, 0.30, 0.10), (0.22, 0.34, 0.12), (0.12, 0.24, 0.12))
    for _ in range(4):
        u, v = rng.uniform(-1.1, 1.1), rng.uniform(3.0, 5.2)
        radius = rng.uniform(1.0, 1.7)
        tree.ellipse(u, v, radius, radius * 0.85, leaves * rng.uniform(0.8, 1.25), 0.35, rough=0.16)


def paint_hedge(canvas: Canvas, x: float, scale: float, rng: np.random.Generator) -> None:
    """Bushes: a row of leafy bumps."""
    hedge = Sprite(canvas, x, scale, VEGETATION)
    leaves = colour(rng, (0.18, 0.32, 0.12), (0.14, 0.26, 0.10))
    for u in np.linspace(-2, 2, 5):
        hedge.ellipse(u, 0.7, 0.8, rng.uniform(0.8, 1.3), leaves, 0.35, rough=0.12)


def paint_pole(canvas: Canvas, x: float, scale: float, rng: np.random.Generator) -> None:
    """A lamp post with its arm."""
    pole = Sprite(canvas, x, scale, POLE, bool(rng.integers(2)))
    grey = colour(rng, (0.38, 0.39, 0.40), (0.28, 0.30, 0.30))
    height = rng.uniform(4.5, 6.5)
    pole.box(-0.11, 0.11, 0, height, grey)
    pole.box(-0.04, 0.03, 0, height, grey * 1.5)
    pole.box(0, 1.2, height - 0.1, height + 0.08, grey)


def paint_traffic_light(canvas: Canvas, x: float, scale: float, rng: np.random.Generator) -> None:
    """Three lamps in a dark box on a post, one of them lit."""
    height = rng.uniform(2.3, 3.0)
    Sprite(canvas, x, scale, POLE).box(-0.1, 0.1, 0, height, colour(rng, (0.36, 0.37, 0.38)))
    light = Sprite(canvas, x, scale, LIGHT)
    light.box(-0.36, 0.36, height - 0.1, height + 1.75, _BLACK)
    lit = rng.integers(3)
    lamps = ((0.10, 0.85, 0.45), (1.0, 0.70, 0.10), (1.0, 0.15, 0.10))  # from below
    for i, lamp in enumerate(lamps):
        shade = np.array(lamp, np.float32) * (1.0 if i == lit else 0.25)
        light.ellipse(0, height + 0.25 + 0.57 * i, 0.23, 0.23, shade)


def paint_sign(canvas: Canvas, x: float, scale: float, rng: np.random.Generator) -> None:
    """A round, triangular or rectangular traffic sign on a post."""
    height = rng.uniform(2.1, 2.7)
    Sprite(canvas, x, scale, POLE).box(-0.08, 0.08, 0, height, colour(rng, (0.42, 0.43, 0.44)))
    sign = Sprite(canvas, x, scale, SIGN)
    middle, kind = height + 0.45, rng.integers(3)
    blue = np.array((0.08, 0.25, 0.70), np.float32)
    if kind == 0:
        sign.ellipse(0, middle, 0.58, 0.58, _RED)
        sign.ellipse(0, middle, 0.40, 0.40, _WHITE)
    elif kind == 1:
        corners = ((-0.68, middle - 0.45), (0.68, middle - 0.45), (0, middle + 0.70))
        sign.polygon(corners, _RED)
        sign.polygon([(0.6 * u, middle + 0.6 * (v - middle)) for u, v in corners], _WHITE)
    else:
        sign.box(-0.55, 0.55, middle - 0.55, middle + 0.55, blue)
        sign.box(-0.2, 0.2, middle - 0.3, middle + 0.3, _WHITE)


def paint_person(canvas: Canvas, x: float, scale: float, rng: np.random.Generator) -> None:
    """Someone standing or walking."""
    person = Sprite(canvas, x, scale, PERSON, bool(rng.integers(2)))
    tall, stride = rng.uniform(0.92, 1.06), rng.uniform(0.05, 0.3)
    trousers = colour(rng, (0.16, 0.18, 0.28), (0.12, 0.12, 0.13), (0.34, 0.30, 0.26))
    coat = _clothes(rng)
    person.shadow(0.5)
    person.polygon(
        _scaled(tall, (-stride - 0.1, 0), (-stride + 0.1, 0), (0.14, 0.9), (-0.2, 0.9)), trousers
    )
    person.polygon(
        _scaled(tall, (stride - 0.1, 0), (stride + 0.12, 0), (0.2, 0.9), (-0.12, 0.9)), trousers
    )
    person.polygon(
        _scaled(tall, (-0.24, 0.8), (0.24, 0.8), (0.28, 1.45), (-0.28, 1.45)), coat, 0.08
    )
    person.box(0.24, 0.36, 0.85 * tall, 1.4 * tall, coat * 0.85)
    _head(person, 0, 1.6 * tall, rng, colour(rng, (0.20, 0.13, 0.08), (0.07, 0.06, 0.06)))


def paint_cyclist(canvas: Canvas, x: float, scale: float, rng: np.random.Generator) -> None:
    """A bicycle seen from the side, with its rider; a wheel counts with all between its spokes."""
    mirrored = bool(rng.integers(2))
    bicycle = Sprite(canvas, x, scale, BICYCLE, mirrored)
    frame = colour(rng, (0.10, 0.30, 0.60), (0.60, 0.12, 0.10), (0.12, 0.12, 0.12), (0.2, 0.5, 0.3))
    bicycle.shadow(0.9)
    for hub in (-0.62, 0.62):
        bicycle.ellipse(hub, 0.40, 0.42, 0.42, np.full(3, 0.46, np.float32), 0.15)
        bicycle.ellipse(hub, 0.40, 0.42, 0.42, _BLACK, hole=0.76)
    bicycle.polygon(((-0.62, 0.36), (-0.62, 0.48), (-0.15, 0.98), (-0.12, 0.9)), frame)
    bicycle.polygon(((-0.2, 0.95), (0.5, 1.0), (0.5, 0.86), (-0.2, 0.8)), frame)
    bicycle.polygon(((0.42, 1.1), (0.54, 1.1), (0.68, 0.4), (0.56, 0.4)), frame)
    bicycle.polygon(((-0.2, 0.9), (-0.08, 0.9), (0.1, 0.35), (-0.02, 0.35)), frame)
    rider = Sprite(canvas, x, scale, RIDER, mirrored)
    trousers = colour(rng, (0.14, 0.14, 0.18), (0.22, 0.24, 0.34))
    rider.polygon(((-0.25, 1.1), (0.0, 1.15), (0.35, 0.75), (0.18, 0.7)), trousers)
    rider.polygon(((0.18, 0.8), (0.36, 0.8), (0.16, 0.3), (0.02, 0.32)), trousers)
    _rider_above(rider, -0.2, 1.05, rng)


def paint_motorcyclist(canvas: Canvas, x: float, scale: float, rng: np.random.Generator) -> None:
    """A motorcycle seen from the side, with its rider."""
    mirrored = bool(rng.integers(2))
    machine = Sprite(canvas, x, scale, MOTORCYCLE, mirrored)
    paint = colour(rng, (0.70, 0.08, 0.08), (0.05, 0.20, 0.55), (0.85, 0.45, 0.05), (0.1, 0.4, 0.2))
    machine.shadow(1.1)
    for hub in (-0.75, 0.75):
        machine.ellipse(hub, 0.36, 0.37, 0.37, _BLACK)
        machine.ellipse(hub, 0.36, 0.20, 0.20, np.full(3, 0.6, np.float32))
    machine.polygon(((-0.5, 0.25), (0.5, 0.25), (0.45, 0.7), (-0.45, 0.7)), _BLACK * 4, 0.3)
    machine.polygon(((-1.0, 0.95), (-0.9, 0.7), (0.5, 0.65), (0.55, 1.0), (0.0, 1.05)), paint)
    machine.polygon(((0.45, 1.15), (0.62, 1.15), (0.85, 0.4), (0.7, 0.4)), paint)
    machine.ellipse(0.68, 0.98, 0.14, 0.14, _WHITE)
    rider = Sprite(canvas, x, scale, RIDER, mirrored)
    leather = colour(rng, (0.10, 0.10, 0.11), (0.20, 0.18, 0.18))
    rider.polygon(((-0.35, 0.95), (-0.1, 1.1), (0.28, 0.75), (0.12, 0.6)), leather)
    rider.polygon(((0.1, 0.78), (0.28, 0.78), (0.14, 0.28), (-0.04, 0.3)), leather)
    _rider_above(rider, -0.25, 0.98, rng)


def paint_car(canvas: Canvas, x: float, scale: float, rng: np.random.Generator) -> None:
    """A car from behind, or from the side in front of a junction."""
    car = Sprite(canvas, x, scale, CAR, bool(rng.integers(2)))
    body = colour(
        rng,
        (0.75, 0.76, 0.78),
        (0.12, 0.13, 0.15),
        (0.42, 0.44, 0.47),
        (0.50, 0.06, 0.07),
        (0.08, 0.16, 0.38),
        (0.90, 0.90, 0.90),
    )
    if rng.random() < 0.65:
        car.shadow(1.1)
        for u in (-0.72, 0.72):
            car.box(u - 0.16, u + 0.16, 0, 0.5, _BLACK)
        car.polygon(((-0.92, 0.28), (0.92, 0.28), (0.92, 0.95), (-0.92, 0.95)), body)
        car.polygon(((-0.9, 0.93), (0.9, 0.93), (0.62, 1.5), (-0.62, 1.5)), body * 0.95)
        car.polygon(((-0.74, 0.98), (0.74, 0.98), (0.55, 1.4), (-0.55, 1.4)), _GLASS, 0.2)
        for u in (-0.78, 0.78):
            car.box(u - 0.13, u + 0.13, 0.68, 0.9, _RED)
        car.box(-0.28, 0.28, 0.5, 0.64, _WHITE * 0.9)
        car.box(-0.92, 0.92, 0.28, 0.4, body * 0.4)
        return
    car.shadow(2.1)
    car.polygon(((-2.0, 0.3), (2.0, 0.3), (2.05, 0.75), (1.2, 0.95), (-1.9, 0.95)), body)
    car.polygon(((-1.75, 0.9), (1.2, 0.9), (0.5, 1.45), (-1.2, 1.45)), body)
    car.polygon(((-1.45, 0.95), (-0.3, 0.95), (-0.3, 1.36), (-1.12, 1.36)), _GLASS, 0.2)
    car.polygon(((-0.2, 0.95), (0.95, 0.95), (0.42, 1.36), (-0.2, 1.36)), _GLASS, 0.2)
    for hub in (-1.3, 1.25):
        car.ellipse(hub, 0.33, 0.34, 0.34, _BLACK)
        car.ellipse(hub, 0.33, 0.18, 0.18, np.full(3, 0.6, np.float32))


def paint_truck(canvas: Canvas, x: float, scale: float, rng: np.random.Generator) -> None:
    """A lorry from behind: a plain box with door rods, high above black wheels."""
    truck = Sprite(canvas, x, scale, TRUCK)
    box = colour(
        rng, (0.86, 0.84, 0.78), (0.78, 0.60, 0.18), (0.30, 0.44, 0.58), (0.62, 0.30, 0.18)
    )
    truck.shadow(1.4)
    for u in (-0.85, 0.85):
        truck.box(u - 0.3, u + 0.3, 0, 0.8, _BLACK)
    truck.box(-1.2, 1.2, 0.55, 0.95, _BLACK * 3)
    truck.box(-1.22, 1.22, 0.9, 3.3, box)
    truck.box(-1.22, 1.22, 3.18, 3.3, box * 0.6)
    for u in (-0.7, -0.2, 0.2, 0.7):
        truck.box(u - 0.04, u + 0.04, 0.95, 3.15, box * 0.55)
    truck.box(-0.04, 0.04, 0.9, 3.3, box * 0.3)
    for u in (-1.0, 1.0):
        truck.box(u - 0.18, u + 0.18, 0.65, 0.85, _RED)


def paint_bus(canvas: Canvas, x: float, scale: float, rng: np.random.Generator) -> None:
    """A city bus from the front: wide windscreen, lit destination, bright paint."""
    bus = Sprite(canvas, x, scale, BUS)
    body = colour(rng, (0.92, 0.75, 0.12), (0.80, 0.14, 0.12), (0.10, 0.52, 0.34))
    bus.shadow(1.4)
    for u in (-0.9, 0.9):
        bus.box(u - 0.2, u + 0.2, 0, 0.5, _BLACK)
    bus.box(-1.25, 1.25, 0.3, 3.1, body)
    bus.box(-1.12, 1.12, 1.25, 2.5, _GLASS, 0.3)
    bus.box(-0.04, 0.04, 1.25, 2.5, _BLACK)
    bus.box(-0.85, 0.85, 2.62, 2.95, _BLACK)
    bus.box(-0.6, 0.5, 2.7, 2.86, np.array((1.0, 0.65, 0.1), np.float32))
    for u in (-0.95, 0.95):
        bus.ellipse(u, 0.75, 0.17, 0.17, _WHITE)


def paint_train(canvas: Canvas, x: float, scale: float, rng: np.random.Generator) -> None:
    """A tram from the side: a long light body, a band of windows, a stripe of the operator."""
    train = Sprite(canvas, x, scale, TRAIN)
    body = colour(rng, (0.86, 0.87, 0.90), (0.78, 0.80, 0.82))
    stripe = colour(rng, (0.75, 0.05, 0.25), (0.10, 0.20, 0.60), (0.05, 0.45, 0.45))
    train.shadow(2.8)
    train.box(-2.4, 2.4, 0.0, 0.35, _BLACK * 2)
    train.box(-2.6, 2.6, 0.25, 3.4, body)
    train.box(-2.6, 2.6, 0.45, 1.0, stripe)
    for u in np.linspace(-2.05, 2.05, 5):
        train.box(u - 0.4, u + 0.4, 1.35, 2.5, _GLASS, 0.3)
    train.box(-2.6, 2.6, 2.95, 3.15, stripe)
    train.box(-1.2, 1.2, 3.35, 3.65, body * 0.5)


def _clothes(rng: np.random.Generator) -> Floats:
    return colour(
        rng,
        (0.45, 0.10, 0.14),
        (0.15, 0.18, 0.25),
        (0.55, 0.50, 0.42),
        (0.20, 0.32, 0.45),
        (0.32, 0.18, 0.36),
    )


def _head(body: Sprite, u: float, v: float, rng: np.random.Generator, hair: Colour) -> None:
    skin = colour(rng, (0.80, 0.62, 0.50), (0.55, 0.38, 0.28), (0.36, 0.24, 0.18))
    body.ellipse(u, v, 0.15, 0.18, skin)
    body.ellipse(u, v + 0.09, 0.16, 0.13, hair)


def _rider_above(rider: Sprite, u: float, v: float, rng: np.random.Generator) -> None:
    """Torso bent forward from the seat at (u, v), an arm to the handlebar, a helmet."""
    jacket = colour(rng, (0.85, 0.90, 0.15), (0.95, 0.50, 0.10), (0.20, 0.75, 0.60))
    rider.polygon(((u - 0.18, v), (u + 0.16, v), (u + 0.50, v + 0.6), (u + 0.14, v + 0.68)), jacket)
    rider.polygon(
        ((u + 0.3, v + 0.55), (u + 0.45, v + 0.5), (u + 0.78, v + 0.12), (u + 0.66, v + 0.08)),
        jacket * 0.9,
    )
    _head(rider, u + 0.42, v + 0.78, rng, colour(rng, (0.9, 0.9, 0.9), (0.8, 0.1, 0.1)))


def _scaled(factor: float, *corners: tuple[float, float]) -> list[tuple[float, float]]:
    return [(u, v * factor) for u, v in corners]
