"""What makes two runs the same run: digests of canonical JSON over what was declared.

Labels, captions, printed numbers, the profile's name, the device and the state of the code are
recorded beside a run but are no part of its identity; the code's part is `freshness`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import is_dataclass, replace
from fractions import Fraction
from typing import Any

from benchmarks.declare.runs import Fixed, LastStep, Network, Provider, Released
from benchmarks.declare.sources import plain
from benchmarks.declare.training import Training
from benchmarks.declare.tree import parts
from benchmarks.engine.score import Score
from datasets.images import DataPaths, Images
from losses.objective import Objective, Term

# What trainings learnt to declare after the first runs were stored, and what it was before.
LATER = {"probe": None, "held": None, "precision": "float32", "compiled": False}


def digest(value: Any) -> str:
    """The first ten hex digits of the sha256 of canonical JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:10]


class ContentIds:
    """Gives runs and scores their ids; opens data sets to hash their files, once each.

    Raises:
        DataError: from the data set, when files that define the identity are absent.
    """

    def __init__(self, data_paths: DataPaths):
        self.data_paths = data_paths
        self._opened: dict[Any, Images] = {}
        self._manifests: dict[Any, str] = {}
        self._ids: dict[Any, str] = {}

    def images(self, data: Any) -> Images:
        """The opened data set under a degradation or by itself; opened once."""
        spec = base_data(data)
        if spec not in self._opened:
            self._opened[spec] = spec.open(self.data_paths)
        return self._opened[spec]

    def run_id(self, provider: Provider) -> str:
        """Ten hex digits that name a run, a released file or a fixed network."""
        if provider not in self._ids:
            self._ids[provider] = digest(self.canonical_fields(provider))
        return self._ids[provider]

    def score_id(self, score: Score) -> str:
        """Ten hex digits that name one metric of one provider on one data set."""
        if score not in self._ids:
            recorded = replace(score, metric=score.metric.recorded)
            self._ids[score] = digest(self.canonical_fields(recorded))
        return self._ids[score]

    def canonical(self, node: Any) -> Any:
        """JSON of a declared object; runs inside it are named by their ids."""
        node = plain(node)
        if isinstance(node, Provider):
            return {"run": self.run_id(node)}
        if isinstance(node, Network):
            arguments = {name: self.canonical(value) for name, value in node.arguments}
            revision = node.architecture.revision  # type: ignore[attr-defined]
            taps = {"taps": list(node.taps)} if node.taps else {}
            return {"network": node.name, "revision": revision, **arguments, **taps}
        if isinstance(node, Objective):
            return [[float(w), self.canonical(term)] for w, term in node.terms]
        if is_dataclass(node) and not isinstance(node, type):
            entry = self.canonical_fields(node)
            if hasattr(node, "open"):
                entry["manifest"] = self._manifest(node)
            return entry
        if isinstance(node, dict):
            return {str(key): self.canonical(value) for key, value in node.items()}
        if isinstance(node, tuple | list):
            return [self.canonical(value) for value in node]
        if isinstance(node, Fraction):
            return str(node)
        if node is None or isinstance(node, bool | int | float | str):
            return node
        raise TypeError(f"{type(node).__name__} cannot be part of an identity: {node!r}")

    def canonical_fields(self, node: Any) -> dict[str, Any]:
        """A dataclass's own fields, its class and its revision."""
        entry = {name: self.canonical(part) for name, part in parts(node)}
        if isinstance(node, Released) and not node.part:
            del entry["part"]
        if isinstance(node, Training):  # without what came later, it is the one it always was
            for name, default in LATER.items():
                if getattr(node, name) == default:
                    del entry[name]
        return {"type": type(node).__name__, "revision": getattr(node, "revision", 1), **entry}

    def _manifest(self, spec: Any) -> str:
        if spec not in self._manifests:
            self._manifests[spec] = digest(self.images(spec).manifest())
        return self._manifests[spec]


def base_data(data: Any) -> Any:
    """The data set that lies under its degradations."""
    while not hasattr(data, "open"):
        data = data.data
    return data


def slug(provider: Provider) -> str:
    """A folder name for people: `ffdnet-l1+contextual`."""
    name = provider.network.name.lower()
    if isinstance(provider, Released):
        return f"{name}-released"
    if isinstance(provider, Fixed):
        return name
    if isinstance(provider, LastStep):
        return f"{slug(provider.run)}-last"
    objective = provider.objective
    terms = objective.terms if isinstance(objective, Objective) else ((1.0, objective),)
    return f"{name}-{'+'.join(type(_innermost(term)).__name__.lower() for _, term in terms)}"


def _innermost(term: Term) -> Term:
    """The term that others only weigh, or apply to something else."""
    while isinstance(inner := getattr(term, "term", None), Term):
        term = inner
    return term
