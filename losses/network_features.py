"""Any declared network as a feature network, so that terms can compare what it makes of images.

Where `Features` and `NormalisedVGG19` tap layers of a VGG, this takes the output of a network that
is given to it, such as the face recognition network of DICGAN (Ma et al. 2020), whose features of
two faces are compared by `Perceptual(NetworkFeatures(...), "l1")`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, cast

import torch
from torch import nn

from losses.features import FeatureExtractor
from losses.objective import Resources

OUTPUT = "output"


@dataclass(frozen=True)
class NetworkFeatures:
    """A declared network, and with which weights it looks at images.

    network: maps images (N, 3, H, W) in [0, 1] to features (N, C, H', W'); for weights from a file
        it has `released_state(path)`.
    file, sha256: the name of the released file and the first digits of its digest, "" where no
        source prints one.
    weights: "released" or "random" (the network's own initialisation, seeded by `seed`). A table
        that ran with random features says so.
    """

    network: Any
    file: str
    sha256: str = ""
    weights: str = "released"
    seed: int = 0

    layers: ClassVar[tuple[str, ...]] = (OUTPUT,)

    def __post_init__(self) -> None:
        if self.weights not in ("released", "random"):
            raise ValueError(f"weights must be 'released' or 'random', not {self.weights!r}")

    def weight_files(self) -> tuple[tuple[str, str], ...]:
        """(name, first digits of the sha256) of the files that `build` asks for."""
        return ((self.file, self.sha256),) if self.weights == "released" else ()

    def build(self, resources: Resources) -> FeatureExtractor:
        """Make the frozen extractor, on `resources.device`.

        Raises:
            ValueError: the file is damaged or holds another network.
        """
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            network = resources.fresh(self.network)
        for file in self.weight_files():
            state = cast(Any, network).released_state(resources.weights_file(*file))
            network.load_state_dict(state)
        body = nn.Sequential(network)
        return FeatureExtractor(self.layers, [OUTPUT], nn.Identity(), body).to(resources.device)
