"""What every feature network is held to."""

from __future__ import annotations

from torch import Tensor

from losses.features import FeatureExtractor


def check_gradients(extractor: FeatureExtractor, photographs: Tensor) -> None:
    """Gradients reach the images and stop at the weights."""
    images = photographs.clone().requires_grad_()
    sum(tap.square().mean() for tap in extractor(images).values()).backward()
    assert images.grad is not None
    assert images.grad.isfinite().all()
    assert images.grad.any()
    assert all(not p.requires_grad and p.grad is None for p in extractor.parameters())
