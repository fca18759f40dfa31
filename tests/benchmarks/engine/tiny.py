"""A table small enough to be trained many times in a test: `python tiny.py FOLDER` makes it."""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import torch
from torch import nn

from benchmarks.declare.column import Column
from benchmarks.declare.protocol import Evaluation, Protocol
from benchmarks.declare.table import Row, Table
from benchmarks.declare.training import Adam, MultiStep, Training
from benchmarks.engine.content_ids import ContentIds
from benchmarks.engine.execute import Engine
from benchmarks.engine.plan import make_plan
from benchmarks.engine.status import Status
from benchmarks.engine.store import Store, write_file
from benchmarks.engine.weights import WeightFiles
from benchmarks.engine.work import TableWork
from benchmarks.metrics.psnr import PSNR
from benchmarks.profiles.profile import Profile, WarmUp
from benchmarks.profiles.resolve import Resolver
from benchmarks.report.markdown import markdown
from datasets.degradations.noise import Noisy
from datasets.embedded.street_scenes import StreetScenes
from datasets.images import DataPaths
from losses.adversarial import Adversarial
from losses.d2sm import D2SM
from losses.features import Features
from losses.l1 import L1
from losses.objective import Loss, Term


class TinyDenoiser(nn.Module):
    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred",)
    revision: ClassVar[int] = 1

    def __init__(self, width: int = 8):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, width, 3, padding=1), nn.ReLU(), nn.Conv2d(width, 3, 3, padding=1)
        )

    def forward(self, noisy):
        return noisy + self.body(noisy)


class TinyCritic(nn.Module):
    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred",)
    revision: ClassVar[int] = 1

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 4, 4, 2), nn.LeakyReLU(0.2), nn.Conv2d(4, 1, 4, 2))

    def forward(self, images):
        return self.body(images)


@dataclass(frozen=True)
class Broken(Term):
    """Raises, or becomes NaN, at its third call."""

    kind: str = "exception"
    symbol: ClassVar[str] = "L_Broken"

    def build(self, resources):
        calls = []

        def broken(pred, target):
            calls.append(1)
            if len(calls) < 3:
                return (pred - target).abs().mean()
            if self.kind == "memory":
                raise torch.OutOfMemoryError("tried to allocate 20.00 GiB")
            if self.kind == "nan":
                return (pred - target).abs().mean() * float("nan")
            raise RuntimeError("injected")

        return Loss(broken)


FEATURES = Features("vgg19", ("conv2_1",), weights="random", width=1 / 16)
TRAINING = Training(
    steps=40,
    batch=2,
    crop=32,
    optimizer=Adam(1e-3),
    schedule=MultiStep((20,), 0.5),
    augment="hflip",
)
AS_DECLARED = Profile(
    name="smoke",
    summary="the tiny table as declared",
    training=lambda run: run.training,
    warm_up=lambda run: WarmUp(run.network, TRAINING),
    features="random",
    feature_width=1 / 16,
    absent_classes="skip",
    substitutes=True,
    embedded=True,
    comparable=False,
    redo_stale=True,
)


def tiny_table(rows=None, training=TRAINING):
    from benchmarks.declare.runs import network

    rows = rows or [
        Row("L_1", TinyDenoiser, L1(), "30.00 25.00"),
        Row(
            "+ L_D2SM",
            TinyDenoiser,
            L1() + 0.1 * D2SM(FEATURES, window=16, stride=8, queue=24),
            "31.00 26.00",
        ),
        Row(
            "+ L_GAN", TinyDenoiser, L1() + 0.01 * Adversarial(network(TinyCritic), lr=1e-3), "- -"
        ),
    ]
    scenes = StreetScenes("val", count=2, height=48, width=64)
    return Table(
        name="tiny",
        source="nowhere",
        caption="a test",
        train=Noisy(StreetScenes("train", count=4, height=48, width=64), sigma=(0, 75)),
        protocol=Protocol(training, Evaluation()),
        rank_within="group",
        columns=tuple(Column(PSNR(), Noisy(scenes, sigma=s), f"sigma={s}") for s in (25, 50)),
        groups={"Tiny": rows},
    )


def tiny_engine(out, every=0.0, profile=AS_DECLARED, workers=0, refresh=False):
    status = Status(
        store=Store(Path(out) / "runs"),
        ids=ContentIds(DataPaths(root=None, cache=Path(out) / "cache")),
        files=WeightFiles(None),
        resolver=Resolver(profile, lambda name: False),
        device=torch.device("cpu"),
        refresh=refresh,
    )
    return Engine(status, workers, checkpoint_seconds=every)


def tiny_work(engine, table=None, **options):
    return TableWork(make_plan(table or tiny_table(), engine.status, **options), engine)


def make(out, table=None, **options):
    """Execute the table in a store; returns (exit status, Markdown)."""
    work = tiny_work(tiny_engine(out, **options), table)
    work.make()
    for problem in work.problems():
        print(problem, file=sys.stderr)
    grid = work.grid()
    text = markdown(grid)
    write_file(Path(out) / "tiny.md", text.encode())
    return int(not work.complete(grid)), text


def results(out):
    """The bytes of every finished file that must not depend on how it came about."""
    runs = Path(out) / "runs"
    found = {p.relative_to(runs).as_posix(): p.read_bytes() for p in runs.rglob("*.safetensors")}
    return found | {"tiny.md": (Path(out) / "tiny.md").read_bytes()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("--largest-file", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.largest_file:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (arguments.largest_file,) * 2)
    print("ready", flush=True)
    sys.exit(make(arguments.out)[0])
