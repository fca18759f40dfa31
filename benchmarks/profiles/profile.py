"""What a profile is: one way to run every table, and a recipe for every network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

from torch import nn

from benchmarks.declare.errors import DeclarationError
from benchmarks.declare.runs import Network, Released, Run, network
from benchmarks.declare.training import Adam, MultiStep, Training

Recipe = TypeVar("Recipe")

# Changed arguments: a network begins as nearly the identity, see `baselines.identity_start`.
IDENTITY = (("start", "identity"),)


@dataclass(frozen=True)
class WarmUp:
    """A first training that the rows of one network share.

    network: the same network, perhaps with another initialisation.
    released: weights that take the place of the training where their file is there.
    """

    network: Network
    training: Training
    released: Released | None = None


@dataclass(frozen=True)
class Profile:
    """One way to run every table.

    training: the declared training of a row -> the recipe that is run.
    warm_up: how the network of a declared training is first trained, with the objective of its
        block's first row, before its rows start from these weights; None for rows that start from
        scratch.
    features: "imagenet", "random", or "imagenet if present".
    feature_width: the share of channels of random feature networks.
    absent_classes: how MIoU counts a class that the truth does not contain.
    substitutes: whether other data may take the place of a declared set, and crops that a paper
        draws beforehand are drawn as the training goes.
    embedded: whether data that needs no download takes the place of every declared set.
    comparable: whether differences to the paper are shown and judged.
    redo_stale: train again what was made by other code.
    from_scratch: whether the rows of a table that asks for it are each trained from the
        initialisation of a shared start, for as long as that would be.
    threads: how many threads train and measure; None for as many as the machine gives.
    narrow: changed arguments of networks that are too large for it, by their architectures.
    """

    name: str
    summary: str
    training: Callable[[Run], Training]
    warm_up: Callable[[Run], WarmUp | None]
    features: Literal["imagenet", "random", "imagenet if present"]
    feature_width: float
    absent_classes: Literal["zero", "skip"]
    substitutes: bool
    embedded: bool
    comparable: bool
    redo_stale: bool
    from_scratch: bool = False
    threads: int | None = None
    narrow: Mapping[type[nn.Module], Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Short:
    """A short training in the place of a declared one: steps, batch, crop and learning rate."""

    steps: int
    batch: int
    crop: int
    lr: float

    def of(self, declared: Training) -> Training:
        """The declared recipe in so many steps; milestones follow in proportion."""
        return declared.shortened(
            self.steps,
            batch=self.batch,
            crop=self.crop,
            optimizer=replace(declared.optimizer, lr=self.lr),
        )


@dataclass(frozen=True)
class Begin:
    """A warm-up: steps, batch, crop, learning rate, and changed arguments of the network.

    released: weights that take its place where their file is there.
    """

    steps: int
    batch: int
    crop: int
    lr: float
    arguments: tuple[tuple[str, Any], ...] = ()
    released: Released | None = None

    def of(self, declared: Network) -> WarmUp:
        """The warm-up of a declared network: Adam, with two falls of the learning rate."""
        training = Training(
            steps=self.steps,
            batch=self.batch,
            crop=self.crop,
            optimizer=Adam(lr=self.lr),
            schedule=MultiStep((self.steps * 7 // 10, self.steps * 9 // 10), 0.3),
            augment="flips_transpose",
        )
        arguments = dict(declared.arguments) | dict(self.arguments)
        changed = network(declared.architecture, **arguments)
        fits = self.released is not None and self.released.network == declared
        return WarmUp(changed, training, self.released if fits else None)


def recipe_for(wanted: Network, recipes: Mapping[type[nn.Module], Recipe], file: str) -> Recipe:
    """The line of a profile for a network.

    Raises:
        DeclarationError: the profile has none; the message says what to add.
    """
    if wanted.architecture not in recipes:
        raise DeclarationError(
            f"{file} has no line for {wanted.name}: add `{wanted.name}: ...` to its RECIPES, and "
            "see that the network is better than its input after such a training"
        )
    return recipes[wanted.architecture]
