"""A table with one of everything, made in a second, and images whose scores are known by hand.

    group  row        what it is
    Tiny   L_1        trained, from a shared start
    Tiny   2 L_1      trained, from the same start
    Plain  input      the degraded image, role "input"
    Plain  clean      the undegraded image, role "reference"
    Plain  absent     not implemented
The columns are PSNR, a metric with a trained judge, and one that is not implemented.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import tiny
import torch
from torch import nn

from benchmarks.declare.column import Column, Unmeasured
from benchmarks.declare.protocol import Evaluation, Protocol
from benchmarks.declare.runs import Fixed, Provider, Run, network
from benchmarks.declare.table import Reference, Row, Table
from benchmarks.declare.training import MultiStep
from benchmarks.engine.content_ids import ContentIds
from benchmarks.engine.freshness import sources
from benchmarks.engine.status import EVALUATE_MODULE, TRAIN_MODULE
from benchmarks.engine.stored_training import to_bytes
from benchmarks.metrics.metric import Metric
from benchmarks.metrics.psnr import PSNR
from benchmarks.profiles.profile import WarmUp
from datasets.degradations.noise import Noisy
from datasets.images import DataError, DataPaths, Images
from losses.l1 import L1
from losses.objective import Loss, Term


class Copy(nn.Module):
    """Shows its input."""

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred",)
    revision: ClassVar[int] = 1

    def forward(self, image):
        return image


@dataclass(frozen=True)
class Cards:
    """Images of one grey each, or, if there is a slope, that grow brighter to the right."""

    greys: tuple[int, ...] = (100, 150)
    height: int = 16
    width: int = 16
    slope: int = 0
    official: int | None = None
    present: bool = True
    revision: ClassVar[int] = 1
    provides: ClassVar[tuple[str, ...]] = ("image", "labels", "points")

    def open(self, data_paths):
        if not self.present:
            raise DataError(f"cards {self.greys} are not there")
        return CardImages(self)


class CardImages(Images):
    mirrored = (0,)

    def __init__(self, cards):
        self.cards = cards
        self.names = [f"card{grey}" for grey in cards.greys]
        self.expected = cards.official

    def image(self, i):
        cards = self.cards
        row = cards.greys[i] + cards.slope * np.arange(cards.width)
        return np.broadcast_to(row[None, :, None], (cards.height, cards.width, 3)).astype(np.uint8)

    def beside(self, i):
        shape = (self.cards.height, self.cards.width)
        labels = np.arange(shape[0] * shape[1], dtype=np.uint8).reshape(shape)
        return {"labels": labels, "points": np.array([[5.0, 7.0]], np.float32)}

    def manifest(self):
        return [(name, f"{self.cards.slope}") for name in self.names]


@dataclass(frozen=True)
class Judged(Metric):
    """What a judge makes of the restored image, on the mean."""

    judge: Provider
    symbol: ClassVar[str] = "Judged"
    digits: ClassVar[int] = 3
    higher_is_better: ClassVar[bool] = True

    @property
    def note(self):
        return "the mean of what the judge sees"

    def build(self, resources):
        judge = resources.frozen(self.judge)
        return lambda pred, target: float(judge(pred[None]).mean())


@dataclass(frozen=True)
class Watched(Term):
    """L1 of what a judge sees."""

    judge: Provider
    symbol: ClassVar[str] = "L_Watched"

    def build(self, resources):
        judge = resources.frozen(self.judge)
        return Loss(lambda pred, target: (judge(pred) - judge(target)).abs().mean())


TRAINING = replace(tiny.TRAINING, steps=3, crop=8, schedule=MultiStep((2,), 0.5))
TRAIN = Noisy(Cards((60, 120, 180)), sigma=(0, 50))
TEST = Noisy(Cards((100, 150), official=5), sigma=25)
JUDGE = Run(network(tiny.TinyDenoiser, width=2), 1.0 * L1(), TRAIN, replace(TRAINING, steps=2))
PROFILE = replace(
    tiny.AS_DECLARED,
    summary="made in a second",
    warm_up=lambda run: WarmUp(run.network, replace(TRAINING, steps=1)),
    substitutes=False,
    embedded=False,
)
ROWS = [
    Row("L_1", tiny.TinyDenoiser, L1(), "30.00 .5 1"),
    Row("2 L_1", tiny.TinyDenoiser, 2.0 * L1(), "31.00 .6 2", note="twice"),
]
PLAIN = [
    Row("input", Copy, None, "20.00 .3 -", role="input"),
    Row("clean", Copy, None, "- .4 -", role="reference"),
    Row("absent", None, None, "32.00 .7 3"),
]
TABLE = Table(
    name="quick",
    source="nowhere",
    caption="a test",
    train=TRAIN,
    protocol=Protocol(TRAINING, Evaluation()),
    rank_within="group",
    columns=(
        Column(PSNR(), TEST, "sigma=25"),
        Column(Judged(JUDGE), TEST, "sigma=25"),
        Column(Unmeasured("FID", 1, False), None, "sigma=25"),
    ),
    groups={"Tiny": ROWS, "Plain": PLAIN},
    references=(
        Reference("noisy", Fixed(network(Copy))),
        Reference("target", Fixed(network(Copy)), clean=True),
    ),
)

# Reads and digests the modules behind all runs: here for all tests, and in `make mutants` for the
# processes of all mutants.
sources((JUDGE, TABLE.columns[0].metric), TRAIN_MODULE, EVALUATE_MODULE)


def quick_engine(out, profile=PROFILE, root=None, every=30.0, refresh=False):
    """An engine on a store below `out`, with the profile of this file."""
    engine = tiny.tiny_engine(out, every, profile, refresh=refresh)
    engine.status.ids = ContentIds(DataPaths(root, Path(out) / "cache"))
    engine.status.files.data_root = root
    return engine


def quick_work(out, table=TABLE, seeds=1, only="", **options):
    """The work on a table, nothing made yet."""
    return tiny.tiny_work(quick_engine(out, **options), table, seeds=seeds, only=only)


def trained(text):
    """What the progress says was trained, in order."""
    return [line.split(":")[0] for line in text.splitlines() if " steps in " in line]


def edited(folder, name, **changes):
    """Change entries of a JSON file in a run's folder, as if it had been written so."""
    folder.write_json(name, folder.read_json(name) | changes)


def checkpoint(folder):
    """What the last checkpoint of a run holds."""
    return torch.load(folder.path / "checkpoint.pt", weights_only=True)


def edit_origin(folder, **changes):
    """Change what a checkpoint says of its training, as if it had been written so."""
    saved = checkpoint(folder)
    folder.write("checkpoint.pt", to_bytes(saved | {"origin": saved["origin"] | changes}))


def constant(value: float, size: tuple[int, ...] = (3, 8, 8)) -> Any:
    """An image of one value."""
    return torch.full(size, value)
