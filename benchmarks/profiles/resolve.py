"""Smoke, lite and paper: three functions from what a paper declares to what is run.

`resolve` is the only place where a profile changes anything: the training recipe, the data, the
feature networks and the judges of a declared run are replaced, and nothing downstream knows which
profile is at work.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from fractions import Fraction
from typing import Any, Literal

from baselines.deblurring.dsdeblur import DsDeblur
from baselines.deblurring.srn import SRN
from baselines.denoising.ffdnet import FFDNet
from baselines.denoising.sadnet import SADNet
from baselines.super_resolution.edsr import EDSR
from benchmarks.declare.protocol import Adam, MultiStep, Training
from benchmarks.declare.runs import Fixed, Judge, Network, Provider, Run, network
from benchmarks.declare.table import Row, Table, as_objective, row_run
from benchmarks.metrics.miou import MIoU
from datasets.cityscapes import Cityscapes
from datasets.crops import RandomCrops
from datasets.div2k import DIV2K
from datasets.embedded.photographs import Photographs
from datasets.embedded.street_scenes import StreetScenes
from datasets.folders import PhotographFolders
from losses.objective import Objective, Term


@dataclass(frozen=True)
class WarmUp:
    """A first training that the rows of one network share.

    network: the same network, perhaps with another initialisation.
    """

    network: Network
    training: Training


@dataclass(frozen=True)
class Profile:
    """One way to run every table.

    training: the declared recipe of a network -> the recipe that is run.
    warm_up: how a network is first trained, with the objective of its block's first row, before
        its rows start from these weights; None for rows that start from scratch.
    features: "imagenet", "random", or "imagenet if present".
    feature_width: the share of channels of random feature networks.
    absent_classes: how MIoU counts a class that occurs in neither truth nor prediction.
    embedded: whether data that needs no download stands in for data sets.
    comparable: whether differences to the paper are shown and judged.
    redo_stale: train again what was made by other code.
    """

    name: str
    summary: str
    training: Callable[[Training, Network], Training]
    warm_up: Callable[[Network], WarmUp | None]
    features: str
    feature_width: float
    absent_classes: Literal["zero", "skip"]
    embedded: bool
    comparable: bool
    redo_stale: bool


# Steps, batch, crop and learning rate for networks that take long for a step, need larger crops,
# or are thrown back by the first steps of a new Adam.
_SMOKE_STEPS = {SRN: (5, 4, 32, 5e-5), DsDeblur: (5, 4, 32, 5e-5), EDSR: (6, 8, 64, 2e-4)}


def _short(declared: Training, steps: int, batch: int, crop: int, lr: float) -> Training:
    adam = replace(declared.optimizer, lr=lr)
    return declared.shortened(steps, batch=batch, crop=crop, optimizer=adam)


def _smoke_training(declared: Training, network: Network) -> Training:
    return _short(declared, *_SMOKE_STEPS.get(network.architecture, (10, 8, 32, 2e-4)))


@dataclass(frozen=True)
class _Begin:
    """A warm-up of smoke: as long as its network needs to be clearly better than its input."""

    steps: int = 100
    batch: int = 8
    crop: int = 32
    lr: float = 1e-3
    arguments: tuple[tuple[str, Any], ...] = ()


# FFDNet predicts the image and not the noise, and from PyTorch's initialisation, in which twelve
# layers fade the signal, it needs twice as many steps as from orthogonal weights with the gain of a
# ReLU network. The networks of PDL have no way around their layers, or none that is open from the
# start: they begin as the identity, and SRN's 5x5 kernels overshoot at the others' rate.
_IDENTITY = (("start", "identity"),)
_SMOKE_WARM_UPS = {
    FFDNet: _Begin(steps=900, arguments=(("orthogonal_gain", 2**0.5),)),
    SADNet: _Begin(steps=36),
    SRN: _Begin(steps=120, batch=4, lr=3e-4, arguments=_IDENTITY),
    DsDeblur: _Begin(steps=50, batch=4, lr=5e-4, arguments=_IDENTITY),
    EDSR: _Begin(crop=64, arguments=_IDENTITY),
}


def _smoke_warm_up(declared: Network) -> WarmUp:
    begin = _SMOKE_WARM_UPS.get(declared.architecture, _Begin())
    steps = begin.steps
    training = Training(
        steps=steps,
        batch=begin.batch,
        crop=begin.crop,
        optimizer=Adam(lr=begin.lr),
        schedule=MultiStep((steps * 7 // 10, steps * 9 // 10), 0.3),
        augment="flips_transpose",
    )
    changed = dict(declared.arguments) | dict(begin.arguments)
    return WarmUp(network(declared.architecture, **changed), training)


# Steps, batch, crop and learning rate of networks whose step takes many times as long as FFDNet's,
# and whose 5x5 kernels or sums of 48 layers overshoot at its rate.
_LITE_STEPS = {SRN: (600, 4, 48, 3e-4), DsDeblur: (600, 4, 48, 3e-4)}


def _lite_training(declared: Training, network: Network) -> Training:
    return _short(declared, *_LITE_STEPS.get(network.architecture, (2000, 8, 64, 5e-4)))


SMOKE = Profile(
    name="smoke",
    summary="embedded data, minutes on two CPU cores; shows that everything works",
    training=_smoke_training,
    warm_up=_smoke_warm_up,
    features="random",
    feature_width=1 / 8,
    absent_classes="skip",
    embedded=True,
    comparable=False,
    redo_stale=True,
)

LITE = Profile(
    name="lite",
    summary="real images from --data-root, hours on one machine; looks for the papers' order",
    training=_lite_training,
    warm_up=lambda network: None,
    features="imagenet if present",
    feature_width=1.0,
    absent_classes="skip",
    embedded=False,
    comparable=True,
    redo_stale=False,
)

PAPER = Profile(
    name="paper",
    summary="the papers' protocol, data and pretrained weights; a GPU's day or more per row",
    training=lambda declared, network: declared,
    warm_up=lambda network: None,
    features="imagenet",
    feature_width=1.0,
    absent_classes="zero",
    embedded=False,
    comparable=True,
    redo_stale=False,
)

PROFILES = {profile.name: profile for profile in (SMOKE, LITE, PAPER)}


def stand_in(data: Any) -> Any:
    """Embedded data of the same kind for a data set that must be downloaded."""
    if isinstance(data, Cityscapes):
        if data.split == "train":
            return StreetScenes("train", count=48, height=128, width=256)
        return StreetScenes("val", count=4, height=128, width=256)
    if isinstance(data, DIV2K):
        if data.split == "train":
            return Photographs("train")
        # As small as MS-SSIM and NIQE allow.
        return RandomCrops(Photographs("val"), count=3, size=192)
    return data


def _first_objective(table: Table, network: Network) -> Objective | Term:
    """That of the table's first row with this network."""
    rows = (row for _, row in table.rows() if row.model is not None and row.network == network)
    return next(row.objective for row in rows if row.objective is not None)


