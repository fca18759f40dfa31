"""Frechet Inception distance, with the network of mseitzer/pytorch-fid.

Heusel et al.: GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium
(2017), Eq. 6: both sets of images become Inception features, both sets of features a Gaussian, and

    FID = |m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2).

It belongs to sets and not to images, so the value of an image are its features and those of its
ground truth. With S = A A^T, where A has the centred features divided by sqrt(n - 1) as columns,
the eigenvalues of S1 S2 are the squared singular values of A1^T A2. The trace of the root is thus
their sum, exact also for the singular covariances of fewer images than features, and needs an
n x n matrix. pytorch-fid takes the root of the 2048 x 2048 product, which agrees to some 1e-6 of
the number; only where that root is not finite does it add 1e-6 to both diagonals.

Of few images FID is too large, by an amount that depends on their number: compare only numbers of
equally many.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from benchmarks.metrics.image_cache import GROUND_TRUTHS, digest_of_weights
from benchmarks.metrics.metric import Metric, check_images

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor, nn

    from losses.objective import Resources

WEIGHTS_FILE = ("pt_inception-2015-12-05-6726825d.pth", "6726825d")
# 2000 resamples take half a second at 100 images, 10 at 400, and grow with the cube.
MOST_RESAMPLED = 400


@dataclass(frozen=True)
class FID(Metric):
    """FID between restored and clean images; pool3 features, images resized to 299 x 299.

    weights: "imagenet" (pytorch-fid's file, the network of the original implementation) or
        "random" (seeded by `seed`).
    """

    weights: str = "imagenet"
    seed: int = 0

    symbol: ClassVar[str] = "FID"
    digits: ClassVar[int] = 2
    higher_is_better: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.weights not in ("imagenet", "random"):
            raise ValueError(f"weights must be 'imagenet' or 'random', not {self.weights!r}")

    @property
    def note(self) -> str:
        """The definition in one sentence, for captions."""
        weights = "" if self.weights == "imagenet" else " with random weights"
        return (
            f"FID between restored and clean images, whole images resized to 299x299, "
            f"2048 pool3 features of pytorch-fid's Inception{weights}"
        )

    def weight_files(self) -> tuple[tuple[str, str], ...]:
        """(name, first digits of the sha256) of the files that `build` asks for."""
        return (WEIGHTS_FILE,) if self.weights == "imagenet" else ()

    def build(self, resources: Resources) -> Callable[..., dict[str, list[float]]]:
        """Features of one image and of its ground truth, 2048 numbers each."""
        import torch

        network = _inception(self, resources)
        maker = digest_of_weights(network)

        def features(image: Tensor) -> tuple[Tensor, ...]:
            batch = image.expand(3, -1, -1).unsqueeze(0).to(resources.device)
            return (network(batch)[0].flatten(),)

        def measure(pred: Tensor, target: Tensor) -> dict[str, list[float]]:
            check_images(pred, target)
            with torch.no_grad():
                (found,) = features(pred)
                (truth,) = GROUND_TRUTHS.of(target, maker, lambda: features(target))
            return {"pred": _six_digits(found), "target": _six_digits(truth)}

        return measure

    def summary(self, values: Sequence[Any]) -> float:
        """The distance between the Gaussians of all restored and of all clean images.

        Raises:
            ValueError: fewer than two images, which have no covariance.
        """
        if len(values) < 2:
            raise ValueError(f"FID needs at least 2 images, there are {len(values)}: evaluate more")
        return frechet_distance(*_features(values))

    def replicates(self, values: Sequence[Any], counts: np.ndarray) -> np.ndarray:
        """The distance of each resample, in which restored and clean images stay together.

        An image drawn k times counts k times in means and covariances, so that everything follows
        from the inner products between the features of the n images.

        Returns:
            (resamples,) float64; NaN for more than 400 images, which would take too long.
        """
        import numpy as np

        n = len(values)
        if n > MOST_RESAMPLED:
            return np.full(len(counts), np.nan)
        x, y = _features(values)
        x, y = x - y.mean(0), y - y.mean(0)  # keeps the differences below from cancelling
        xx, yy, xy = x @ x.T, y @ y.T, x @ y.T  # (n, n) inner products
        w = np.asarray(counts, np.float64)  # (resamples, n)
        replicates = np.empty(len(w))
        for i, row in enumerate(w):
            drawn = row > 0
            k, u = row[drawn], row[drawn] / n
            a, b, ab = (m[np.ix_(drawn, drawn)] for m in (xx, yy, xy))
            means = u @ (a + b - ab - ab.T) @ u
            spread = (k @ a.diagonal() + k @ b.diagonal() - n * u @ (a + b) @ u) / (n - 1)
            centred = ab - u @ ab - (ab @ u)[:, None] + u @ ab @ u
            root = np.sqrt(k)
            common = np.linalg.svd(root[:, None] * centred * root, compute_uv=False).sum()
            replicates[i] = max(0.0, means + spread - 2 * common / (n - 1))
        return replicates


def frechet_distance(x: np.ndarray, y: np.ndarray) -> float:
    """Squared Frechet distance between the Gaussians of two sets of vectors.

    Args:
        x, y: (n, d), one vector per row; the sets may differ in size, each has at least two.
    """
    import numpy as np

    means = x.mean(0) - y.mean(0)
    a, b = ((v - v.mean(0)) / (len(v) - 1) ** 0.5 for v in (x, y))
    traces = float((a**2).sum() + (b**2).sum())
    if min(len(a), len(b)) > a.shape[1]:  # the same products of fewer rows
        a, b = np.linalg.qr(a, mode="r"), np.linalg.qr(b, mode="r")
    common = float(np.linalg.svd(a @ b.T, compute_uv=False).sum())
    # Equal sets differ from 0 by rounding, on either side.
    return max(0.0, float(means @ means) + traces - 2 * common)


def _features(values: Sequence[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Features of the restored and of the clean images, (n, d) each."""
    import numpy as np

    x, y = (
        np.asarray([value[name] for value in values], np.float64) for name in ("pred", "target")
    )
    return x, y


def _six_digits(features: Tensor) -> list[float]:
    """The numbers to six digits, which float32 holds and a file for people can show."""
    return [float(f"{value:.6g}") for value in features.tolist()]


def _inception(spec: FID, resources: Resources) -> nn.Module:
    """pytorch-fid's network, which would download its weights and takes no path to a file."""
    from unittest.mock import patch

    import torch
    from pytorch_fid import inception

    if spec.weights == "imagenet":
        path = resources.weights_file(*WEIGHTS_FILE)
        state = torch.load(path, map_location="cpu", weights_only=True)
    else:
        state = _random_state(spec.seed)
    given = patch.object(inception, "load_state_dict_from_url", lambda url, progress: state)
    with torch.random.fork_rng(devices=[]), given:
        network: nn.Module = inception.InceptionV3()
    return network.eval().to(resources.device)


def _random_state(seed: int) -> dict[str, Tensor]:
    """Weights with which a signal keeps its size through all layers of ReLU networks."""
    import torch
    from torchvision.models import inception_v3

    with torch.random.fork_rng(devices=[]):
        # The same names and shapes: pytorch-fid only changes how some blocks pool.
        network = inception_v3(num_classes=1008, aux_logits=False, weights=None, init_weights=False)
        state: dict[str, Tensor] = network.state_dict()
        torch.manual_seed(seed)
        for tensor in state.values():
            if tensor.ndim == 4:
                torch.nn.init.kaiming_normal_(tensor, nonlinearity="relu")
    return state
