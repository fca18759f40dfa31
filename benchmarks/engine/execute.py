"""Makes what is missing: runs in the order of their graph, then their scores; stores both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.declare.runs import Fixed, Network, Provider, Released, Run
from benchmarks.engine.content_ids import slug
from benchmarks.engine.graph import dependencies
from benchmarks.engine.measure import keep_picture, measure
from benchmarks.engine.problems import Failed, drop_frames, recorded
from benchmarks.engine.progress import say
from benchmarks.engine.score import Score
from benchmarks.engine.status import Status
from benchmarks.engine.store import RunFolder, StoreError
from benchmarks.engine.stored_training import make_run, stored_weights
from datasets.images import DataError


def frozen_network(
    network: Network, weights: dict[str, Tensor] | None, device: torch.device
) -> nn.Module:
    """A network that looks and does not learn: in eval mode, no parameter requiring gradients.

    Args:
        weights: its state; None for a network without any, or as it begins.
    """
    with torch.random.fork_rng(devices=[]):  # building draws random numbers
        module = network.build()
    if weights is not None:
        module.load_state_dict(weights)
    module.frozen = True  # type: ignore[assignment]  # left out of checkpoints
    return module.requires_grad_(False).eval().to(device)


@dataclass
class Engine:
    """Everything that making a number needs; it also is the `Resources` of terms and metrics.

    micro_batch: images per piece of a training step, see `Trainee`; 0 for whole batches.
    """

    status: Status
    workers: int = 0
    checkpoint_seconds: float = 30.0
    micro_batch: int = 0
    failures: dict[str, Failed | DataError] = field(default_factory=dict)
    _networks: dict[str, nn.Module] = field(default_factory=dict)
    _fresh: set[str] = field(default_factory=set)

    # What terms and metrics may ask for.

    @property
    def device(self) -> torch.device:
        """The device on which networks run."""
        return self.status.device

    def weights_file(self, name: str, sha256: str) -> Path:
        """The released file of that name; see `WeightFiles.find`."""
        return self.status.files.find(name, sha256)

    def frozen(self, network: Provider) -> nn.Module:
        """A provider's network with its weights; made first if it is missing."""
        self.ensure(network, whole=True)
        run_id = self.status.ids.run_id(network)
        if run_id not in self._networks:
            fixed = isinstance(network, Fixed)
            weights = None if fixed else stored_weights(self.status, network)
            self._networks[run_id] = frozen_network(network.network, weights, self.device)
        return self._networks[run_id]

    def fresh(self, network: Network) -> nn.Module:
        """A newly initialised network for a term that trains it."""
        return network.build().to(self.device)

    # Runs and scores.

    def ensure(self, provider: Provider, label: str = "", whole: bool = False) -> None:
        """Make a run if the store does not have it, and what it needs before it.

        Args:
            whole: in whole batches whatever is asked for, as judges are: they are small, and
                normalise over their batch.

        Raises:
            Failed: training failed, now or earlier in this process.
            DataError: a data set is absent or damaged, likewise; or a file is absent.
        """
        run_id = self.status.ids.run_id(provider)
        if run_id in self._fresh:
            return
        if run_id in self.failures:
            raise self.failures[run_id]
        for dependency in dependencies(provider):
            self.ensure(dependency, whole=dependency != getattr(provider, "start", None))
        if isinstance(provider, Released):
            self.status.files.find(provider.file, provider.sha256)
        elif isinstance(provider, Run):
            try:
                self._ensure_run(provider, label or slug(provider), whole)
            except (Failed, DataError) as error:
                drop_frames(error)
                self.failures[run_id] = error
                raise
        self._fresh.add(run_id)

    def _ensure_run(self, run: Run, label: str, whole: bool) -> None:
        status = self.status
        folder = status.folder(run)
        if not status.redo(status.state(run)):
            return
        with folder.locked():
            status.forget()
            state = status.state(run)  # another process may have made it meanwhile
            if not status.redo(state):
                return
            if state.status == "stale":
                say(f"{label}: {state.why}; made again")
                folder.clear()
            with self.recorded(folder, label):
                every, pieces = self.checkpoint_seconds, 0 if whole else self.micro_batch
                make_run(run, status, self, label, self.workers, every, pieces)
            status.forget()

    def ensure_scores(self, scores: Iterable[Score], label: str) -> dict[Score, Failed | DataError]:
        """Measure what the store does not have; one pass per test set for all its metrics.

        Returns:
            The scores whose own metric failed, now or earlier in this process, and why.

        Raises:
            Failed, DataError: as `ensure`, or the network or the test set failed.
        """
        problems: dict[Score, Failed | DataError] = {}
        by_data: dict[tuple[Any, ...], list[Score]] = {}
        for score in scores:
            for dependency in dependencies(score):
                self.ensure(dependency, whole=dependency != score.provider)
            if (score_id := self.status.ids.score_id(score)) in self.failures:
                problems[score] = self.failures[score_id]
            elif self._missing(score):
                by_data.setdefault(score.network_pass, []).append(score)
        for (provider, *_), missing in by_data.items():
            folder = self.status.folder(provider)
            with folder.locked(), self.recorded(folder, label):
                # Another process may have measured some meanwhile.
                if missing := list(filter(self._missing, missing)):
                    failed = measure(missing, self.frozen(provider), self.status, self, label)
                    problems |= failed
                    self.failures |= {self.status.ids.score_id(s): e for s, e in failed.items()}
        return problems

    def ensure_picture(self, score: Score, label: str) -> None:
        """Make the picture of a measured score again where it is missing or damaged.

        Raises:
            Failed, DataError: as `ensure_scores`.
        """
        folder, name = self.status.folder(score.provider), self.status.picture_name(score)
        if folder.intact(name):
            return
        with folder.locked(), self.recorded(folder, label):
            keep_picture(score, self.frozen(score.provider), self.status, self)

    def _missing(self, score: Score) -> bool:
        return self.status.redo(self.status.score_state(score))

    @contextmanager
    def recorded(self, folder: RunFolder, label: str) -> Iterator[None]:
        """Turn an exception inside into a failure file and `Failed`; interruptions pass.

        What ends well has not failed: the file of an earlier attempt is removed.
        """
        try:
            yield
        except (DataError, StoreError, Failed):
            raise
        except Exception as error:
            failed = recorded(error, folder, "failure.json", label)
        else:
            folder.remove("failure.json")
            return
        raise failed
