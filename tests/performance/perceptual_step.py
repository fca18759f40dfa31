"""What perceptual losses add to a training step besides their feature network.

    python tests/performance/perceptual_step.py [--device cuda] [--repeats 9]

A small encoder-decoder, one 256 x 256 crop, Adam, L1 plus one perceptual term on relu4_3
of VGG16 with random weights. The floor is the same step with the least that a perceptual term can
do: the target's features without a graph, and the sum of the prediction's as the loss. Goals: L1,
L2 and PDL at most 1.05 of the floor's step, the contextual losses at most 1.10. Steps alternate in
one process; on a CPU the figures are medians of its CPU time, one thread. Exit code 1 if one is
missed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch
from timing import Work, in_turn, ratio, told
from torch import Tensor, nn

from losses.contextual import Contextual
from losses.features import Features
from losses.l1 import l1
from losses.local_resources import LocalResources
from losses.objective import Loss, Term
from losses.pdl import PDL
from losses.perceptual import Perceptual

FEATURES = Features("vgg16", ("relu4_3",), weights="random")
CROPS = (1, 3, 256, 256)
TERMS: dict[str, tuple[Term, float]] = {
    "perceptual L1": (Perceptual(FEATURES, "l1"), 1.05),
    "perceptual L2": (Perceptual(FEATURES, "l2"), 1.05),
    "PDL": (PDL(FEATURES), 1.05),
    "contextual, dot product": (Contextual(FEATURES, distance="dot"), 1.10),
    "contextual, L2": (Contextual(FEATURES, distance="l2"), 1.10),
}


class Residual(nn.Module):
    """Two 3 x 3 convolutions on a shortcut."""

    def __init__(self, channels: int):
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(self.first(x).relu())


def stage(channels: int) -> list[nn.Module]:
    return [Residual(channels) for _ in range(3)]


def encoder_decoder() -> nn.Module:
    """Of the size of one scale of the papers' deblurring networks, with 3 x 3 kernels."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1),
        *stage(32),
        nn.Conv2d(32, 64, 3, stride=2, padding=1),
        *stage(64),
        nn.Conv2d(64, 128, 3, stride=2, padding=1),
        *stage(128),
        *stage(128),
        nn.ConvTranspose2d(128, 64, 4, stride=2, padding=1),
        *stage(64),
        nn.ConvTranspose2d(64, 32, 4, stride=2, padding=1),
        *stage(32),
        nn.Conv2d(32, 3, 3, padding=1),
    )


class Floor(Loss):
    """Both passes through the feature network, and no comparison."""

    def __init__(self, resources: LocalResources):
        super().__init__()
        self.features = FEATURES.build(resources)

    def forward(self, pred: Tensor, target: Tensor, **needs: Tensor) -> Tensor:
        with torch.no_grad():
            self.features(target)
        (found,) = self.features(pred).values()
        return found.sum()


def step(loss: Callable[[Tensor, Tensor], Tensor], device: str) -> Work:
    """A function that makes one training step of a network of its own."""
    network = encoder_decoder().to(device)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-4)
    target = torch.rand(CROPS, device=device)
    noisy = target + 0.1 * torch.randn_like(target)

    def one() -> None:
        optimizer.zero_grad(set_to_none=True)
        pred = network(noisy)
        # A weight this small leaves the networks alike, whatever a term's scale.
        (l1(pred, target) + 1e-6 * loss(pred, target)).backward()
        optimizer.step()

    one()  # allocates, and chooses algorithms
    return one


def main() -> int:
    """Print every term's step relative to the floor's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--repeats", type=int, default=9)
    options = parser.parse_args()
    torch.set_num_threads(1)  # threads that wait for each other would count as CPU time
    resources = LocalResources(device=options.device)
    works = {"floor": step(Floor(resources), options.device)}
    for name, (term, _) in TERMS.items():
        works[name] = step(term.build(resources), options.device)
    times = in_turn(works, options.repeats, options.device)
    met = [
        told(f"{name}: step / floor", ratio(times, name, "floor"), goal)
        for name, (_, goal) in TERMS.items()
    ]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
