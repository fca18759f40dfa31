"""Computed faces as pictures, drawn larger and made smaller, with light and grain.

Curves are Catmull-Rom splines through the landmarks, so that each lies on an edge that is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from datasets.embedded.face_geometry import Curve, FaceShape
from datasets.faces import SIDE
from datasets.images import Pixels

_FINER = 4  # pixels of the drawing per pixel of the picture, along one side
_BETWEEN = 8  # pieces of a curve from landmark to landmark

Colour = NDArray[np.float64]  # (3,), RGB in 0..255


def draw_face(
    shape: FaceShape,
    height: int,
    width: int,
    corner: tuple[int, int],
    side: int,
    seed: Sequence[int],
) -> Pixels:
    """A photograph of a face, RGB, (height, width, 3) uint8.

    Args:
        height, width: of the picture in pixels.
        corner: x and y of the top left pixel of the face's square in it.
        side: of that square in pixels.
        seed: of colours, background, light and grain.
    """
    rng = np.random.default_rng(seed)
    drawing = _Drawing(height, width, np.asarray(corner, np.float64), side / SIDE, rng)
    skin = _skin(rng)
    hair = rng.uniform(10, 150) * np.array((1, 0.8, 0.6))
    drawing.clutter(rng)
    drawing.fill(shape.hair, hair, closed=True)
    # Darker than the face: under the chin there is shadow, and the jaw must be seen.
    drawing.polygon(shape.neck, skin * rng.uniform(0.6, 0.75))
    drawing.polygon(shape.shoulders, rng.uniform(20, 230, 3))
    _draw_head(drawing, shape, skin, hair)
    _draw_eyes(drawing, shape, skin, rng)
    _draw_mouth(drawing, shape, skin * (0.9, 0.55, 0.6))
    return _lit(drawing.reduced(), rng)


class _Drawing:
    """A drawing in pixels of the face's square, on a finer grid."""

    def __init__(
        self, height: int, width: int, corner: Curve, scale: float, rng: np.random.Generator
    ):
        self.corner, self.scale = corner, scale
        size = (width * _FINER, height * _FINER)
        self.image = Image.new("RGB", size, _rgb(rng.uniform(30, 220, 3)))
        self._draw = ImageDraw.Draw(self.image)

    def placed(self, points: Curve) -> Curve:
        """Points of the square in pixels of the drawing."""
        # Pillow draws a shape so that (0, 0) is the corner of the first pixel, not its centre.
        placed: Curve = (points * self.scale + self.corner + 0.5) * _FINER
        return placed

    def polygon(self, points: Curve, colour: Colour) -> None:
        """Fill a polygon with straight sides."""
        self._draw.polygon(_flat(self.placed(points)), fill=_rgb(colour))

    def fill(self, points: Curve, colour: Colour, *, closed: bool) -> None:
        """Fill a smooth outline; one that is not closed ends in corners."""
        self.polygon(smooth(points, closed=closed), colour)

    def stroke(self, points: Curve, width: float, colour: Colour, *, closed: bool = False) -> None:
        """A smooth line of that width, in pixels of the square, with the points in its middle."""
        line = _flat(self.placed(smooth(points, closed=closed)))
        thick = max(1, round(width * self.scale * _FINER))
        self._draw.line(line, fill=_rgb(colour), width=thick, joint="curve")

    def disc(self, centre: Curve, radius: float, colour: Colour) -> None:
        """A disc of that radius, in pixels of the square."""
        x, y = self.placed(centre)
        reach = radius * self.scale * _FINER
        self._draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=_rgb(colour))

    def keep(self, before: Image.Image, outline: Curve) -> None:
        """Undo since `before` what lies outside of a smooth closed outline."""
        mask = Image.new("L", self.image.size)
        placed = self.placed(smooth(outline, closed=True))
        ImageDraw.Draw(mask).polygon(_flat(placed), fill=255)
        low, high = placed.min(0) - 2, placed.max(0) + 2
        near = (int(low[0]), int(low[1]), int(high[0]), int(high[1]))
        inside = self.image.crop(near)
        self.image.paste(before)
        self.image.paste(inside, near[:2], mask.crop(near))

    def clutter(self, rng: np.random.Generator) -> None:
        """Ellipses behind the face."""
        size = np.array(self.image.size)
        for _ in range(12):
            centre, reach = rng.uniform(0, size), rng.uniform(0.03, 0.22, 2) * size
            box = (*(centre - reach), *(centre + reach))
            self._draw.ellipse(box, fill=_rgb(rng.uniform(20, 235, 3)))

    def reduced(self) -> NDArray[np.float64]:
        """The picture, (height, width, 3) in 0..255."""
        soft = self.image.filter(ImageFilter.GaussianBlur(0.35 * _FINER))
        return np.asarray(soft.reduce(_FINER), np.float64)