@dataclass(frozen=True)
class Resolver:
    """A profile on a machine, which may or may not have a weights file.

    photographs: folders below the data root that stand in for a set of photographs, by split, in
        the lite profile; without them it takes the declared set.
    """

    profile: Profile
    has_file: Callable[[str], bool]
    photographs: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def resolve(self, node: Any) -> Any:
        """A declared object as this profile runs it; unchanged parts keep their identity."""
        node = self._replaced(node)
        if isinstance(node, tuple):
            parts = tuple(self.resolve(part) for part in node)
            same = all(a is b for a, b in zip(parts, node, strict=True))
            return node if same else parts
        if not is_dataclass(node) or isinstance(node, type):
            return node
        changed = {}
        for field in fields(node):
            value = getattr(node, field.name)
            if (new := self.resolve(value)) is not value:
                changed[field.name] = new
        return replace(node, **changed) if changed else node

    def _replaced(self, node: Any) -> Any:
        if isinstance(node, Judge):
            return getattr(node, self.profile.name)
        if hasattr(node, "weight_files") and node.weight_files():
            return self._feature_network(node)
        if isinstance(node, MIoU):
            return replace(node, absent=self.profile.absent_classes)
        if self.profile.name == "paper":
            return node
        if isinstance(node, RandomCrops) and isinstance(node.data, DIV2K):
            return self._replaced(node.data)  # a short run draws its crops as it goes
        if isinstance(node, DIV2K) and (folders := dict(self.photographs).get(node.split)):
            return PhotographFolders(folders)
        return stand_in(node) if self.profile.embedded else node

    def _feature_network(self, node: Any) -> Any:
        mode = self.profile.features
        present = all(self.has_file(name) for name, _ in node.weight_files())
        if mode == "imagenet" or (mode == "imagenet if present" and present):
            return node
        width = {"width": self.profile.feature_width} if hasattr(node, "width") else {}
        return replace(node, weights=getattr(node, "stand_in_weights", "random"), **width)

    def run(self, table: Table, row: Row, seed: int) -> Provider:
        """What provides the network of a table's row under this profile."""
        if row.released is not None:
            return row.released
        if not row.trained:
            return Fixed(row.network)
        declared = row_run(table, row, seed)
        run = self.shortened(declared)
        if row.start is not None:
            return replace(run, start=self.run(table, row.start, seed))
        warm_up = self.profile.warm_up(row.network)
        if warm_up is None:
            return run
        objective = as_objective(table.warm_up or _first_objective(table, row.network))
        start = replace(declared, network=warm_up.network, objective=objective)
        return replace(run, start=self._shrunk(start, warm_up.training))

    def shortened(self, declared: Run) -> Run:
        """A declared training by this profile's recipe, from its own initialisation."""
        return self._shrunk(declared, self.profile.training(declared.training, declared.network))

    def _shrunk(self, declared: Run, training: Training) -> Run:
        """The run with another recipe; sizes in the objective follow crop and batch."""
        crop = Fraction(int(training.crop), int(declared.training.crop))
        batch = Fraction(int(training.batch), int(declared.training.batch))
        if isinstance(declared.objective, Objective):
            terms = tuple((w, term.scaled(crop, batch)) for w, term in declared.objective.terms)
            declared = replace(declared, objective=Objective(terms))
        return replace(self.resolve(declared), training=training)
