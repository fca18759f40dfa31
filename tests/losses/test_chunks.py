"""Every term that looks at images through a network sees the same in chunks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from d2sm_terms import FEATURES, INTERNAL, WHOLE
from face_aligners import Aligner, Stacked
from torch import Tensor, nn

from losses.balanced import Balanced
from losses.chunks import Looking, in_chunks, look_in_chunks
from losses.contextual import Contextual
from losses.cross_entropy import CrossEntropy
from losses.d2sm import D2SM
from losses.face_attention import FaceAttention
from losses.face_heatmap import FaceHeatmap
from losses.feature_distillation import FeatureDistillation
from losses.features import Features
from losses.l1 import L1
from losses.local_resources import LocalResources
from losses.lpips import LPIPS
from losses.network_features import NetworkFeatures
from losses.objective import Objective, Resources, Term, WeightedSum
from losses.pdl import PDL
from losses.perceptual import Perceptual
from losses.ssim import SSIM

TWO_LAYERS = Features("vgg16", ("relu1_2", "conv2_1"), weights="random", width=1 / 16)


def small(out: int, outputs: int = 1) -> nn.Module:
    """A network that gives (N, out, H, W), and the same again for each further output."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        body = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.Tanh(), nn.Conv2d(6, out, 1))

    class Small(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = body

        def forward(self, images: Tensor) -> Any:
            found = self.body(images)
            return found if outputs == 1 else (found,) * outputs

    return Small()


TERMS: dict[str, Callable[[], Objective]] = {
    "perceptual": lambda: L1() + 1.0 * Perceptual(TWO_LAYERS),
    "any network": lambda: 1.0 * Perceptual(NetworkFeatures(lambda: small(4), "", "", "random")),
    "PDL": lambda: 1.0 * PDL(TWO_LAYERS),
    "PDL, drawn": lambda: 1.0 * PDL(TWO_LAYERS, projection="RSP", factor=2),
    "contextual": lambda: 1.0 * Contextual(FEATURES),
    "contextual, drawn": lambda: 1.0 * Contextual(TWO_LAYERS, distance="l2", max_positions=50),
    "SSIM": lambda: L1() + 0.5 * SSIM(),
    "LPIPS": lambda: 1.0 * LPIPS(weights="random"),
    "D2SM, windows": lambda: 1.0 * INTERNAL,
    "D2SM, chunks of its own": lambda: 1.0 * D2SM(FEATURES, 32, 16, 20, crop=64, batch=2, chunk=4),
    "D2SM, bf16": lambda: 1.0 * D2SM(FEATURES, 32, 16, 20, crop=64, batch=2, bf16=True),
    "D2SM, whole images": lambda: 1.0 * WHOLE,
    "segmenter": lambda: 1.0 * CrossEntropy(lambda: small(5)),
    "aligner": lambda: FaceHeatmap(Aligner) + 1.0 * FaceAttention(Stacked),
    "teacher": lambda: 1.0 * FeatureDistillation(lambda: small(3, outputs=2), ("feature",)),
    "balanced": lambda: L1() + 1.0 * Balanced(Perceptual(TWO_LAYERS), 1.0 * L1(), steps=3),
}


@pytest.fixture
def four(photographs: Tensor, noisy: Tensor) -> tuple[Tensor, Tensor]:
    """Four 64 x 64 crops, noisy and clean."""
    corners = [(0, 0), (32, 32)]
    pred, target = (
        torch.cat([images[..., t : t + 64, s : s + 64] for t, s in corners])
        for images in (noisy, photographs)
    )
    return pred, target


def built(objective: Objective, chunk: int) -> WeightedSum:
    found = objective.build(LocalResources()).train()
    assert isinstance(found, WeightedSum)
    look_in_chunks(found, chunk)
    return found


def learnt(objective: WeightedSum, pred: Tensor, target: Tensor, steps: int) -> list[Tensor]:
    """Values and gradients of some steps, of which later ones see what a term remembers."""
    found = []
    for step in range(steps):
        leaf = (pred + 0.01 * step).requires_grad_()
        feature = (leaf * 2).requires_grad_()
        labels = torch.arange(len(pred) * 64 * 64).reshape(len(pred), 64, 64) % 5
        entries = {"labels": labels, "feature": feature, "input": pred}
        objective.before(leaf, target, entries)
        total, _ = objective(leaf, target, entries)
        total.backward()
        assert leaf.grad is not None
        found += [total.detach(), leaf.grad]
    return found


@pytest.mark.parametrize("kind", TERMS)
@pytest.mark.parametrize("chunk", [1, 3])
def test_chunks_change_neither_values_nor_gradients(
    four: tuple[Tensor, Tensor], kind: str, chunk: int
) -> None:
    """In double precision, which autocast leaves alone, wherever it can: rounding hides nothing."""
    dtype = torch.float32 if "bf16" in kind else torch.float64
    found = []
    for size in (0, chunk):
        objective = built(TERMS[kind](), size).to(dtype)
        found.append(learnt(objective, four[0].to(dtype), four[1].to(dtype), 3))
    close = {"rtol": 1e-2, "atol": 1e-5} if "bf16" in kind else {"rtol": 1e-6, "atol": 1e-12}
    for ours, theirs in zip(found[1], found[0], strict=True):
        torch.testing.assert_close(ours, theirs, **close)
    assert all(gradient.any() for gradient in found[0][3::2])


@pytest.mark.parametrize("kind", TERMS)
def test_chunks_of_the_whole_batch_are_the_plain_pass_bit_for_bit(
    four: tuple[Tensor, Tensor], kind: str
) -> None:
    """Windows are more than images, and stay in chunks."""
    plain, whole = (learnt(built(TERMS[kind](), size), *four, 1) for size in (0, 9))
    assert all(torch.equal(a, b) for a, b in zip(plain, whole, strict=True))


@pytest.mark.parametrize(
    ("term", "seen"),
    [(Perceptual(FEATURES), 4), (PDL(FEATURES), 4), (Contextual(FEATURES), 4), (INTERNAL, 36)],
)
def test_a_pass_with_its_graph_sees_one_chunk(
    four: tuple[Tensor, Tensor], monkeypatch: pytest.MonkeyPatch, term: Term, seen: int
) -> None:
    """Of target and prediction once each, and of the prediction again for its gradient."""
    objective = built(1.0 * term, 1)
    (features,) = (part for part in objective.modules() if hasattr(part, "_taps"))
    counts: list[int] = []
    taps = features._taps  # type: ignore[operator, union-attr]
    monkeypatch.setattr(features, "_taps", lambda x: (counts.append(len(x)), taps(x))[1])
    learnt(objective, *four, 1)
    assert counts == [1] * 3 * seen


@pytest.mark.parametrize("chunk", [0, 2])
def test_what_is_kept_for_the_gradient_is_the_chunks_images(
    four: tuple[Tensor, Tensor], chunk: int
) -> None:
    extractor = TWO_LAYERS.build(LocalResources())
    extractor.chunk = chunk
    kept: list[Tensor] = []
    with torch.autograd.graph.saved_tensors_hooks(lambda x: (kept.append(x), x)[1], lambda x: x):
        extractor(four[0].requires_grad_())
    activations = [x for x in kept if x.shape[1:2] == (4,)]  # of the first layers
    assert bool(activations) is not bool(chunk)


def test_every_part_that_looks_is_told(resources: Resources) -> None:
    terms = [Perceptual(TWO_LAYERS), Balanced(LPIPS(weights="random"), 1.0 * L1())]
    objective = Objective(tuple((1.0, term) for term in terms)).build(resources)
    look_in_chunks(objective, 3)
    looking = [part for part in objective.modules() if isinstance(part, Looking)]
    assert [part.chunk for part in looking] == [3, 3]
    assert not any("chunk" in key for key in objective.state_dict())


def test_parts_are_joined_by_name_and_place() -> None:
    x, y = torch.arange(5.0), torch.arange(5.0) * 10
    found = in_chunks(lambda a, b: {"sum": a + b, "both": (a, b)}, 2, x, y)
    assert torch.equal(found["sum"], x + y)
    assert torch.equal(found["both"][1], y)
