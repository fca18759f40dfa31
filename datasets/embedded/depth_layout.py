"""A scene that is painted together with its depth: what is nearer hides what is farther.

Geometry is a pinhole camera above a flat ground, in metres; positions in the picture are in image
heights, so that a scene looks the same at any resolution. Depth is the distance along the camera's
axis, as depth cameras tell it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from datasets.depth import Depth
from datasets.embedded.street_canvas import FOCAL, Floats, Mask, smooth_noise
from datasets.embedded.street_surroundings import colour
from datasets.images import Pixels

Kind = Literal["indoor", "outdoor"]

_EYES = 1.5  # metres of the camera above the ground


class DepthCanvas:
    """Colours and depth, which start as nothing infinitely far away.

    Args:
        height, width: size in pixels.
        horizon: height of the horizon, 0 at the top and 1 at the bottom.
        rng: for textures alone; their number of draws depends on the size, the layout must not.
    """

    def __init__(self, height: int, width: int, horizon: float, rng: np.random.Generator):
        rows = (np.arange(height) + 0.5) / height - horizon
        columns = (np.arange(width) + 0.5) / height - width / height / 2
        # Metres at a depth of one, from the axis.
        self.right: Floats = (columns / FOCAL).astype(np.float32)[None, :]
        self.down: Floats = (rows / FOCAL).astype(np.float32)[:, None]
        self.rgb: Floats = np.zeros((height, width, 3), np.float32)
        self.depth: Depth = np.full((height, width), np.inf, np.float32)
        self.coarse = smooth_noise(rng, height, width, (1 / 3, 1 / 6, 1 / 12))
        self.fine = smooth_noise(rng, height, width, (1 / 24, 1 / 48, 1 / 96))

    def paint(self, depth: Floats | float, where: Mask, tone: Floats, base: Floats) -> None:
        """Colour what is nearer than all before.

        Args:
            depth: metres, positive where painted; with `where` and `tone`, broadcast to (h, w).
            tone: brightness, that multiplies the colour.
            base: colour, (3,).
        """
        nearer = where & (depth < self.depth)
        grain = tone + np.float32(0.07) * self.fine + np.float32(0.05) * self.coarse
        np.copyto(self.rgb, grain[..., None] * base, where=nearer[..., None])
        np.copyto(self.depth, np.asarray(depth, np.float32), where=nearer)


@dataclass(frozen=True)
class _Plane:
    """A plane at `metres` from the camera, below it or beside it, seen over half of the picture.

    slope: metres along its normal at a depth of one, per pixel; positive on its own side.
    """

    slope: Floats
    metres: float

    @property
    def seen(self) -> Mask:
        """Where the plane is, were there nothing else."""
        return self.slope > 1e-4

    @property
    def depth(self) -> Floats:
        """Metres along the axis; meaningless where the plane is not seen."""
        return (self.metres / np.maximum(self.slope, 1e-4)).astype(np.float32)


def depth_scene(kind: Kind, height: int, width: int, key: tuple[int, ...]) -> tuple[Pixels, Depth]:
    """One scene.

    Args:
        kind: "indoor", a room of up to 8 metres, or "outdoor", land and sky of up to 120.
        key: seeds all of its random numbers.
    Returns:
        RGB (H, W, 3) uint8, and depth in metres, (H, W) float32, finite and positive.
    """
    seeds = np.random.SeedSequence(key).spawn(2)
    rng, textures = (np.random.Generator(np.random.Philox(seed)) for seed in seeds)
    canvas = DepthCanvas(height, width, rng.uniform(0.35, 0.5), textures)
    farthest = rng.uniform(5, 8) if kind == "indoor" else rng.uniform(60, 120)
    if kind == "indoor":
        _paint_room(canvas, farthest, rng)
    else:
        _paint_land(canvas, farthest, rng)
    for place in range(7):
        depth = farthest * rng.uniform(0.3, 0.9) ** (1 if kind == "indoor" else 2)
        # Spread over the picture's width, at whatever depth they are.
        across = (place + rng.uniform(0, 1)) / 7 * 2 - 1
        paint = _paint_box if rng.random() < 0.6 else _paint_pillar
        paint(canvas, depth, across * float(canvas.right.max()) * depth, rng)
    light = np.float32(rng.uniform(0.85, 1.1))
    return np.rint(np.clip(canvas.rgb * light, 0, 1) * 255).astype(np.uint8), canvas.depth


def _paint_ground(canvas: DepthCanvas, tile: float, base: Floats) -> None:
    plane = _Plane(canvas.down, _EYES)
    along, aside = plane.depth, canvas.right * plane.depth
    checks = (np.floor(along / tile) + np.floor(aside / tile)) % 2
    contrast = np.clip(tile / np.maximum(along, 1) * 2, 0, 1)  # tiles blur with distance
    tone = 1 - 0.25 * checks * contrast
    canvas.paint(along, plane.seen, tone.astype(np.float32), base)


def _paint_room(canvas: DepthCanvas, farthest: float, rng: np.random.Generator) -> None:
    everywhere = np.ones(canvas.depth.shape, bool)
    wall = colour(rng, (0.70, 0.62, 0.50), (0.56, 0.62, 0.66), (0.66, 0.50, 0.44))
    stripes = np.float32(0.12) * np.sin(canvas.right * np.float32(farthest * 9))
    canvas.paint(farthest, everywhere, 1 + stripes, wall)
    for side in (-1, 1):
        plane = _Plane(side * canvas.right, rng.uniform(1.8, 3.0))
        panels = np.mod(plane.depth, 0.9) < 0.08
        canvas.paint(plane.depth, plane.seen, np.float32(0.8) - 0.3 * panels, wall)
    ceiling = _Plane(-canvas.down, rng.uniform(0.9, 1.4))
    beams = np.mod(ceiling.depth, 1.1) < 0.15
    canvas.paint(ceiling.depth, ceiling.seen, np.float32(1) - 0.35 * beams, wall)
    _paint_ground(canvas, rng.uniform(0.3, 0.6), colour(rng, (0.46, 0.32, 0.22), (0.5, 0.5, 0.48)))


def _paint_land(canvas: DepthCanvas, farthest: float, rng: np.random.Generator) -> None:
    everywhere = np.ones(canvas.depth.shape, bool)
    sky = colour(rng, (0.50, 0.66, 0.90), (0.62, 0.72, 0.88))
    canvas.paint(farthest, everywhere, 1 + np.float32(0.12) * canvas.coarse, sky)
    hill = 0.8 * farthest
    edge = rng.uniform(0.02, 0.06) + 0.03 * canvas.coarse
    forest = colour(rng, (0.26, 0.36, 0.20), (0.34, 0.36, 0.30))
    canvas.paint(hill, -canvas.down < edge, 1 + np.float32(0.2) * canvas.fine, forest)
    _paint_ground(canvas, rng.uniform(1.0, 2.5), colour(rng, (0.42, 0.46, 0.26), (0.5, 0.46, 0.4)))


def _paint_box(canvas: DepthCanvas, depth: float, aside: float, rng: np.random.Generator) -> None:
    """An upright front with bands, standing on the ground."""
    wide, high = rng.uniform(0.10, 0.25) * depth**0.8, rng.uniform(0.25, 0.6) * depth**0.8
    u, v = canvas.right * depth - aside, _EYES - canvas.down * depth
    bands = np.mod(u if rng.random() < 0.5 else v, high / 4) < high / 10
    where = (np.abs(u) <= wide) & (v >= 0) & (v <= high)
    canvas.paint(depth, where, 1 - np.float32(0.35) * bands, _bright(rng))


def _paint_pillar(
    canvas: DepthCanvas, depth: float, aside: float, rng: np.random.Generator
) -> None:
    """A round column, whose middle is nearer than its edges and lighter."""
    radius, high = rng.uniform(0.04, 0.12) * depth**0.8, rng.uniform(0.3, 0.8) * depth**0.8
    u, v = canvas.right * depth - aside, _EYES - canvas.down * depth
    bulge = np.sqrt(np.clip(1 - (u / radius) ** 2, 0, 1))
    where = (np.abs(u) <= radius) & (v >= 0) & (v <= high)
    tone = (0.5 + 0.6 * bulge).astype(np.float32)
    canvas.paint((depth - radius * bulge).astype(np.float32), where, tone, _bright(rng))


def _bright(rng: np.random.Generator) -> Floats:
    return colour(
        rng,
        (0.75, 0.25, 0.18),
        (0.20, 0.42, 0.70),
        (0.85, 0.68, 0.20),
        (0.24, 0.52, 0.30),
        (0.16, 0.15, 0.17),
        (0.90, 0.88, 0.82),
    )
