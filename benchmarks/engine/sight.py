"""What a view sees: test images, networks that restore them, and how their trainings went.

Code that a drawing rests on, as `evaluate` is of scores: a change of it makes drawings stale.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from benchmarks.declare.runs import Provider, Run
from benchmarks.engine.content_ids import slug
from benchmarks.engine.evaluate import output_of
from benchmarks.engine.status import Status
from datasets.sampling import test_sample
from losses.objective import Resources


class NetworkSight:
    """The `Sight` of a figure's networks in the store.

    networks: what provides each, by the figure's label; finished trainings.
    resources: the engine, which loads them.
    """

    def __init__(self, networks: Mapping[str, Provider], status: Status, resources: Resources):
        self.networks = dict(networks)
        self.status = status
        self.resources = resources

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in the declared order."""
        return tuple(self.networks)

    def count(self, data: Any) -> int:
        """How many images a declared test set has."""
        return len(self.status.ids.images(data))

    def sample(self, data: Any, i: int) -> dict[str, Tensor]:
        """Image `i` of a degraded test set, on the device; see `datasets.sampling.test_sample`."""
        found = test_sample(data, self.status.ids.images(data), i, 0)
        return {name: value.to(self.resources.device) for name, value in found.items()}

    def restored(self, label: str, data: Any, i: int) -> Tensor:
        """Image `i` as a network restores it, (3, H, W), clamped to [0, 1]."""
        network = self.resources.frozen(self.networks[label])
        output, _ = output_of(network, data, self.status.ids.images(data), i, self.resources)
        return output.clamp(0, 1)

    def curve(self, label: str) -> tuple[tuple[int, float], ...]:
        """Step and value of every look of a training's probe, from its stored log.

        Raises:
            LookupError: it has no probe, or the log lacks a look; the message has the way out.
        """
        run = self.networks[label]
        if not isinstance(run, Run) or run.training.probe is None:
            raise LookupError(f"{label}: the training of {slug(run)} declares no probe")
        probe = run.training.probe
        lines = self.status.log(run)
        found = {line["step"]: line[probe.logged] for line in lines if probe.logged in line}
        wanted = sorted(probe.steps(int(run.training.steps)))
        if absent := [step for step in wanted if not isinstance(found.get(step), float)]:
            folder = self.status.folder(run).path
            raise LookupError(
                f"{label}: {folder / 'log.jsonl'} lacks {probe.logged} of step {absent[0]}; remove "
                f"{folder}, and the same command trains it again"
            )
        return tuple((step, found[step]) for step in wanted)
