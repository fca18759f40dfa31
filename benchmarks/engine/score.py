"""What is measured: the unit that is stored beside a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from benchmarks.declare.protocol import Evaluation
from benchmarks.declare.runs import Provider
from benchmarks.metrics.metric import Metric


@dataclass(frozen=True)
class Score:
    """One metric of one provider on one test set."""

    provider: Provider
    data: Any
    metric: Metric
    evaluation: Evaluation
    seed: int = 0

    @property
    def network_pass(self) -> tuple[Provider, Any, int]:
        """What the network's outputs depend on: scores that share it are measured together."""
        return self.provider, self.data, self.seed
