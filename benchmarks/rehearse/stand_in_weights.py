"""Networks at full width whether their weights are there or not: random ones of the same shapes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.declare.runs import Fixed, Network, Provider, Released
from benchmarks.declare.tree import rebuilt
from benchmarks.engine.execute import frozen_network
from benchmarks.engine.weights import WeightFiles


class StandIns:
    """The `Resources` of a rehearsal; a file that is there is loaded, and nothing is trained.

    absent: what has random weights, by the name of the file that would hold others. Networks that
    a run of its own would train have random weights as well, and are not listed.
    present: the names of the files that were loaded instead.
    """

    def __init__(self, files: WeightFiles, device: torch.device):
        self.files = files
        self.device = device
        self.absent: set[str] = set()
        self.present: set[str] = set()
        self._frozen: dict[Provider, nn.Module] = {}

    def weights_file(self, name: str, sha256: str) -> Path:
        """The released file of that name; see `WeightFiles.find`."""
        path = self.files.find(name, sha256)
        self.present.add(name)
        return path

    def frozen(self, network: Provider) -> nn.Module:
        """A provider's network, in eval mode, no parameter requiring gradients; built once."""
        if network not in self._frozen:
            weights = None if isinstance(network, Fixed) else self.weights(network)
            self._frozen[network] = frozen_network(network.network, weights, self.device)
        return self._frozen[network]

    def fresh(self, network: Network) -> nn.Module:
        """A newly initialised network for a term that trains it."""
        return network.build().to(self.device)

    def weights(self, provider: Provider) -> dict[str, Tensor]:
        """The weights of a provider on the CPU: released ones, or random ones of the same shapes.

        Raises:
            DataError: the file is there with another content.
        """
        if isinstance(provider, Released):
            if self.files.has(provider.file):
                path = self.weights_file(provider.file, provider.sha256)
                return provider.network.architecture.released_state(path)  # type: ignore[attr-defined]
            self.absent.add(provider.file)
        with torch.random.fork_rng(devices=[]):
            return provider.network.build().state_dict()

    def in_place(self, declared: Any) -> Any:
        """A declared object whose feature networks have random weights where a file is absent."""

        def replaced(node: Any) -> Any:
            if isinstance(node, type) or not hasattr(node, "weight_files"):
                return node
            names = [name for name, _ in node.weight_files() if not self.files.has(name)]
            if not names:
                return node
            self.absent.update(names)
            return replace(node, weights=getattr(node, "stand_in_weights", "random"))

        return rebuilt(declared, replaced)


def still_so(absent: Iterable[str], present: Iterable[str], files: WeightFiles) -> bool:
    """Whether the files that were absent still are, and those that were loaded are still there."""
    return not any(map(files.has, absent)) and all(map(files.has, present))
