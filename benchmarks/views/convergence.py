"""How a number of the network moves while it is trained: the curves of several trainings.

Mei, Patel, Huang: D2SM (ECCV 2022), Fig. 8, and Fig. 5 of its poster: PSNR over epochs with queues
of 64, 128 and 256 samples and under the perceptual loss. The curves are what the trainings' probes
logged; nothing is measured here.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.grid.drawing import Axis, Drawing, Numbers, Panel, Series
from benchmarks.views.view import Sight, View


@dataclass(frozen=True)
class Convergence(View):
    """A curve per training.

    symbol, unit: of what the probes measure.
    """

    symbol: str = "PSNR"
    unit: str = "dB"

    @property
    def note(self) -> str:
        """What is shown, in one sentence."""
        return f"{self.symbol} over the steps of each training, as its probe logged it"

    def draw(self, sight: Sight) -> Drawing:
        """One panel with all curves; their last values, best values and means."""
        curves = {label: sight.curve(label) for label in sight.labels}
        series = tuple(
            Series(label, "line", tuple(float(s) for s, _ in curve), tuple(v for _, v in curve))
            for label, curve in curves.items()
        )
        name = f"{self.symbol}, {self.unit}"
        rows = tuple((one.name, (one.y[-1], max(one.y), sum(one.y) / len(one.y))) for one in series)
        headers = (
            "training",
            f"last {name}",
            f"greatest {name}",
            f"mean of the curve, {self.unit}",
        )
        panel = Panel("", Axis("training steps"), Axis(name), series)
        return Drawing((panel,), Numbers(headers, (3, 3, 3), rows), across=1)