def smooth(points: Curve, *, closed: bool) -> Curve:
    """A Catmull-Rom spline through the points (k, 2), with every point in it."""
    ends = (points[-1:], points[:2]) if closed else (points[:1], points[-1:])
    p = np.concatenate((ends[0], points, ends[1]))
    before, start, end, behind = (p[k : len(p) - 3 + k, None] for k in range(4))
    t = np.linspace(0, 1, _BETWEEN, endpoint=False)[None, :, None]
    pieces = 0.5 * (
        2 * start
        + (end - before) * t
        + (2 * before - 5 * start + 4 * end - behind) * t**2
        + (3 * start - before - 3 * end + behind) * t**3
    )
    curve: Curve = pieces.reshape(-1, 2)
    return curve if closed else np.concatenate((curve, points[-1:]))


def _draw_head(drawing: _Drawing, shape: FaceShape, skin: Colour, hair: Colour) -> None:
    """The head with its jaw's edge, brows and nose."""
    points, unit = shape.landmarks, shape.unit
    drawing.fill(np.concatenate((points[:17], shape.skull)), skin, closed=True)
    drawing.stroke(points[:17], 0.025 * unit, 0.8 * skin)
    for brow in (points[17:22], points[22:27]):
        drawing.stroke(brow, 0.085 * unit, 0.25 * skin + 0.5 * hair)
    drawing.stroke(points[27:31], 0.05 * unit, np.minimum(1.1 * skin, 255))
    drawing.stroke(points[31:36], 0.045 * unit, 0.7 * skin)
    for nostril in (points[32], points[34]):
        drawing.disc(nostril, 0.032 * unit, 0.4 * skin)


def _draw_eyes(drawing: _Drawing, shape: FaceShape, skin: Colour, rng: np.random.Generator) -> None:
    """Sclera, iris and pupil within the lids, and the lids' rims."""
    points, unit = shape.landmarks, shape.unit
    white, colour = np.full(3, rng.uniform(215, 245)), rng.uniform(20, 130, 3)
    for first, iris in zip((36, 42), shape.irises, strict=True):
        lids = points[first : first + 6]
        before = drawing.image.copy()
        drawing.fill(lids, white, closed=True)
        drawing.disc(iris, 0.085 * unit, colour)
        drawing.disc(iris, 0.45 * 0.085 * unit, np.full(3, 12.0))
        drawing.keep(before, lids)
        drawing.stroke(lids, 0.022 * unit, 0.4 * skin, closed=True)


def _draw_mouth(drawing: _Drawing, shape: FaceShape, lip: Colour) -> None:
    """Lips, the lower one lighter, and what is between them."""
    points = shape.landmarks
    drawing.fill(points[48:60], lip, closed=True)
    lower = np.concatenate((smooth(points[54:60], closed=False), points[[48, 60, 67, 66, 65, 64]]))
    drawing.polygon(lower, np.minimum(1.15 * lip, 255))
    drawing.fill(points[60:68], 0.3 * lip, closed=True)


def _skin(rng: np.random.Generator) -> Colour:
    red = rng.uniform(120, 245)
    green = red * rng.uniform(0.68, 0.82)
    return np.array((red, green, green * rng.uniform(0.70, 0.92)))


def _lit(picture: NDArray[np.float64], rng: np.random.Generator) -> Pixels:
    """Light from a side, uneven in large, and the noise of a camera."""
    height, width = picture.shape[:2]
    y, x = (np.arange(n)[:, None] / n - 0.5 for n in (height, width))
    slope = rng.normal(0, 0.25, 2)
    light = 1 + slope[0] * x.T + slope[1] * y
    coarse = rng.normal(0, 6, (height // 4, width // 4)).astype(np.float32)
    enlarged = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    grain = np.asarray(enlarged)[..., None] + rng.normal(0, 2, picture.shape)
    pixels: Pixels = np.rint(np.clip(picture * light[..., None] + grain, 0, 255)).astype(np.uint8)
    return pixels


def _flat(points: Curve) -> list[float]:
    return [float(value) for value in points.ravel()]


def _rgb(colour: Colour) -> tuple[int, ...]:
    return tuple(int(value) for value in np.rint(np.clip(colour, 0, 255)))
