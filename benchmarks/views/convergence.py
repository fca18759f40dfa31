"""How a number of the network moves while it is trained: the curves of several trainings.

Mei, Patel, Huang: D2SM (ECCV 2022), Fig. 8, and Fig. 5 of its poster: PSNR over epochs with queues
of 64, 128 and 256 samples and under the perceptual loss. The curves are what the trainings' probes
logged; nothing is measured here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from benchmarks.grid.drawing import Axis, Drawing, Numbers, Panel, Series
from benchmarks.views.view import Sight, View


@dataclass(frozen=True)
class Convergence(View):
    """A curve per training.

    symbol, unit: of what the probes measure.
    close: labels of trainings that differ by little: their curves stand once more, less the first
        one of them.
    """

    symbol: str = "PSNR"
    unit: str = "dB"
    close: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """What is shown, in one sentence."""
        return f"{self.symbol} over the steps of each training, as its probe logged it"

    def draw(self, sight: Sight) -> Drawing:
        """All curves, the close ones once more, and their last values, greatest ones and means."""
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
        x = Axis("training steps")
        panels = [Panel("", x, Axis(name), series)]
        close = [one for one in series if one.name in self.close]
        if len(close) > 1:
            first = close[0]
            less = [
                replace(one, y=tuple(y - v for y, v in zip(one.y, first.y, strict=True)))
                for one in close
            ]
            panels.append(Panel("", x, Axis(f"{name}, less {first.name}"), tuple(less)))
        return Drawing(tuple(panels), Numbers(headers, (3, 3, 3), rows))
