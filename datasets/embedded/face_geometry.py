"""The shape of a computed face: 68 landmarks on the curves that a drawing follows.

The face's own frame has x to the right, y down, its origin between the eyes and about one unit from
eye to eye. A face looks a little to a side, which moves points and never pixels, and is turned,
scaled and shifted into a square of 128x128 pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from datasets.faces import SIDE

Curve = NDArray[np.float64]  # (k, 2), x and y

_MARGIN = (2, 125)  # all landmarks lie within: nothing of a face is cut off


class FaceShape(NamedTuple):
    """The curves of a face in pixels of its square; all but the landmarks may leave it.

    landmarks: (68, 2), iBUG's order.
    skull: from the left ear over the top to the right one; with the jaw it is the head's outline.
    hair, neck, shoulders: closed outlines.
    irises: their two centres.
    unit: pixels per unit of the face's frame.
    """

    landmarks: Curve
    skull: Curve
    hair: Curve
    neck: Curve
    shoulders: Curve
    irises: Curve
    unit: float


def face_shape(rng: np.random.Generator) -> FaceShape:
    """A face, drawn again until all of its landmarks lie within the square."""
    while True:
        shape = _drawn(rng)
        if shape.landmarks.min() >= _MARGIN[0] and shape.landmarks.max() <= _MARGIN[1]:
            return shape


def _drawn(rng: np.random.Generator) -> FaceShape:
    width, height = rng.uniform(0.95, 1.12), rng.uniform(1.18, 1.42)
    roundness, top = rng.uniform(2, 3), rng.uniform(0.85, 1.05)
    points = np.concatenate((_jaw(width, height, roundness), _features(rng)))
    angles = np.linspace(0, np.pi, 19)[1:-1]
    skull = np.stack((width * np.cos(angles), -0.05 - top * np.sin(angles)), 1)
    hair = _hair(width, top, rng.uniform(0.3, 1.5))
    side, foot = width * rng.uniform(0.62, 0.75), height + 1.6
    neck = np.array([(-side, 0.5), (side, 0.5), (side, foot), (-side, foot)])
    shoulders = np.array([(-3.2, foot), (-2.3, height + 0.6), (-side, height + 0.25)])
    shoulders = np.concatenate((shoulders, shoulders[::-1] * (-1, 1)))
    gaze = rng.uniform((-0.04, -0.015), (0.04, 0.015))
    irises = np.stack([points[k : k + 6].mean(0) for k in (36, 42)]) + gaze
    place, unit = _placing(rng)
    return FaceShape(
        place(points),
        place(skull),
        place(hair),
        place(neck),
        place(shoulders),
        place(irises),
        unit,
    )


def _jaw(width: float, height: float, roundness: float) -> Curve:
    """0-16: the lower part of a superellipse."""
    angles = np.linspace(np.pi, 0, 17)
    cosine, sine = np.cos(angles), np.abs(np.sin(angles))
    x = width * np.sign(cosine) * np.abs(cosine) ** (2 / roundness)
    return np.stack((x, -0.05 + height * sine ** (2 / 2.2)), 1)


def _features(rng: np.random.Generator) -> Curve:
    """17-67: brows, nose, eyes and lips."""
    eye_x, eye_y = rng.uniform(0.40, 0.48), rng.uniform(-0.06, 0.02)
    nose = rng.uniform(0.45, 0.60)
    return np.concatenate(
        (
            _brows(rng, eye_x, eye_y),
            _nose(eye_y, nose, rng.uniform(0.14, 0.20)),
            _eyes(eye_x, eye_y, rng.uniform(0.17, 0.22), rng.uniform(0.05, 0.10)),
            _lips(rng, eye_y + nose + rng.uniform(0.26, 0.34)),
        )
    )


def _brows(rng: np.random.Generator, eye_x: float, eye_y: float) -> Curve:
    """17-26: arcs above the eyes, both from the left of the image to the right."""
    y, width = eye_y - rng.uniform(0.22, 0.32), rng.uniform(0.24, 0.30)
    tilt, arch = rng.uniform(-0.05, 0.05), rng.uniform(0.03, 0.08)
    t = np.linspace(-1, 1, 5)
    sides = [
        np.stack((side * eye_x + width * t, y - arch * (1 - t**2) + side * tilt * t), 1)
        for side in (-1, 1)
    ]
    return np.concatenate(sides)


def _nose(eye_y: float, length: float, width: float) -> Curve:
    """27-35: the bridge downwards, then the base."""
    bridge = np.stack((np.zeros(4), np.linspace(eye_y, eye_y + 0.78 * length, 4)), 1)
    u = np.linspace(-1, 1, 5)
    base = np.stack((width * u, eye_y + length + 0.04 * (1 - u**2)), 1)
    return np.concatenate((bridge, base))


def _eyes(x: float, y: float, width: float, opening: float) -> Curve:
    """36-47: each from its left corner over the upper lid, and back along the lower one."""
    angles = np.deg2rad((180, 120, 60, 0, -60, -120))
    ring = np.stack((width * np.cos(angles), y - 1.15 * opening * np.sin(angles)), 1)
    return np.concatenate([ring + np.array((side * x, 0)) for side in (-1, 1)])


def _lips(rng: np.random.Generator, y: float) -> Curve:
    """48-67: the outer edge round from the left corner, then the inner one."""
    width, smile = rng.uniform(0.28, 0.40), rng.uniform(-0.06, 0.06)
    upper, lower = rng.uniform(0.05, 0.08), rng.uniform(0.06, 0.10)
    half = max(0.0, rng.uniform(-0.06, 0.10)) / 2

    def edge(u: NDArray[np.float64], bulge: NDArray[np.float64]) -> Curve:
        return np.stack((width * u, y + bulge - smile * u**2), 1)

    u = np.linspace(-1, 1, 7)
    bow = 0.25 * (u == 0)  # the dip of the upper lip
    outer_top = edge(u, -upper * (1 - u**2 - bow) - half * (1 - u**2))
    u = np.linspace(1, -1, 7)[1:-1]
    outer_bottom = edge(u, (lower + half) * (1 - u**2))
    u = np.linspace(-0.82, 0.82, 5)
    inner_top = edge(u, -half * (1 - u**2))
    u = u[3:0:-1]
    inner_bottom = edge(u, half * (1 - u**2) + 0.012)
    return np.concatenate((outer_top, outer_bottom, inner_top, inner_bottom))


def _hair(width: float, top: float, length: float) -> Curve:
    """An oval about the skull that ends as far below the ears as the hair is long."""
    angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    cosine, sine = np.cos(angles), np.sin(angles)
    down = np.where(sine > 0, length, 1.35 * top)
    return np.stack((1.22 * width * cosine, -0.05 + down * sine), 1)


def _placing(rng: np.random.Generator) -> tuple[Callable[[Curve], Curve], float]:
    """The map from the face's frame into its square, and pixels per unit."""
    yaw, turn = rng.uniform(-0.22, 0.22), np.deg2rad(rng.uniform(-15, 15))
    unit = SIDE * rng.uniform(0.30, 0.36)
    centre = SIDE * rng.uniform((0.46, 0.40), (0.54, 0.46))
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])

    def place(curve: Curve) -> Curve:
        # Far from the face, at the shoulders, the turn of the head has no meaning and would fold.
        x = np.clip(curve[:, 0], -1.5, 1.5)
        sideways = curve[:, 0] + yaw * x**2 / 1.2 + 0.25 * yaw * np.cos(x)
        turned = np.stack((sideways, curve[:, 1] * (1 + 0.08 * yaw * x)), 1)
        placed: Curve = unit * turned @ rotation + centre
        return placed

    return place, unit
