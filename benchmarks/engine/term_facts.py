"""What a profile's features and weights are, term by term, where they are not the declared ones."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.declare.runs import Run
from benchmarks.declare.table import as_objective
from benchmarks.declare.tree import walk
from benchmarks.engine.fact_words import Fact
from benchmarks.engine.plan import Plan, PlannedRow
from benchmarks.engine.status import Status
from losses.balanced import WEIGHT, Balanced, unweighed
from losses.features import Features
from losses.normalised_vgg import NormalisedVGG19
from losses.objective import Term

RULE = (
    "the paper's weights, where it prints any, belong to its own features: a term on those above "
    "is weighed so that its gradient for the image is {share} that of the pixel terms, measured "
    "over the first {steps} steps; equal printed weights thus pull alike, as they need not there"
)
ALONE = "a term beside no pixel term keeps its weight"


def term_facts(plan: Plan) -> list[Fact]:
    """Which features stand in for which, by what rule their terms are weighed, and the weights."""
    terms = [pair for row in plan.rows for pair in term_pairs(row)]
    features = dict.fromkeys(
        words for declared, used in terms for words in _features(declared, used)
    )
    balanced = [used for _, used in terms if isinstance(used, Balanced)]
    found = [("features", "; ".join(features))] if features else []
    if balanced:
        unit = float(plan.table.unit)
        share = "as large as" if unit == 1 else f"the printed weight / {unit:g} times"
        rule = RULE.format(share=share, steps=balanced[0].steps)
        alone = any(_on_stand_ins(used) for _, used in terms if not isinstance(used, Balanced))
        measured = [words for row in plan.rows if (words := _weights(plan.status, row))]
        found.append(("weights of terms", "; ".join([rule, *[ALONE] * alone, *measured])))
    return found


def term_pairs(row: PlannedRow) -> list[tuple[Term, Term]]:
    """The terms of a row's objective as declared and as they are run."""
    if row.row is None or row.row.objective is None or not isinstance(row.providers[0], Run):
        return []
    declared = as_objective(row.row.objective).terms
    used = as_objective(row.providers[0].objective).terms
    return [(a, b) for (_, a), (_, b) in zip(declared, used, strict=True)]


def _features(declared: Term, used: Term) -> Iterator[str]:
    """Such as `L_PDL: conv3_1 of the normalised VGG-19 for vgg16's relu4_3`."""
    theirs = [part for part in walk(declared) if isinstance(part, Features)]
    ours = _on_stand_ins(used)
    for wanted, found in zip(theirs, ours, strict=True) if ours else ():
        yield (
            f"{used.symbol}: {', '.join(found.layers)} of the normalised VGG-19, with ImageNet "
            f"weights, for {wanted.network}'s {', '.join(wanted.layers)}"
        )


def _on_stand_ins(used: Term) -> list[NormalisedVGG19]:
    """The feature networks of a term that take another's place."""
    return [part for part in walk(unweighed(used)) if isinstance(part, NormalisedVGG19)]


def _weights(status: Status, row: PlannedRow) -> str:
    """The weights that a row's trainings measured, such as `FFDNet / w/. Internal 0.0166`."""
    found = []
    for run in row.providers:
        if not isinstance(run, Run):
            continue
        last = {name: value for line in status.log(run) for name, value in line.items()}
        names = (name for name in last if name.endswith(f" {WEIGHT}"))
        found += [f"{last[name]:.3g}" for name in names if isinstance(last[name], float)]
    return f"{row.name} {', '.join(found)}" if found else ""
