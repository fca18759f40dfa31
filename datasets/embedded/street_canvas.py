"""A picture that is painted together with its labels: one mask sets both, so labels are exact.

Geometry is a pinhole camera above a flat road, in metres. `scale` is the height of one metre in
units of the image height; it falls with distance z as FOCAL / z. Positions in the picture are in
units of the image height too, so that a scene looks the same at any resolution.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from datasets.images import IGNORE, Pixels

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Colour = Floats  # (3,), sRGB in 0..1
Area = tuple[slice, slice]  # rows, columns

CAMERA_HEIGHT = 2.1  # metres above the road; from a bus, to see over the traffic
FOCAL = 1.3  # focal length in image heights; wide, so that the street fills a small picture


class Canvas:
    """Colours, labels, and what painting needs to know of the place and the weather.

    Args:
        height, width: size in pixels.
        horizon: height of the horizon, 0 at the top and 1 at the bottom.
        vanishing: where the street leads, from 0 (left) to 1 (right).
        haze: colour into which distant things fade.
        visibility: distance in metres at which they have faded to 37 %.
        rng: for textures alone; their number of draws depends on the size, the layout must not.
    """

    def __init__(
        self,
        height: int,
        width: int,
        horizon: float,
        vanishing: float,
        haze: Colour,
        visibility: float,
        rng: np.random.Generator,
    ):
        self.height, self.width = height, width
        self.aspect = width / height
        self.horizon = horizon
        self.centre = vanishing * self.aspect
        self.haze: Colour = np.asarray(haze, np.float32)
        self.visibility = visibility
        self.y = _pixel_centres(height, height)[:, None]
        self.x = _pixel_centres(width, height)[None, :]
        self.rgb: Floats = np.zeros((height, width, 3), np.float32)
        self.labels: Pixels = np.full((height, width), IGNORE, np.uint8)
        self.coarse = smooth_noise(rng, height, width, (1 / 4, 1 / 8, 1 / 16))
        self.fine = smooth_noise(rng, height, width, (1 / 32, 1 / 64, 1 / 128))

    def clearness(self, scale: ArrayLike) -> Floats:
        """Share of its own colour that something at the distance of `scale` shows through haze."""
        distance = FOCAL / np.maximum(np.asarray(scale, np.float32), np.float32(1e-3))
        return np.exp(-distance / np.float32(self.visibility))

    def fade(self, colour: Floats, scale: Floats) -> Floats:
        """Colours (h, w, 3) of things at the distances of `scale`, which broadcasts to (h, w)."""
        return self.haze + (colour - self.haze) * self.clearness(scale)[..., None]

    def paint(self, area: Area, where: Mask, colour: Floats, label: int) -> None:
        """Colour and label the masked pixels of an area; `colour` broadcasts to (h, w, 3)."""
        np.copyto(self.rgb[area], colour, where=where[..., None])
        self.labels[area][where] = label


class Sprite:
    """A brush for one upright object: coordinates in metres, u to the right and v upwards.

    Args:
        canvas: to paint on.
        x: position of u = 0 in the picture, in image heights.
        scale: image heights per metre; it also sets where the object stands on the ground.
        label: class of what is painted.
        mirrored: whether u points to the left.
    """

    def __init__(self, canvas: Canvas, x: float, scale: float, label: int, mirrored: bool = False):
        self.canvas = canvas
        self.x = x
        self.scale = scale
        self.label = label
        self.sign = -1 if mirrored else 1
        self.ground = canvas.horizon + CAMERA_HEIGHT * scale
        self.clear = canvas.clearness(scale)
        self.veil: Colour = canvas.haze * (1 - self.clear)

    def polygon(
        self, corners: Sequence[tuple[float, float]], colour: Colour, grain: float = 0.05
    ) -> None:
        """A convex polygon, corners in order."""
        u, v = (np.array(part, np.float32) for part in zip(*corners, strict=True))
        window = self._window(u.min(), u.max(), v.min(), v.max())
        if window is None:
            return
        _, us, vs = window
        sides = [
            (us - u[i]) * (v[i - 1] - v[i]) - (vs - v[i]) * (u[i - 1] - u[i])
            for i in range(len(corners))
        ]
        inside = np.all([side >= 0 for side in sides], 0) | np.all([side <= 0 for side in sides], 0)
        self._fill(window, inside, colour, grain)

    def box(
        self,
        left: float,
        right: float,
        low: float,
        high: float,
        colour: Colour,
        grain: float = 0.05,
    ) -> None:
        """An upright rectangle; at least a pixel wide and high."""
        thin = max(0.0, 1.01 / (self.scale * self.canvas.height) - (right - left)) / 2
        flat = max(0.0, 1.01 / (self.scale * self.canvas.height) - (high - low)) / 2
        window = self._window(left - thin, right + thin, low - flat, high + flat)
        if window is not None:
            _, us, vs = window
            inside = (us >= left - thin) & (us < right + thin)
            self._fill(window, inside & (vs >= low - flat) & (vs < high + flat), colour, grain)

    def ellipse(
        self,
        u: float,
        v: float,
        radius_u: float,
        radius_v: float,
        colour: Colour,
        grain: float = 0.05,
        rough: float = 0.0,
        hole: float = 0.0,
    ) -> None:
        """An ellipse around (u, v).

        rough: how far texture displaces its outline, as a share of the radius; for foliage.
        hole: share of the radius left out in the middle; for wheels.
        """
        reach = 1 + 2 * rough
        window = self._window(
            u - reach * radius_u, u + reach * radius_u, v - reach * radius_v, v + reach * radius_v
        )
        if window is None:
            return
        area, us, vs = window
        radius = np.sqrt(((us - u) / radius_u) ** 2 + ((vs - v) / radius_v) ** 2)
        if rough:
            radius = radius + rough * (self.canvas.fine[area] + self.canvas.coarse[area])
        inside = radius <= 1
        if hole:
            inside &= radius >= hole
        self._fill(window, inside, colour, grain)

    def shadow(self, half_width: float) -> None:
        """Darken the ground beneath; the ground keeps its label."""
        window = self._window(-half_width, half_width, -0.12, 0.12)
        if window is not None:
            area, us, vs = window
            dark = np.clip(1.3 - (us / half_width) ** 2 - (vs / 0.12) ** 2, 0, 1)
            self.canvas.rgb[area] *= (1 - 0.6 * dark)[..., None]

    def _window(
        self, left: float, right: float, low: float, high: float
    ) -> tuple[Area, Floats, Floats] | None:
        """The pixels of a rectangle in metres and their u (1, w) and v (h, 1); None if outside."""
        canvas = self.canvas
        if self.sign < 0:
            left, right = -right, -left
        pixels = self.scale * canvas.height
        x0 = max(0, int((self.x + left * self.scale) * canvas.height - 1))
        x1 = min(canvas.width, int((self.x + right * self.scale) * canvas.height + 2))
        y0 = max(0, int(self.ground * canvas.height - high * pixels - 1))
        y1 = min(canvas.height, int(self.ground * canvas.height - low * pixels + 2))
        if x0 >= x1 or y0 >= y1:
            return None
        area = (slice(y0, y1), slice(x0, x1))
        us = (canvas.x[:, area[1]] - self.x) * (self.sign / self.scale)
        return area, us, (self.ground - canvas.y[area[0]]) / self.scale

    def _fill(
        self,
        window: tuple[Area, Floats, Floats],
        inside: Mask,
        colour: Colour,
        grain: float,
    ) -> None:
        area, _, vs = window
        canvas = self.canvas
        # Lighter towards the top, as under an open sky.
        light = 0.9 + 0.06 * np.clip(vs, 0, 3) + grain * canvas.fine[area]
        canvas.rgb[area][inside] = light[inside, None] * (colour * self.clear) + self.veil
        canvas.labels[area][inside] = self.label


def smooth_noise(
    rng: np.random.Generator, height: int, width: int, cells: Sequence[float]
) -> Floats:
    """Random texture (H, W), mean 0 and deviation about 1, the same pattern at any resolution.

    Args:
        cells: sizes of the grids of random values it is interpolated from, in image heights.
    """
    total = np.zeros((height, width), np.float32)
    for cell in cells:
        rows = _interpolation(height, height, cell)
        columns = _interpolation(width, height, cell)
        grid = rng.standard_normal((rows.shape[1], columns.shape[1]), dtype=np.float32)
        total += rows @ grid @ columns.T
    return total / np.float32(0.67 * len(cells) ** 0.5)  # 0.67: what linear interpolation leaves


def _pixel_centres(length: int, height: int) -> Floats:
    """Positions (length,) of the pixels' centres in image heights."""
    return ((np.arange(length) + 0.5) / height).astype(np.float32)


def _interpolation(length: int, height: int, cell: float) -> Floats:
    """(length, points) weights that interpolate a grid of spacing `cell` linearly to pixels."""
    place = _pixel_centres(length, height) / np.float32(cell)
    points = np.arange(int(length / (height * cell)) + 2, dtype=np.float32)
    return np.maximum(0, 1 - np.abs(place[:, None] - points)).astype(np.float32)
