"""Scenes in haze whose transmission and light are known, for tests of what takes haze off."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter

GREY = (0.9, 0.9, 0.9)


def textured_scene(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Blobs of saturated colours, (3, H, W) in [0, 1], and a depth in [0, 1] that grows upwards.

    Every patch has pixels that are dark in some colour, as the dark channel prior has it.
    """
    rng = np.random.default_rng(0)
    scene = gaussian_filter(rng.normal(size=(3, height, width)), (0, 1.5, 1.5))
    scene = np.clip(0.5 + scene / scene.std() / 2, 0, 1)
    slope = np.linspace(1, 0, height)[:, None] * np.ones(width)
    step = 0.15 * (np.arange(width) > width // 2)
    return scene, np.clip(0.85 * slope + step, 0, 1)


def motorcycle() -> tuple[np.ndarray, np.ndarray]:
    """A photograph, (3, 500, 741) in [0, 1], and its depth over the largest; holes are filled."""
    from skimage import data

    left, _, disparity = data.stereo_motorcycle()
    holes = ~np.isfinite(disparity)
    nearest = distance_transform_edt(holes, return_distances=False, return_indices=True)
    depth = 1 / (disparity[tuple(nearest)].astype(np.float64) + 31.086)  # up to a factor
    return left.transpose(2, 0, 1) / 255, depth / depth.max()


def hazed(scene: np.ndarray, through: np.ndarray, light: tuple[float, ...] = GREY) -> np.ndarray:
    """The model of scattering: (3, H, W) from the scene, its transmission (H, W), and the light."""
    return scene * through + np.reshape(light, (3, 1, 1)) * (1 - through)


def psnr(pred: np.ndarray, target: np.ndarray) -> float:
    return float(-10 * np.log10(np.square(pred - target).mean()))
