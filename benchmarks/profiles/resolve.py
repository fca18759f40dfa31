"""From what a paper declares to what is run: the only place where a profile changes anything.

The training recipe, the data, the feature networks and the judges of a declared run are replaced,
and nothing downstream knows which profile is at work.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from benchmarks.declare.column import Column
from benchmarks.declare.runs import Fixed, Judge, LastStep, Network, Provider, Released, Run
from benchmarks.declare.table import Row, Table, as_objective, row_run
from benchmarks.declare.training import Precision, Training
from benchmarks.declare.tree import rebuilt, walk
from benchmarks.metrics.miou import MIoU
from benchmarks.profiles.profile import Profile
from benchmarks.profiles.stand_ins import stand_in
from datasets.crops import RandomCrops
from datasets.div2k import DIV2K
from datasets.folders import PhotographFolders
from datasets.together import Together
from losses.balanced import Balanced
from losses.features import Features
from losses.normalised_vgg import NormalisedVGG19
from losses.objective import Objective, Term


def _without_crops(data: Any) -> Any:
    """The images from which crops are drawn beforehand; other data as it is."""
    return data.data if isinstance(data, RandomCrops) else data


def _first_objective(table: Table, network: Network) -> Objective | Term:
    """That of the table's first row with this network."""
    rows = (row for _, row in table.rows() if row.model is not None and row.network == network)
    return next(row.objective for row in rows if row.objective is not None)


def _balanced(run: Run, unit: float) -> Run:
    """The run with terms on features that are not the declared ones weighed by their gradients."""
    if not isinstance(run.objective, Objective):
        return run
    return replace(run, objective=_weighed(run.objective, unit))


def _weighed(objective: Objective, unit: float) -> Objective:
    """Terms on features that are not the declared ones, weighed by the size of their gradients."""
    pixels = tuple((w, term) for w, term in objective.terms if not _looks(term))
    if not pixels:
        return objective
    others = Objective(pixels)
    return Objective(
        tuple(
            (1.0, Balanced(term, others, share=float(w) / float(unit)))
            if any(isinstance(part, NormalisedVGG19) for part in walk(term))
            else (w, term)
            for w, term in objective.terms
        )
    )


def _looks(term: Term) -> bool:
    """Whether a term looks at images through a network."""
    return any(isinstance(p, Network | Provider) or hasattr(p, "weight_files") for p in walk(term))


