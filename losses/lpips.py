"""L_LPIPS: distance of unit-length features, with channel weights fitted to human judgements.

Zhang, Isola, Efros, Shechtman, Wang: The Unreasonable Effectiveness of Deep Features as a
Perceptual Metric (2018), Eq. 1, version 0.1 of richzhang/PerceptualSimilarity. Everything is the
`lpips` package's, channel weights included, but for one thing: it would download the trunk's
ImageNet weights, which are read from torchvision's file here.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from losses.chunks import Looking, in_chunks
from losses.objective import Loss, Resources, Term

# torchvision's files; the name carries the first eight digits of the sha256.
TRUNK_FILES = {
    "alex": "alexnet-owt-7be5be79.pth",
    "vgg": "vgg16-397923af.pth",
    "squeeze": "squeezenet1_1-b8a52dc0.pth",
}
# The shortest side that reaches the trunk's last tap.
SMALLEST_IMAGE = {"alex": 31, "vgg": 16, "squeeze": 17}


def lpips_distance(network: nn.Module, pred: Tensor, target: Tensor, chunk: int = 0) -> Tensor:
    """LPIPS averaged over the batch, 0-d; 0 at equality.

    Args:
        network: an `lpips.LPIPS` in eval mode.
        pred, target: images in [0, 1], (N, 3, H, W).
        chunk: images that the network sees at a time, see `losses.chunks`.
    """
    # `normalize` maps [0, 1] to the package's own range, [-1, 1].
    distances: Tensor = in_chunks(partial(network, normalize=True), chunk, pred, target.detach())
    return distances.mean()


class LPIPSLoss(Looking, Loss):
    """A built `LPIPS`, with a frozen trunk."""

    frozen = True  # left out of checkpoints

    def __init__(self, spec: LPIPS, resources: Resources):
        super().__init__()
        self.network = _network(spec.net, spec.seed)
        # The trunk looks at images; what compares its features is arithmetic of the loss.
        self.network.net.frozen = True  # type: ignore[union-attr]
        self.smallest = SMALLEST_IMAGE[spec.net]
        if spec.weights == "imagenet":
            _load_trunk(self.network, spec, resources)
        self.requires_grad_(False).eval().to(resources.device)

    def train(self, mode: bool = True) -> LPIPSLoss:
        """Stays in eval mode: the package puts a dropout before its channel weights."""
        return super().train(False)

    def forward(self, pred: Tensor, target: Tensor, **needs: Tensor) -> Tensor:
        """The distance, 0-d, of images in [0, 1], (N, 3, H, W).

        Raises:
            ValueError: a side is too short for the trunk.
        """
        if min(pred.shape[-2:]) < self.smallest:
            raise ValueError(
                f"this trunk of LPIPS needs images of at least {self.smallest} x {self.smallest} "
                f"pixels, these are {pred.shape[-2]} x {pred.shape[-1]}; use larger crops"
            )
        return lpips_distance(self.network, pred, target, self.chunk)


@dataclass(frozen=True)
class LPIPS(Term):
    """The LPIPS distance of `pred` and `target`.

    net: the trunk, "alex" (the package's choice for a metric), "vgg" (for training) or "squeeze".
    weights: the trunk's, "imagenet" (torchvision's file, checked by sha256) or "random" (seeded by
        `seed`). The channel weights are the fitted ones either way.
    """

    net: str = "alex"
    weights: str = "imagenet"
    seed: int = 0

    symbol: ClassVar[str] = "L_LPIPS"

    def __post_init__(self) -> None:
        if self.net not in TRUNK_FILES:
            raise ValueError(f"net must be one of {', '.join(TRUNK_FILES)}, not {self.net!r}")
        if self.weights not in ("imagenet", "random"):
            raise ValueError(f"weights must be 'imagenet' or 'random', not {self.weights!r}")

    def weight_files(self) -> tuple[tuple[str, str], ...]:
        """(name, first digits of the sha256) of the files that `build` asks for."""
        if self.weights != "imagenet":
            return ()
        name = TRUNK_FILES[self.net]
        return ((name, name.rsplit("-", 1)[1].removesuffix(".pth")),)

    def build(self, resources: Resources) -> Loss:
        """Make the loss; loads the trunk and imports the `lpips` package."""
        return LPIPSLoss(self, resources)


def _network(net: str, seed: int) -> nn.Module:
    """The package's network with fitted channel weights and a randomly initialised trunk."""
    import lpips  # the installed package: imports are absolute, this file is losses.lpips

    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        # The package uses an argument that torchvision calls deprecated.
        warnings.filterwarnings("ignore", category=UserWarning, module="torchvision")
        torch.manual_seed(seed)
        return lpips.LPIPS(net=net, pnet_rand=True, verbose=False)


def _load_trunk(network: Any, spec: LPIPS, resources: Resources) -> None:
    """Put torchvision's weights into the trunk.

    The package cuts torchvision's `features` into slices and keeps the numbers: `slice2.3.weight`
    is `features.3.weight`.
    """
    ((name, sha256),) = spec.weight_files()
    path = resources.weights_file(name, sha256)
    state = torch.load(path, map_location="cpu", weights_only=True)
    trunk = network.net
    trunk.load_state_dict(
        {key: state[f"features.{key.split('.', 1)[1]}"] for key in trunk.state_dict()}
    )
