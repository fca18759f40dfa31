"""Faces by 68 points: their numbers, and the lists that say which faces are in which photographs.

The numbering is that of iBUG's 300-W (Sagonas et al., 2013): 0-16 the jaw from the person's right
ear to the left, 17-21 and 22-26 the brows, 27-30 the bridge of the nose and 31-35 its base, 36-41
and 42-47 the eyes, 48-59 the outer edge of the lips and 60-67 the inner one.

Maclory/Deep-Iterative-Collaboration keeps its lists as pickles: of photographs, a dictionary with
"landmark" and "bbox" by file name, in pixels of the photograph; of crops that are made already,
points alone, in pixels of the crop. Beside these there is a text form of our own, docs/data.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from datasets.images import DataError
from datasets.plain_pickles import plain_pickle
from datasets.regular_files import check_regular

COUNT = 68

MIRRORED_68 = (
    *range(16, -1, -1),  # jaw
    *range(26, 16, -1),  # brows
    *range(27, 31), *range(35, 30, -1),  # nose
    *(45, 44, 43, 42, 47, 46), *(39, 38, 37, 36, 41, 40),  # eyes
    *range(54, 47, -1), *range(59, 54, -1),  # outer lips
    *range(64, 59, -1), *range(67, 64, -1),  # inner lips
)  # fmt: skip
"""Which point takes a number in the mirror image, as `datasets.images.Images.mirrored` has it."""

_FIELDS = 4 + 2 * COUNT  # of a line of text, behind the name
_FORM = "the name of the image, xmin ymin xmax ymax, then x and y of 68 points"


class Face(NamedTuple):
    """One face as a list has it.

    points: (68, 2), x and y in pixels.
    box: xmin, ymin, xmax, ymax of the face in its photograph; None where the image is the face.
    """

    points: Any
    box: Any


@dataclass(frozen=True)
class FaceList:
    """The faces of a list, one per image, by name.

    path: the list.
    names: of the images' files.
    points: (N, 68, 2) float64, x and y in pixels of the image.
    boxes: (N, 4) float64, xmin, ymin, xmax, ymax; None where the images are the faces.
    """

    path: Path
    names: list[str]
    points: NDArray[np.float64]
    boxes: NDArray[np.float64] | None


def read_faces(path: Path) -> FaceList:
    """A list of faces: a pickle of DIC's if it ends in .pkl, and else text.

    Raises:
        DataError: the file cannot be read or is no such list; it has no face; or a face has another
            number of points, points or a box that are no finite numbers, a box without area, or a
            name that is no plain file name.
    """
    faces = _pickled(path) if path.suffix == ".pkl" else _written(path)
    if not faces:
        raise DataError(f"{path} lists no face. {_remedy(path)}")
    names = sorted(faces)
    points = np.empty((len(names), COUNT, 2))
    boxes = np.empty((len(names), 4))
    with_box = faces[names[0]].box is not None
    for k, name in enumerate(names):
        face = faces[name]
        if PurePath(name).name != name or name in ("", ".."):
            raise DataError(f"{path} names {name!r}, which is no file name. {_remedy(path)}")
        if (face.box is not None) != with_box:
            raise DataError(
                f"{path}: {names[0]} and {name} differ in whether they have a box. {_remedy(path)}"
            )
        points[k] = _numbers(face.points, (COUNT, 2), f"{path}: the points of {name}")
        if with_box:
            boxes[k] = _numbers(face.box, (4,), f"{path}: the box of {name}")
    if with_box:
        _check_boxes(path, names, boxes)
    return FaceList(path, names, points, boxes if with_box else None)


def written_face(name: str, points: NDArray[Any], box: NDArray[Any]) -> str:
    """One line of a list in text: name, box (4,), points (68, 2)."""
    return " ".join((name, *(f"{float(value):.10g}" for value in (*box, *points.ravel()))))


def square_around(points: NDArray[Any], margin: float = 1.3) -> NDArray[np.float64]:
    """A square box about the points, for lists of one's own.

    DIC's boxes are made of the landmarks as well, by a rule that is not known; its networks see
    other crops worse, so numbers with these boxes are not comparable.

    Args:
        points: (P, 2).
        margin: its side over the longer side of what the points cover.
    Returns:
        (4,), xmin, ymin, xmax, ymax, whole numbers.
    """
    low, high = points.min(0), points.max(0)
    side = np.ceil((high - low).max() * margin)
    corner = np.round((low + high - side) / 2)
    return np.concatenate((corner, corner + side))


def _content(path: Path) -> bytes:
    try:
        check_regular(path)
        return path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{path} cannot be read: {error.strerror or error}. Check that it exists, and its "
            "rights."
        ) from error


def _pickled(path: Path) -> dict[str, Face]:
    content = plain_pickle(_content(path), path)
    if not isinstance(content, dict) or not all(isinstance(name, str) for name in content):
        raise DataError(f"{path} holds no dictionary by image names. {_remedy(path)}")
    faces = {}
    for name, value in content.items():
        if not isinstance(value, dict):
            faces[name] = Face(value, None)
        elif {"landmark", "bbox"} <= value.keys():
            faces[name] = Face(value["landmark"], value["bbox"])
        else:
            raise DataError(
                f"{path}: {name} has no 'landmark' and 'bbox', but {', '.join(map(str, value))}. "
                f"{_remedy(path)}"
            )
    return faces


def _written(path: Path) -> dict[str, Face]:
    try:
        lines = _content(path).decode().splitlines()
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is no UTF-8 text. {_remedy(path)}") from error
    faces: dict[str, Face] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, *fields = line.strip().rsplit(None, _FIELDS)
        try:
            values = np.array(fields, np.float64)
        except ValueError as error:
            raise DataError(f"{path}, line {number}: {error}. {_remedy(path)}") from error
        if len(values) != _FIELDS:
            raise DataError(
                f"{path}, line {number}: {len(values)} numbers follow {name!r}, not {_FIELDS}. "
                f"{_remedy(path)}"
            )
        if name in faces:
            raise DataError(f"{path}, line {number}: {name} is listed twice. {_remedy(path)}")
        faces[name] = Face(values[4:].reshape(COUNT, 2), values[:4])
    return faces


def _numbers(values: Any, shape: tuple[int, ...], what: str) -> NDArray[np.float64]:
    """Finite numbers of that shape."""
    form = " x ".join(map(str, shape))
    try:
        array = np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"{what} are not {form} numbers. Correct the list.") from error
    if array.shape != shape:
        found = " x ".join(map(str, array.shape)) or "one"
        raise DataError(f"{what} are {found} numbers, not {form}. Correct the list.")
    if not np.isfinite(array).all():
        raise DataError(f"{what} are not all finite. Correct the list, or leave the face out.")
    return array


def _check_boxes(path: Path, names: list[str], boxes: NDArray[np.float64]) -> None:
    """See that every box has an area: at least one pixel, for pixels are what is cut out."""
    empty = np.flatnonzero((np.diff(boxes.reshape(-1, 2, 2), axis=1)[:, 0] < 1).any(1))
    if empty.size:
        name, box = names[empty[0]], boxes[empty[0]]
        raise DataError(
            f"{path}: the box of {name}, {' '.join(f'{v:g}' for v in box)}, has no area. It must "
            "be xmin ymin xmax ymax in pixels; correct it, or leave the face out."
        )


def _remedy(path: Path) -> str:
    if path.suffix == ".pkl":
        return "Take the pickle that DIC's authors made, or write a list as text (docs/data.md)."
    return f"A line is {_FORM}; '#' begins a comment."