@dataclass(frozen=True)
class Resolver:
    """Turns declarations into what a profile runs on a machine, which may lack weights files.

    photographs: folders below the data root that stand in for DIV2K, alone or with the sets that
        follow it, by split, in the lite profile; without them it takes the declared set.
    precision, compiled: how the trainings of rows compute, and those that they start from. Judges
        that are trained here stay as they are: all rows are measured by the same.
    """

    profile: Profile
    has_file: Callable[[str], bool]
    photographs: tuple[tuple[str, tuple[str, ...]], ...] = ()
    precision: Precision = "float32"
    compiled: bool = False

    def resolve(self, node: Any) -> Any:
        """A declared object as this profile runs it; unchanged parts are the same objects."""
        return rebuilt(node, self._replaced)

    def column(self, table: Table, column: Column) -> Column:
        """A column of a table as this profile measures it.

        Released weights are held against published numbers: nothing of such a table is replaced.
        """
        if table.released:
            return column
        resolved: Column = self.resolve(column)
        return resolved

    def _replaced(self, node: Any) -> Any:
        if isinstance(node, Judge):
            return self._judge(node)
        if hasattr(node, "weight_files") and node.weight_files():
            return self._feature_network(node)
        if isinstance(node, MIoU):
            return replace(node, absent=self.profile.absent_classes)
        if isinstance(node, Network) and (narrow := self.profile.narrow.get(node.architecture)):
            return replace(
                node, arguments=tuple(sorted({**dict(node.arguments), **narrow}.items()))
            )
        if isinstance(node, Training) and self.profile.threads:
            return replace(node, threads=self.profile.threads)
        return self._data(node) if self.profile.substitutes else node

    def _judge(self, judge: Judge) -> Provider:
        """The profile's judge; of several the first whose weights are there, else the last."""
        found: Provider | tuple[Provider, ...] = getattr(judge, self.profile.name)
        if not isinstance(found, tuple):
            return found
        there = (p for p in found if not isinstance(p, Released) or self.has_file(p.file))
        return next(there, found[-1])

    def _data(self, node: Any) -> Any:
        if self.profile.embedded:
            is_set = hasattr(node, "open") and not isinstance(node, type)
            return stand_in(node) if is_set else node
        first = node.sets[0] if isinstance(node, Together) else node
        if isinstance(first, DIV2K) and (folders := dict(self.photographs).get(first.split)):
            return PhotographFolders(folders)
        return node

    def _feature_network(self, node: Any) -> Any:
        mode = self.profile.features
        if mode == "imagenet":
            return node
        if mode == "imagenet if present":
            nearest = [NormalisedVGG19.nearest(node)] if isinstance(node, Features) else []
            for real in (node, *nearest):
                if all(self.has_file(name) for name, _ in real.weight_files()):
                    return real
        width = {"width": self.profile.feature_width} if hasattr(node, "width") else {}
        return replace(node, weights=getattr(node, "stand_in_weights", "random"), **width)

    def run(self, table: Table, row: Row, seed: int) -> Provider:
        """What provides the network of a table's row under this profile."""
        if row.released is not None:
            return row.released
        if not row.trained:
            return Fixed(row.network)
        run = self._trained(table, row, seed)
        return LastStep(run) if row.last_step else run

    def _trained(self, table: Table, row: Row, seed: int) -> Run:
        """The training behind a row, with the runs that it starts from or learns from."""
        declared = row_run(table, row, seed)
        taught = rebuilt(
            declared.objective, lambda p: self.run(table, p, seed) if isinstance(p, Row) else p
        )
        declared = replace(declared, objective=taught)
        run = self.shortened(declared, table.unit)
        if isinstance(row.start, Row):
            return replace(run, start=self.run(table, row.start, seed))
        warm_up = self.profile.warm_up(declared)
        if warm_up is None:
            return replace(run, start=row.start)
        if table.from_scratch and self.profile.from_scratch:
            long = warm_up.training
            looking = declared.training.shortened(long.steps)
            long = replace(long, keep=looking.keep, probe=looking.probe)
            first = replace(declared.network, arguments=warm_up.network.arguments)
            return _balanced(self._shrunk(replace(declared, network=first), long), table.unit)
        if warm_up.released is not None and self.has_file(warm_up.released.file):
            return replace(run, start=warm_up.released)
        objective = as_objective(table.warm_up or _first_objective(table, row.network))
        start = replace(declared, network=warm_up.network, objective=objective)
        return replace(run, start=self._shrunk(start, warm_up.training))

    def shortened(self, declared: Run, unit: float | None = None) -> Run:
        """A declared training by this profile's recipe, from its own initialisation.

        Args:
            unit: of the table, see there; None to leave the weights of all terms as they are.
        """
        run = self._shrunk(declared, self.profile.training(declared))
        return run if unit is None else _balanced(run, unit)

    def _shrunk(self, declared: Run, training: Training) -> Run:
        """The run with another recipe; sizes in the objective follow crop and batch."""
        crop = Fraction(int(training.crop), int(declared.training.crop))
        batch = Fraction(int(training.batch), int(declared.training.batch))
        if isinstance(declared.objective, Objective):
            steps = Fraction(int(training.steps), int(declared.training.steps))
            terms = tuple(
                (w, term.scaled(crop, batch, steps)) for w, term in declared.objective.terms
            )
            declared = replace(declared, objective=Objective(terms))
        if self.profile.substitutes:  # a short run draws its crops as it goes
            declared = replace(declared, data=rebuilt(declared.data, _without_crops))
        return replace(self.resolve(declared), training=self._as_asked(self.resolve(training)))

    def _as_asked(self, training: Training) -> Training:
        """The recipe in the arithmetic that was asked for; itself where that changes nothing."""
        asked = (self.precision, self.compiled)
        if (training.precision, training.compiled) == asked:
            return training
        return replace(training, precision=self.precision, compiled=self.compiled)
