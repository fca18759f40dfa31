"""From a step and an image to the hours of a run and of a table."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.declare.runs import Run
from benchmarks.declare.sources import assumed
from benchmarks.rehearse.measuring import Measured
from benchmarks.rehearse.training import Steps


@dataclass(frozen=True)
class Cost:
    """What a piece of work takes: seconds on this machine, and floating point operations."""

    seconds: float = 0.0
    flop: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.seconds + other.seconds, self.flop + other.flop)

    def __mul__(self, times: float) -> Cost:
        return Cost(self.seconds * times, self.flop * times)

    @property
    def hours(self) -> float:
        """Hours on this machine."""
        return self.seconds / 3600


@dataclass(frozen=True)
class Accelerator:
    """A graphics processor that nobody measured here; operations per second as its maker states.

    float32: outside of its tensor cores. tf32: on them, of dense matrices.
    """

    name: str
    float32: float
    tf32: float

    def hours(self, flop: float, precision: str = "float32") -> float:
        """Estimated hours for so many operations."""
        peak = {"float32": self.float32, "tf32": self.tf32}[precision]
        return flop / (peak * UTILISATION[precision]) / 3600


# NVIDIA's data sheets: A100 80 GB SXM; H200 SXM, whose sheet gives twice that for sparse matrices.
ACCELERATORS = (
    Accelerator("A100", float32=19.5e12, tf32=156e12),
    Accelerator("H200", float32=67e12, tf32=494.5e12),
)
UTILISATION = {
    "float32": assumed(
        0.5, "3x3 convolutions of 64 and more channels keep about half of the float32 units busy"
    ),
    "tf32": assumed(
        0.2,
        "restoring networks have few channels at full resolution: on tensor cores they wait for "
        "memory, and what is no convolution gains nothing",
    ),
}


def training_cost(run: Run, steps: Steps) -> Cost:
    """All steps of a run, with the whole batch, in proportion to those that were rehearsed."""
    return Cost(steps.step_seconds, steps.flop) * int(run.training.steps)


def image_cost(measured: Measured, images: int) -> Cost:
    """So many test images."""
    return Cost(measured.seconds, measured.flop) * images
