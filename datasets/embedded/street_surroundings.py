"""What a street scene stands in: sky, ground, rows of buildings, walls and fences.

Everything here is computed per pixel from the plane it lies in: the ground, or a vertical plane
parallel to the street at a lateral distance in metres.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from datasets.embedded.street_canvas import CAMERA_HEIGHT, FOCAL, Canvas, Floats

ROAD, SIDEWALK, BUILDING, WALL, FENCE, VEGETATION, TERRAIN, SKY = 0, 1, 2, 3, 4, 8, 9, 10

_PLASTER = (
    (0.62, 0.54, 0.44),
    (0.56, 0.34, 0.26),
    (0.60, 0.58, 0.54),
    (0.72, 0.64, 0.50),
    (0.44, 0.40, 0.38),
)


def colour(rng: np.random.Generator, *palette: tuple[float, float, float]) -> Floats:
    """One colour of the palette, varied a little in brightness and hue."""
    base = np.array(palette[rng.integers(len(palette))], np.float32)
    varied = base * rng.uniform(0.85, 1.15) + rng.uniform(-0.04, 0.04, 3)
    return np.clip(varied, 0.02, 1).astype(np.float32)


def paint_sky(canvas: Canvas, rng: np.random.Generator) -> None:
    """A gradient from the haze at the horizon upwards, with clouds, over the whole picture."""
    zenith = colour(rng, (0.42, 0.62, 0.92), (0.55, 0.70, 0.92), (0.72, 0.78, 0.86))
    height = np.clip(1 - canvas.y / canvas.horizon, 0, 1)
    clear = canvas.haze + (zenith - canvas.haze) * np.sqrt(height)[..., None]
    clouds = np.clip(canvas.coarse * 0.35 + np.float32(rng.uniform(-0.3, 0.4)), 0, 0.8)[..., None]
    canvas.rgb[:] = clear + (np.float32(0.96) - clear) * clouds
    canvas.labels[:] = SKY


@dataclass(frozen=True)
class Street:
    """Lateral extent of the street in metres, negative to the left of the camera."""

    road_left: float
    road_right: float
    walk_left: float
    walk_right: float
    plot_left: float
    plot_right: float

    @staticmethod
    def draw(rng: np.random.Generator) -> Street:
        """A street of one to two lanes each way, sidewalks, and a green strip on either side."""
        left, right = rng.uniform(-4.5, -3.2), rng.uniform(2.8, 4.0)
        walk_left, walk_right = left - rng.uniform(2.5, 4.0), right + rng.uniform(2.5, 4.0)
        green = rng.uniform(3.0, 6.0, 2)
        return Street(
            left, right, walk_left, walk_right, walk_left - green[0], walk_right + green[1]
        )


def paint_ground(canvas: Canvas, street: Street, rng: np.random.Generator) -> None:
    """Road with lane markings, sidewalks with slabs, terrain beyond."""
    top = int(np.ceil(canvas.horizon * canvas.height))
    area = (slice(top, None), slice(None))
    scale = np.maximum(canvas.y[top:] - canvas.horizon, 1e-3) / CAMERA_HEIGHT  # (h, 1)
    lateral = (canvas.x - canvas.centre) / scale  # (h, W), metres
    distance = FOCAL / scale
    fine, coarse = canvas.fine[area], canvas.coarse[area]

    grass = colour(rng, (0.46, 0.54, 0.20), (0.58, 0.56, 0.24), (0.52, 0.50, 0.20))
    rgb = grass * (1 + 0.13 * fine + 0.12 * coarse)[..., None]
    labels = np.full(lateral.shape, TERRAIN, np.uint8)

    walk = (lateral > street.walk_left) & (lateral < street.walk_right)
    slabs = colour(rng, (0.62, 0.56, 0.55), (0.58, 0.58, 0.60), (0.66, 0.60, 0.52))
    joints = (np.mod(lateral, 0.8) < 0.08) | (np.mod(distance, 0.8) < 0.08)
    visible = np.clip(scale * canvas.height / 12, 0, 1)  # joints blur with distance
    tone = 1 + 0.05 * fine + 0.04 * coarse - 0.18 * joints * visible
    np.copyto(rgb, slabs * tone[..., None], where=walk[..., None])
    labels[walk] = SIDEWALK

    road = (lateral > street.road_left) & (lateral < street.road_right)
    asphalt = colour(rng, (0.33, 0.33, 0.35), (0.40, 0.39, 0.39), (0.27, 0.28, 0.30))
    tracks = 0.05 * np.cos(lateral * 3.5)
    tone = 1 + 0.05 * fine + 0.06 * coarse + tracks
    np.copyto(rgb, asphalt * tone[..., None], where=road[..., None])
    kerb = road & ((lateral < street.road_left + 0.2) | (lateral > street.road_right - 0.2))
    rgb[kerb] = asphalt * 1.5
    middle = (street.road_left + street.road_right) / 2 + rng.uniform(-0.5, 0.5)
    dash, gap = rng.uniform(1.5, 3.0, 2)
    dashed = np.mod(distance + rng.uniform(0, 4), dash + gap) < dash
    marking = road & (np.abs(lateral - middle) < 0.09) & dashed
    marking |= road & (np.abs(lateral - street.road_right + 0.7) < 0.07)
    rgb[marking] = 0.82
    labels[road] = ROAD

    canvas.rgb[area] = canvas.fade(rgb, scale)
    canvas.labels[area] = labels


class _Facade:
    """A vertical plane along one side of the street, over the part of the picture it can fill.

    area: that part; all else is given for it.
    scale, distance: per column (1, w); distance in metres.
    height: per pixel (h, w), metres above the ground.
    """

    def __init__(self, canvas: Canvas, lateral: float):
        middle = int(np.clip(round(canvas.centre * canvas.height), 1, canvas.width - 1))
        columns = slice(0, middle) if lateral < 0 else slice(middle, None)
        offset = np.abs(canvas.x[:, columns] - canvas.centre)
        self.scale = np.maximum(offset / np.float32(abs(lateral)), np.float32(1e-4))
        lowest = canvas.horizon + CAMERA_HEIGHT * float(self.scale.max())
        self.area = (slice(0, int(lowest * canvas.height) + 1), columns)
        self.distance = FOCAL / self.scale
        self.height = CAMERA_HEIGHT - (canvas.y[self.area[0]] - canvas.horizon) / self.scale
        self.fine, self.coarse = canvas.fine[self.area], canvas.coarse[self.area]
        self.rows = canvas.height  # of the whole picture: pixels per image height
        # Pixels per metre along the street: below two or three, texture would only alias.
        self.sharpness = self.scale**2 * abs(lateral) / FOCAL * canvas.height

    def sharp(self, metres: float) -> Floats:
        """Contrast (1, w) that detail of this length along the street keeps; 0 in the distance."""
        return np.clip(self.sharpness * (metres / 3) - 0.3, 0, 1)

    def upright(self, metres: float) -> Floats:
        """Contrast (1, w) that detail of this height keeps."""
        return np.clip(self.scale * (self.rows * metres / 1.2), 0, 1)


def paint_buildings(canvas: Canvas, lateral: float, rng: np.random.Generator) -> None:
    """A row of houses with windows, each of its own width, height and colour."""
    facade = _Facade(canvas, lateral)
    edges = np.cumsum(np.append(rng.uniform(0, 6), rng.uniform(7, 16, 9)))
    house = np.searchsorted(edges, facade.distance[0])[None, :]  # (1, w)
    walls = np.stack([colour(rng, *_PLASTER) for _ in range(11)])[house]  # (1, w, 3)
    heights, widths, storeys = (
        rng.uniform(low, high, 11).astype(np.float32)[house]
        for low, high in ((6, 16), (2.0, 3.2), (2.8, 3.6))
    )
    along = np.mod(facade.distance, widths) / widths
    up = np.mod(facade.height, storeys) / storeys
    panes = (up > 0.25) & (up < 0.80) & (along > 0.25) & (along < 0.75)
    ledges = (up < 0.07) * (np.float32(0.2) * facade.upright(0.15))
    tone = 1 + 0.05 * facade.fine + 0.05 * facade.coarse - ledges
    glass = colour(rng, (0.20, 0.25, 0.32), (0.30, 0.36, 0.42), (0.16, 0.17, 0.20))
    rgb = walls * tone[..., None]
    shine = glass * (1 + 0.3 * facade.coarse[..., None])
    rgb += (shine - rgb) * (panes * facade.sharp(1.0))[..., None]
    where = (facade.height < heights) & (facade.height > 0) & (facade.distance < edges[-1])
    canvas.paint(facade.area, where, canvas.fade(rgb, facade.scale), BUILDING)


def paint_wall(canvas: Canvas, lateral: float, near: float, rng: np.random.Generator) -> None:
    """A low wall of concrete or stone with courses, from `near` metres into the distance."""
    facade = _Facade(canvas, lateral)
    height = rng.uniform(2.4, 3.2)
    course = np.mod(facade.height, 0.45) < 0.09
    shifted = facade.distance + 0.6 * (np.mod(facade.height, 0.9) < 0.45)
    joint = np.mod(shifted, 1.2) < 0.1
    lines = np.maximum(course * facade.upright(0.12), joint * facade.sharp(0.3))
    cap = facade.height > height - 0.15
    stone = colour(rng, (0.50, 0.50, 0.48), (0.44, 0.43, 0.45), (0.56, 0.54, 0.50))
    tone = 0.95 + 0.07 * facade.fine + 0.10 * facade.coarse - 0.35 * lines + 0.2 * cap
    _paint_barrier(canvas, facade, near, height, stone * tone[..., None].astype(np.float32), WALL)


def paint_fence(canvas: Canvas, lateral: float, near: float, rng: np.random.Generator) -> None:
    """Railings: upright bars with the background between them; all of it is fence."""
    facade = _Facade(canvas, lateral)
    height = rng.uniform(2.2, 2.9)
    # A pitch that grows with distance keeps the bars apart at any resolution.
    bars = np.mod(np.log(facade.distance) * rng.uniform(28, 40), 1) < 0.42
    rails = (np.abs(facade.height - height) < 0.14) | (np.abs(facade.height - 0.3) < 0.08)
    iron = colour(rng, (0.14, 0.20, 0.17), (0.80, 0.80, 0.78), (0.22, 0.22, 0.25))
    behind = canvas.rgb[facade.area] * 0.75 + 0.08
    rgb = np.where((bars | rails)[..., None], iron * (1 + 0.06 * facade.fine[..., None]), behind)
    _paint_barrier(canvas, facade, near, height, rgb, FENCE)


def _paint_barrier(
    canvas: Canvas, facade: _Facade, near: float, height: float, rgb: Floats, label: int
) -> None:
    where = (facade.height < height) & (facade.height > 0)
    where &= (facade.distance > near) & (facade.distance < 3.5 * near)
    canvas.paint(facade.area, where, canvas.fade(rgb, facade.scale), label)
