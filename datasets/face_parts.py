"""The parts of a face as a map of classes, drawn from its 68 landmarks.

FSRNet (Chen, Tai, Liu, Shen, Yang: End-to-End Learning Face Super-Resolution with Facial Priors,
CVPR 2018) learns 11 parsing maps, which another network made for its authors. Here polygons between
the landmarks of `datasets.landmarks` take their place, so that a set with points needs nothing
more. Landmarks tell nothing of hair: its class is there, for the maps to be 11, and never drawn.

A pixel belongs to a part if its centre lies in the polygon: lips that are closed have nothing
between them. Right and left are the person's, so that a mirrored face, whose points have changed
places, has the mirrored map.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from datasets.images import Pixels
from datasets.landmarks import COUNT

FACE_PARTS = (
    "background",
    "skin",
    "right brow",
    "left brow",
    "right eye",
    "left eye",
    "nose",
    "upper lip",
    "inner mouth",
    "lower lip",
    "hair",
)
"""Names of the classes 0..10."""

# What a polygon runs through, class by class, in the order in which they are drawn.
_OUTLINES = {
    "nose": (27, 31, 32, 33, 34, 35),
    "upper lip": (48, 49, 50, 51, 52, 53, 54, 64, 63, 62, 61, 60),
    "lower lip": (54, 55, 56, 57, 58, 59, 48, 60, 67, 66, 65, 64),
    "inner mouth": (60, 61, 62, 63, 64, 65, 66, 67),
    "right eye": (36, 37, 38, 39, 40, 41),
    "left eye": (42, 43, 44, 45, 46, 47),
}
_RIGHT_BROW, _LEFT_BROW = slice(17, 22), slice(22, 27)
_RIGHT_EYE, _LEFT_EYE = slice(36, 42), slice(42, 48)

# Half the thickness of a brow as a share of its distance from the eye.
_BROW = 0.2


def face_parts(points: NDArray[np.float32], height: int, width: int) -> Pixels:
    """Classes of the pixels, (height, width) uint8, 0..9.

    The skin goes up to a hairline that is as far above the brows as the base of the nose is below
    them: a third of the face, as drawing is taught.

    Args:
        points: (68, 2), x and y in pixels; those outside are cut off with their polygons.
    Raises:
        ValueError: `points` has another shape.
    """
    if points.shape != (COUNT, 2):
        raise ValueError(f"points must be ({COUNT}, 2), not {points.shape}")
    from skimage.draw import polygon

    labels = np.zeros((height, width), np.uint8)
    for part, outline in _outlines(points.astype(np.float64)):
        rows, columns = polygon(outline[:, 1], outline[:, 0], (height, width))
        labels[rows, columns] = FACE_PARTS.index(part)
    return labels


def _outlines(points: NDArray[np.float64]) -> list[tuple[str, NDArray[np.float64]]]:
    """Every part with its outline, (k, 2); later ones cover earlier ones."""
    third = points[33] - points[[21, 22]].mean(0)
    hairline = points[26:16:-1] - third
    return [
        ("skin", np.concatenate((points[:17], hairline))),
        ("right brow", _brow(points[_RIGHT_BROW], points[_RIGHT_EYE])),
        ("left brow", _brow(points[_LEFT_BROW], points[_LEFT_EYE])),
        *((part, points[list(numbers)]) for part, numbers in _OUTLINES.items()),
    ]


def _brow(line: NDArray[np.float64], eye: NDArray[np.float64]) -> NDArray[np.float64]:
    """A brow's line, (5, 2), as a strip along it."""
    half = _BROW * (eye.mean(0) - line.mean(0))
    return np.concatenate((line - half, (line + half)[::-1]))
