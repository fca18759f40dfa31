"""Faces as networks restore them, with the landmarks that an aligner finds in each."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from benchmarks.grid.drawing import Axis, Drawing, Numbers, Panel, Series
from benchmarks.metrics.nrmse import NRMSE
from benchmarks.views.view import Sight, View

if TYPE_CHECKING:
    from torch import Tensor

TRUTH = "ground truth"
NOTHING = Axis("", bare=True)


@dataclass(frozen=True)
class AlignedFaces(View):
    """The first faces of a test set, a row of pictures for each.

    data: a degraded test set with landmarks.
    metric: whose aligner looks at the faces, and by which the errors in print are divided.
    count: how many faces.
    """

    data: Any
    metric: NRMSE
    count: int

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError(f"at least one face is shown, not {self.count}")

    @property
    def note(self) -> str:
        """What is shown, in one sentence."""
        return (
            f"the first {int(self.count)} faces of {self.data!r}, 8-bit, with the landmarks that "
            f"the aligner finds; above each its NRMSE. {self.metric.note}"
        )

    def draw(self, sight: Sight) -> Drawing:
        """A panel for each face and network, after one of the ground truth."""
        count = min(int(self.count), sight.count(self.data))
        find, measure = self.metric.finder(sight.resources), self.metric.build(sight.resources)
        panels, errors = [], {label: [0.0] * count for label in (TRUTH, *sight.labels)}
        for i in range(count):
            sample = sight.sample(self.data, i)
            faces = {TRUTH: sample["target"]}
            faces |= {label: sight.restored(label, self.data, i) for label in sight.labels}
            for label, face in faces.items():
                shown = (face.cpu() * 255).round() / 255
                value = measure(shown, shown, points=sample["points"])
                errors[label][i] = self.metric.summary([value])
                words = f"{errors[label][i]:.{self.metric.digits}f}"
                panels.append(_panel(f"{label}\nface {i + 1}", shown, find(shown), words))
        return Drawing(tuple(panels), self._numbers(errors, count), across=len(errors))

    def _numbers(self, errors: dict[str, list[float]], count: int) -> Numbers:
        """The error in each shown face, and their mean."""
        rows = [(label, (*each, sum(each) / count)) for label, each in errors.items()]
        headers = (self.metric.symbol, *(f"face {i + 1}" for i in range(count)), "mean")
        return Numbers(headers, (self.metric.digits,) * (count + 1), tuple(rows))


def _panel(title: str, face: Tensor, found: Tensor, words: str) -> Panel:
    x, y = found.T.tolist()
    landmarks = Series("landmarks that the aligner finds", "points", tuple(x), tuple(y))
    return Panel(title, NOTHING, NOTHING, (landmarks,), (words,), _png(face))


def _png(face: Tensor) -> str:
    """A face (3, H, W) of 8 bits as a PNG file in base64."""
    pixels = np.ascontiguousarray((face * 255).round().permute(1, 2, 0).numpy().astype(np.uint8))
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()
